"""One feed of a pack, tried: what it would accept and refuse, and where its records lie."""

import os
import re
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import feeds
from cities.meeting import meeting
from cities.pack import Pack
from cities.report import BadRow, FeedReport
from feeds.base import guarded
from model import Case, Delivery, Fact, Feed, Parsed, Reject

CONTACT = "bartizan-check"
LISTEN_S = 10.0
ENOUGH = 1000  # messages: then nobody has to listen longer
_PLACEHOLDER = re.compile(r"\{[a-z_]+\}")
_SECRET = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")
_SHOWN = 5  # bad rows
_RAW = 160  # letters of one


@dataclass(frozen=True, slots=True)
class Trial:
    """A feed, and how it is tried."""

    feed: Feed
    pack: Pack
    now: datetime
    deadline: timedelta
    is_live: bool

    @property
    def is_networked(self) -> bool:
        """Whether it reads something from elsewhere."""
        options = feeds.KINDS[self.feed.kind].options.model_validate(dict(self.feed.options))
        return bool(self.feed.url or options.addresses() or feeds.is_heard(self.feed))

    @property
    def missing(self) -> list[str]:
        """Return the names of the secrets that it needs and the environment does not hold."""
        named = {self.feed.push_secret or "", *_texts(self.feed.options)}
        matches = filter(None, map(_SECRET.fullmatch, named))
        return sorted({match[1] for match in matches if not os.environ.get(match[1], "").strip()})

    @property
    def late(self) -> FeedReport:
        """Return what is said of a feed that took too long."""
        return replace(self._blank(), skipped="it took too long; nothing is known of it")

    def run(self) -> FeedReport:
        """Read the feed once, if it may be."""
        if reason := self._not_tried():
            return replace(self._blank(), skipped=reason)
        try:
            parsed = self._hear() if feeds.is_heard(self.feed) else self._poll()
        except feeds.FeedError as error:
            if self.is_networked and not error.permanent:
                return replace(self._blank(), skipped=f"not reachable now: {error.reason}")
            return self._report(Parsed(rejected=list(error.rejects)), error.reason)
        return self._report(parsed)

    def _not_tried(self) -> str | None:
        feed = self.feed
        for address in (feed.url or "", *_texts(feed.options)):
            if ("://" in address or address.startswith("{")) and (
                unknown := _PLACEHOLDER.search(address)
            ):
                return f"{unknown[0]} stands for nothing here"
        if not (feeds.is_polled(feed) or feeds.is_heard(feed)):
            return f"pushed: it waits for POST /api/v1/feeds/{feed.id}/push"
        if not self.is_live and feeds.is_heard(feed):
            return f"not asked: it is heard; --live listens for {LISTEN_S:.0f} s"
        if not self.is_live and self.is_networked:
            return "not asked: --live polls it once"
        if self.is_networked and (names := self.missing):
            return f"not asked: {', '.join(names)} is not set in the environment"
        return None

    def _poll(self) -> Parsed:
        limits = feeds.Limits(attempts=1, deadline=self.deadline)
        with feeds.open_client(CONTACT) as client:
            return feeds.poll(self.feed, client, {}, now=self.now, limits=limits).parsed

    def _hear(self) -> Parsed:
        """Listen for some seconds and parse what came."""
        came: list[Delivery] = []
        troubles: list[str] = []
        enough = threading.Event()

        def deliver(delivery: Delivery) -> None:
            came.append(delivery)
            if len(came) >= ENOUGH:
                enough.set()

        def tell(reason: str | None) -> None:
            if reason is not None:
                troubles.append(reason)

        secret = guarded(self.feed)
        ear = feeds.Ear(self.feed, deliver, tell, lambda: self.now, secret, is_trial=True)
        with secret:
            listener = feeds.listen(ear)
            enough.wait(LISTEN_S)
            listener.stop()
            if troubles and not came:
                raise feeds.FeedError(self.feed.id, troubles[-1], permanent=False)
        parts = [feeds.receive(self.feed, delivery) for delivery in came]
        return Parsed(
            [fact for part in parts for fact in part.accepted],
            [reject for part in parts for reject in part.rejected],
            skipped=dict(sum((Counter(part.skipped) for part in parts), Counter())),
        )

    def _blank(self) -> FeedReport:
        feed = self.feed
        return FeedReport(
            id=feed.id, kind=feed.kind, gives=feed.gives, source=_source(feed, self.pack.folder)
        )

    def _report(self, parsed: Parsed, error: str | None = None) -> FeedReport:
        met = meeting(parsed.accepted, self.pack.districts)
        return replace(
            self._blank(),
            error=error,
            accepted=len(parsed.accepted),
            rejected=_reasons(parsed.rejected),
            bad=tuple(_bad_rows(parsed.rejected)),
            left_out=dict(Counter(parsed.skipped).most_common()),
            matched=met.matched,
            outside=met.outside,
            unplaced=met.unplaced,
            unknown=met.unknown,
            sites=met.sites,
            sites_matched=met.sites_matched,
            first_at=min(map(_at, parsed.accepted), default=None),
            last_at=max(map(_at, parsed.accepted), default=None),
        )


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in a feed's options."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, Sequence):
        for item in value:
            yield from _texts(item)


def _source(feed: Feed, folder: Path) -> str:
    if feed.url or not feed.path:
        return feed.url or ""
    inside = Path(feed.path)
    own = folder.resolve()
    return str(inside.relative_to(own)) if inside.is_relative_to(own) else feed.path


def _reasons(rejects: Iterable[Reject]) -> dict[str, int]:
    named = (f"{one.field}: {one.reason}" if one.field else one.reason for one in rejects)
    return dict(Counter(named).most_common())


def _bad_rows(rejects: Iterable[Reject]) -> Iterator[BadRow]:
    unlike = {(one.line, one.field, one.reason, one.raw): one for one in rejects}.values()
    for one in sorted(unlike, key=lambda reject: reject.line)[:_SHOWN]:
        raw = " ".join(one.raw.split())
        shown = raw if len(raw) <= _RAW else f"{raw[:_RAW]}…"
        yield BadRow(line=one.line, field=one.field, reason=one.reason, raw=shown)


def _at(fact: Fact) -> datetime:
    if isinstance(fact, Case):
        return fact.opened_at
    return fact.observed_at
