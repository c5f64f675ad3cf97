"""Delta tables as they were at one moment, whatever is written meanwhile."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from history.delta_files import Part, parts_between, relation_of
from history.duck import Duck
from history.errors import HistoryError
from history.log_marks import marks_at
from history.marks import Mark
from history.schemas import Shape
from history.tables import Table

_TRIES = 3  # the log may be tidied while it is read


@dataclass(frozen=True, slots=True)
class _Moment:
    shape: Shape
    parts: list[Part]
    marks: dict[str, Mark]


class DeltaSnapshot:
    """Each table at one version; the files stay on disk for some hours after they are replaced."""

    def __init__(self, tables: Mapping[str, Table], duck: Duck) -> None:
        self._duck = duck
        self._moments = {name: _moment(table) for name, table in tables.items()}

    def relation(
        self, shape: Shape, since: datetime | None = None, until: datetime | None = None
    ) -> str:
        """See ``Engine``."""
        return relation_of(shape, parts_between(self._moments[shape.name].parts, since, until))

    def ask(self, sql: str, values: Mapping[str, Any]) -> pa.Table:
        """See ``Engine``."""
        return self._duck.ask(sql, values)

    def marks(self, shape: Shape) -> dict[str, Mark]:
        """See ``View``."""
        return dict(self._moments[shape.name].marks)


def _moment(table: Table) -> _Moment:
    for _ in range(_TRIES):
        version, parts = table.now()
        try:
            marks = {} if version is None else marks_at(table.path, version)
        except OSError:
            continue
        return _Moment(table.shape, parts, marks)
    raise HistoryError(f"history table {table.shape.name}: its log changes while it is read")
