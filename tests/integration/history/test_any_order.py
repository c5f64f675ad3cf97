"""A day of facts and readings that come late, revised, doubled and in any order, beside upkeep."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

import history
from history import schemas
from history.rollups import Bins, worked_out
from history.sealing import SEAL_AFTER, tidied
from history.upkeep import Policy, Upkeep
from model import Fact, Observation, Quality, Reading

DAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
INSTANTS = [DAY + n * HOUR for n in range(25)] + [DAY + n * 24 * HOUR for n in (2, 3, 5, 9)]

pytestmark = pytest.mark.integration

ObservationMaker = Callable[..., Observation]
ReadingMaker = Callable[..., Reading]
HOURS, DAYS = schemas.READINGS_HOURLY, schemas.READINGS_DAILY
Told = tuple[float | None, Quality]
Versions = dict[tuple[str, datetime], dict[datetime, Told]]


def versions(dice: random.Random, names: list[str]) -> Versions:
    """Draw what was told of each thing, and when: some is corrected, and back again, days later."""
    found: Versions = {}
    for name in names:
        for _ in range(12):
            at = DAY + dice.randrange(24 * 60) * MINUTE
            told = found.setdefault((name, at), {})
            known_at = at
            for _ in range(dice.choice([1, 1, 2, 3, 6])):
                wait = dice.choice([1, 5, 60, 600, 3000, 9000])
                known_at += dice.randrange(1, wait + 1) * MINUTE
                value = dice.choice([None, 0.0, 1.0, 2.0])
                told[known_at] = (value, dice.choice([Quality.GOOD, Quality.UNCERTAIN]))
    return found


def as_known(told: Versions, known_at: datetime) -> dict[tuple[str, datetime], Told]:
    """The right answer, in plain Python."""
    return {
        place: known[max(at for at in known if at <= known_at)]
        for place, known in told.items()
        if min(known) <= known_at
    }


def arrivals(dice: random.Random, told: Versions) -> list[tuple[datetime, str, datetime, datetime]]:
    """When each version is written, some twice: up to two days after it was known, in no order."""
    found = []
    for (name, at), known in told.items():
        for known_at in known:
            for _ in range(dice.choice([1, 1, 2])):
                delay = dice.choice([0.0, 0.01, 0.5, 0.99]) * dice.random() * SEAL_AFTER
                found.append((known_at + delay, name, at, known_at))
    dice.shuffle(found)
    return sorted(found, key=lambda one: one[0])


def settle(work: Upkeep, now: datetime) -> None:
    for n in range(100):
        if not work.step(now + n * MINUTE).is_behind:
            return
    raise AssertionError("upkeep does not come to an end")


@pytest.mark.parametrize("seed", [1, 2])
def test_any_order_gives_the_same_now_and_the_right_then_at_every_hour(
    kept: history.History,
    observation: ObservationMaker,
    reading: ReadingMaker,
    seed: int,
    is_long: bool,
):
    dice = random.Random(seed + (100 if is_long else 0))
    seen = versions(dice, ["s1", "s2", "s3"])
    measured = versions(dice, ["d1", "d2", "city"])
    coming = [(*one, True) for one in arrivals(dice, seen)]
    coming += [(*one, False) for one in arrivals(dice, measured)]
    coming.sort(key=lambda one: one[0])
    work = Upkeep(kept.engine, Policy("America/Toronto"))
    done = {"seals": 0, "steps": 0, "compactions": 0}
    number = 0
    while coming:
        size = dice.randrange(1, 10)
        batch, coming = coming[:size], coming[size:]
        now = batch[-1][0] + MINUTE
        facts: list[tuple[str, Fact]] = []
        readings = []
        for _, name, at, known_at, is_seen in batch:
            value, quality = (seen if is_seen else measured)[name, at][known_at]
            told = {"value": value, "quality": quality, "known_at": known_at}
            if is_seen:
                fact = observation(site_id=name, observed_at=at, fetched_at=now, **told)
                facts.append((f"5-{number}", fact))
                number += 1
            else:
                readings.append(reading(at, district=name, **told))
        kept.append_facts(facts)
        kept.append_readings(readings)
        match dice.randrange(6):
            case 0:
                for shape in (schemas.OBSERVATIONS, schemas.READINGS):
                    tidy = tidied(shape, now - SEAL_AFTER)
                    kept.engine.rewrite(shape, tidy, since=DAY, until=DAY + 24 * HOUR)
                done["seals"] += 1
            case 1:
                work.step(now)
                done["steps"] += 1
            case 2:
                kept.compact()
                done["compactions"] += 1

    assert all(done.values()), done
    for known_at in [*INSTANTS, None]:
        right = known_at or datetime(9999, 1, 1, tzinfo=UTC)
        found = kept.observations(DAY, DAY + 24 * HOUR, known_at=known_at)
        assert {(o.site_id, o.observed_at): (o.value, o.quality) for o in found} == as_known(
            seen, right
        )
        rows = kept.readings("env.pm25", start=DAY, end=DAY + 24 * HOUR, known_at=known_at)
        assert {(r["district"], r["at"]): (r["value"], r["quality"]) for r in rows} == as_known(
            measured, right
        )
    settle(work, DAY + 60 * 24 * HOUR)
    for shape, bins in ((HOURS, Bins(DAY, HOUR, 25)), (DAYS, Bins(DAY + 5 * HOUR, 24 * HOUR))):
        assert worked_out(kept.engine, shape, bins, {}).num_rows == 0  # the roll-ups are right
        assert kept.counts()[shape.name] > 0
    n_versions = sum(len(known) for known in seen.values())
    assert kept.counts()["observations"] >= n_versions // 2
