"""A small city of two squares with a table of requests, to be bent by each test."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

TOML = """
[city]
id = "twoville"
name = "Twoville"
timezone = "Europe/Paris"

[districts]
file = "districts.geojson"
id = "code"
name = "title"

[[feeds]]
id = "requests"
kind = "file"
path = "requests.csv"
every = "1h"
gives = "case"
[feeds.columns]
case_id = "no"
opened_at = { column = "filed", format = "%d/%m/%Y %H:%M" }
closed_at = { column = "done", format = "%d/%m/%Y %H:%M" }
service = "what"
lat = "lat"
lon = "lon"
"""

REQUESTS = """no,filed,done,what,lat,lon
1,01/03/2026 08:00,,Pothole,48.5,2.25
2,01/03/2026 09:30,02/03/2026 10:00,Graffiti,48.5,2.75
3,02/03/2026 10:00,,Pothole,49.9,2.25
4,32/03/2026 10:00,,Pothole,48.5,2.25
5,03/03/2026 11:00,,Pothole,,
"""


def square(west: float) -> dict[str, object]:
    ring = [[west, 48], [west + 0.5, 48], [west + 0.5, 49], [west, 49], [west, 48]]
    return {"type": "Polygon", "coordinates": [ring]}


SHAPES = {
    "type": "FeatureCollection",
    "features": [
        {"type": "Feature", "properties": {"code": 1, "title": "West"}, "geometry": square(2.0)},
        {"type": "Feature", "properties": {"code": 2, "title": "East"}, "geometry": square(2.5)},
    ],
}

Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return a function that writes the pack: text added to or replaced in ``city.toml``."""

    def write(*added: str, swap: dict[str, str] | None = None, toml: str = TOML) -> Path:
        folder = tmp_path / "pack"
        folder.mkdir(exist_ok=True)
        for old, new in (swap or {}).items():
            assert old in toml
            toml = toml.replace(old, new)
        (folder / "city.toml").write_text(toml + "\n".join(added), encoding="utf-8")
        (folder / "districts.geojson").write_text(json.dumps(SHAPES), encoding="utf-8")
        (folder / "requests.csv").write_text(REQUESTS, encoding="utf-8")
        return folder

    return write
