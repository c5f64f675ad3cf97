"""What a mapping can make of dirty tables, and refused rows read again under a mended one."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds import again, file, problems
from feeds.degrees import decimal
from feeds.file import About
from feeds.lines import Lines
from model import Reject

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
COLUMNS = {
    "site_id": "site",
    "observed_at": "at",
    "quantity": {"value": "no2"},
    "value": {"column": "v", "unit": "µg/m³"},
}


def feed_of(make_feed, columns=None, **options):
    options = {"columns": COLUMNS | (columns or {}), "quarantine_limit": 1.0, **options}
    feed = make_feed("file", path="/x", timezone="Europe/Madrid", options=options)
    assert problems(feed) == []
    return feed


def parse(make_feed, text, columns=None, name="x.csv", **options):
    body = text if isinstance(text, bytes) else text.encode()
    return file.parse(body, feed_of(make_feed, columns, **options), NOW, About(name))


@pytest.mark.parametrize(
    ("written", "degrees"),
    [
        ("4°12'3.4\"O", -4.200944),
        ("3°42'43.91\"O", -3.712197),
        ("40°25'25.98\"N", 40.423883),
        ("-03 42 44,09", -3.712247),
        ("40 25 25,87", 40.423853),
        ("W 3° 42′ 43″", -3.711944),
        ("45°30'S", -45.5),
        ("73.5 W", -73.5),
        ("2°E", 2.0),
    ],
)
def test_angles_become_degrees(make_feed, written, degrees):
    assert decimal(written) == pytest.approx(degrees, abs=1e-6)
    place = {"lat": {"column": "y", "format": "dms"}, "lon": {"column": "y", "format": "dms"}}
    text = 'site;at;v;y\na;2026-11-24;1;"' + written.replace('"', '""') + '"\n'

    (fact,) = parse(make_feed, text, place).accepted

    assert fact.lat == pytest.approx(degrees, abs=1e-6)


@pytest.mark.parametrize("written", ["", "x", "3°61'", "3.5°10'", "1 2 3 4", "3°Q", "3°N W"])
def test_what_is_no_angle_is_refused(written):
    with pytest.raises(ValueError):
        decimal(written)


def test_eastings_and_northings_become_degrees(make_feed):
    place = {"lat": {"column": "y", "decimal": ","}, "lon": {"column": "x", "decimal": ","}}
    text = "site;at;v;x;y\na;2026-11-24;1;439579,3291;4475049,263\nb;2026-11-24;1;0;0\n"

    first, second = parse(make_feed, text, place, crs="EPSG:25830").accepted

    assert (first.lon, first.lat) == pytest.approx((-3.7122567, 40.4238823), abs=1e-6)
    assert (second.lon, second.lat) == (None, None)


def test_only_wanted_rows_are_read_and_others_are_no_rejects(make_feed):
    text = "site,at,v,kind\na,2026-11-24,1,x\nb,2026-11-24,2,y\nTotal,?,3,x\n,,,-\n"
    only = {"kind": ["x", "-"], "site": {"not": ["Total", ""]}}

    found = parse(make_feed, text, only=only)

    assert [fact.site_id for fact in found.accepted] == ["a"]
    assert found.rejected == []


@pytest.mark.parametrize(
    ("cell", "spec", "value"),
    [
        ("45 %", {"unit": "%"}, 45.0),
        ("45%", {"unit": "percent"}, 45.0),
        ("45", {"unit": "%"}, 45.0),
        ("45,5 %", {"unit": "%", "decimal": ","}, 45.5),
        ("45 %", {"unit": "ratio"}, 45.0),
        ("0.45", {"unit": "ratio"}, 45.0),
        ("455", {"unit": "%", "factor": 0.1}, 45.5),
        ("ca. 45.5 (est.)", {"unit": "%", "pattern": r"\d[\d.]*"}, 45.5),
        ("hum=45.5/t=3", {"unit": "%", "pattern": r"hum=([\d.]+)"}, 45.5),
        ("1 045,5", {"unit": "%", "thousands": " ", "decimal": ",", "factor": 0.1}, 104.55),
        ("1\u202f045", {"unit": "%", "thousands": " "}, 1045.0),
        ("1'045", {"unit": "%", "thousands": " "}, 1045.0),
    ],
)
def test_numbers_are_written_in_many_ways(make_feed, cell, spec, value):
    columns = {"quantity": {"value": "humidity"}, "value": {"column": "v", **spec}}

    found = parse(make_feed, f"site;at;v\na;2026-11-24;{cell}\n", columns)

    assert found.rejected == []
    assert found.accepted[0].value == pytest.approx(value)


@pytest.mark.parametrize(
    ("cell", "spec"),
    [
        ("45 %", {"unit": "µg/m³"}),
        ("1e308", {"unit": "ppm"}),
        ("50", {"unit": "µg/m³", "factor": 1e308}),
    ],
)
def test_what_is_no_number_or_too_large_is_refused(make_feed, cell, spec):
    found = parse(
        make_feed, f"site,at,v\na,2026-11-24,{cell}\n", {"value": {"column": "v", **spec}}
    )

    assert found.accepted == []
    assert len(found.rejected) == 1


@pytest.mark.parametrize(
    ("cell", "spec", "text"),
    [
        ("10001.0", {"whole": True}, "10001"),
        ("10001.", {"whole": True}, "10001"),
        ("10001.5", {"whole": True}, "10001.5"),
        ("601.0", {"whole": True, "width": 5}, "00601"),
        ("601", {"width": 5}, "00601"),
        ("AB-1", {"whole": True, "width": 5}, "AB-1"),
        ("City of X (7)", {"pattern": r"\((\d+)\)"}, "7"),
        ("no match", {"pattern": r"\((\d+)\)"}, "no match"),
    ],
)
def test_ids_are_mended_as_declared(make_feed, cell, spec, text):
    found = parse(
        make_feed, f"site,at,v\n{cell},2026-11-24,1\n", {"site_id": {"column": "site", **spec}}
    )

    assert found.accepted[0].site_id == text


@pytest.mark.parametrize("name", ["Estación", "Estacio\u0301n", "  Estación\u00a0", '"Estación\n"'])
def test_names_of_columns_count_without_their_dress(make_feed, name):
    text = f"{name},at,v\na,2026-11-24,1\n"

    assert len(parse(make_feed, text, {"site_id": "Estación"}).accepted) == 1


def test_columns_of_one_name_are_told_apart(make_feed):
    text = "site,at,v,v\na,2026-11-24,1,2\n"

    with pytest.raises(ValueError, match="'v#1' or 'v#2'"):
        parse(make_feed, text)
    value = {"column": "v#2", "unit": "µg/m³"}
    assert parse(make_feed, text, {"value": value}).accepted[0].value == 2.0


@pytest.mark.parametrize(
    ("cell", "form", "at"),
    [
        ("2026-11-23 24:00", None, datetime(2026, 11, 23, 23, tzinfo=UTC)),
        ("2026-11-23T24:00:00Z", None, datetime(2026, 11, 24, tzinfo=UTC)),
        ("23/11/2026 24:00", "%d/%m/%Y %H:%M", datetime(2026, 11, 23, 23, tzinfo=UTC)),
        ("2026-11-24 10:24:00", None, datetime(2026, 11, 24, 9, 24, tzinfo=UTC)),
        ("46350.5", "excel", datetime(2026, 11, 24, 11, tzinfo=UTC)),
        ("44888.5", "excel_1904", datetime(2026, 11, 24, 11, tzinfo=UTC)),
        ("2026-11", "%Y-%m", datetime(2026, 10, 31, 23, tzinfo=UTC)),
        ("2001-1", "%Y-%m", datetime(2000, 12, 31, 23, tzinfo=UTC)),
    ],
)
def test_times_are_written_in_many_ways(make_feed, cell, form, at):
    spec = {"column": "at", **({"format": form} if form else {})}

    found = parse(make_feed, f"site,at,v\na,{cell},1\n", {"observed_at": spec})

    assert [fact.observed_at for fact in found.accepted] == [at]


def test_a_time_may_be_said_once_for_the_whole_file(make_feed):
    text = "site,v\na,1\nb,2\n"

    found = parse(make_feed, text, {"observed_at": {"value": "2026-11-24T11:00"}})

    assert {fact.observed_at for fact in found.accepted} == {datetime(2026, 11, 24, 10, tzinfo=UTC)}
    with pytest.raises(ValueError, match="observed_at: 'now' is no time"):
        parse(make_feed, text, {"observed_at": {"value": "now"}})


def test_the_order_of_day_and_month_is_never_guessed(make_feed):
    found = parse(make_feed, "site,at,v\na,01/02/2024,1\nb,1.2.24 10:00,1\nc,yesterday,1\n")

    said = "is the day first or the month? say it by format = '%d/%m/%Y' or '%m/%d/%Y'"
    assert found.accepted == []
    assert [said in one.reason for one in found.rejected] == [True, True, False]


def test_times_in_the_header_are_joined_with_those_of_the_row(make_feed):
    columns = {
        "observed_at": {"column": ["Year", "@header"], "format": "%Y %b"},
        "value": {"unit": "µg/m³"},
    }
    melt = {"columns": "*", "id": ["site", "Year"], "to": "observed_at"}

    found = parse(make_feed, "site,Year,Jan,Feb\na,2026,1,2\n", columns, melt=melt)

    assert [(f.observed_at.month, f.value) for f in found.accepted] == [(12, 1.0), (1, 2.0)]


def test_days_that_the_calendar_lacks_say_nothing(make_feed):
    columns = {
        "observed_at": {"column": ["M", "@header"], "format": "%Y-%m D%d"},
        "value": {"unit": "µg/m³"},
    }
    melt = {"columns": ["D28", "D29"], "id": ["site"], "to": "observed_at"}

    found = parse(make_feed, "site,M,D28,D29\na,2025-02,1,\nb,2025-02,1,9\n", columns, melt=melt)

    assert len(found.accepted) == 2
    assert [one.line for one in found.rejected] == [3]


FEATURE = (
    '{"type":"FeatureCollection","features":[{"type":"Feature","geometry":null,'
    '"properties":{"site":"b","at":"24/11/2026","v":2}}]}'
)
MENDED = {"observed_at": {"column": "at", "format": ["iso", "%d/%m/%Y"]}}


def reread(make_feed, refused, columns=MENDED, **options):
    return again(feed_of(make_feed, columns, **options), refused, {}, now=NOW + timedelta(hours=1))


@pytest.mark.parametrize(
    ("body", "options"),
    [
        ('site,at,v\na,2026-11-24,1\n"b\nc",24/11/2026,"2"\n', {}),
        ("x\nsite;v;at\n\na;1;2026-11-24\nb;2;24/11/2026\n", {"skip": 1}),
        ("a\t2026-11-24\t1\nb\t24/11/2026\t2\n",
         {"header": ["site", "at", "v"], "format": "tsv"}),
        ('[{"site":"a","at":"2026-11-24","v":1},{"site":"b","at":"24/11/2026","v":2}]', {}),
        (FEATURE, {}),
    ],
)  # fmt: skip
def test_refused_rows_are_read_again_under_their_header(make_feed, body, options):
    refused = parse(make_feed, body, name="", **options).rejected

    same = again(feed_of(make_feed, **options), refused, {}, now=NOW)
    found = reread(make_feed, refused, **options)

    assert [(r.line, r.reason, r.raw, r.context) for r in same.rejected] == [
        (r.line, r.reason, r.raw, r.context) for r in refused
    ]
    assert found.rejected == []
    assert [(f.value, f.observed_at) for f in found.accepted] == [
        (2.0, datetime(2026, 11, 23, 23, tzinfo=UTC))
    ]
    assert found.accepted[0].fetched_at == NOW + timedelta(hours=1)


def test_melted_cells_share_one_raw_text_and_are_read_once(make_feed):
    columns = {"value": {"unit": "µg/m³"}, "site_id": "site"}
    melt = {"columns": ["x", "y", "z"], "to": "quantity", "id": ["site", "at"]}
    names = {"quantity": {"map": {"x": "no2", "y": "o3", "z": "pm10"}}}
    found = parse(make_feed, "site,at,x,y,z\na,2026-11-24,?,!,3\n", columns | names, melt=melt)

    mended = {"value": {"unit": "µg/m³", "missing": ["?", "!"]}}
    after = reread(make_feed, found.rejected, columns | names | mended, melt=melt)

    assert len(found.rejected) == 2
    assert found.rejected[0].raw is found.rejected[1].raw
    assert [(f.quantity, f.value) for f in after.accepted] == [
        ("no2", None), ("o3", None), ("pm10", 3.0),
    ]  # fmt: skip


def test_lines_that_stand_for_times_keep_them(make_feed):
    options = {
        "start": "2026-11-24T00:00Z",
        "step": "1h",
        "melt": {"columns": "*", "to": "site_id"},
    }
    bare = {"columns": {"quantity": {"value": "no2"}, "value": {"unit": "µg/m³"}}}
    feed = make_feed("file", path="/x", options={**bare, "quarantine_limit": 1.0, **options})
    refused = file.parse(b"7,8\n1,2\n3,x\n", feed, NOW, About("x.csv")).rejected
    bare["columns"]["value"]["missing"] = ["x"]
    mended = make_feed("file", path="/x", options={**bare, **options})

    found = again(mended, refused, {}, now=NOW)

    assert [(f.site_id, f.observed_at.hour) for f in found.accepted] == [("7", 1), ("8", 1)]


def test_a_short_row_is_read_again_when_its_rest_counts_as_blank(make_feed):
    columns = {"lat": "lat", "lon": "lon"}
    refused = parse(make_feed, "site,at,v,lat,lon\na,2026-11-24,1\n", columns).rejected

    found = reread(make_feed, refused, columns, short_rows="blank")

    assert [fact.value for fact in found.accepted] == [1.0]


def test_whole_files_cut_off_rows_and_strangers_stay_refused(make_feed):
    about = {"feed_id": "f1", "reason": "r", "at": NOW}
    rejects = [
        Reject(line=0, raw="a.csv", **about),
        Reject(line=2, raw="a" * 16_000, context='{"format": "geojson"}', **about),
        Reject(line=3, raw="{", context='{"format": "geojson"}', **about),
        Reject(line=4, raw="x", context="no json", **about),
        Reject(line=5, raw="x", context='{"format": "csv"}', **about),
        Reject(line=6, raw="[]", context='{"format": "typed"}', **about),
    ]

    found = reread(make_feed, rejects)

    assert found.accepted == []
    assert sorted(one.line for one in found.rejected) == [0, 2, 3, 4, 5, 6]


@given(st.text(alphabet=st.sampled_from("a\n\ré\x00\u2028,"), max_size=40), st.sampled_from(
    ["utf-8", "utf-8-sig", "utf-16", "latin-1"]))  # fmt: skip
@settings(deadline=None)
def test_lines_are_those_of_universal_newlines(text, charset):
    text = text.replace("\u2028", "") if charset == "latin-1" else text
    body = text.encode(charset)
    lines = Lines(body)
    expected = text.replace("\r\n", "\n").replace("\r", "\n")

    assert "".join(lines).replace("\r\n", "\n").replace("\r", "\n") == expected
    assert len(lines) == expected.count("\n") + bool(expected and not expected.endswith("\n"))
