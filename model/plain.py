"""Entities to plain JSON values and back.

Instants become RFC 3339 strings in UTC ending in ``Z``, durations seconds, enums their value.
One codec for the stream, the snapshot, the API and the tests.
"""

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from model.facts import Case, Fact, Notice, Observation

Entity = TypeVar("Entity")

_TAGS: dict[str, type[Fact]] = {"o": Observation, "c": Case, "n": Notice}
_TAG_OF = {kind: tag for tag, kind in _TAGS.items()}


def instant(at: datetime) -> str:
    """Return an aware instant as RFC 3339 in UTC.

    >>> instant(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    '2026-01-02T03:04:05Z'

    """
    if at.tzinfo is None:
        msg = f"naive instant {at}: every instant carries a zone"
        raise ValueError(msg)
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def plain(value: Any) -> Any:
    """Return ``value`` as JSON-ready dicts, lists, strings and numbers."""
    if value is None or (isinstance(value, str | int | float) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain(getattr(value, name)) for name in _names(type(value))}
    msg = f"cannot write a {type(value).__name__} as JSON"
    raise TypeError(msg)


def entity(kind: type[Entity], values: Mapping[str, Any]) -> Entity:
    """Build an entity from what :func:`plain` made of it; unknown keys are ignored.

    Raises:
        ValueError: if a value does not fit its field.
        TypeError: if a required field is missing.

    """
    readers = _readers(cast("Any", kind))
    known = {key: readers[key](item) for key, item in values.items() if key in readers}
    return kind(**known)


def fact_to_plain(fact: Fact) -> dict[str, Any]:
    """Return a fact with a tag of its kind under ``_``; empty optional fields are left out."""
    row = {key: item for key, item in plain(fact).items() if item is not None or key == "value"}
    row["_"] = _TAG_OF[type(fact)]
    return row


def fact_from_plain(row: Mapping[str, Any]) -> Fact:
    """Rebuild a fact; ``KeyError`` where the tag is unknown."""
    return entity(_TAGS[row["_"]], row)


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(item.name for item in fields(kind))


@cache
def _readers(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {item.name: _reader(hints[item.name]) for item in fields(kind)}


def _reader(hint: Any) -> Any:
    origin, inside = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        some = next(item for item in inside if item is not type(None))
        read = _reader(some)
        return lambda value: None if value is None else read(value)
    if origin is tuple:
        return _tuple_reader(inside)
    if hint is datetime:
        return datetime.fromisoformat
    if hint is timedelta:
        return lambda value: timedelta(seconds=value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    if is_dataclass(hint) and isinstance(hint, type):
        return lambda value: entity(hint, value)
    if hint is float:
        return float
    return lambda value: value


def _tuple_reader(inside: tuple[Any, ...]) -> Any:
    if len(inside) == 2 and inside[1] is Ellipsis:  # noqa: PLR2004 - tuple[X, ...]
        read = _reader(inside[0])
        return lambda values: tuple(read(value) for value in values)
    readers = tuple(_reader(item) for item in inside)
    return lambda values: tuple(read(value) for read, value in zip(readers, values, strict=True))
