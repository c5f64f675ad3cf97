"""Forecasts of real cities against last week's value; quick, for they are short records."""

import os
import statistics
from pathlib import Path

import pytest

import metrics
from bench.forecast import real
from metrics.forecast import measured

pytestmark = pytest.mark.realdata

DEFAULT = Path(metrics.__file__).parents[2] / "shared/data"
ROOT = Path(os.environ.get("BARTIZAN_REALDATA") or DEFAULT)


def test_most_real_courses_are_foretold_better_than_by_last_week(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BARTIZAN_REALDATA", str(ROOT))
    errors = [
        measured(values, slots, season, horizon) for _, values, slots, season, horizon in real()
    ]
    if len(errors) < 3:
        pytest.skip(f"no three records under {ROOT}; set BARTIZAN_REALDATA")

    assert statistics.median(error.mase or 9.0 for error in errors) < 1
    assert statistics.median(error.relative or 9.0 for error in errors) < 0.9
    assert statistics.median(error.coverage or 0.0 for error in errors) > 0.85
