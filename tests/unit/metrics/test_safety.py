from datetime import timedelta

import numpy as np
import pytest

from metrics import INDICATORS, Window, measure
from metrics.privacy import suppress
from model import CITY, Observation, Quality, Reading
from tests.unit.metrics.cast import DAY, HOUR, MINUTE, NOW, scope, seen

EMS, FIRE, CALLS = (INDICATORS[f"saf.{name}"] for name in ("ems", "fire4", "911"))


def got(indicator, facts, at=NOW) -> dict[str, Reading]:
    return {r.district: r for r in measure(indicator, Window.build(facts), at, scope())}


def arrivals(
    seconds: list[float], *, back: timedelta = HOUR, name: str = "ems_response", **more: object
) -> list[Observation]:
    fields = {"site": "post", "quantity": name} | more
    return [
        seen(value, at=NOW - back - i * timedelta(seconds=1), **fields)
        for i, value in enumerate(seconds)
    ]


OLD = arrivals([300.0], back=40 * DAY, site="old")


def test_the_90th_percentile_is_that_of_all_responses_together() -> None:
    north = [60.0 * m for m in range(1, 41)]
    south = [60.0 * m for m in range(2, 82, 2)]
    facts = OLD + arrivals(north) + arrivals(south, site="p2", district="south")

    found = got(EMS, facts)

    assert found["north"].value == pytest.approx(np.quantile(north, 0.9) / 60)
    assert found["south"].value == pytest.approx(np.quantile(south, 0.9) / 60)
    assert found[CITY].value == pytest.approx(np.quantile(north + south, 0.9) / 60)
    assert found[CITY].value != pytest.approx((found["north"].value + found["south"].value) / 2)
    assert (found[CITY].n, found[CITY].quality) == (80, Quality.GOOD)


def test_fewer_than_30_in_a_day_are_told_by_28_days() -> None:
    facts = OLD + arrivals([600.0] * 29) + arrivals([300.0] * 400, back=20 * DAY)

    found = got(EMS, facts)[CITY]

    assert found.n == 429
    assert found.value == pytest.approx(5)
    assert found.reason == "over 28 d: too few within 24 h"


def test_fewer_than_30_in_28_days_have_no_percentile() -> None:
    found = got(EMS, OLD + arrivals([600.0] * 29))[CITY]

    assert (found.value, found.n, found.quality) == (None, 29, Quality.NODATA)
    assert (found.reason or "").startswith("n too small (29 of 30)")


def test_times_that_cannot_be_are_left_out() -> None:
    facts = OLD + arrivals([600.0] * 30) + arrivals([0.0, -5.0, 90_000.0], back=2 * HOUR)

    assert got(EMS, facts)[CITY].n == 30


def test_a_young_record_is_said() -> None:
    found = got(EMS, arrivals([600.0] * 40, back=30 * HOUR) + arrivals([600.0] * 3))[CITY]

    assert found.quality is Quality.UNCERTAIN
    assert "the record reaches back" in (found.reason or "")


def test_a_quiet_district_is_as_old_as_the_newest_event_of_the_city() -> None:
    facts = OLD + arrivals([300.0] * 30, back=3 * DAY) + arrivals([300.0] * 30, district="south")

    found = got(EMS, facts)

    assert found["north"].observed_at == found[CITY].observed_at == NOW - HOUR


def test_travels_of_four_minutes_at_most_are_in_time() -> None:
    mine = [240.0] * 27 + [241.0] * 3
    facts = arrivals([100.0], back=100 * DAY, name="fire_travel", site="old")
    facts += arrivals(mine, name="fire_travel", back=10 * DAY)
    facts += arrivals([500.0] * 29, name="fire_travel", back=60 * DAY)
    facts += arrivals(mine, name="fire_travel", back=9 * DAY, district="south")

    found = got(FIRE, facts)["north"]

    assert (found.num, found.den, found.value) == (27, 30, 90)
    assert found.reason is None


def test_few_travels_are_told_by_91_days() -> None:
    facts = arrivals([200.0] * 20, name="fire_travel", back=10 * DAY)
    facts += arrivals([500.0] * 20, name="fire_travel", back=60 * DAY)
    facts += arrivals([500.0] * 20, name="fire_travel", back=92 * DAY)

    found = got(FIRE, facts)[CITY]

    assert (found.num, found.den) == (20, 40)
    assert found.reason == "over 91 d: too few within 28 d"


def test_a_few_calls_of_a_district_stay_in_the_house() -> None:
    facts = OLD + arrivals([300.0] * 3) + arrivals([300.0] * 90, district="south", site="p2")

    shown = {r.district: r for r in suppress(list(got(EMS, facts).values()), INDICATORS)}

    assert (shown["north"].suppressed, shown["north"].n) == (True, None)


def test_emergency_calls_of_an_hour_are_a_ratio_of_sums() -> None:
    facts = []
    for k in range(12):
        at = NOW - k * 5 * MINUTE
        facts.append(seen(5.0, quantity="calls_911", site="x", at=at))
        facts.append(seen(5.0 - (k < 6), quantity="calls_911_within", site="x", at=at))

    found = got(CALLS, facts)[CITY]

    assert (found.num, found.den, found.value) == (54, 60, 90)
    assert (found.coverage, found.quality) == (1, Quality.GOOD)
