"""Late, revised and doubled facts: the record as corrected now, and as it was known then."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import history
from metrics import INDICATORS, Scope, Window, measure
from model import CITY, Case, District, Fact, Feed, Observation
from pipeline.diary import Diary
from pipeline.measuring import Measurer, Stock
from pipeline.revising import NOTE, Reviser, _aged
from store import MemoryStore

pytestmark = pytest.mark.integration

START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
STEP = timedelta(minutes=15)
NAMES = ("env.pm25", "env.river", "srv.new", "srv.backlog", "srv.overdue")
SOME = [INDICATORS[name] for name in NAMES]
AIR = Feed(id="air", kind="file", gives="observation", every=HOUR, latency=timedelta(minutes=10))
RIVER = Feed(id="river", kind="file", gives="observation", every=STEP)
REQUESTS = Feed(id="311", kind="file", gives="case", every=STEP)
FEEDS = (AIR, RIVER, REQUESTS)
SCOPE = Scope(
    districts=(
        District(id="a", name="A", short="A", population=100_000),
        District(id="b", name="B", short="B", population=50_000),
    ),
    references={("flood_stage", "g"): 10.0},
)


def seen(feed: str, quantity: str, site: str, at: datetime, value: float) -> Observation:
    return Observation(
        feed_id=feed,
        site_id=site,
        quantity=quantity,
        value=value,
        unit="",
        observed_at=at,
        fetched_at=at,
        district_id="a" if site.endswith("1") else "b",
    )


def truth(dice: random.Random) -> list[tuple[datetime, Fact]]:
    """A day and a half of a small city: when each fact is known, and the fact as it is at last."""
    known: list[tuple[datetime, Fact]] = []
    for hour in range(36):
        at = START + hour * HOUR
        known += [
            (at + timedelta(minutes=10), seen("air", "pm25", f"s{n}", at, dice.uniform(2, 40)))
            for n in (1, 2)
        ]
        known += [
            (at + n * STEP, seen("river", "river_level", "g", at + n * STEP, dice.uniform(1, 12)))
            for n in range(4)
        ]
    for n in range(200):
        opened = START + timedelta(minutes=dice.randrange(36 * 60))
        closed = opened + timedelta(minutes=dice.randrange(20, 2000))
        case = Case(
            feed_id="311",
            case_id=f"c{n}",
            opened_at=opened,
            fetched_at=opened,
            due_at=opened + 8 * HOUR,
            district_id=dice.choice("ab"),
        )
        known.append((opened + timedelta(minutes=5), case))
        known.append(
            (
                closed + timedelta(minutes=5),
                replace(case, status="closed", closed_at=closed, updated_at=closed),
            )
        )
    return known


def disturbed(
    known: Sequence[tuple[datetime, Fact]], dice: random.Random
) -> list[tuple[datetime, Fact]]:
    """The same facts as they arrive: some late, some first wrong, some twice, in any order."""
    arrivals: list[tuple[datetime, Fact]] = []
    for at, fact in known:
        fate = dice.random()
        late = at + timedelta(minutes=dice.randrange(60, 900))
        if fate < 0.1:
            arrivals.append((late, fact))
        elif fate < 0.2 and isinstance(fact, Observation):
            arrivals += [(at, replace(fact, value=fact.value + 5)), (late, fact)]
        elif fate < 0.3:
            arrivals += [(at, fact), (late, fact)]
        else:
            arrivals.append((at, fact))
    dice.shuffle(arrivals)
    return in_order_of_versions(sorted(arrivals, key=lambda pair: pair[0]))


def in_order_of_versions(arrivals: list[tuple[datetime, Fact]]) -> list[tuple[datetime, Fact]]:
    """A source that has told of a closing does not tell afterwards that the case is open."""
    closed: set[tuple[str, ...]] = set()
    kept = []
    for at, fact in arrivals:
        if isinstance(fact, Case) and fact.status == "closed":
            closed.add(fact.key)
        elif fact.key in closed:
            continue
        kept.append((at, fact))
    return kept


class Room:
    """The stages of the worker that matter here, driven by hand."""

    def __init__(self, folder: Path) -> None:
        self.history = history.open(folder, writer=True)
        self.store, self.stock = MemoryStore(), Stock()
        self.measurer = Measurer(SOME, SCOPE)
        self.diary = Diary(self.history, {i.id: i for i in SOME})
        self.reviser = Reviser(self.history, self.store, SOME, FEEDS, SCOPE)
        self.shown: dict[tuple[str, str], float | None] = {}
        self.count = 0

    def hear(self, facts: Sequence[Fact], now: datetime) -> None:
        admitted = [replace(fact, known_at=now) for fact in self.store.admit(facts)]
        if not admitted:
            return
        numbered = []
        for fact in admitted:
            self.count += 1
            numbered.append((f"{self.count}-0", fact))
        self.history.append_facts(numbered)
        known = self.stock.window
        self.stock.take(admitted)
        self.reviser.note(known, admitted)

    def tick(self, now: datetime) -> None:
        feeds = {
            name: replace(feed, last_observed_at=now)
            for name, feed in self.reviser._states().items()
        }
        fresh = self.measurer.step(*self.stock.look(), feeds, now)
        self.shown.update({(r.indicator, r.district): r.value for r in fresh})
        self.diary.note(fresh, ())
        self.diary.write(now)

    def mend(self, now: datetime) -> int:
        count = 0
        for _ in range(10_000):
            count += self.reviser.step(self.stock.window, now)
            if not self.reviser._queue and not self.reviser._touched:
                return count
        raise AssertionError("there is no end to it")


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path / "history")
    yield made
    made.history.close()


def standing(room: Room, name: str, at: datetime, known_at: datetime | None) -> dict[str, float]:
    rows = room.history.readings(
        name, start=at - timedelta(days=3), end=at + timedelta(seconds=1), known_at=known_at
    )
    found = {row["district"]: row for row in sorted(rows, key=lambda row: row["at"])}
    return {place: row["value"] for place, row in found.items()}


def live(room: Room, arrivals: list[tuple[datetime, Fact]], until: datetime) -> dict:
    """Let the day pass; return what was shown at each hour."""
    shown, waiting, now = {}, list(arrivals), START
    while now <= until:
        heard = [fact for at, fact in waiting if at <= now]
        waiting = [(at, fact) for at, fact in waiting if at > now]
        room.hear(heard, now)
        room.tick(now)
        if now.minute == 0:
            shown[now] = dict(room.shown)
        if now.minute == 30:
            room.mend(now)
        if now.hour % 6 == 5 and now.minute == 45:
            room.history.compact()
        now += STEP
    room.mend(now)
    return shown


@pytest.mark.parametrize("seed", [1, 2])
def test_a_day_in_any_order_is_the_same_as_corrected_now_and_right_as_known_then(room, seed):
    dice = random.Random(seed)
    facts = truth(dice)
    until = START + 56 * HOUR

    shown = live(room, disturbed(facts, dice), until)

    whole = Window.build(
        [f for _, f in facts if isinstance(f, Observation)],
        [replace(f, known_at=at) for at, f in facts if isinstance(f, Case)],
    )
    compared = 0
    for hour in range(3, 36):
        at = START + hour * HOUR + STEP  # values of the hour are there, and were on time
        for indicator in SOME:
            scope = replace(SCOPE, feed_age=room.reviser._states())
            right = {
                r.district: _aged(r, scope.feed_age, indicator)
                for r in measure(indicator, whole, at, scope)
            }
            now_known = standing(room, indicator.id, at, None)
            for place, reading in right.items():
                if reading.value is not None:
                    compared += 1
                    assert now_known[place] == pytest.approx(reading.value), (
                        indicator.id,
                        place,
                        at,
                    )
    assert compared > 300
    for at, values in shown.items():
        for indicator in SOME:
            then = standing(room, indicator.id, at, at)
            for place, value in then.items():
                assert value == pytest.approx(values[indicator.id, place]), (indicator.id, at)


def test_a_late_value_is_written_as_a_later_version_of_its_hour(room):
    at = START + 12 * HOUR
    for hour in range(-23, 1):
        value = 10.0 + (-1) ** hour  # a sensor that always says the same would be stuck
        room.hear([seen("air", "pm25", "s1", at + hour * HOUR, value)], at + hour * HOUR)
    room.tick(at + STEP)
    mended = at + 6 * HOUR

    room.hear([seen("air", "pm25", "s1", at, 22.0)], mended)
    written = room.mend(mended)

    before = room.history.readings(
        "env.pm25", district=CITY, start=at, end=mended, known_at=at + HOUR
    )
    after = room.history.readings("env.pm25", district=CITY, start=at, end=mended)
    assert written
    assert [row["value"] for row in before] == pytest.approx([10.0])
    assert after[0]["at"] == before[0]["at"]
    assert after[0]["value"] == pytest.approx(10.0 + 11 / 24)
    assert after[0]["known_at"] == mended


def test_a_fact_that_is_years_late_is_kept_and_shakes_nothing(room):
    at = START + 12 * HOUR
    for hour in range(-23, 1):
        value = 10.0 + (-1) ** hour  # a sensor that always says the same would be stuck
        room.hear([seen("air", "pm25", "s1", at + hour * HOUR, value)], at + hour * HOUR)
    room.tick(at)
    before = {key: (r.value, r.quality) for key, r in room.measurer.raw.items()}
    old = at - timedelta(days=1200)
    case = Case(
        feed_id="311",
        case_id="old",
        opened_at=old,
        closed_at=old + HOUR,
        status="closed",
        fetched_at=at,
        district_id="a",
    )

    room.hear([seen("air", "pm25", "s1", old, 900.0), case], at)
    room.mend(at)
    written = [r for r in room.history.readings("env.pm25", start=old, end=at) if r["at"] < at]
    room.tick(at + timedelta(seconds=5))

    air = {key: (r.value, r.quality) for key, r in room.measurer.raw.items() if "pm25" in key[0]}
    assert written == []
    assert before[("env.pm25", CITY)][0] == pytest.approx(10.0)
    assert air == {key: value for key, value in before.items() if "pm25" in key[0]}
    assert [o.value for o in room.history.observations(old, old + HOUR)] == [900.0]
    assert [c.case_id for c in room.history.cases(old)] == ["old"]


def test_what_is_still_to_be_measured_survives_a_restart(room):
    at = START + 12 * HOUR
    room.hear([seen("river", "river_level", "g", at, 4.0)], at)
    room.tick(at)
    room.hear([seen("river", "river_level", "g", at, 6.0)], at + HOUR)

    again = Reviser(room.history, room.store, SOME, FEEDS, SCOPE)
    again.restore()
    again.step(room.stock.window, at + HOUR)

    rows = room.history.readings("env.river", district=CITY, start=at, end=at + HOUR)
    assert rows[0]["value"] == pytest.approx(60.0)
    assert room.store.memory(NOTE) == {"hours": {}, "standing_from": None}
