"""Commands, spans, queries: what is read from a person and what is said to an engine."""

import argparse
import doctest
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from types import ModuleType
from zoneinfo import ZoneInfo

import pytest

from analytics import arguments, dialect, grid, places, questions, rollup
from analytics.dialect import to_spark
from analytics.errors import AnalyticsError
from analytics.files import months
from analytics.parts import Written
from analytics.places import master_of
from analytics.rollup import days, hours
from metrics import INDICATORS
from model import Reading
from pipeline import backfill

DAY = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    arguments.add(parser.add_subparsers(dest="call"))
    return parser.parse_args(words)


@pytest.mark.parametrize("module", [arguments, dialect, grid, places, questions, rollup])
def test_examples_in_docstrings_hold(module: ModuleType):
    found = doctest.testmod(module)

    assert (found.failed, found.attempted > 0) == (0, True)


def test_a_span_is_days_of_the_city_or_instants():
    wanted = parsed("remeasure", "--since", "2026-03-01", "--until", "2026-03-02T06:00-05:00")

    assert wanted.since == date(2026, 3, 1)
    assert wanted.until == datetime(2026, 3, 2, 11, tzinfo=UTC)
    assert wanted.indicator == []


def test_indicators_may_be_named_together_or_one_by_one():
    words = ("--indicator", "a", "b", "--indicator", "c")

    assert parsed("remeasure", "--since", "2026-03-01", *words).indicator == ["a", "b", "c"]


@pytest.mark.parametrize("text", ["2026-03-01T06:00", "yesterday", "2026-13-01", ""])
def test_an_instant_without_a_zone_is_wrong_usage(text: str):
    with pytest.raises(SystemExit) as refused:
        parsed("rollup", "--since", text)

    assert refused.value.code == 2


@pytest.mark.parametrize("text", ["10", "m", "10 m", "-5m", "5x", "5m!"])
def test_a_duration_needs_number_and_unit(text: str):
    with pytest.raises(SystemExit) as refused:
        parsed("backtest", "r", f"--on-delay={text}")

    assert refused.value.code == 2


def test_only_what_was_said_changes_a_rule():
    wanted = parsed("backtest", "r", "--warn", "3.5", "--crit-low", "1", "--off-delay", "1h30m")

    assert arguments.changes(wanted) == {
        "warn": 3.5,
        "crit_low": 1.0,
        "off_delay": timedelta(minutes=90),
    }
    assert wanted.ack_after == timedelta(minutes=5)
    assert parsed("backtest", "r", "--ack-after", "never").ack_after is None


@pytest.mark.parametrize("url", [None, "", "duckdb:"])
def test_nothing_said_is_this_machine(url: str | None):
    assert master_of(url) is None


def test_masters_of_spark_are_named_by_url():
    assert master_of("spark://one:7077,two:7077") == "spark://one:7077,two:7077"
    assert master_of("spark:local[*]") == "local[*]"


@pytest.mark.parametrize("url", ["spark://host", "spark:", "dask://x:1", "spark://a b:1", "local"])
def test_other_engines_are_refused(url: str):
    with pytest.raises(AnalyticsError, match="ANALYTICS_URL"):
        master_of(url)


def test_hours_are_whole_and_the_end_is_outside():
    indicator = INDICATORS["env.pm25"]

    found = grid.grid(indicator, DAY + HOUR / 2, DAY + 3 * HOUR, ZoneInfo("UTC"))

    assert found == [DAY + HOUR, DAY + 2 * HOUR]


def test_daily_figures_follow_the_clock_of_the_city_through_its_changes():
    daily = replace(INDICATORS["env.pm25"], cadence=timedelta(days=1))
    since = datetime(2026, 3, 7, tzinfo=UTC)

    found = grid.grid(daily, since, since + timedelta(days=3), ZoneInfo("Asia/Kolkata"))
    toronto = grid.grid(daily, since, since + timedelta(days=3), ZoneInfo("America/Toronto"))

    assert [f"{at:%dT%H:%M}" for at in found] == ["07T00:30", "08T00:30", "09T00:30"]
    assert [at.hour for at in toronto] == [11, 10, 10]


def test_daily_figures_are_measured_when_the_back_fill_does():
    assert grid.CUT_OFF.hour == backfill.CUT_OFF


def test_pieces_cover_a_span_once():
    pieces = list(grid.spans(DAY, DAY + 17 * HOUR, 5 * HOUR))

    assert pieces[0][0] == DAY
    assert pieces[-1] == (DAY + 15 * HOUR, DAY + 17 * HOUR)
    assert all(one[1] == other[0] for one, other in pairwise(pieces))


def test_months_cover_a_span_and_its_last_instant():
    found = list(months(datetime(2025, 11, 20, 5, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)))

    assert [f"{since:%m-%d} {until:%m-%d}" for since, until in found] == [
        "11-20 12-01",
        "12-01 01-01",
        "01-01 02-01",
    ]


def test_whole_hours_are_rolled_up_a_week_at_a_time():
    found = list(hours(DAY + HOUR / 2, DAY + 10 * 24 * HOUR + HOUR / 2))

    assert [(bins.start, bins.count) for bins in found] == [
        (DAY + HOUR, 168),
        (DAY + 169 * HOUR, 72 - 1),
    ]


def test_a_day_that_is_not_whole_is_not_rolled_up():
    zone = ZoneInfo("America/Toronto")
    since = datetime(2026, 3, 1, 4, 59, tzinfo=UTC)

    found = list(days(since, datetime(2026, 3, 3, 4, 59, tzinfo=UTC), zone))

    assert [(bins.start.hour, bins.count) for bins in found] == [(5, 1)]


def test_a_question_in_sparks_words_keeps_texts_and_fractions():
    sql = "select extract(epoch from \"at\"), to_timestamp($a) from t where c in ('a$b') and x = $x"

    assert to_spark(sql, {"a": 1, "x": "it's"}) == (
        "SELECT (UNIX_MICROS(`at`) / CAST(1000000.0 AS DOUBLE)), "
        "TIMESTAMP_SECONDS(CAST(1.0 AS DOUBLE)) FROM t WHERE c IN ('a$b') AND x = 'it\\'s'"
    )


def reading(hour: float, value: float | None) -> Reading:
    return Reading(indicator="i", district="a", at=DAY + hour * HOUR, value=value, num=value)


def row(hour: float, value: float | None) -> dict[str, object]:
    return {"at": DAY + hour * HOUR, "value": value, "num": value, "den": None, "quality": "GOOD"}


def test_what_stands_is_written_again_only_where_it_is_another():
    written = Written()
    written.add(row(0, 1.0))
    written.add(row(1.5, 2.0))

    assert not written.takes(reading(0, 1.0 + 1e-12), HOUR)
    assert not written.takes(reading(2, 2.0), HOUR)
    assert written.takes(reading(2.25, 3.0), HOUR)


def test_a_reading_stands_for_less_than_a_step():
    written = Written()
    written.add(row(0, 1.0))

    assert not written.takes(reading(0.9, 1.0), HOUR)
    assert written.takes(reading(1, 1.0), HOUR)


def test_what_was_just_written_stands_as_well():
    written = Written()
    written.add(row(0, 1.0))

    assert written.takes(reading(0, 5.0), HOUR)
    assert not written.takes(reading(0.5, 5.0), HOUR)
    assert written.takes(reading(0.75, 1.0), HOUR)


def test_an_unknown_value_is_written_only_over_a_known_one():
    written = Written()
    written.add(row(0, 1.0))

    assert written.takes(reading(0, None), HOUR)
    assert not written.takes(reading(0.5, None), HOUR)
    assert not written.takes(reading(5, None), HOUR)


def test_what_was_usual_is_taken_over_from_what_stood():
    written = Written()
    usual = {"centre": 1.0, "low": 0.0, "high": 2.0, "spread": 0.5, "weeks": 8}
    written.add(row(1, 1.0) | {f"usual_{name}": value for name, value in usual.items()})

    found = written.usual(DAY + HOUR)

    assert found is not None
    assert (found.centre, found.weeks) == (1.0, 8)
    assert written.usual(DAY) is None
