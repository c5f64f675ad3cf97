"""Boundaries of other cities, with their invalid polygons, load and draw without a word of code."""

import json
import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely.geometry import shape

import cities

pytestmark = pytest.mark.realdata

ROOT = Path(os.environ.get("BARTIZAN_REALDATA") or Path(cities.__file__).parents[2] / "shared/data")

CITIES = [
    # file, id, name, districts, of them invalid as published
    ("geo/cth_boston.geojson", "cartodb_id", "name", 26, 4),
    ("geo/cth_london.geojson", "cartodb_id", "name", 33, 9),
    ("geo/cth_los-angeles.geojson", "cartodb_id", "name", 114, 1),
    ("geo/cth_madrid-districts.geojson", "cartodb_id", "name", 21, 0),
    ("geo/cth_montreal.geojson", "cartodb_id", "name", 19, 0),
    ("geo/cth_new-york-city-boroughs.geojson", "cartodb_id", "name", 5, 1),
    ("geo/cth_paris.geojson", "cartodb_id", "name", 20, 0),
    ("geo/cth_san-francisco.geojson", "cartodb_id", "name", 37, 3),
    ("geoda/nyc.geojson", "bor_subb", "NAME", 55, 2),
    ("montreal/mtl2013_election_districts.geojson", "id", "id", 58, 0),
]


def write(folder: Path, file: str, key: str, name: str) -> Path:
    folder.mkdir()
    (folder / "cases.csv").write_text("no,at,lat,lon\n", encoding="utf-8")
    (folder / "city.toml").write_text(
        f"""
[city]
id = "other"
name = "Other"
timezone = "UTC"

[districts]
file = "{{data}}/{file}"
id = "{key}"
name = "{name}"

[[feeds]]
id = "cases"
kind = "file"
path = "cases.csv"
every = "1h"
gives = "case"
[feeds.columns]
case_id = "no"
opened_at = "at"
lat = "lat"
lon = "lon"
""",
        encoding="utf-8",
    )
    return folder


@pytest.mark.parametrize("city", CITIES, ids=[one[0] for one in CITIES])
def test_a_city_loads_places_and_draws(
    tmp_path: Path, city: tuple[str, str, str, int, int]
) -> None:
    file, key, name, count, invalid = city
    if not (ROOT / file).is_file():
        pytest.skip(f"no {file} under {ROOT}; set BARTIZAN_REALDATA")
    raw = gpd.read_file(ROOT / file)

    found = cities.load(write(tmp_path / "other", file, key, name), roots=[ROOT]).districts

    assert (len(raw), int((~raw.is_valid).sum())) == (count, invalid)
    assert len(found.items) == count
    assert shapely.is_valid(found.shapes).all()
    assert shapely.area(found.shapes) == pytest.approx(
        shapely.area(shapely.make_valid(raw.geometry.to_numpy())), rel=1e-3
    )

    spots = shapely.point_on_surface(found.shapes)
    assert found.district_of(shapely.get_x(spots), shapely.get_y(spots)) == list(found.ids)

    after = np.array([shape(one["geometry"]) for one in found.geojson()["features"]])
    west, south, east, north = found.bounds
    pixel = max(east - west, north - south) / 1000
    lost = shapely.union_all(found.shapes).difference(shapely.union_all(after))
    assert shapely.is_valid(after).all()
    assert lost.buffer(-pixel).is_empty
    assert len(json.dumps(found.geojson())) < 600_000

    drawn = found.paths(1200)
    assert len(drawn.districts) == count
    assert all(one.path and one.radius >= 0 for one in drawn.districts)
