from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import statsmodels.api as sm

from metrics import INDICATORS, Window, measure
from metrics.energy import kind_of, model_of, robust
from metrics.scope import Question
from model import CITY, Observation, Quality, Reading
from tests.unit.metrics.cast import DAY, HOUR, scope, seen

ENERGY = INDICATORS["eco.energy"]
NOW = datetime(2026, 3, 4, 15, tzinfo=UTC)
HOURS = [NOW - k * HOUR for k in range(63 * 24)]
RNG = np.random.default_rng(11)
WARMTH = {
    at: 4.0 + 9.0 * float(np.sin(i / 37.0)) + float(RNG.normal()) for i, at in enumerate(HOURS)
}


def load(at: datetime, warmth: float) -> float:
    """A level by hour and kind of day, 2 MWh per degree below 18 °C, 1 above."""
    local = at.astimezone(scope().zone) - timedelta(minutes=30)
    level = 100 + 10 * (local.hour % 12) - (30 if local.weekday() > 4 else 0)
    return level + 2.0 * max(0.0, 18.0 - warmth) + 1.0 * max(0.0, warmth - 18.0)


def grid(
    hours: list[datetime] = HOURS, *, factor: float = 1.0, site: str = "sub", **more: object
) -> list[Observation]:
    return [
        seen(factor * load(at, WARMTH[at]), quantity="electricity", site=site, at=at, **more)
        for at in hours
    ]


def weather(hours: list[datetime] = HOURS) -> list[Observation]:
    return [
        seen(WARMTH[at], quantity="load_temperature", site="mast", district=None, at=at)
        for at in hours
    ]


def got(facts: list[Observation], at: datetime = NOW) -> dict[str, Reading]:
    return {r.district: r for r in measure(ENERGY, Window.build(facts), at, scope())}


def test_as_expected_is_zero_and_a_tenth_more_is_ten() -> None:
    more = grid(HOURS[:3], factor=1.1)

    calm, high = got(grid() + weather()), got(grid(HOURS[3:]) + more + weather())

    assert calm["north"].value == pytest.approx(0, abs=0.01)
    assert high["north"].value == pytest.approx(10, abs=0.01)
    assert (calm[CITY].coverage, calm[CITY].quality) == (1, Quality.GOOD)
    assert calm["south"].reason == "no meter reports from here"


def test_a_holiday_in_the_past_hardly_bends_the_expectation() -> None:
    day = [at for at in HOURS if NOW - 14 * DAY > at > NOW - 15 * DAY]
    facts = [f for f in grid() if f.observed_at not in day] + grid(day, factor=0.4) + weather()

    assert got(facts)["north"].value == pytest.approx(0, abs=1.0)


# Reference: statsmodels' robust linear model with Huber's T and the same scale.
def test_the_fit_is_huber_s_as_statsmodels_has_it() -> None:
    rng = np.random.default_rng(3)
    kinds = rng.integers(0, 6, 1_500) * 12
    warmth = rng.normal(17, 9, 1_500)
    weather_ = np.stack([np.maximum(0, 18 - warmth), np.maximum(0, warmth - 18)], axis=1)
    wild = rng.standard_t(2, 1_500) * 4
    y = 50 + kinds / 3 + weather_ @ [1.7, 0.9] + wild
    dummies = (kinds[:, None] == np.unique(kinds)[None, :]).astype(float)

    levels, heating, cooling = robust(y, kinds, warmth)

    model = sm.RLM(y, np.hstack([dummies, weather_]), M=sm.robust.norms.HuberT(1.345))
    fitted = model.fit(scale_est="mad", maxiter=100, tol=1e-9)
    assert levels[np.unique(kinds)] == pytest.approx(fitted.params[:6], abs=5e-3)
    assert (heating, cooling) == pytest.approx(tuple(fitted.params[6:]), abs=2e-3)
    assert np.isnan(levels[1])


def test_a_winter_without_a_warm_hour_has_no_slope_of_cooling() -> None:
    warmth = np.linspace(-20, 10, 800)
    _, heating, cooling = robust(100 + 2 * (18 - warmth), np.arange(800) % 24, warmth)

    assert heating == pytest.approx(2)
    assert cooling == pytest.approx(0)


@pytest.mark.parametrize(
    ("at", "kind"),
    [
        ("2026-03-04T15:00:00+00:00", 9),  # Wednesday, the hour from 9 to 10
        ("2026-03-07T15:00:00+00:00", 24 + 9),
        ("2026-03-08T15:00:00+00:00", 48 + 10),  # Sunday, daylight saving since 2 o'clock
        ("2026-03-09T04:00:00+00:00", 48 + 23),  # the last hour of Sunday
    ],
)
def test_hours_are_classed_by_the_clock_on_the_wall(at: str, kind: int) -> None:
    hour = int(datetime.fromisoformat(at).timestamp()) // 3600

    assert kind_of(hour, "America/Montreal") == kind


def test_without_four_weeks_of_past_the_source_s_own_expectation_counts() -> None:
    recent = HOURS[: 20 * 24]
    theirs = [seen(100.0, quantity="energy_expected", site="sub", at=at) for at in recent]

    alone, told = got(grid(recent) + weather()), got(grid(recent) + weather() + theirs)

    assert alone["north"].value is None
    assert "4 weeks" in (alone["north"].reason or "")
    drawn = sum(load(at, WARMTH[at]) for at in HOURS[:3])
    assert told["north"].value == pytest.approx(100 * (drawn / 300 - 1))
    assert told["north"].reason == "expected by the source itself"


def test_what_we_compute_stands_before_what_the_source_expects() -> None:
    theirs = [seen(1.0, quantity="energy_expected", site="sub", at=at) for at in HOURS[:9]]

    assert got(grid() + weather() + theirs)["north"].value == pytest.approx(0, abs=0.01)


def test_an_hour_that_is_not_there_counts_on_neither_side() -> None:
    found = got(grid([HOURS[0], *HOURS[2:]]) + weather())["north"]

    assert found.n == 2
    assert found.coverage == pytest.approx(2 / 3)
    assert found.value == pytest.approx(0, abs=0.01)


def test_a_city_may_choose_a_whole_day() -> None:
    day = replace(ENERGY, window=DAY)
    window = Window.build(grid() + weather())

    found = measure(day, window, NOW, scope())[0]

    assert (found.n, found.coverage) == (24, 1)
    assert found.value == pytest.approx(0, abs=0.01)


def test_a_late_source_is_judged_by_its_newest_hours() -> None:
    found = got(grid(HOURS[1:]) + weather(HOURS[1:]))["north"]

    assert (found.n, found.observed_at) == (3, NOW - HOUR)


def test_quarters_are_summed_and_a_half_told_hour_left_out() -> None:
    quarters = [
        seen(load(at, WARMTH[at]) / 4, quantity="electricity", site="sub", at=at - k * HOUR / 4)
        for at in HOURS
        for k in range(4)
    ]
    half = [f for f in quarters if f.observed_at not in (NOW, NOW - HOUR / 4)]

    assert got(quarters + weather())["north"].value == pytest.approx(0, abs=0.01)
    assert got(half + weather())["north"].observed_at == NOW - HOUR


def test_colder_than_ever_seen_is_doubtful() -> None:
    frost = [seen(-30.0, quantity="load_temperature", site="mast", district=None, at=NOW)]

    found = got(grid() + weather(HOURS[1:]) + frost)["north"]

    assert found.quality is Quality.UNCERTAIN
    assert "colder or warmer" in (found.reason or "")


def test_the_fit_is_made_once_a_day_and_again_when_its_past_changes() -> None:
    window = Window.build(grid() + weather())

    def fit(window: Window, at: datetime) -> object:
        return model_of(Question(ENERGY, window, at, scope()))

    first = fit(window, NOW)
    assert fit(window, NOW + HOUR) is first
    revised = [seen(1.0, quantity="electricity", site="sub", at=HOURS[200], known_at=NOW + HOUR)]
    assert fit(window.extended(revised), NOW) is not first
