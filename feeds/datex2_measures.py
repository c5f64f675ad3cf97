"""DATEX II measurements to observations, and the table that says what an index means.

Quirks: a value is known by its index, whose meaning stands in another document; −1, ``dataError``
and no input values mean no data; lanes are measured apart, and classes of vehicles beside all.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite
from typing import Any
from xml.etree.ElementTree import Element, tostring

from feeds import datex2_places, times
from feeds.datex2_options import Options
from feeds.datex2_places import Place
from feeds.datex2_xml import Header, attribute, child, children, said, within
from feeds.decode import local, raw
from feeds.units import conversion
from model import Feed, Observation, Reject

_WHOLE = ("alllanescompletecarriageway", "carriageway", "")
_ANY = frozenset({"anyvehicle", "allvehicles"})
_VALUES = {
    "vehicleFlow": ("vehicleFlowRate", "traffic_flow", "veh/h"),
    "averageVehicleSpeed": ("speed", "speed", "km/h"),
    "occupancy": ("percentage", "occupancy", "%"),
    "travelTime": ("duration", "travel_time", "s"),
    "airTemperature": ("temperature", "temperature", "°C"),
    "roadSurfaceTemperature": ("temperature", "road_temperature", "°C"),
    "relativeHumidity": ("percentage", "humidity", "%"),
    "windSpeed": ("speed", "wind_speed", "km/h"),
    "minimumVisibilityDistance": ("integerMetreDistance", "visibility", "m"),
}
_BELOW_ZERO = frozenset({"temperature", "road_temperature"})
_BROKEN = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError)
Table = Mapping[str, str]  # site → "lat lon" and the lane of every index for all vehicles


@dataclass(frozen=True, slots=True)
class Site:
    """A measuring site: where it is, and the lane of each index that counts all vehicles."""

    lat: float | None = None
    lon: float | None = None
    lanes: Mapping[str, str] = field(default_factory=dict)

    @property
    def packed(self) -> str:
        """One line of text, since there are tens of thousands of sites.

        >>> Site(52.1, 5.25, {"1": "", "3": "lane2"}).packed
        '52.1 5.25 1= 3=lane2'

        """
        here = ("-", "-") if self.lat is None or self.lon is None else (self.lat, self.lon)
        return " ".join([*map(str, here), *(f"{n}={lane}" for n, lane in self.lanes.items())])

    @classmethod
    def unpacked(cls, line: str) -> "Site":
        """Return the site that was packed."""
        lat, lon, *lanes = line.split(" ")
        pairs = dict(one.split("=", 1) for one in lanes)
        return cls(None, None, pairs) if lat == "-" else cls(float(lat), float(lon), pairs)


def site_of(record: Element, place: Place) -> Site:
    """Return what the table says of a site, and where it is."""
    middle = place.middle
    lanes: dict[str, str] = {}
    for about in children(record, "measurementSpecificCharacteristics"):
        index = attribute(about, "index") or said(about, "index")
        nested = child(about, "measurementSpecificCharacteristics")
        inner = about if nested is None else nested
        if index and _counts_all(inner):
            lane = said(inner, "specificLane").lower() or _lane(inner)
            lanes[index] = "" if lane in _WHOLE else lane.replace(" ", "")
    if middle is None:
        return Site(lanes=lanes)
    return Site(round(middle[1], 6), round(middle[0], 6), lanes)


def _lane(about: Element) -> str:
    numbers = [(part.text or "").strip() for part in within(about, "laneNumber", "laneUsage")]
    return numbers[0].lower() if numbers else ""


def _counts_all(about: Element) -> bool:
    kinds = child(about, "specificVehicleCharacteristics")
    if kinds is None or not len(kinds):
        return True
    types = {(part.text or "").strip().lower() for part in children(kinds, "vehicleType")}
    return types <= _ANY and all(local(part) == "vehicleType" for part in kinds)


@dataclass(slots=True)
class Measures:
    """Gathers the observations of a document."""

    feed: Feed
    options: Options
    fetched_at: datetime
    table: dict[str, str] = field(default_factory=dict)
    found: dict[tuple[str, ...], Observation] = field(default_factory=dict)
    rejected: list[Reject] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    line: int = 0

    def site(self, record: Element) -> None:
        """Take a site into the table, if it lies where it is wanted."""
        name = attribute(record, "id")
        place = datex2_places.place(record)
        found = site_of(record, place)
        words = datex2_places.names(record, self.options.language or "") or ""
        if name and self.options.is_near(place.parts, words):
            self.table[name] = found.packed

    def add(self, measured: Element, header: Header) -> None:
        """Read what one site measured."""
        self.line += 1
        if kept := self.options.restriction(header):
            self._refuse(f"confidentiality {kept}: not for this city", "", "confidentiality")
            return
        try:
            self._site(measured, header)
        except _BROKEN as problem:
            words = str(problem) if isinstance(problem, ValueError) else repr(problem)
            self._refuse(words, tostring(measured, encoding="unicode"), None)

    def _site(self, measured: Element, header: Header) -> None:
        reference = child(measured, "measurementSiteReference")
        name = "" if reference is None else attribute(reference, "id")
        if not name:
            raise ValueError("measurementSiteReference is missing")
        known = self.table.get(name)
        if known is None and (self.options.box or self.options.areas):
            self.skipped["elsewhere"] += 1
            return
        site = Site.unpacked(known) if known is not None else None
        usual = self._time(child(measured, "measurementTimeDefault"))
        published = self._instant(header.told.get("publicationTime", ""))
        told = [one for one in _told(measured, site) if self._is_wanted(one.quantity)]
        for where, quantity, several in _grouped(name, told, site):
            at = next((t for one in several if (t := self._time(one.time))), usual)
            if at is None:
                raise ValueError("measurementTimeDefault is missing")
            value = _together(quantity, several, told, site)
            self._keep(where, quantity, value, at, site, published)

    def _is_wanted(self, quantity: str) -> bool:
        return not self.options.quantities or quantity in self.options.quantities

    def _keep(  # noqa: PLR0913, PLR0917 - a measurement has as many sides
        self,
        where: str,
        quantity: str,
        value: float | None,
        at: datetime,
        site: Site | None,
        published: datetime | None,
    ) -> None:
        unit = next(unit for _, name, unit in _VALUES.values() if name == quantity)
        one = Observation(
            feed_id=self.feed.id,
            site_id=where,
            quantity=quantity,
            value=value,
            unit=conversion(quantity, unit).unit,
            observed_at=at,
            fetched_at=self.fetched_at,
            published_at=published,
            lat=site.lat if site else None,
            lon=site.lon if site else None,
        )
        if self.found.setdefault(one.key, one) is not one:
            self.skipped["the same measurement again"] += 1

    def _time(self, element: Element | None) -> datetime | None:
        """Return a time, which version 3 may nest in an element of its own."""
        if element is None:
            return None
        for part in element.iter():
            if written := " ".join((part.text or "").split()):
                return self._instant(written)
        return None

    def _instant(self, written: str) -> datetime | None:
        return times.instant(written, self.feed.timezone) if written else None

    def _refuse(self, reason: str, row: str, name: str | None) -> None:
        self.rejected.append(
            Reject(
                feed_id=self.feed.id,
                line=self.line,
                reason=reason[:300],
                raw=raw(row),
                at=self.fetched_at,
                field=name,
            )
        )


@dataclass(frozen=True, slots=True)
class _Told:
    """One value of one index; ``None`` where the source says that it has none."""

    index: str
    quantity: str
    value: float | None
    time: Element | None


def _told(measured: Element, site: Site | None) -> Iterator[_Told]:
    """Yield the values of the indices that count all vehicles."""
    for outer in measured:
        if local(outer) not in {"measuredValue", "physicalQuantity"}:
            continue
        index = attribute(outer, "index")
        if site is not None and site.lanes and index not in site.lanes:
            continue
        moment = next(within(outer, "measurementOrCalculationTime"), None)
        for part in within(outer, *_VALUES):
            leaf, quantity, _ = _VALUES[local(part)]
            found = next(within(part, leaf), None)
            if found is not None:
                yield _Told(index, quantity, _number(part, found, quantity), moment)


def _number(part: Element, leaf: Element, quantity: str) -> float | None:
    """Return a value.

    Raises:
        ValueError: if it is no number.

    """
    is_error = any((one.text or "").strip().lower() in {"true", "1"}
                   for one in within(part, "dataError"))  # fmt: skip
    value = float((leaf.text or "").strip() or "nan")
    n_used = attribute(part, "numberOfInputValuesUsed")
    if is_error or not isfinite(value):
        return None
    if value < 0 and quantity not in _BELOW_ZERO:
        return None
    return None if n_used == "0" and value <= 0 else value


def _grouped(
    name: str, told: list[_Told], site: Site | None
) -> Iterator[tuple[str, str, list[_Told]]]:
    """Yield site, quantity and its values: the whole carriageway's, else those of all lanes.

    Without a table nobody knows what several indices mean: each is a site of its own.
    """
    for quantity in dict.fromkeys(one.quantity for one in told):
        several = [one for one in told if one.quantity == quantity]
        lanes: Mapping[str, Any] = site.lanes if site else {}
        whole = [one for one in several if lanes.get(one.index) == ""]
        if lanes:
            yield name, quantity, whole[:1] or several
        elif len(several) == 1:
            yield name, quantity, several
        else:
            for one in several:
                yield f"{name}:{one.index}", quantity, [one]


def _together(
    quantity: str, several: list[_Told], told: list[_Told], site: Site | None
) -> float | None:
    """Return flows summed, and others as a mean: speeds by the vehicles that went at them."""
    values = [one.value for one in several]
    known = [value for value in values if value is not None]
    if not known:
        return None
    if quantity == "traffic_flow":
        return round(sum(known), 3) if len(known) == len(values) else None
    weights = _flows(several, told, site) if quantity == "speed" else []
    pairs = [(value, weight) for value, weight in zip(values, weights, strict=False) if value]
    if total := sum(weight for _, weight in pairs):
        return round(sum(value * weight for value, weight in pairs) / total, 3)
    return round(sum(known) / len(known), 3)


def _flows(several: list[_Told], told: list[_Told], site: Site | None) -> list[float]:
    """Return the flow in the lane of each value; 0 where it is not known."""
    lanes: Mapping[str, str] = site.lanes if site else {}
    by_lane = {
        lanes.get(one.index): one.value or 0.0 for one in told if one.quantity == "traffic_flow"
    }
    return [by_lane.get(lanes.get(one.index), 0.0) for one in several]
