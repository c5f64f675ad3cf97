"""Answers of the SensorThings 1.1 roots (OGC 18-088): collections, entities, $expand, paging."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from demo import observations
from demo.entities import RELATIONS, Catalogue, Entity, catalogue
from demo.incidents import World
from demo.odata import Query, QueryError, holds, read_query
from demo.roots import Stream

TOP_DEFAULT = 100
TOP_MAX = 10_000
ROWS_MAX = 60_000  # observations inside one answer, over all expanded datastreams

_PATH_SAFE = "/()'@"
_VALUE_SAFE = "$(),;/:='"
_SEGMENT = re.compile(r"(?P<name>[@A-Za-z.]+)(?:\((?P<id>'(?:[^']|'')*'|[^)]*)\))?")


@dataclass(frozen=True)
class Context:
    """What an answer rests on. ``base`` is the root's URL, ``frozen`` the same URL as of now.

    Links to a next page lead to ``frozen``: what arrives in between cannot shift the pages.
    """

    world: World
    book: Catalogue
    now: int
    base: str
    frozen: str

    @property
    def streams(self) -> Mapping[str, Stream]:
        """The datastreams by id."""
        return {stream.id: stream for stream in self.book.streams}


@dataclass(frozen=True)
class Place:
    """Where a path leads: a collection's ids (or datastreams' observations), or one entity."""

    kind: str
    ids: tuple[str, ...]
    is_single: bool = False
    field: str | None = None


def answer(context: Context, path: str, query_text: str) -> Any | None:
    """Return the JSON value for a path below the root, or ``None`` where nothing is there.

    Raises:
        QueryError: if the query cannot be answered.

    """
    segments = [part for part in path.strip("/").split("/") if part]
    if not segments:
        return _document(context)
    query = read_query(query_text)
    place = _walk(context, segments)
    if place is None:
        return None
    if place.is_single:
        return _single(context, place, query)
    body = _collection(context, place, query, path=path.strip("/"), share=1)
    return _data_array(body) if query.result_format == "dataArray" else body


def _document(context: Context) -> Entity:
    conformance = ["datamodel", "resource-path/resource-path-to-entities", "request-data"]
    return {
        "value": [{"name": kind, "url": f"{context.base}/{kind}"} for kind in RELATIONS],
        "serverSettings": {
            "conformance": [
                f"http://www.opengis.net/spec/iot_sensing/1.1/req/{name}" for name in conformance
            ]
        },
    }


def _walk(context: Context, segments: list[str]) -> Place | None:
    place: Place | None = None
    for segment in segments:
        match = _SEGMENT.fullmatch(segment)
        if match is None:
            return None
        place = _step(context, place, match["name"], match["id"])
        if place is None:
            return None
    return place


def _step(context: Context, place: Place | None, name: str, key: str | None) -> Place | None:
    if place is None:
        if name not in RELATIONS:
            return None
        found = Place(name, () if name == "Observations" else tuple(_all(context, name)))
        found = replace(found, ids=tuple(context.streams)) if name == "Observations" else found
    elif not place.is_single or place.field:
        return None
    elif name in RELATIONS[place.kind]:
        found = _follow(context, place, name)
    else:
        return replace(place, field=name) if key is None else None
    return found if key is None else _chosen(context, found, key.strip("'").replace("''", "'"))


def _all(context: Context, kind: str) -> Mapping[str, Entity]:
    return context.book.entities[kind]


def _follow(context: Context, place: Place, relation: str) -> Place:
    """Return where a relation of one entity leads; observations are named by their datastreams."""
    target = RELATIONS[place.kind][relation]
    key = place.ids[0]
    if target == "Observations":
        ids = [s.id for s in context.book.streams if key in {s.id, s.site.id}]
    elif place.kind == "Observations":
        stream = context.streams[key.rpartition("@")[0]]
        ids = [stream.id if target == "Datastreams" else stream.site.id]
    else:
        ids = context.book.related(place.kind, key, relation)
    return Place(target, tuple(ids), is_single=not relation.endswith("s"))


def _chosen(context: Context, place: Place, key: str) -> Place | None:
    if place.kind != "Observations":
        return replace(place, ids=(key,), is_single=True) if key in place.ids else None
    stream, _, at = key.rpartition("@")
    if stream not in place.ids or not at.isdecimal():
        return None
    row = observations.one(
        context.world, context.book.root, context.streams[stream], int(at), now=context.now
    )
    return None if row is None else Place("Observations", (key,), is_single=True)


def _single(context: Context, place: Place, query: Query) -> Any | None:
    whole = _entity(context, place.kind, place.ids[0])
    if place.field:
        return {place.field: whole[place.field]} if place.field in whole else None
    return _dressed(context, place.kind, [whole], query, share=1)[0]


def _entity(context: Context, kind: str, key: str) -> Entity:
    if kind == "Observations":
        stream, _, at = key.rpartition("@")
        root = context.book.root
        row = observations.one(
            context.world, root, context.streams[stream], int(at), now=context.now
        )
        return observations.spelt(root, row, context.base)[0] if row else {}
    return {
        "@iot.id": key,
        "@iot.selfLink": f"{context.base}/{kind}('{key}')",
        **context.book.entities[kind][key],
    }


def _collection(
    context: Context, place: Place, query: Query, *, path: str, share: int
) -> dict[str, Any]:
    """Return a collection's page: ``value``, and count and next link where they apply."""
    top = min(TOP_DEFAULT if query.top is None else query.top, TOP_MAX)
    if place.kind == "Observations":
        root = context.book.root
        chosen = tuple(context.streams[key] for key in place.ids)
        top = min(top, max(1, ROWS_MAX // share))
        wanted = observations.Wanted(context.world, root, chosen, query, context.now, top)
        table = observations.page(wanted)
        rows, total = observations.spelt(root, table, context.base), table.total
    else:
        whole = [_entity(context, place.kind, key) for key in place.ids]
        kept = [row for row in whole if holds(query.where, _reader(context, place.kind, row))]
        kept = _sorted(context, place.kind, kept, query)
        rows, total = kept[query.skip : query.skip + top], len(kept)
    body: dict[str, Any] = {"@iot.count": total} if query.is_counted else {}
    if query.skip + len(rows) < total and len(rows) > 0:
        body["@iot.nextLink"] = _next_link(context, path, query, query.skip + len(rows))
    body["value"] = _dressed(context, place.kind, rows, query, share=share * max(1, len(rows)))
    return body


def _next_link(context: Context, path: str, query: Query, skip: int) -> str:
    options = [(name, value) for name, value in query.raw if name != "$skip"]
    options.append(("$skip", str(skip)))
    spelt = "&".join(f"{name}={quote(value, safe=_VALUE_SAFE)}" for name, value in options)
    return f"{context.frozen}/{quote(path, safe=_PATH_SAFE)}?{spelt}"


def _reader(context: Context, kind: str, row: Entity) -> Any:
    def read(path: str) -> Any:
        return _value(context, kind, row, path.split("/"))

    return read


def _value(context: Context, kind: str, row: Entity, path: list[str]) -> Any:
    """Return the property that a path names, through relations to one entity."""
    head, *rest = path
    target = RELATIONS[kind].get(head)
    if target and rest:
        found = _follow(context, Place(kind, (row["@iot.id"],), is_single=True), head)
        return _value(context, target, _entity(context, target, found.ids[0]), rest)
    if head not in row:
        raise QueryError(f"{kind} have no property {'/'.join(path)!r}")
    value: Any = row[head]
    for name in rest:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _sorted(context: Context, kind: str, rows: list[Entity], query: Query) -> list[Entity]:
    for path, is_descending in reversed(query.orderby):
        steps = path.split("/")
        rows = sorted(
            rows, key=lambda row: _value(context, kind, row, steps), reverse=is_descending
        )
    return rows


@dataclass(frozen=True)
class _Dressing:
    """How rows of one kind are to be shown; ``known`` holds single entities already expanded."""

    context: Context
    kind: str
    query: Query
    share: int
    known: dict[tuple[str, str], Any]


def _dressed(
    context: Context, kind: str, rows: list[Entity], query: Query, *, share: int
) -> list[Entity]:
    """Return the rows with what was selected, and with their links or expanded relations."""
    for relation in query.expand:
        if relation not in RELATIONS[kind]:
            raise QueryError(f"{kind} have no relation {relation!r}")
    how = _Dressing(context, kind, query, share, {})
    return [_dress(how, row) for row in rows]


def _dress(how: _Dressing, row: Entity) -> Entity:
    key, query = row["@iot.id"], how.query
    picked = {name: row[name] for name in query.select if name in row} if query.select else {**row}
    for relation in RELATIONS[how.kind]:
        if relation in query.expand:
            picked |= _expanded(how, key, relation)
        elif not query.select:
            link = f"{how.context.base}/{how.kind}('{key}')/{relation}"
            picked[f"{relation}@iot.navigationLink"] = link
    return picked


def _expanded(how: _Dressing, key: str, relation: str) -> Entity:
    inner = how.query.expand[relation]
    found = _follow(how.context, Place(how.kind, (key,), is_single=True), relation)
    if found.is_single:
        mark = (found.kind, found.ids[0])
        if mark not in how.known:
            how.known[mark] = _single(how.context, found, inner)
        return {relation: how.known[mark]}
    path = f"{how.kind}('{key}')/{relation}"
    body = _collection(how.context, found, inner, path=path, share=how.share)
    extra = {f"{relation}{name}": value for name, value in body.items() if name != "value"}
    return {relation: body["value"], **extra}


def _data_array(body: dict[str, Any]) -> dict[str, Any]:
    """Return observations in the compact form of OGC 18-088, section 9.3.5."""
    rows = body["value"]
    names = [name for name in (rows[0] if rows else {}) if "Link" not in name]
    table = [[row[name] for name in names] for row in rows]
    array = {"components": names, "dataArray@iot.count": len(table), "dataArray": table}
    return {**body, "value": [array]}


def context_for(world: World, root_name: str, *, now: int, base: str, frozen: str) -> Context:
    """Return the context of one root; ``KeyError`` where there is no such root."""
    return Context(world=world, book=catalogue(root_name), now=now, base=base, frozen=frozen)
