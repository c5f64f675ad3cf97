"""What the attributes of an entity measure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from feeds.gathered import Gathered, Place, said
from feeds.ngsi_entity import Attribute, Entity, folded
from feeds.ngsi_models import (
    BIKES,
    COUNTED_PER_INTERVAL,
    MEASURED,
    OUT_OF_SERVICE,
    PARKING,
    STREETLIGHT,
    unit_of,
)
from feeds.ngsi_options import Options
from feeds.ngsi_times import Clock, Period
from feeds.units import conversion
from feeds.wanted import Wanted, agreed, number
from model import Quality

_MAY_BE_NEGATIVE = frozenset({"temperature", "apparent_temperature", "river_level", "noise"})
_BAD = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError)


@dataclass(slots=True)
class Measures:
    """Adds the measurements of one entity; ``odd`` takes the reason by attribute."""

    gathered: Gathered
    options: Options
    entity: Entity
    clock: Clock
    odd: dict[str, str]
    place: Place | None = None
    site: str = ""

    def __post_init__(self) -> None:
        self.site = self.entity.site(self.options.site)
        try:
            self.place = self.entity.shape()[0]
        except _BAD as problem:
            self.odd["location"] = said(problem)

    def kind_of(self, *known: str) -> str | None:
        """Return the first of the entity's types that is one of the known ones."""
        return next((one for one in self.entity.types if one in known), None)

    def attempt(self, name: str, add: Callable[..., None], *what: Any) -> bool:
        """Add something, or say why not; true in both cases."""
        try:
            add(self, *what)
        except _BAD as problem:
            self.odd[name] = said(problem)
        return True

    def add(
        self,
        quantity: str,
        value: float | None,
        unit: str,
        when: tuple[Period, Quality],
        *,
        dataset: str | None = None,
    ) -> None:
        """Add one value at a time; nothing but temperatures and levels goes below zero."""
        if value is not None and value in self.options.missing:
            value = None
        if value is not None and value < 0 and quantity not in _MAY_BE_NEGATIVE:
            raise ValueError(f"{value:g} is less than nothing")
        if value is not None and value > 1 and unit == "ratio":
            raise ValueError(f"{value:g} is no share of 1: if it is per cent, say unit = '%'")
        site = f"{self.site}:{dataset}" if dataset else self.site
        period, quality = when
        self.gathered.measured(
            site, quantity, value, unit, period.end, place=self.place, quality=quality
        )


def measure(to: Measures) -> bool:
    """Add what an entity measures; false where nothing of it is asked for."""
    done = [_plain(to, wanted, one) for wanted, one in _asked(to)]
    if to.options.defaults:
        done += [_intensity(to), _parking(to), _streetlight(to)]
    return any(done)


def _asked(to: Measures) -> Iterator[tuple[tuple[Wanted, bool], Attribute]]:
    """Yield the attributes that are named by the pack, or else by the model of the entity."""
    declared = {folded(name): wanted for name, wanted in to.options.quantities.items()}
    kind = to.kind_of(*MEASURED) if to.options.defaults else None
    known = MEASURED[kind] if kind else {}
    for name, many in to.entity.attributes.items():
        wanted = declared.get(name) or known.get(name)
        if wanted:
            yield from (((wanted, name in declared), one) for one in many)


def _plain(to: Measures, asked: tuple[Wanted, bool], one: Attribute) -> bool:
    return to.attempt(one.name, _add_plain, asked, one)


def _add_plain(to: Measures, asked: tuple[Wanted, bool], one: Attribute) -> None:
    wanted, is_declared = asked
    told = unit_of(one.unit)
    if told == "count" and wanted.unit == "ratio":  # C62 is "one", of anything
        told = None
    unit = agreed(wanted.unit, told) if is_declared else told or wanted.unit
    conversion(wanted.quantity, unit)
    value = _number(one)
    if value is not None and to.kind_of(BIKES) and _is_closed(to.entity):
        value = 0.0
    to.add(wanted.quantity, value, unit or "count", to.clock.of(one), dataset=one.dataset)


def _number(one: Attribute) -> float | None:
    if isinstance(one.value, bool):
        raise ValueError(f"{one.value} is no number")  # noqa: TRY004 - the row is bad
    return number(one.value)


def _is_closed(entity: Entity) -> bool:
    status = entity.first("status")
    said = status.value if status else None
    words = said if isinstance(said, list) else [said]
    return any(folded(str(word)) in OUT_OF_SERVICE for word in words)


def _intensity(to: Measures) -> bool:
    """Vehicles counted in an interval, as vehicles per hour; lanes and classes stay apart."""
    is_declared = any(folded(name) == "intensity" for name in to.options.quantities)
    if is_declared or not to.kind_of(*COUNTED_PER_INTERVAL):
        return False
    found = [one for one in to.entity.attributes.get("intensity", ()) if one.value is not None]
    done = [to.attempt(one.name, _add_intensity, one) for one in found]
    return bool(done)


def _add_intensity(to: Measures, one: Attribute) -> None:
    when = to.clock.of(one)
    whole = to.clock.whole
    length = when[0].length or (whole.length if whole else None) or to.options.interval
    if length is None:
        raise ValueError("a count per interval whose length nobody says: say interval = '5min'")
    value = _number(one)
    is_known = value is not None and value not in to.options.missing
    hours = length.total_seconds() / 3600
    flow = value / hours if value is not None and is_known else None
    to.add("traffic_flow", flow, "veh/h", when, dataset=one.dataset)


def _parking(to: Measures) -> bool:
    """Spaces, and how many of them are taken; both at the time of the count."""
    if not to.kind_of(*PARKING):
        return False
    total, free = to.entity.first("totalSpotNumber"), to.entity.first("availableSpotNumber")
    taken = to.entity.first("occupiedSpotNumber")
    if total is None and free is None and taken is None:
        return False
    return to.attempt("availableSpotNumber", _add_parking, total, free, taken)


def _add_parking(
    to: Measures, total: Attribute | None, free: Attribute | None, taken: Attribute | None
) -> None:
    counted = taken or free or total
    if counted is None:
        return
    when = to.clock.of(counted)
    spaces = _number(total) if total else None
    occupied = _number(taken) if taken else None
    if occupied is None and free is not None:
        left = _number(free)
        if spaces is None and left is not None:
            raise ValueError("free spaces of a car park whose totalSpotNumber is not said")
        occupied = spaces - left if spaces is not None and left is not None else None
        if occupied is not None and occupied < 0:
            raise ValueError(f"{left:g} of {spaces:g} spaces are free")
    if spaces is not None:
        to.add("parking_spaces", spaces, "count", when)
    if occupied is not None:
        to.add("parking_occupied", occupied, "count", when)


def _streetlight(to: Measures) -> bool:
    """Whether a lamp is in order: 1 or 0."""
    status = to.entity.first("status")
    if not to.kind_of(STREETLIGHT) or status is None:
        return False
    return to.attempt(status.name, _add_streetlight, status)


def _add_streetlight(to: Measures, status: Attribute) -> None:
    value = 1.0 if folded(str(status.value)) == "ok" else 0.0
    to.add("light_ok", value, "count", to.clock.of(status))
