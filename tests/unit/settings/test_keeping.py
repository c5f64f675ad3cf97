"""How long the long memory keeps what."""

from datetime import timedelta

import pytest

from settings import SettingsError, read


def test_what_is_kept_for_how_long_by_default():
    keep = read({}).keep

    assert keep["observations"] == timedelta(days=400)
    assert keep["readings_hourly"] == timedelta(days=5 * 366)
    assert keep["readings_daily"] is None
    assert keep["feed_changes"] == keep["alert_events"] == timedelta(days=400)


def test_days_weeks_years_and_for_ever_are_understood():
    found = {"RETENTION_READINGS": "20w", "RETENTION_HOURLY": "forever", "RETENTION_DAILY": "9y"}

    keep = read(found).keep

    assert keep["readings"] == timedelta(weeks=20)
    assert keep["readings_hourly"] is None
    assert keep["readings_daily"] == timedelta(days=9 * 366)


@pytest.mark.parametrize("text", ["400", "0d", "1h", "-5d", "1.5y", "all", "400 d", "999999d"])
def test_what_is_no_span_is_refused_by_name_with_what_is_allowed(text):
    with pytest.raises(SettingsError, match=f"RETENTION_CASES={text}: use days.*400d.*forever"):
        read({"RETENTION_CASES": text})


@pytest.mark.parametrize(
    ("name", "text", "least"),
    [
        ("RETENTION_OBSERVATIONS", "35d", "36d"),
        ("RETENTION_READINGS", "9w", "64d"),
        ("RETENTION_HOURLY", "9w", "64d"),
        ("RETENTION_DAILY", "1y", "400d"),
        ("RETENTION_ALERTS", "1y", "400d"),
        ("RETENTION_NOTICES", "5w", "36d"),
        ("RETENTION_CASES", "119d", "120d"),
    ],
)
def test_what_is_too_short_is_refused_with_the_least(name, text, least):
    with pytest.raises(SettingsError, match=f"{name}={text}: .*at least {least}"):
        read({name: text})
