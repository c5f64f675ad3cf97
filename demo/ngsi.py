"""A context broker (NGSI-LD 1.3) with the car parks of the city: entities and subscriptions.

Source: ETSI GS CIM 009; the model OffStreetParking of smartdatamodels.org. Occupancy changes every
five minutes. Who subscribes is notified then; only endpoints on this machine are.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from demo import measures, sites
from demo.clock import utc
from demo.incidents import World
from demo.sites import Site

STEP = 300
TYPE = "OffStreetParking"
CONTEXT = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld"
_MOST = 50  # subscriptions
_PAUSE_AFTER = 5  # failures in a row


def entities(world: World, now: int) -> list[dict[str, Any]]:
    """Return the car parks as they were at the last full five minutes, normalized."""
    at = np.array([now // STEP * STEP], dtype=np.int64)
    occupied = measures.parked(world, at)[:, 0].astype(int).tolist()
    pairs = zip(sites.parking(), occupied, strict=True)
    return [_entity(site, taken, int(at[0])) for site, taken in pairs]


def _entity(site: Site, taken: int, at: int) -> dict[str, Any]:
    spaces, observed = int(site.properties["spaces"]), utc(at)
    return {
        "id": f"urn:ngsi-ld:{TYPE}:{site.id}",
        "type": TYPE,
        "name": {"type": "Property", "value": site.name},
        "location": {
            "type": "GeoProperty",
            "value": {"type": "Point", "coordinates": [site.lon, site.lat]},
        },
        "totalSpotNumber": {"type": "Property", "value": spaces, "observedAt": observed},
        "availableSpotNumber": {
            "type": "Property",
            "value": spaces - taken,
            "observedAt": observed,
        },
        "occupiedSpotNumber": {"type": "Property", "value": taken, "observedAt": observed},
        "@context": CONTEXT,
    }


@dataclass
class Broker:
    """The subscriptions, and the thread that notifies."""

    world: Callable[[], World]
    clock: Callable[[], int]
    subscriptions: dict[str, dict[str, Any]] = field(default_factory=dict)
    _fresh: set[str] = field(default_factory=set)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _wake: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Notify in the background until the process ends."""
        threading.Thread(target=self._run, name="ngsi", daemon=True).start()

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any, dict[str, str]]:
        """Return status, JSON body (or ``None``) and headers of a call on the subscriptions."""
        key = path.removeprefix("/ngsi-ld/v1/subscriptions").strip("/")
        with self._lock:
            if not key:
                return self._collection(method, body)
            if key not in self.subscriptions:
                return 404, {"type": "about:blank", "title": "no such subscription"}, {}
            return self._one(method, key, body)

    def _collection(self, method: str, body: bytes) -> tuple[int, Any, dict[str, str]]:
        if method == "GET":
            return 200, list(self.subscriptions.values()), {}
        if method != "POST":
            return 405, {"title": "GET or POST"}, {}
        given = _read(body)
        if problem := _wrong(given):
            return 400, {"type": "about:blank", "title": problem}, {}
        if len(self.subscriptions) >= _MOST:
            return 403, {"title": f"at most {_MOST} subscriptions"}, {}
        key = str(given.get("id") or f"urn:ngsi-ld:Subscription:{next(self._numbers)}")
        if key in self.subscriptions:
            return 409, {"title": "there is such a subscription"}, {}
        self.subscriptions[key] = {**given, "id": key, "status": "active"}
        self._announce(key)
        return 201, None, {"Location": f"/ngsi-ld/v1/subscriptions/{key}"}

    def _one(self, method: str, key: str, body: bytes) -> tuple[int, Any, dict[str, str]]:
        if method == "GET":
            return 200, self.subscriptions[key], {}
        if method == "DELETE":
            del self.subscriptions[key]
            return 204, None, {}
        if method != "PATCH":
            return 405, {"title": "GET, PATCH or DELETE"}, {}
        changed = {**self.subscriptions[key], **_read(body), "id": key}
        if problem := _wrong(changed):
            return 400, {"type": "about:blank", "title": problem}, {}
        changed["status"] = "active" if changed.get("isActive", True) else "paused"
        self.subscriptions[key] = changed
        self._announce(key)
        return 204, None, {}

    def _announce(self, key: str) -> None:
        """A new subscription is told the present state at once."""
        self._fresh.add(key)
        self._wake.set()

    def _run(self) -> None:
        told = self.clock() // STEP
        while True:
            self._wake.wait(1.0)
            self._wake.clear()
            now = self.clock()
            with self._lock:
                due, self._fresh = set(self._fresh), set()
                if now // STEP != told:
                    told, due = now // STEP, set(self.subscriptions)
                chosen = [self.subscriptions[key] for key in due if key in self.subscriptions]
            for subscription in chosen:
                if subscription["status"] == "active":
                    self.notify(subscription, now)

    def notify(self, subscription: dict[str, Any], now: int) -> None:
        """Send the car parks to one subscriber and count what came of it."""
        told = subscription["notification"]
        is_good = _post(told["endpoint"], _notification(subscription, self.world(), now))
        with self._lock:
            told["timesSent"] = told.get("timesSent", 0) + 1
            if is_good:
                told["lastSuccess"], told["timesFailed"] = utc(now), 0
            else:
                told["lastFailure"] = utc(now)
                told["timesFailed"] = told.get("timesFailed", 0) + 1
                if told["timesFailed"] >= _PAUSE_AFTER:
                    subscription["status"] = "failed"


def _notification(subscription: Mapping[str, Any], world: World, now: int) -> bytes:
    return json.dumps(
        {
            "id": f"urn:ngsi-ld:Notification:{now}",
            "type": "Notification",
            "subscriptionId": subscription["id"],
            "notifiedAt": utc(now),
            "data": entities(world, now),
        }
    ).encode()


def _post(endpoint: Mapping[str, Any], body: bytes) -> bool:
    parts = urlsplit(str(endpoint["uri"]))
    headers = {"Content-Type": "application/ld+json"}
    headers |= {str(one["key"]): str(one["value"]) for one in endpoint.get("receiverInfo", [])}
    connection = HTTPConnection(parts.hostname or "", parts.port or 80, timeout=5)
    try:
        connection.request("POST", parts.path or "/", body, headers)
        return connection.getresponse().status < 300
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _read(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _wrong(given: Mapping[str, Any]) -> str | None:
    if given.get("type") != "Subscription":
        return "type is 'Subscription'"
    notification = given.get("notification")
    endpoint = notification.get("endpoint") if isinstance(notification, dict) else None
    if not isinstance(endpoint, dict) or not isinstance(endpoint.get("uri"), str):
        return "notification.endpoint.uri is missing"
    host = urlsplit(endpoint["uri"]).hostname or ""
    if not endpoint["uri"].startswith("http://") or not _is_loopback(host):
        return "the demo notifies endpoints on this machine only"
    return None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
