"""Ways to damage a body: nasty things in every place, and random damage from a seed."""

import gzip
import io
import json
import random
import zipfile
import zlib
from collections.abc import Iterator
from copy import deepcopy
from typing import Any
from xml.etree import ElementTree as ET

NASTY: tuple[Any, ...] = (
    None, "", " ", "é" * 50, True, -1, 0, 1e308, 10**400, [], {}, [None], {"a": None},
    "21,5", "NaN", "Infinity", "-", "N/A", "1899-12-30", "9999-99-99T99:99:99Z", "<b>x</b>",
    "2026-13-45", {"type": "Point", "coordinates": [None, None]}, [[[]]], "\u0000\ud7ff",
    float("1e-320"), -0.0, 2**63, "\ud800", "0000-00-00", "1e999", "٣", "١٢٣", "\u2028", "'\"\\;,",
)  # fmt: skip
WORDS = tuple(
    one for one in NASTY if isinstance(one, str) and "\x00" not in one and "\ud800" not in one
)
CALM: tuple[Any, ...] = (None, [], "x", -1)

Path = tuple[Any, ...]


def places(value: Any, path: Path = (), most: int = 2) -> list[Path]:
    """Return where everything stands in a document; of lists the first few items."""
    found = [path] if path else []
    if isinstance(value, dict):
        for name, item in value.items():
            found += places(item, (*path, name), most)
    elif isinstance(value, list):
        for n, item in enumerate(value[:most]):
            found += places(item, (*path, n), most)
    return found


def at(value: Any, path: Path) -> Any:
    for part in path:
        value = value[part]
    return value


def put(value: Any, path: Path, new: Any) -> Any:
    """Return a document with something else in one place."""
    if not path:
        return new
    copied = dict(value) if isinstance(value, dict) else list(value)
    copied[path[0]] = put(value[path[0]], path[1:], new)
    return copied


def without(value: Any, path: Path) -> Any:
    copied = dict(value) if isinstance(value, dict) else list(value)
    if len(path) == 1:
        del copied[path[0]]
    else:
        copied[path[0]] = without(value[path[0]], path[1:])
    return copied


def rows_at(value: Any, path: Path = ()) -> Path | None:
    """Return where the first list of at least two objects or lists of a table stands."""
    if isinstance(value, list) and len(value) > 1 and all(isinstance(v, dict) for v in value):
        return path
    if (
        isinstance(value, list)
        and len(value) > 1
        and all(isinstance(v, list) and len(v) > 4 for v in value)
    ):
        return path
    named = value.items() if isinstance(value, dict) else ()
    items = enumerate(value) if isinstance(value, list) else named
    for name, item in items:
        if (found := rows_at(item, (*path, name))) is not None:
            return found
    return None


def dumped(value: Any) -> bytes:
    return json.dumps(value).encode()


def in_json(body: bytes) -> Iterator[bytes]:
    """Put every nasty thing into every place of a JSON document, one at a time."""
    document = json.loads(body)
    for path in places(document):
        yield dumped(without(document, path))
        for nasty in NASTY:
            yield dumped(put(document, path, nasty))


def in_xml(body: bytes) -> Iterator[bytes]:
    """Put nasty words into every element and attribute, take each away, and double it."""
    n_elements = sum(1 for _ in ET.fromstring(body).iter())
    for place in range(n_elements):
        for nasty in (*WORDS, ...):
            yield _xml(body, place, nasty)


def _xml(body: bytes, place: int, nasty: Any) -> bytes:
    root = ET.fromstring(body)
    some = list(root.iter())
    one = some[place]
    parent = next((other for other in some if one in list(other)), None)
    if nasty is ... and parent is not None:
        parent.remove(one)
    elif nasty is ...:
        root.clear()
    elif place % 3 == 0 and one.attrib:
        for name in one.attrib:
            one.set(name, nasty)
    else:
        one.text = nasty
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)


def in_lines(body: bytes) -> Iterator[bytes]:
    """Put nasty words into every cell of a table, or word of a line."""
    lines = body.decode().splitlines(keepends=True)
    for n, line in enumerate(lines[:4]):
        sign = next((sign for sign in (";", ",", "\t", " ") if sign in line), ",")
        cells = line.split(sign)
        yield "".join([*lines[:n], *lines[n + 1 :]]).encode()
        yield "".join([*lines[:n], sign.join(cells[:-1]) + "\n", *lines[n + 1 :]]).encode()
        for k in range(len(cells)):
            for nasty in WORDS:
                ended = nasty + ("\n" if k == len(cells) - 1 else "")
                spoilt = sign.join([*cells[:k], ended, *cells[k + 1 :]])
                yield "".join([*lines[:n], spoilt, *lines[n + 1 :]]).encode()


def in_zip(body: bytes) -> Iterator[bytes]:
    """Damage every member of a zip, and leave each out."""
    members = unzipped(body)
    for name, inside in members.items():
        others = {other: said for other, said in members.items() if other != name}
        yield zipped(others)
        for spoilt in (b"", b"\x00" * 50, inside[: len(inside) // 2], b"\xff" + inside):
            yield zipped({**others, name: spoilt})
        if (b"\x00" not in inside and inside.isascii()) or name.endswith((".txt", ".csv")):
            for spoilt in in_lines(inside):
                yield zipped({**others, name: spoilt})


def everywhere(body: bytes) -> Iterator[bytes]:
    """Yield a body with something nasty in every place that its format has."""
    if body[:2] == b"PK":
        yield from in_zip(body)
    elif body.lstrip()[:1] == b"<":
        yield from in_xml(body)
    elif _is_json(body):
        yield from in_json(body)
    elif _is_text(body):
        yield from in_lines(body)


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return b"\x00" not in body


def unzipped(body: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(members: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return written.getvalue()


# -- random damage, all of it from the dice


def damaged(body: bytes, dice: random.Random) -> bytes:
    """Return a body with damage that a seed decides: in its structure, in its bytes, or both."""
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        way = dice.random()
        if way < 0.6:
            body = _structured(body, dice)
        elif way < 0.95:
            body = _bytes(body, dice)
        else:
            body = _wrapped(body, dice)
    return body


def _structured(body: bytes, dice: random.Random) -> bytes:
    try:
        if body[:2] == b"PK":
            return _in_member(body, dice)
        if body.lstrip()[:1] == b"<":
            return _in_tree(body, dice)
        if _is_json(body):
            return json.dumps(_in_document(json.loads(body), dice)).encode()
        if _is_text(body):
            return _in_table(body, dice)
    except (ValueError, ET.ParseError, zipfile.BadZipFile, LookupError,
            NotImplementedError, OSError, EOFError, OverflowError, RuntimeError,
            zlib.error):  # fmt: skip
        pass
    return _wire(body, dice)


def _in_document(value: Any, dice: random.Random) -> Any:
    some = places(value, most=4)
    if not some:
        return dice.choice(NASTY)
    for _ in range(dice.choice((1, 1, 2, 5))):
        path = dice.choice(some)
        try:
            old = at(value, path)
            way = dice.random()
            if way < 0.5:
                value = put(value, path, dice.choice(NASTY))
            elif way < 0.6:
                value = without(value, path)
            elif way < 0.7:
                value = put(value, path, at(value, dice.choice(some)))
            elif way < 0.8:
                value = put(value, path, [old] * dice.choice((1, 2, 40)))
            elif way < 0.9:
                value = put(value, path, _word(old, dice))
            else:
                value = put(value, path, {dice.choice(("x", "value", "type", "@value")): old})
        except (LookupError, TypeError):
            continue  # what stood there is gone
    return value


def _word(old: Any, dice: random.Random) -> Any:
    if isinstance(old, bool) or old is None:
        return not old
    if isinstance(old, int | float):
        return dice.choice((-old, old * 10**9, str(old), old / 3, f"{old}x", [old]))
    if isinstance(old, str) and old:
        cut = dice.randrange(len(old))
        return dice.choice((old[:cut], old[cut:], old * 3, old[::-1], old.upper(), f" {old}\n"))
    return old


def _in_tree(body: bytes, dice: random.Random) -> bytes:
    root = ET.fromstring(body)
    some = list(root.iter())
    for _ in range(dice.choice((1, 1, 2, 5))):
        one, other = dice.choice(some), dice.choice(some)
        way = dice.random()
        if way < 0.4:
            one.text = dice.choice(WORDS)
        elif way < 0.5:
            one.text = str(_word(one.text or "", dice)).replace("\x00", "")
        elif way < 0.6 and one.attrib:
            one.set(dice.choice(list(one.attrib)), dice.choice(WORDS))
        elif way < 0.75 and len(other):
            other.remove(dice.choice(list(other)))
        elif way < 0.85 and not len(one):
            other.append(deepcopy(one))  # itself would make a circle
        elif way < 0.95:
            one.tag = other.tag
        else:
            one.text, other.text = other.text, one.text
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)


def _in_table(body: bytes, dice: random.Random) -> bytes:
    lines = body.decode().split("\n")
    n = dice.randrange(len(lines))
    sign = next((sign for sign in (";", ",", "\t", " ") if sign in lines[n]), ",")
    cells = lines[n].split(sign)
    k = dice.randrange(len(cells))
    way = dice.random()
    if way < 0.5:
        cells[k] = dice.choice(WORDS)
    elif way < 0.6:
        cells[k] = str(_word(cells[k], dice))
    elif way < 0.7:
        del cells[k]
    elif way < 0.8:
        cells.insert(k, dice.choice(WORDS))
    lines[n] = sign.join(cells)
    if way > 0.9:
        lines.insert(n, lines[dice.randrange(len(lines))])
    elif way > 0.8:
        dice.shuffle(lines)
    return "\n".join(lines).encode(errors="replace")


def _in_member(body: bytes, dice: random.Random) -> bytes:
    members = unzipped(body)
    name = dice.choice(list(members))
    way = dice.random()
    if way < 0.8:
        members[name] = damaged(members[name], dice)
    elif way < 0.9:
        del members[name]
    else:
        members[name + dice.choice((".txt", ".csv", "/", ".zip"))] = members.pop(name)
    return zipped(members)


def _wire(body: bytes, dice: random.Random) -> bytes:
    """Damage a binary format: lengths, types and numbers are single bytes."""
    if not body:
        return dice.randbytes(dice.randrange(40))
    spoilt = bytearray(body)
    for _ in range(dice.choice((1, 1, 2, 4))):
        place = dice.randrange(len(spoilt))
        way = dice.random()
        if way < 0.3:
            spoilt[place] ^= 1 << dice.randrange(8)
        elif way < 0.5:
            spoilt[place] = dice.choice((0, 1, 0x7F, 0x80, 0xFF))
        elif way < 0.7:
            spoilt[place : place + dice.randrange(9)] = b"\xff" * dice.randrange(11)
        elif way < 0.85:
            size = dice.randrange(1, 60)
            start = dice.randrange(len(spoilt))
            spoilt[place:place] = spoilt[start : start + size]
        else:
            del spoilt[place : place + dice.randrange(1, 30)]
        if not spoilt:
            break
    return bytes(spoilt)


def _bytes(body: bytes, dice: random.Random) -> bytes:
    if len(body) < 3:
        return dice.randbytes(dice.randrange(60))
    place = dice.randrange(len(body))
    way = dice.random()
    if way < 0.4:
        some = dice.randbytes(dice.randrange(6))
        return body[:place] + some + body[place + dice.randrange(6) :]
    if way < 0.6:
        return body[:place]
    if way < 0.8:
        other, size = dice.randrange(len(body)), dice.randrange(1, 60)
        return body[:place] + body[other : other + size] + body[place:]
    if way < 0.9:
        return body[:place] + body[place:][::-1]
    return body.replace(body[place : place + 1], dice.randbytes(1))


def _wrapped(body: bytes, dice: random.Random) -> bytes:
    way = dice.randrange(8)
    if way == 0:
        return gzip.compress(body, mtime=0)
    if way == 1:
        return b"\xef\xbb\xbf" + body
    if way == 2:
        return body.decode(errors="replace").encode("utf-16")
    if way == 3:
        return body.decode(errors="replace").encode("latin-1", errors="replace")
    if way == 4:
        return body * 2
    if way == 5:
        return zipped({dice.choice(("a.csv", "x.json", "stops.txt")): body})
    if way == 6:
        return body[::-1]
    return b"[" + body + b"]"
