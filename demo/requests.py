"""Requests for service: who asks for what, where, when, and when it is done.

One local day is drawn at a time (about 3 000 rows, all columns at once) and cached; a day is a pure
function of seed, day and incidents. Rows are sorted by the instant of the request.
Ids are whole numbers that read ``YYYYMMDD`` + number of the service (2 digits) + counter (7
digits): an id is enough to find its request again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from demo import sites
from demo.almanac import DAY, HOUR, city_time, day_of, midnight
from demo.districts import points, wards
from demo.incidents import MINUTE, Incident, World, course
from demo.noise import Floats, Ints, normal, uniform
from demo.services import LATE, NUMBER, SERVICES, SPREAD, Service, arrivals

MAX_DAYS = 400
"""No request stays open longer than this, so older days need not be looked at."""

_PLACES = 400  # fixed points per district, moved a little per request
_INCIDENT_FROM = 1_000_000  # counters from here on belong to incidents
_PER_INCIDENT = 6000  # counters that one incident may use, for one service on one day
_ID_LENGTH = 17
_UNIX = date(1970, 1, 1).toordinal()
_CALLS: dict[str, tuple[tuple[str, float], ...]] = {
    "flood": (("502", 110.0), ("501", 16.0), ("701", 8.0)),
    "powercut": (("302", 26.0), ("301", 14.0)),
    "crash": (("302", 5.0),),
}
"""Requests per hour, at full strength, that an incident brings."""


@dataclass(frozen=True)
class Requests:
    """Columns of equal length; instants are whole seconds, ``service`` and ``ward`` indices."""

    id: Ints
    service: Ints
    ward: Ints
    opened: Ints
    due: Ints
    touched: Ints
    closed: Ints
    lon: Floats
    lat: Floats

    def pick(self, which: NDArray[np.bool_] | Ints) -> "Requests":
        """Return some of the rows."""
        return Requests(**{name: column[which] for name, column in vars(self).items()})

    def __len__(self) -> int:
        return int(self.opened.size)


class _Batch(NamedTuple):
    """Rows that are drawn together."""

    seed: int
    day: int
    service: Service


def between(world: World, first: int, last: int) -> Requests:
    """Return the requests opened in [first, last], oldest first."""
    days = [_day(world, day) for day in range(day_of(first), day_of(last) + 1)]
    rows = join(days)
    return rows.pick((rows.opened >= first) & (rows.opened <= last))


def named(world: World, ids: Iterable[str]) -> Requests:
    """Return the requests of those ids, oldest first; ids that nobody drew are left out."""
    by_day: dict[int, list[int]] = {}
    for request_id in ids:
        day = _day_in(request_id)
        if day is not None:
            by_day.setdefault(day, []).append(int(request_id))
    drawn = ((_day(world, day), wanted) for day, wanted in sorted(by_day.items()))
    return join([rows.pick(np.isin(rows.id, wanted)) for rows, wanted in drawn])


def join(parts: list[Requests]) -> Requests:
    """Return the rows of several tables, one after another."""
    if not parts:
        whole = np.zeros(0, dtype=np.int64)
        part = np.zeros(0)
        return Requests(*(whole,) * 7, part, part)
    return Requests(
        **{name: np.concatenate([vars(p)[name] for p in parts]) for name in vars(parts[0])}
    )


def _day_in(request_id: str) -> int | None:
    if len(request_id) != _ID_LENGTH or not request_id.isdecimal():
        return None
    try:
        day = date(int(request_id[:4]), int(request_id[4:6]), int(request_id[6:8]))
    except ValueError:
        return None
    return day.toordinal() - _UNIX


def _day(world: World, day: int) -> Requests:
    first = midnight(day)
    acting = [
        incident
        for kind in _CALLS
        for incident in world.incidents(kind, first, first + DAY + 2 * HOUR)
    ]
    return _drawn(world.seed, day, tuple(acting))


@lru_cache(maxsize=200)
def _drawn(seed: int, day: int, acting: tuple[Incident, ...]) -> Requests:
    usual = [_usual(seed, day, service) for service in SERVICES]
    extra = [_called(seed, day, incident) for incident in acting]
    rows = join(usual + [part for parts in extra for part in parts])
    return rows.pick(np.lexsort((rows.id, rows.opened)))


def _usual(seed: int, day: int, service: Service) -> Requests:
    number = NUMBER[service.code]
    start, end = midnight(day), midnight(day + 1)
    noon = np.array([start + DAY // 2], dtype=np.int64)
    when = city_time(noon)
    rest = 1.0 if when.is_workday[0] else 0.55
    mood = 0.07 * normal(seed, "request day", day) + 0.10 * normal(seed, "own day", number, day)
    expected = service.per_day * 1.14 * rest * service.season(seed, noon) * np.exp(mood)
    count = max(0, int(np.round(expected + np.sqrt(expected) * normal(seed, "n", number, day))[0]))
    k = np.arange(count, dtype=np.int64)
    grid = np.arange(0.0, 24.0, 0.25)
    share = np.cumsum(arrivals(service, grid + 0.125, is_workday=bool(when.is_workday[0])))
    draw = uniform(seed, "when", day, number, k)
    hour = np.interp(draw, np.concatenate([[0.0], share / share[-1]]), np.append(grid, 24.0))
    opened = (start + hour / 24.0 * (end - start)).astype(np.int64)
    places = np.searchsorted(_weights(service.is_central), uniform(seed, "who", day, number, k))
    return _rows(_Batch(seed, day, service), k=k, opened=opened, place=places)


def _called(seed: int, day: int, incident: Incident) -> list[Requests]:
    """Return what an incident brought on one day: a Poisson count for each minute."""
    begin, end = midnight(day), midnight(day + 1)
    tail = incident.ends + 3 * HOUR
    minutes = np.arange(max(begin, incident.started), min(end, tail), MINUTE, dtype=np.int64)
    reach = sites.RIVERSIDE if incident.kind == "flood" else {incident.place: 1.0}
    people = np.array([ward.population * reach.get(ward.id, 0.0) for ward in wards()])
    shares = np.cumsum(people / people.sum())
    found = []
    for code, per_hour in _CALLS[incident.kind]:
        expected = per_hour / 60.0 * course(incident, minutes)
        label = f"call {incident.kind} {incident.started} {code}"
        counts = _poisson(expected, uniform(seed, label, minutes))
        opened = np.repeat(minutes, counts)
        k = np.arange(opened.size, dtype=np.int64)
        opened = opened + (uniform(seed, label, "second", k) * MINUTE).astype(np.int64)
        places = np.searchsorted(shares, uniform(seed, label, "who", k))
        k = k + _first_counter(incident)
        service = SERVICES[NUMBER[code]]
        found.append(_rows(_Batch(seed, day, service), k=k, opened=opened, place=places))
    return found


def _first_counter(incident: Incident) -> int:
    """Return where an incident's counters begin; it depends on nothing but the incident."""
    minute = incident.started // MINUTE % (24 * 60)
    half = _PER_INCIDENT // 2 if incident.kind == "crash" else 0
    return _INCIDENT_FROM + _PER_INCIDENT * minute + half


def _rows(batch: _Batch, *, k: Ints, opened: Ints, place: Ints) -> Requests:
    seed, day, service = batch
    number = NUMBER[service.code]
    scale = np.log(service.days) - LATE * SPREAD
    lasts = np.exp(scale + SPREAD * normal(seed, "lasts", day, number, k)) * DAY
    closed = _in_office_hours(seed, opened + np.maximum(lasts, 0.5 * HOUR).astype(np.int64), opened)
    closed = np.minimum(closed, opened + MAX_DAYS * DAY - 1)
    seen = opened + ((closed - opened) * (0.05 + 0.25 * uniform(seed, "seen", day, number, k)))
    spot = (uniform(seed, "spot", day, number, k) * _PLACES).astype(np.int64)
    where = _spots()[place, spot] if k.size else np.zeros((0, 2))
    stamp = int(date.fromordinal(_UNIX + day).strftime("%Y%m%d"))
    return Requests(
        id=(stamp * 100 + number) * 10_000_000 + k,
        service=np.full(k.size, number, dtype=np.int64),
        ward=place.astype(np.int64),
        opened=opened,
        due=opened + int(service.days * DAY),
        touched=seen.astype(np.int64),
        closed=closed,
        lon=where[:, 0],
        lat=where[:, 1],
    )


def _in_office_hours(seed: int, at: Ints, opened: Ints) -> Ints:
    """Move the end of the work into 7–19 h, never before the request itself."""
    hour = city_time(at).hour
    early = np.clip(7.0 - hour, 0.0, None) + np.where(hour > 19.0, 31.0 - hour, 0.0)
    spread = 3.0 * uniform(seed, "shift", at)
    moved = at + np.where(early > 0.0, (early + spread) * HOUR, 0.0).astype(np.int64)
    return np.maximum(moved, opened + MINUTE)


def _poisson(expected: Floats, draw: Floats) -> Ints:
    """Return Poisson counts by inversion; ``expected`` is a few per minute at most."""
    count = np.zeros(expected.shape, dtype=np.int64)
    term = np.exp(-expected)
    total = term.copy()
    for n in range(1, 40):
        count += draw >= total
        term = term * expected / n
        total = total + term
    return count


@lru_cache(maxsize=2)
def _weights(is_central: bool) -> Floats:  # noqa: FBT001 - a cache key, not an option
    centre = {"181": 3.0, "182": 3.0, "113": 2.0, "183": 1.8, "111": 1.6, "73": 1.4}
    people = np.array(
        [ward.population * (centre.get(ward.id, 1.0) if is_central else 1.0) for ward in wards()]
    )
    own = 0.75 + 0.5 * uniform("place", "asks", np.arange(people.size, dtype=np.int64))
    weights = people * own
    return np.asarray(np.cumsum(weights / weights.sum()))


@lru_cache(maxsize=1)
def _spots() -> Floats:
    return np.array([points(ward.id, "doors", _PLACES) for ward in wards()])
