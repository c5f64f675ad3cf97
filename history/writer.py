"""Appends to history, each at most once."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

import pyarrow as pa

from history import schemas
from history.base import Engine
from history.columns import Column, arrow
from history.marks import LAST, Mark
from model import AlertEvent, Case, Fact, FeedState, Notice, Observation, Reading

_SHAPES: dict[type[Fact], schemas.Shape] = {
    Observation: schemas.OBSERVATIONS,
    Case: schemas.CASES,
    Notice: schemas.NOTICES,
}


def _usual(name: str) -> Column:
    def column(rows: Sequence[Reading]) -> list[Any]:
        return [None if row.usual is None else getattr(row.usual, name) for row in rows]

    return column


_READING: Mapping[str, Column] = {
    f"usual_{name}": _usual(name) for name in ("centre", "low", "high", "spread", "weeks")
}
_EVENT: Mapping[str, Column] = {"known_at": lambda rows: [row.at for row in rows]}


class Writer:
    """Appends to the tables of an engine; threads may share it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def append_facts(
        self, items: Sequence[tuple[str, Fact]], *, shard: int | str = 0, epoch: int = 0
    ) -> int:
        """Append facts as read from a shard of the store; return how many were new.

        ``items`` are ``(stream id, fact)`` in stream order. What a table has from this shard
        already is skipped, so a batch may be handed in again after a crash; it may also be cut
        differently. ``epoch`` is the store's: ids start anew with it. Each kind is one commit.

        Raises:
            ValueError: a fact has no ``known_at``, an id is none, or the order is not the stream's.

        """
        return self._append_kinds(f"{epoch}:{shard}", items, {})

    def _append_kinds(
        self, source: str, items: Sequence[tuple[str, Fact]], derived: Mapping[str, Column]
    ) -> int:
        n_new = 0
        for kind, shape in _SHAPES.items():
            mine = [item for item in items if type(item[1]) is kind]
            if mine:
                n_new += self._append_after(source, shape, mine, derived)
        return n_new

    def _append_after(
        self,
        source: str,
        shape: schemas.Shape,
        items: Sequence[tuple[str, Fact]],
        derived: Mapping[str, Column],
    ) -> int:
        marks = [Mark.of(name) for name, _ in items]
        if any(later <= earlier for earlier, later in pairwise(marks)):
            raise ValueError(f"facts of shard {source} are not in the order of their stream")
        with self._engine.held(shape):
            last = self._engine.last_mark(shape, source)
            fresh = [
                fact
                for mark, (_, fact) in zip(marks, items, strict=True)
                if last is None or mark > last
            ]
            if fresh:
                data = arrow(shape, fresh, derived)
                self._engine.append(shape, data, source=source, mark=marks[-1])
        return len(fresh)

    def last_id(self, shard: int | str = 0, *, epoch: int = 0) -> str | None:
        """Return the id of the newest fact of a shard that any table has."""
        source = f"{epoch}:{shard}"
        marks = [self._engine.last_mark(shape, source) for shape in _SHAPES.values()]
        known = [mark for mark in marks if mark is not None]
        return str(max(known)) if known else None

    def append_chunk(
        self,
        facts: Sequence[Fact],
        *,
        source: str,
        chunk: int,
        derived: Mapping[str, Column] | None = None,
    ) -> int:
        """Append chunk number ``chunk`` (from 0, in order) of a back-fill, at most once.

        ``derived`` gives columns that stand for fields of the facts (``known_at``,
        ``district_id``), as a function of the rows: cheaper than new facts by the million.
        """
        entry = f"{chunk + 1}-0"
        items = [(f"{entry}.{at}", fact) for at, fact in enumerate(facts[:-1])]
        items += [(entry, fact) for fact in facts[-1:]]
        return self._append_kinds(f"0:chunk:{source}", items, derived or {})

    def append_readings(
        self, readings: Sequence[Reading], *, source: str | None = None, chunk: int | None = None
    ) -> None:
        """Append readings; with ``source`` and ``chunk`` at most once, as in ``append_chunk``.

        Raises:
            ValueError: a reading has no ``known_at``.

        """
        self._append(schemas.READINGS, readings, _READING, source=source, chunk=chunk)

    def append_alert_events(self, events: Sequence[AlertEvent]) -> None:
        """Append to the audit; the same event twice is read once."""
        self._append(schemas.ALERT_EVENTS, events, _EVENT)

    def append_feed_changes(self, states: Sequence[FeedState], *, known_at: datetime) -> None:
        """Append the states of feeds that changed at ``known_at``."""
        derived: dict[str, Column] = {
            "known_at": lambda rows: [known_at] * len(rows),
            "observed_at": lambda rows: [row.last_observed_at for row in rows],
        }
        self._append(schemas.FEED_CHANGES, states, derived)

    def append_pack(self, hash_: str, files: Mapping[str, str], *, at: datetime) -> None:
        """Append the pack in force: its hash and the hash of each of its files."""
        row = {"hash": hash_, "files": json.dumps(files, sort_keys=True)}
        row_at = row | {"observed_at": at, "known_at": at}
        data = pa.Table.from_pylist([row_at], schema=schemas.PACKS.columns)
        self._engine.append(schemas.PACKS, data)

    def _append(
        self,
        shape: schemas.Shape,
        rows: Sequence[Any],
        derived: Mapping[str, Column],
        *,
        source: str | None = None,
        chunk: int | None = None,
    ) -> None:
        if not rows:
            return
        if source is None or chunk is None:
            self._engine.append(shape, arrow(shape, rows, derived))
            return
        mark, name = Mark(chunk, LAST), f"0:chunk:{source}"
        with self._engine.held(shape):
            last = self._engine.last_mark(shape, name)
            if last is None or mark > last:
                self._engine.append(shape, arrow(shape, rows, derived), source=name, mark=mark)
