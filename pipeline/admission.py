"""From a parser's answer to the stream: stamp, refuse the impossible, drop exact repeats."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from model import Fact, Feed, Notice, Parsed, Reject
from model.plain import fact_to_plain
from store import Store

MAX_SKEW = timedelta(seconds=60)  # a source's clock may run ahead of ours by this much
RAW_LIMIT = 2000


@dataclass(frozen=True, slots=True)
class Admission:
    """What became of one poll's facts."""

    accepted: int
    repeated: int
    rejected: int
    newest: datetime | None


def admit(parsed: Parsed, feed: Feed, store: Store, *, now: datetime) -> Admission:
    """Put the new facts of a poll on the stream and the refused rows into quarantine.

    ``known_at`` is set here, once. A fact from the future is refused, for its age would lie.
    The store drops exact repeats, and remembers a fact only once it is on the stream.
    """
    timely, early = _split_future(parsed.accepted, now)
    rejects = [*parsed.rejected, *(_too_early(fact, feed, now) for fact in early)]
    fresh = store.admit([replace(fact, known_at=now) for fact in timely])
    if rejects:
        store.add_rejects(rejects)
    newest = max((fact.observed_at for fact in timely), default=None)
    return Admission(len(fresh), len(timely) - len(fresh), len(rejects), newest)


def _split_future(facts: Sequence[Fact], now: datetime) -> tuple[list[Fact], list[Fact]]:
    limit = now + MAX_SKEW
    timely: list[Fact] = []
    early: list[Fact] = []
    for fact in facts:
        is_early = not isinstance(fact, Notice) and fact.observed_at > limit
        (early if is_early else timely).append(fact)
    return timely, early


def _too_early(fact: Fact, feed: Feed, now: datetime) -> Reject:
    ahead = (fact.observed_at - now).total_seconds()
    return Reject(
        feed_id=feed.id,
        line=0,
        reason=f"time in the future by {ahead:.0f} s",
        raw=str(fact_to_plain(fact))[:RAW_LIMIT],
        at=now,
        field="observed_at",
    )
