"""Small cells: figures about fewer than five cases stay in the house.

A hidden district must not come back by subtraction from the city's total. So where one district
is hidden, the next smallest is hidden with it, and again until the hidden ones together are at
least two and hold at least five cases (two hidden zeros would give themselves away); where there
is nothing left to hide behind, the city's own figure is hidden. What cannot be prevented here is
the difference of two instants or of two indicators with overlapping windows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from model import CITY, Indicator, Reading

SMALLEST = 5

# Which of a reading's figures are numbers of cases. In a share (met ÷ due) the count is n.
_COUNTS: Mapping[str, tuple[str, ...]] = {
    "srv.new": ("num",),
    "srv.backlog": ("num", "n"),
    "srv.netflow": ("num", "den"),
    "srv.overdue": ("n",),
    "srv.sla": ("n",),
    "srv.ttc": ("n",),
    "par.participation": ("num",),
    "srv.permits": ("n",),
    "eco.claims": ("num", "den"),
    "saf.ems": ("n",),
    "saf.fire4": ("n",),
    "saf.violent": ("num",),
    "mob.ksi": ("num",),
    "soc.shelter": ("num",),
    "soc.school": ("den",),
    "soc.hospital": ("num",),
}
_ANY = ("num", "n")


def suppress(readings: Sequence[Reading], indicators: Mapping[str, Indicator]) -> list[Reading]:
    """Return the readings in their order, small cells and those that would betray them hidden.

    Readings of one indicator and instant form a group. Unknown readings and indicators that are
    not ``is_counted`` pass unchanged.
    """
    hidden = [False] * len(readings)
    groups: dict[tuple[str, object], list[int]] = {}
    for place, reading in enumerate(readings):
        indicator = indicators.get(reading.indicator)
        if indicator is not None and indicator.is_counted:
            groups.setdefault((reading.indicator, reading.at), []).append(place)
    for places in groups.values():
        for place in _to_hide([(p, readings[p]) for p in places]):
            hidden[place] = True
    return [
        _without(reading) if is_hidden else reading
        for reading, is_hidden in zip(readings, hidden, strict=True)
    ]


def covered(counts: Sequence[float], least: float = SMALLEST) -> list[bool]:
    """Return which districts to hide where the whole city is shown beside them.

    Those with fewer than ``least``, and the next smallest ones until the hidden ones together are
    at least two and hold ``least``. Nothing is hidden where none is too small.
    """
    order = sorted(range(len(counts)), key=lambda place: counts[place])
    hidden = [place for place in order if counts[place] < least]
    rest = order[len(hidden) :]
    while hidden and rest and (len(hidden) < 2 or sum(counts[p] for p in hidden) < least):  # noqa: PLR2004 - one alone is the difference
        hidden.append(rest.pop(0))
    return [place in hidden for place in range(len(counts))]


def suppress_course(
    readings: Sequence[Reading], indicators: Mapping[str, Indicator]
) -> list[Reading]:
    """Return readings of many instants in their order, with small cells hidden at each.

    A record of readings holds at each instant only those that changed. So each place counts with
    its newest reading so far: what covers a small cell stays hidden while it covers it, and a
    small cell that stands without its cover at an instant hides the city's figure.
    """
    gone: set[int] = set()
    courses: dict[str, dict[datetime, list[int]]] = {}
    for place, reading in enumerate(readings):
        indicator = indicators.get(reading.indicator)
        if indicator is not None and indicator.is_counted:
            courses.setdefault(reading.indicator, {}).setdefault(reading.at, []).append(place)
    for course in courses.values():
        newest: dict[str, int] = {}
        for _, places in sorted(course.items()):
            newest.update({readings[place].district: place for place in places})
            standing = _to_hide([(place, readings[place]) for place in newest.values()])
            alone = _to_hide([(place, readings[place]) for place in places])
            gone |= (standing | alone) & set(places)
    return [
        _without(reading) if place in gone else reading for place, reading in enumerate(readings)
    ]


def _to_hide(cells: Sequence[tuple[int, Reading]]) -> set[int]:
    """Return the places to hide among the readings of one indicator at one instant."""
    counted = [(place, reading, _counts(reading)) for place, reading in cells]
    districts = sorted(
        (min(counts), place, counts)
        for place, reading, counts in counted
        if reading.district != CITY and counts
    )
    city = {place for place, reading, _ in counted if reading.district == CITY}
    hidden = [entry for entry in districts if entry[0] < SMALLEST]
    open_cells = districts[len(hidden) :]
    while hidden and open_cells and not _is_safe([counts for _, _, counts in hidden]):
        hidden.append(open_cells.pop(0))
    places = {place for _, place, _ in hidden}
    if hidden and not _is_safe([counts for _, _, counts in hidden]):
        places |= city
    small = {
        p for p, r, counts in counted if r.district == CITY and counts and min(counts) < SMALLEST
    }
    return places | small


def _is_safe(hidden: Sequence[tuple[float, ...]]) -> bool:
    """Whether the sum over hidden cells tells nothing certain of one of them."""
    return len(hidden) > 1 and all(
        sum(figures) >= SMALLEST for figures in zip(*hidden, strict=True)
    )


def _counts(reading: Reading) -> tuple[float, ...]:
    """Return the numbers of cases behind a reading; empty where nothing is shown of it."""
    if reading.suppressed:
        return ()
    names = _COUNTS.get(reading.indicator, _ANY)
    figures = [getattr(reading, name) for name in names]
    if all(figure is None for figure in figures):
        return ()
    return tuple(0.0 if figure is None else float(figure) for figure in figures)


def _without(reading: Reading) -> Reading:
    return replace(
        reading,
        value=None,
        num=None,
        den=None,
        n=None,
        usual=None,
        z=None,
        coverage=None,
        suppressed=True,
        reason="fewer than 5 cases here, or a neighbour that they would betray",
    )
