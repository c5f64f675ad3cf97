"""Our subscription at a context broker: there, active, and calling the right address.

Brokers stop calling after failures, lose subscriptions with their database, or keep one to an
address that moved. So it is looked after every ten minutes: found by its id, or by its
description after a restart, and made or mended where it has to be.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from feeds import times
from feeds.base import Visit
from feeds.decode import from_json, raw
from feeds.errors import FeedError
from feeds.http import Document
from feeds.ngsi_entity import short
from feeds.ngsi_options import LD, Broker, Options
from model import Reject
from model.plain import instant

FIELD = "subscription"
_EVERY = timedelta(minutes=10)
_PAGES, _PAGE = 20, 100
_AUTHORIZATION = "Authorization"
_GONE = "HTTP 404"
_DEAD = frozenset({"paused", "inactive", "expired", "failed"})
_MALFORMED = (LookupError, ValueError, TypeError, AttributeError)

Known = Mapping[str, Any]


def tend(
    visit: Visit, at: Broker, options: Options, known: Known
) -> tuple[dict[str, Any], list[Reject]]:
    """Look after the subscription; return what to remember, and what is to be told once."""
    looked = known.get("at")
    if looked and visit.now - times.instant(looked) < _EVERY:
        return dict(known), []
    desk = _Desk(visit, at, options)
    name, trouble = known.get("id"), None
    try:
        name, trouble = desk.tend(name)
    except FeedError as failure:
        trouble = f"our subscription cannot be kept: {failure.reason}"
    except _MALFORMED as problem:
        trouble = f"the broker's answer about our subscription is malformed: {problem!r}"
    after = {"id": name, "at": instant(visit.now), "trouble": _mark(trouble)}
    if trouble is None or after["trouble"] == known.get("trouble"):
        return after, []
    about = {"id": name, "callback": options.callback_of(visit.feed)}
    told = Reject(
        feed_id=visit.feed.id,
        line=0,
        reason=trouble[:300],
        raw=raw(about),
        at=visit.now,
        field=FIELD,
    )
    return after, [told]


@dataclass(frozen=True, slots=True)
class _Desk:
    """Where subscriptions are asked for."""

    visit: Visit
    at: Broker
    options: Options

    @property
    def callback(self) -> str:
        return self.options.callback_of(self.visit.feed)

    @property
    def description(self) -> str:
        """Ours alone: two houses may have a feed of the same name at one broker."""
        return f"Bartizan {urlsplit(self.callback).netloc}: {self.visit.feed.id}"

    def tend(self, name: str | None) -> tuple[str, str | None]:
        """Return the id of our subscription as it is now, and what was wrong with it."""
        found = self._by_id(name) or self._by_description()
        wanted = self._wanted()
        if found is None:
            lost = f"the broker had lost our subscription {name}: made anew" if name else None
            return self._make(wanted), lost
        name = str(found["id"])
        trouble = _trouble(found, self.callback)
        if trouble or not _fits(found, wanted):
            name = self._mend(name, wanted)
        return name, trouble

    def _by_id(self, name: str | None) -> Known | None:
        if name is None:
            return None
        try:
            found = self._get(f"{self.at.subscriptions}/{name}")
        except FeedError as failure:
            if failure.reason.startswith(_GONE):
                return None
            raise
        return found if isinstance(found, Mapping) and "id" in found else None

    def _by_description(self) -> Known | None:
        """Return ours; copies that a lost answer left behind are taken away."""
        ours: list[Known] = []
        for page in range(_PAGES):
            asked = {"limit": str(_PAGE), "offset": str(page * _PAGE)}
            listed = self._get(self.at.subscriptions, asked)
            rows = [one for one in listed if isinstance(one, Mapping)]
            ours += [one for one in rows if one.get("description") == self.description]
            if len(rows) < _PAGE:
                break
        for copy in ours[1:]:
            self._order("DELETE", f"{self.at.subscriptions}/{copy['id']}")
        return ours[0] if ours else None

    def _make(self, wanted: Known) -> str:
        answer = self._order("POST", self.at.subscriptions, wanted)
        name: str = answer.headers.get("Location", "").rstrip("/").rsplit("/", 1)[-1]
        if not name and (made := self._by_description()):
            name = str(made["id"])
        if not name:
            raise FeedError(
                self.visit.feed.id, "the broker does not say what it made", permanent=True
            )
        return name

    def _mend(self, name: str, wanted: Known) -> str:
        """Correct it; a broker that cannot do that gets a new one for the old."""
        url = f"{self.at.subscriptions}/{name}"
        try:
            self._order("PATCH", url, wanted)
        except FeedError as failure:
            if not failure.permanent:
                raise
            self._order("DELETE", url)
            return self._make(wanted)
        return name

    def _get(self, url: str, params: dict[str, str] | None = None) -> Any:
        document = self.visit.get(url, params, headers=self._headers, accept="application/json")
        return from_json(document.content, document.charset)

    def _order(self, verb: str, url: str, body: Known | None = None) -> Document:
        return self.visit.get(url, verb=verb, json=body, headers=self._headers)

    @property
    def _headers(self) -> dict[str, str]:
        return dict(self.at.headers)

    def _wanted(self) -> dict[str, Any]:
        authorization = f"Bearer {self.visit.secret(self.visit.feed.push_secret or '')}"
        wanted = _ld if self.at.version == LD else _v2
        about = wanted(self.options, self.callback, authorization)
        return {"description": self.description, **about}


def _ld(options: Options, callback: str, authorization: str) -> dict[str, Any]:
    pattern = {"idPattern": options.id_pattern} if options.id_pattern else {}
    told: dict[str, Any] = {
        "format": options.format,
        "endpoint": {
            "uri": callback,
            "accept": "application/json",
            "receiverInfo": [{"key": _AUTHORIZATION, "value": authorization}],
        },
    }
    if options.attrs:
        told["attributes"] = list(options.attrs)
    body: dict[str, Any] = {"type": "Subscription", "isActive": True, "notification": told}
    if options.types:
        body["entities"] = [{"type": name, **pattern} for name in options.types]
    if options.attrs:
        body["watchedAttributes"] = list(options.attrs)
    if options.q:
        body["q"] = options.q
    if options.georel:
        body["geoQ"] = _geo_query(options)
    if options.throttling:
        body["throttling"] = int(options.throttling.total_seconds())
    return body


def _geo_query(options: Options) -> dict[str, Any]:
    said = options.coordinates or "[]"
    try:
        coordinates = json.loads(said)
    except ValueError:
        coordinates = said
    found = {
        "georel": options.georel,
        "geometry": options.geometry,
        "coordinates": coordinates,
        "geoproperty": options.geoproperty,
    }
    return {name: value for name, value in found.items() if value}


def _v2(options: Options, callback: str, authorization: str) -> dict[str, Any]:
    names = options.types or (None,)
    pattern = options.id_pattern or ".*"
    entities = [{"idPattern": pattern, **({"type": one} if one else {})} for one in names]
    expression = {
        "q": options.q,
        "georel": options.georel,
        "geometry": options.geometry,
        "coords": options.coordinates,
    }
    said = {name: value for name, value in expression.items() if value}
    condition = {"attrs": list(options.attrs), **({"expression": said} if said else {})}
    told: dict[str, Any] = {
        "httpCustom": {"url": callback, "headers": {_AUTHORIZATION: authorization}},
        "attrsFormat": "keyValues" if options.format == "keyValues" else "normalized",
        "attrs": [*(options.attrs or ["*"]), "dateModified"],
    }
    if options.format != "keyValues":
        told["metadata"] = ["dateModified", "*"]
    body: dict[str, Any] = {
        "status": "active",
        "subject": {"entities": entities, "condition": condition},
        "notification": told,
    }
    if options.throttling:
        body["throttling"] = int(options.throttling.total_seconds())
    return body


def _mark(trouble: str | None) -> str | None:
    """Return what tells one trouble from another; a broker's own words are not remembered."""
    if trouble is None:
        return None
    return hashlib.sha256(re.sub(r"\d+", "", trouble).encode()).hexdigest()[:16]


def _trouble(found: Known, callback: str) -> str | None:
    """Say why the broker does not call us, ``None`` where it does."""
    told = found.get("notification") or {}
    state = str(found.get("status") or "active").lower()
    n_failed = told.get("consecutiveErrors") or told.get("failsCounter") or 0
    if told.get("status") == "failed" or state == "failed" or n_failed:
        why = told.get("lastErrorReason") or told.get("lastFailureReason") or "it does not say why"
        return f"the broker could not call {callback}: {why}"
    if state in _DEAD or found.get("isActive") is False:
        word = state if state in _DEAD else "inactive"
        return f"our subscription at the broker was {word}: made active again"
    return None


def _fits(found: Known, wanted: Known) -> bool:
    """Whether a subscription is the one that is wanted; a hidden secret is believed."""
    seen, goal = _essence(found), _essence(wanted)
    if seen["authorization"] is None:
        goal["authorization"] = None
    return seen == goal


def _essence(about: Known) -> dict[str, Any]:
    told = about.get("notification") or {}
    custom, endpoint = told.get("httpCustom") or {}, told.get("endpoint") or {}
    headers = dict(custom.get("headers") or {})
    for pair in endpoint.get("receiverInfo") or []:
        headers[pair.get("key")] = pair.get("value")
    subject = about.get("subject") or about
    expression = (subject.get("condition") or {}).get("expression") or {}
    authorization = headers.get(_AUTHORIZATION)
    is_hidden = authorization is not None and set(authorization) <= set("*")
    return {
        "url": custom.get("url") or endpoint.get("uri") or (told.get("http") or {}).get("url"),
        "authorization": None if is_hidden else authorization,
        "types": {short(str(one.get("type"))) for one in subject.get("entities") or []},
        "q": about.get("q") or expression.get("q"),
    }
