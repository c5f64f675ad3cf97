"""The Los Angeles pack against what can be counted by other means: csv, json and plain shapely."""

import csv
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import shapely
from shapely.geometry import shape

import cities
import feeds
from cities import Pack, Report
from model import Case

pytestmark = pytest.mark.realdata

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LOCAL = ZoneInfo("America/Los_Angeles")
FOLDER = Path(__file__).parent


@cache
def councils(path: Path) -> dict[str, Any]:
    features = json.loads(path.read_bytes())["features"]
    return {one["properties"]["nc_id"]: shape(one["geometry"]) for one in features}


def rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


@pytest.fixture(scope="module")
def shapes(root: Path) -> dict[str, Any]:
    return councils(root / "la/districts/neighborhood_councils_2019.geojson")


@pytest.fixture(scope="module")
def requests_2018(root: Path) -> list[dict[str, str]]:
    return list(rows(root / "la/311/myla311_2018_mini.csv"))


@pytest.fixture(scope="module")
def report(root: Path) -> Report:
    return cities.check(FOLDER, roots=[root], now=NOW)


@pytest.fixture(scope="module")
def inside(shapes: dict[str, Any], requests_2018: list[dict[str, str]]) -> dict[str, list[str]]:
    """Return the councils of every located request by a loop over the polygons."""
    located = [one for one in requests_2018 if one["Latitude"] and one["Longitude"]]
    points = shapely.points([[float(one["Longitude"]), float(one["Latitude"])] for one in located])
    found: dict[str, list[str]] = {one["SRNumber"]: [] for one in located}
    for key, council in shapes.items():
        for number in np.flatnonzero(shapely.intersects(council, points)):
            found[located[number]["SRNumber"]].append(key)
    return found


@pytest.fixture(scope="module")
def cases(pack: Pack) -> list[Case]:
    (feed,) = [one for one in pack.feeds if one.id == "cases-311"]
    with feeds.open_client("tests") as client:
        accepted = feeds.poll(feed, client, {}, now=NOW).parsed.accepted
    return [one for one in accepted if isinstance(one, Case)]


def placed(pack: Pack, cases: list[Case]) -> dict[str, str | None]:
    lon = np.array([np.nan if one.lon is None else one.lon for one in cases])
    lat = np.array([np.nan if one.lat is None else one.lat for one in cases])
    found = pack.districts.district_of(lon, lat)
    return {case.case_id: district for case, district in zip(cases, found, strict=True)}


def test_the_councils_are_99_and_their_numbers_unique(pack: Pack, shapes: dict[str, Any]) -> None:
    assert len(shapes) == 99
    assert set(pack.districts.ids) == set(shapes)
    assert all(len(one.short) <= 20 for one in pack.districts.items)
    assert {one.short for one in pack.districts.items if one.short.isupper()} == {
        "CANNDU",
        "LA-32",
        "P.I.C.O.",
    }
    assert len({one.short for one in pack.districts.items}) == 99


def test_requests_read_and_matched_are_what_the_file_holds(
    report: Report, requests_2018: list[dict[str, str]], inside: dict[str, list[str]]
) -> None:
    (feed,) = [one for one in report.feeds if one.id == "cases-311"]

    assert len(requests_2018) == 10_000
    assert (feed.rows, feed.accepted, feed.rejected) == (10_000, 10_000, {})
    assert len(inside) == 9_995
    assert feed.unplaced == 10_000 - 9_995
    assert sum(bool(found) for found in inside.values()) == 9_819
    assert feed.matched == 9_819
    assert feed.outside == 9_995 - 9_819


def test_a_request_in_two_councils_goes_to_the_smaller_always(
    pack: Pack, cases: list[Case], shapes: dict[str, Any], inside: dict[str, list[str]]
) -> None:
    found = placed(pack, cases)
    backwards = placed(pack, cases[::-1])
    double = {case_id: keys for case_id, keys in inside.items() if len(keys) > 1}

    assert len(double) == 29
    for case_id, keys in double.items():
        smaller = min(keys, key=lambda key: (shapes[key].area, key))
        assert found[case_id] == backwards[case_id] == smaller
    assert all(found[case_id] == keys[0] for case_id, keys in inside.items() if len(keys) == 1)
    assert Counter(found.values()) == Counter(backwards.values())


def test_times_are_local_and_statuses_are_mapped(
    cases: list[Case], requests_2018: list[dict[str, str]]
) -> None:
    by_id = {case.case_id: case for case in cases}

    for row in requests_2018:
        case = by_id[row["SRNumber"]]
        naive = datetime.strptime(row["CreatedDate"], "%m/%d/%Y %I:%M:%S %p")  # noqa: DTZ007 - made aware in the next line
        assert case.opened_at == naive.replace(tzinfo=LOCAL)
        assert case.status == ("open" if row["Status"] in {"Open", "Pending"} else "closed")
        assert case.service == row["RequestType"]
    assert sum(case.status == "open" for case in cases) == 19


def test_every_request_type_has_a_promise_that_most_requests_keep(
    pack: Pack, requests_2018: list[dict[str, str]]
) -> None:
    days: dict[str, list[float]] = {}
    for row in requests_2018:
        if row["ClosedDate"]:
            opened, closed = (
                datetime.strptime(row[name], "%m/%d/%Y %I:%M:%S %p")  # noqa: DTZ007 - a difference of local times in days
                for name in ("CreatedDate", "ClosedDate")
            )
            days.setdefault(row["RequestType"], []).append(
                (closed - opened).total_seconds() / 86_400
            )
    steps = [1, 3, 7, 14, 30, 45, 60, 90, 120]

    promised = {one.name: one.due_within.days for one in pack.services if one.due_within}

    assert promised.keys() == days.keys()
    for name, taken in days.items():
        assert promised[name] == min(step for step in steps if step >= np.quantile(taken, 0.8))


def test_sensors_and_speeds_are_what_the_files_hold(
    report: Report, root: Path, shapes: dict[str, Any]
) -> None:
    (feed,) = [one for one in report.feeds if one.id == "freeway-speeds"]
    sites = list(rows(root / "la/traffic/metr_la_sensor_locations.csv"))
    points = shapely.points([[float(one["longitude"]), float(one["latitude"])] for one in sites])
    matched = sum(any(council.intersects(point) for council in shapes.values()) for point in points)

    assert (len(sites), matched) == (207, 170)
    assert (feed.sites, feed.sites_matched) == (207, 170)
    assert (feed.rows, feed.rejected) == (207 * 2016, {})
    assert feed.matched == 170 * 2016
    assert feed.first_at == datetime(2012, 3, 1, tzinfo=LOCAL)
    assert feed.last_at == datetime(2012, 3, 7, 23, 55, tzinfo=LOCAL)


def test_both_date_formats_of_2020_give_the_same_cases(root: Path, tmp_path: Path) -> None:
    iso = poll_2020(root, tmp_path / "iso", "myla311_2020_iso_dates.csv", "%Y-%m-%d %H:%M:%S")
    excel = poll_2020(root, tmp_path / "excel", "myla311_2020_excel_dates.csv", "%m/%d/%y %H:%M")

    assert len(iso) == len(excel) == 10_000
    assert iso == excel


def poll_2020(root: Path, folder: Path, file: str, form: str) -> set[tuple[Any, ...]]:
    """Return the cases of one extract, to the minute."""
    folder.mkdir()
    shutil.copy(FOLDER / "city.toml", folder)
    text = (folder / "city.toml").read_text(encoding="utf-8")
    text = text.replace("myla311_2018_mini.csv", file).replace("%m/%d/%Y %I:%M:%S %p", form)
    for old, new in {
        "SRNumber": "srnumber", "CreatedDate": "createddate", "ClosedDate": "closeddate",
        "UpdatedDate": "updateddate", '"Status"': '"status"', "RequestType": "requesttype",
        '"Owner"': '"owner"', "RequestSource": "requestsource",
        'lat = "Latitude"': 'lat = "latitude"', 'lon = "Longitude"': 'lon = "longitude"',
    }.items():  # fmt: skip
        text = text.replace(old, new)
    (folder / "city.toml").write_text(text, encoding="utf-8")
    pack = cities.load(folder, roots=[root])
    with feeds.open_client("tests") as client:
        accepted = feeds.poll(pack.feeds[0], client, {}, now=NOW).parsed.accepted
    found = [one for one in accepted if isinstance(one, Case)]
    districts = placed(pack, found)
    return {
        (
            one.case_id,
            one.opened_at.replace(second=0),
            one.closed_at.replace(second=0) if one.closed_at else None,
            one.status,
            one.service,
            one.department,
            one.channel,
            districts[one.case_id],
        )
        for one in found
    }


def test_the_check_is_good_and_says_so(report: Report) -> None:
    text = "\n".join(report.lines())

    assert report.exit_code == 0
    assert "9819 of 10000 matched to a district, 176 outside all of them, 5 without a place" in text
    assert "170 of 207 sites lie in a district" in text
    assert report.doubts == ()


def test_the_councils_draw_as_one_coverage_without_losing_ground(
    pack: Pack, shapes: dict[str, Any]
) -> None:
    body = pack.districts.geojson()
    after = [shape(one["geometry"]) for one in body["features"]]
    before = shapely.union_all(list(shapes.values()))

    lost = before.symmetric_difference(shapely.union_all(after))
    assert len(json.dumps(body)) < 300_000
    assert all(one.is_valid for one in after)
    assert lost.area < 0.002 * before.area
    assert lost.buffer(-0.0005).is_empty  # nowhere more than about 100 m wide
