"""What goes over the wire to a screen: the difference of two drawings, and one SSE frame.

A frame is ``event: frame``, ``id:`` its version and JSON ``{v, prev, full, sent_at,
published_at, build, props}``, instants in ms since 1970. A difference names only leaf properties
whose value changed; ids and properties are fixed by the layout, so none is ever taken away.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

Props = Mapping[str, Mapping[str, Any]]

HEARTBEAT = b": alive\n\n"
OPENING = b"retry: 2000\n: open\n\n"


@dataclass(frozen=True, slots=True)
class Mark:
    """Which snapshot a frame draws, and by which build of the layout."""

    version: str
    published_at: datetime
    build: str


def difference(old: Props, new: Props) -> dict[str, dict[str, Any]]:
    """Return the properties of ``new`` that ``old`` lacks or holds with another value.

    >>> difference({"a": {"x": 1, "y": 2}}, {"a": {"x": 1, "y": 3}, "b": {"x": 0}})
    {'a': {'y': 3}, 'b': {'x': 0}}

    """
    changed: dict[str, dict[str, Any]] = {}
    for part, props in new.items():
        before = old.get(part)
        if before is None:
            changed[part] = dict(props)
        elif before != props:
            moved = {
                name: value
                for name, value in props.items()
                if name not in before or before[name] != value
            }
            if moved:
                changed[part] = moved
    return changed


def merged(layers: Iterable[Props]) -> dict[str, dict[str, Any]]:
    """Return all layers as one; a later value replaces an earlier one."""
    whole: dict[str, dict[str, Any]] = {}
    for layer in layers:
        for part, props in layer.items():
            whole.setdefault(part, {}).update(props)
    return whole


def body(props: Props) -> bytes:
    """Return properties as JSON, ready to be set into many frames.

    Raises:
        TypeError: if a value is not plain: numbers, text, lists, dicts, ``None``.

    """
    return orjson.dumps(props)


def frame(mark: Mark, props: bytes, *, prev: str | None, sent_at: datetime) -> bytes:
    """Return one SSE frame; ``prev`` is the version it builds on, ``None`` for a full frame."""
    content = {
        "v": mark.version,
        "prev": prev,
        "full": prev is None,
        "sent_at": milliseconds(sent_at),
        "published_at": milliseconds(mark.published_at),
        "build": mark.build,
        "props": orjson.Fragment(props),
    }
    version = mark.version.encode()
    return b"event: frame\nid: " + version + b"\ndata: " + orjson.dumps(content) + b"\n\n"


def milliseconds(at: datetime) -> int:
    """Return an instant in ms since 1970."""
    return round(at.timestamp() * 1000)
