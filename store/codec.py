"""Entities to bytes and back, fast.

Same JSON shape as ``model.plain`` (tests hold the two together); ``orjson`` writes dataclasses,
enums and instants itself, and reading only touches the fields that are not plain.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache
from hashlib import blake2b
from operator import attrgetter
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

import orjson

from model import Case, Fact, Notice, Observation, Reject

Entity = TypeVar("Entity")
Reader = Callable[[Any], Any]

_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS
_KINDS: dict[str, type[Fact]] = {"o": Observation, "c": Case, "n": Notice}
_HEADS = {kind: b'{"_":"%s",' % tag.encode() for tag, kind in _KINDS.items()}
_KEYS: dict[type[Fact], Callable[[Any], tuple[Any, ...]]] = {
    Observation: attrgetter("feed_id", "site_id", "quantity", "observed_at"),
    Case: attrgetter("feed_id", "case_id"),
    Notice: attrgetter("feed_id", "notice_id"),
}
_CLOCKS = {"fetched_at", "known_at", "published_at"}  # no part of what a fact says
_CONTENTS: dict[type[Fact], Callable[[Any], tuple[Any, ...]]] = {
    kind: attrgetter(*(item.name for item in fields(kind) if item.name not in _CLOCKS))
    for kind in _KINDS.values()
}


def dumps(value: Any) -> bytes:
    """Return JSON in the shape of ``model.plain.plain``."""
    return orjson.dumps(value, default=_other, option=_OPTIONS)


def loads(body: bytes | str) -> Any:
    """Return the plain values of a JSON body."""
    return orjson.loads(body)


def build(kind: type[Entity], row: dict[str, Any]) -> Entity:
    """Return the entity of a plain row, which is used up; unknown keys are ignored.

    Raises:
        ValueError, TypeError, KeyError: if the row does not fit.

    """
    special, names = _special(cast("Any", kind))
    for name, read in special:
        value = row.get(name)
        if value is not None:
            row[name] = read(value)
    if not row.keys() <= names:
        row = {name: value for name, value in row.items() if name in names}
    return kind(**row)


def dump_facts(facts: Sequence[Fact]) -> bytes:
    """Return facts as one JSON array, each with the tag of its kind.

    Raises:
        ValueError: if a fact's instant carries no zone.

    """
    parts = []
    for fact in facts:
        kind = type(fact)
        if fact.fetched_at.tzinfo is None or fact.observed_at.tzinfo is None:
            raise ValueError(f"naive instant in {fact}: every instant carries a zone")
        parts.append(_HEADS[kind] + orjson.dumps(fact, option=_OPTIONS)[1:])
    return b"[" + b",".join(parts) + b"]"


def build_fact(row: dict[str, Any]) -> Fact:
    """Return the fact of one tagged row."""
    return build(_KINDS[row.pop("_")], row)


def key_of(fact: Fact) -> bytes:
    """Return 8 bytes that stand for the natural key."""
    return _digest(orjson.dumps(_KEYS[type(fact)](fact), option=_OPTIONS))


def content_of(fact: Fact) -> bytes:
    """Return 8 bytes that stand for what the fact says, apart from when it was heard."""
    return _digest(orjson.dumps(_CONTENTS[type(fact)](fact), option=_OPTIONS))


def key_of_reject(reject: Reject) -> bytes:
    """Return 8 bytes that stand for a refused row, wherever it stood and whenever."""
    return _digest(orjson.dumps((reject.field, reject.reason, reject.raw)))


def from_ms(text: str) -> datetime:
    """Return the instant of milliseconds since 1970, such as the first part of a stream id."""
    return datetime.fromtimestamp(int(text) / 1000, UTC)


def instant(text: str) -> datetime:
    """Return the instant that :func:`dumps` wrote."""
    return datetime.fromisoformat(text)


def _digest(body: bytes) -> bytes:
    return blake2b(body, digest_size=8).digest()


def _other(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"cannot write a {type(value).__name__} as JSON")


@cache
def _special(kind: type) -> tuple[tuple[tuple[str, Reader], ...], frozenset[str]]:
    """Return the readers of those fields that JSON cannot hold, and all field names."""
    hints = get_type_hints(kind)
    readers = ((item.name, _reader(hints[item.name])) for item in fields(kind))
    return (
        tuple((name, read) for name, read in readers if read is not None),
        frozenset(item.name for item in fields(kind)),
    )


def _reader(hint: Any) -> Reader | None:
    """Return how to read a field, or ``None`` where the JSON value is already right."""
    some = [item for item in get_args(hint) if item is not type(None)]
    if get_origin(hint) is tuple:
        return _tuple_reader(some)
    if type(None) in get_args(hint):
        return _reader(some[0])
    if hint is datetime:
        return datetime.fromisoformat
    if hint is timedelta:
        return lambda value: timedelta(seconds=value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        members = {member.value: member for member in hint}
        return members.__getitem__
    if isinstance(hint, type) and is_dataclass(hint):
        return lambda row: build(hint, row)
    return None


def _tuple_reader(inside: list[Any]) -> Reader:
    if inside[1:] == [Ellipsis]:
        read = _reader(inside[0])
        if read is None:
            return tuple
        return lambda values: tuple(None if value is None else read(value) for value in values)
    reads = [_reader(item) or _same for item in inside]
    return lambda values: tuple(read(value) for read, value in zip(reads, values, strict=True))


def _same(value: Any) -> Any:
    return value
