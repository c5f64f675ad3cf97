from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from metrics import INDICATORS, Scope
from model import CITY, Case, District, FeedState, Observation, Quality, Reading, Usual
from pipeline import measuring
from pipeline.measuring import Measurer, Stock

NOON = datetime(2026, 3, 4, 17, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SCOPE = Scope(districts=(District(id="a", name="A", short="A", population=1000),), timezone="UTC")
FEED = FeedState(
    id="river",
    kind="sensorthings",
    name="River",
    gives="observation",
    state=Quality.GOOD,
    due_every=5 * MINUTE,
)
RIVER = INDICATORS["env.river"]


def level(at: datetime, value: float) -> Observation:
    return Observation(
        feed_id="river",
        site_id="g1",
        quantity="river_level",
        value=value,
        unit="m",
        observed_at=at,
        fetched_at=at,
        known_at=at,
        district_id="a",
    )


@pytest.fixture
def stock() -> Stock:
    return Stock()


@pytest.fixture
def measurer() -> Measurer:
    scope = replace(SCOPE, references={("flood_stage", "g1"): 10.0})
    return Measurer([RIVER], scope)


def city(readings: list[Reading]) -> Reading:
    return next(reading for reading in readings if reading.district == CITY)


def at(stock: Stock, measurer: Measurer, now: datetime) -> Reading:
    """Let a tick pass, and return what would be published of the city."""
    feed = {"river": replace(FEED, last_observed_at=NOON)}
    measurer.step(*stock.look(), feed, now)
    return city(measurer.published(feed, now))


def test_a_value_grows_old_and_does_not_vanish_before_it_must(stock, measurer):
    stock.take([level(NOON, 5.0)])

    found = [at(stock, measurer, NOON + minutes * MINUTE) for minutes in (1, 10, 16, 49, 51)]

    assert [(reading.value, reading.quality) for reading in found] == [
        (50.0, Quality.GOOD),
        (50.0, Quality.LATE),
        (50.0, Quality.STALE),
        (50.0, Quality.STALE),
        (None, Quality.NODATA),
    ]
    assert {reading.observed_at for reading in found} == {NOON}


def test_a_newer_fact_replaces_the_value_that_was_held(stock, measurer):
    stock.take([level(NOON, 5.0)])
    at(stock, measurer, NOON + 40 * MINUTE)

    stock.take([level(NOON + 41 * MINUTE, 6.0)])
    found = at(stock, measurer, NOON + 42 * MINUTE)

    assert (found.value, found.observed_at) == (60.0, NOON + 41 * MINUTE)


def test_after_a_restart_the_last_value_is_shown_with_its_age(stock, measurer):
    stock.take([level(NOON, 5.0)])
    shown = at(stock, measurer, NOON + 20 * MINUTE)

    again = Measurer([RIVER], SCOPE)
    again.seed([shown])
    found = at(Stock(), again, NOON + 21 * MINUTE)

    assert (found.value, found.quality, found.observed_at) == (50.0, Quality.STALE, NOON)


def test_an_unknown_figure_says_since_when(stock):
    stock.take([level(NOON, 5.0)])
    measurer = Measurer([RIVER], SCOPE)  # started long after the gauge fell silent

    found = at(stock, measurer, NOON + 300 * MINUTE)

    assert (found.value, found.quality, found.observed_at) == (None, Quality.NODATA, NOON)


def test_while_the_past_is_being_filled_long_windows_are_unknown_and_say_why():
    backlog = INDICATORS["srv.backlog"]
    measurer = Measurer([backlog], SCOPE)
    measurer.filling = frozenset({"requests"})

    (*_, found) = measurer.step(*Stock().look(), {}, NOON)

    assert (found.value, found.quality) == (None, Quality.NODATA)
    assert found.reason == "the past is being filled in"


@pytest.mark.parametrize(("filled", "value"), [("river", None), ("requests", 50.0)])
def test_only_what_rests_on_a_feed_with_a_past_waits_for_it(stock, filled, value):
    scope = replace(SCOPE, references={("flood_stage", "g1"): 10.0})
    measurer = Measurer([replace(RIVER, window=timedelta(days=1))], scope)
    measurer.filling = frozenset({filled})
    stock.take([level(NOON, 5.0)])

    found = at(stock, measurer, NOON + MINUTE)

    assert found.value == value


def test_nothing_new_is_measured_again_only_when_windows_slide(stock, measurer):
    stock.take([level(NOON, 5.0)])
    feed = {"river": replace(FEED, last_observed_at=NOON)}
    counts = []
    for seconds in (0, 1, 30, 61):
        now = NOON + timedelta(seconds=seconds)
        counts.append(len(measurer.step(*stock.look(), feed, now)))

    assert counts == [2, 0, 0, 2]


@pytest.mark.parametrize(("days", "quality"), [(5, Quality.UNCERTAIN), (40, Quality.GOOD)])
def test_a_figure_over_weeks_is_uncertain_while_the_record_is_younger(stock, days, quality):
    flow = INDICATORS["srv.netflow"]
    measurer = Measurer([replace(flow, window=timedelta(days=28), min_n=1)], SCOPE)
    first = NOON - timedelta(days=days)
    stock.take(
        Case(
            feed_id="river",
            case_id=str(number),
            opened_at=first if number == 0 else NOON - timedelta(days=2),
            closed_at=first if number == 0 else NOON - timedelta(days=1),
            status="closed",
            fetched_at=NOON,
            known_at=NOON,
            district_id="a",
        )
        for number in range(60)
    )

    found = at(stock, measurer, NOON)

    assert (found.value is not None, found.quality) == (True, quality)
    assert ("the record begins on 2026-02-27" in (found.reason or "")) is (days == 5)


def test_an_indicator_that_fails_is_unknown_and_costs_no_other(stock, monkeypatch):
    bikes = INDICATORS["mob.bikes"]
    measurer = Measurer([bikes, RIVER], replace(SCOPE, references={("flood_stage", "g1"): 10.0}))
    real = measuring.measure

    def measure(indicator, *rest):
        if indicator is bikes:
            raise ZeroDivisionError
        return real(indicator, *rest)

    monkeypatch.setattr(measuring, "measure", measure)
    stock.take([level(NOON, 5.0)])
    feed = {"river": replace(FEED, last_observed_at=NOON)}
    measurer.step(*stock.look(), feed, NOON)

    found = {r.indicator: r for r in measurer.published(feed, NOON) if r.district == CITY}
    assert found["env.river"].value == 50.0
    assert (found["mob.bikes"].value, found["mob.bikes"].quality) == (None, Quality.NODATA)
    assert found["mob.bikes"].reason == "cannot be computed: ZeroDivisionError"


def test_a_district_that_left_the_pack_is_not_shown_again(measurer):
    old = Reading(indicator="env.river", district="gone", at=NOON, value=1.0)

    measurer.seed([old, replace(old, district="a")])

    assert {reading.district for reading in measurer.raw.values()} == {"a"}


def test_everything_is_measured_again_when_the_clock_was_set_back(stock, measurer):
    feed = {"river": replace(FEED, last_observed_at=NOON)}
    measurer.step(*stock.look(), feed, NOON)
    measurer.restart_clock()

    assert measurer.step(*stock.look(), feed, NOON - timedelta(hours=1))


def crimes(many: int, at: datetime) -> list[Observation]:
    names = {"quantity": "violent_crime", "value": 1.0, "unit": "count"}
    return [
        replace(level(at + n * timedelta(seconds=1), 1.0), site_id=f"{at}", **names)
        for n in range(many)
    ]


def test_what_a_measure_itself_expects_is_not_replaced_by_what_is_usual(stock: Stock) -> None:
    facts = crimes(1, NOON - MINUTE)
    for years in range(4):
        facts += crimes(30 + years, NOON.replace(year=NOON.year - years) - timedelta(days=3))
    stock.take([*facts, *crimes(1, NOON - timedelta(days=1_500))])
    measurer = Measurer([INDICATORS["saf.violent"]], SCOPE)
    weekly = Usual(centre=1.0, low=0.5, high=1.5, spread=0.2, weeks=8)
    measurer.usual = {("saf.violent", CITY): weekly}

    found = at(stock, measurer, NOON)

    assert found.usual is not None
    assert found.usual.centre == pytest.approx(100_000 * 32 / 1_000)
    assert found.usual.weeks == 12
    assert found.z is not None
