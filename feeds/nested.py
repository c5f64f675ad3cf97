"""A row of nested JSON that still knows what stands around it.

``../name`` is a member of the object that holds it, arrays left aside (``../../name`` of the one
that holds that), ``$/path`` of the whole document, ``@key`` the name under which a row stands,
``@index`` its place from 0, and ``@value`` the row itself where it is no object.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from feeds.rawtext import NOTHING
from feeds.records import value

UP, ROOT = "../", "$"
_KEY, _INDEX, _VALUE = "@key", "@index", "@value"
_SMALL = 4_000  # characters of what stands above a refused row
_SPECIAL = (UP, ROOT, _KEY, _INDEX, _VALUE)


def is_special(name: str) -> bool:
    """Whether a column asks for something around the row."""
    return name.startswith(_SPECIAL)


class Nested(Mapping[str, Any]):
    """One row. ``own`` is what stands there, ``above`` the row above, ``root`` the document."""

    __slots__ = ("above", "extra", "key", "own", "root")

    def __init__(
        self,
        own: Any,
        *,
        key: str | int | None = None,
        above: "Nested | None" = None,
        root: Any = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep the row and what stands around it; ``extra`` are members that we add."""
        self.own, self.key, self.above, self.root = own, key, above, root
        self.extra = extra or {}

    def __contains__(self, name: object) -> bool:
        if isinstance(self.own, dict) and name in self.own:
            return True
        return isinstance(name, str) and self._around(name) is not NOTHING

    def __getitem__(self, name: str) -> Any:
        if isinstance(self.own, dict) and name in self.own:
            return self.own[name]
        found = self._around(name)
        if found is NOTHING:
            raise KeyError(name)
        return found

    def _around(self, name: str) -> Any:
        if name in self.extra:
            return self.extra[name]
        if name == _VALUE:
            return NOTHING if isinstance(self.own, dict) else self.own
        if name in {_KEY, _INDEX}:
            is_named = isinstance(self.key, str)
            return self.key if self.key is not None and is_named is (name == _KEY) else NOTHING
        if name.startswith(ROOT + "/"):
            return value(self.root, name[1:])
        if name.startswith(UP):
            rest = name.removeprefix(UP)
            return NOTHING if self.above is None else _reached(self.above, rest)
        if isinstance(self.own, list) and name.isdigit():
            return self.own[int(name)] if int(name) < len(self.own) else NOTHING
        if name.startswith("/"):
            return value(self.own, name)
        return NOTHING

    def __iter__(self) -> Iterator[str]:
        if isinstance(self.own, dict):
            yield from self.own
        yield from self.extra

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def plain(self, *, is_row: bool = True) -> Any:
        """Return what is needed to read the row again; big members of what is above are left out.

        The document around all rows is no part of it.
        """
        is_alone = self.above is None and not isinstance(self.key, str)
        if is_row and is_alone and isinstance(self.own, dict):
            return self.own
        own = self.own if is_row else small(self.own)
        above = {"@above": self.above.plain(is_row=False)} if self.above is not None else {}
        return {"@row": own, "@key": self.key, **above}


def _reached(row: Nested, rest: str) -> Any:
    found = value(row, rest)
    is_path = found is NOTHING and "/" in rest and not rest.startswith(("/", UP))
    return value(row, "/" + rest) if is_path else found


def again(said: Any, root: Any) -> Nested:
    """Return the row that was written by :meth:`Nested.plain`."""
    if not isinstance(said, dict) or "@row" not in said:
        return Nested(said, root=root)
    above = again(said["@above"], root) if "@above" in said else None
    return Nested(said["@row"], key=said.get("@key"), above=above, root=root)


def small(value: Any) -> Any:
    """Return an object without its lists, and as deep as it stays small."""
    for depth in (2, 1):
        kept = _shallow(value, depth)
        if len(json.dumps(kept, default=str)) <= _SMALL:
            return kept
    return None


def _shallow(value: Any, depth: int) -> Any:
    if isinstance(value, dict):
        items = value.items() if depth else ()
        kept = {name: _shallow(item, depth - 1) for name, item in items}
        return {name: item for name, item in kept.items() if item is not None}
    return None if isinstance(value, list) else value


def below(row: Nested, path: Sequence[str]) -> Iterator[Nested]:
    """Yield the rows that a path with ``*`` leads to below a row.

    An array stands for its items, also where the path ends; an object is one row unless ``*``
    asks for its members.
    """
    if not path:
        yield from _items(row) if isinstance(row.own, list) else (row,)
        return
    if path[0] == "*":
        for one in _items(row):
            if len(path) == 1:
                yield one
            else:
                yield from below(one, path[1:])
        return
    found = row.own.get(path[0]) if isinstance(row.own, dict) else None
    if found is not None:
        yield from below(Nested(found, key=path[0], above=row, root=row.root), path[1:])


def _items(row: Nested) -> Iterator[Nested]:
    """Yield what stands in an array or an object; above the items of an array is its owner."""
    if isinstance(row.own, dict):
        for key, item in row.own.items():
            yield Nested(item, key=key, above=row, root=row.root)
    elif isinstance(row.own, list):
        for place, item in enumerate(row.own):
            yield Nested(item, key=place, above=row.above, root=row.root)
