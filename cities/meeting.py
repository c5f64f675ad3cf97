"""How facts meet the districts of a city."""

import difflib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeGuard

import numpy as np

from cities.report import Unknown
from geodata import Districts
from model import Case, Fact, Notice, Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """How facts meet districts."""

    matched: int
    outside: int
    unplaced: int
    unknown: tuple[Unknown, ...]
    sites: int | None = None
    sites_matched: int | None = None


def meeting(facts: Sequence[Fact], districts: Districts) -> Meeting:
    """Say how many facts fall into districts, and what the others lack."""
    found = _districts(facts, districts)
    lost = [fact for fact, district in zip(facts, found, strict=True) if district is None]
    strange = Counter(
        fact.district_id for fact in facts if _is_strange(fact, districts) and fact.district_id
    )
    sites: dict[str, bool] = {}
    for fact, district in zip(facts, found, strict=True):
        if isinstance(fact, Observation):
            sites[fact.site_id] = sites.get(fact.site_id, False) or district is not None
    return Meeting(
        matched=len(facts) - len(lost),
        outside=sum(_has_place(fact) for fact in lost),
        unplaced=sum(not _has_place(fact) for fact in lost),
        unknown=tuple(
            Unknown(name=name, count=count, nearest=_nearest(name, districts))
            for name, count in strange.most_common()
        ),
        sites=len(sites) if sites else None,
        sites_matched=sum(sites.values()) if sites else None,
    )


def _districts(facts: Sequence[Fact], districts: Districts) -> list[str | None]:
    """Return each fact's district as the pipeline finds it: by its name, else by its place."""
    spots = [(np.nan, np.nan) if isinstance(fact, Notice) else _spot(fact) for fact in facts]
    lon, lat = np.array(spots, dtype=np.float64).reshape(-1, 2).T
    by_place = districts.district_of(lon, lat)
    return [
        _first_area(fact, districts)
        if isinstance(fact, Notice)
        else districts.called(fact.district_id) or place
        for fact, place in zip(facts, by_place, strict=True)
    ]


def _spot(fact: Observation | Case) -> tuple[float, float]:
    if fact.lon is None or fact.lat is None:
        return np.nan, np.nan
    return fact.lon, fact.lat


def _first_area(notice: Notice, districts: Districts) -> str | None:
    if notice.geometry is None:
        return None
    return next(iter(districts.overlapping(notice.geometry)), None)


def _has_place(fact: Fact) -> bool:
    if isinstance(fact, Notice):
        return fact.geometry is not None
    return fact.lon is not None and fact.lat is not None


def _is_strange(fact: Fact, districts: Districts) -> TypeGuard[Observation | Case]:
    """Whether the source names a district that there is none of."""
    if isinstance(fact, Notice) or fact.district_id is None:
        return False
    return districts.called(fact.district_id) is None


def _nearest(name: str, districts: Districts) -> str | None:
    """Return the id or name of a district that may be meant."""
    known = {word.casefold(): word for one in districts.items for word in (one.id, one.name)}
    close = difflib.get_close_matches(name.casefold(), known, n=1, cutoff=0.6)
    return known[close[0]] if close else None
