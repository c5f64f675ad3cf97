import random
from dataclasses import replace
from datetime import timedelta

import jsonschema
import pytest

from metrics.cityscore import Earlier, city_score
from metrics.comparing import Limiter
from model import Quality, Reading, Threshold
from tests.unit.api.conftest import NOW, a_snapshot, indicator, reading
from tests.unit.api.test_specification import SPECIFICATION

RIVER = indicator("env.river", threshold=Threshold(warn=2.0, crit=3.0), target=1.0)


def keeps_to_the_specification(path: str, body: object) -> None:
    content = SPECIFICATION["paths"][path]["get"]["responses"]["200"]["content"]
    schema = content["application/json"]["schema"] | {"components": SPECIFICATION["components"]}
    jsonschema.Draft202012Validator(schema).validate(body)


def scored(value: float = 1.25):
    then = city_score(
        [RIVER], {("env.river", "city"): reading(value=1.75)}, Limiter({}), NOW - timedelta(days=1)
    )
    return city_score(
        [RIVER],
        {("env.river", "city"): reading(value=value)},
        Limiter({}),
        NOW,
        earlier=Earlier(then.at, then.indicators),
        districts=["1", "2"],
    )


def test_the_score_is_told_with_what_is_weak_and_why_it_moved(house):
    house.store.publish(replace(a_snapshot(), score=scored()))

    body = house.client.get("/api/v1/score").json

    keeps_to_the_specification("/api/v1/score", body)
    assert body["shown"] == 80
    assert body["weakest"] == ["env.river"]
    assert body["moved"]["contributions"][0]["term"] == "env.river"
    assert sum(c["points"] for c in body["moved"]["contributions"]) == pytest.approx(
        body["moved"]["points"]
    )


def test_the_snapshot_carries_the_score(house):
    house.store.publish(replace(a_snapshot(), score=scored()))

    body = house.client.get("/api/v1/snapshot").json

    keeps_to_the_specification("/api/v1/snapshot", body)
    assert body["score"]["shown"] == 80


def test_without_a_score_it_is_not_yet_there(house):
    assert house.client.get("/api/v1/score").status_code == 503
    house.store.publish(a_snapshot())
    assert house.client.get("/api/v1/score").status_code == 503


def test_the_course_of_a_domain_comes_from_the_history(house):
    row = {"indicator": "score.d", "district": "city", "at": NOW - timedelta(hours=2)}
    house.history.rows = [row | {"value": 71.5, "coverage": 0.9, "quality": "GOOD"}]

    body = house.client.get("/api/v1/score/course?domain=d").json

    keeps_to_the_specification("/api/v1/score/course", body)
    assert [item["value"] for item in body["items"]] == [71.5]
    assert house.client.get("/api/v1/score/course").json["items"] == []


def test_an_unknown_domain_is_refused_with_the_nearest(house):
    answer = house.client.get("/api/v1/score/course?domain=citi")

    assert answer.status_code == 422
    assert "city" in answer.json["detail"]


SHARES = {"1": (450, 500), "2": (700, 1000), "3": (3, 4)}


@pytest.fixture
def compared(house, monkeypatch):
    """A city in which one indicator is a share of cases."""
    sla = indicator("srv.new", is_counted=True, statistic="proportion")
    monkeypatch.setattr(house.pack, "indicators", (RIVER, sla))
    rows = [
        Reading(indicator="srv.new", district=d, at=NOW, value=100 * k / n, num=k, den=n)
        for d, (k, n) in SHARES.items()
    ]
    rows.append(
        Reading(indicator="srv.new", district="city", at=NOW, value=None, quality=Quality.NODATA)
    )
    house.store.publish(replace(a_snapshot(), readings=tuple(rows)))
    return house


def test_districts_stand_in_the_citys_order_with_limits_of_their_own(compared):
    body = compared.client.get("/api/v1/compare?indicator=srv.new").json

    keeps_to_the_specification("/api/v1/compare", body)
    assert [item["district"] for item in body["items"]] == ["1", "2", "3"]
    one, two, few = body["items"]
    assert body["city"] == pytest.approx(100 * 1153 / 1504)
    assert one["verdict"] == "extremely high"
    assert one["is_discovery"]
    assert two["low"] > two["value"] > 0
    assert (few["value"], few["verdict"]) == (None, "n too small")


def test_what_rests_on_no_count_says_why_it_is_not_compared(compared):
    body = compared.client.get("/api/v1/compare?indicator=env.river").json

    keeps_to_the_specification("/api/v1/compare", body)
    assert body["items"] == []
    assert "no count" in body["reason"]


@pytest.mark.parametrize(
    "query", ["", "?indicator=srv.nwe", "?indicator=srv.new&indicator=env.river", "?sort=value"]
)
def test_bad_questions_are_refused(compared, query):
    assert compared.client.get(f"/api/v1/compare{query}").status_code == 422


def by_the_hour(weeks: int) -> list[dict[str, object]]:
    """Return readings of whole hours until now: 1 by night, 3 by day."""
    row = {"indicator": "env.river", "district": "city", "quality": "GOOD"}
    times = [NOW - timedelta(hours=n) for n in range(weeks * 168, 0, -1)]
    return [row | {"at": at, "value": 3.0 if 6 <= at.hour < 18 else 1.0} for at in times]


def test_the_next_day_is_foretold_with_its_band_and_error(house):
    house.history.rows = by_the_hour(5)

    body = house.client.get("/api/v1/forecast?indicator=env.river").json

    keeps_to_the_specification("/api/v1/forecast", body)
    assert len(body["items"]) == 24
    assert body["items"][0]["at"] == "2026-03-04T12:00:00Z"
    assert [item["centre"] for item in body["items"][:12]] == [3.0] * 6 + [1.0] * 6
    assert body["error"]["forecasts"] > 10
    assert body["trend"]["arrow"] == "→"
    assert body["drift"] is None


def test_a_short_record_foretells_nothing_and_says_so(house):
    house.history.rows = by_the_hour(1)

    body = house.client.get("/api/v1/forecast?indicator=env.river").json

    keeps_to_the_specification("/api/v1/forecast", body)
    assert body["items"] == []
    assert "too short" in body["reason"]


def counted_by_the_hour(count: float, **beside: float) -> list[dict[str, object]]:
    more = {"indicator": "srv.new", "n": None}
    city = [row | more | {"num": count} for row in by_the_hour(5)]
    return city + [
        row | {"district": name, "num": some} for name, some in beside.items() for row in city
    ]


@pytest.mark.parametrize(
    ("rows", "hours"),
    [
        (counted_by_the_hour(400), 24),
        (counted_by_the_hour(3), 0),
        (counted_by_the_hour(103, a=100, b=3), 24),
        (counted_by_the_hour(7, a=3, b=1, c=0), 0),
    ],
)
def test_what_a_city_may_not_show_is_not_foretold_either(house, rows, hours):
    house.history.rows = rows

    assert len(house.client.get("/api/v1/forecast?indicator=srv.new").json["items"]) == hours


def test_a_forecast_of_nothing_known_is_refused(house):
    assert house.client.get("/api/v1/forecast?indicator=env.rivre").status_code == 422
    assert house.client.get("/api/v1/forecast").status_code == 422


def test_a_course_that_rises_and_z_that_add_up_are_told(house):
    rows, chance = by_the_hour(5), random.Random(1)
    house.history.rows = [
        row
        | {"value": row["value"] + n / 24}
        | {"z": chance.gauss(-1.8 if n >= len(rows) - 8 else 0.0, 0.5)}
        for n, row in enumerate(rows)
    ]

    body = house.client.get("/api/v1/forecast?indicator=env.river").json

    keeps_to_the_specification("/api/v1/forecast", body)
    assert (body["trend"]["arrow"], body["trend"]["days"]) == ("↗", 28)
    assert body["trend"]["change"] == pytest.approx(27, abs=1)
    assert body["drift"] == "worse"
