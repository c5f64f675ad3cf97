"""What upkeep has done, written down in the history itself."""

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from history import schemas
from history.base import Engine
from history.columns import rows
from history.queries import fill
from history.schemas import Shape


class Notes:
    """The notes of upkeep as they are now and as this object adds to them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._found: list[dict[str, Any]] | None = None

    def all(self, task: str, shape: Shape) -> dict[datetime, datetime]:
        """Return, by the instant that each note is about, when it was last made."""
        return {at: row["known_at"] for at, row in self._newest(task, shape).items()}

    def n_rows(self, task: str, shape: Shape, at: datetime) -> int | None:
        """Return how many rows the last note about an instant told of."""
        row = self._newest(task, shape).get(at)
        return None if row is None else row["rows"]

    def _newest(self, task: str, shape: Shape) -> dict[datetime, dict[str, Any]]:
        if self._found is None:
            sql = fill("upkeep", upkeep=self._engine.relation(schemas.UPKEEP))
            self._found = rows(self._engine.ask(sql, {}))
        return {
            row["at"]: row
            for row in self._found
            if row["task"] == task and row["table"] == shape.name
        }

    def last(self, task: str, shape: Shape) -> datetime | None:
        """Return the latest instant that a note is about."""
        return max(self.all(task, shape), default=None)

    def kept_since(self) -> dict[str, datetime]:
        """Return, by table, the instant before which rows may have been dropped."""
        return {
            shape.name: max(dropped)
            for shape in schemas.SHAPES
            if (dropped := [*self.all("drop", shape), *self.all("thin", shape)])
        }

    def note(
        self, task: str, shape: Shape, at: datetime, *, now: datetime, n_rows: int | None = None
    ) -> None:
        """Write down that something was done."""
        row = {"task": task, "table": shape.name, "at": at, "observed_at": at, "rows": n_rows}
        columns = schemas.UPKEEP.columns
        self._engine.append(
            schemas.UPKEEP, pa.Table.from_pylist([row | {"known_at": now}], schema=columns)
        )
        if self._found is not None:
            known = {"at": at.astimezone(UTC), "known_at": now.astimezone(UTC)}
            self._found.append(row | known)
