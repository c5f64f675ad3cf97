"""The past of indicators as it may leave the house, read in stretches that memory can hold."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from api.door import Door
from model import CITY, Indicator, Reading

STRETCH = 50_000  # rows that are read at once, about
TOLD = 12  # corrections of a figure about people that are looked at
UNCHANGED_EVERY = timedelta(minutes=5)  # a reading that does not change is written this often
HIDDEN = {
    "value": None,
    "num": None,
    "den": None,
    "n": None,
    "usual_low": None,
    "usual_centre": None,
    "usual_high": None,
    "suppressed": True,
}
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which readings: ``[start, end)``, one district or all, of every step the newest."""

    indicators: tuple[Indicator, ...]
    district: str | None
    start: datetime
    end: datetime
    resolution: timedelta | None = None
    known_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: its last row. ``stretch`` counts those of the indicator."""

    indicator: int = 0
    stretch: int = 0
    district: str = ""
    at: datetime | None = None


def rows(door: Door, wanted: Wanted, after: Place | None = None) -> Iterator[tuple[Place, Row]]:
    """Yield rows with their places: by indicator, stretch of time, district and instant."""
    after = after or Place()
    for number in range(after.indicator, len(wanted.indicators)):
        indicator = wanted.indicators[number]
        first = after.stretch if number == after.indicator else 0
        length = _length(door, indicator, wanted.resolution)
        for stretch in range(first, math.ceil((wanted.end - wanted.start) / length)):
            start = wanted.start + length * stretch
            for row in public(
                door,
                indicator,
                district=wanted.district,
                start=start,
                end=min(start + length, wanted.end),
                resolution=wanted.resolution,
                known_at=wanted.known_at,
            ):
                place = Place(number, stretch, row["district"], row["at"])
                if not _is_told(place, after):
                    yield place, row


def _is_told(place: Place, after: Place) -> bool:
    """Whether a page before held this row already."""
    if after.at is None or (place.indicator, place.stretch) != (after.indicator, after.stretch):
        return False
    return place.at is not None and (place.district, place.at) <= (after.district, after.at)


def _length(door: Door, indicator: Indicator, resolution: timedelta | None) -> timedelta:
    """Return how much time is read at once: whole steps, and no more rows than memory likes."""
    step = resolution or indicator.cadence
    return step * max(1, STRETCH // (len(door.pack.districts.ids) + 1))


def public(  # noqa: PLR0913 - each is a condition of its own
    door: Door,
    indicator: Indicator,
    *,
    district: str | None = None,
    start: datetime,
    end: datetime,
    resolution: timedelta | None = None,
    known_at: datetime | None = None,
) -> Sequence[Row]:
    """Return rows of the history as they may leave the house: small cells hidden at each instant.

    A small cell is found by its neighbours too, and by what stood when the span began. So all
    districts are read, from earlier on, before any is hidden.
    """
    if not indicator.is_counted:
        return door.history.series(
            indicator.id,
            district=district,
            start=start,
            end=end,
            resolution=resolution,
            known_at=known_at,
        )
    before = 2 * max(UNCHANGED_EVERY, indicator.cadence)
    if resolution:
        before = resolution * math.ceil(before / resolution)  # the steps stay where they were
    found = door.history.series(
        indicator.id,
        district=None,
        start=start - before,
        end=end,
        resolution=resolution,
        known_at=known_at,
    )
    return [
        row
        for row in veiled(door, indicator, found)
        if row["at"] >= start and district in (None, row["district"])
    ]


def veiled(door: Door, indicator: Indicator, found: Sequence[Row]) -> list[Row]:
    """Return rows of all districts with small cells, and those that would betray them, hidden."""
    hidden = door.suppress([_reading(row) for row in found], {indicator.id: indicator})
    return [
        {**row, **HIDDEN} if reading.suppressed else row
        for row, reading in zip(found, hidden, strict=True)
    ]


def _reading(row: Row) -> Reading:
    """Return what of a row says whether it is a small cell."""
    names = ("indicator", "district", "at", "value", "num", "den", "n")
    return Reading(**{name: row.get(name) for name in names})  # type: ignore[arg-type]  # as written


def revised(
    door: Door, indicator: Indicator, *, district: str, start: datetime, end: datetime
) -> list[Row]:
    """Return the corrections of one place's readings as they may leave the house, newest first.

    Of figures about people only the city's corrections are told: two versions of a district, told
    beside each other, could give one person's case away.
    """
    if indicator.is_counted and district != CITY:
        return []
    found = door.history.revisions(indicator.id, district=district, start=start, end=end)
    if not indicator.is_counted:
        return list(found)
    return [row for row in found[:TOLD] if not _is_small(door, indicator, row)]


def _is_small(door: Door, indicator: Indicator, row: Row) -> bool:
    """Whether either version of a corrected reading was hidden, or is."""
    at, moment = row["at"], timedelta(microseconds=1)
    for known_at in (row["old_known_at"], None):
        told = public(door, indicator, district=CITY, start=at, end=at + moment, known_at=known_at)
        if any(one.get("suppressed") for one in told):
            return True
    return False
