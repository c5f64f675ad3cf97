"""In which district each fact lies."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from geodata import Districts
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
    lon = np.array([_number(fact.lon) for fact in points], dtype=np.float64)
    lat = np.array([_number(fact.lat) for fact in points], dtype=np.float64)
    found = iter(districts.district_of(lon, lat)) if points else iter(())
    placed: list[Fact] = []
    matched: Counter[str] = Counter()
    unmatched: Counter[str] = Counter()
    for fact in facts:
        if isinstance(fact, Notice):
            placed.append(_notice(fact, districts))
            continue
        by_place = next(found)
        named = districts.called(fact.district_id) if fact.district_id else None
        district = named or by_place
        (matched if district else unmatched)[fact.feed_id] += 1
        placed.append(replace(fact, district_id=district))
    return Placed(placed, matched, unmatched)


def _notice(notice: Notice, districts: Districts) -> Notice:
    if notice.geometry is None:
        return notice
    return replace(notice, districts=districts.overlapping(notice.geometry))


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
