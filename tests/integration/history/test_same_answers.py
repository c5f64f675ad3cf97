"""Every named question gets the same answer from every engine.

The data are random, rich and the same for both: versions, doubles, gaps, texts that want quoting,
the hours at which clocks change, numbers at the edges.
"""

import math
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import history
from history import queries, schemas
from history.columns import rows
from history.copying import batches, days_of, read
from history.courses import Courses
from history.notes import Notes
from history.retention import WEEDS, over
from history.rollups import Bins, hours_touched, worked_out
from history.sealing import late_days, n_rows_of, next_day
from model import (
    AlertEvent,
    Case,
    Fact,
    FeedState,
    Notice,
    Observation,
    Quality,
    Reading,
    State,
    Usual,
)
from tests import postgres_servers as postgres

pytestmark = pytest.mark.integration

NOW = datetime(2026, 3, 9, 16, 30, tzinfo=UTC)  # Monday; clocks went forward on Sunday
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ZONE = "America/Toronto"
SQL = Path(queries.__file__).parent / "sql"

TEXTS = [
    "", " ", "a", "B", "_", "Z", "é", "e\u0301", "日本", "😀", 'q"uote', "a,b", "new\nline",
    "a\r\nb", "back\\slash", "\\N", "NULL", "null", "{a,b}", "it's", "tab\t", "--", "$1", "%s",
]  # fmt: skip
NUMBERS = [0.0, -0.0, 1.5, 0.1 + 0.2, 1e300, 5e-324, -17.25, 3.0]
EDGES = [math.inf, -math.inf, math.nan]
FAR = [datetime(1, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)]


class Dice(random.Random):
    """Draws fields of facts."""

    def text(self) -> str:
        return self.choice(TEXTS)

    def maybe(self, make: Callable[[], Any]) -> Any:
        return make() if self.random() < 0.6 else None

    def number(self) -> float:
        return self.choice(NUMBERS) if self.random() < 0.5 else self.uniform(-1e6, 1e6)

    def edge(self) -> float:
        return self.choice(EDGES) if self.random() < 0.1 else self.number()

    def instant(self, back: timedelta = 60 * DAY) -> datetime:
        return NOW - back * self.random()

    def texts(self) -> tuple[str, ...]:
        return tuple(self.text() for _ in range(self.randrange(3)))

    def quality(self) -> Quality:
        return self.choice(list(Quality))


def observations(dice: Dice) -> list[Observation]:
    found = []
    for _ in range(250):
        first = Observation(
            feed_id=dice.choice(["air", "é"]),
            site_id=dice.text(),
            quantity=dice.choice(["pm25", "no2", ""]),
            value=dice.maybe(dice.edge),
            unit=dice.text(),
            quality=dice.quality(),
            observed_at=dice.choice(FAR) if dice.random() < 0.05 else dice.instant(),
            published_at=dice.maybe(dice.instant),
            fetched_at=dice.instant(),
            known_at=dice.instant(),
            lat=dice.maybe(dice.number),
            lon=dice.maybe(dice.number),
            district_id=dice.maybe(dice.text),
        )
        found += versions(dice, first)
    return found


def versions(dice: Dice, first: Any) -> list[Any]:
    """Return a fact with corrections and doubles of it."""
    found = [first]
    for _ in range(dice.randrange(3)):
        changes = {"known_at": first.known_at + DAY * dice.random()}
        if hasattr(first, "value"):
            changes["value"] = dice.maybe(dice.number)
        found.append(type(first)(**{**_fields(first), **changes}))
    return found if dice.random() < 0.9 else found * 2


def _fields(item: Any) -> dict[str, Any]:
    return {name: getattr(item, name) for name in type(item).__dataclass_fields__}


def cases(dice: Dice) -> list[Case]:
    found = []
    for number in range(120):
        opened = dice.instant()
        known = opened + HOUR
        case = Case(
            feed_id="311",
            case_id=f"{dice.text()}{number}",
            opened_at=opened,
            fetched_at=known,
            known_at=known,
            due_at=dice.maybe(dice.instant),
            published_at=dice.maybe(dice.instant),
            service=dice.maybe(dice.text),
            department=dice.maybe(dice.text),
            channel=dice.maybe(dice.text),
            lat=dice.maybe(dice.number),
            district_id=dice.maybe(dice.text),
        )
        found.append(case)
        if dice.random() < 0.6:
            closed = opened + 20 * DAY * dice.random()
            change = {"status": "closed", "known_at": closed + HOUR, "updated_at": closed}
            change["closed_at"] = closed if dice.random() < 0.8 else None
            found.append(Case(**{**_fields(case), **change}))
    return found


def notices(dice: Dice) -> list[Notice]:
    found = []
    for number in range(60):
        issued = dice.instant()
        notice = Notice(
            feed_id="cap",
            notice_id=f"n{number}",
            headline=dice.text(),
            effective=issued + HOUR * dice.random(),
            fetched_at=issued,
            known_at=issued + HOUR,
            severity=dice.choice(["minor", "severe"]),
            status=dice.choice(["actual", "actual", "actual", "test"]),
            msg_type=dice.choice(["alert", "alert", "update", "cancel"]),
            event=dice.maybe(dice.text),
            expires=dice.maybe(lambda at=issued: at + 30 * DAY * dice.random()),
            published_at=dice.maybe(lambda at=issued: at),
            geometry=dice.maybe(lambda: "POLYGON((0 0,1 0,1 1,0 0))"),
            area=dice.maybe(dice.text),
            url=dice.maybe(dice.text),
            supersedes=tuple(f"n{dice.randrange(60)}" for _ in range(dice.randrange(2))),
            districts=dice.texts(),
            is_end_assumed=dice.random() < 0.5,
        )
        found += versions(dice, notice)
    return found


def readings(dice: Dice) -> list[Reading]:
    found = []
    hours = [NOW - timedelta(weeks=back) + HOUR * dice.uniform(-3, 3) for back in range(9)] * 6
    nights = [datetime(2026, 3, 8, 4, tzinfo=UTC) + timedelta(minutes=17 * n) for n in range(20)]
    for at in [*hours, *nights, *(dice.instant() for _ in range(300))]:
        is_usual = dice.random() < 0.5
        first = Reading(
            indicator=dice.choice(["env.pm25", "mob.speed", "é"]),
            district=dice.choice(["city", "d1", *TEXTS]),
            at=at,
            value=dice.maybe(dice.number),
            num=dice.maybe(dice.edge),
            den=dice.maybe(dice.number),
            n=dice.maybe(lambda: dice.randrange(10**12)),
            quality=dice.quality(),
            known_at=at + timedelta(seconds=dice.random()),
            observed_at=dice.maybe(dice.instant),
            usual=Usual(centre=1.5, low=-0.5, high=2.0, spread=0.1, weeks=7) if is_usual else None,
            z=dice.maybe(dice.edge),
            coverage=dice.maybe(dice.random),
            reason=dice.maybe(dice.text),
            site=dice.maybe(dice.text),
            feeds=dice.texts(),
        )
        found += versions(dice, first)
    return found


def rolled(dice: Dice) -> pa.Table:
    """Return hours of an indicator that no raw reading tells of, some worked out twice."""
    found = []
    for _ in range(300):
        at = (NOW - 50 * DAY * dice.random()).replace(minute=0, second=0, microsecond=0)
        row = {
            "indicator": "rolled",
            "district": dice.choice(["city", *TEXTS]),
            "at": at,
            "last_at": at + HOUR * dice.random(),
            "known_at": at + DAY * dice.random(),
            "value": dice.maybe(dice.number),
            "num": dice.maybe(dice.edge),
            "n": dice.maybe(lambda: dice.randrange(10**12)),
            "quality": dice.quality().value,
            "usual_low": dice.maybe(dice.number),
            "observed_at": dice.maybe(dice.instant),
            "reason": dice.maybe(dice.text),
        }
        found += [row, row | {"known_at": at + 2 * DAY, "value": 7.5}][: dice.randrange(1, 3)]
    return pa.Table.from_pylist(found, schema=HOURS.columns)


def _rolled_course(h: history.History, step: timedelta, **other: Any) -> None:
    """Ask for a course whose raw readings are said to have gone."""
    start, end = NOW.replace(minute=0) - 45 * DAY, NOW
    courses = Courses(h.engine, h.readings)
    courses._rolled(HOURS, "rolled", other.get("district"), start, end, step)


def events(dice: Dice) -> list[AlertEvent]:
    found, states = [], list(State)
    for key in ("r:city", "r:d1", "q:é", "q:site:a,b"):
        state, at = State.NORM, NOW - 50 * DAY
        for seq in range(1, 40):
            after, at = dice.choice(states), at + 3 * DAY * dice.random()
            found.append(
                AlertEvent(
                    event_id=f"{key}#{seq}",
                    at=at,
                    seq=seq,
                    key=key,
                    rule=key.partition(":")[0],
                    occurrence=dice.maybe(dice.text),
                    kind=dice.choice(["H1", "H0", "ACK", "HOLD", "SHELVE"]),
                    outcome=dice.choice(["applied", "applied", "noop"]),
                    from_state=state,
                    to_state=after,
                    actor=dice.text(),
                    annunciated=dice.random() < 0.5,
                    priority=dice.maybe(lambda: dice.randrange(4)),
                    value=dice.maybe(dice.edge),
                    limit=dice.maybe(dice.number),
                    quality=dice.maybe(dice.quality),
                    observed_at=dice.maybe(dice.instant),
                    reason=dice.maybe(dice.text),
                    comment=dice.maybe(dice.text),
                    suppressed=dice.choice([(), (), ("SHELVED",), ("OOS", "SHELVED")]),
                )
            )
            state = after
    return found + found[::7]


def feed_states(dice: Dice) -> Iterator[tuple[FeedState, datetime]]:
    for _ in range(60):
        state = FeedState(
            id=dice.choice(["air", "bikes", "é"]),
            kind="file",
            name="",
            gives="observation",
            state=dice.quality(),
            due_every=HOUR,
            last_observed_at=dice.maybe(dice.instant),
            last_fetched_at=dice.maybe(dice.instant),
            last_error=dice.maybe(dice.text),
            last_error_at=dice.maybe(dice.instant),
            accepted=dice.randrange(10**10),
        )
        yield state, dice.instant()


def fill_with(kept: history.History, seed: int) -> None:
    dice = Dice(seed)
    facts: list[Fact] = [*observations(dice), *cases(dice), *notices(dice)]
    dice.shuffle(facts)
    for start in range(0, len(facts), 200):
        part = facts[start : start + 200]
        kept.append_facts([(f"1700000000000-{start + n}", fact) for n, fact in enumerate(part)])
    kept.append_readings(readings(dice))
    kept.engine.append(HOURS, rolled(dice))
    kept.append_alert_events(events(dice))
    for state, known_at in feed_states(dice):
        kept.append_feed_changes([state], known_at=known_at)
    for number in range(4):
        kept.append_pack(f"h{number}", {"é.toml": str(number)}, at=NOW - number * 9 * DAY)


@dataclass
class Ear:
    """An engine that keeps what was asked and answered."""

    engine: Any
    answers: list[pa.Table] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    def ask(self, sql: str, values: Mapping[str, Any]) -> pa.Table:
        answer = self.engine.ask(sql, values)
        self.answers.append(answer)
        return answer


@dataclass(frozen=True)
class Pair:
    """The same history on two engines."""

    one: history.History
    other: history.History

    def answers(self, question: "Question") -> list[list[pa.Table]]:
        ears = [Ear(self.one.engine), Ear(self.other.engine)]
        for ear in ears:
            question(history.History(ear))
        return [ear.answers for ear in ears]


Question = Callable[[history.History], object]


def _pair(server: postgres.Server, folder: Path) -> Pair:
    return Pair(
        history.open(folder / "delta", writer=True), history.open(server.url(), writer=True)
    )


@pytest.fixture(scope="module")
def full(
    postgres_server: postgres.Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    pair = _pair(postgres_server, tmp_path_factory.mktemp("full"))
    for kept in (pair.one, pair.other):
        fill_with(kept, 20260308)
    yield pair
    pair.one.close()
    pair.other.close()


@pytest.fixture(scope="module")
def empty(
    postgres_server: postgres.Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    pair = _pair(postgres_server, tmp_path_factory.mktemp("empty"))
    yield pair
    pair.one.close()
    pair.other.close()


HOURS, DAYS = schemas.READINGS_HOURLY, schemas.READINGS_DAILY
STANDS = {"env.pm25": HOUR / 6, "mob.speed": HOUR / 6, "é": HOUR / 2, "it's": 9 * HOUR}


def _noted(h: history.History) -> None:
    if not h.engine.is_writer or h.is_empty():
        Notes(h.engine).kept_since()
        return
    Notes(h.engine).note("drop", schemas.CASES, NOW - 90 * DAY, now=NOW, n_rows=3)
    assert h.kept_since() == {"cases": NOW - 90 * DAY}


def _all_rows(h: history.History, shape: schemas.Shape) -> None:
    for batch in batches(h.engine, shape):
        read(h.engine, shape, batch)


SPAN: Any = {"start": NOW - 40 * DAY, "end": NOW}
TIMES = [NOW - 55 * DAY, NOW - 20 * DAY, NOW - DAY, NOW + DAY]

QUESTIONS: dict[str, list[Question]] = {
    "observations": [
        lambda h: h.observations_table(FAR[0]),
        lambda h: h.observations_table(NOW - 30 * DAY, NOW - 10 * DAY, known_at=NOW - 20 * DAY),
        lambda h: h.observations_table(NOW - 30 * DAY, quantities=["pm25", ""]),
        lambda h: h.observations_table(NOW - 30 * DAY, quantities=[]),
    ],
    "cases": [
        *(lambda h, t=t: h.cases_table(t) for t in TIMES),
        *(lambda h, t=t: h.cases_table(NOW - 30 * DAY, known_at=t) for t in TIMES),
    ],
    "notices": [*(lambda h, t=t: h.notices(t, known_at=NOW - 5 * DAY) for t in TIMES)],
    "readings": [
        lambda h: h.readings("env.pm25", **SPAN),
        lambda h: h.readings("é", district='q"uote', start=FAR[0], end=FAR[1]),
        lambda h: h.readings("mob.speed", known_at=NOW - 9 * DAY, **SPAN),
        lambda h: h.readings("it's none", **SPAN),
    ],
    "readings_binned": [
        lambda h: h.readings("env.pm25", resolution=HOUR, **SPAN),
        lambda h: h.readings("mob.speed", resolution=timedelta(minutes=7), **SPAN),
        lambda h: h.readings(
            "é",
            start=NOW - 40 * DAY + timedelta(microseconds=123457),
            end=NOW,
            resolution=timedelta(days=3),
        ),
    ],
    "baseline": [
        lambda h: h.baseline_rows(NOW, timezone=ZONE),
        lambda h: h.baseline_rows(NOW - HOUR, timezone=ZONE, indicators=["env.pm25"], weeks=5),
        lambda h: h.baseline_rows(NOW, timezone=ZONE, known_at=NOW - 9 * DAY),
    ],
    "alert_events": [
        lambda h: h.alert_events(),
        lambda h: h.alert_events("é"),
        lambda h: h.alert_events(key="q:é", since=NOW - 20 * DAY),
    ],
    "feed_changes": [lambda h: h.feed_changes(), lambda h: h.feed_changes("é", since=NOW - DAY)],
    "packs": [lambda h: h.packs()],
    "latest": [
        *(lambda h, t=t: h.latest(t) for t in TIMES),
        lambda h: h.latest(NOW, known_at=NOW - DAY, indicators=["é", "mob.speed"]),
    ],
    "cases_at": [*(lambda h, t=t: h.cases_at(t, known_at=NOW - 2 * DAY) for t in TIMES)],
    "notices_at": [*(lambda h, t=t: h.notices_at(t) for t in TIMES)],
    "feeds_at": [*(lambda h, t=t: h.feeds_at(t) for t in TIMES)],
    "alert_events_alive": [*(lambda h, t=t: h.events_alive(t) for t in TIMES)],
    "packs_at": [*(lambda h, t=t: h.pack_at(t) for t in TIMES)],
    "revisions": [lambda h: h.revisions("env.pm25", **SPAN)],
    "rollup": [
        lambda h: worked_out(
            h.engine, HOURS, Bins(NOW.replace(minute=0) - 20 * DAY, HOUR, 480), {}
        ),
        lambda h: worked_out(
            h.engine, HOURS, Bins(NOW - 30 * DAY, HOUR, 700), {"é": 60 * HOUR / 60 / 7}
        ),
        lambda h: worked_out(h.engine, DAYS, Bins(NOW - 9 * DAY, DAY - HOUR), STANDS),
    ],
    "rollup_touched": [
        *(
            lambda h, t=t: hours_touched(h.engine, known_since=t, since=FAR[0], until=NOW)
            for t in TIMES
        ),
    ],
    "series_rolled": [
        lambda h: _rolled_course(h, HOUR),
        lambda h: _rolled_course(h, 36 * HOUR, district="city"),
    ],
    "upkeep": [_noted],
    "days": [*(lambda h, s=s: days_of(h.engine, s) for s in schemas.SHAPES)],
    "rows": [*(lambda h, s=s: _all_rows(h, s) for s in schemas.SHAPES)],
    "first_row": [lambda h: next_day(h.engine, schemas.OBSERVATIONS, Notes(h.engine), NOW)],
    "count_rows": [lambda h: n_rows_of(h.engine, schemas.READINGS, NOW - 9 * DAY, NOW)],
    "late_days": [*(lambda h, t=t: late_days(h.engine, schemas.READINGS, t, NOW) for t in TIMES)],
    **{
        f"over_{weed.shape.name}": [*(lambda h, w=weed, t=t: over(h.engine, w, t) for t in TIMES)]
        for weed in WEEDS
    },
}
"""What is asked of each named question (the name of its file)."""

IN_NO_ORDER = {"observations", "cases", "notices", "rows", *(f"over_{w.shape.name}" for w in WEEDS)}
SUMMED = {"baseline", "rollup"}  # sums of floats depend on the order in which they are added


def test_every_question_is_compared():
    assert set(QUESTIONS) == {path.stem for path in SQL.glob("*.sql")}


@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_a_question_gets_the_same_answer_everywhere(
    name: str, full: Pair, empty: Pair, monkeypatch: pytest.MonkeyPatch
):
    used: set[str] = set()
    read = queries.template
    monkeypatch.setattr(queries, "template", lambda asked: used.add(asked) or read(asked))
    n_rows = 0
    for question in QUESTIONS[name]:
        one, other = full.answers(question)
        n_rows += sum(table.num_rows for table in one)
        for left, right in zip(one, other, strict=True):
            compare(left, right, name)
        for left, right in zip(*empty.answers(question), strict=True):
            assert left.schema == right.schema
            assert left.num_rows == right.num_rows
    assert name in used
    assert n_rows > 0


def compare(left: pa.Table, right: pa.Table, name: str) -> None:
    assert left.schema == right.schema
    answers = [rows(left), rows(right)]
    if name in IN_NO_ORDER:
        answers = [sorted(some, key=repr) for some in answers]
    assert len(answers[0]) == len(answers[1])
    for one, other in zip(*answers, strict=True):
        for column, value in one.items():
            assert is_same(value, other[column], is_near=name in SUMMED), (column, one, other)


def is_same(left: Any, right: Any, *, is_near: bool) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        if math.isnan(left) or math.isnan(right):
            return math.isnan(left) and math.isnan(right)
        return math.isclose(left, right, rel_tol=1e-12) if is_near else left == right
    return bool(left == right)


def test_a_difference_would_be_seen():
    table = pa.table({"value": [1.0, math.nan], "at": [NOW, None]})
    compare(table, table, "readings")
    for other in (
        table.slice(1),
        table.set_column(0, "value", pa.array([1.0 + 1e-15 * 3, math.nan])),
        table.set_column(0, "value", pa.array([1, None])),
        table.rename_columns(["value", "when"]),
    ):
        with pytest.raises(AssertionError):
            compare(table, other, "readings")
