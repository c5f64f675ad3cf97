from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.airtables import (
    DAQI_2012,
    EAQI_2020,
    EAQI_2024,
    FAMILIES,
    TABLES,
    US_2015,
    US_2024,
    Scale,
    in_force,
    in_unit,
    newest,
)
from metrics.aqi import HOURS, averaged, in_bands, nowcast, on_scale, sub_indices


def scale(pollutant: str, average: str) -> Scale:
    return next(s for s in US_2024.scales if (s.pollutant, s.average) == (pollutant, average))


def index(pollutant: str, average: str, concentration: float) -> float:
    return float(on_scale(scale(pollutant, average), np.array([concentration]))[0])


# Source: 40 CFR Part 58, Appendix G, breakpoints as revised in 89 FR 16202 (effective 2024-05-06).
@pytest.mark.parametrize(
    ("concentration", "expected"),
    [
        (0.0, 0),
        (9.0, 50),
        (9.09, 50),
        (9.1, 51),
        (35.4, 100),
        (35.5, 101),
        (55.4, 150),
        (55.5, 151),
        (125.4, 200),
        (125.5, 201),
        (225.4, 300),
        (225.5, 301),
        (325.4, 500),
    ],
)
def test_every_step_of_pm25_stands_where_the_2024_rule_puts_it(
    concentration: float, expected: float
) -> None:
    assert index("pm25", "nowcast", concentration) == expected


# Source: EPA-454/B-24-002 and its predecessors: 0.078 ppm O3 (8 h) is 126; 35.9 µg/m³ PM2.5 was
# 102 by the table of 2012 and is so by that of 2024; 8.4 ppm CO (8 h) is 90. Worked by hand:
# (150-101)/(0.085-0.071)*(0.078-0.071)+101 = 125.5; (150-101)/(55.4-35.5)*(35.9-35.5)+101 = 102.0;
# (100-51)/(9.4-4.5)*(8.4-4.5)+51 = 90; (150-101)/(0.164-0.125)*(0.162-0.125)+101 = 147.5-.
@pytest.mark.parametrize(
    ("pollutant", "average", "concentration", "expected"),
    [
        ("o3", "8 h", 0.0787, 126),
        ("pm25", "nowcast", 35.9, 102),
        ("co", "8 h", 8.4, 90),
        ("o3", "1 h", 0.162, 147),
        ("o3", "1 h", 0.124, float("nan")),  # under 0.125 ppm the 1 h value says nothing
        ("o3", "8 h", 0.300, 300),  # above 0.200 ppm the 8 h value says no more
        ("so2", "1 h", 900.0, 200),  # above 304 ppb the 1 h value says no more
        ("so2", "24 h", 305.0, 201),
        ("no2", "1 h", 100.0, 100),
        ("pm10", "nowcast", 154.9, 100),  # cut to 154, not rounded to 155
    ],
)
def test_worked_examples(
    pollutant: str, average: str, concentration: float, expected: float
) -> None:
    assert index(pollutant, average, concentration) == pytest.approx(expected, nan_ok=True)


def test_beyond_the_last_step_the_line_goes_on() -> None:
    assert index("pm25", "nowcast", 400.0) == 649  # (500-301)/(325.4-225.5)*(400-225.5)+301


@given(st.sampled_from(US_2024.scales), st.lists(st.floats(0, 3_000), min_size=2, max_size=2))
def test_worse_air_never_has_a_better_index(some: Scale, pair: list[float]) -> None:
    low, high = on_scale(some, np.sort(np.array(pair)))

    assert np.isnan(low) or low <= high


@pytest.mark.parametrize("some", [*US_2015.scales, *US_2024.scales])
def test_every_scale_is_without_gaps(some: Scale) -> None:
    for (_, high, _, i_high), (low, _, i_low, _) in zip(some.steps, some.steps[1:], strict=False):
        assert low == pytest.approx(high + some.step)
        assert i_low == i_high + 1


# Source: AirNow: weights w**i, w = 1 - (max - min)/max = min/max, at least 1/2; newest first.
def test_nowcast_of_a_calm_day_leans_little() -> None:
    hours = np.array([[64.0, 63, 72, 77, 65, 61, 70, 74, 66, 64, 63, 60]])
    w = 60 / 77  # 0.779
    expected = sum(w**i * c for i, c in enumerate(hours[0])) / sum(w**i for i in range(12))

    assert nowcast(hours)[0] == pytest.approx(expected)


def test_nowcast_of_a_sudden_change_weighs_by_half() -> None:
    hours = np.array([[100.0] + [10.0] * 11])  # min/max is 0.1, so w is 1/2
    expected = (100 + 10 * (1 - 0.5**11)) / (2 - 0.5**11)

    assert nowcast(hours)[0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("recent", "is_known"),
    [
        ([1, 1, 1], True),
        ([np.nan, 1, 1], True),
        ([1, np.nan, 1], True),
        ([np.nan, np.nan, 1], False),
        ([1, np.nan, np.nan], False),
    ],
)
def test_nowcast_asks_for_two_of_the_last_three_hours(
    recent: list[float], *, is_known: bool
) -> None:
    hours = np.array([[*recent, *[1.0] * 9]])

    assert np.isfinite(nowcast(hours)[0]) == is_known


def test_nowcast_of_clean_air_is_zero() -> None:
    assert nowcast(np.zeros((1, 12))).tolist() == [0.0]


@given(st.lists(st.floats(0, 500), min_size=12, max_size=12))
def test_nowcast_lies_between_the_extremes(hours: list[float]) -> None:
    value = nowcast(np.array([hours]))[0]

    assert min(hours) - 1e-9 <= value <= max(hours) + 1e-9


def test_means_need_three_quarters_of_their_hours() -> None:
    hours = np.full((1, HOURS), np.nan)
    hours[0, :5] = 10.0
    assert np.isnan(averaged(hours, "8 h")).all()
    hours[0, :6] = 10.0
    assert averaged(hours, "8 h").tolist() == [10.0]
    hours[0, :17] = 10.0
    assert np.isnan(averaged(hours, "24 h")).all()
    hours[0, :18] = 10.0
    assert averaged(hours, "24 h").tolist() == [10.0]


# Source: 24.45 l/mol at 25 °C and 1013.25 hPa; O3 1 ppb = 1.963 µg/m³, NO2 1.882, SO2 2.620,
# CO 1 ppm = 1.146 mg/m³ (WHO air quality guidelines, conversion factors at 25 °C).
@pytest.mark.parametrize(
    ("pollutant", "mass", "unit", "expected"),
    [
        ("o3", 196.3, "ppb", 100.0),
        ("o3", 196.3, "ppm", 0.1),
        ("no2", 188.2, "ppb", 100.0),
        ("so2", 262.0, "ppb", 100.0),
        ("co", 11.46, "ppm", 10.0),
        ("pm25", 12.0, "µg/m³", 12.0),
    ],
)
def test_mass_becomes_parts(pollutant: str, mass: float, unit: str, expected: float) -> None:
    assert in_unit(pollutant, np.array([mass]), unit)[0] == pytest.approx(expected, rel=1e-3)


def test_a_unit_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="no way"):
        in_unit("co", np.array([1.0]), "ppb")


# Source: EEA bands of 2024, ETC HE Report 2024/17.
@pytest.mark.parametrize(
    ("pollutant", "value", "band"),
    [
        ("pm25", 5.0, 1),
        ("pm25", 5.1, 2),
        ("pm25", 50.0, 3),
        ("pm25", 90.0, 4),
        ("pm25", 140.0, 5),
        ("pm25", 141.0, 6),
        ("pm10", 45.0, 2),
        ("no2", 25.5, 3),
        ("o3", 121.0, 4),
        ("so2", 0.0, 1),
    ],
)
def test_european_bands(pollutant: str, value: float, band: int) -> None:
    assert in_bands(dict(EAQI_2024.bands)[pollutant], np.array([value]))[0] == band


def test_the_worse_of_two_averaging_times_counts() -> None:
    ozone = np.full((1, HOURS), 60.0)
    ozone[0, 0] = 400.0  # 0.2038 ppm in one hour; 102.5 µg/m³ over eight
    found = sub_indices(US_2024, {"o3": ozone})["o3"][0]

    assert found == index("o3", "1 h", 0.203)
    assert found > index("o3", "8 h", 0.0522)


def test_every_table_says_since_when_and_by_whom() -> None:
    for name, table in TABLES.items():
        assert table.id == name
        assert table.citation
        assert table in FAMILIES[table.family]


@pytest.mark.parametrize(
    ("name", "day", "version"),
    [
        ("us", date(2024, 3, 1), "us-2015"),
        ("us", date(2024, 5, 5), "us-2015"),
        ("us", date(2024, 5, 6), "us-2024"),
        ("us", date(2024, 6, 1), "us-2024"),
        ("us", date(1999, 1, 1), "us-2015"),  # the oldest known
        ("eaqi", date(2024, 3, 1), "eaqi-2020"),
        ("eaqi", date(2026, 3, 1), "eaqi-2024"),
        ("uk-daqi", date(2026, 3, 1), "uk-daqi-2012"),
        ("us-2024", date(2024, 3, 1), "us-2024"),  # a version by name counts for every day
        ("us-2015", date(2026, 3, 1), "us-2015"),
    ],
)
def test_the_version_in_force_on_the_day_counts(name: str, day: date, version: str) -> None:
    found = in_force(name, day)

    assert found is not None
    assert found.id == version


def test_a_name_that_nobody_knows_has_no_table() -> None:
    assert in_force("us-1999", date(2026, 1, 1)) is None
    assert newest("us-1999") is None


def test_the_newest_version_of_an_index_is_the_one_in_force_for_ever() -> None:
    for family, versions in FAMILIES.items():
        assert newest(family) is versions[-1] is in_force(family, date(2999, 1, 1))
    assert newest("us-2015") is US_2015


# Source: 78 FR 3086: PM2.5 of 2012; worked by hand: (100-51)/(35.4-12.1)*(12.1-12.1)+51 = 51;
# (50-0)/(12-0)*9 = 37.5 → 38. Of 2024: (100-51)/(35.4-9.1)*(12.1-9.1)+51 = 56.6;
# (300-201)/(225.4-125.5)*(150.4-125.5)+201 = 225.7; (500-301)/99.9*(500.4-225.5)+301 = 848.6.
@pytest.mark.parametrize(
    ("concentration", "before", "since"),
    [
        (9.0, 38, 50),
        (12.0, 50, 56),
        (12.1, 51, 57),
        (55.5, 151, 151),
        (150.4, 200, 226),
        (500.4, 500, 849),
    ],
)
def test_the_revision_of_2024_moved_the_steps_of_pm25(
    concentration: float, before: float, since: float
) -> None:
    hourly = {"pm25": np.full((1, HOURS), concentration)}

    assert sub_indices(US_2015, hourly)["pm25"][0] == before
    assert sub_indices(US_2024, hourly)["pm25"][0] == since


# Source: EPA's slides "Computing the NowCast" (oldest hour first there): 17.4 µg/m³.
def test_nowcast_of_the_example_of_the_epa() -> None:
    oldest_first = [50.0, 80, 75, 90, 82, 53, 64, 74, 21, 10, 16, 13]

    assert nowcast(np.array([oldest_first[::-1]]))[0] == pytest.approx(17.4, abs=0.05)


# Source: COMEAP (2011) and DEFRA: upper bounds of each index, in whole µg/m³.
@pytest.mark.parametrize(
    ("pollutant", "value", "expected"),
    [
        ("pm25", 11.4, 1),
        ("pm25", 11.5, 2),
        ("pm25", 70.0, 9),
        ("pm25", 71.0, 10),
        ("pm10", 50.0, 3),
        ("no2", 200.0, 3),
        ("no2", 201.0, 4),
        ("o3", 240.0, 9),
        ("o3", 241.0, 10),
        ("so2", 266.0, 3),
    ],
)
def test_british_bands(pollutant: str, value: float, expected: float) -> None:
    hourly = {pollutant: np.full((1, HOURS), value)}

    assert sub_indices(DAQI_2012, hourly)[pollutant][0] == expected


def test_british_particles_are_a_mean_of_a_day_and_european_ones_were_until_2024() -> None:
    hours = np.full((1, HOURS), 5.0)
    hours[0, 0] = 245.0  # the mean of the day is 15

    assert sub_indices(DAQI_2012, {"pm25": hours})["pm25"][0] == 2
    assert sub_indices(EAQI_2020, {"pm25": hours})["pm25"][0] == 2
    assert sub_indices(EAQI_2024, {"pm25": hours})["pm25"][0] == 6
