"""What only Delta tables have: files, a log of commits, checkpoints."""

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import history
from history.columns import arrow
from history.marks import Mark
from history.schemas import OBSERVATIONS, VERSION
from history.tables import Table
from model import Fact, Observation

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

pytestmark = pytest.mark.integration

ObservationMaker = Callable[..., Observation]


@pytest.fixture
def kept(folder: Path) -> Iterator[history.History]:
    opened = history.open(folder, writer=True)
    yield opened
    opened.close()


def numbered(facts: list[Fact], start: int = 0) -> list[tuple[str, Fact]]:
    return [(f"1700000000000-{start + n}", fact) for n, fact in enumerate(facts)]


def test_marks_survive_checkpoints_compaction_and_reopening(
    kept: history.History, observation: ObservationMaker
):
    for n in range(12):
        kept.append_facts(numbered([observation(n)], n))
    before = kept.observations(NOW)

    merged = kept.compact()
    kept.close()
    again = history.open(kept.engine.folder, writer=True)

    assert merged["observations"] == 12
    assert again.sizes()["observations"][0] == 1
    assert again.append_facts(numbered([observation(n) for n in range(12)])) == 0
    assert sorted(again.observations(NOW), key=str) == sorted(before, key=str)
    again.close()


def test_a_newer_schema_is_refused(kept: history.History):
    log = kept.engine.folder / "readings" / "_delta_log" / "00000000000000000000.json"
    kept.close()
    log.write_text(
        log.read_text("utf-8").replace(f"schema {VERSION}", f"schema {VERSION + 1}"), "utf-8"
    )

    with pytest.raises(history.TooNew, match=f"readings has schema {VERSION + 1}"):
        history.open(kept.engine.folder, writer=True)


def test_old_log_entries_and_replaced_files_stay_for_readers(
    kept: history.History, observation: ObservationMaker
):
    kept.append_facts(numbered([observation(1)]))
    kept.append_facts(numbered([observation(2)], 1))
    files = set((kept.engine.folder / "observations").rglob("*.parquet"))

    kept.compact()

    assert files <= set((kept.engine.folder / "observations").rglob("*.parquet"))
    log = sorted((kept.engine.folder / "observations" / "_delta_log").glob("*.json"))
    assert json.loads(log[0].read_text("utf-8").splitlines()[0])


def test_a_writer_that_looked_before_another_wrote_is_refused(
    kept: history.History, observation: ObservationMaker
):
    rows = arrow(OBSERVATIONS, [observation(1)])
    slow, quick = (Table(kept.engine.folder, OBSERVATIONS, is_writable=True) for _ in range(2))
    assert slow.last_mark("0:0") is None
    quick.last_mark("0:0")
    quick.append(rows, source="0:0", mark=Mark.of("5-0"))

    with pytest.raises(history.HistoryError, match="oncurrent"):
        slow.append(rows, source="0:0", mark=Mark.of("5-0"))

    assert slow.last_mark("0:0") == Mark.of("5-0")
    assert kept.counts()["observations"] == 1


def test_a_broken_file_is_told_and_not_skipped(
    kept: history.History, observation: ObservationMaker
):
    kept.append_facts(numbered([observation(1)]))
    part = next((kept.engine.folder / "observations").rglob("*.parquet"))
    part.write_bytes(b"gone")

    with pytest.raises(history.HistoryError, match="does not answer"):
        kept.observations(NOW)


def test_a_copy_of_logs_then_files_is_whole_beside_a_writer(
    kept: history.History, observation: ObservationMaker, tmp_path: Path
):
    is_done = threading.Event()

    def write() -> None:
        n = 0
        while not is_done.is_set():
            kept.append_facts(numbered([observation(n * 10 + i) for i in range(10)], n * 10))
            n += 1

    kept.append_facts([("1-0", observation(10**6 + i)) for i in range(1)], shard="first")
    writer = threading.Thread(target=write)
    writer.start()
    copy = tmp_path / "copy" / "observations"
    shutil.copytree(kept.engine.folder / "observations" / "_delta_log", copy / "_delta_log")
    shutil.copytree(kept.engine.folder / "observations", copy, dirs_exist_ok=True, ignore=_no_log)
    is_done.set()
    writer.join(30)

    restored = history.open(tmp_path / "copy", writer=False)
    n_rows = restored.counts()["observations"]
    assert n_rows % 10 == 1
    assert len(restored.observations(NOW)) == n_rows
    restored.close()


def _no_log(_: str, names: list[str]) -> set[str]:
    return {"_delta_log"} & set(names)
