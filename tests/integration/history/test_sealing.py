"""Sealed days: smaller, in order, and every answer as before, whoever appends meanwhile."""

import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

import history
from history import schemas, sealing
from history.notes import Notes
from history.sealing import seal
from history.upkeep import Policy, Upkeep
from model import Fact, Observation, Reading

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = NOW.replace(hour=0)
HOUR = timedelta(hours=1)
ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.integration

ObservationMaker = Callable[..., Observation]
ReadingMaker = Callable[..., Reading]


def numbered(facts: list[Fact], start: int = 0) -> list[tuple[str, Fact]]:
    return [(f"1700000000000-{start + n}", fact) for n, fact in enumerate(facts)]


def seal_day(kept: history.History, shape: schemas.Shape = schemas.OBSERVATIONS) -> sealing.Seal:
    return seal(kept.engine, shape, DAY, Notes(kept.engine), now=NOW + 72 * HOUR)


def content(kept: history.History, known_at: datetime | None = None) -> set[tuple[object, ...]]:
    return {
        (o.site_id, o.quantity, o.observed_at, o.value, o.quality, o.district_id)
        for o in kept.observations(DAY, known_at=known_at)
    }


def test_redeliveries_go_and_the_first_telling_stays(
    kept: history.History, observation: ObservationMaker
):
    first = observation(1)
    again = replace(first, known_at=NOW + HOUR, fetched_at=NOW + HOUR)
    kept.append_facts(numbered([first, again, replace(again, known_at=NOW + 2 * HOUR)]))
    kept.append_facts(numbered([first, again], 3))

    done = seal_day(kept)

    assert (done.n_before, done.n_after) == (5, 1)
    assert kept.observations(DAY) == [first]
    assert kept.observations(DAY, known_at=NOW) == [first]


def test_a_value_that_was_corrected_and_corrected_back_keeps_its_three_versions(
    kept: history.History, observation: ObservationMaker
):
    values = [(0, 10.0), (1, 12.0), (2, 10.0), (3, 10.0)]
    facts: list[Fact] = [
        observation(1, value=value, known_at=NOW + at * HOUR) for at, value in values
    ]
    kept.append_facts(numbered(facts))

    done = seal_day(kept)

    assert done.n_after == 3
    told = [kept.observations(DAY, known_at=NOW + at * HOUR)[0].value for at, _ in values]
    assert told == [10.0, 12.0, 10.0, 10.0]


def test_what_follows_two_versions_of_one_instant_decides_and_stays(
    kept: history.History, observation: ObservationMaker
):
    first, other = observation(1, value=1.0), observation(1, value=2.0)
    decides = replace(first, known_at=NOW + HOUR)
    kept.append_facts(numbered([first, other, decides]))

    seal_day(kept)

    assert kept.counts()["observations"] == 3
    assert kept.observations(DAY) == [decides]


def test_missing_values_and_other_columns_tell_versions_apart(
    kept: history.History, observation: ObservationMaker
):
    later = {"known_at": NOW + HOUR}
    facts: list[Fact] = [
        observation(1, value=None),
        observation(1, value=0.0, **later),
        observation(2, district_id=None),
        observation(2, district_id="d1", **later),
        observation(3, value=None),
        observation(3, value=None, **later),  # the same: it goes
    ]
    kept.append_facts(numbered(facts))

    assert seal_day(kept).n_after == 5


def test_readings_of_a_day_are_sealed_too(kept: history.History, reading: ReadingMaker):
    same = [reading(NOW, 1.0, feeds=("a", "b"), known_at=NOW + at * HOUR) for at in range(3)]
    kept.append_readings([*same, reading(NOW, 1.0, feeds=("a",), known_at=NOW + 3 * HOUR)])

    done = seal_day(kept, schemas.READINGS)

    assert (done.n_before, done.n_after) == (4, 2)


def test_a_sealed_day_lies_in_order(folder: Path, observation: ObservationMaker):
    kept = history.open(folder, writer=True)
    dice = random.Random(1)
    facts: list[Fact] = [
        observation(dice.randrange(20), quantity=dice.choice(["a", "b"]), observed_at=at)
        for at in (DAY + n * timedelta(minutes=1) for n in range(1400))
    ]
    for start in range(0, 1400, 100):
        kept.append_facts(numbered(facts[start : start + 100], start))

    seal_day(kept)

    assert kept.sizes()["observations"][0] == 1
    names = sealing.SEALED["observations"].key
    rows = kept.engine.ask(
        f"select {', '.join(names)} from {kept.engine.relation(schemas.OBSERVATIONS)} as o", {}
    ).to_pylist()
    places = [tuple(row[name] for name in names) for row in rows]
    assert places == sorted(places)
    kept.close()


def test_a_large_day_is_sealed_in_pieces(
    kept: history.History, observation: ObservationMaker, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sealing, "PIECE", 100)
    facts: list[Fact] = [
        observation(n % 3, observed_at=DAY + n // 3 * timedelta(seconds=101)) for n in range(1000)
    ]
    kept.append_facts(numbered([*facts, *facts]))
    before = content(kept)

    done = seal_day(kept)

    assert (done.n_before, done.n_after) == (2000, 1000)
    assert content(kept) == before


def test_rows_appended_while_a_day_is_sealed_are_kept(
    kept: history.History, place: Path | str, observation: ObservationMaker
):
    guest = history.open(place, writer=False, guest=True)
    kept.append_facts(numbered([observation(n % 50) for n in range(100)]))
    seen: list[int] = []
    tidy = sealing.tidied(schemas.OBSERVATIONS)

    def slowly(table: pa.Table) -> pa.Table:
        if not seen:  # between what was read and what is written
            guest.append_chunk([observation(n) for n in range(60, 70)], source="past", chunk=0)
        seen.append(table.num_rows)
        return tidy(table)

    kept.engine.rewrite(schemas.OBSERVATIONS, slowly, since=DAY, until=DAY + 24 * HOUR)

    assert seen[0] == 100
    assert {o.site_id for o in kept.observations(DAY)} == {
        f"s{n}" for n in (*range(50), *range(60, 70))
    }
    assert kept.counts()["observations"] == 60
    guest.close()


def test_sealing_beside_guests_that_append_to_the_same_day_loses_nothing(
    kept: history.History, place: Path | str, observation: ObservationMaker
):
    guest = history.open(place, writer=False, guest=True)
    faults: list[Exception] = []

    def fill() -> None:
        try:
            for chunk in range(8):
                facts = [observation(chunk * 10 + n, quantity="no2") for n in range(10)]
                guest.append_chunk(facts, source="past", chunk=chunk)
                time.sleep(0.05)  # a back-fill computes in between
        except history.HistoryError as error:
            faults.append(error)

    filler = threading.Thread(target=fill)
    filler.start()
    n = 0
    while filler.is_alive():
        kept.append_facts(numbered([observation(n)], n))
        seal_day(kept)
        n += 1
    filler.join(30)
    seal_day(kept)

    assert faults == []
    assert n > 1
    assert kept.counts()["observations"] == 80 + n
    guest.close()


SEALER = """
import sys
from datetime import datetime, timedelta
import history
from history import schemas
from history.notes import Notes
from history.sealing import seal
place, day = sys.argv[1], datetime.fromisoformat(sys.argv[2])
kept = history.open(place, writer=True)
print("ready", flush=True)
while True:
    for shape in (schemas.OBSERVATIONS, schemas.READINGS):
        kept.engine.rewrite(
            shape,
            lambda rows: rows.take(list(reversed(range(rows.num_rows)))),
            since=day,
            until=day + timedelta(days=1),
        )
        seal(kept.engine, shape, day, Notes(kept.engine), now=day + timedelta(days=3))
        print("sealed", flush=True)
"""


def test_a_kill_in_the_middle_of_sealing_changes_no_answer(
    kept: history.History,
    place: Path | str,
    observation: ObservationMaker,
    reading: ReadingMaker,
    is_long: bool,
):
    facts: list[Fact] = [
        observation(n % 400, value=float(n // 800), known_at=NOW + n // 400 * HOUR)
        for n in range(4000)
    ]
    kept.append_facts(numbered(facts))
    kept.append_readings([reading(NOW, 1.0, district=f"d{n}") for n in range(500)])
    asked = [None, NOW, NOW + 3 * HOUR]
    before = [content(kept, known_at) for known_at in asked]
    kept.close()
    dice = random.Random(2)
    for _ in range(12 if is_long else 3):
        worker = subprocess.Popen(
            [sys.executable, "-c", SEALER, str(place), DAY.isoformat()],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
        assert worker.stdout.readline() == "sealed\n"
        time.sleep(dice.uniform(0, 0.3))  # the random moment
        worker.kill()
        worker.wait()
        worker.stdout.close()

        again = history.open(place, writer=False)
        assert [content(again, known_at) for known_at in asked] == before
        assert len(again.readings("env.pm25", start=DAY, end=NOW + HOUR)) == 500
        again.close()


def test_each_day_is_sealed_once_and_again_when_rows_come_late(
    kept: history.History, observation: ObservationMaker
):
    work = Upkeep(kept.engine, Policy("America/Toronto"))
    now = NOW + timedelta(days=3)
    days = [DAY - timedelta(days=40), DAY - timedelta(days=1), DAY, DAY + timedelta(days=2)]
    kept.append_facts(
        numbered([observation(n, observed_at=at, known_at=at) for n, at in enumerate(days)])
    )

    def sealed() -> list[datetime]:
        found = []
        for _ in range(20):
            done = work.step(now)
            found += [done.sealed.day] if done.sealed else []
            if not done.is_behind:
                return found
        raise AssertionError("sealing does not come to an end")

    assert sealed() == days[:3]  # the last day is not surely over
    assert sealed() == []

    now += HOUR
    late = [DAY - timedelta(days=900), DAY - timedelta(days=1)]
    kept.append_facts(numbered([observation(9, observed_at=at, known_at=now) for at in late], 100))
    now += timedelta(minutes=1)
    assert sealed() == late
    assert sealed() == []

    again = Upkeep(kept.engine, Policy("America/Toronto"))
    assert again.step(now).sealed is None


def test_only_the_writer_may_tidy(kept: history.History, reading_room: history.History):
    assert Upkeep(kept.engine, Policy("UTC")).step(NOW).sealed is None
    with pytest.raises(history.HistoryError, match="only the writer"):
        Upkeep(reading_room.engine, Policy("UTC")).step(NOW)
