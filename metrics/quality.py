"""How old is too old: the data-quality overlay that every number carries.

With ``c`` the cadence of a feed and ``l`` its normal latency, a value of age ``a`` is

| quality | age |
|---|---|
| GOOD | a ≤ l + 1.5 c |
| LATE | a ≤ l + 3 c |
| STALE | a ≤ l + 10 c |
| NODATA | beyond |

A feed that comes once a day or more rarely is judged by the instant at which the next value is
due (``observed_at + c + l``): LATE from max(2 h, 0.1 c) after it, STALE from one cadence, NODATA
from three. The two hours also cover the days on which the clocks change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from model import FeedState, Indicator, Quality, Reading, worst

DAILY = timedelta(days=1)
MAX_SKEW = timedelta(seconds=60)  # a source whose clock is further ahead is not believed
_GRACE = timedelta(hours=2)

Deadlines = tuple[datetime, datetime, datetime]


def deadlines(observed_at: datetime, every: timedelta, latency: timedelta) -> Deadlines:
    """Return until when a value is on time, until when not stale, until when not without data.

    Up to and including each instant the better quality holds.

    Raises:
        ValueError: if the cadence is not positive or the latency is negative.

    """
    if every <= timedelta(0) or latency < timedelta(0):
        raise ValueError(f"cadence {every} must be positive and latency {latency} not negative")
    if every >= DAILY:
        due = observed_at + every + latency
        return due + max(_GRACE, every * 0.1), due + every, due + every * 3
    due = observed_at + latency
    return due + every * 1.5, due + every * 3, due + every * 10


def age_quality(
    observed_at: datetime | None, now: datetime, every: timedelta, latency: timedelta
) -> Quality:
    """Return the quality that the age of the newest value allows.

    ``None`` means that there is no value. A value from more than a minute in the future is BAD:
    one of the two clocks is wrong.
    """
    if observed_at is None:
        return Quality.NODATA
    if observed_at - now > MAX_SKEW:
        return Quality.BAD
    late_at, stale_at, nodata_at = deadlines(observed_at, every, latency)
    if now <= late_at:
        return Quality.GOOD
    if now <= stale_at:
        return Quality.LATE
    return Quality.STALE if now <= nodata_at else Quality.NODATA


def settle(shown: Quality, samples: Sequence[Quality]) -> Quality:
    """Return what to show of a feed after its newest samples (oldest first).

    It gets worse at once. It gets better only when two samples in a row are better, and then as
    good as the worse of the two: one good poll in a broken hour is no recovery.

    >>> settle(Quality.STALE, [Quality.STALE, Quality.GOOD]).value
    'STALE'
    >>> settle(Quality.STALE, [Quality.GOOD, Quality.GOOD]).value
    'GOOD'

    """
    if not samples:
        return shown
    if samples[-1].rank >= shown.rank:
        return samples[-1]
    if len(samples) == 1:
        return shown
    both = worst(*samples[-2:])
    return both if both.rank < shown.rank else shown


def overlay(
    reading: Reading, feeds: Mapping[str, FeedState], now: datetime, indicator: Indicator
) -> Reading:
    """Return the reading as it may be believed at ``now``: aged, with its three deadlines.

    The age is that of the newest fact behind the reading, judged by the most patient of its
    feeds; for cases the newest fact is the newest thing that their feed has told. A reading that
    has outlived its data has no value any more.
    """
    mine = [feeds[name] for name in reading.feeds if name in feeds]
    observed_at = _told(reading, mine) if indicator.needs_cases else reading.observed_at
    if observed_at is None:
        return replace(reading, value=None, z=None, quality=Quality.NODATA)
    ages = [(feed.due_every, feed.latency) for feed in mine] or [(indicator.cadence, timedelta(0))]
    late_at, stale_at, nodata_at = (
        max(moments) for moments in zip(*(deadlines(observed_at, *a) for a in ages), strict=True)
    )
    age = min((age_quality(observed_at, now, *a) for a in ages), key=lambda q: q.rank)
    return replace(
        reading,
        observed_at=observed_at,
        late_at=late_at,
        stale_at=stale_at,
        nodata_at=nodata_at,
        **_lowered(reading, age),
    )


def shown(reading: Reading, feeds: Mapping[str, FeedState]) -> Reading:
    """Return the reading as screens show it: hatched while none of its feeds is believed.

    A feed that froze is STALE until its second new sample. The first one carries a fresh value
    already, which must not look normal yet. (Alarms count their own samples.)
    """
    mine = [feeds[name].state for name in reading.feeds if name in feeds]
    if not mine or any(state is not Quality.STALE for state in mine) or reading.value is None:
        return reading
    return replace(reading, quality=worst(reading.quality, Quality.STALE))


def _told(reading: Reading, feeds: Sequence[FeedState]) -> datetime | None:
    """Return the newest instant that the feeds of cases have told of."""
    instants = [f.last_observed_at for f in feeds if f.last_observed_at is not None]
    return max(instants) if instants else reading.observed_at


def _lowered(reading: Reading, age: Quality) -> dict[str, Any]:
    """Return what changes of a reading so that its quality is no better than its age allows."""
    if age is Quality.NODATA:
        note = "no value came for too long" if reading.value is not None else None
        nothing = dict.fromkeys(("value", "num", "den", "n", "z"))
        return nothing | {"quality": Quality.NODATA, "reason": _joined(reading.reason, note)}
    if reading.value is None and not reading.suppressed:
        return {"quality": Quality.NODATA}
    if age is not Quality.BAD:
        return {"quality": worst(reading.quality, age)}
    note = "its time lies in the future: a clock is wrong"
    return {"quality": Quality.BAD, "reason": _joined(reading.reason, note)}


def _joined(reason: str | None, note: str | None) -> str | None:
    return "; ".join(part for part in (reason, note) if part) or None
