from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from metrics import INDICATORS
from model import CITY, Level, Quality, Reading, Rule, State, Threshold, Usual
from pipeline.judging import Judge
from store import MemoryStore

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NEW = INDICATORS["srv.new"]  # z: 3.5 and 5
USUAL = Usual(centre=10.0, low=6.0, high=14.0, spread=1.0, weeks=8)
RULE = Rule(id="many", title="Many", indicator=NEW.id, kind="z", warn=3.5, crit=5.0, deadband=0.5)


def reading(value: float | None, minutes: int = 0, usual: Usual | None = USUAL) -> Reading:
    at = NOON + minutes * MINUTE
    return Reading(
        indicator=NEW.id,
        district=CITY,
        at=at,
        value=value,
        quality=Quality.GOOD if value is not None else Quality.NODATA,
        observed_at=at,
        known_at=at,
        usual=usual,
    )


def judge(store: MemoryStore | None = None) -> Judge:
    return Judge([RULE], [], [NEW], store or MemoryStore())


def test_a_value_is_judged_by_what_is_usual_and_the_limit_is_told_in_its_unit() -> None:
    one = judge()
    one.readings([reading(15.0)], NOON)
    assert one.views(NOON) == ()  # z 3.5 from 8 weeks is 6.6 spreads

    one.readings([reading(17.0, 1)], NOON + MINUTE)
    (alert,) = one.views(NOON + MINUTE)

    assert (alert.state, alert.level, alert.value) == (State.UNACK, Level.WARN, 17.0)
    assert alert.limit == pytest.approx(16.6, abs=0.1)
    assert {event.limit for event in one.recent if event.limit} == {alert.limit}


def test_what_is_usual_moves_and_the_limit_with_it() -> None:
    one = judge()
    one.readings([reading(17.0)], NOON)
    one.readings([reading(17.1, 1, replace(USUAL, centre=16.0))], NOON + MINUTE)

    (alert,) = one.views(NOON + MINUTE)
    assert alert.state is State.RTNU
    assert alert.limit == pytest.approx(22.6, abs=0.1)


def test_nothing_is_judged_before_anything_is_usual() -> None:
    one = judge()
    one.readings([reading(9_999.0, usual=None)], NOON)

    assert one.views(NOON) == ()
    assert not one.has_records


def test_an_alert_stands_by_the_last_limits_while_none_are_known() -> None:
    one = judge()
    one.readings([reading(17.0)], NOON)
    one.readings([reading(17.5, 1, None)], NOON + MINUTE)
    assert one.views(NOON + MINUTE)[0].state is State.UNACK

    one.readings([reading(9.0, 2, None)], NOON + 2 * MINUTE)
    assert one.views(NOON + 2 * MINUTE)[0].state is State.RTNU


def test_after_a_restart_the_limit_is_unknown_until_the_next_reading() -> None:
    store = MemoryStore()
    first = judge(store)
    first.readings([reading(17.0)], NOON)
    first.flush(lambda _: None)

    second = judge(store)
    assert second.views(NOON)[0].limit is None
    second.readings([reading(17.2, 1)], NOON + MINUTE)
    assert second.views(NOON)[0].limit == pytest.approx(16.6, abs=0.1)


def test_a_hidden_figure_tells_no_limit_either() -> None:
    one = judge()
    one.readings([reading(17.0)], NOON, hidden={(NEW.id, CITY)})

    (alert,) = one.views(NOON)
    assert (alert.value, alert.limit) == (None, None)
    assert {event.limit for event in one.recent} == {None}


def test_a_funnel_alarms_about_the_district_that_stands_out() -> None:
    sla = replace(INDICATORS["srv.sla"], statistic="proportion", threshold=Threshold(kind="funnel"))
    rule = Rule(
        id="late",
        title="Late",
        indicator=sla.id,
        kind="funnel",
        scope="district",
        direction="low",
        warn=-95.0,
        crit=-99.8,
        deadband=0.5,
    )
    shares = {"a": (450, 500), "b": (905, 1000), "c": (160, 200), "d": (16, 20)}
    fresh = [
        replace(
            reading(100 * met / due), indicator=sla.id, district=d, num=met, den=due, usual=None
        )
        for d, (met, due) in shares.items()
    ]
    one = Judge([rule], [], [sla], MemoryStore())

    one.readings(fresh, NOON)

    assert [(a.district, a.level) for a in one.views(NOON)] == [("c", Level.CRIT)]
