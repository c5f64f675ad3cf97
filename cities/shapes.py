"""Read the file of districts that a pack names."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import plotly.data

from cities.places import PlaceError, Places
from cities.tables import DistrictsTable
from geodata import Districts, GeoError, build, clean_name

PLOTLY = "plotly:election"
"""The 58 electoral districts of Montréal that ship with plotly."""

_OWN = ("short", "population", "borough")  # used without being named when the attributes hold them


def read_districts(table: DistrictsTable, places: Places) -> Districts:
    """Read and build the districts.

    Raises:
        GeoError: naming every problem of the file or its attributes.
        PlaceError: if a file is missing or lies outside the allowed folders.

    """
    frame = _features(table, places)
    extra = _attributes(places.file(table.attributes), table.id) if table.attributes else {}
    columns = {key for row in extra.values() for key in row}
    named = {key: getattr(table, key) or (key if key in columns else None) for key in _OWN}
    return build(frame, id=table.id, name=table.name, crs=table.crs, extra=extra, **named)


def _features(table: DistrictsTable, places: Places) -> gpd.GeoDataFrame:
    if table.file == PLOTLY:
        return _from_features(plotly.data.election_geojson()["features"])
    if table.file.startswith("plotly:"):
        raise PlaceError(f"{table.file!r} is not known; there is {PLOTLY!r}")
    path = places.file(table.file)
    try:
        frame = gpd.read_file(path, layer=table.layer)
    except Exception as error:
        raise GeoError(f"{path.name} is no vector file that can be read: {error}") from error
    if not isinstance(frame, gpd.GeoDataFrame):
        raise GeoError(f"{path.name} holds a table without shapes")
    if table.id == "id" and "id" not in frame.columns:
        frame = _with_feature_ids(path, frame)
    return frame


def _with_feature_ids(path: Path, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Add the ids that GeoJSON features carry beside their properties, where they all do."""
    try:
        features = json.loads(path.read_bytes())["features"]
        return frame.assign(id=[feature["id"] for feature in features])
    except (ValueError, LookupError, TypeError):
        return frame  # the builder then says which properties there are


def _from_features(features: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame.from_features(features, crs="EPSG:4326")
    return frame.assign(id=[str(feature["id"]) for feature in features])


def _attributes(path: Path, id_column: str) -> dict[str, dict[str, str]]:
    """Read the attributes by district id: a CSV with a header, UTF-8.

    Raises:
        GeoError: if it has no id column, an id twice, or is no UTF-8.

    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise GeoError(f"{path.name} is not UTF-8: {error}") from error
    rows = list(csv.DictReader(line for line in io.StringIO(text) if not line.startswith("#")))
    column = next((name for name in (id_column, "id") if rows and name in rows[0]), None)
    if column is None:
        raise GeoError(f"{path.name} has no column {id_column!r} or 'id', or no row")
    ids = [clean_name(row[column] or "") for row in rows]
    twice = sorted({key for key in ids if ids.count(key) > 1})
    if twice:
        raise GeoError(*(f"{path.name}: id {key!r} stands on more than one row" for key in twice))
    return {
        key: {name: value for name, value in row.items() if name and value and name != column}
        for key, row in zip(ids, rows, strict=True)
    }
