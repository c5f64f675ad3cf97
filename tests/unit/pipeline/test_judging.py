from datetime import UTC, datetime, timedelta

import pytest

from metrics import INDICATORS
from model import CITY, Quality, Reading, Rule, State
from pipeline.judging import Judge
from store import MemoryStore

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULE = Rule(
    id="many", title="Many requests", indicator="srv.new", scope="district", warn=8.0, deadband=1.0
)


def reading(at: datetime, value: float, district: str = "a") -> Reading:
    return Reading(
        indicator="srv.new",
        district=district,
        at=at,
        value=value,
        n=3,
        quality=Quality.GOOD,
        observed_at=at,
        known_at=at,
    )


@pytest.fixture
def judge() -> Judge:
    return Judge([RULE], [], [INDICATORS["srv.new"]], MemoryStore())


def test_an_alert_about_too_few_cases_keeps_its_figure_to_itself(judge):
    judge.readings([reading(NOON, 9.5)], NOON, hidden={("srv.new", "a")})

    alert = judge.views(NOON)[0]
    assert (alert.state, alert.value, alert.first_value) == (State.UNACK, None, None)
    assert {event.value for event in judge.recent} == {None}


def test_an_alert_clears_when_its_figure_becomes_too_small_to_be_shown(judge):
    judge.readings([reading(NOON, 9.5)], NOON)
    judge.readings([reading(NOON + MINUTE, 2.0)], NOON + MINUTE, hidden={("srv.new", "a")})

    alert = judge.views(NOON + MINUTE)[0]
    assert (alert.state, alert.value) == (State.RTNU, None)


def test_an_alert_that_may_be_told_tells_its_figure(judge):
    judge.readings([reading(NOON, 9.5)], NOON, hidden={("srv.new", "b"), ("srv.new", CITY)})

    assert judge.views(NOON)[0].value == 9.5


def test_an_alert_of_a_district_that_left_the_pack_is_closed(judge):
    judge.readings([reading(NOON, 9.5), reading(NOON, 9.5, "b")], NOON)

    judge.retire_unknown(NOON + MINUTE, ["b"])

    assert [alert.district for alert in judge.views(NOON + MINUTE)] == ["b"]
    assert judge.recent[-1].reason == "the district left the pack"
