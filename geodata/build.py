"""From a table of features to :class:`Districts`: checked, repaired, in WGS 84."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from geodata.districts import Districts
from geodata.errors import GeoError
from geodata.names import clean_name, short_names
from geodata.valid import area_of
from model import CITY, District

WGS84 = "EPSG:4326"
_DEGREES = (-180.0, -90.0, 180.0, 90.0)

Extra = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class _Columns:
    """Which property holds what; ``None`` where the file has none."""

    id: str
    name: str
    short: str | None
    population: str | None
    borough: str | None


def build(  # noqa: PLR0913 - one keyword per key of [districts]
    frame: gpd.GeoDataFrame,
    *,
    id: str,  # noqa: A002 - the key of the city pack
    name: str,
    short: str | None = None,
    population: str | None = None,
    borough: str | None = None,
    crs: str | None = None,
    extra: Extra | None = None,
) -> Districts:
    """Build the districts of a city from the features of a file.

    Args:
        frame: one row per district with a polygon, in any coordinate system that it declares.
        id: the property with the stable id; numbers become text.
        name: the property with the name.
        short: the property with a name of at most 20 characters; made from the name if ``None``.
        population: the property with the number of residents.
        borough: the property with the larger area that a district belongs to.
        crs: the coordinate system, where the file declares none or a wrong one.
        extra: further properties by id; they win over those of the file.

    Raises:
        GeoError: naming every problem: a missing property, an id that is missing or used twice,
            a feature without an area, coordinates that are not degrees.

    """
    columns = _Columns(id=id, name=name, short=short, population=population, borough=borough)
    _require(frame, columns, extra)
    frame = _in_wgs84(frame, crs)
    ids = _ids(frame, id)
    shapes = np.array([area_of(shape) for shape in frame.geometry], dtype=object)
    problems = [
        f"district {key!r} (feature {number}) has no area"
        for number, (key, shape) in enumerate(zip(ids, shapes, strict=True), start=1)
        if shape is None
    ]
    rows = [
        {**row, **(extra or {}).get(key, {})}
        for key, row in zip(
            ids, frame.drop(columns=frame.geometry.name).to_dict("records"), strict=True
        )
    ]
    items, wrong = _items(ids, rows, columns)
    problems += wrong + [
        f"attributes name a district {key!r} that the shapes do not have"
        for key in (extra or {})
        if key not in set(ids)
    ]
    if problems:
        raise GeoError(*problems)
    return Districts(items=items, shapes=shapes)


def _require(frame: gpd.GeoDataFrame, columns: _Columns, extra: Extra | None) -> None:
    if frame.empty:
        raise GeoError("the file holds no feature")
    known = [str(column) for column in frame.columns if column != frame.geometry.name]
    attributes = {key for row in (extra or {}).values() for key in row}
    wanted = {key: value for key, value in vars(columns).items() if value is not None}
    missing = [
        f"{key} = {value!r}: no feature has this property; there are {', '.join(known)}"
        for key, value in wanted.items()
        if value not in known and (key == "id" or value not in attributes)
    ]
    if missing:
        raise GeoError(*missing)


def _in_wgs84(frame: gpd.GeoDataFrame, crs: str | None) -> gpd.GeoDataFrame:
    """Return the frame in longitude and latitude, 2-D."""
    try:
        declared = frame.set_crs(crs, allow_override=True) if crs else frame
        declared = declared if declared.crs else declared.set_crs(WGS84)
        wgs84 = declared.to_crs(WGS84)
    except Exception as error:
        raise GeoError(f"coordinate system {crs or frame.crs}: {error}") from error
    west, south, east, north = wgs84.total_bounds
    inside = west >= _DEGREES[0] and south >= _DEGREES[1] and east <= _DEGREES[2]
    if not (inside and north <= _DEGREES[3]) and np.isfinite(wgs84.total_bounds).all():
        raise GeoError(
            f"coordinates run from {west:.0f}, {south:.0f} to {east:.0f}, {north:.0f}: these are "
            'not degrees; say the coordinate system with crs = "EPSG:…"'
        )
    return wgs84.set_geometry(shapely.force_2d(wgs84.geometry.to_numpy()), crs=WGS84)


def _ids(frame: gpd.GeoDataFrame, column: str) -> list[str]:
    ids = [_text(value) for value in frame[column]]
    problems = [
        f"feature {number} has no {column}" for number, key in enumerate(ids, start=1) if not key
    ]
    problems += [
        f"id {key!r} is used by {count} features; an id names one district"
        for key, count in Counter(key for key in ids if key).items()
        if count > 1
    ]
    if CITY in ids:
        problems.append(f"id {CITY!r} is taken: it stands for the whole city")
    if problems:
        raise GeoError(*problems)
    return [key for key in ids if key]


def _text(value: Any) -> str | None:
    """Return a property as text: 47.0 and 47 are "47"; missing is ``None``."""
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return clean_name(str(value)) or None


def _items(
    ids: list[str], rows: list[dict[str, Any]], columns: _Columns
) -> tuple[tuple[District, ...], list[str]]:
    problems: list[str] = []
    names = {key: _text(row.get(columns.name)) or key for key, row in zip(ids, rows, strict=True)}
    given = {
        key: _text(row.get(columns.short)) if columns.short else None
        for key, row in zip(ids, rows, strict=True)
    }
    shorts = _shorts(names, given, problems)
    items = []
    for key, row in zip(ids, rows, strict=True):
        try:
            residents = _count(row.get(columns.population)) if columns.population else None
        except ValueError as error:
            problems.append(f"district {key!r}: {columns.population} {error}")
            residents = None
        borough = _text(row.get(columns.borough)) if columns.borough else None
        items.append(
            District(
                id=key, name=names[key], short=shorts[key], population=residents, borough=borough
            )
        )
    return tuple(items), problems


def _shorts(
    names: Mapping[str, str], given: Mapping[str, str | None], problems: list[str]
) -> dict[str, str]:
    made = short_names({key: given[key] or name for key, name in names.items()})
    for key, short in given.items():
        if short and made[key] != short:
            problems.append(
                f"district {key!r}: short name {short!r} is longer than 20 characters or not unique"
            )
    return made


def _count(value: Any) -> int | None:
    """Return a number of residents; ``ValueError`` where it is no count."""
    text = _text(value)
    if text is None:
        return None
    try:
        number = float(text.replace(",", "").replace(" ", "").replace("'", ""))
    except ValueError:
        raise ValueError(f"{text!r} is not a number") from None
    if not (number >= 0 and number == round(number)):
        raise ValueError(f"{text!r} is not a count of people")
    return int(number)
