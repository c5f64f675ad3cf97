"""GTFS Schedule: the timetable of public transport, from a zip.

Docs: https://gtfs.org/documentation/schedule/reference/. It gives what a city is promised: how
often each station is served on a service day, and for how many days the timetable still counts.
Its main use is to be the reference of ``gtfs-rt``. Quirks: a timetable may have expired, or not
begun; a broken one never replaces a good one; one that was published early waits for its days.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta

import numpy as np

from feeds import gtfs_shelf
from feeds.base import Kind, Take, Visit
from feeds.gtfs_read import read_timetable
from feeds.gtfs_timetable import Timetable
from feeds.options import KindOptions
from model import Feed, Observation, Parsed, Reject


class Options(KindOptions):
    """What a city pack may say under ``[[feeds]]`` of this kind."""

    departures: bool = True

    def problems(self, feed: Feed) -> list[str]:
        """Say what does not fit this feed."""
        return [] if feed.url or feed.path else [f"kind {feed.kind!r} needs a url or a path"]


def parse(body: bytes, feed: Feed, fetched_at: datetime) -> Parsed:
    """Return the facts of the service day in which a zip was fetched.

    Raises:
        ValueError: if it is no timetable.

    """
    timetable = read_timetable(body, zone=feed.timezone)
    found = facts(timetable, feed, fetched_at)
    return Parsed([*found], _rejects(feed, troubles(timetable, fetched_at), fetched_at))


def facts(timetable: Timetable, feed: Feed, fetched_at: datetime) -> list[Observation]:
    """Return departures per station (count) on the day, and the days that are left.

    A timetable that does not cover the day says nothing of departures: not even 0.
    """
    day = fetched_at.astimezone(timetable.zone).date()
    span = timetable.services.span
    if span is None:
        return []
    left = _observation(feed, fetched_at, timetable, day)
    found = [replace(left, value=float((span[1] - day).days))]
    if timetable.is_valid(day) and Options.model_validate(dict(feed.options)).departures:
        found += _departures(timetable, left, day)
    return found


def troubles(timetable: Timetable, at: datetime) -> list[str]:
    """Say what is wrong with a timetable: its days, and what of it could not be read."""
    day = at.astimezone(timetable.zone).date()
    span = timetable.services.span
    if span is None:
        return ["the timetable has no day on which anything runs", *timetable.notes]
    if timetable.is_valid(day):
        return [*timetable.notes]
    when = f"ended on {span[1]}" if day > span[1] else f"begins on {span[0]}"
    return [f"the timetable {when}", *timetable.notes]


def _observation(feed: Feed, at: datetime, timetable: Timetable, day: date) -> Observation:
    return Observation(
        feed_id=feed.id,
        site_id=feed.id,
        quantity="timetable_left",
        value=None,
        unit="d",
        observed_at=min(timetable.beginning(day), at),
        fetched_at=at,
    )


def _departures(timetable: Timetable, like: Observation, day: date) -> list[Observation]:
    stops = timetable.stops
    counts = timetable.departures(day)
    listed = timetable.rows.stop[timetable.rows.stop >= 0]
    served = np.unique(stops.station[listed])
    ids = stops.ids
    found = []
    for station in served.tolist():
        lat, lon = stops.place(station)
        found.append(
            replace(
                like,
                site_id=ids[station],
                quantity="departures",
                value=float(counts[station]),
                unit="count",
                lat=lat,
                lon=lon,
            )
        )
    return found


def read(visit: Visit) -> Take:
    """Read the timetable if it changed, and give the facts of each day once."""
    shelved = gtfs_shelf.current(visit, visit.feed.url or visit.feed.path or "", timedelta(0))
    if shelved.timetable is None:
        raise shelved.problem or ValueError("no timetable")
    timetable = shelved.timetable
    day = visit.now.astimezone(timetable.zone).date().isoformat()
    is_due = shelved.is_new or visit.memory.get("day") != day
    found = facts(timetable, visit.feed, visit.now) if is_due else []
    said = troubles(timetable, visit.now) if shelved.is_new else []
    if shelved.problem:
        said.append(shelved.problem.reason)
    parsed = Parsed([*found], _rejects(visit.feed, said, visit.now))
    memory = {"static": dict(shelved.memory), "day": day}
    return Take(parsed, memory, not_modified=not (found or said))


def _rejects(feed: Feed, reasons: Iterable[str], at: datetime) -> list[Reject]:
    """Return what is wrong with the timetable as a whole; it has no single row."""
    return [Reject(feed_id=feed.id, line=0, reason=one, raw="", at=at) for one in reasons]


KIND = Kind(
    name="gtfs",
    options=Options,
    read=read,
    parse=parse,
    standard="GTFS Schedule",
    gives=frozenset({"observation"}),
)
