"""Durations."""

# ruff: noqa: E501 - rows of cases read best whole

from datetime import timedelta

import pytest

from cities.problems import nearest
from cities.words import duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("5m", 300), ("5min", 300), ("1h", 3600), ("1h 30m", 5400), ("3d", 259_200), ("2w", 1_209_600), (90, 90), (0, 0), ("1.5h", 5400)],
)  # fmt: skip
def test_a_duration_is_a_number_and_a_unit_or_seconds(text: str | int, seconds: int) -> None:
    assert duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "5", "m", "5 minutes", "-5m", -1, None, True, "5m x", "1h,30m", float("nan")]
)
def test_anything_else_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        duration(text)


def test_only_a_near_word_is_suggested() -> None:
    assert nearest("polulation", ["population", "name"]) == "; did you mean 'population'?"
    assert nearest("xyz", ["population"]) == ""
