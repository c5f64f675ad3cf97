"""From a parser's answer to the stream: stamp, refuse the impossible, drop exact repeats."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from feeds.decode import raw
from model import Fact, Feed, Notice, Parsed, Reject
from model.plain import fact_from_plain, fact_to_plain, instant
from store import Store

MAX_SKEW = timedelta(seconds=60)  # a source's clock may run ahead of ours by this much
WHOLE = "fact"  # context of a refused row that is a whole fact of ours, not of its source
_HEARD = ("fetched_at", "known_at", "published_at")  # other at every poll of the same fact


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
    timely: list[Fact] = []
    early: list[Fact] = []
    for fact in facts:
        (early if is_early(fact, now) else timely).append(fact)
    return timely, early


def is_early(fact: Fact, now: datetime) -> bool:
    """Whether a fact claims to come from the future; a notice may, for it announces."""
    return not isinstance(fact, Notice) and fact.observed_at > now + MAX_SKEW


def _too_early(fact: Fact, feed: Feed, now: datetime) -> Reject:
    said = {name: value for name, value in fact_to_plain(fact).items() if name not in _HEARD}
    return Reject(
        feed_id=feed.id,
        line=0,
        reason=f"{instant(fact.observed_at)} lies in the future",
        raw=raw(said),
        at=now,
        field="observed_at",
        context=WHOLE,
    )


def refused_fact(reject: Reject) -> Fact:
    """Return the fact that was refused whole, as heard when it was refused.

    Raises:
        ValueError, KeyError, TypeError: if the raw text does not hold it.

    """
    return fact_from_plain({**json.loads(reject.raw), "fetched_at": instant(reject.at)})
