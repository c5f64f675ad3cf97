"""GeoJSON: one feature per district, with the newest reading of the span as its properties.

A district without a reading in the span keeps its shape, with no value and quality NODATA. The
city's own reading has no shape: it stands beside the features, under ``city``.
"""

from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

from api import words
from api.about import About
from api.past import Row
from model import CITY, Quality
from model.plain import instant


def write(rows: Iterator[Row], target: BinaryIO, about: About) -> None:
    """Write a feature collection of all districts, or of the one that was asked for."""
    newest: dict[str, Row] = {}
    for row in rows:
        known = newest.get(row["district"])
        if known is None or known["at"] <= row["at"]:
            newest[row["district"]] = row
    asked = about.asked
    shapes = about.door.pack.districts.geojson()["features"]
    content = {
        "type": "FeatureCollection",
        "features": [
            _feature(shape, newest.get(str(shape["id"])), about)
            for shape in shapes
            if asked.district in (None, shape["id"])
        ],
        "city": words.row(newest[CITY]) if CITY in newest else None,
        "start": instant(asked.start),
        "end": instant(asked.end),
        "complete_since": about.complete_since,
    }
    target.write(orjson.dumps(content))


def _feature(shape: dict[str, Any], row: Row | None, about: About) -> dict[str, Any]:
    told: Row = row or {
        "indicator": about.asked.indicators[0].id,
        "district": shape["id"],
        "quality": Quality.NODATA,
    }
    return {
        "type": "Feature",
        "id": shape["id"],
        "geometry": shape.get("geometry"),
        "properties": {**words.row(told), "district_name": about.district(str(shape["id"]))},
    }
