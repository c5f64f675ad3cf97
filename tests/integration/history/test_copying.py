"""A history moved to another engine: whole, once, and the same."""

import random
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

import history
from history import copying
from history.base import Engine
from history.copying import migrate, tallies
from history.schemas import OBSERVATIONS, PACKS, SHAPES
from tests import postgres_servers as postgres
from tests.integration.history import filled
from tests.integration.history.filled import DAY, NOW

pytestmark = pytest.mark.integration

Pair = tuple[history.History, history.History]


@pytest.fixture(params=["to postgresql", "to delta", "delta to delta"])
def pair(
    request: pytest.FixtureRequest, postgres_server: postgres.Server, tmp_path: Path
) -> Iterator[Pair]:
    """A full history and an empty one."""
    places: list[Path | str] = {
        "to postgresql": [tmp_path / "a", postgres_server.url()],
        "to delta": [postgres_server.url(), tmp_path / "b"],
        "delta to delta": [tmp_path / "a", tmp_path / "b"],
    }[request.param]
    source, target = (history.open(place, writer=True) for place in places)
    filled.fill(source)
    yield source, target
    source.close()
    target.close()


def silent(_: str, __: int, ___: int) -> None:
    """Tell nobody."""


def test_a_copy_answers_as_its_source_and_takes_nothing_twice(pair: Pair):
    source, target = pair
    told: list[tuple[str, int, int]] = []

    found = migrate(source.engine, target.engine, name="a", tell=lambda *a: told.append(a))

    assert filled.answers(target) == filled.answers(source)
    assert found[PACKS.name, "2026-03"].n_rows == 1
    assert {month for table, month in found if table == "observations"} == {
        "2025-12",
        "2026-01",
        "2026-02",
        "2026-03",
    }
    n_rows = source.counts()["observations"]
    assert ("observations", n_rows, n_rows) in told
    assert target.append_facts(filled.facts(600), shard=0, epoch=7) == 0
    assert target.append_chunk([f for _, f in filled.facts(20)], source="past", chunk=3) == 0
    assert target.last_id(0, epoch=7) == source.last_id(0, epoch=7)


class PowerCutError(Exception):
    """The power went."""


def test_a_copy_that_was_cut_off_goes_on_where_it_stopped(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(copying, "BATCH", 5)  # a day in pieces
    source, target = pair
    dice = random.Random(4)
    n_appended, runs = 0, 0
    append = target.engine.append

    def counted(*args: object, **kwargs: object) -> None:
        nonlocal n_appended, left
        left -= 1
        if left < 0:
            raise PowerCutError
        append(*args, **kwargs)  # type: ignore[arg-type]
        n_appended += args[1].num_rows  # type: ignore[attr-defined]

    monkeypatch.setattr(target.engine, "append", counted)
    while True:
        runs, left = runs + 1, dice.randrange(20, 45)
        try:
            migrate(source.engine, target.engine, name="a", tell=silent)
        except PowerCutError:
            continue
        break

    assert runs > 2
    assert n_appended == sum(source.counts().values())
    assert filled.answers(target) == filled.answers(source)


def test_a_target_that_holds_something_else_is_refused(pair: Pair):
    source, target = pair
    target.append_pack("other", {}, at=NOW)

    with pytest.raises(history.HistoryError, match="not empty, it holds packs"):
        migrate(source.engine, target.engine, name="a", tell=silent)

    assert target.counts()["observations"] == 0


def test_a_copy_of_another_source_is_refused(pair: Pair):
    source, target = pair
    migrate(source.engine, target.engine, name="a", tell=silent)

    with pytest.raises(history.HistoryError, match="not empty"):
        migrate(source.engine, target.engine, name="b", tell=silent)


def test_a_copy_that_was_changed_is_told(pair: Pair):
    source, target = pair
    migrate(source.engine, target.engine, name="a", tell=silent)
    month = NOW.replace(day=1, hour=0)

    def changed(rows):  # type: ignore[no-untyped-def]
        values = rows["value"].to_pylist()
        values[0] = 1234.5
        place = rows.schema.get_field_index("value")
        return rows.set_column(place, "value", [values])

    target.engine.rewrite(OBSERVATIONS, changed, since=month, until=month + 2 * DAY)

    with pytest.raises(history.HistoryError, match=r"differs .* observations 2026-03"):
        migrate(source.engine, target.engine, name="a", tell=silent)


def test_a_snapshot_stays_as_it_was_whatever_is_written_tidied_and_dropped(pair: Pair):
    source, _ = pair
    engine: Engine = source.engine
    before = tallies_of(engine)
    with engine.snapshot() as view:
        marks = {shape.name: view.marks(shape) for shape in SHAPES}
        source.append_facts([("1800000000000-0", filled.facts(1)[0][1])], shard=0, epoch=7)
        source.append_readings([])
        with (
            nullcontext()
            if engine.name == "delta"
            else pytest.raises(history.HistoryError, match="lock timeout")
        ):  # a month of PostgreSQL waits for who looks at it
            engine.drop(OBSERVATIONS, NOW - 10 * DAY)
        source.compact()

        assert tallies(view) == before
        assert {shape.name: view.marks(shape) for shape in SHAPES} == marks
    assert tallies_of(engine) != before
    assert marks["observations"].keys() == {"7:0", "0:chunk:past"}
    assert str(marks["observations"]["7:0"]) == "1700000000000-671"


def tallies_of(engine: Engine) -> dict[tuple[str, str], copying.Tally]:
    with engine.snapshot() as view:
        return tallies(view)
