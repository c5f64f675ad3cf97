"""A snapshot as bytes, in sections, so that a reader decodes only what has changed.

Readings change an indicator at a time, every few minutes; the snapshot every second. A body is a
JSON directory of ``[field, digest, length]`` rows, then the sections one after the other, all
compressed. Sections of one field are joined in order: readings come in runs of one indicator.
"""

import zlib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import datetime
from hashlib import blake2b
from itertools import groupby
from operator import attrgetter
from typing import Any, get_args, get_type_hints

from model import Snapshot
from store import codec

_LENGTH = 4  # bytes of the directory's length
_HEAD = ("version", "published_at")
_NAMES = tuple(item.name for item in fields(Snapshot) if item.name not in _HEAD)
_HINTS = get_type_hints(Snapshot)
_LISTS = frozenset({"readings", "alerts", "feeds", "trends", "notices"})


def dump_body(snapshot: Snapshot) -> tuple[str, bytes]:
    """Return the identity and the bytes of a snapshot, apart from its number."""
    sections = [(name, codec.dumps(part)) for name, part in _sections(snapshot)]
    directory = codec.dumps([[name, _digest(body), len(body)] for name, body in sections])
    head = len(directory).to_bytes(_LENGTH, "big")
    whole = b"".join((head, directory, *(body for _, body in sections)))
    return _digest(directory), zlib.compress(whole, 1)


class BodyReader:
    """Decodes bodies; keeps the sections of the last one."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Any] = {}

    def load(self, body: bytes, version: str, published_at: datetime) -> Snapshot:
        """Return the snapshot of a body under the number of its head.

        Raises:
            ValueError, TypeError, KeyError: if another version of the model wrote it.

        """
        whole = memoryview(zlib.decompress(body))
        start = _LENGTH + int.from_bytes(whole[:_LENGTH], "big")
        known: dict[tuple[str, str], Any] = {}
        values: dict[str, Any] = {}
        for name, digest, length in codec.loads(bytes(whole[_LENGTH:start])):
            place = (name, digest)
            part = self._known.get(place)
            if part is None:
                part = _read(name, bytes(whole[start : start + length]))
            known[place] = part
            values[name] = values[name] + part if name in values else part
            start += length
        self._known = known
        kept = {name: value for name, value in values.items() if name in _HINTS}
        return Snapshot(version=version, published_at=published_at, **kept)


def _sections(snapshot: Snapshot) -> Iterator[tuple[str, Any]]:
    for name in _NAMES:
        if name == "readings":
            for _, run in groupby(snapshot.readings, key=attrgetter("indicator")):
                yield name, list(run)
        elif name == "trends":
            for trend in snapshot.trends:
                yield name, [trend]
        else:
            yield name, getattr(snapshot, name)


def _read(name: str, body: bytes) -> Any:
    rows = codec.loads(body)
    hint = _HINTS.get(name)
    if name in _LISTS:
        kind = get_args(hint)[0]
        return tuple(codec.build(kind, row) for row in rows)
    kinds = [part for part in (hint, *get_args(hint)) if is_dataclass(part)]
    if isinstance(rows, dict) and kinds and isinstance(kinds[0], type):
        return codec.build(kinds[0], rows)
    return tuple(rows) if isinstance(rows, list) else rows


def _digest(body: bytes) -> str:
    return blake2b(body, digest_size=12).hexdigest()
