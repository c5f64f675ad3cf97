"""Corrections of readings, on every engine."""

from collections.abc import Callable
from datetime import timedelta

import pytest

import history
from model import Reading
from tests.integration.history.conftest import NOW

pytestmark = pytest.mark.integration

HOUR = timedelta(hours=1)
ReadingMaker = Callable[..., Reading]


def test_a_reading_told_anew_says_what_it_said_before(
    kept: history.History, reading: ReadingMaker
) -> None:
    kept.append_readings(
        [
            reading(NOW, 1.0, num=1.0, n=1),
            reading(NOW, 2.0, num=2.0, n=2, known_at=NOW + HOUR),
            reading(NOW, None, known_at=NOW + 2 * HOUR),
            reading(NOW + HOUR, 5.0),
            reading(NOW + HOUR, 5.0, known_at=NOW + 3 * HOUR),
            reading(NOW, 7.0, district="d1"),
            reading(NOW, 8.0, district="d1", known_at=NOW + HOUR),
        ]
    )
    span = {"start": NOW, "end": NOW + 2 * HOUR}

    city = kept.revisions("env.pm25", district="city", **span)
    then = kept.revisions("env.pm25", district="city", known_at=NOW + HOUR, **span)
    everywhere = kept.revisions("env.pm25", **span)

    assert [(row["old_value"], row["value"]) for row in city] == [(2.0, None), (1.0, 2.0)]
    assert (city[1]["old_n"], city[1]["n"], city[1]["known_at"]) == (1, 2, NOW + HOUR)
    assert [(row["old_value"], row["value"]) for row in then] == [(1.0, 2.0)]
    assert [row["district"] for row in everywhere] == ["city", "city", "d1"]
    assert len(kept.revisions("env.pm25", most=1, **span)) == 1
    assert kept.revisions("env.no2", **span) == []
