"""stop_times.txt to columns: seconds of the service day, in the order of each trip.

Quirks: ``8:05:00``, times past 24:00, blank times (interpolated between the timed stops, evenly as
the standard says), rows out of order, rows twice. A trip whose times cannot be read, are open at
an end or run backwards is left out as a whole, and counted.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feeds.gtfs_tables import Archive

_TIME = re.compile(r"(\d{1,3}):(\d{1,2})(?::(\d{1,2}))?")
_BLANK, _BAD = -1, -2
_MAX_HOURS = 240
_MAX_ROWS = 20_000_000
_MAX_SEQUENCE = 2**31 - 1
_COLUMNS = ("trip_id", "stop_id", "arrival_time", "departure_time", "stop_sequence")

Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class StopTimes:
    """The rows of all trips, trip after trip; those of trip ``i`` are ``first[i]:first[i + 1]``.

    ``arrives`` and ``departs`` are seconds from the beginning of the service day; ``stop`` is a
    place among the stops, -1 for one that is not listed.
    """

    first: NDArray[np.int64]
    stop: Ints
    sequence: Ints
    arrives: Ints
    departs: Ints


def seconds(text: str) -> int | None:
    """Read a time of a service day; ``None`` where blank.

    >>> seconds("8:05:00"), seconds("27:01:00"), seconds("")
    (29100, 97260, None)

    Raises:
        ValueError: if it is no time.

    """
    text = text.strip()
    if not text:
        return None
    match = _TIME.fullmatch(text)
    if match is None or not text.isascii():
        raise ValueError(f"{text[:20]!r} is no time of a service day")
    hours, minutes, rest = int(match[1]), int(match[2]), int(match[3] or 0)
    if hours > _MAX_HOURS or minutes > 59 or rest > 59:  # noqa: PLR2004 - of a clock
        raise ValueError(f"{text[:20]!r} is no time of a service day")
    return hours * 3600 + minutes * 60 + rest


def read_stop_times(
    archive: Archive, trips: Mapping[str, int], stops: Mapping[str, int], notes: dict[str, int]
) -> StopTimes:
    """Read the rows of known trips.

    Raises:
        ValueError: if there is no such table, or it is larger than we hold.

    """
    pieces: list[NDArray[np.int32]] = []
    n_rows = 0
    for chunk in archive.chunks("stop_times", _COLUMNS, ("trip_id", "stop_id", "stop_sequence")):
        n_rows += len(chunk)
        if n_rows > _MAX_ROWS:
            raise ValueError(f"more than {_MAX_ROWS} rows in stop_times.txt")
        pieces.append(_columns(chunk, trips, stops))
    rows = np.concatenate(pieces, axis=1)
    known = rows[0] >= 0
    _note(notes, "rows of stop_times.txt of trips that are not listed", int((~known).sum()))
    _note(notes, "rows of stop_times.txt at stops that are not listed", int((rows[1] < 0).sum()))
    rows = rows[:, known]
    rows = rows[:, np.lexsort((rows[2], rows[0]))]
    again = np.zeros(rows.shape[1], dtype=bool)
    again[1:] = (rows[:3, 1:] == rows[:3, :-1]).all(axis=0)
    _note(notes, "rows of stop_times.txt that stand there twice", int(again.sum()))
    return _timed(rows[:, ~again], len(trips), notes)


def _columns(
    chunk: pd.DataFrame, trips: Mapping[str, int], stops: Mapping[str, int]
) -> NDArray[np.int32]:
    """Return trip, stop, sequence, arrival and departure, shape (5, n)."""
    return np.stack(
        [
            _mapped(chunk["trip_id"], lambda text: trips.get(text.strip(), -1)),
            _mapped(chunk["stop_id"], lambda text: stops.get(text.strip(), -1)),
            _mapped(chunk["stop_sequence"], _sequence),
            _mapped(chunk["arrival_time"], _clock),
            _mapped(chunk["departure_time"], _clock),
        ]
    )


def _mapped(column: "pd.Series[str]", reading: Callable[[str], int]) -> Ints:
    """Read each distinct text once."""
    codes, texts = pd.factorize(column)
    values = np.array([reading(str(text)) for text in texts], dtype=np.int32)
    return values[codes] if len(values) else np.zeros(0, dtype=np.int32)


def _sequence(text: str) -> int:
    try:
        number = float(text)
    except ValueError:
        return _BAD
    return int(number) if number.is_integer() and 0 <= number <= _MAX_SEQUENCE else _BAD


def _clock(text: str) -> int:
    try:
        found = seconds(text)
    except ValueError:
        return _BAD
    return _BLANK if found is None else found


def _timed(rows: Ints, n_trips: int, notes: dict[str, int]) -> StopTimes:
    trip, stop, sequence, arrives, departs = rows
    arrives = np.where(arrives == _BLANK, departs, arrives)
    departs = np.where(departs == _BLANK, arrives, departs)
    first = np.searchsorted(trip, np.arange(n_trips + 1)).astype(np.int64)
    wrong = (arrives == _BAD) | (departs == _BAD) | (sequence == _BAD)
    unreadable = _trips_with(trip, wrong, n_trips)
    ends = np.concatenate([first[:-1], first[1:] - 1])[np.tile(np.diff(first) > 0, 2)]
    is_open = np.zeros(len(trip), dtype=bool)
    is_open[ends] = arrives[ends] == _BLANK
    unended = _trips_with(trip, is_open, n_trips) & ~unreadable
    arrives, departs = _interpolated(arrives, ~(unreadable | unended)[trip], departs)
    back = departs < arrives
    back[1:] |= (arrives[1:] < departs[:-1]) & (trip[1:] == trip[:-1])
    reversed_ = _trips_with(trip, back, n_trips) & ~unreadable & ~unended
    _note(notes, "trips with a time or stop_sequence that cannot be read", int(unreadable.sum()))
    _note(notes, "trips without a time at their first or last stop", int(unended.sum()))
    _note(notes, "trips whose times run backwards", int(reversed_.sum()))
    kept = ~(unreadable | unended | reversed_)[trip]
    first = np.searchsorted(trip[kept], np.arange(n_trips + 1)).astype(np.int64)
    return StopTimes(first, stop[kept], sequence[kept], arrives[kept], departs[kept])


def _trips_with(trip: Ints, rows: NDArray[np.bool_], n_trips: int) -> NDArray[np.bool_]:
    found = np.zeros(n_trips, dtype=bool)
    found[trip[rows]] = True
    return found


def _interpolated(arrives: Ints, usable: NDArray[np.bool_], departs: Ints) -> tuple[Ints, Ints]:
    """Fill blank times evenly between the timed stops; ends are timed, so trips do not mix."""
    blank = np.flatnonzero((arrives == _BLANK) & usable)
    if not len(blank):
        return arrives, departs
    timed = np.flatnonzero((arrives >= 0) & usable)
    before = timed[np.searchsorted(timed, blank) - 1]
    after = timed[np.searchsorted(timed, blank)]
    share = (blank - before) / (after - before)
    filled = departs[before] + share * (arrives[after].astype(np.int64) - departs[before])
    arrives, departs = arrives.copy(), departs.copy()
    arrives[blank] = departs[blank] = np.round(filled).astype(np.int32)
    return arrives, departs


def _note(notes: dict[str, int], what: str, count: int) -> None:
    if count:
        notes[what] = notes.get(what, 0) + count
