"""Bodies of the kinds that a city maps by declaration: files, JSON and open-data portals."""

import io
import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import shapely

from .sample import Sample, as_json

COLUMNS = {
    "site_id": "site",
    "observed_at": "at",
    "quantity": {"value": "no2"},
    "value": {"column": "no2", "unit": "µg/m³", "missing": ["-999"]},
    "lat": "lat",
    "lon": "lon",
}
DRAWN = {name: said for name, said in COLUMNS.items() if name not in {"lat", "lon"}}
CASES = {"case_id": "REQ", "opened_at": "CREATED", "service": "TYPE"}
SODA = {"case_id": "unique_key", "opened_at": "created_date", "service": "complaint_type"}


def row(n: int) -> dict[str, str]:
    return {
        "site": f"é{n}",
        "at": f"2026-11-24T{n % 12:02}:00:00Z",
        "no2": "-999" if n % 3 == 2 else f"{20 + n % 7}.5",
        "lat": f"45.{50 + n % 9}",
        "lon": "-73.6",
    }


def rows(n: int) -> list[dict[str, Any]]:
    return [row(i) for i in range(n)]


def csv(n: int) -> bytes:
    return "".join(
        ",".join(cells) + "\n" for cells in (row(0), *(one.values() for one in rows(n)))
    ).encode()


def jsonl(n: int) -> bytes:
    return b"\n".join(as_json(one) for one in rows(n)) + b"\n"


def xlsx(n: int) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Data")
    for cells in (list(row(0)), *(list(one.values()) for one in rows(n))):
        sheet.append(cells)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def parquet(n: int) -> bytes:
    written = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows(n)), written)
    return written.getvalue()


def shapefile(n: int) -> bytes:
    some = rows(n)
    with tempfile.TemporaryDirectory() as folder:
        pyogrio.raw.write(
            Path(folder) / "layer.shp",
            geometry=np.array([shapely.to_wkb(shapely.Point(-73.6, 45.5))] * n, dtype=object),
            field_data=[
                np.array([one[name] for one in some], dtype=object)
                for name in ("site", "at", "no2")
            ],
            fields=["site", "at", "no2"],
            geometry_type="Point",
            crs="EPSG:4326",
            encoding="UTF-8",
        )
        return zipped({one.name: one.read_bytes() for one in sorted(Path(folder).iterdir())})


def zipped(members: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return written.getvalue()


def geojson(n: int) -> bytes:
    return as_json(
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": {name: one[name] for name in ("site", "at", "no2")},
                    "geometry": {"type": "Point", "coordinates": [-73.6, 45.5]},
                }
                for one in rows(n)
            ],
        }
    )


def nested(n: int) -> bytes:
    found = [{**one, "geo": {"lat": one["lat"], "lon": one["lon"]}} for one in rows(n)]
    return as_json({"generated": "2026-11-24T11:30:00Z", "data": {"rows": found}})


NESTED = {**COLUMNS, "lat": "geo.lat", "lon": "/geo/lon"}


def soda(n: int) -> bytes:
    return as_json(
        [
            {
                ":id": f"row-{i:06}",
                ":updated_at": f"2026-11-24T08:{i % 60:02}:00.000Z",
                "unique_key": str(i),
                "created_date": "2026-11-23T09:00:00.000",
                "complaint_type": "Nid-de-poule é",
                "location": {"type": "Point", "coordinates": [-73.6, 45.5]},
            }
            for i in range(n)
        ]
    )


def request(n: int, **more: Any) -> dict[str, Any]:
    return {
        "_id": n + 1,
        "REQ": f"R{n}",
        "CREATED": "2026-11-23 09:00:00",
        "TYPE": "Nid-de-poule é",
        "lat": 45.5,
        "lon": -73.6,
    } | more


PLACED = {**CASES, "lat": "lat", "lon": "lon"}


def ckan(n: int) -> bytes:
    found = [request(i) for i in range(n)]
    return as_json({"success": True, "result": {"records": found, "total": n}})


def ods(n: int) -> bytes:
    found = [request(i, geo={"lon": -73.6, "lat": 45.5}) for i in range(n)]
    return as_json({"total_count": n, "results": found})


def dkan(n: int) -> bytes:
    return as_json({"count": n, "results": [request(i) for i in range(n)]})


FIELDS = [
    {"name": "OBJECTID", "type": "esriFieldTypeOID"},
    {"name": "REQ", "type": "esriFieldTypeString"},
    {"name": "CREATED", "type": "esriFieldTypeDate"},
    {"name": "TYPE", "type": "esriFieldTypeString"},
]
LAYER = {
    "fields": FIELDS,
    "maxRecordCount": 1000,
    "advancedQueryCapabilities": {"supportsPagination": True},
}


def esri(n: int) -> bytes:
    found = [
        {
            "attributes": {
                "OBJECTID": i + 1,
                "REQ": f"R{i}",
                "CREATED": 1795424400000,
                "TYPE": "é",
            },
            "geometry": {"x": -73.6, "y": 45.5},
        }
        for i in range(n)
    ]
    return as_json({"spatialReference": {"wkid": 4326}, "fields": FIELDS, "features": found})


def rings(n: int) -> bytes:
    document = json.loads(esri(n))
    ring = [[-73.6, 45.5], [-73.6, 45.6], [-73.5, 45.6], [-73.5, 45.5], [-73.6, 45.5]]
    for one in document["features"]:
        one["geometry"] = {"rings": [ring]}
    return as_json(document)


def layer_geojson(n: int) -> bytes:
    return as_json(
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "id": i + 1,
                    "geometry": {"type": "Point", "coordinates": [-73.6, 45.5]},
                    "properties": {
                        "OBJECTID": i + 1,
                        "REQ": f"R{i}",
                        "CREATED": "2026-11-23T09:00:00Z",
                        "TYPE": "é",
                    },
                }
                for i in range(n)
            ],
        }
    )


CSV_CUT = "a table cut off at the end of a line, or inside its last cell, is a shorter table"
SAMPLES: dict[str, Sample] = {
    "file-csv": Sample(
        "file", csv, 3, options={"columns": COLUMNS, "format": "csv"}, whole=CSV_CUT
    ),
    "file-jsonl": Sample(
        "file", jsonl, 3, options={"columns": COLUMNS, "format": "jsonl"},
        whole="JSON lines cut off between two of them are a shorter file",
    ),
    "file-json": Sample(
        "file", nested, 3,
        options={"columns": NESTED, "format": "json", "rows": "/data/rows"},
    ),
    "file-geojson": Sample("file", geojson, 3, options={"columns": DRAWN, "format": "geojson"}),
    "file-xlsx": Sample(
        "file", xlsx, 3, options={"columns": COLUMNS, "format": "xlsx"}, is_packed=True
    ),
    "file-parquet": Sample(
        "file", parquet, 3, options={"columns": COLUMNS, "format": "parquet"}, is_packed=True
    ),
    "file-shapefile": Sample(
        "file", shapefile, 3, options={"columns": DRAWN, "format": "shapefile"}, is_packed=True
    ),
    "file-zip": Sample(
        "file", lambda n: zipped({"x.csv": csv(n)}), 3, options={"columns": COLUMNS},
        is_packed=True,
    ),
    "file-pushed": Sample(
        "file", csv, 3, options={"columns": COLUMNS}, is_pushed=True, media_type="text/csv",
        whole=CSV_CUT,
    ),
    "json": Sample("json", nested, 3, options={"columns": NESTED, "rows": "/data/rows"}),
    "json-pushed": Sample(
        "json", nested, 3, options={"columns": NESTED, "rows": "/data/rows"}, is_pushed=True,
        media_type="application/json",
    ),
    "socrata": Sample(
        "socrata", soda, 3, "case", at="/feed/resource/abcd-1234.json",
        options={"dataset": "abcd-1234", "columns": SODA, "location": "location"},
    ),
    "socrata-v3": Sample(
        "socrata", soda, 3, "case", at="/feed/api/v3/views/abcd-1234/query.json",
        options={
            "dataset": "abcd-1234", "columns": SODA, "location": "location",
            "token": "env:INSULT_KEY",
        },
        env="INSULT_KEY",
    ),
    "ckan": Sample(
        "ckan", ckan, 3, "case", options={"columns": PLACED, "resource_id": "res-1"},
        at="/feed/api/3/action/datastore_search",
    ),
    "ckan-opendatasoft": Sample(
        "ckan", ods, 3, "case", at="/feed/api/explore/v2.1/catalog/datasets/res-1/records",
        options={
            "columns": CASES, "resource_id": "res-1", "dialect": "opendatasoft", "location": "geo",
        },
    ),
    "ckan-dkan": Sample(
        "ckan", dkan, 3, "case", at="/feed/api/1/datastore/query/res-1",
        options={"columns": PLACED, "resource_id": "res-1", "dialect": "dkan"},
    ),
    "arcgis": Sample(
        "arcgis", esri, 3, "case", options={"columns": CASES}, at="/feed/query",
        beside={"/feed": as_json(LAYER)},
    ),
    "arcgis-notices": Sample(
        "arcgis", rings, 3, "notice", at="/feed/query", beside={"/feed": as_json(LAYER)},
        options={"columns": {"notice_id": "REQ", "headline": "TYPE", "effective": "CREATED"}},
    ),
    "arcgis-geojson": Sample(
        "arcgis", layer_geojson, 3, "case", options={"columns": CASES}, at="/feed/query",
        beside={"/feed": as_json(LAYER)},
    ),
    "arcgis-layer": Sample(
        "arcgis", lambda _: as_json(LAYER), 3, "case", options={"columns": CASES}, at="/feed",
        beside={"/feed/query": esri(3)}, is_beside=True,
        alone="what is said of the layer holds for all of its rows",
    ),
}  # fmt: skip
