"""JSON values as the text of cells, and rows as the raw text that quarantine shows."""

import json
from collections.abc import Sequence
from typing import Any, overload

NOTHING: Any = object()  # where a row has no such member


def written(found: Any) -> str:
    """Return a JSON value as the text of a cell; blank where missing."""
    if found is None or found is NOTHING:
        return ""
    if isinstance(found, bool):
        return str(found).lower()
    if isinstance(found, dict | list):
        return json.dumps(found, ensure_ascii=False)
    return str(found).strip()


def _plain(one: Any) -> Any:
    return one.plain() if hasattr(one, "plain") else str(one)


class Dumped(Sequence[str]):
    """The raw text of rows, written only when somebody looks."""

    def __init__(self, rows: Sequence[Any]) -> None:
        """Keep the rows as they are."""
        self.rows = rows

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...
    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        if isinstance(at, slice):
            return Dumped(self.rows[at])
        return json.dumps(self.rows[at], ensure_ascii=False, default=_plain)

    def __len__(self) -> int:
        return len(self.rows)
