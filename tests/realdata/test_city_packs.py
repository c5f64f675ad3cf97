"""New York, San Francisco, Madrid and London by configuration alone, counted by other means."""

import csv
import json
import os
import threading
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import shapely
from google.transit import gtfs_realtime_pb2
from shapely.geometry import shape

import cities
import feeds
from cities import Pack, Report
from model import Case, Fact, Notice, Observation

pytestmark = pytest.mark.realdata

ROOT = Path(os.environ.get("BARTIZAN_REALDATA") or Path(cities.__file__).parents[2] / "shared/data")
HERE = Path(__file__).parent
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
GBFS = ("station_information", "station_status", "system_information")
CAPTURES = {
    "/bart/trip-updates.pb": "wire/gtfs-rt/bart-trip-updates.pb",
    "/bart/alerts.pb": "wire/gtfs-rt/bart-alerts.pb",
    "/subway/a-division.pb": "wire/gtfs-rt/nyct_a_division.pb",
    "/decide/proposals.csv": "madrid/participation/decide_madrid_proposals_latest.csv",
    **{f"/gbfs/{name}.json": f"wire/gbfs/transitland/{name}.json" for name in GBFS},
}


class Handler(BaseHTTPRequestHandler):
    """Serves captures as their owners serve them, with a gbfs.json that names them."""

    def do_GET(self) -> None:
        if self.path == "/gbfs/gbfs.json":
            host = self.headers["Host"]
            listed = [{"name": n, "url": f"http://{host}/gbfs/{n}.json"} for n in GBFS]
            body = json.dumps({"data": {"en": {"feeds": listed}}}).encode()
        elif self.path in CAPTURES:
            body = (ROOT / CAPTURES[self.path]).read_bytes()
        else:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def captures() -> Iterator[str]:
    if not (ROOT / "wire").is_dir():
        pytest.skip(f"no captures under {ROOT}; set BARTIZAN_REALDATA")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def pack_of(name: str, captures: str) -> Pack:
    return cities.load(HERE / name, roots=[ROOT], places={"captures": captures})


def report_of(name: str, captures: str) -> Report:
    return cities.check(
        HERE / name, roots=[ROOT], places={"captures": captures}, now=NOW, live=True
    )


def read(pack: Pack, feed_id: str, now: datetime = NOW) -> list[Fact]:
    (feed,) = [one for one in pack.feeds if one.id == feed_id]
    with feeds.open_client("tests") as client:
        return feeds.poll(feed, client, {}, now=now).parsed.accepted


def rows(path: str, separator: str = ",") -> list[dict[str, str]]:
    with (ROOT / path).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=separator))


@pytest.mark.parametrize("name", ["new-york", "san-francisco", "madrid", "london"])
def test_a_pack_is_good_and_every_feed_of_it_answers(name: str, captures: str) -> None:
    report = report_of(name, captures)

    assert report.ok, report.lines()
    for feed in report.feeds:
        assert not feed.skipped, feed
        assert feed.accepted, feed


@pytest.mark.parametrize("name", ["new-york", "san-francisco", "madrid", "london"])
def test_a_pack_is_configuration_only(name: str) -> None:
    assert {path.suffix for path in (HERE / name).iterdir()} <= {".toml", ".csv"}


def test_both_dialects_of_new_york_give_every_case(captures: str) -> None:
    pack = pack_of("new-york", captures)
    for feed_id, path, form in (
        ("cases-2022", "nyc/311/nyc311_2022-05-01.csv", "%m/%d/%Y %I:%M:%S %p"),
        ("cases-2018", "nyc/311/nyc311_info654_sample.csv", "%m/%d/%y %H:%M"),
    ):
        wanted = {row["Unique Key"]: row for row in rows(path) if row["Unique Key"]}
        found = {one.case_id: one for one in read(pack, feed_id) if isinstance(one, Case)}

        assert found.keys() == wanted.keys()
        for key, row in wanted.items():
            naive = datetime.strptime(row["Created Date"], form)  # noqa: DTZ007 - made aware next
            zone = ZoneInfo("America/New_York")
            assert found[key].opened_at == naive.replace(tzinfo=zone)
            assert (found[key].status == "closed") is (row["Status"] == "Closed")
            assert (found[key].lat is None) is (row["Latitude"] == "")


def test_cases_of_new_york_meet_sub_boroughs_as_plain_shapely_says(captures: str) -> None:
    report = report_of("new-york", captures)
    features = json.loads((ROOT / "geoda/nyc.geojson").read_bytes())["features"]
    whole = shapely.union_all([shapely.make_valid(shape(one["geometry"])) for one in features])
    located = [r for r in rows("nyc/311/nyc311_2022-05-01.csv") if r["Latitude"]]
    points = shapely.points([[float(r["Longitude"]), float(r["Latitude"])] for r in located])

    (feed,) = [one for one in report.feeds if one.id == "cases-2022"]

    assert feed.matched == int(shapely.intersects(whole, points).sum())
    assert feed.matched / feed.accepted > 0.98


def test_ridership_of_new_york_is_told_by_mode_and_day(captures: str) -> None:
    found = read(pack_of("new-york", captures), "ridership")
    table = rows("nyc/transit/mta_daily_ridership.csv")

    assert len(found) == 5 * len(table)
    first = next(o for o in found if isinstance(o, Observation) and o.site_id == "subway")
    assert first.value == float(table[0]["Subways: Total Estimated Ridership"])
    assert first.observed_at == datetime(2020, 3, 1, tzinfo=ZoneInfo("America/New_York"))


def test_a_dump_of_san_francisco_is_read_as_requests(captures: str) -> None:
    dump = json.loads((ROOT / "sf/311/sf_open311_2011_django_fixture.json").read_bytes())
    wanted = [one["fields"] for one in dump if one["model"] == "dashboard.request"]

    found = read(pack_of("san-francisco", captures), "requests")

    assert Counter(one.case_id for one in found if isinstance(one, Case)) == Counter(
        str(one["service_request_id"]) for one in wanted
    )
    assert sum(one.status == "open" for one in found if isinstance(one, Case)) == 129


def test_bikes_of_san_francisco_are_as_old_as_they_are(captures: str) -> None:
    found = read(pack_of("san-francisco", captures), "bikes")
    status = json.loads((ROOT / "wire/gbfs/transitland/station_status.json").read_bytes())
    by_id = {one["station_id"]: one for one in status["data"]["stations"]}

    bikes = [o for o in found if isinstance(o, Observation) and o.quantity == "bikes_available"]

    assert len(bikes) == sum(bool(one["is_installed"]) for one in by_id.values())
    assert max(o.observed_at for o in bikes).year == 2022
    for one in bikes:
        there = by_id[one.site_id]
        assert one.value == (there["num_bikes_available"] if there["is_renting"] else 0)


def test_trains_of_bart_match_their_timetable_where_it_knows_them(captures: str) -> None:
    """65 of the 91 trips of the capture stand in the timetable that came with it."""
    message = gtfs_realtime_pb2.FeedMessage()
    message.ParseFromString((ROOT / "wire/gtfs-rt/bart-trip-updates.pb").read_bytes())
    trips = [one.trip_update.trip for one in message.entity]
    with zipfile.ZipFile(ROOT / "sf/transit/bart_gtfs_matching_rt.zip") as packed:
        lines = packed.read("trips.txt").decode("utf-8-sig").splitlines()
    known = {row["trip_id"] for row in csv.DictReader(lines)}
    scheduled = [trip for trip in trips if trip.schedule_relationship != trip.ADDED]
    assert (len(trips), sum(trip.trip_id in known for trip in trips)) == (91, 65)

    pack = pack_of("san-francisco", captures)
    found = [one for one in read(pack, "trains") if isinstance(one, Observation)]

    (matched,) = [one for one in found if one.quantity == "trips_matched"]
    assert matched.value == pytest.approx(100 * 65 / len(scheduled), abs=0.1)
    delays = [one for one in found if one.quantity == "transit_delay"]
    assert 0 < len(delays) <= 65
    assert all(one.lat is not None for one in delays)
    assert [one for one in read(pack, "train-alerts") if isinstance(one, Notice)]


def test_only_valid_hours_of_madrid_count(captures: str) -> None:
    codes = {"1", "6", "7", "8", "9", "10", "14"}
    wanted: dict[tuple[str, ...], str] = {}
    for path in sorted((ROOT / "madrid/air/realtime").glob("*/latest.csv")):
        for row in rows(str(path.relative_to(ROOT))):
            if row["MAGNITUD"] in codes:
                day = (row["ANO"], row["MES"], row["DIA"])
                for hour in range(1, 25):
                    value = row[f"H{hour:02d}"] if row[f"V{hour:02d}"] == "V" else ""
                    wanted[row["ESTACION"], row["MAGNITUD"], *day, str(hour)] = value

    found = [o for o in read(pack_of("madrid", captures), "air") if isinstance(o, Observation)]

    values = [one.value for one in found]
    assert len({one.key for one in found}) == len(wanted)
    assert sum(value is not None for value in values) >= sum(bool(v) for v in wanted.values())
    assert {one.unit for one in found if one.quantity == "co"} == {"mg/m³"}
    assert all(one.lat and one.lon for one in found)
    assert {o.quantity for o in found} == {"so2", "co", "no", "no2", "pm25", "pm10", "o3"}


def test_proposals_of_madrid_are_counted_by_day(captures: str) -> None:
    found = read(pack_of("madrid", captures), "decide", datetime(2025, 12, 31, 12, tzinfo=UTC))
    table = rows("madrid/participation/decide_madrid_proposals_latest.csv", ";")
    days = Counter(row["created_at"] for row in table)

    counted = {
        one.observed_at.astimezone(ZoneInfo("Europe/Madrid")).strftime("%d/%m/%Y"): one.value
        for one in found
        if isinstance(one, Observation) and one.quantity == "proposals" and one.value
    }
    assert counted == {day: float(count) for day, count in days.items()}
    assert not any(row["title"] in str(found[:50]) for row in table[:50] if len(row["title"]) > 8)


def test_an_invented_table_of_london_says_what_is_wrong_with_it(captures: str) -> None:
    report = report_of("london", captures)

    (feed,) = report.feeds
    assert (feed.accepted, sum(feed.rejected.values()), feed.matched) == (119, 1, 118)
    assert [(one.name, one.nearest) for one in feed.unknown] == [("Islingtin", "Islington")]
    assert any("31/11/2026" in line for line in report.lines())
