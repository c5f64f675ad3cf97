"""Tables of observations for SensorThings answers: filtered, ordered, cut to a page, spelt out."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from demo.almanac import HOUR
from demo.archive import instants, values
from demo.incidents import World
from demo.noise import Floats, Ints
from demo.odata import Lookup, Query, QueryError, bounds, holds
from demo.roots import Root, Stream

FIELDS = ("@iot.id", "phenomenonTime", "resultTime", "result")


@dataclass(frozen=True)
class Table:
    """Rows of observations: ``stream`` indexes the streams asked for, ``at`` is in seconds."""

    streams: tuple[Stream, ...]
    stream: Ints
    at: Ints
    result: Floats
    total: int


@dataclass(frozen=True)
class Wanted:
    """Which observations are asked for: of which datastreams, by which query, as of when."""

    world: World
    root: Root
    chosen: tuple[Stream, ...]
    query: Query
    now: int
    top: int


def page(wanted: Wanted) -> Table:
    """Return one page of observations.

    Without ``$orderby`` rows run by time, then by datastream; the last tie-break is always that.
    An interval is compared by its end.
    """
    at = _asked(wanted)
    end = wanted.query.skip + wanted.top
    if _wants_newest(wanted.query):
        enough = 2 * end // max(1, len(wanted.chosen)) + 50
        table = _page(wanted, at[-enough:])
        if table.total > end or enough >= at.size:
            return table
    return _page(wanted, at)


def _page(wanted: Wanted, at: Ints) -> Table:
    rows = _rows(wanted.world, wanted.root, wanted.chosen, at)
    lookup = _lookup(wanted.root, rows)
    kept = np.flatnonzero(np.broadcast_to(holds(wanted.query.where, lookup), rows.at.shape))
    kept = _ranked(lookup, rows, kept, wanted.query)
    which = kept[wanted.query.skip : wanted.query.skip + wanted.top]
    return Table(
        rows.streams, rows.stream[which], rows.at[which], rows.result[which], total=kept.size
    )


def _asked(wanted: Wanted) -> Ints:
    """Return the instants that can match, oldest first."""
    where, latency = wanted.query.where, wanted.root.latency
    low, high = bounds(where, "phenomenonTime")
    published_low, published_high = bounds(where, "resultTime")
    low, high = max(low, published_low - latency), min(high, published_high - latency)
    return instants(wanted.world, wanted.root, wanted.now, low, high)


def spelt(root: Root, table: Table, base: str) -> list[dict[str, Any]]:
    """Return the rows as whole entities with their links; ids read ``<datastream>@<seconds>``."""
    names = [stream.id for stream in table.streams]
    begin, published = _text(table.at - HOUR), _text(table.at + root.latency)
    ended = _text(table.at)
    when = [f"{a}/{b}" for a, b in zip(begin, ended, strict=True)] if root.is_interval else ended
    return [
        {
            "@iot.id": f"{names[n]}@{at}",
            "@iot.selfLink": f"{base}/Observations('{names[n]}@{at}')",
            "phenomenonTime": phenomenon,
            "resultTime": result_time,
            "result": result,
        }
        for n, at, phenomenon, result_time, result in zip(
            table.stream.tolist(),
            table.at.tolist(),
            when,
            published,
            table.result.tolist(),
            strict=True,
        )
    ]


def one(world: World, root: Root, stream: Stream, at: int, *, now: int) -> Table | None:
    """Return a single observation, or ``None`` where the archive has none."""
    found = _rows(world, root, (stream,), instants(world, root, now, at, at))
    return found if found.at.size else None


def _rows(world: World, root: Root, chosen: tuple[Stream, ...], at: Ints) -> Table:
    columns = np.empty((at.size, len(chosen)))
    for quantity in root.quantities:
        where = [n for n, stream in enumerate(chosen) if stream.quantity.name == quantity.name]
        if where and at.size:
            rows = np.array([chosen[n].row for n in where])
            columns[:, where] = values(world, root, quantity, at, rows=rows).T
    times = np.repeat(at, len(chosen))
    numbers = np.tile(np.arange(len(chosen), dtype=np.int64), at.size)
    flat = columns.reshape(-1)
    there = ~np.isnan(flat)
    return Table(chosen, numbers[there], times[there], flat[there], total=int(there.sum()))


def _lookup(root: Root, rows: Table) -> Lookup:
    def column(path: str) -> Any:
        if path == "phenomenonTime":
            return rows.at
        if path == "resultTime":
            return rows.at + root.latency
        if path == "result":
            return rows.result
        texts = {
            "Datastream/@iot.id": [stream.id for stream in rows.streams],
            "Datastream/name": [stream.quantity.name for stream in rows.streams],
            "Datastream/ObservedProperty/name": [s.quantity.name for s in rows.streams],
            "Datastream/Thing/@iot.id": [stream.site.id for stream in rows.streams],
            "Datastream/Thing/name": [stream.site.name for stream in rows.streams],
            "FeatureOfInterest/@iot.id": [stream.site.id for stream in rows.streams],
        }.get(path)
        if texts is None:
            raise QueryError(f"observations have no {path!r} to filter or order by")
        return np.array(texts)[rows.stream]

    return column


def _ranked(lookup: Lookup, rows: Table, kept: Ints, query: Query) -> Ints:
    """Return the kept rows in the order asked for."""
    keys = [rows.stream[kept], rows.at[kept]]
    for path, is_descending in reversed(query.orderby):
        rank = np.unique(lookup(path)[kept], return_inverse=True)[1]
        keys.append(-rank if is_descending else rank)
    return kept[np.lexsort(keys)]


def _wants_newest(query: Query) -> bool:
    """Whether a page can be cut from the newest instants alone."""
    return (
        query.where is None
        and not query.is_counted
        and query.orderby[:1] in ((("phenomenonTime", True),), (("resultTime", True),))
    )


def _text(at: Ints) -> list[str]:
    spelt_out: list[str] = np.datetime_as_string(at.astype("datetime64[s]"), unit="s").tolist()
    return [f"{text}Z" for text in spelt_out]
