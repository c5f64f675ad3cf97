"""Moves, saves and brings back the memories."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import history
from history import HistoryError
from history.copying import migrate
from house import backups
from store import StoreError

GOOD, BAD_INPUT = 0, 1
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Memories:
    """Where a house keeps what it knows, and what of it a backup names.

    ``redis_url`` is ``None`` where the store is the embedded one; ``settings`` are the names of
    those that are set, never their values.
    """

    data: Path
    redis_url: str | None
    history_place: str
    city: str
    pack_hash: str
    settings: tuple[str, ...]
    now: datetime
    say: Say


def run(wanted: argparse.Namespace, house: Memories) -> int:
    """Do what was asked; return the exit code: 0 good, 1 refused or failed, with the reason."""
    try:
        if wanted.call == "migrate":
            _migrate(wanted.source, wanted.target, house.say)
        elif wanted.call == "backup":
            place = backups.place_of(house.redis_url, house.data)
            told = backups.About(house.city, house.pack_hash, house.settings, house.now)
            key = house.data / "secret.key" if wanted.with_key else None
            backups.save(
                wanted.place,
                backups.Source(place, house.history_place, key),
                told,
                Progress(house.say),
            )
            house.say(f"saved to {wanted.place}")
        else:
            target = backups.Target(house.data, house.redis_url, house.history_place)
            backups.restore(wanted.place, target, Progress(house.say), force=wanted.force)
            house.say("restored; start the house")
    except (HistoryError, StoreError, backups.Refused, OSError) as error:
        house.say(str(error))
        return BAD_INPUT
    return GOOD


def _migrate(source: str, target: str, say: Say) -> None:
    if history.shown(source) == history.shown(target):
        raise HistoryError("--from and --to are the same place")
    say(f"from {history.shown(source)} to {history.shown(target)}")
    if not _is_there(source):
        raise HistoryError(f"no history is at {history.shown(source)}")
    was = history.open(source, writer=True)
    try:
        will_be = history.open(target, writer=True)
        try:
            found = migrate(
                was.engine, will_be.engine, name=history.shown(source), tell=Progress(say)
            )
            will_be.compact()
        finally:
            will_be.close()
    finally:
        was.close()
    n_rows = sum(tally.n_rows for tally in found.values())
    say(f"{n_rows} rows in {len(found)} tables and months, counted and summed: the same")
    say("set HISTORY_URL to the new place, then start the house")


def _is_there(place: str) -> bool:
    """Whether anything is kept there: opening it to write would make it."""
    looked = history.open(place, writer=False)
    try:
        return any(looked.counts().values())
    finally:
        looked.close()


@dataclass(slots=True)
class Progress:
    """Tells of each table by tenths."""

    say: Say
    _told: dict[str, int] = field(default_factory=dict)

    def __call__(self, table: str, done: int, total: int) -> None:
        """Take how many rows are done."""
        tenth = 10 if done >= total else 10 * done // total
        if self._told.get(table, 0) != tenth:
            self._told[table] = tenth
            self.say(f"{table}: {done} of {total} rows")
