from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics import INDICATORS, Window, measure
from metrics.air import EAQI_DEFAULTS
from model import CITY, District, Observation, Quality, Reading
from tests.unit.metrics.cast import HOUR, MINUTE, NOW, scope, seen

PM25, AQI = INDICATORS["env.pm25"], INDICATORS["env.aqi"]
NO2 = INDICATORS["env.no2"]


def hours(
    value: float, site: str = "a", *, count: int = 24, quantity: str = "pm25", **more: object
) -> list[Observation]:
    """Return hourly values that move a little, so that no sensor looks stuck."""
    return [
        seen(
            value + (0.5 if h % 2 else -0.5),
            site=site,
            quantity=quantity,
            at=NOW - h * HOUR,
            **more,
        )
        for h in range(count)
    ]


def mean(facts: list[Observation], **more: object) -> dict[str, Reading]:
    return {r.district: r for r in measure(PM25, Window.build(facts), NOW, scope(**more))}


def test_a_district_is_the_mean_of_its_sites_and_the_city_of_its_people() -> None:
    facts = [*hours(10, "a"), *hours(20, "b"), *hours(35, "c", district="south")]

    got = mean(facts)

    assert got["north"].value == pytest.approx(15)
    assert got["south"].value == pytest.approx(35)
    assert got[CITY].value == pytest.approx((1_000 * 15 + 3_000 * 35) / 4_000)
    assert (got[CITY].den, got[CITY].n) == (4_000, 3)
    assert got[CITY].quality is Quality.GOOD
    assert got[CITY].reason is None


def test_without_residents_the_city_is_the_mean_of_the_sites_and_says_so() -> None:
    bare = (District(id="north", name="N", short="N"), District(id="south", name="S", short="S"))
    facts = [*hours(10, "a"), *hours(20, "b"), *hours(36, "c", district="south")]

    got = mean(facts, districts=bare)[CITY]

    assert got.value == pytest.approx(22)
    assert "mean of the sites" in (got.reason or "")


@pytest.mark.parametrize(
    ("count", "quality"),
    [
        (24, Quality.GOOD),
        (18, Quality.GOOD),
        (17, Quality.UNCERTAIN),
        (12, Quality.UNCERTAIN),
        (11, Quality.NODATA),
    ],
)
def test_a_day_needs_its_hours(count: int, quality: Quality) -> None:
    got = mean(hours(10, count=count))["north"]

    assert got.quality is quality
    assert (got.value is None) == (quality is Quality.NODATA)


def test_many_reports_in_one_hour_weigh_as_one_hour() -> None:
    extra = [seen(100.0, site="a", quantity="pm25", at=NOW - m * MINUTE) for m in range(1, 50)]
    plain = [seen(10.0 + h % 3, site="a", quantity="pm25", at=NOW - h * HOUR) for h in range(1, 24)]
    expected = (100.0 + sum(10.0 + h % 3 for h in range(1, 24))) / 24

    got = mean([*plain, *extra])[CITY]

    assert got.value == pytest.approx(expected)


@pytest.mark.parametrize("absurd", [-5.0, 5_000.0])
def test_an_absurd_concentration_is_no_hour(absurd: float) -> None:
    facts = [
        *hours(10, count=12),
        *(seen(absurd, site="a", quantity="pm25", at=NOW - h * HOUR) for h in range(12, 24)),
    ]

    got = mean(facts)["north"]

    assert got.value == pytest.approx(10)
    assert got.quality is Quality.UNCERTAIN


def test_a_stuck_sensor_does_not_count() -> None:
    stuck = [seen(12.0, site="b", quantity="pm25", at=NOW - h * HOUR) for h in range(24)]

    got = mean([*hours(20, "a"), *stuck])["north"]

    assert got.value == pytest.approx(20)
    assert got.coverage == 0.5


def test_nitrogen_dioxide_is_a_mean_over_the_day_too() -> None:
    facts = [
        *hours(10, "a", quantity="no2"),
        *hours(20, "b", quantity="no2"),
        *hours(60, "c", quantity="no2", district="south"),
        *hours(99, "d"),  # fine particles are another matter
    ]

    got = {r.district: r for r in measure(NO2, Window.build(facts), NOW, scope())}

    assert got["north"].value == pytest.approx(15)
    assert got["south"].value == pytest.approx(60)
    assert got[CITY].value == pytest.approx((1_000 * 15 + 3_000 * 60) / 4_000)  # 48.75
    assert (got[CITY].n, got[CITY].quality) == (3, Quality.GOOD)


@pytest.mark.parametrize(
    ("count", "quality"),
    [(18, Quality.GOOD), (17, Quality.UNCERTAIN), (12, Quality.UNCERTAIN), (11, Quality.NODATA)],
)
def test_a_day_of_nitrogen_dioxide_needs_its_hours(count: int, quality: Quality) -> None:
    facts = hours(30, count=count, quantity="no2")

    (got, *_) = measure(NO2, Window.build(facts), NOW, scope())

    assert got.quality is quality
    assert (
        got.value is None if quality is Quality.NODATA else got.value == pytest.approx(30, abs=0.1)
    )


def index(facts: list[Observation], table: str = "us-2024") -> dict[str, Reading]:
    indicator = (
        AQI
        if table == "us-2024"
        else type(AQI)(
            **{
                **{f: getattr(AQI, f) for f in AQI.__dataclass_fields__},
                "options": (("table", table),),
            }
        )
    )
    return {r.district: r for r in measure(indicator, Window.build(facts), NOW, scope())}


def test_the_worst_pollutant_at_the_worst_site_decides() -> None:
    facts = [
        *hours(9.0, "a"),
        *hours(250.0, "b", quantity="no2"),
        *hours(40.0, "c", district="south"),
    ]

    got = index(facts)

    assert got["south"].value == got[CITY].value
    assert got["south"].site == got[CITY].site == "c"
    assert got["north"].site == "b"  # 250 µg/m³ NO2 is 133 ppb: 107
    assert got["north"].value == pytest.approx(106, abs=1)
    assert got["north"].reason == "NO2 decides"
    weighted = (1_000 * got["north"].value + 3_000 * got["south"].value) / 4_000
    assert got[CITY].reason == f"PM2.5 decides; weighted by residents: {weighted:.0f}"
    assert got[CITY].den is None


def test_the_european_index_has_six_bands() -> None:
    assert index(hours(4.0), "eaqi-2024")[CITY].value == 1
    assert index(hours(100.0), "eaqi-2024")[CITY].value == 5
    assert index(hours(200.0), "eaqi-2024")[CITY].value == 6
    assert EAQI_DEFAULTS["threshold"] != AQI.threshold


def test_the_table_goes_by_the_day_of_the_reading() -> None:
    facts = [
        seen(12.0 + h % 2 / 1000, site="a", quantity="pm25", at=day - h * HOUR)
        for day in (datetime(2024, 3, 1, 17, tzinfo=UTC), datetime(2024, 6, 1, 17, tzinfo=UTC))
        for h in range(24)
    ]
    window = Window.build(facts)

    march, june = (
        measure(AQI, window, datetime(2024, month, 1, 17, tzinfo=UTC), scope())[-1].value
        for month in (3, 6)
    )

    assert (march, june) == (50, 56)


def test_the_day_of_a_revision_begins_at_the_citys_midnight() -> None:
    midnight = datetime(2024, 5, 6, 4, 0, tzinfo=UTC)  # in Montréal, UTC−4
    facts = [
        seen(12.0 + h % 2 / 1000, site="a", quantity="pm25", at=midnight - h * HOUR)
        for h in range(24)
    ]
    window = Window.build(facts)

    before, after = (measure(AQI, window, midnight - m * MINUTE, scope())[-1] for m in (1, 0))

    assert (before.value, after.value) == (50, 56)


def test_where_residents_are_not_known_no_weighted_index_is_told() -> None:
    bare = (District(id="north", name="N", short="N"), District(id="south", name="S", short="S"))
    got = {
        r.district: r for r in measure(AQI, Window.build(hours(9.0)), NOW, scope(districts=bare))
    }

    assert got[CITY].reason == "PM2.5 decides"


def test_an_unknown_table_is_said() -> None:
    got = index(hours(4.0), "daqi")[CITY]

    assert got.value is None
    assert "us-2024" in (got.reason or "")


def test_without_recent_hours_there_is_no_index() -> None:
    facts = [seen(9.0 + h % 2, site="a", quantity="pm25", at=NOW - h * HOUR) for h in range(3, 24)]

    got = index(facts)[CITY]

    assert got.value is None
    assert "hours" in (got.reason or "")


@given(st.lists(st.floats(1, 500), min_size=1, max_size=4), st.floats(1, 400))
def test_more_particles_never_make_better_air(values: list[float], more: float) -> None:
    facts = [f for i, v in enumerate(values) for f in hours(v, f"s{i}")]
    worse = [f for i, v in enumerate(values) for f in hours(v + more, f"s{i}")]

    before, after = index(facts)[CITY].value, index(worse)[CITY].value

    assert before is not None
    assert after is not None
    assert before <= after


def test_the_same_hours_asked_later_are_fewer() -> None:
    window = Window.build(hours(10.0))

    late = measure(PM25, window, NOW + timedelta(hours=10), scope())[-1]

    assert late.quality is Quality.UNCERTAIN
    assert late.observed_at == NOW
