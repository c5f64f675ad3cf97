"""Where a DATEX II record is: points, lines and areas in WKT, and places by their names.

Quirks: GML lists are latitude, longitude unless they say CRS84; national tables (Alert-C) and
OpenLR hold no coordinates that could be drawn: such a place is kept by its names or codes.
"""

import re
from dataclasses import dataclass, field
from math import isfinite
from xml.etree.ElementTree import Element

from feeds import geojson
from feeds.datex2_xml import attribute, child, children, said, spoken, within
from feeds.decode import local

Pair = list[float]  # longitude, latitude

_CONTAINERS = ("groupOfLocations", "locationReference", "measurementSiteLocation")
_MEMBERS = ("locationContainedInGroup", "locationContainedInItinerary", "location")
_LINES = ("gmlLineString", "LineString", "gmlLinearRing")
_POLYGONS = ("gmlPolygon", "Polygon", "polygon")
_DEGREES = re.compile(
    r"(?:EPSG\D*(?:[\d.]*:)?|/0/|^)(4326|4258|4979)$|^WGS\W?84$|^ETRS89(-LatLon.*)?$", re.IGNORECASE
)
_LON_FIRST = re.compile(r"CRS:?84", re.IGNORECASE)
_POLE, _TURN = 90.0, 180.0
_RING = 4
_BROKEN = (ValueError, TypeError, LookupError)


@dataclass(slots=True)
class Place:
    """Gathers the shapes of a record; ``odd`` are those that made no sense."""

    points: list[Pair] = field(default_factory=list)
    lines: list[list[Pair]] = field(default_factory=list)
    polygons: list[list[list[Pair]]] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)

    @property
    def wkt(self) -> str | None:
        """All shapes of the highest dimension as one."""
        for kind, found in (
            ("Polygon", self.polygons),
            ("LineString", self.lines),
            ("Point", self.points),
        ):
            if found:
                several = [one for n, one in enumerate(found) if one not in found[:n]]
                shape = {"type": kind, "coordinates": several[0]}
                if len(several) > 1:
                    shape = {"type": f"Multi{kind}", "coordinates": several}
                return geojson.wkt(shape)
        return None

    @property
    def parts(self) -> list[list[Pair]]:
        """Every point, line and outer ring."""
        return [*([one] for one in self.points), *self.lines, *(one[0] for one in self.polygons)]

    @property
    def middle(self) -> Pair | None:
        """The point itself, or the middle of the corners."""
        found = [pair for part in self.parts for pair in part]
        if not found:
            return None
        return [sum(pair[axis] for pair in found) / len(found) for axis in (0, 1)]


def place(record: Element) -> Place:
    """Return where a record is; empty where it has no coordinates."""
    found = Place()
    for container in _containers(record):
        for location in _locations(container):
            _add(found, location)
    return found


def _containers(record: Element) -> list[Element]:
    return [part for part in record if local(part) in _CONTAINERS]


def _locations(container: Element) -> list[Element]:
    """Return the members of a group or, by their index, of an itinerary; else the whole."""
    members = [part for part in container if local(part) in _MEMBERS]
    members.sort(key=lambda part: int(attribute(part, "index") or 0))
    return members or [container]


def _add(found: Place, location: Element) -> None:
    n = len(found.polygons) + len(found.lines) + len(found.points)
    for read in (_areas, _drawn_lines, _linear, _point, _for_display):
        try:
            read(found, location)
        except _BROKEN as problem:
            found.odd.append(str(problem)[:150])
        if len(found.polygons) + len(found.lines) + len(found.points) > n:
            return


def _areas(found: Place, location: Element) -> None:
    for polygon in within(location, *_POLYGONS):
        rings = [
            _ring(_list(part))
            for edge in polygon
            if local(edge) in {"exterior", "interior"}
            for part in within(edge, "posList")
        ]
        if rings:
            found.polygons.append(rings)


def _drawn_lines(found: Place, location: Element) -> None:
    for line in within(location, *_LINES):
        for part in children(line, "posList"):
            pairs = _list(part)
            if len(pairs) > 1:
                found.lines.append(pairs)
            else:
                found.points += pairs


def _linear(found: Place, location: Element) -> None:
    """Read lines that are given by their ends, and by points in between."""
    for line in within(location, "tpegLinearLocation"):
        ends = [_first(child(line, name)) for name in ("from", "to")]
        known = [pair for pair in ends if pair]
        if len(known) > 1:
            found.lines.append(known)
        else:
            found.points += known
    for line in within(location, "linearByCoordinatesExtension"):
        named = [part for part in line if local(part).startswith("linearCoordinates")]
        pairs = [pair for part in sorted(named, key=_order) if (pair := _first(part))]
        if len(pairs) > 1:
            found.lines.append(pairs)


def _order(part: Element) -> tuple[int, int]:
    name = local(part)
    rank = 0 if "Start" in name else (2 if "End" in name else 1)
    return rank, int(attribute(part, "index") or 0)


def _point(found: Place, location: Element) -> None:
    """Read a point; one that is framed by two others is the framed one."""
    for name in ("framedPoint", "pointByCoordinates", "tpegPointLocation", "point"):
        for part in within(location, name):
            if pair := _first(part):
                found.points.append(pair)
                return
    if pair := _first(location, "pointCoordinates"):
        found.points.append(pair)


def _for_display(found: Place, location: Element) -> None:
    for part in within(location, "locationForDisplay", "coordinatesForDisplay"):
        if pair := _pair(part):
            found.points.append(pair)
            return


def _first(element: Element | None, name: str | None = None) -> Pair | None:
    """Return the first coordinates at or below an element."""
    if element is None:
        return None
    for part in element.iter():
        if (name is None or local(part) == name) and (pair := _pair(part)):
            return pair
    return None


def _pair(element: Element) -> Pair | None:
    lat, lon = said(element, "latitude"), said(element, "longitude")
    return _checked(float(lat), float(lon)) if lat and lon else None


def _list(element: Element) -> list[Pair]:
    """Read a GML list of positions.

    Raises:
        ValueError: if it is no list of degrees.

    """
    reference = attribute(element, "srsName")
    if reference and not (_DEGREES.search(reference) or _LON_FIRST.search(reference)):
        raise ValueError(f"coordinates in {reference[:60]!r}: only degrees are read")
    numbers = [float(word) for word in (element.text or "").replace(",", " ").split()]
    size = 3 if attribute(element, "srsDimension") == "3" else 2
    if not numbers or len(numbers) % size:
        raise ValueError(f"a list of {len(numbers)} numbers is no line")
    firsts, seconds = numbers[::size], numbers[1::size]
    if _LON_FIRST.search(reference) or any(abs(one) > _POLE for one in firsts):
        firsts, seconds = seconds, firsts
    return [_checked(lat, lon) for lat, lon in zip(firsts, seconds, strict=True)]


def _checked(lat: float, lon: float) -> Pair:
    if not (isfinite(lat) and isfinite(lon)) or abs(lat) > _TURN or abs(lon) > _TURN:
        raise ValueError(f"{lat}, {lon} are no degrees")
    return [lon, lat]


def _ring(pairs: list[Pair]) -> list[Pair]:
    closed = pairs if pairs[0] == pairs[-1] else [*pairs, pairs[0]]
    if len(closed) < _RING:
        raise ValueError(f"a ring of {len(pairs)} points")
    return closed


def names(record: Element, language: str) -> str | None:
    """Return roads and places by their names, else the codes of a national table."""
    found: list[str] = []
    for container in _containers(record):
        for part in container.iter():
            name = local(part)
            if name in {"roadName", "areaName", "alertCLocationName", "descriptor"}:
                found.append(" ".join((spoken(part, language) or part.text or "").split()))
            elif name == "roadNumber":
                found.append(" ".join((part.text or "").split()))
    listed = [one for one in dict.fromkeys(found) if one]
    return ", ".join(listed)[:300] or _coded(record)


def _coded(record: Element) -> str | None:
    for container in _containers(record):
        codes = [" ".join((p.text or "").split()) for p in within(container, "specificLocation")]
        table = next(within(container, "alertCLocationTableNumber"), None)
        if codes:
            number = f" table {table.text}" if table is not None and table.text else ""
            return f"Alert-C{number}: {' – '.join(dict.fromkeys(codes))}"
        if any("openlr" in local(part).lower() for part in container.iter()):
            return "OpenLR"
    return None
