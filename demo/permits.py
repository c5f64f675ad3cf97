"""Reviews of permits: who asks to build, occupy or change, and when it is decided.

Served as Open311 GeoReport v2 on a path of its own, as cities do whose permit office has a portal
beside that of the requests. All are invented.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from demo.almanac import DAY, HOUR, city_time, day_of, midnight
from demo.clock import city
from demo.districts import points, wards
from demo.georeport import CAP, GeoReportError, asked, number
from demo.incidents import World
from demo.noise import Floats, Ints, normal, uniform

AGENCY = "Permit office"
_PLACES = 60
_SPREAD = 0.42
_OPEN, _SHUT = 8.5, 17.0  # office hours


@dataclass(frozen=True)
class Kind:
    """A kind of permit: reviews a working day, days promised, median share of them taken."""

    code: str
    name: str
    per_day: float
    days: int
    pace: float


KINDS: tuple[Kind, ...] = (
    Kind("P10", "Alteration permit", 52, 10, 0.60),
    Kind("P20", "Occupancy permit", 28, 20, 0.56),
    Kind("P30", "New building permit", 16, 30, 0.62),
)
"""All kinds, in the order of their codes."""

MAX_DAYS = 120
"""No review takes longer."""


@dataclass(frozen=True)
class Reviews:
    """Columns of equal length; instants are whole seconds, ``kind`` and ``ward`` indices."""

    id: Ints
    kind: Ints
    ward: Ints
    opened: Ints
    due: Ints
    closed: Ints
    lon: Floats
    lat: Floats

    def __len__(self) -> int:
        return int(self.opened.size)

    def pick(self, which: Any) -> "Reviews":
        """Return some of the rows."""
        return Reviews(**{name: column[which] for name, column in vars(self).items()})


def services() -> list[dict[str, Any]]:
    """Return the list of services, one per kind of permit."""
    return [
        {
            "service_code": kind.code,
            "service_name": kind.name,
            "description": kind.name,
            "metadata": False,
            "type": "realtime",
            "keywords": "permits",
            "group": "permits",
        }
        for kind in KINDS
    ]


def listed(world: World, options: Mapping[str, str], *, now: int) -> list[dict[str, Any]]:
    """Return the reviews that match, newest first, at most ``CAP`` of them.

    Raises:
        GeoReportError: if an option makes no sense.

    """
    size, page = min(number(options, "page_size", CAP), CAP), number(options, "page", 1)
    names = [name.strip() for name in options.get("service_request_id", "").split(",") if name]
    if names:
        rows = named(world, names)
        rows = rows.pick(rows.opened <= now)
    else:
        rows = _matching(world, options, now)
    rows = rows.pick(np.arange(len(rows))[::-1][(page - 1) * size : page * size])
    return _spelt(rows, now)


def single(world: World, request_id: str, *, now: int) -> list[dict[str, Any]]:
    """Return one review as it stands at ``now``, in a list as the standard wants it."""
    rows = named(world, [request_id])
    rows = rows.pick(rows.opened <= now)
    if not len(rows):
        raise GeoReportError(404, f"service_request_id {request_id} was not found")
    return _spelt(rows, now)


def between(world: World, first: int, last: int) -> Reviews:
    """Return the reviews asked for in [first, last], oldest first."""
    days = [_day(world.seed, day) for day in range(day_of(first), day_of(last) + 1)]
    rows = _joined(days)
    return rows.pick((rows.opened >= first) & (rows.opened <= last))


def named(world: World, ids: list[str]) -> Reviews:
    """Return the reviews of those ids; ids that nobody drew are left out."""
    wanted = [int(name) for name in ids if name.isdecimal() and len(name) <= 12]
    days = sorted({one // 100_000 for one in wanted if one // 100_000 < 60_000})
    rows = _joined([_day(world.seed, day) for day in days])
    return rows.pick(np.isin(rows.id, wanted))


def _matching(world: World, options: Mapping[str, str], now: int) -> Reviews:
    codes = frozenset(kind.code for kind in KINDS)
    wish = asked(options, now, codes)
    rows = between(world, wish.first, min(wish.last, now))
    mine = [n for n, kind in enumerate(KINDS) if not wish.codes or kind.code in wish.codes]
    kept = np.isin(rows.kind, mine)
    if len(wish.statuses) == 1:
        kept &= (rows.closed <= now) == ("closed" in wish.statuses)
    changed = np.where(rows.closed <= now, rows.closed, rows.opened)
    return rows.pick(kept & (changed >= wish.updated[0]) & (changed <= wish.updated[1]))


@lru_cache(maxsize=400)
def _day(seed: int, day: int) -> Reviews:
    noon = np.array([midnight(day) + DAY // 2], dtype=np.int64)
    is_open = bool(city_time(noon).is_workday[0])
    rows = _joined([_kind(seed, day, n, is_open=is_open) for n in range(len(KINDS))])
    return rows.pick(np.lexsort((rows.id, rows.opened)))


def _kind(seed: int, day: int, n: int, *, is_open: bool) -> Reviews:
    kind = KINDS[n]
    expected = kind.per_day * (1.0 if is_open else 0.08)  # the portal takes them at any time
    draw = expected + np.sqrt(expected) * normal(seed, "permits", n, day)
    k = np.arange(max(0, int(np.round(draw)[0])), dtype=np.int64)
    hour = _OPEN + (_SHUT - _OPEN) * uniform(seed, "permit at", day, n, k)
    opened = midnight(day) + (hour * HOUR).astype(np.int64)
    busy = 1.0 + 0.10 * float(normal(seed, "permit office", day // 14)[0])
    spread = np.exp(_SPREAD * normal(seed, "permit long", day, n, k))
    lasts = np.clip(kind.days * kind.pace * busy * spread, 0.2, MAX_DAYS) * DAY
    people = np.cumsum([ward.population for ward in wards()])
    ward = np.searchsorted(people / people[-1], uniform(seed, "permit where", day, n, k))
    spot = (uniform(seed, "permit spot", day, n, k) * _PLACES).astype(np.int64)
    where = _spots()[ward, spot] if k.size else np.zeros((0, 2))
    return Reviews(
        id=day * 100_000 + n * 10_000 + k,
        kind=np.full(k.size, n, dtype=np.int64),
        ward=ward.astype(np.int64),
        opened=opened,
        due=opened + kind.days * DAY,
        closed=opened + lasts.astype(np.int64),
        lon=where[:, 0],
        lat=where[:, 1],
    )


@lru_cache(maxsize=1)
def _spots() -> Floats:
    return np.array([points(ward.id, "sites", _PLACES) for ward in wards()])


def _joined(parts: list[Reviews]) -> Reviews:
    whole, part = np.zeros(0, dtype=np.int64), np.zeros(0)
    empty = Reviews(*(whole,) * 6, part, part)
    return Reviews(
        **{name: np.concatenate([vars(p)[name] for p in (empty, *parts)]) for name in vars(empty)}
    )


def _spelt(rows: Reviews, now: int) -> list[dict[str, Any]]:
    columns = zip(*(column.tolist() for column in vars(rows).values()), strict=True)
    return [
        {
            "service_request_id": str(name),
            "status": "closed" if closed <= now else "open",
            "status_notes": "Decided" if closed <= now else None,
            "service_name": KINDS[kind].name,
            "service_code": KINDS[kind].code,
            "description": None,
            "agency_responsible": AGENCY,
            "service_notice": None,
            "requested_datetime": city(opened),
            "updated_datetime": city(min(closed, now) if closed <= now else opened),
            "expected_datetime": city(due),
            "address": wards()[ward].name,
            "address_id": None,
            "zipcode": None,
            "lat": lat,
            "long": lon,
            "media_url": None,
        }
        for name, kind, ward, opened, due, closed, lon, lat in columns
    ]
