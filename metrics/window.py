"""What the city knows: an immutable set of observations and cases that grows cheaply."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import Any, cast

import numpy as np

from metrics.caseload import Caseload
from metrics.columns import DAY, UNPLACED, Codes, Codings, milliseconds, newest
from metrics.intake import (
    Measured,
    Requested,
    by_name,
    from_cases,
    from_observations,
    measured,
    requested,
)
from metrics.series import FARTHEST, SITE_BITS, SITE_MASK, Block, Rows, Track
from model import Case, Observation

_CASE_DAYS = 28  # the longest look back of an indicator about closed cases
_PASSING = frozenset({"transit_delay", "trip_operated"})  # their sites are trips: gone in a day
_PASSING_DAYS = 2
_NOTHING = Track.of(Block.empty())


@dataclass(frozen=True)
class Window:
    """Facts, newest version each, ready to be sliced at any instant.

    ``sites`` are (feed id, site id): two feeds may use one site id for two places. All functions
    that take an instant see only facts observed until then, so a past hour and the present one
    are measured by the same code. ``memo`` is a cache that the descendants of a window share,
    ``own`` one that they do not; neither changes a result.
    """

    tracks: Mapping[str, Track] = field(default_factory=dict)
    base: Caseload = field(default_factory=Caseload.empty)
    fresh: Caseload = field(default_factory=Caseload.empty)
    sites: Codes = field(default_factory=Codes)
    districts: Codes = field(default_factory=Codes)
    services: Codes = field(default_factory=Codes)
    feeds: Codes = field(default_factory=Codes)
    memo: dict[Hashable, Any] = field(default_factory=dict, compare=False, repr=False)
    own: dict[str, Any] = field(init=False, default_factory=dict, compare=False, repr=False)

    @classmethod
    def build(
        cls, observations: Iterable[Observation] = (), cases: Iterable[Case] = ()
    ) -> "Window":
        """Return a window over facts; of equal natural keys the version known last stays."""
        return cls().extended(observations, cases)

    @classmethod
    def from_columns(
        cls, observations: Mapping[str, Any] | None = None, cases: Mapping[str, Any] | None = None
    ) -> "Window":
        """Return a window over columns of the history: a table, or numpy, pandas, arrow arrays.

        Args:
            observations: ``feed_id, site_id, quantity, observed_at, value`` and, where there
                are, ``quality, district_id, known_at``.
            cases: ``feed_id, case_id, opened_at`` and, where there are, ``status, closed_at,
                updated_at, due_at, service, district_id, known_at``. Instants are UTC date-times,
                or integers in milliseconds.

        """
        window = cls()
        if observations is not None:
            window = window.grown(observations)
        if cases is not None and len(cases["opened_at"]):
            window = window.asked(requested(by_name(cases)))
        return replace(window, base=window.cases, fresh=Caseload.empty())

    def grown(self, observations: Mapping[str, Any]) -> "Window":
        """Return the window with more values, given as columns (see ``from_columns``)."""
        if not len(observations["value"]):
            return self
        return self.observed(measured(by_name(observations)))

    def extended(
        self, observations: Iterable[Observation] = (), cases: Iterable[Case] = ()
    ) -> "Window":
        """Return the window with more facts; what it holds already is not copied."""
        window, seen, asked = self, list(observations), list(cases)
        if seen:
            window = window.observed(from_observations(seen))
        return window.asked(from_cases(asked)) if asked else window

    @cached_property
    def cases(self) -> Caseload:
        """All cases, newest version each, ordered by opening."""
        return self.base.joined(self.fresh)

    @cached_property
    def feed_codes(self) -> Codings:
        """The feed of each site, by site code."""
        return self.feeds.of([cast("tuple[str, str]", pair)[0] for pair in self.sites.names])

    def rows(self, quantity: str, start: int, end: int) -> Rows:
        """Return the values of a quantity observed after ``start`` and not after ``end`` (ms)."""
        return self.tracks.get(quantity, _NOTHING).between(start, end)

    def feed_of(self, site: int) -> str:
        """Return the feed of a site code."""
        return cast("tuple[str, str]", self.sites.names[site])[0]

    def name_of(self, site: int) -> str:
        """Return the id of a site code, as its feed says it."""
        return cast("tuple[str, str]", self.sites.names[site])[1]

    def trimmed(
        self, before: datetime, since: Mapping[str, datetime] = MappingProxyType({})
    ) -> "Window":
        """Return the window without what no indicator needs.

        Observations before ``before`` (for some quantities ``since``, see
        :func:`metrics.keeping.kept_since`) go, but for the newest of each site; so do cases closed
        more than 28 days before. Of trips two days stay, for each is a site of its own.
        """
        start = milliseconds(before)
        tracks = {
            name: track.passing(_PASSING_DAYS * DAY)
            if name in _PASSING
            else track.since(min(start, milliseconds(since.get(name, before))))
            for name, track in self.tracks.items()
        }
        cases = self.cases.since(start - _CASE_DAYS * DAY)
        kept = replace(self, tracks=tracks, base=cases, fresh=Caseload.empty(), memo={})
        return kept.tidied()

    def tidied(self) -> "Window":
        """Return the window without the codes of sites that have no row, once most have none."""
        is_used = np.zeros(len(self.sites.names), np.bool_)
        for track in self.tracks.values():
            is_used[track.merged().base.key & SITE_MASK] = True
        if 2 * np.count_nonzero(is_used) >= len(is_used):
            return self
        names = [self.sites.names[code] for code in np.flatnonzero(is_used).tolist()]
        codes = np.cumsum(is_used, dtype=np.int64) - 1  # rising, so the order of rows holds
        tracks = {name: track.recoded(codes) for name, track in self.tracks.items()}
        return replace(self, tracks=tracks, sites=Codes().grown(names))

    since = trimmed  # the name under which the other rooms know it

    def observed(self, seen: Measured) -> "Window":
        """Return the window with more values."""
        feeds = self.feeds.grown(seen.feeds)
        districts = self.districts.grown(seen.districts)
        sites = self.sites.grown(seen.sites)
        if len(sites.names) > 1 << SITE_BITS:
            raise ValueError(f"more than {1 << SITE_BITS} sites in one window")
        site = sites.of(seen.sites)[seen.site].astype(np.int64)
        district = _recoded(districts, seen.districts, seen.district)
        tracks = dict(self.tracks)
        can = np.abs(seen.at) < FARTHEST  # no instant that a clock of ours will ever ask for
        for code, quantity in enumerate(seen.quantities):
            mine = np.flatnonzero((seen.quantity == code) & can)
            block = Block(
                (seen.at[mine] << SITE_BITS) | site[mine],
                seen.value[mine],
                district[mine],
                seen.quality[mine],
                seen.known[mine],
            )
            block = block.take(newest(block.key, block.known))
            known = tracks.get(quantity)
            tracks[quantity] = known.extended(block) if known else Track.of(block)
        return replace(self, tracks=tracks, sites=sites, districts=districts, feeds=feeds)

    def asked(self, asked: Requested) -> "Window":
        """Return the window with more cases."""
        feeds = self.feeds.grown(asked.feeds)
        districts = self.districts.grown(asked.districts)
        services = self.services.grown(asked.services)
        load = replace(
            asked.load,
            feed=_recoded(feeds, asked.feeds, asked.load.feed),
            district=_recoded(districts, asked.districts, asked.load.district),
            service=_recoded(services, asked.services, asked.load.service),
        ).tidied()
        is_merged = "cases" in self.__dict__
        base, fresh = (self.cases, load) if is_merged else (self.base, self.fresh.joined(load))
        return replace(
            self, base=base, fresh=fresh, feeds=feeds, districts=districts, services=services
        )


def _recoded(codes: Codes, names: list[str], local: Codings) -> Codings:
    return np.append(codes.of(names), UNPLACED).astype(np.int32)[local]
