"""What a city pack may say of a context broker, and where its entities and subscriptions are."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from feeds.options import Duration, KindOptions
from feeds.secrets import Secret
from feeds.wanted import Wanted, unit_problems
from model import Feed

LD, V2 = "ld", "v2"
_ROOTS = {LD: "/ngsi-ld/v1", V2: "/v2"}
_CORE = "http://www.w3.org/ns/json-ld#context"


class Options(KindOptions):
    """What a city pack may say under ``[[feeds]]`` of this kind."""

    version: Literal["auto", "ld", "v2"] = "auto"
    types: tuple[str, ...] = ()
    attrs: tuple[str, ...] = ()
    id_pattern: str | None = None
    q: str | None = None
    georel: str | None = None
    geometry: str | None = None
    coordinates: str | None = None
    geoproperty: str | None = None
    format: Literal["normalized", "keyValues", "concise"] = "normalized"
    limit: int = Field(default=100, ge=1, le=1000)
    incremental: bool = False
    context: str | None = None
    tenant: str | None = None
    service: str | None = None
    service_path: str | None = None
    token: Secret | None = None
    key: Secret | None = None
    key_header: str = "X-Auth-Token"
    subscribe: str | None = None
    callback: str | None = None
    throttling: Duration | None = None
    quantities: dict[str, Wanted] = Field(default_factory=dict)
    defaults: bool = True
    interval: Duration | None = None
    missing: tuple[float, ...] = ()
    site: str = "id"
    time: Literal["own", "arrival"] = "own"

    @field_validator("subscribe", "callback", "context")
    @classmethod
    def _is_address(cls, url: str | None) -> str | None:
        if url is not None and (urlsplit(url).scheme not in {"http", "https"} or "<" in url):
            raise ValueError(f"{url!r} is no http or https address")
        return url

    def problems(self, feed: Feed) -> list[str]:
        """Say what does not fit this feed."""
        found = [*super().problems(feed), *unit_problems(self.quantities, "quantities")]
        is_asked_for = self.types or self.attrs or self.q or self.georel
        if feed.url and not is_asked_for and self.version_of(feed.url) != V2:
            found.append("types: a broker of NGSI-LD must be asked for types, attrs, q or georel")
        if self.subscribe and self.callback:
            found.append("callback: give subscribe or callback, not both")
        if self.calls_back and not (feed.url and feed.push_secret):
            found.append("subscribe: needs a url to subscribe at, and a push_secret")
        return found

    @property
    def calls_back(self) -> bool:
        """Whether the broker shall call us."""
        return bool(self.subscribe or self.callback)

    def callback_of(self, feed: Feed) -> str:
        """Return the address that the broker shall call."""
        base = (self.subscribe or "").rstrip("/")
        return self.callback or f"{base}/api/v1/feeds/{feed.id}/push"

    def version_of(self, url: str) -> str | None:
        """Return the version, as declared or as the address says; ``None`` where neither does."""
        if self.version != "auto":
            return self.version
        path = urlsplit(url).path
        return LD if "/ngsi-ld" in path else V2 if path.rstrip("/").endswith(_V2_ENDS) else None


_V2_ENDS = ("/v2", "/v2/entities")


@dataclass(frozen=True, slots=True)
class Broker:
    """Where a broker of one version is, and the headers that it wants."""

    root: str
    version: str
    headers: dict[str, str]

    @property
    def entities(self) -> str:
        """The address of the entities."""
        return f"{self.root}{_ROOTS[self.version]}/entities"

    @property
    def subscriptions(self) -> str:
        """The address of the subscriptions."""
        return f"{self.root}{_ROOTS[self.version]}/subscriptions"


def broker(url: str, version: str, options: Options, secrets: dict[str, str]) -> Broker:
    """Return the broker behind a feed's address, which may name its root or its entities."""
    root = url.rstrip("/").removesuffix("/entities")
    for path in _ROOTS.values():
        root = root.removesuffix(path)
    return Broker(root.rstrip("/"), version, _headers(version, options) | secrets)


def _headers(version: str, options: Options) -> dict[str, str]:
    found = {"NGSILD-Tenant": options.tenant} if version == LD else {}
    found |= {"Fiware-Service": options.service, "Fiware-ServicePath": options.service_path}
    if version == V2 and options.tenant and not options.service:
        found["Fiware-Service"] = options.tenant
    if version == LD and options.context:
        found["Link"] = f'<{options.context}>; rel="{_CORE}"; type="application/ld+json"'
    return {name: value for name, value in found.items() if value}
