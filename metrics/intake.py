"""Facts to columns: from entities of a poll, or from the columns of the history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metrics.caseload import Caseload, identify
from metrics.columns import (
    NONE,
    UNPLACED,
    Codings,
    Floats,
    Ints,
    factorised,
    instants,
    milliseconds,
    series_of,
)
from model import Case, Observation, Quality


@dataclass(frozen=True, slots=True)
class Measured:
    """Observations as columns with their own names; codes are local to it."""

    at: Ints
    known: Ints
    value: Floats
    quality: NDArray[np.int8]
    quantity: Codings
    site: Codings
    district: Codings
    quantities: list[str]
    sites: list[tuple[str, str]]
    districts: list[str]
    feeds: list[str]


@dataclass(frozen=True, slots=True)
class Requested:
    """Cases as columns with their own names; codes are local to it."""

    load: Caseload
    feeds: list[str]
    districts: list[str]
    services: list[str]


def by_name(columns: Any) -> Mapping[str, Any]:
    """Return the columns of a table by name; a mapping is one already."""
    names = getattr(columns, "column_names", None)
    return columns if names is None else {name: columns[name] for name in names}


def measured(columns: Mapping[str, Any]) -> Measured:
    """Return the columns of observations, coded."""
    at = instants(columns["observed_at"])
    feed, feeds = factorised(columns["feed_id"])
    name, names = factorised(columns["site_id"])
    pair, pairs = factorised(feed.astype(np.int64) * len(names) + name)
    quantity, quantities = factorised(columns["quantity"])
    district, districts = _optional_text(columns, "district_id", len(at))
    return Measured(
        at=at,
        known=_optional_instants(columns, "known_at", at),
        value=series_of(columns["value"]).to_numpy(np.float64, na_value=np.nan),
        quality=_ranks(columns.get("quality"), len(at)),
        quantity=quantity,
        site=pair,
        district=district,
        quantities=quantities,
        sites=[(feeds[int(p) // len(names)], names[int(p) % len(names)]) for p in pairs],
        districts=districts,
        feeds=feeds,
    )


def requested(columns: Mapping[str, Any]) -> Requested:
    """Return the columns of cases, coded."""
    opened = instants(columns["opened_at"])
    size = len(opened)
    none = np.full(size, NONE, np.int64)
    known = _optional_instants(columns, "known_at", none)
    updated = _optional_instants(columns, "updated_at", none)
    closed = _optional_instants(columns, "closed_at", none)
    has_status = columns.get("status") is not None
    said = (
        series_of(columns["status"]).to_numpy(object) == "closed" if has_status else closed != NONE
    )
    is_vague = np.asarray(said, np.bool_) & (closed == NONE)
    latest = np.where(updated != NONE, updated, np.where(known != NONE, known, opened))
    feed, feeds = factorised(columns["feed_id"])
    district, districts = _optional_text(columns, "district_id", size)
    service, services = _optional_text(columns, "service", size)
    load = Caseload(
        ident=identify(series_of(columns["feed_id"]), series_of(columns["case_id"])),
        opened=opened,
        closed=np.where(is_vague, latest, closed),
        due=_optional_instants(columns, "due_at", none),
        updated=updated,
        known=known,
        service=service,
        district=district,
        feed=feed,
        is_vague=is_vague,
    )
    return Requested(load, feeds, districts, services)


def from_observations(seen: Sequence[Observation]) -> Measured:
    """Return observations as columns; of facts without ``known_at`` the fetch counts."""
    return measured(
        {
            "feed_id": [o.feed_id for o in seen],
            "site_id": [o.site_id for o in seen],
            "quantity": [o.quantity for o in seen],
            "observed_at": [milliseconds(o.observed_at) for o in seen],
            "known_at": [milliseconds(o.known_at or o.fetched_at) for o in seen],
            "value": [np.nan if o.value is None else o.value for o in seen],
            "quality": [o.quality.rank for o in seen],
            "district_id": [o.district_id for o in seen],
        }
    )


def from_cases(asked: Sequence[Case]) -> Requested:
    """Return cases as columns; of facts without ``known_at`` the fetch counts."""
    return requested(
        {
            "feed_id": [c.feed_id for c in asked],
            "case_id": [c.case_id for c in asked],
            "opened_at": [milliseconds(c.opened_at) for c in asked],
            "closed_at": [milliseconds(c.closed_at) for c in asked],
            "updated_at": [milliseconds(c.updated_at) for c in asked],
            "due_at": [milliseconds(c.due_at) for c in asked],
            "known_at": [milliseconds(c.known_at or c.fetched_at) for c in asked],
            "status": [c.status for c in asked],
            "service": [c.service for c in asked],
            "district_id": [c.district_id for c in asked],
        }
    )


def _optional_text(columns: Mapping[str, Any], name: str, size: int) -> tuple[Codings, list[str]]:
    column = columns.get(name)
    return factorised(column) if column is not None else (np.full(size, UNPLACED, np.int32), [])


def _optional_instants(columns: Mapping[str, Any], name: str, otherwise: Ints) -> Ints:
    column = columns.get(name)
    return otherwise if column is None else instants(column)


def _ranks(column: Any, size: int) -> NDArray[np.int8]:
    if column is None:
        return np.zeros(size, np.int8)
    values = series_of(column)
    if np.issubdtype(values.to_numpy().dtype, np.integer):
        return values.to_numpy(np.int8)
    codes, names = factorised(values)
    rank = np.array([Quality(name).rank for name in names] + [0], np.int8)
    return rank[codes]
