"""The part of OData that SensorThings 1.1 asks for: options, nested $expand, $filter, $orderby.

Source: OGC 18-088 (SensorThings API Part 1: Sensing 1.1), section 9.3.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

import numpy as np

Mask = Any  # a bool, or an array of bools
Lookup = Callable[[str], Any]


class QueryError(ValueError):
    """The query cannot be answered; the message says why (HTTP 400)."""


@dataclass(frozen=True)
class Compare:
    """One comparison, e.g. ``phenomenonTime gt 2026-01-01T00:00:00Z``; instants are seconds."""

    path: str
    operator: str
    literal: float | str | bool


@dataclass(frozen=True)
class Joined:
    """Comparisons joined by ``and``, ``or`` or ``not``."""

    word: str
    parts: tuple["Node", ...]


Node = Compare | Joined


@dataclass(frozen=True)
class Query:
    """The options of one collection; ``expand`` maps a relation to its own options."""

    select: tuple[str, ...] = ()
    orderby: tuple[tuple[str, bool], ...] = ()  # path, is descending
    top: int | None = None
    skip: int = 0
    is_counted: bool = False
    where: Node | None = None
    expand: dict[str, "Query"] = field(default_factory=dict)
    result_format: str = ""
    raw: tuple[tuple[str, str], ...] = ()


def read_query(text: str) -> Query:
    """Read the query part of a URL.

    Raises:
        QueryError: if an option is unknown or malformed.

    """
    options = []
    for part in filter(None, text.split("&")):
        name, _, value = part.partition("=")
        options.append((unquote_plus(name), unquote_plus(value)))
    return _query([(name, value) for name, value in options if name.startswith("$")])


def holds(node: Node | None, lookup: Lookup) -> Mask:
    """Return where a filter holds; ``lookup`` gives a scalar or an array for a path."""
    if node is None:
        return True
    if isinstance(node, Compare):
        return _OPERATORS[node.operator](lookup(node.path), node.literal)
    masks = [holds(part, lookup) for part in node.parts]
    if node.word == "not":
        return np.logical_not(masks[0])
    joined = masks[0]
    for mask in masks[1:]:
        joined = np.logical_and(joined, mask) if node.word == "and" else np.logical_or(joined, mask)
    return joined


def bounds(node: Node | None, path: str) -> tuple[float, float]:
    """Return the closed range outside of which a filter cannot hold for a numeric path."""
    low, high = -np.inf, np.inf
    if isinstance(node, Compare) and node.path == path and not isinstance(node.literal, str):
        if node.operator in {"gt", "ge", "eq"}:
            low = float(node.literal)
        if node.operator in {"lt", "le", "eq"}:
            high = float(node.literal)
    if isinstance(node, Joined) and node.word == "and":
        for part in node.parts:
            part_low, part_high = bounds(part, path)
            low, high = max(low, part_low), min(high, part_high)
    return float(low), float(high)


def seconds(text: str) -> int:
    """Return an RFC 3339 instant as whole seconds; ``ValueError`` without an offset."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no offset from UTC")
    return int(at.astimezone(UTC).timestamp())


def _query(options: list[tuple[str, str]]) -> Query:
    query = Query(raw=tuple(options))
    for name, value in options:
        read = _READERS.get(name)
        if read is None:
            raise QueryError(f"unknown option {name}")
        query = replace(query, **read(value))
    return query


def _expand(text: str) -> dict[str, Any]:
    found: dict[str, Query] = {}
    for item in _split(text, ","):
        path, inner = item.strip(), ""
        if item.rstrip().endswith(")"):
            path, _, inner = item.strip()[:-1].partition("(")
        options = [_option(part) for part in _split(inner, ";") if part.strip()]
        head, _, rest = path.strip().partition("/")
        if rest:
            wrapped = f"{rest}({inner})" if inner else rest
            options = [("$expand", wrapped)]
        found[head] = _query(options)
    return {"expand": found}


def _option(text: str) -> tuple[str, str]:
    name, _, value = text.strip().partition("=")
    return name.strip(), value.strip()


def _split(text: str, mark: str) -> list[str]:
    """Split at a mark that stands outside of brackets and quotes."""
    parts, depth, is_quoted, start = [], 0, False, 0
    for place, letter in enumerate(text):
        if letter == "'":
            is_quoted = not is_quoted
        elif not is_quoted:
            depth += (letter == "(") - (letter == ")")
            if depth < 0:
                raise QueryError(f"unbalanced brackets in {text!r}")
            if letter == mark and depth == 0:
                parts.append(text[start:place])
                start = place + 1
    if depth or is_quoted:
        raise QueryError(f"unbalanced brackets or quotes in {text!r}")
    return [*parts, text[start:]] if text else []


def _orderby(text: str) -> dict[str, Any]:
    found = []
    for item in _split(text, ","):
        path, _, way = item.strip().partition(" ")
        if way.strip() not in {"", "asc", "desc"}:
            raise QueryError(f"cannot order by {item!r}")
        found.append((_path(path), way.strip() == "desc"))
    return {"orderby": tuple(found)}


def _whole(name: str) -> Callable[[str], dict[str, Any]]:
    def read(text: str) -> dict[str, Any]:
        if not text.isdecimal():
            raise QueryError(f"${name} must be a whole number, not {text!r}")
        return {name: int(text)}

    return read


def _count(text: str) -> dict[str, Any]:
    if text not in {"true", "false"}:
        raise QueryError(f"$count must be true or false, not {text!r}")
    return {"is_counted": text == "true"}


_TOKEN = re.compile(
    r"\s*(?:(?P<time>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[-+ ]\d\d:?\d\d)?)|(?P<number>-?\d+(?:\.\d+)?)|"
    r"(?P<text>'(?:[^']|'')*')|(?P<bracket>[()])|(?P<word>[@A-Za-z_][\w.@/]*))"
)


def _tokens(text: str) -> list[tuple[str, str]]:
    found, place = [], 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            raise QueryError(f"cannot read the filter at {text[place:]!r}")
        found.append((str(match.lastgroup), match.group(str(match.lastgroup))))
        place = match.end()
    return found


def _filter(text: str) -> dict[str, Any]:
    tokens = _tokens(text)
    node, rest = _or(tokens)
    if rest:
        raise QueryError(f"cannot read the filter at {rest[0][1]!r}")
    return {"where": node}


def _or(tokens: list[tuple[str, str]]) -> tuple[Node, list[tuple[str, str]]]:
    return _chain(tokens, "or", lambda rest: _chain(rest, "and", _term))


def _chain(
    tokens: list[tuple[str, str]],
    word: str,
    read: Callable[[list[tuple[str, str]]], tuple[Node, list[tuple[str, str]]]],
) -> tuple[Node, list[tuple[str, str]]]:
    node, tokens = read(tokens)
    parts = [node]
    while tokens and tokens[0] == ("word", word):
        node, tokens = read(tokens[1:])
        parts.append(node)
    return (parts[0] if len(parts) == 1 else Joined(word, tuple(parts))), tokens


def _term(tokens: list[tuple[str, str]]) -> tuple[Node, list[tuple[str, str]]]:
    if tokens and tokens[0] == ("word", "not"):
        node, rest = _term(tokens[1:])
        return Joined("not", (node,)), rest
    if tokens and tokens[0] == ("bracket", "("):
        node, rest = _or(tokens[1:])
        if not rest or rest[0] != ("bracket", ")"):
            raise QueryError("a bracket of the filter is not closed")
        return node, rest[1:]
    if len(tokens) < 3 or tokens[0][0] != "word" or tokens[1][1] not in _OPERATORS:
        raise QueryError("the filter wants comparisons such as 'result gt 5'")
    literal = _literal(*tokens[2])
    return Compare(_path(tokens[0][1]), tokens[1][1], literal), tokens[3:]


def _literal(kind: str, text: str) -> float | str | bool:
    if kind == "time":
        return seconds(text.replace(" ", "+"))
    if kind == "number":
        return float(text)
    if kind == "text":
        return text[1:-1].replace("''", "'")
    if text in {"true", "false"}:
        return text == "true"
    raise QueryError(f"cannot compare with {text!r}")


def _path(text: str) -> str:
    return re.sub(r"(^|/)id$", r"\1@iot.id", text.strip())


_OPERATORS: dict[str, Callable[[Any, Any], Mask]] = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "gt": lambda left, right: left > right,
    "ge": lambda left, right: left >= right,
    "lt": lambda left, right: left < right,
    "le": lambda left, right: left <= right,
}

_READERS: dict[str, Callable[[str], dict[str, Any]]] = {
    "$select": lambda text: {"select": tuple(_path(item) for item in _split(text, ","))},
    "$expand": _expand,
    "$orderby": _orderby,
    "$top": _whole("top"),
    "$skip": _whole("skip"),
    "$count": _count,
    "$filter": _filter,
    "$resultFormat": lambda text: {"result_format": text},
}
