"""Apparent temperature: known values of the published heat index, and who decides."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics import INDICATORS, Window, measure
from metrics.heat import heat_index
from model import CITY, Observation, Quality, Reading
from tests.unit.metrics.cast import HOUR, MINUTE, NOW, scope, seen

HEAT = INDICATORS["env.heat"]


def celsius(fahrenheit: float) -> float:
    return (fahrenheit - 32) * 5 / 9


def felt(fahrenheit: float, humidity: float) -> float:
    """Return the heat index in °F."""
    return float(heat_index(np.array([celsius(fahrenheit)]), np.array([humidity]))[0] * 9 / 5 + 32)


@pytest.mark.parametrize(
    ("temperature", "humidity", "chart"),
    [
        # the chart of the National Weather Service, in whole °F
        (80, 40, 80),
        (86, 90, 105),
        (90, 50, 95),
        (90, 70, 106),
        (96, 50, 108),
        (100, 40, 109),
        (100, 55, 124),
        (104, 45, 124),
        (110, 40, 136),
    ],
)
def test_the_heat_index_equals_the_published_chart(
    temperature: float, humidity: float, chart: float
) -> None:
    assert felt(temperature, humidity) == pytest.approx(chart, abs=0.75)


@pytest.mark.parametrize(
    ("temperature", "humidity", "by_hand"),
    [
        # the regression at 90 °F and 50 %: −42.379 + 184.41137 + 507.16656 − 1011.39935 − 55.38642
        # − 137.04293 + 497.63970 + 191.88450 − 40.29750
        (90, 50, 94.59693),
        # at 84 °F and 90 % plus (90 − 85) / 10 × (87 − 84) / 5 = 0.3
        (84, 90, 98.0425 + 0.3),
        # at 95 °F and 5 % less (13 − 5) / 4 × 1 = 2
        (95, 5, 90.1768 - 2),
        # Steadman's simple form at 70 °F and 50 %: (0.5 × (70 + 61 + 2.4 + 4.7) + 70) / 2
        (70, 50, 69.525),
        (30, 80, 30),
        (40, 99, 40),
    ],
)
def test_the_heat_index_equals_what_is_reckoned_by_hand(
    temperature: float, humidity: float, by_hand: float
) -> None:
    assert felt(temperature, humidity) == pytest.approx(by_hand, abs=0.001)


@given(st.floats(27, 45), st.floats(40, 99))
def test_humid_heat_feels_hotter(temperature: float, humidity: float) -> None:
    pair = heat_index(np.array([temperature] * 2), np.array([humidity, humidity + 1]))

    assert pair[1] > pair[0]


@given(st.floats(-60, 60), st.floats(0, 105))
def test_it_is_always_a_number_near_the_temperature_when_cool(t: float, humidity: float) -> None:
    found = float(heat_index(np.array([t]), np.array([humidity]))[0])

    assert np.isfinite(found)
    if t < 20:
        assert abs(found - t) < 4


def test_a_missing_temperature_or_humidity_is_missing() -> None:
    assert np.isnan(heat_index(np.array([np.nan, 30.0]), np.array([50.0, np.nan]))).all()


def weather(
    site: str, temperature: float, humidity: float | None = None, **more: object
) -> list[Observation]:
    facts = [seen(temperature, site=site, quantity="temperature", **more)]
    if humidity is not None:
        facts.append(seen(humidity, site=site, quantity="humidity", **more))
    return facts


def asked(*facts: list[Observation]) -> dict[str, Reading]:
    window = Window.build([fact for some in facts for fact in some])
    return {r.district: r for r in measure(HEAT, window, NOW, scope())}


def test_the_hottest_site_decides_in_its_district_and_in_the_city() -> None:
    got = asked(
        weather("a", 32.22222, 50), weather("b", 30, 40), weather("c", 20, 50, district="south")
    )

    assert got["north"].value == pytest.approx(34.776, abs=0.001)  # 94.597 °F
    assert (got["north"].site, got["north"].n, got["north"].den) == ("a", 2, None)
    assert got["south"].value == pytest.approx(
        celsius(0.5 * (0.5 * (68 + 61 + 4.7) + 68)), abs=1e-6
    )
    assert (got[CITY].value, got[CITY].site) == (got["north"].value, "a")
    assert got[CITY].quality is Quality.GOOD
    assert got[CITY].reason is None


def test_what_the_source_says_counts_unless_its_temperature_is_newer() -> None:
    said = seen(44.0, site="a", quantity="apparent_temperature")
    old = seen(44.0, site="a", quantity="apparent_temperature", at=NOW - 30 * MINUTE)

    assert asked([said], weather("a", 32.22222, 50))["north"].value == 44
    assert asked([said])["north"].value == 44
    assert asked([old], weather("a", 32.22222, 50))["north"].value == pytest.approx(
        34.776, abs=0.001
    )
    assert asked([old])["north"].value == 44


def test_a_site_without_humidity_counts_with_its_temperature_and_is_doubtful() -> None:
    got = asked(weather("a", 35), weather("b", 20, 50, district="south"))

    assert (got["north"].value, got["north"].quality) == (35, Quality.UNCERTAIN)
    assert "without humidity" in (got["north"].reason or "")
    assert got["south"].quality is Quality.GOOD


def test_humidity_of_another_site_is_of_no_use() -> None:
    elsewhere = [seen(90.0, site="b", quantity="humidity")]

    assert asked(weather("a", 35), elsewhere)["north"].value == 35


def test_doubtful_humidity_makes_a_doubtful_reading() -> None:
    damp = [seen(50.0, site="a", quantity="humidity", quality=Quality.UNCERTAIN)]

    assert asked(weather("a", 32), damp)["north"].quality is Quality.UNCERTAIN


def test_old_absurd_and_missing_values_do_not_count() -> None:
    absurd = asked(weather("a", 85.0, 50))["north"]
    old = asked(weather("a", 30, 50, at=NOW - 2 * HOUR))["north"]
    missing = asked([seen(None, site="a", quantity="temperature")])["north"]

    assert (absurd.value, absurd.quality) == (None, Quality.NODATA)
    assert "left out" in (absurd.reason or "")
    assert (old.value, missing.value) == (None, None)


def test_a_silent_site_lowers_the_coverage() -> None:
    got = asked(weather("a", 30, 50), weather("b", 31, 50, at=NOW - 2 * HOUR))["north"]

    assert got.coverage == 0.5
    assert got.quality is Quality.UNCERTAIN
