"""Typed columns to facts: observations, cases and notices."""

from collections.abc import Callable, Mapping
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from feeds import times
from feeds.cells import Cells, absent, filled, objects, unless
from feeds.extract import Extract, Numbers
from feeds.units import conversion
from geodata import to_wgs84
from model import Case, Fact, Feed, Notice, Observation, Quality

Places = Mapping[str, tuple[float, float]]

_MAX_DEGREES = 180.0
_SEVERITIES = ("extreme", "severe", "moderate", "minor", "unknown")
_STATUSES = ("actual", "exercise", "system", "test", "draft")


def facts(extract: Extract, feed: Feed, fetched_at: datetime, places: Places) -> list[Fact]:
    """Return what the good rows say; ``places`` are latitude and longitude by site."""
    match feed.gives:
        case "observation":
            return list(_observations(extract, feed, fetched_at, places))
        case "case":
            return list(_cases(extract, feed, fetched_at))
        case _:
            return list(_notices(extract, feed, fetched_at))


def _observations(
    extract: Extract, feed: Feed, fetched_at: datetime, places: Places
) -> list[Observation]:
    quantity = extract.text("quantity", is_required=True)
    site = extract.text("site_id", is_required=True)
    at = times.instants(extract.instants("observed_at", is_required=True))
    values, units = _at_rest(extract, quantity, extract.numbers("value"))
    lat, lon = _place(extract, site, places)
    quality = _quality(extract)
    district = extract.text("district")
    return [
        Observation(
            feed_id=feed.id,
            site_id=site[n],
            quantity=quantity[n],
            value=values[n],
            unit=units[n],
            observed_at=_sure(at[n]),
            fetched_at=fetched_at,
            quality=quality[n],
            lat=lat[n],
            lon=lon[n],
            district_id=district[n],
        )
        for n in extract.good()
    ]


def _at_rest(
    extract: Extract, quantity: Cells, numbers: Numbers
) -> tuple[list[float | None], Cells]:
    """Convert values to the units at rest, one conversion per pair of quantity and unit."""
    declared = extract.mapping.spec("value")
    constant = declared.unit if declared else None
    units = extract.text("unit")
    if constant is not None:
        units = np.where(absent(units), constant, units)
    at_rest = filled(None, len(quantity))
    for pair in dict.fromkeys(zip(quantity, units, strict=True)):
        if pair[0] is None:
            continue
        mask = (quantity == pair[0]) & (units == pair[1])
        try:
            found = conversion(*pair)
        except ValueError as problem:
            said = str(problem)
            extract.complain(mask, "unit", _saying(said))
            continue
        with np.errstate(over="ignore", invalid="ignore"):
            converted = np.round(numbers * found.factor + found.offset, 6)
        is_lost = mask & np.isfinite(numbers) & ~np.isfinite(converted)
        extract.complain(is_lost, "value", _saying("too large a number"))
        numbers = np.where(mask, converted, numbers)
        at_rest[mask] = found.unit
    known = unless(~np.isfinite(numbers), numbers).tolist()
    return known, at_rest


def _place(extract: Extract, site: Cells, places: Places) -> tuple[Cells, Cells]:
    """Return latitude and longitude, both ``None`` where one is missing or impossible.

    Axes are kept as the source wrote them; ``geodata`` finds swapped ones by the city's box.
    """
    lat, lon = extract.numbers("lat"), extract.numbers("lon")
    known = extract.table.columns
    if extract.mapping.spec("lat") is None and "@lat" in known:
        lat, lon = known["@lat"].astype(float), known["@lon"].astype(float)
    if places:
        beside = [places.get(name, (np.nan, np.nan)) for name in site]
        found = np.array(beside, dtype=float).reshape(-1, 2)
        lat = np.where(np.isnan(lat), found[:, 0], lat)
        lon = np.where(np.isnan(lon), found[:, 1], lon)
    lat, lon = _in_degrees(lat, lon, extract)
    good = (np.abs(lat) <= _MAX_DEGREES) & (np.abs(lon) <= _MAX_DEGREES)
    good &= (lat != 0) | (lon != 0)
    return unless(~good, lat), unless(~good, lon)


def _in_degrees(lat: Numbers, lon: Numbers, extract: Extract) -> tuple[Numbers, Numbers]:
    """Turn northing and easting of the declared coordinate system into degrees."""
    if extract.mapping.crs is None or extract.mapping.spec("lat") is None:
        return lat, lon
    is_whole = np.isfinite(lat) & np.isfinite(lon) & ((lat != 0) | (lon != 0))
    east, north = to_wgs84(
        np.where(is_whole, lon, np.nan), np.where(is_whole, lat, np.nan), extract.mapping.crs
    )
    return north, east


def _quality(extract: Extract) -> Cells:
    if extract.mapping.spec("quality") is None:
        return filled(Quality.GOOD, len(extract.table))
    names = extract.text("quality")
    known = {quality.value: quality for quality in Quality}
    found = objects(known.get(str(name).upper()) for name in names)
    missing = absent(names)
    extract.complain(
        absent(found) & ~missing,
        "quality",
        lambda row: f"{names[row]!r} is none of {', '.join(known)}",
    )
    return np.where(missing, Quality.UNCERTAIN, found)


def _cases(extract: Extract, feed: Feed, fetched_at: datetime) -> list[Case]:
    ids = extract.text("case_id", is_required=True)
    opened = times.instants(extract.instants("opened_at", is_required=True))
    closed = times.instants(extract.instants("closed_at"))
    status = _case_status(extract, closed)
    updated = times.instants(extract.instants("updated_at"))
    due = times.instants(extract.instants("due_at"))
    lat, lon = _place(extract, ids, {})
    names = ("service", "department", "channel", "district")
    service, department, channel, district = (extract.text(name) for name in names)
    return [
        Case(
            feed_id=feed.id,
            case_id=ids[n],
            opened_at=_sure(opened[n]),
            fetched_at=fetched_at,
            status=status[n],
            closed_at=closed[n] if status[n] == "closed" else None,
            updated_at=updated[n],
            due_at=due[n],
            service=service[n],
            department=department[n],
            channel=channel[n],
            lat=lat[n],
            lon=lon[n],
            district_id=district[n],
        )
        for n in extract.good()
    ]


def _case_status(extract: Extract, closed: list[datetime | None]) -> list[str]:
    """Return open or closed; without a status column a closing time decides."""
    if extract.mapping.spec("status") is None:
        return ["open" if at is None else "closed" for at in closed]
    names = extract.text("status", is_required=True)
    status = [str(name).lower() for name in names]
    strange = np.array([name not in {"open", "closed"} for name in status], dtype=bool)
    extract.complain(
        strange, "status", lambda row: f"status {names[row]!r} is neither open nor closed: map it"
    )
    return status


def _notices(extract: Extract, feed: Feed, fetched_at: datetime) -> list[Notice]:
    ids = extract.text("notice_id", is_required=True)
    headline = extract.text("headline", is_required=True)
    effective = times.instants(extract.instants("effective", is_required=True))
    expires = times.instants(extract.instants("expires"))
    severity = _one_of(extract, "severity", _SEVERITIES, "unknown")
    status = _one_of(extract, "status", _STATUSES, "actual")
    drawn = extract.table.columns.get("@wkt")
    geometry = extract.text("geometry") if drawn is None else drawn
    event, area, url = (extract.text(name) for name in ("event", "area", "url"))
    return [
        Notice(
            feed_id=feed.id,
            notice_id=ids[n],
            headline=headline[n],
            effective=_sure(effective[n]),
            fetched_at=fetched_at,
            severity=severity[n],
            status=status[n],
            event=event[n],
            expires=expires[n],
            geometry=geometry[n],
            area=area[n],
            url=url[n],
        )
        for n in extract.good()
    ]


def _one_of(extract: Extract, name: str, known: tuple[str, ...], default: str) -> list[str]:
    cells = extract.text(name)
    found = [default if cell is None else str(cell).lower() for cell in cells]
    strange: NDArray[np.bool_] = np.array([word not in known for word in found], dtype=bool)
    shown = ", ".join(known)
    extract.complain(strange, name, lambda row: f"{cells[row]!r} is none of {shown}: map it")
    return found


def _saying(said: str) -> Callable[[int], str]:
    return lambda _: said


def _sure(at: datetime | None) -> datetime:
    if at is None:  # such a row has a complaint and is not among the good ones
        raise ValueError("a good row without a time")
    return at
