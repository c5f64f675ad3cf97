"""Long courses come from roll-ups, and tell what raw readings told."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import history
from history import schemas
from history.upkeep import Policy, Upkeep
from model import Quality, Reading

NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = NOW - 36 * DAY
ZONE = "America/Toronto"

pytestmark = pytest.mark.integration

ReadingMaker = Callable[..., Reading]


def settle(kept: history.History, now: datetime, **keep: timedelta) -> None:
    work = Upkeep(kept.engine, Policy(ZONE, keep=keep))
    for _ in range(400):
        if not work.step(now).is_behind:
            return
    raise AssertionError("upkeep does not come to an end")


def lived(reading: ReadingMaker) -> list[Reading]:
    """Return five weeks of readings, some hours without one, some told anew."""
    dice = random.Random(5)
    found = []
    for hour in range(36 * 24):
        for district in ("city", "d1"):
            for _ in range(dice.randrange(3)):
                at = START + (hour + dice.random()) * HOUR
                value = None if dice.random() < 0.1 else float(dice.randrange(100))
                more = {"district": district, "num": value, "n": dice.randrange(9)}
                first = reading(at, value, quality=dice.choice(list(Quality)), **more)
                found.append(first)
                if dice.random() < 0.1:
                    found.append(reading(at, 7.0, known_at=at + HOUR, **more))
    return found


def told(found: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    names = ("district", "at", "value", "num", "den", "n", "quality", "observed_at", "reason")
    return [tuple(row[name] for name in names) for row in found]


def test_a_long_course_is_the_same_from_roll_ups_and_stays_when_raw_readings_go(
    kept: history.History, reading: ReadingMaker, monkeypatch: pytest.MonkeyPatch
):
    kept.append_readings(lived(reading))
    settle(kept, NOW - DAY)  # the last day is not rolled up
    asked: list[datetime] = []
    raw = kept.readings

    def listen(indicator: str, **span: Any) -> list[dict[str, Any]]:
        asked.append(span["start"])
        return raw(indicator, **span)

    monkeypatch.setattr(kept.series.__self__, "_readings", listen)  # type: ignore[attr-defined]
    span: dict[str, Any] = {"start": START, "end": NOW}
    whole = {}
    for step in (HOUR, 6 * HOUR, DAY, 7 * DAY):
        for district in (None, "d1"):
            expected = told(raw("env.pm25", resolution=step, district=district, **span))
            whole[step, district] = expected
            found = kept.series("env.pm25", resolution=step, district=district, **span)
            assert told(found) == expected
            assert found[0].keys() == raw("env.pm25", **span)[0].keys()
    assert min(asked) > NOW - 9 * DAY  # only what was not rolled up yet

    settle(kept, NOW - DAY, readings=12 * DAY)
    assert raw("env.pm25", start=START, end=NOW - 14 * DAY) == []
    for (step, district), expected in whole.items():
        found = kept.series("env.pm25", resolution=step, district=district, **span)
        assert told(found) == expected


def test_short_fine_odd_or_old_knowledge_is_asked_of_raw_readings(
    kept: history.History, reading: ReadingMaker
):
    kept.append_readings(lived(reading))
    settle(kept, NOW)
    for more in (
        {"start": NOW - 20 * DAY, "resolution": HOUR},
        {"start": START, "resolution": HOUR / 4},
        {"start": START + HOUR / 4, "resolution": HOUR},
        {"start": START, "resolution": HOUR, "known_at": NOW - 5 * DAY},
        {"start": START, "resolution": None},
    ):
        found = kept.series("env.pm25", end=NOW, **more)
        assert found == kept.readings("env.pm25", end=NOW, **more)
        assert len(found) > 100


def test_days_tell_what_hours_no_longer_do(kept: history.History, reading: ReadingMaker):
    kept.append_readings(lived(reading))
    settle(kept, NOW)
    short = {"readings": 12 * DAY, "readings_hourly": 20 * DAY}
    settle(kept, NOW, **short)
    since = kept.kept_since()[schemas.READINGS_HOURLY.name]
    assert since > START

    days = kept.series("env.pm25", district="city", start=START, end=NOW, resolution=DAY)
    hours = kept.series("env.pm25", district="city", start=START, end=NOW, resolution=HOUR)

    assert {row["at"] for row in days} >= {START + n * DAY for n in range(1, 35)}
    assert min(row["at"] for row in hours) >= since
