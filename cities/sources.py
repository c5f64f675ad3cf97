"""``[[feeds]]``: each with the keys that all share, the rest checked by its kind."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import feeds
from cities.places import Places
from cities.problems import nearest
from cities.tables import CityTable, FeedTable
from cities.tally import Tally, keys_of
from model import Feed

DEMO = "{demo"  # its address, or its broker's
_OPEN = re.compile(r"\{[a-z_]+\}")  # a placeholder that stands for nothing here
_PATHS = ("path", "assets", "areas")  # options that name a file of the pack


@dataclass(frozen=True, slots=True)
class Sources:
    """Turns the tables of feeds into feeds."""

    city: CityTable
    places: Places
    tally: Tally

    def read(self, raw: Mapping[str, Any], table: str) -> Feed | None:
        """Return one feed, or ``None`` after noting what is wrong with it."""
        kind = feeds.KINDS.get(str(raw.get("kind")))
        shared = self.tally.read(FeedTable, raw, table)
        if kind is None:
            self._note_kind(raw, table)
            return None
        if shared is None:
            return None
        extra = self._resolved(dict(shared.model_extra or {}), table)
        options = self.tally.read(kind.options, extra, table, also=keys_of(FeedTable))
        feed = self._feed(shared, table, sorted(kind.gives), extra)
        if options is None or feed is None:
            return None
        is_open = bool(_OPEN.search(feed.url or ""))
        for text in feeds.problems(feed):
            if not (is_open and text.startswith("url")):  # nobody can say before it is known
                self.tally.note(table, "", text)
        self._check(feed, shared, table)
        return feed

    def _note_kind(self, raw: Mapping[str, Any], table: str) -> None:
        name = str(raw.get("kind", ""))
        known = ", ".join(sorted(feeds.KINDS))
        hint = nearest(name, feeds.KINDS) or f"; known are {known}"
        self.tally.note(table, "kind", f"unknown kind {name!r}{hint}")

    def _feed(
        self, shared: FeedTable, table: str, gives: list[str], options: dict[str, Any]
    ) -> Feed | None:
        if shared.gives is None and len(gives) > 1:
            self.tally.note(table, "gives", f"missing key 'gives': one of {', '.join(gives)}")
            return None
        url = path = None
        with self.tally.noting(table, "url"):
            url = self.places.url(shared.url) if shared.url else None
        with self.tally.noting(table, "path"):
            path = self.places.pattern(shared.path) if shared.path else None
        if (shared.url and url is None) or (shared.path and path is None):
            return None
        return Feed(
            id=shared.id,
            kind=shared.kind,
            gives=shared.gives or gives[0],
            every=shared.every,
            name=shared.name or shared.id,
            url=url,
            path=path,
            timezone=shared.timezone or self.city.timezone,
            latency=shared.latency,
            owner=shared.owner,
            licence=shared.licence,
            replay=shared.replay,
            replay_gaps=shared.replay_gaps,
            backfill=shared.backfill,
            options=options,
            references=shared.references,
            hosts=tuple(shared.hosts),
            is_private=shared.private,
            push_secret=shared.push_secret,
            subject=shared.subject or "requests",
        )

    def _check(self, feed: Feed, shared: FeedTable, table: str) -> None:
        if shared.subject and feed.gives != "case":
            self.tally.note(table, "subject", "only a feed that gives cases has one")
        if DEMO in (shared.url or "") and not self.city.simulated:
            text = "reads the simulated city: say simulated = true in [city]"
            self.tally.note(table, "url", text)
        if feed.backfill and not (feed.replay or self.city.simulated):
            text = "only a replayed feed or a simulated city can fill its past"
            self.tally.note(table, "backfill", text)
        if feed.replay_gaps != "none" and not feed.replay:
            self.tally.note(table, "replay_gaps", "only a feed with replay = true has such gaps")

    def _resolved(self, value: Any, table: str, key: str = "") -> Any:
        """Return the options with the paths in them made absolute."""
        if isinstance(value, Mapping):
            return {name: self._resolved(item, table, name) for name, item in value.items()}
        if isinstance(value, list):
            return [self._resolved(item, table, key) for item in value]
        if isinstance(value, str) and (key in _PATHS or value.startswith("{data}/")):
            with self.tally.noting(table, key):
                return str(self.places.file(value))
        if isinstance(value, str) and self.places.names_in(value):
            with self.tally.noting(table, key):
                return self.places.url(value)
        return value
