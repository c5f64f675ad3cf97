import base64
import csv
import io
from dataclasses import replace
from datetime import timedelta

import pytest

from model import AlertEvent, Quality, Reject, State
from store import StoreDown
from tests.unit.api.conftest import NOW, a_snapshot, reading

THEN = NOW - timedelta(minutes=1)


def row(district, at=THEN, n=10.0, **more):
    base = {
        "indicator": "srv.new",
        "district": district,
        "at": at,
        "num": n,
        "den": 100.0,
        "n": int(n),
        "value": n / 100,
        "quality": "GOOD",
        "known_at": at,
    }
    return base | more


def event(seq, kind, before, after, minutes, **more):
    base = {
        "event_id": f"r:1#{seq}",
        "at": NOW - timedelta(minutes=minutes),
        "seq": seq,
        "key": "r:1",
        "rule": "r",
        "occurrence": "A-9",
        "kind": kind,
        "outcome": "applied",
        "from_state": before,
        "to_state": after,
        "actor": "system",
        "priority": 2,
    }
    return AlertEvent(**(base | more))


CLOSED = [
    event(1, "H1", State.NORM, State.UNACK, 60),
    event(2, "ACK", State.UNACK, State.ACKED, 50, actor="Ann"),
    event(3, "CLR", State.ACKED, State.NORM, 40),
]


def test_the_snapshot_has_the_shape_of_the_contract(house):
    found = house.client.get("/api/v1/snapshot").json

    assert found["published_at"] == "2026-03-04T12:00:00Z"
    assert found["version"] == house.store.head().version
    first, second = found["readings"]
    assert first["usual"] == {"centre": 1.0, "low": 0.5, "high": 1.5, "weeks": 8, "basis": None}
    assert (first["value"], first["n"], first["quality"]) == (1.25, 3, "GOOD")
    assert (second["value"], second["usual"], second["quality"]) == (None, None, "NODATA")
    assert found["alerts"][0]["state"] == "UNACK"
    assert found["feeds"][0]["age_s"] == 90.0


def test_an_unchanged_snapshot_answers_304_without_a_body(house):
    first = house.client.get("/api/v1/snapshot")
    etag = first.headers["ETag"]
    again = house.client.get("/api/v1/snapshot", headers={"If-None-Match": etag})
    compressed = house.client.get("/api/v1/snapshot", headers={"If-None-Match": etag[:-1] + ':br"'})
    house.store.publish(a_snapshot(NOW + timedelta(seconds=1)))
    after = house.client.get("/api/v1/snapshot", headers={"If-None-Match": etag})

    assert first.status_code == 200
    assert again.status_code == compressed.status_code == 304
    assert again.data == b""
    assert after.status_code == 200
    assert "b1" in etag


def test_before_the_first_snapshot_the_answer_is_503_and_says_so(house):
    house.store.__init__()

    answer = house.client.get("/api/v1/snapshot")

    assert answer.status_code == 503
    assert answer.mimetype == "application/problem+json"
    assert answer.headers["Retry-After"] == "5"


@pytest.mark.parametrize("path", ["snapshot", "feeds", "alerts", "alerts/A-1"])
def test_a_store_that_is_down_answers_503(house, monkeypatch, path):
    def down():
        raise StoreDown("gone")

    monkeypatch.setattr(house.store, "latest", down)
    monkeypatch.setattr(house.store, "head", down)

    assert house.client.get(f"/api/v1/{path}").status_code == 503


def test_districts_are_geojson_and_cached_by_etag(house):
    answer = house.client.get("/api/v1/districts")
    again = house.client.get("/api/v1/districts", headers={"If-None-Match": answer.headers["ETag"]})

    assert answer.mimetype == "application/geo+json"
    assert answer.json["features"][0]["id"] == "1"
    assert again.status_code == 304


def test_the_catalogue_says_how_each_indicator_is_counted(house):
    items = house.client.get("/api/v1/indicators").json["items"]

    assert [item["id"] for item in items[:2]] == ["env.river", "srv.new"]
    assert all(item["definition"] and item["source"] for item in items)
    assert items[1]["window_s"] == 3 * 3600


def test_readings_come_with_the_day_before_now_as_usual(house):
    house.history.rows = [row("1", indicator="env.river")]

    found = house.client.get("/api/v1/readings?indicator=env.river&district=1").json

    asked = house.history.asked[0]
    assert (asked["start"], asked["end"]) == (NOW - timedelta(days=1), NOW)
    assert asked["district"] == "1"
    assert found == {
        "items": [
            {
                "indicator": "env.river",
                "district": "1",
                "at": "2026-03-04T11:59:00Z",
                "num": 10.0,
                "den": 100.0,
                "n": 10,
                "value": 0.1,
                "quality": "GOOD",
                "known_at": "2026-03-04T11:59:00Z",
                "suppressed": False,
            }
        ],
        "next": None,
    }


def test_steps_begin_on_the_clock_where_nobody_says_when(house):
    house.now[0] = NOW + timedelta(minutes=7, seconds=3)

    house.client.get("/api/v1/readings?indicator=env.river&resolution=15m")

    assert house.history.asked[0]["start"] == NOW - timedelta(days=1)


def test_instants_with_an_offset_are_understood(house):
    house.client.get(
        "/api/v1/readings?indicator=env.river&start=2026-03-04T05:00:00-05:00"
        "&end=2026-03-04T12:00:00%2B01:00&known_at=2026-03-04T11:30:00Z&resolution=15m"
    )

    asked = house.history.asked[0]
    assert asked["start"] == NOW - timedelta(hours=2)
    assert asked["end"] == NOW - timedelta(hours=1)
    assert asked["known_at"] == NOW - timedelta(minutes=30)
    assert asked["resolution"] == timedelta(minutes=15)


FAR = base64.urlsafe_b64encode(
    b'["2000-01-01T00:00:00Z","2020-01-01T00:00:00Z",0,0,"1","2000-01-01T00:00:00Z"]'
).decode()


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("", "indicator"),
        ("indicator=no.such", "indicator"),
        ("indicator=env.river&district=nowhere", "district"),
        ("indicator=env.river&start=yesterday", "start"),
        ("indicator=env.river&start=2026-03-04T10:00:00", "start"),
        ("indicator=env.river&start=2026-03-05T00:00:00Z", "start"),
        ("indicator=env.river&start=2020-01-01T00:00:00Z", "start"),
        ("indicator=env.river&end=0", "end"),
        ("indicator=env.river&resolution=7m", "resolution"),
        ("indicator=env.river&known_at=now", "known_at"),
        ("indicator=env.river&limit=0", "limit"),
        ("indicator=env.river&limit=-1", "limit"),
        ("indicator=env.river&limit=%C2%B2", "limit"),
        ("indicator=env.river&cursor=x", "cursor"),
        ("indicator=env.river&cursor=WzEsMiwzXQ", "cursor"),
        ("indicator=env.river&start=0001-01-01T00:00:00%2B14:00", "start"),
        ("indicator=env.river&end=9999-12-31T23:59:59-14:00", "end"),
        ("indicator=env.river&start=2026-03-04T11:00:00Z&end=2026-03-04T10:00:00Z", "start"),
        ("indicator=env.river&known_at=2026-03-04T12:00:01Z", "known_at"),
        ("indicator=env.river&resolution=1d&start=1990-01-01T00:00:00Z", "start"),
        ("&".join(f"indicator=i{n}" for n in range(11)), "indicator"),
        ("indicator=env.river&distrikt=1", "distrikt"),
        ("indicator=env.river&district=1&district=2", "district"),
        pytest.param(f"indicator=env.river&limit={'1' * 5000}", "limit", id="a long number"),
        pytest.param(f"indicator=env.river&cursor={FAR}", "cursor", id="a span beyond the longest"),
    ],
)
def test_a_bad_parameter_is_named(house, query, parameter):
    answer = house.client.get(f"/api/v1/readings?{query}")

    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert answer.json["parameter"] == parameter


def test_pages_follow_each_other_without_gap_or_double(house):
    house.history.rows = [
        row("1", NOW - timedelta(minutes=n), indicator="env.river") for n in range(1, 6)
    ]
    seen, url = [], "/api/v1/readings?indicator=env.river&limit=2"
    while url:
        answer = house.client.get(url)
        seen += [item["at"] for item in answer.json["items"]]
        link = answer.headers.get("Link", "")
        url = link[1 : link.index(">")] if link else None

    assert len(seen) == len(set(seen)) == 5


def test_csv_holds_the_same_rows_with_unknown_left_empty(house):
    house.history.rows = [row("1", indicator="env.river", value=None)]

    answer = house.client.get("/api/v1/readings.csv?indicator=env.river")

    found = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.mimetype == "text/csv"
    assert found[0]["value"] == ""
    assert found[0]["num"] == "10.0"


def test_a_format_that_does_not_exist_says_which_do(house):
    answer = house.client.get("/api/v1/readings.pdf?indicator=env.river")

    assert answer.status_code == 404
    assert "json, csv, xlsx, parquet, geojson" in answer.json["detail"]


def test_small_cells_of_the_past_are_hidden_with_one_more(house):
    house.history.rows = [row("1", n=3.0), row("2", n=20.0), row("3", n=8.0), row("city", n=31.0)]

    items = house.client.get("/api/v1/readings?indicator=srv.new").json["items"]

    by_district = {item["district"]: item for item in items}
    hidden = {name for name, item in by_district.items() if item["suppressed"]}
    assert hidden == {"1", "3"}
    for name in hidden:
        item = by_district[name]
        assert (item["value"], item["num"], item["den"], item["n"]) == (None,) * 4
    assert by_district["2"]["num"] == 20.0


def test_asking_for_one_district_does_not_lift_its_cover(house):
    house.history.rows = [row("1", n=3.0), row("2", n=20.0), row("3", n=8.0), row("city", n=31.0)]

    found = {
        name: house.client.get(f"/api/v1/readings?indicator=srv.new&district={name}").json["items"]
        for name in ("1", "2", "3")
    }

    assert [found[name][0]["suppressed"] for name in ("1", "2", "3")] == [True, False, True]


def test_a_small_cell_from_before_the_span_still_keeps_its_cover(house):
    before, start = NOW - timedelta(minutes=8), "2026-03-04T11:55:00Z"
    counts = {"1": 3.0, "2": 20.0, "3": 8.0, "city": 31.0}
    house.history.rows = [row(name, before, n) for name, n in counts.items()]
    house.history.rows += [row("3", n=8.0), row("city", n=31.0)]

    items = house.client.get(f"/api/v1/readings?indicator=srv.new&start={start}").json["items"]

    assert [(item["district"], item["num"]) for item in items] == [("3", None), ("city", 31.0)]


def test_what_follows_is_asked_for_by_a_link_with_the_same_conditions(house):
    house.history.rows = [row("1", indicator="env.river"), row("2", indicator="env.river")]

    answer = house.client.get(
        "/api/v1/readings.csv?indicator=env.river&limit=1&start=2026-03-04T05:00:00%2B00:00"
    )

    link = answer.headers["Link"].split(">")[0].removeprefix("<")
    assert "start=2026-03-04T05%3A00%3A00%2B00%3A00" in link
    assert house.client.get(link).data.splitlines()[1].startswith(b"env.river,2,")


def test_feeds_say_their_age_and_cadence(house):
    item = house.client.get("/api/v1/feeds").json["items"][0]

    assert (item["id"], item["state"], item["age_s"]) == ("river", "GOOD", 90.0)
    assert (item["due_every_s"], item["accepted"], item["rejected"]) == (300.0, 10, 2)


def test_quarantine_pages_from_the_newest(house):
    house.store.add_rejects(
        [
            Reject(feed_id="river", line=n, reason="no value", raw=f"row {n}", at=NOW)
            for n in range(3)
        ]
    )

    first = house.client.get("/api/v1/feeds/river/rejects?limit=2").json
    rest = house.client.get(f"/api/v1/feeds/river/rejects?limit=2&before={first['next']}").json

    assert first["total"] == 3
    assert [item["line"] for item in first["items"] + rest["items"]] == [2, 1, 0]
    assert rest["next"] is None


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/feeds/nope/rejects", 404),
        ("/api/v1/feeds/river/rejects?limit=x", 422),
        ("/api/v1/alerts/A-404", 404),
        ("/api/v1/alerts?state=LOUD", 422),
        ("/api/v1/alerts?state=closed,UNACK", 422),
        ("/api/v1/alerts?since=soon", 422),
        ("/api/v1/nothing", 404),
        ("/api/v1/snapshot?at=2026-01-01T00:00:00Z", 501),
    ],
)
def test_errors_are_problems(house, path, status):
    answer = house.client.get(path)

    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert answer.json["status"] == status


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 1),
        ("?state=UNACK", 1),
        ("?state=ACKED", 0),
        ("?state=ACKED,UNACK", 1),
        ("?since=2026-03-04T11:54:00Z", 1),
        ("?since=2026-03-04T11:56:00Z", 0),
    ],
)
def test_live_alerts_are_found_by_state_and_since(house, query, count):
    assert len(house.client.get(f"/api/v1/alerts{query}").json["items"]) == count


def test_closed_alerts_come_from_the_audit(house):
    still_open = event(1, "H1", State.NORM, State.UNACK, 30, occurrence="A-8")
    house.history.events = [*CLOSED, still_open]

    items = house.client.get("/api/v1/alerts?state=closed").json["items"]

    assert [(item["id"], item["acked_by"]) for item in items] == [("A-9", "Ann")]
    assert items[0]["raised_at"] == "2026-03-04T11:00:00Z"
    assert items[0]["closed_at"] == "2026-03-04T11:20:00Z"


def test_a_closed_alert_has_every_key_of_an_alert(house):
    live = house.client.get("/api/v1/alerts").json["items"][0]
    house.history.events = CLOSED

    item = house.client.get("/api/v1/alerts?state=closed").json["items"][0]

    assert item.keys() == live.keys()
    named = ("rule", "indicator", "district", "state", "suppressed", "priority", "occurrence")
    assert [item[name] for name in named] == ["r", "env.river", "1", "NORM", [], 2, "A-9"]


def test_what_closed_since_is_told_from_its_beginning(house):
    house.history.events = CLOSED

    items = house.client.get("/api/v1/alerts?state=closed&since=2026-03-04T11:15:00Z").json["items"]
    later = house.client.get("/api/v1/alerts?state=closed&since=2026-03-04T11:21:00Z").json["items"]

    assert [(item["raised_at"], item["acked_by"]) for item in items] == [
        ("2026-03-04T11:00:00Z", "Ann")
    ]
    assert later == []


def test_an_occurrence_is_told_with_its_whole_audit_when_long_closed(house):
    house.history.events = list(reversed(CLOSED))

    found = house.client.get("/api/v1/alerts/A-9").json

    assert [line["kind"] for line in found["audit"]] == ["H1", "ACK", "CLR"]
    assert (found["state"], found["is_live"]) == ("NORM", False)


def test_a_live_alert_is_told_as_it_stands(house):
    found = house.client.get("/api/v1/alerts/A-1").json

    assert (found["value"], found["limit"], found["is_live"]) == (2.0, 1.5, True)


def test_a_suppressed_reading_of_the_snapshot_says_so(house):
    house.store.publish(
        replace_readings(a_snapshot(NOW + timedelta(seconds=1)), suppressed=True, value=None)
    )

    item = house.client.get("/api/v1/snapshot").json["readings"][0]

    assert (item["suppressed"], item["value"]) == (True, None)


def replace_readings(snapshot, **more):
    return replace(snapshot, readings=(reading(quality=Quality.GOOD, **more),))
