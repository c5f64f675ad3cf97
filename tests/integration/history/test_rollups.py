"""Readings rolled up by hour and by day of the city, against sums done by hand."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

import history
from history import schemas
from history.columns import rows
from history.rollups import Bins, roll
from history.upkeep import Policy, Upkeep
from model import Quality, Reading, Usual

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
ZONE = "America/Toronto"
STANDS = {"env.pm25": timedelta(minutes=10)}

pytestmark = pytest.mark.integration

ReadingMaker = Callable[..., Reading]


def upkeep(kept: history.History, **other: object) -> Upkeep:
    return Upkeep(kept.engine, Policy(ZONE, stands=STANDS, **other))  # type: ignore[arg-type]


def settle(work: Upkeep, now: datetime) -> int:
    """Call until nothing is left; return how many rows of roll-ups were written."""
    n_rows = 0
    for _ in range(200):
        done = work.step(now)
        n_rows += done.rolled
        if not done.is_behind:
            return n_rows
    raise AssertionError("upkeep does not come to an end")


def rolled(kept: history.History, shape: schemas.Shape) -> dict[tuple[str, str, datetime], dict]:
    """The newest version of every row of a roll-up."""
    names = ", ".join(f'"{name}"' for name in shape.columns.names)
    table = kept.engine.ask(
        f"select {names} from {kept.engine.relation(shape)} as r order by known_at", {}
    )
    return {(row["indicator"], row["district"], row["at"]): row for row in rows(table)}


def test_an_hour_weighs_each_reading_by_the_time_it_stood(
    kept: history.History, reading: ReadingMaker
):
    usual = Usual(centre=1.0, low=0.0, high=2.0, spread=1.0, weeks=8)
    kept.append_readings(
        [
            reading(NOW - 4 * MINUTE, 10.0),  # stands for 6 minutes of the next hour
            reading(NOW + 6 * MINUTE, 20.0),  # stands for 10, then nothing is known
            reading(NOW + 30 * MINUTE, 999.0, known_at=NOW),  # superseded
            reading(NOW + 30 * MINUTE, 50.0, known_at=NOW + 31 * MINUTE),  # stands for 4
            reading(NOW + 34 * MINUTE, None, quality=Quality.NODATA),  # 10 minutes unknown
            reading(NOW + 50 * MINUTE, 30.0, num=3.0, den=0.1, n=7, usual=usual, reason="few"),
        ]
    )

    settle(upkeep(kept), NOW + 2 * HOUR)

    found = rolled(kept, schemas.READINGS_HOURLY)
    assert {at for _, _, at in found} == {NOW - HOUR, NOW}
    row = found["env.pm25", "city", NOW]
    sound = 6 * 10.0 + 10 * 20.0 + 4 * 50.0 + 10 * 30.0
    assert row["mean"] == pytest.approx(sound / 30)
    assert (row["low"], row["high"]) == (10.0, 50.0)
    assert row["stood"] == pytest.approx(40 * 60)
    assert row["bad"] == pytest.approx(0.25)
    assert row["readings"] == 4
    last = {name: row[name] for name in ("value", "num", "den", "n", "usual_high", "reason")}
    assert last == {
        "value": 30.0,
        "num": 3.0,
        "den": 0.1,
        "n": 7,
        "usual_high": 2.0,
        "reason": "few",
    }
    assert row["last_at"] == NOW + 50 * MINUTE
    assert found["env.pm25", "city", NOW - HOUR]["mean"] == 10.0


def test_what_was_never_sound_has_no_mean(kept: history.History, reading: ReadingMaker):
    kept.append_readings([reading(NOW, 5.0, quality=Quality.STALE)])

    settle(upkeep(kept), NOW + 2 * HOUR)

    (row,) = rolled(kept, schemas.READINGS_HOURLY).values()
    assert (row["mean"], row["low"], row["high"]) == (None, None, None)
    assert (row["bad"], row["quality"], row["value"]) == (1.0, "STALE", 5.0)


def test_a_day_is_the_citys_and_waits_until_it_is_over(
    kept: history.History, reading: ReadingMaker
):
    # Toronto put its clocks forward on 8 March 2026: the day lasts from 05:00 to 04:00 UTC.
    start, end = datetime(2026, 3, 8, 5, tzinfo=UTC), datetime(2026, 3, 9, 4, tzinfo=UTC)
    times = [start - MINUTE, start, end - MINUTE, end]
    kept.append_readings([reading(at, float(n)) for n, at in enumerate(times)])
    work = upkeep(kept)

    settle(work, end - HOUR)
    early = set(rolled(kept, schemas.READINGS_DAILY))
    settle(work, end + 6 * MINUTE)

    city = ("env.pm25", "city")
    assert early == {(*city, start - 24 * HOUR)}
    found = rolled(kept, schemas.READINGS_DAILY)
    assert set(found) == {(*city, start - 24 * HOUR), (*city, start)}
    day = found[*city, start]
    assert (day["readings"], day["low"], day["high"], day["value"]) == (2, 1.0, 2.0, 2.0)
    assert day["stood"] == pytest.approx(11 * 60)


def test_a_second_sweep_writes_nothing(kept: history.History, reading: ReadingMaker):
    dice = random.Random(5)
    kept.append_readings(
        [
            reading(NOW + n * 7 * MINUTE, dice.uniform(0, 1), district=f"d{n % 3}")
            for n in range(400)
        ]
    )
    end = NOW + 60 * HOUR
    n_rows = settle(upkeep(kept), end)
    counts = kept.counts()

    again = settle(upkeep(kept), end + 10 * MINUTE)

    assert n_rows == counts["readings_hourly"] + counts["readings_daily"]
    assert n_rows > 100
    assert again == 0
    assert kept.counts()["readings_hourly"] == counts["readings_hourly"]


def test_a_late_revision_changes_its_hour_and_its_day_alone(
    kept: history.History, reading: ReadingMaker
):
    kept.append_readings([reading(NOW + n * HOUR, 1.0) for n in range(72)])
    end = NOW + 100 * HOUR
    work = upkeep(kept)
    settle(work, end)
    before = kept.counts()
    revised = NOW + 30 * HOUR

    kept.append_readings([reading(revised, 7.0, known_at=end + HOUR)])
    n_rows = settle(work, end + 2 * HOUR)

    assert n_rows == 2
    assert kept.counts()["readings_hourly"] == before["readings_hourly"] + 1
    hours, days = rolled(kept, schemas.READINGS_HOURLY), rolled(kept, schemas.READINGS_DAILY)
    assert hours["env.pm25", "city", revised]["mean"] == 7.0
    assert {row["high"] for row in days.values()} == {1.0, 7.0}
    assert sum(row["high"] == 7.0 for row in days.values()) == 1


def reference(readings: list[Reading], hour: datetime) -> dict[str, float | int | None] | None:
    """The roll-up of one hour of one series, second by second in plain Python."""
    newest: dict[datetime, Reading] = {}
    for each in sorted(readings, key=lambda r: r.known_at or NOW):
        newest[each.at] = each
    times = sorted(newest)
    inside = [at for at in times if hour <= at < hour + HOUR]
    if not inside:
        return None
    sums, seconds, frozen, values = 0.0, 0.0, 0.0, []
    for at, after in zip(times, [*times[1:], datetime.max.replace(tzinfo=UTC)], strict=True):
        begins, ends = max(at, hour), min(after, at + STANDS["env.pm25"], hour + HOUR)
        if ends <= begins:
            continue
        stood, each = (ends - begins).total_seconds(), newest[at]
        if each.value is None or each.quality.is_frozen:
            frozen += stood
        else:
            sums, seconds = sums + each.value * stood, seconds + stood
            values.append(each.value)
    return {
        "mean": sums / seconds if seconds else None,
        "low": min(values, default=None),
        "high": max(values, default=None),
        "stood": seconds + frozen,
        "bad": frozen / (seconds + frozen),
        "readings": len(inside),
        "value": newest[inside[-1]].value,
    }


def test_random_hours_are_what_plain_sums_say(kept: history.History, reading: ReadingMaker):
    dice = random.Random(11)
    everything: dict[str, list[Reading]] = {}
    for district in ("city", "d1", "d2"):
        mine = everything[district] = []
        for _ in range(120):
            at = NOW + timedelta(seconds=dice.randrange(0, 12 * 3600))
            quality = dice.choice([Quality.GOOD, Quality.GOOD, Quality.LATE, Quality.STALE])
            value = None if dice.random() < 0.1 else dice.uniform(-5, 5)
            mine.append(reading(at, value, district=district, quality=quality))
            if dice.random() < 0.2:
                mine.append(reading(at, 9.0, district=district, known_at=at + 5 * HOUR))
    flat = [each for mine in everything.values() for each in mine]
    dice.shuffle(flat)
    hours = schemas.READINGS_HOURLY
    for start in range(0, len(flat), 60):  # in pieces, rolled up in between
        kept.append_readings(flat[start : start + 60])
        now = NOW + 20 * HOUR + start * MINUTE
        roll(kept.engine, hours, Bins(NOW, HOUR, 13), STANDS, now=now)
    found = rolled(kept, hours)

    checked = 0
    for district, mine in everything.items():
        for number in range(12):
            hour = NOW + number * HOUR
            expected, row = reference(mine, hour), found.get(("env.pm25", district, hour))
            if expected is None:
                assert row is None
                continue
            assert row is not None
            assert {name: row[name] for name in expected} == pytest.approx(expected)
            checked += 1
    assert checked > 30
