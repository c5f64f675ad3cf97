"""Every format is read back with a library that did not write it, or not our way."""

import csv
import io
import random
from dataclasses import replace
from datetime import UTC, timedelta

import openpyxl
import pyarrow.parquet as pq
import pytest

from api import past, readings
from api.formats import FORMATS
from api.formats.table import harmless
from tests.unit.api.conftest import NOW

THEN = NOW - timedelta(minutes=1)
HARM = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x","y")')


def row(district="1", at=THEN, **more):
    base = {
        "indicator": "env.river",
        "district": district,
        "at": at,
        "num": 2.5,
        "den": 4.0,
        "n": 7,
        "value": -62.5,
        "quality": "GOOD",
        "known_at": at,
    }
    return base | more


def csv_rows(answer):
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8"), newline="")))


def sheet_rows(answer, name="readings"):
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    return [list(line) for line in book[name].iter_rows()]


def table(answer):
    return pq.read_table(io.BytesIO(answer.data))


def get(house, kind, query="indicator=env.river"):
    return house.client.get(f"/api/v1/readings.{kind}?{query}")


@pytest.fixture
def full(house):
    house.history.rows = [
        row(name, THEN - timedelta(minutes=n)) for name in ("1", "2", "3", "city") for n in range(5)
    ]
    return house


def test_every_format_holds_the_same_rows(full):
    told = full.client.get("/api/v1/readings?indicator=env.river").json["items"]

    assert len(told) == len(csv_rows(get(full, "csv"))) == 20
    assert len(sheet_rows(get(full, "xlsx"))) - 1 == 20
    assert table(get(full, "parquet")).num_rows == 20
    assert [line["at"] for line in csv_rows(get(full, "csv"))] == [one["at"] for one in told]


def test_csv_keeps_to_rfc_4180(house):
    house.history.rows = [row('a "quoted", one\r\nwith a break')]

    body = get(house, "csv").data

    assert body.startswith(b"indicator,district,at,")
    assert b'"a ""quoted"", one\r\nwith a break"' in body
    assert body.endswith(b"\r\n")
    assert get(house, "csv").headers["Content-Type"] == "text/csv; charset=utf-8"


@pytest.mark.parametrize("harm", HARM)
def test_no_text_becomes_a_formula(house, harm):
    house.history.rows = [row(harm)]

    line = csv_rows(get(house, "csv"))[0]
    cells = sheet_rows(get(house, "xlsx"))[1]

    assert line["district"] == "'" + harm
    assert line["value"] == "-62.5", "a negative number is no formula"
    assert (cells[1].data_type, cells[1].value) == ("s", harm.replace("\r", "\n"))
    assert table(get(house, "parquet"))["district"][0].as_py() == harm


def test_a_name_that_is_a_formula_stays_a_text_in_the_workbook(full):
    named = [line[2] for line in sheet_rows(get(full, "xlsx"))[1:]]

    assert {"=HYPERLINK(1)", "Ville-Marie", "مونتريال"} < {cell.value for cell in named}
    assert {cell.data_type for cell in named if cell.value} == {"s"}


def test_control_characters_do_not_break_a_workbook(house):
    house.history.rows = [row("\x00\x07bell"), row("#N/A")]

    found = [line[1] for line in sheet_rows(get(house, "xlsx"))[1:]]

    assert [(cell.value, cell.data_type) for cell in found] == [
        ("\ufffd\ufffdbell", "s"),
        ("#N/A", "s"),
    ]


def test_a_workbook_holds_numbers_dates_and_a_sheet_about_itself(full):
    head, first, *_ = sheet_rows(get(full, "xlsx"))
    about = {label.value: text.value for label, text in sheet_rows(get(full, "xlsx"), "about")}
    cells = dict(zip([cell.value for cell in head], first, strict=True))

    assert (cells["value"].value, cells["value"].data_type) == (-62.5, "n")
    assert cells["n"].value == 7
    assert cells["at (UTC)"].is_date
    assert about["exported_at"] == "2026-03-04T12:00:00Z"
    assert about["start"] == "2026-03-03T12:00:00Z"
    assert about["env.river: definition"] == "what it is"
    assert about["env.river: source"] == "where from"


def test_parquet_is_typed_and_says_what_it_is(full):
    found = table(get(full, "parquet"))

    kinds = {field.name: str(field.type) for field in found.schema}
    assert kinds["at"] == kinds["known_at"] == "timestamp[us, tz=UTC]"
    assert (kinds["value"], kinds["n"], kinds["suppressed"]) == ("double", "int64", "bool")
    assert found["at"][-1].as_py() == THEN.astimezone(UTC)
    assert found.schema.metadata[b"bartizan.env.river: definition"] == b"what it is"


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_an_answer_without_rows_still_has_columns(house, kind):
    answer = get(house, kind)

    assert answer.status_code == 200
    if kind == "csv":
        assert answer.data.count(b"\r\n") == 1
    elif kind == "xlsx":
        assert len(sheet_rows(answer)) == 1
    else:
        assert table(answer).num_rows == 0
        assert "value" in table(answer).column_names


def test_unknown_is_empty_everywhere_and_never_zero(house):
    house.history.rows = [row(value=None, num=None, den=None, n=None, quality="NODATA")]

    assert csv_rows(get(house, "csv"))[0]["value"] == ""
    assert sheet_rows(get(house, "xlsx"))[1][-4].value is None
    assert table(get(house, "parquet"))["value"][0].as_py() is None
    assert get(house, "geojson").json["features"][0]["properties"]["value"] is None


def test_not_a_number_is_unknown(house):
    house.history.rows = [row(value=float("nan"))]

    assert csv_rows(get(house, "csv"))[0]["value"] == ""
    assert (
        house.client.get("/api/v1/readings?indicator=env.river").json["items"][0]["value"] is None
    )
    assert sheet_rows(get(house, "xlsx"))[1][7].value is None


def test_geojson_shows_the_newest_reading_of_each_district_with_its_shape(full):
    full.history.rows = [one for one in full.history.rows if one["district"] != "3"]

    found = get(full, "geojson").json

    assert [feature["id"] for feature in found["features"]] == ["1", "2", "3"]
    assert all(feature["geometry"]["type"] == "Polygon" for feature in found["features"])
    first, _, silent = (feature["properties"] for feature in found["features"])
    assert (first["at"], first["value"]) == ("2026-03-04T11:59:00Z", -62.5)
    assert (silent["value"], silent["quality"]) == (None, "NODATA")
    assert found["city"]["district"] == "city"


def test_geojson_shows_one_indicator(house):
    answer = get(house, "geojson", "indicator=env.river&indicator=srv.new")

    assert (answer.status_code, answer.json["parameter"]) == (422, "indicator")


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet", "geojson"])
def test_small_cells_are_hidden_in_every_format(house, kind):
    counts = {"1": 3, "2": 20, "3": 8, "city": 31}
    house.history.rows = [
        row(name, indicator="srv.new", num=float(n), n=n, value=n / 100, den=100.0)
        for name, n in counts.items()
    ]

    answer = get(house, kind, "indicator=srv.new")

    if kind == "csv":
        found = {line["district"]: line["n"] for line in csv_rows(answer)}
    elif kind == "xlsx":
        found = {cells[1].value: cells[7 - 1].value for cells in sheet_rows(answer)[1:]}
    elif kind == "parquet":
        rows = table(answer)
        found = dict(zip(rows["district"].to_pylist(), rows["n"].to_pylist(), strict=True))
    else:
        found = {f["id"]: f["properties"]["n"] for f in answer.json["features"]}
    assert found["1"] in (None, "")
    assert found["3"] in (None, "")
    assert found["2"] not in (None, "")
    assert b'"n":3,' not in answer.data


def test_what_does_not_fit_is_refused_with_the_number_that_does(full, monkeypatch):
    small = {kind: FORMATS[kind].most for kind in FORMATS}
    assert small["xlsx"] < 1_048_576, "rows of a sheet"
    monkeypatch.setitem(readings.FORMATS, "csv", replace(FORMATS["csv"], most=19))

    answer = get(full, "csv")

    assert answer.status_code == 422
    assert answer.json["parameter"] == "start"
    assert "19" in answer.json["detail"]


@pytest.mark.parametrize("kind", ["json", "csv", "xlsx", "parquet"])
def test_pages_of_every_format_follow_each_other(full, kind):
    url, seen = f"/api/v1/readings.{kind}?indicator=env.river&limit=6", 0
    while url:
        answer = full.client.get(url)
        assert answer.status_code == 200
        seen += {
            "json": lambda a: len(a.json["items"]),
            "csv": lambda a: len(csv_rows(a)),
            "xlsx": lambda a: len(sheet_rows(a)) - 1,
            "parquet": lambda a: table(a).num_rows,
        }[kind](answer)
        link = answer.headers.get("Link", "")
        url = link[1 : link.index(">")] if link else None
        full.now[0] += timedelta(minutes=3)  # the day before now moves; the pages do not

    assert seen == 20


def test_stretches_of_time_join_without_gap_or_double(full, monkeypatch):
    whole = full.client.get("/api/v1/readings?indicator=env.river").json["items"]
    monkeypatch.setattr(past, "STRETCH", 1)
    monkeypatch.setattr(past, "_length", lambda *_: timedelta(minutes=7))

    apart = full.client.get("/api/v1/readings?indicator=env.river").json["items"]

    key = lambda one: (one["district"], one["at"])  # noqa: E731 - a name for an order
    assert sorted(apart, key=key) == sorted(whole, key=key)
    assert len(full.history.asked) > 200


def test_several_indicators_come_one_after_the_other(full):
    full.history.rows += [row("2", indicator="srv.new", num=50.0, n=50)]

    found = full.client.get("/api/v1/readings?indicator=srv.new&indicator=env.river").json["items"]

    assert [one["indicator"] for one in found[:2]] == ["srv.new", "env.river"]
    assert len(found) == 21


def test_an_unknown_id_names_the_nearest(house):
    first = house.client.get("/api/v1/readings?indicator=env.rivver").json
    second = house.client.get("/api/v1/readings?indicator=env.river&district=citty").json

    assert "did you mean 'env.river'?" in first["detail"]
    assert "did you mean 'city'?" in second["detail"]


@pytest.mark.parametrize("kind", ["json", "csv", "xlsx", "parquet", "geojson"])
def test_what_did_not_change_answers_304(full, kind):
    query = "indicator=env.river&start=2026-03-04T11:00:00Z&end=2026-03-04T12:00:00Z"
    first = get(full, kind, query)
    full.now[0] += timedelta(hours=1)

    again = full.client.get(
        f"/api/v1/readings.{kind}?{query}", headers={"If-None-Match": first.headers["ETag"]}
    )
    full.history.rows[0] |= {"value": 1.0}
    changed = full.client.get(
        f"/api/v1/readings.{kind}?{query}", headers={"If-None-Match": first.headers["ETag"]}
    )

    assert (again.status_code, again.data) == (304, b"")
    assert changed.status_code == 200


def test_readings_come_as_they_were_known(full):
    full.history.rows[0] |= {"known_at": NOW}

    query = "indicator=env.river&known_at=2026-03-04T11:59:30Z"
    found = full.client.get(f"/api/v1/readings?{query}").json["items"]

    assert len(found) == 19


def test_texts_are_made_harmless_only_where_they_could_harm():
    assert harmless("srv.new") == "srv.new"
    assert harmless("") == ""


def test_the_catalogue_says_what_is_not_measured_here_and_why(house):
    items = {one["id"]: one for one in house.client.get("/api/v1/indicators").json["items"]}

    assert items["env.river"]["is_measured"] is True
    lacking = items["mob.tti"]
    assert (lacking["is_measured"], lacking["lacking"]) == (False, ["speed"])
    assert "speed" in lacking["why_not"]
    assert items["dq.feeds"]["why_not"] == "the city has not switched it on"


def test_one_indicator_is_told_with_every_field_of_its_declaration(house):
    found = house.client.get("/api/v1/indicators/mob.tti").json
    missing = house.client.get("/api/v1/indicators/mob.tty")

    assert {"threshold", "target", "owner", "min_n", "standard", "quantities"} < found.keys()
    assert missing.status_code == 404
    assert "did you mean 'mob.tti'?" in missing.json["detail"]


@pytest.mark.parametrize("kind", ["json", "csv", "xlsx", "parquet", "geojson"])
def test_an_answer_that_reaches_behind_what_is_kept_says_since_when_it_is_complete(full, kind):
    full.history.kept = {"readings": NOW - timedelta(hours=3)}

    behind = get(full, kind)
    within = get(full, kind, "indicator=env.river&start=2026-03-04T10:00:00Z")

    assert behind.headers["Complete-Since"] == "2026-03-04T09:00:00Z"
    assert "Complete-Since" not in within.headers
    if kind == "geojson":
        assert behind.json["complete_since"] == "2026-03-04T09:00:00Z"
        assert within.json["complete_since"] is None


def test_stretches_of_time_hide_the_same_small_cells_as_the_whole(house, monkeypatch):
    dice = random.Random(5)
    for n in range(1, 60):
        at = NOW - timedelta(minutes=5 * n)
        counts = {name: float(dice.choice((2, 4, 7, 12, 30))) for name in ("1", "2", "3")}
        counts["city"] = sum(counts.values())
        house.history.rows += [
            row(name, at, indicator="srv.new", num=count, n=int(count), value=count, den=1.0)
            for name, count in counts.items()
        ]
    url = "/api/v1/readings?indicator=srv.new"
    whole = house.client.get(url).json["items"]
    monkeypatch.setattr(past, "_length", lambda *_: timedelta(minutes=15))

    apart = house.client.get(url).json["items"]

    def order(one):
        return one["district"], one["at"]

    assert sorted(apart, key=order) == sorted(whole, key=order)
    assert {one["suppressed"] for one in whole} == {True, False}
