"""Check a city pack: load it, read its feeds, and see how their records meet its districts."""

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TypeGuard

import numpy as np

import feeds
from alerts import doubts
from cities.loader import read_pack
from cities.pack import Pack
from cities.places import Places
from cities.problems import PackError
from cities.report import FeedReport, Report, Unknown
from geodata import Districts
from model import Case, Fact, Feed, Notice, Observation, Reject

CONTACT = "bartizan-check"
_PLACEHOLDER = re.compile(r"\{[a-z_]+\}")


def check(
    folder: Path,
    *,
    roots: Sequence[Path] = (),
    places: Mapping[str, str] | None = None,
    now: datetime,
    offline: bool = False,
) -> Report:
    """Return how good a pack is; never raises for what is wrong with it.

    Files are read; a URL is asked once, unless ``offline``. A source that is not reachable now is
    named but not held against the pack.

    Args:
        folder: of the pack.
        roots: folders outside it that it may read.
        places: what placeholders of URLs stand for; feeds with an unknown one are skipped.
        now: becomes the time of the polls.
        offline: ask no URL.

    """
    try:
        pack = read_pack(folder, Places.of(folder, roots, places, is_strict=False))
    except PackError as error:
        return Report(folder=str(folder), problems=error.problems)
    return Report(
        folder=str(folder),
        city=pack.city.name,
        districts=len(pack.districts.items),
        doubts=tuple(f"rule {rule.id}: {text}" for rule in pack.rules for text in doubts(rule)),
        feeds=tuple(_feed(feed, pack, now, offline=offline) for feed in pack.feeds),
    )


def _feed(feed: Feed, pack: Pack, now: datetime, *, offline: bool) -> FeedReport:
    blank = FeedReport(
        id=feed.id, kind=feed.kind, gives=feed.gives, source=_source(feed, pack.folder)
    )
    if feed.url and (unknown := _PLACEHOLDER.search(feed.url)):
        return replace(blank, skipped=f"{unknown[0]} stands for nothing here")
    if offline and feeds.is_remote(feed):
        return replace(blank, skipped="offline: its URL was not asked")
    try:
        with feeds.open_client(CONTACT) as client:
            poll = feeds.poll(feed, client, {}, now=now, limits=feeds.Limits(attempts=1))
    except feeds.FeedError as error:
        if feeds.is_remote(feed) and not error.permanent:
            return replace(blank, skipped=f"not reachable now: {error.reason}")
        return replace(blank, error=error.reason, rejected=_reasons(error.rejects))
    met = _meeting(poll.parsed.accepted, pack.districts)
    return replace(
        blank,
        accepted=len(poll.parsed.accepted),
        rejected=_reasons(poll.parsed.rejected),
        matched=met.matched,
        outside=met.outside,
        unplaced=met.unplaced,
        unknown=met.unknown,
        sites=met.sites,
        sites_matched=met.sites_matched,
        first_at=min(map(_at, poll.parsed.accepted), default=None),
        last_at=max(map(_at, poll.parsed.accepted), default=None),
    )


def _source(feed: Feed, folder: Path) -> str:
    if feed.url or not feed.path:
        return feed.url or ""
    inside = Path(feed.path)
    own = folder.resolve()
    return str(inside.relative_to(own)) if inside.is_relative_to(own) else feed.path


def _reasons(rejects: Iterable[Reject]) -> dict[str, int]:
    named = (f"{one.field}: {one.reason}" if one.field else one.reason for one in rejects)
    return dict(Counter(named).most_common())


def _at(fact: Fact) -> datetime:
    if isinstance(fact, Case):
        return fact.opened_at
    return fact.observed_at


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meeting:
    """How facts meet districts."""

    matched: int
    outside: int
    unplaced: int
    unknown: tuple[Unknown, ...]
    sites: int | None = None
    sites_matched: int | None = None


def _meeting(facts: Sequence[Fact], districts: Districts) -> _Meeting:
    found = _districts(facts, districts)
    lost = [fact for fact, district in zip(facts, found, strict=True) if district is None]
    strange = Counter(
        fact.district_id for fact in facts if _is_strange(fact, districts) and fact.district_id
    )
    sites: dict[str, bool] = {}
    for fact, district in zip(facts, found, strict=True):
        if isinstance(fact, Observation):
            sites[fact.site_id] = sites.get(fact.site_id, False) or district is not None
    return _Meeting(
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
