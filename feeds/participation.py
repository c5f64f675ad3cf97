"""What platforms of participation count, by process and day; never who.

Proposals carry the day on which they were published. Votes and comments come as totals without
days: what a total has grown by since the last poll was done on the day of this poll. Titles,
texts and names are not read at all.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from feeds.errors import FeedError
from model import Feed, Observation
from model.plain import instant

_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Item:
    """One proposal, debate or the like. ``acts`` are votes and comments, ``None`` if not told."""

    id: str
    process: str
    at: datetime
    acts: int | None
    district: str | None = None

    @property
    def site(self) -> tuple[str, str | None]:
        """What is counted together: a process, where districts are known in one of them."""
        return (f"{self.process}/{self.district}" if self.district else self.process, self.district)


def counted(
    items: Iterable[Item], feed: Feed, now: datetime, before: Mapping[str, Any], back: timedelta
) -> tuple[list[Observation], dict[str, Any]]:
    """Return proposals and acts of participation by process and day, and what to remember.

    Args:
        items: everything that the source lists, each once.
        feed: gives its id and the zone of its days.
        now: the instant of the poll.
        before: what the last call returned to be remembered; ``{}`` the first time.
        back: how old a day may be that is told again.

    Raises:
        FeedError: if under half of what was there at the last poll is left.

    """
    zone = ZoneInfo(feed.timezone)
    today = now.astimezone(zone).date()
    some = list({(item.process, item.id): item for item in items}.values())
    known: Mapping[str, int] = before.get("acts", {})
    if len(some) < _HALF * before.get("n", 0):
        reason = f"{before['n']} were listed, and now {len(some)}: not believed"
        raise FeedError(feed.id, reason, permanent=True)
    days = Counter((item.site, item.at.astimezone(zone).date()) for item in some)
    days.update({(item.site, today): 0 for item in some})
    found = [
        _fact(feed, now, site, day=day, proposals=count)
        for (site, day), count in sorted(days.items(), key=str)
        if today - back < day <= today
    ]
    memory: dict[str, Any] = {"n": len(some), "day": today.isoformat(), "at": instant(now)}
    memory["acts"] = {_key(item): item.acts for item in some if item.acts is not None}
    memory["today"] = _grown(some, before, known, today, zone) if before else {}
    if before:
        sites = {item.site for item in some if item.acts is not None}
        found += [
            _fact(feed, now, site, day=today, participants=memory["today"].get(site[0], 0))
            for site in sorted(sites, key=str)
        ]
    return found, memory


def _key(item: Item) -> str:
    return f"{item.process} {item.id}"


def _grown(
    items: Iterable[Item],
    before: Mapping[str, Any],
    known: Mapping[str, int],
    today: date,
    zone: ZoneInfo,
) -> dict[str, int]:
    """Return what was done today by site, with what earlier polls of today have seen."""
    is_same_day = before.get("day") == today.isoformat()
    done: Counter[str] = Counter(before.get("today", {}) if is_same_day else {})
    last = date.fromisoformat(before["day"])
    for item in items:
        if item.acts is None:
            continue
        is_new = item.at.astimezone(zone).date() >= last
        then = known.get(_key(item), 0 if is_new else item.acts)
        done[item.site[0]] += max(0, item.acts - then)  # what was taken back is not undone
    return dict(done)


def _fact(
    feed: Feed, now: datetime, site: tuple[str, str | None], *, day: date, **what: int
) -> Observation:
    """Return one count; ``what`` is its quantity and value."""
    ((quantity, count),) = what.items()
    begin = datetime.combine(day, time(), ZoneInfo(feed.timezone)).astimezone(UTC)
    return Observation(
        feed_id=feed.id,
        site_id=site[0],
        quantity=quantity,
        value=float(count),
        unit="count",
        observed_at=begin,
        fetched_at=now,
        district_id=site[1],
    )


def total_of(values: Iterable[Any]) -> int | None:
    """Return the sum of the counts that are told, ``None`` where none is.

    Raises:
        ValueError: if one is no whole number of zero or more.

    """
    told = [_whole(value) for value in values if value is not None and value != ""]
    return sum(told) if told else None


def _whole(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError(f"{value!r} is no count")
    try:
        count = int(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{str(value)[:40]!r} is no count") from None
    if not 0 <= count < 10**9:
        raise ValueError(f"{count} is no count of votes or comments")
    return count
