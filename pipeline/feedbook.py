"""What is known of each feed's health, kept over restarts."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from metrics.quality import age_quality, deadlines
from model import Feed, FeedState, Quality
from pipeline.feedhours import counted
from pipeline.looking import ATTEMPTS, is_seen

POLLS_SHOWN = 48
_WORSE = ("same", "ok", "late", "rejects", "error")


class FeedBook:
    """The states of all feeds; threads may share it.

    A feed's quality follows the age of its newest fact, never the time of the last answer. A feed
    that froze takes two polls in a row that brought something new to be believed again. One that
    is only old because we were away is believed at once.
    """

    def __init__(self, feeds: Iterable[Feed]) -> None:
        """Start with every feed unknown."""
        self._states = {feed.id: _unknown(feed) for feed in feeds}
        self._fresh: dict[str, int] = {}  # polls with news since the last freeze
        self._asked: dict[str, datetime] = {}  # when we last learnt how a feed is, since we started
        self._froze: set[str] = set()  # alive under our eyes, then frozen, not believed since
        self._marked: dict[str, datetime] = {}  # feeds that are not polled: when a mark was begun
        self._waits: dict[str, datetime] = {}  # and from when on their silence counts
        self._cut: set[str] = set()  # their connection is broken
        self._lock = threading.RLock()

    def restore(self, states: Iterable[FeedState]) -> None:
        """Take over what an earlier worker knew; the pack's own fields stay as they are now."""
        with self._lock:
            for old in states:
                if (known := self._states.get(old.id)) is not None:
                    self._states[old.id] = replace(
                        old,
                        kind=known.kind,
                        name=known.name,
                        gives=known.gives,
                        due_every=known.due_every,
                        latency=known.latency,
                        replay=known.replay,
                        licence=known.licence,
                        owner=known.owner,
                    )

    def comes(self, feed_id: str, now: datetime, *, is_polled: bool, is_pushed: bool) -> None:
        """Say how a feed comes in.

        Where it is not polled, its silence counts from when it could have been heard.
        """
        with self._lock:
            old = self._states[feed_id]
            due = old.next_due_at if is_polled else None
            if not is_polled:
                self._waits[feed_id] = now + old.due_every + old.latency
            self._states[feed_id] = replace(
                old, is_polled=is_polled, is_pushed=is_pushed, next_due_at=due
            )

    def __getitem__(self, feed_id: str) -> FeedState:
        """Return the state of one feed."""
        return self._states[feed_id]

    def answered(  # noqa: PLR0913 - one poll has this many results
        self,
        feed_id: str,
        *,
        now: datetime,
        accepted: int,
        rejected: int,
        newest: datetime | None,
        published_at: datetime | None,
        is_same: bool,
        took: timedelta | None = None,
        is_delivered: bool = False,
    ) -> bool:
        """Book a poll that was answered; return whether the feed had been failing.

        What was pushed or heard is booked alike, but marked once a cadence at most.
        """
        with self._lock:
            self._asked[feed_id] = now
            old = self._states[feed_id]
            if old.gives == "notice":  # a list that answers is news: nothing else is announced
                newest = now
            seen = max((at for at in (old.last_observed_at, newest) if at), default=None)
            has_news = seen is not None and seen != old.last_observed_at
            if has_news:
                self._fresh[feed_id] = self._fresh.get(feed_id, 0) + 1
            mark = "same" if is_same else "rejects" if rejected else "ok"
            is_cut = feed_id in self._cut
            self._states[feed_id] = replace(
                old,
                last_observed_at=seen,
                last_published_at=published_at or old.last_published_at,
                last_fetched_at=now,
                accepted=old.accepted + accepted,
                rejected=old.rejected + rejected,
                failures=old.failures if is_cut else 0,
                last_error=old.last_error if is_cut or old.failures else None,
                polls=self._marks(old, mark, now, is_delivered=is_delivered),
                hours=counted(old.hours, now, accepted, rejected),
                answer_s=old.answer_s if took is None else round(took.total_seconds(), 3),
            )
            return old.failures > 0 and not is_cut

    def _marks(
        self, old: FeedState, mark: str, now: datetime, *, is_delivered: bool
    ) -> tuple[str, ...]:
        """Return the marks of the last polls; deliveries within one cadence share the worst."""
        if not is_delivered:
            return (*old.polls, mark)[-POLLS_SHOWN:]
        begun = self._marked.get(old.id)
        if begun is None or not old.polls or not timedelta(0) <= now - begun < old.due_every:
            self._marked[old.id] = now
            return (*old.polls, mark)[-POLLS_SHOWN:]
        return (*old.polls[:-1], max(old.polls[-1], mark, key=_WORSE.index))

    def replayed(
        self, feed_id: str, *, now: datetime, accepted: int, newest: datetime | None
    ) -> None:
        """Book facts of rows that were refused at first; they are no sign of life."""
        with self._lock:
            old = self._states[feed_id]
            if old.gives == "notice":
                newest = None
            self._states[feed_id] = replace(
                old,
                accepted=old.accepted + accepted,
                last_observed_at=max(filter(None, (old.last_observed_at, newest)), default=None),
                hours=counted(old.hours, now, accepted, 0),
            )

    def cut(self, feed_id: str, reason: str, *, now: datetime) -> bool:
        """Note that a connection is broken; return whether this is news."""
        with self._lock:
            self._cut.add(feed_id)
            return self.failed(feed_id, reason, now=now, is_delivered=True)

    def mended(self, feed_id: str) -> bool:
        """Note that a connection stands; return whether it had been broken."""
        with self._lock:
            old = self._states[feed_id]
            was_broken = feed_id in self._cut or old.failures > 0
            self._cut.discard(feed_id)
            self._states[feed_id] = replace(old, failures=0, last_error=None)
            return was_broken

    def failed(
        self,
        feed_id: str,
        reason: str,
        *,
        now: datetime,
        rejected: int = 0,
        is_delivered: bool = False,
    ) -> bool:
        """Book a poll that failed; return whether this is the first failure in a row."""
        with self._lock:
            old = self._states[feed_id]
            is_known = is_delivered or feed_id in self._asked or old.last_observed_at is None
            if is_known or old.failures + 1 >= ATTEMPTS:
                self._asked[feed_id] = now
            self._states[feed_id] = replace(
                old,
                failures=old.failures + 1,
                last_error=reason,
                last_error_at=now,
                polls=self._marks(old, "error", now, is_delivered=is_delivered),
                rejected=old.rejected + rejected,
                hours=counted(old.hours, now, 0, rejected) if rejected else old.hours,
            )
            return old.failures == 0

    def placed(self, feed_id: str, *, matched: int, unmatched: int) -> None:
        """Count facts that fell into a district, and those that fell into none."""
        with self._lock:
            old = self._states[feed_id]
            self._states[feed_id] = replace(
                old, matched=old.matched + matched, unmatched=old.unmatched + unmatched
            )

    def scheduled(self, feed_id: str, at: datetime) -> None:
        """Note when the feed is asked next."""
        with self._lock:
            self._states[feed_id] = replace(self._states[feed_id], next_due_at=at)

    def carries(self, indicators: Mapping[str, Iterable[str]]) -> None:
        """Note which indicators rest on each feed (feed id → indicator ids)."""
        with self._lock:
            for feed_id, ids in indicators.items():
                if feed_id in self._states:
                    self._states[feed_id] = replace(
                        self._states[feed_id], indicators=tuple(sorted(ids))
                    )

    def age(self, now: datetime) -> list[FeedState]:
        """Let all feeds grow older; return those whose quality changed."""
        with self._lock:
            return [
                new
                for feed_id, old in list(self._states.items())
                if (new := self._grown(feed_id, old, now)).state is not old.state
            ]

    def _grown(self, feed_id: str, old: FeedState, now: datetime) -> FeedState:
        aged = age_quality(old.last_observed_at, now, old.due_every, old.latency)
        state = self._believed(feed_id, aged)
        late_at, stale_at, nodata_at = _limits(old)
        new = replace(old, late_at=late_at, stale_at=stale_at, nodata_at=nodata_at, state=state)
        if state is not old.state:
            new = replace(new, state_since=now)
        self._states[feed_id] = new
        return new

    def _believed(self, feed_id: str, aged: Quality) -> Quality:
        """Return the quality that is shown: the first news after a freeze change nothing yet."""
        if aged.is_frozen:
            if self._fresh.get(feed_id):
                self._froze.add(feed_id)
            self._fresh[feed_id] = 0
            return aged
        if feed_id in self._froze and self._fresh.get(feed_id, 0) < 2:  # noqa: PLR2004 - two in a row
            return Quality.STALE
        self._froze.discard(feed_id)
        return aged

    def asked(self) -> dict[str, datetime]:
        """Return when we last learnt how each feed is: what it gave, or that it gives nothing.

        A poll that fails tells something once the feed has answered us, or at the third in a row;
        of a feed that never gave anything, at once.
        """
        with self._lock:
            return dict(self._asked)

    def judged(
        self, states: Mapping[str, FeedState], asked: Mapping[str, datetime], now: datetime
    ) -> list[FeedState]:
        """Return those of the aged states that an alarm may rest on; ``asked`` is older than they.

        Where we did not look, we know only that we were away: data that froze count as silent
        once a look after they were late has found nothing new, and that not long ago. A feed that
        is not polled counts once something came, or could have come.
        """
        with self._lock:
            waits = {key for key, at in self._waits.items() if at <= now}
        return [
            state
            for key, state in states.items()
            if key in waits or (key in asked and is_seen(state, asked[key], now))
        ]

    def shares(self, found: Mapping[str, float | None]) -> None:
        """Note for how much of the last 30 days feeds could be believed."""
        with self._lock:
            for feed_id, share in found.items():
                if feed_id in self._states:
                    self._states[feed_id] = replace(self._states[feed_id], good_share=share)

    def states(self) -> tuple[FeedState, ...]:
        """Return all states in the pack's order."""
        with self._lock:
            return tuple(self._states.values())

    def by_id(self) -> dict[str, FeedState]:
        """Return all states by feed id."""
        with self._lock:
            return dict(self._states)


def _unknown(feed: Feed) -> FeedState:
    return FeedState(
        id=feed.id,
        kind=feed.kind,
        name=feed.name or feed.id,
        gives=feed.gives,
        state=Quality.NODATA,
        due_every=feed.every,
        latency=feed.latency,
        replay=feed.replay,
        licence=feed.licence,
        owner=feed.owner,
    )


def _limits(state: FeedState) -> tuple[datetime | None, datetime | None, datetime | None]:
    if state.last_observed_at is None:
        return None, None, None
    return deadlines(state.last_observed_at, state.due_every, state.latency)
