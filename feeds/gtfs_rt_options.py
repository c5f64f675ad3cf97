"""What a city pack may say of a GTFS-Realtime feed."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from feeds.options import Duration, KindOptions
from feeds.secrets import Secret
from model import Feed


class Urls(BaseModel):
    """Where each part of the feed is, for sources that split it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    trip_updates: str | None = None
    vehicles: str | None = None
    alerts: str | None = None


class Static(BaseModel):
    """Where the timetable is: a URL, or a file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str | None = None
    path: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.url is None) == (self.path is None):
            raise ValueError("static needs either a url or a path")
        return self


def _static(value: Any) -> Any:
    """Read ``static = "…"`` as a URL, or else as a path."""
    if not isinstance(value, str):
        return value
    is_path = value.startswith(("{data}", "/")) or ("://" not in value and "{" not in value)
    return {"path" if is_path else "url": value}


class Options(KindOptions):
    """What a city pack may say under ``[[feeds]]`` of this kind."""

    urls: Urls = Field(default_factory=Urls)
    static: Annotated[Static | None, BeforeValidator(_static)] = None
    static_every: Duration = timedelta(days=1)
    key: Secret | None = None
    key_header: str = "X-API-Key"
    key_param: str | None = None
    language: str | None = None
    ahead: Duration = timedelta(0)
    margin: Duration = timedelta(minutes=2)
    vehicle_age: Duration = timedelta(minutes=15)

    def problems(self, feed: Feed) -> list[str]:
        """Say what does not fit this feed."""
        found = []
        if not self.sources(feed):
            needed = "urls.alerts" if feed.gives == "notice" else "urls.trip_updates"
            found.append(f"kind {feed.kind!r} needs a url, or {needed}")
        path = self.static.path if self.static else None
        if path and not Path(path).is_absolute():
            found.append(f"static: write {{ path = {path!r} }} for a file of the pack")
        return found

    def addresses(self) -> tuple[str, ...]:
        """Return the URLs that the options name."""
        static = self.static.url if self.static else None
        named = (self.urls.trip_updates, self.urls.vehicles, self.urls.alerts, static)
        return tuple(url for url in named if url)

    def is_polled(self, feed: Feed) -> bool:
        """Whether there is something to ask."""
        return bool(self.sources(feed))

    def sources(self, feed: Feed) -> tuple[str, ...]:
        """Return the addresses of what a feed gives; its url or path may hold all of it."""
        parts: tuple[str | None, ...] = (self.urls.alerts,)
        if feed.gives != "notice":
            parts = (self.urls.trip_updates, self.urls.vehicles)
        return tuple(dict.fromkeys(one for one in (feed.url, feed.path, *parts) if one))

    @property
    def source(self) -> str | None:
        """The address of the timetable."""
        return (self.static.url or self.static.path) if self.static else None

    def is_near(self, url: str, feed: Feed) -> bool:
        """Whether a URL is on a host of the feed itself, which may be shown its key."""
        hosts = {urlsplit(one).hostname for one in self.sources(feed)}
        return urlsplit(url).hostname in hosts
