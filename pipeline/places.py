"""In which district each fact lies."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from geodata import Districts, GeoError
from model import Case, Fact, Notice, Observation


@dataclass(frozen=True, slots=True)
class Placed:
    """Facts with their district, and how many of each feed's located facts found one."""

    facts: list[Fact]
    matched: Counter[str]
    unmatched: Counter[str]


def place(facts: Sequence[Fact], districts: Districts) -> Placed:
    """Give every fact its district; a district named by the source stands where it exists.

    Facts outside every district keep ``None``: they count for the city, not for a district.
    """
    points = [fact for fact in facts if isinstance(fact, Observation | Case)]
    found = iter(districts_of(points, districts))
    placed: list[Fact] = []
    matched: Counter[str] = Counter()
    unmatched: Counter[str] = Counter()
    for fact in facts:
        if isinstance(fact, Notice):
            placed.append(_notice(fact, districts))
            continue
        district = next(found)
        if district:
            matched[fact.feed_id] += 1
        elif _says_where(fact):
            unmatched[fact.feed_id] += 1
        placed.append(replace(fact, district_id=district))
    return Placed(placed, matched, unmatched)


def districts_of(facts: Sequence[Observation | Case], districts: Districts) -> list[str | None]:
    """Return the district of each fact; sites repeat, so each point is looked up once."""
    points = list({(fact.lon, fact.lat) for fact in facts})
    lon = np.array([_number(point[0]) for point in points], dtype=np.float64)
    lat = np.array([_number(point[1]) for point in points], dtype=np.float64)
    by_point = dict(zip(points, districts.district_of(lon, lat), strict=True)) if points else {}
    names = {fact.district_id for fact in facts if fact.district_id}
    by_name = {name: districts.called(name) for name in names}
    return [by_name.get(fact.district_id or "") or by_point[fact.lon, fact.lat] for fact in facts]


def _notice(notice: Notice, districts: Districts) -> Notice:
    """Return a notice with its districts, its axes put right; without a shape where it is none."""
    if notice.geometry is None:
        return notice
    try:
        shape = districts.upright(notice.geometry)
        return replace(notice, geometry=shape, districts=districts.overlapping(shape))
    except GeoError:
        return replace(notice, geometry=None)


def _says_where(fact: Observation | Case) -> bool:
    """Whether a fact should have a district: a measurement of the whole city has none."""
    return isinstance(fact, Case) or fact.lat is not None or fact.district_id is not None


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
