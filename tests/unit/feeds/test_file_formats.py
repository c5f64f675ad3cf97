"""One table in every format that a file may have, and what is wrong with such files."""
# ruff: noqa: DTZ001 - the cells of a spreadsheet know the clock on the wall only

import gzip
import io
import json
import os
import random
import zipfile
import zlib
from datetime import UTC, date, datetime, time
from decimal import Decimal

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely

from feeds import FeedError, file, formats, problems, receive
from feeds.file import About
from feeds.sheets import _is_percent
from model import Delivery

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
AT = datetime(2026, 11, 24, 10, tzinfo=UTC)
COLUMNS = {
    "site_id": "site",
    "observed_at": "at",
    "quantity": {"value": "no2"},
    "value": {"column": "v", "unit": "µg/m³"},
}
CSV = "site,at,v\na,2026-11-24T11:00,5\nb,2026-11-24T11:00,x\n"


def parse(make_feed, body, name="", columns=None, **options):
    options = {"columns": columns or COLUMNS, "quarantine_limit": 1.0, **options}
    feed = make_feed("file", path="/x", timezone="Europe/Madrid", options=options)
    assert problems(feed) == []
    return file.parse(body, feed, NOW, About(name))


def one(found):
    assert found.rejected == []
    (fact,) = found.accepted
    return fact


def book(*rows, formats_of=None, title="Data", epoch_1904=False, before=()):
    """Write a spreadsheet of one sheet, behind others."""
    made = openpyxl.Workbook()
    if epoch_1904:
        made.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    sheet = made.active
    sheet.title = title
    for number, name in enumerate(before):
        made.create_sheet(name, number)
    for row in rows:
        sheet.append(row)
    for place, form in (formats_of or {}).items():
        sheet[place].number_format = form
    written = io.BytesIO()
    made.save(written)
    return written.getvalue()


def zipped(**members):
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return written.getvalue()


def parquet(table, **metadata):
    written = io.BytesIO()
    said = {name: json.dumps(value) for name, value in metadata.items()}
    pq.write_table(table.replace_schema_metadata(said), written)
    return written.getvalue()


def shapefile(tmp_path, crs="EPSG:4326", encoding="UTF-8", geometry="POINT (-3.7 40.4)"):
    """Write a shapefile of one feature and return its parts by suffix."""
    path = tmp_path / "layer.shp"
    pyogrio.raw.write(
        path,
        geometry=np.array([shapely.to_wkb(shapely.from_wkt(geometry))], dtype=object),
        field_data=[
            np.array(["Á"], dtype=object),
            np.array([datetime(2026, 11, 24)], dtype="datetime64[D]"),
            np.array([5.0]),
        ],
        fields=["site", "at", "v"],
        geometry_type=shapely.from_wkt(geometry).geom_type,
        crs=crs,
        encoding=encoding,
    )
    return {one.suffix: one.read_bytes() for one in tmp_path.glob("layer.*")}


def test_a_spreadsheet_gives_what_a_csv_gives(make_feed):
    body = book(["site", "at", "v"], ["a", datetime(2026, 11, 24, 11), 5], ["b", "x", 6])

    found = parse(make_feed, body)

    assert [(o.site_id, o.value, o.observed_at) for o in found.accepted] == [("a", 5.0, AT)]
    assert [(r.line, r.field) for r in found.rejected] == [(3, "observed_at")]
    assert json.loads(found.rejected[0].raw) == {"site": "b", "at": "x", "v": 6}


@pytest.mark.parametrize(
    ("cells", "columns"),
    [
        ((datetime(2026, 11, 24, 11), 5), {}),
        (("24/11/2026 11:00", "5"), {"observed_at": {"column": "at", "format": "%d/%m/%Y %H:%M"}}),
        (
            (datetime(2026, 11, 24, 11), 5),
            {"observed_at": {"column": "at", "format": "%d/%m/%Y %H:%M"}},
        ),
        ((46350.4583333333, 5), {"observed_at": {"column": "at", "format": "excel"}}),
        ((44888.4583333333, 5), {"observed_at": {"column": "at", "format": "excel_1904"}}),
        (
            ("2026-11-24T11:00:00", "5,0"),
            {"value": {"column": "v", "unit": "µg/m³", "decimal": ","}},
        ),
    ],
)
def test_times_and_numbers_of_a_spreadsheet_are_real_or_text(make_feed, cells, columns):
    fact = one(
        parse(make_feed, book(["site", "at", "v"], ["a", *cells]), columns=COLUMNS | columns)
    )

    assert (fact.observed_at, fact.value) == (AT, 5.0)


@pytest.mark.parametrize("epoch_1904", [True, False])
def test_both_date_systems_give_the_same_day(make_feed, epoch_1904):
    body = book(["site", "at", "v"], ["a", datetime(2026, 11, 24, 11), 5], epoch_1904=epoch_1904)

    assert one(parse(make_feed, body)).observed_at == AT


def test_a_real_date_and_a_real_time_are_joined(make_feed):
    body = book(["site", "d", "t", "v"], ["a", date(2026, 11, 24), time(11, 0), 5])

    fact = one(parse(make_feed, body, columns=COLUMNS | {"observed_at": ["d", "t"]} | {
        "observed_at": {"column": ["d", "t"]}}))  # fmt: skip

    assert fact.observed_at == AT


def test_sheets_are_chosen_and_preambles_tails_and_notes_are_passed_over(make_feed):
    rows = [["Air quality"], [], ["site", "at", "v"], ["", "", "µg/m³"],
            ["a", datetime(2026, 11, 24, 11), 5, "a note"], [], [None, " ", None]]  # fmt: skip
    body = book(*rows, title="Data 2026", before=["Read me"])

    for sheet in ("Data 2026", 2):
        fact = one(parse(make_feed, body, sheet=sheet, skip=1, skip_after=1))
        assert fact.value == 5.0
    with pytest.raises(ValueError, match="no sheet 'Data'; there are 'Read me', 'Data 2026'"):
        parse(make_feed, body, sheet="Data")


def test_percent_cells_formulas_errors_and_ids_of_a_spreadsheet(make_feed):
    columns = COLUMNS | {
        "quantity": {"value": "humidity"},
        "value": {"column": "v", "unit": "%"},
        "district": {"column": "zip", "width": 5},
    }
    rows = [
        ["site", "at", "v", "zip"],
        [10001.0, datetime(2026, 11, 24, 11), 0.455, 601],
        ["b", datetime(2026, 11, 24, 11), "45 %", "00601"],
        ["c", datetime(2026, 11, 24, 11), "#N/A", None],
    ]
    body = book(*rows, formats_of={"C2": "0.0%"})

    found = parse(make_feed, body, columns=columns)

    assert [(o.site_id, o.value, o.district_id) for o in found.accepted] == [
        ("10001", 45.5, "00601"),
        ("b", 45.0, "00601"),
        ("c", None, None),
    ]
    assert not _is_percent('0.0" % of all"')


def test_cells_under_merged_ones_hold_what_stands_above(make_feed):
    columns = COLUMNS | {"site_id": {"column": "site", "fill": "down"}}
    rows = [[site, datetime(2026, 11, 24, h), 5] for h, site in enumerate(["a", None, None, "b"])]

    found = parse(make_feed, book(["site", "at", "v"], *rows), columns=columns)

    assert [o.site_id for o in found.accepted] == ["a", "a", "a", "b"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1", r"old \.xls"),
        (b"%PDF-1.7", "a PDF"),
        (b"SQLite format 3\0", "GeoPackage"),
        (b"PK\x03\x04nonsense", "broken zip"),
        (zipped(**{"xl/workbook.xml": "<x/>"}), "the spreadsheet cannot be read"),
        (zipped(**{"a.pdf": "x"}), "no table in the zip; it holds 'a.pdf'"),
        (zipped(), "no table in the zip; it holds nothing"),
        (zipped(**{"a.csv": CSV, "b.csv": CSV}), "which file\\? say layer = … of 'a.csv', 'b.csv'"),
        (zipped(**{"a.csv": ""}), "the file is empty"),
        (zipped(**{"a.gz": gzip.compress(b"x", mtime=0)[:-9]}), "cut off|broken gzip"),
        (zipped(**{"a.csv": b"0" * 3_000_000}), "unpacks to more than 200 times its size"),
        (zipped(**{"x/a.shp": b"x"}), "a.dbf is missing"),
        (zipped(**{"a.shp": b"x", "a.dbf": b"x", "a.shx": b"x"}), "cannot be read"),
        (gzip.compress(CSV.encode(), mtime=0)[:-4], "the gzip file is cut off"),
        (b"\x1f\x8bnonsense", "broken gzip"),
        (gzip.compress(b"", mtime=0), "the file is empty"),
        (gzip.compress(b"<html>", mtime=0), "an HTML page"),
        (b"PAR1nonsensePAR1", "broken Parquet"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_why(make_feed, body, says):
    with pytest.raises(ValueError, match=says):
        parse(make_feed, body)


def test_a_gzip_bomb_stops_at_the_cap(make_feed, monkeypatch):
    monkeypatch.setattr("feeds.packed.MAX_UNPACKED", 1_000_000)
    pack = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    bomb = pack.compress(b"0" * 50_000_000) + pack.flush()

    with pytest.raises(ValueError, match="unpacks to more than 1000000 bytes"):
        parse(make_feed, bomb)


def test_a_spreadsheet_with_a_document_type_is_refused(make_feed):
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    good = zipfile.ZipFile(io.BytesIO(book(["site", "at", "v"], ["a", AT.isoformat(), 1])))
    members = {n: good.read(n) for n in good.namelist()}
    sheet = members["xl/worksheets/sheet1.xml"].decode()
    members["xl/worksheets/sheet1.xml"] = bomb + sheet[sheet.index("<worksheet") :]

    with pytest.raises(ValueError, match="EntitiesForbidden"):
        parse(make_feed, zipped(**members))


@pytest.mark.parametrize(
    ("declared", "body"),
    [
        ("csv", book(["a"])),
        ("xlsx", CSV.encode()),
        ("parquet", CSV.encode()),
        ("shapefile", CSV.encode()),
    ],
)
def test_another_format_than_the_declared_one_is_told(make_feed, declared, body):
    with pytest.raises(ValueError, match=f"{declared} was declared"):
        parse(make_feed, body, format=declared)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (CSV, "x.csv"),
        (CSV.replace(",", "\t"), "x.tsv"),
        (CSV.replace(",", "\t"), "x.txt"),
        (CSV.replace(",", ";"), "x.csv"),
        (CSV.replace(",", "|"), ""),
        (gzip.compress(CSV.encode(), mtime=0), "x.csv.gz"),
        (gzip.compress(CSV.encode(), mtime=0) + gzip.compress(b"c,x,1\n", mtime=0)[:0], "download"),
        (zipped(**{"__MACOSX/._a.csv": "?", "in here/a b.csv": CSV, ".DS_Store": "?",
                   "read me.pdf": "?"}), "x.zip"),
        (zipped(**{"a.csv.gz": gzip.compress(CSV.encode(), mtime=0)}), "x.zip"),
        (json.dumps([{"site": "a", "at": "2026-11-24T11:00", "v": 5}, {"at": "?"}]), "x.json"),
        ('{"site": "a", "at": "2026-11-24T11:00", "v": 5}\n{"at": "?"}\n', "x.jsonl"),
    ],
)  # fmt: skip
def test_the_format_is_told_by_bytes_suffix_and_header(make_feed, body, name):
    found = parse(make_feed, body if isinstance(body, bytes) else body.encode(), name)

    assert [(o.site_id, o.value, o.observed_at) for o in found.accepted] == [("a", 5.0, AT)]
    assert len(found.rejected) == 1


def test_one_of_several_files_in_a_zip_is_chosen(make_feed):
    body = zipped(**{"2025/air.csv": "site,at,v\n", "2026/air.csv": CSV, "list.csv": "x"})

    for layer in ("2026/air.csv", "2026/*"):
        assert len(parse(make_feed, body, layer=layer).accepted) == 1


def test_rows_of_json_stand_at_a_pointer(make_feed):
    body = json.dumps({"records": [{"site": "a", "at": "2026-11-24T11:00", "v": "5"}]}).encode()

    assert one(parse(make_feed, body, "latest.json", rows="/records")).value == 5.0


@pytest.mark.parametrize(
    ("kind", "at"),
    [
        (pa.timestamp("ns", "UTC"), datetime(2026, 11, 24, 10)),
        (pa.timestamp("ms"), datetime(2026, 11, 24, 11)),
        (pa.timestamp("us", "America/New_York"), datetime(2026, 11, 24, 10)),
        (pa.string(), "2026-11-24T11:00"),
    ],
)
def test_timestamps_of_parquet_say_whether_they_are_utc(make_feed, kind, at):
    table = pa.table({"site": ["a"], "at": pa.array([at], kind), "v": [5], "other": ["x"]})

    assert one(parse(make_feed, parquet(table))).observed_at == AT


def test_dictionaries_decimals_structs_and_nulls_of_parquet(make_feed):
    columns = COLUMNS | {"lat": "place.lat", "lon": "/place/lon"}
    table = pa.table({
        "site": pa.array(["a", "b", "a"]).dictionary_encode(),
        "at": pa.array([datetime(2026, 11, 24, 11)] * 3, pa.timestamp("us")),
        "v": pa.array([Decimal("5.25"), None, Decimal("6.00")], pa.decimal128(9, 2)),
        "place": [{"lat": 40.4, "lon": -3.7}, None, {"lat": None, "lon": None}],
    })  # fmt: skip

    found = parse(make_feed, parquet(table), columns=columns)

    assert found.rejected == []
    assert [(o.site_id, o.value, o.lat, o.lon) for o in found.accepted] == [
        ("a", 5.25, 40.4, -3.7),
        ("b", None, None, None),
        ("a", 6.0, None, None),
    ]


def geoparquet(crs=..., wkt="POINT (439579.3291 4475049.263)", encoding="WKB"):
    table = pa.table({
        "site": ["a"],
        "at": ["2026-11-24T11:00"],
        "v": [5],
        "geometry": [shapely.to_wkb(shapely.from_wkt(wkt))],
    })  # fmt: skip
    about = {"encoding": encoding, "geometry_types": ["Point"]}
    if crs is not ...:
        about["crs"] = crs
    return parquet(table, geo={"version": "1.0.0", "primary_column": "geometry",
                               "columns": {"geometry": about}})  # fmt: skip


def test_geoparquet_is_brought_to_degrees(make_feed):
    import pyproj  # noqa: PLC0415 - one test's

    grid = pyproj.CRS.from_epsg(25830).to_json_dict()
    for body, options in [
        (geoparquet(grid), {}),
        (geoparquet(None), {"crs": "EPSG:25830"}),
        (geoparquet(wkt="POINT (-3.7122567 40.4238823)"), {}),
    ]:
        fact = one(parse(make_feed, body, **options))
        assert (fact.lon, fact.lat) == pytest.approx((-3.7122567, 40.4238823), abs=1e-6)
    with pytest.raises(ValueError, match="coordinate system of 'geometry' is unknown"):
        parse(make_feed, geoparquet(None))
    with pytest.raises(ValueError, match="written as 'multipolygon'"):
        parse(make_feed, geoparquet(encoding="multipolygon"))


def test_a_zipped_shapefile_is_read_whatever_lies_beside_it(make_feed, tmp_path):
    parts = shapefile(tmp_path)
    litter = {"__MACOSX/._layer.shp": b"?", "my wards/.DS_Store": b"?", "my wards/a.pdf": b"?"}
    body = zipped(**litter, **{f"my wards/Layer 1{s.upper()}": b for s, b in parts.items()})

    fact = one(parse(make_feed, body, "wards.zip"))

    assert (fact.site_id, fact.value, fact.lon, fact.lat) == ("Á", 5.0, -3.7, 40.4)
    assert fact.observed_at == datetime(2026, 11, 23, 23, tzinfo=UTC)


def test_a_shapefile_in_a_national_grid_is_brought_to_degrees(make_feed, tmp_path):
    parts = shapefile(tmp_path, "EPSG:25830", geometry="POINT (439579.3291 4475049.263)")
    known = zipped(**{f"a{s}": b for s, b in parts.items()})
    unknown = zipped(**{f"a{s}": b for s, b in parts.items() if s != ".prj"})

    for body, options in [(known, {}), (unknown, {"crs": "EPSG:25830"})]:
        fact = one(parse(make_feed, body, **options))
        assert (fact.lon, fact.lat) == pytest.approx((-3.7122567, 40.4238823), abs=1e-6)
    with pytest.raises(ValueError, match=r"no \.prj says its coordinate system"):
        parse(make_feed, unknown)


def test_charsets_and_layers_of_shapefiles(make_feed, tmp_path):
    parts = shapefile(tmp_path, encoding="ISO-8859-1")
    bare = {f"a{s}": b for s, b in parts.items() if s != ".cpg"}
    two = zipped(**bare, **{f"b{s}": b for s, b in parts.items()})

    assert one(parse(make_feed, zipped(**bare))).site_id == "Á"
    assert one(parse(make_feed, zipped(**bare), encoding="cp1252")).site_id == "Á"
    assert one(parse(make_feed, two, layer="b")).site_id == "Á"
    with pytest.raises(ValueError, match="which layer\\? say layer = … of 'a', 'b'"):
        parse(make_feed, two)


def test_geojson_in_another_system_is_brought_to_degrees(make_feed):
    feature = {
        "type": "Feature",
        "id": 7,
        "geometry": {"type": "Point", "coordinates": [439579.3291, 4475049.263]},
        "properties": {"site": "a", "at": "2026-11-24T11:00", "v": 5},
    }
    body = {"type": "FeatureCollection", "features": [feature]}
    declared = body | {
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::25830"}}
    }
    columns = COLUMNS | {"site_id": "@id"}

    for document, options in [(declared, {}), (body, {"crs": "EPSG:25830"})]:
        found = parse(make_feed, json.dumps(document).encode(), columns=columns, **options)
        assert one(found).site_id == "7"
        assert (found.accepted[0].lon, found.accepted[0].lat) == pytest.approx(
            (-3.7122567, 40.4238823), abs=1e-6
        )
    refused = parse(make_feed, json.dumps(body).encode(), columns=columns).rejected
    assert "are no degrees: say crs" in refused[0].reason


@pytest.mark.parametrize("n_rows", [1, 2, 3])
def test_a_file_is_the_same_in_pieces_of_any_size(make_feed, monkeypatch, n_rows):
    monkeypatch.setattr("feeds.tabular.PIECE", n_rows)
    monkeypatch.setattr("feeds.melt.PIECE", n_rows)
    rows = [("a", "2026-11-24T11:00", 1), ("b", "?", 2), ("c", "2026-11-24T11:00", "x"),
            ("d", "2026-11-24T11:00", 4)]  # fmt: skip
    csv = "site,at,v\n" + "".join(f"{a},{b},{c}\n" for a, b, c in rows)
    objects = [dict(zip(("site", "at", "v"), row, strict=True)) for row in rows]
    features = [{"type": "Feature", "geometry": None, "properties": one} for one in objects]
    table = pa.table({n: [str(one[n]) for one in objects] for n in ("site", "at", "v")})

    for body, first in [
        (csv.encode(), 2),
        (book(["site", "at", "v"], *rows), 2),
        (json.dumps(objects).encode(), 1),
        (json.dumps({"type": "FeatureCollection", "features": features}).encode(), 1),
        (parquet(table), 1),
    ]:
        found = parse(make_feed, body)
        assert [o.site_id for o in found.accepted] == ["a", "d"]
        assert [r.line for r in found.rejected] == [first + 1, first + 2]


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("text/csv; charset=utf-8", CSV.encode()),
        ("", CSV.encode()),
        ("text/tab-separated-values", CSV.replace(",", "\t").encode()),
        ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
         book(["site", "at", "v"], ["a", "2026-11-24T11:00", 5], ["b"])),
        ("application/x-ndjson", b'{"site": "a", "at": "2026-11-24T11:00", "v": 5}\n{"v": 1}'),
    ],
)  # fmt: skip
def test_files_are_pushed(make_feed, media_type, body):
    feed = make_feed(
        "file", url=None, push_secret="env:PUSH", timezone="Europe/Madrid",
        options={"columns": COLUMNS, "quarantine_limit": 1.0},
    )  # fmt: skip
    assert problems(feed) == []

    found = receive(feed, Delivery(feed_id="f1", body=body, received_at=NOW, media_type=media_type))

    assert len(found.accepted) == len(found.rejected) == 1


def test_a_pushed_file_that_is_broken_is_one_reject(make_feed):
    feed = make_feed("file", url=None, push_secret="env:PUSH", options={"columns": COLUMNS})

    found = receive(feed, Delivery(feed_id="f1", body=b"PK\x03\x04", received_at=NOW))

    assert [(r.line, "broken zip" in r.reason) for r in found.rejected] == [(0, True)]


def test_cut_off_files_of_every_format_are_refused_and_nothing_else(make_feed, tmp_path):
    parts = shapefile(tmp_path)
    bodies = {
        "x.xlsx": book(["site", "at", "v"], ["a", "2026-11-24T11:00", 5]),
        "x.parquet": parquet(pa.table({"site": ["a"], "at": ["2026-11-24"], "v": [5]})),
        "x.zip": zipped(**{f"a{s}": b for s, b in parts.items()}),
        "x.csv.gz": gzip.compress(CSV.encode(), mtime=0),
    }
    for name, body in bodies.items():
        for end in range(0, len(body) - 1, max(1, len(body) // 60)):
            with pytest.raises((ValueError, FeedError)):
                parse(make_feed, body[:end], name)


def test_names_for_media_types():
    assert formats.name_for("application/geo+json").endswith(".geojson")
    assert not formats.name_for("application/octet-stream")


def damaged(body, draw):
    """Change, cut and double some bytes."""
    changed = bytearray(body)
    for _ in range(draw.randint(1, 4)):
        place = draw.randrange(len(changed))
        changed[place : place + draw.randint(0, 8)] = draw.randbytes(draw.randint(0, 8))
    return bytes(changed)


@pytest.mark.fuzz
def test_damaged_files_do_no_harm(make_feed, tmp_path):
    sheet = zipfile.ZipFile(io.BytesIO(book(["site", "at", "v"], ["a", "2026-11-24T11:00", 5])))
    members = {name: sheet.read(name) for name in sheet.namelist()}
    parts = {f"a{suffix}": body for suffix, body in shapefile(tmp_path).items()}
    table = pa.table({"site": ["a", None], "at": ["2026-11-24"] * 2, "v": [5.0, None]})
    draw = random.Random(7)
    for _ in range(200 if not os.environ.get("BARTIZAN_LONG") else 20_000):
        inside = draw.choice([members, parts])
        name = draw.choice(list(inside))
        packed = zipped(**{**inside, name: damaged(inside[name], draw)})
        for body in (packed, damaged(packed, draw), damaged(parquet(table), draw)):
            try:
                found = parse(make_feed, body)
            except (ValueError, TypeError, LookupError, ArithmeticError, FeedError):
                continue
            assert all(fact.fetched_at == NOW for fact in found.accepted)
