"""What a body costs beside itself and its facts: its text once, and the rows of one piece."""

import io
import json
import tracemalloc
from datetime import UTC, datetime

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from feeds import anyjson, file
from feeds.file import About

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
N_ROWS = 30_000
COLUMNS = {
    "site_id": "site",
    "observed_at": "at",
    "quantity": {"column": "kind", "map": {"none": "no2"}},  # nothing is wanted: no facts
    "value": "v",
}
ROW = {"site": "station", "at": "2026-11-24T11:00:00Z", "kind": "other", "v": "21.5", "w": "x" * 40}


def csv():
    lines = [",".join(ROW), *([",".join(ROW.values())] * N_ROWS)]
    return ("\n".join(lines) + "\n").encode()


def documents():
    return json.dumps({"meta": {}, "records": [ROW] * N_ROWS}).encode()


def geojson():
    one = {"type": "Feature", "geometry": None, "properties": ROW}
    return json.dumps({"type": "FeatureCollection", "features": [one] * N_ROWS}).encode()


def parquet():
    written = io.BytesIO()
    table = pa.table({name: [value] * N_ROWS for name, value in ROW.items()})
    pq.write_table(table, written, compression="none", use_dictionary=False)
    return written.getvalue()


def lines():
    return b"\n".join([json.dumps(ROW).encode()] * N_ROWS)


@pytest.fixture(autouse=True)
def _loaded(make_feed):
    """Load what is loaded late, so that it is not counted."""
    feed = make_feed("file", path="/x", options={"columns": COLUMNS})
    few = b"\n".join(csv().split(b"\n")[:3])
    written = io.BytesIO()
    book = openpyxl.Workbook()
    book.active.append(list(ROW))
    book.save(written)
    for body in (few, written.getvalue()):
        file.parse(body, feed, NOW)


@pytest.mark.parametrize(
    ("name", "make", "options"),
    [
        ("x.csv", csv, {}),
        ("x.json", documents, {"rows": "/records"}),
        ("x.jsonl", lines, {}),
        ("x.geojson", geojson, {}),
        ("x.parquet", parquet, {}),
    ],
)
def test_a_file_costs_its_text_and_one_piece(make_feed, name, make, options):
    body = make()
    feed = make_feed("file", path="/x", options={"columns": COLUMNS, **options})

    tracemalloc.start()
    found = file.parse(body, feed, NOW, About(name))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert found.accepted == found.rejected == []
    assert peak < 1.2 * len(body) + 25_000_000  # a piece of ten thousand rows takes up to 25 MB


def test_json_costs_its_text_and_one_piece(make_feed):
    body = documents()
    feed = make_feed("json", options={"columns": COLUMNS, "rows": "/records", "error": "/error"})

    tracemalloc.start()
    anyjson.parse(body, feed, NOW)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 1.2 * len(body) + 25_000_000


def test_a_spreadsheet_costs_its_texts_and_one_piece(make_feed, monkeypatch):
    monkeypatch.setattr("feeds.melt.PIECE", 200)
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("x")
    sheet.append(list(ROW))
    for _ in range(4_000):
        sheet.append(list(ROW.values()))
    written = io.BytesIO()
    book.save(written)
    feed = make_feed("file", path="/x", options={"columns": COLUMNS})

    tracemalloc.start()
    file.parse(written.getvalue(), feed, NOW)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 4_000_000
