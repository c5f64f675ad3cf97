"""The bytes of a GTFS-Realtime feed to its header and entities, one by one.

The outer message is walked by hand: an entity that cannot be decoded costs itself only, and a
body of many tiny parts never becomes a large tree at once. Numbers are those of the protobuf
definition: 1 is the header, 2 an entity.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from feeds.decode import raw

_HEADER, _ENTITY = 1, 2
_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5
_WIDTHS = {_FIXED_64: 8, _FIXED_32: 4}
_MAX_ENTITY = 2_000_000
_MAX_ENTITIES = 200_000
_MAX_VARINT = 10
_TEXT = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*(?:(?P<xml><[?!a-zA-Z])|(?P<json>[{\[]\s*[\"{\]}]))")
_OLDEST = 946_684_800  # 2000-01-01: before it, no GTFS-Realtime
_LATEST = 4_102_444_800  # 2100-01-01


@dataclass(frozen=True, slots=True)
class Refused:
    """An entity that was refused: its number from 1, why, and what it looked like."""

    line: int
    reason: str
    raw: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One feed message. ``stamp`` is when its header says that it was made."""

    stamp: datetime | None
    entities: list[tuple[int, Any]]
    refused: list[Refused] = field(default_factory=list)


def read_message(body: bytes) -> Message:
    """Decode a full dataset.

    Raises:
        ValueError: if the body is something else, is cut off, or is DIFFERENTIAL.

    """
    from google.protobuf.message import DecodeError  # noqa: PLC0415 - heavy, and few packs use it
    from google.transit import gtfs_realtime_pb2 as pb  # noqa: PLC0415 - as above

    _refuse_text(body)
    header: Any = None
    entities: list[tuple[int, Any]] = []
    refused: list[Refused] = []
    line = 0
    for number, part in _parts(body):
        try:
            if number == _HEADER:
                header = _decoded(pb.FeedHeader, part)
            elif number == _ENTITY:
                line += 1
                entities.append((line, _decoded(pb.FeedEntity, part)))
        except (DecodeError, ValueError) as problem:
            if number == _HEADER:
                raise ValueError(f"no GTFS-Realtime header: {problem}") from problem
            shown = part[:64].hex(" ")
            refused.append(Refused(line, f"the entity cannot be decoded: {problem}", shown))
    if header is None:
        raise ValueError("no GTFS-Realtime: the message has no header")
    if header.incrementality == pb.FeedHeader.DIFFERENTIAL:
        raise ValueError("the feed is DIFFERENTIAL: only full datasets are supported")
    return _stamped(header, entities, refused)


def _stamped(header: Any, entities: list[tuple[int, Any]], refused: list[Refused]) -> Message:
    stamp = None
    if header.timestamp:
        try:
            stamp = instant(header.timestamp)
        except ValueError as problem:
            shown = f"header.timestamp {header.timestamp}"
            refused.append(Refused(0, str(problem), shown, "header.timestamp"))
    return Message(stamp, entities, refused)


def _refuse_text(body: bytes) -> None:
    match = _TEXT.match(body[:4096])
    if match is None:
        return
    said = " ".join(body[:200].decode("utf-8", "replace").split())
    kind = "XML (SIRI, or an error)" if match["xml"] else "JSON (perhaps an error)"
    raise ValueError(f"{kind} where GTFS-Realtime protobuf was expected: {said}")


def _decoded(kind: Any, part: memoryview) -> Any:
    if len(part) > _MAX_ENTITY:
        raise ValueError(f"larger than {_MAX_ENTITY} bytes")
    found = kind()
    found.ParseFromString(bytes(part))
    if not isinstance(getattr(found, "id", ""), str):  # protobuf gives bytes where it is no UTF-8
        raise ValueError("an id that is no text")  # noqa: TRY004 - the message is malformed
    if not found.IsInitialized():
        missing = ", ".join(found.FindInitializationErrors())
        raise ValueError(f"{missing} is missing")
    return found


def _parts(body: bytes) -> Iterator[tuple[int, memoryview]]:
    """Yield the number and bytes of each outer field that holds bytes."""
    view = memoryview(body)
    at, count = 0, 0
    while at < len(view):
        tag, at = _varint(view, at)
        number, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            _, at = _varint(view, at)
        elif wire in _WIDTHS:
            at += _WIDTHS[wire]
        elif wire == _BYTES and number:
            length, at = _varint(view, at)
            if at + length > len(view):
                raise ValueError("no GTFS-Realtime, or cut off")
            yield number, view[at : at + length]
            at += length
        else:
            raise ValueError("no GTFS-Realtime: the wire format is corrupt")
        count += 1
        if count > _MAX_ENTITIES:
            raise ValueError(f"more than {_MAX_ENTITIES} entities")
    if at != len(view):
        raise ValueError("no GTFS-Realtime, or cut off")


def _varint(view: memoryview, at: int) -> tuple[int, int]:
    found = 0
    for place, byte in enumerate(view[at : at + _MAX_VARINT]):
        found |= (byte & 0x7F) << (7 * place)
        if not byte & 0x80:
            return found, at + place + 1
    raise ValueError("no GTFS-Realtime, or cut off")


def instant(seconds: int) -> datetime:
    """Return POSIX seconds as an instant.

    Raises:
        ValueError: if they are no seconds of this century, such as milliseconds.

    """
    if not _OLDEST <= seconds < _LATEST:
        raise ValueError(f"{seconds} is no POSIX time in seconds")
    return datetime.fromtimestamp(seconds, UTC)


def newest(message: Message) -> datetime | None:
    """Return the newest time that an entity gives for itself."""
    found = []
    for _, entity in message.entities:
        for part in (entity.trip_update, entity.vehicle):
            try:
                found.append(instant(part.timestamp))
            except ValueError:
                continue
    return max(found, default=None)


def refusal(line: int, entity: Any, reason: str, name: str | None = None) -> Refused:
    """Return an entity as a refused one, without what would tell where a vehicle was."""
    return Refused(line, reason, shown(entity), name)


def shown(entity: Any) -> str:
    """Return an entity as JSON, from which it can be read again."""
    from google.protobuf import json_format  # noqa: PLC0415 - heavy, and few packs use it

    bare = type(entity)()
    bare.CopyFrom(entity)
    for part in (bare.vehicle, bare.trip_update):
        part.ClearField("vehicle")
    bare.vehicle.ClearField("position")
    for name in ("vehicle", "trip_update"):
        if not entity.HasField(name):
            bare.ClearField(name)
    return raw(json.dumps(json_format.MessageToDict(bare), ensure_ascii=False))


def entity_again(text: str) -> Any:
    """Return an entity that :func:`shown` wrote.

    Raises:
        ValueError: if it is none.

    """
    from google.protobuf import json_format  # noqa: PLC0415 - heavy, and few packs use it
    from google.transit import gtfs_realtime_pb2 as pb  # noqa: PLC0415 - as above

    try:
        return json_format.Parse(text, pb.FeedEntity(), ignore_unknown_fields=True)
    except json_format.ParseError as problem:
        raise ValueError(f"no entity: {problem}"[:200]) from problem
