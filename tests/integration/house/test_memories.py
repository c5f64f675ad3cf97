"""Backups made beside a house at work, brought back elsewhere; a history moved by command."""

import argparse
import json
import re
import shutil
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import history
import store
from history import schemas
from history.backups import sha256
from house import lock, memory
from house.calls import add
from model import Case, Fact, Observation, Reading
from store import embedded
from tests import postgres_servers as postgres

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)

pytestmark = pytest.mark.integration


def call(*words: str, data: Path, redis_url: str | None = None) -> tuple[int, list[str]]:
    """Give a command to a house; return its exit code and what it said."""

    parser = argparse.ArgumentParser()
    add(parser.add_subparsers(dest="call"))
    said: list[str] = []
    code = memory.run(
        parser.parse_args(words),
        memory.Memories(
            data=data,
            redis_url=redis_url,
            history_place=str(data / "history"),
            city="toy",
            pack_hash="abc",
            settings=("PORT",),
            now=NOW,
            say=said.append,
        ),
    )
    return code, said


class House:
    """A store, a history and a worker that takes facts from one into the other, all the time."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.server = embedded.start(data)
        self.store = store.open(self.server.url)
        self.history = history.open(data / "history", writer=True)
        self.n_given = 0
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._give), threading.Thread(target=self._keep)]

    def begin(self) -> None:
        for thread in self._threads:
            thread.start()

    def _give(self) -> None:
        while not self._over.is_set():
            at = NOW + timedelta(seconds=self.n_given)
            facts: list[Fact] = [
                Observation(
                    feed_id="air",
                    site_id=f"s{self.n_given}.{n}",
                    quantity="pm25",
                    value=1.0,
                    unit="µg/m³",
                    observed_at=at,
                    fetched_at=at,
                    known_at=at,
                )
                for n in range(20)
            ]
            facts.append(
                Case(
                    feed_id="311",
                    case_id=f"c{self.n_given}",
                    opened_at=at,
                    fetched_at=at,
                    known_at=at,
                )
            )
            self.store.add_facts(facts)
            self.store.save_memory("air", {"cursor": self.n_given})
            self.n_given += 1
            time.sleep(0.01)  # a feed is not asked all the time

    def _keep(self) -> None:
        epoch = self.store.epoch()
        while not self._over.is_set() or self.store.backlog() != store.Backlog(0, 0):
            items = self.store.read_facts("worker", count=200, block_ms=50)
            if items:
                self.history.append_facts(items, epoch=epoch)
                self.history.append_readings(
                    [
                        Reading(
                            indicator="x",
                            district="city",
                            at=items[-1][1].known_at or NOW,
                            value=1.0,
                            known_at=items[-1][1].known_at,
                        )
                    ]
                )
                self.store.ack([name for name, _ in items])

    def end(self) -> None:
        if self._over.is_set():
            return
        self._over.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(30)
        self.history.close()
        self.store.close()
        self.server.stop()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    found = House(tmp_path / "one")
    yield found
    found.end()


@pytest.fixture
def postgres_url() -> Iterator[str]:
    for server in postgres.lent():
        yield server.url()


def until_kept(house: House, n_rows: int) -> None:
    deadline = time.monotonic() + 30
    while house.history.counts()["cases"] < n_rows:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def observed(kept: history.History, known_at: datetime | None = None) -> list[str]:
    return sorted(map(repr, kept.observations(NOW, known_at=known_at)))


@pytest.mark.parametrize("name", ["saved", "saved.tar"])
def test_a_backup_beside_a_house_at_work_comes_back_as_it_was_and_goes_on(
    house: House, tmp_path: Path, name: str
):
    house.begin()
    until_kept(house, 15)
    then = NOW + timedelta(seconds=10)
    as_of_then = observed(house.history, then)

    code, said = call("backup", str(tmp_path / name), data=house.data)
    assert (code, said[-1]) == (0, f"saved to {tmp_path / name}")
    n_saved = house.n_given
    until_kept(house, n_saved + 10)
    house.end()

    other = tmp_path / "other"
    code, said = call("restore", str(tmp_path / name), data=other)
    assert (code, said[-1]) == (0, "restored; start the house")
    kept = history.open(other / "history", writer=True)
    counts = kept.counts()
    assert counts["observations"] == 20 * counts["cases"]  # entries are whole
    assert 10 < counts["cases"] <= n_saved + 1
    assert observed(kept, then) == as_of_then

    server = embedded.start(other)
    opened = store.open(server.url)
    cursor = opened.memory("air")["cursor"]
    epoch = opened.epoch()
    while items := opened.read_facts("worker", count=500, block_ms=0):
        kept.append_facts(items, epoch=epoch)
        opened.ack([name for name, _ in items])
    n_cases = kept.counts()["cases"]
    assert len({c.case_id for c in kept.cases(NOW)}) == n_cases  # nothing twice
    assert {c.case_id for c in kept.cases(NOW)} == {f"c{n}" for n in range(n_cases)}  # nor missing
    assert n_cases > cursor
    opened.close()
    server.stop()
    kept.close()


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A backup of a small house."""
    house = House(tmp_path / "small")
    (house.data / "secret.key").write_text("k" * 32)
    house.begin()
    until_kept(house, 3)
    assert call("backup", str(tmp_path / "saved"), data=house.data)[0] == 0
    house.end()
    return tmp_path / "saved"


def test_a_backup_names_settings_and_holds_no_secret(saved: Path):
    told = json.loads((saved / "manifest.json").read_text("utf-8"))

    assert (told["city"], told["pack"], told["settings"]) == ("toy", "abc", ["PORT"])
    assert told["history"]["schema"] == schemas.VERSION
    assert told["history"]["tables"]["cases"]["rows"] >= 3
    assert not (saved / "secret.key").exists()
    assert all(b"k" * 32 not in path.read_bytes() for path in saved.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda s: next(s.rglob("*.parquet")).write_bytes(b"PAR1"), "damaged: .*parquet"),
        (lambda s: next(s.rglob("*.parquet")).unlink(), "damaged: .*parquet is missing"),
        (lambda s: (s / "store.jsonl.gz").write_bytes(b""), "damaged: store.jsonl.gz"),
        (lambda s: (s / "manifest.json").write_text("{}"), "damaged: manifest.json"),
        (lambda s: (s / "manifest.json").unlink(), "manifest.json is missing"),
        (shutil.rmtree, "no such folder or file"),
    ],
)
def test_a_damaged_backup_is_refused_and_touches_nothing(
    saved: Path, tmp_path: Path, damage: Any, said: str
):
    damage(saved)

    code, lines = call("restore", str(saved), data=tmp_path / "other")

    assert code == 1
    assert re.search(said, lines[-1])
    assert not (tmp_path / "other" / "history").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda told: told.update(format=99), "format 99.*use a newer one"),
        (lambda told: told["history"].update(schema=99), "schema 99.*use a newer one"),
    ],
)
def test_a_newer_backup_is_refused(saved: Path, tmp_path: Path, change: Any, said: str):
    path = saved / "manifest.json"
    told = json.loads(path.read_text("utf-8"))
    change(told)
    path.write_text(json.dumps(told), "utf-8")
    (saved / "manifest.sha256").write_text(sha256(path))

    code, lines = call("restore", str(saved), data=tmp_path / "other")

    assert code == 1
    assert re.search(said, lines[-1])


def test_a_running_house_and_a_full_place_are_refused_without_force(saved: Path, tmp_path: Path):
    other = tmp_path / "other"
    with lock.hold(other, "http://here"):
        code, lines = call("restore", str(saved), data=other)
        assert (code, "stop it first" in lines[-1]) == (1, True)
    assert call("restore", str(saved), data=other)[0] == 0
    before = history.open(other / "history", writer=True)
    counts = before.counts()
    before.append_pack("more", {}, at=NOW)
    before.close()

    code, lines = call("restore", str(saved), data=other)
    assert (code, "not empty" in lines[-1], "--force" in lines[-1]) == (1, True, True)
    assert call("restore", str(saved), "--force", data=other)[0] == 0

    after = history.open(other / "history", writer=False)
    assert after.counts() == counts
    after.close()


def test_the_key_is_saved_and_brought_back_where_asked_alone(tmp_path: Path):
    house = House(tmp_path / "small")
    (house.data / "secret.key").write_text("k" * 32)
    place, other = str(tmp_path / "saved"), tmp_path / "other"
    assert call("backup", place, "--with-key", data=house.data)[0] == 0
    house.end()

    assert call("restore", place, data=other)[0] == 0

    assert (other / "secret.key").read_text() == "k" * 32
    assert (other / "secret.key").stat().st_mode & 0o077 == 0


def test_nothing_is_overwritten_and_no_store_is_no_backup(saved: Path, tmp_path: Path):
    assert call("backup", str(saved), data=tmp_path / "small")[0] == 1
    code, lines = call("backup", str(tmp_path / "new"), data=tmp_path / "small")

    assert code == 1
    assert "no store runs" in lines[-1]
    assert not (tmp_path / "new").exists()


def test_a_history_is_moved_by_command_and_back(tmp_path: Path, postgres_url: str):
    first, second = f"delta:{tmp_path / 'a'}", f"delta:{tmp_path / 'b'}"
    kept = history.open(first, writer=True)
    kept.append_pack("abc", {}, at=NOW)
    kept.append_readings(
        [
            Reading(indicator="x", district="city", at=NOW - n * HOUR, value=float(n), known_at=NOW)
            for n in range(50)
        ]
    )
    kept.close()

    there, said = call("migrate", "--from", first, "--to", postgres_url, data=tmp_path)
    back, _ = call("migrate", "--from", postgres_url, "--to", second, data=tmp_path)
    again, _ = call("migrate", "--from", postgres_url, "--to", second, data=tmp_path)

    assert (there, back, again) == (0, 0, 0)
    assert "readings: 50 of 50 rows" in said
    assert any("counted and summed: the same" in line for line in said)
    moved = history.open(second, writer=False)
    assert len(moved.readings("x", start=NOW - 60 * HOUR, end=NOW + HOUR)) == 50
    moved.close()


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        ("delta:{0}/none", "delta:{0}/b", "no history is at"),
        ("delta:{0}/a", "delta:{0}/a", "the same place"),
        ("oracle:x", "delta:{0}/b", "names no history that is known"),
    ],
)
def test_a_move_that_makes_no_sense_is_refused(tmp_path: Path, source: str, target: str, said: str):
    words = ("migrate", "--from", source.format(tmp_path), "--to", target.format(tmp_path))

    code, lines = call(*words, data=tmp_path)

    assert code == 1
    assert said in lines[-1]


def test_a_move_beside_a_worker_is_refused(house: House, tmp_path: Path):
    house.history.append_pack("abc", {}, at=NOW)
    words = ("migrate", "--from", str(house.data / "history"), "--to", str(tmp_path / "b"))

    code, lines = call(*words, data=tmp_path)

    assert code == 1
    assert "another process writes" in lines[-1]
