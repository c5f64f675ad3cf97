"""One entity of a context broker, whatever its shape: NGSI-LD or v2, normalized, concise or plain.

Quirks: names come short or as long URIs; values may be ``{"@type": "DateTime", "@value": …}``; an
attribute may be a list of instances (``datasetId``); v2 keeps units and times in ``metadata``;
a place may be GeoJSON or ``"lat, lon"``; some ids end in the time of the observation.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from feeds import gathered, geojson
from feeds.gathered import Place

_TIME_AT_THE_END = re.compile(
    r"[-_:.]?\d{4}-\d{2}-\d{2}T\d{2}[:.]?\d{2}(?:[:.]?\d{2}(?:\.\d+)?)?Z?$"
)
_NOT_ATTRIBUTES = frozenset({"id", "@id", "type", "@type", "@context", "scope"})
_OBSERVED = ("observedAt", "timestamp", "TimeInstant", "dateObserved", "observationDateTime")
_MODIFIED = ("modifiedAt", "dateModified")
_UNITS = ("unitCode", "unit", "unitText", "units")
_GONE = "urn:ngsi-ld:null"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One instance of an attribute, with what is said of its unit and its times, as text."""

    name: str
    value: Any
    unit: str | None = None
    observed: Any = None
    modified: Any = None
    dataset: str | None = None


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity: its name and types, and its attributes by folded name."""

    name: str
    types: tuple[str, ...]
    attributes: Mapping[str, tuple[Attribute, ...]]

    def first(self, *names: str) -> Attribute | None:
        """Return the first instance of the first attribute that is there and has a value."""
        for name in names:
            for one in self.attributes.get(folded(name), ()):
                if one.value not in (None, ""):
                    return one
        return None

    def text(self, *names: str) -> str | None:
        """Return an attribute as text without line breaks, ``None`` where blank."""
        found = self.first(*names)
        return " ".join(str(found.value).split()) or None if found else None

    def site(self, attribute: str) -> str:
        """Return what the site is called: an attribute, or the id without a time at its end."""
        found = None if attribute == "id" else self.text(attribute)
        return found or _TIME_AT_THE_END.sub("", self.name) or self.name

    def shape(self) -> tuple[Place | None, str | None]:
        """Return latitude and longitude of the middle, and the shape as WKT.

        Raises:
            ValueError: if there is a shape that cannot be understood.

        """
        where = self.first("location", "observationSpace", "operationSpace")
        if where is None:
            return None, None
        lat, lon, wkt = geojson.shape(_geometry(where.value))
        return gathered.place(lat, lon), wkt


def entity(row: Any) -> Entity:
    """Return an entity.

    Raises:
        ValueError: if it is none, or has no id or type.

    """
    if not isinstance(row, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 - the row is bad
    if row.get("type") == "Feature" and "properties" in row:
        row = {"id": row.get("id"), "location": row.get("geometry"), **(row["properties"] or {})}
    name = gathered.need(row, "@id" if "@id" in row else "id")
    said = gathered.need(row, "@type" if "@type" in row else "type")
    if not isinstance(name, str) or not name.strip():
        raise ValueError("id is no text")
    types = said if isinstance(said, list) else [said]
    found: dict[str, tuple[Attribute, ...]] = {}
    for key, value in row.items():
        if key not in _NOT_ATTRIBUTES:
            found[folded(key)] = tuple(_instances(short(key), value))
    return Entity(name.strip(), tuple(short(str(one)) for one in types), found)


@lru_cache(maxsize=4096)
def short(name: str) -> str:
    """Return the last part of a name that may be a long URI.

    >>> short("https://uri.fiware.org/ns/data-models#NO2")
    'NO2'

    """
    return re.split(r"[#/:]", name.rstrip("#/:"))[-1]


@lru_cache(maxsize=4096)
def folded(name: str) -> str:
    """Return a name without case and marks: ``PM2.5`` and ``pm25`` are one."""
    return re.sub(r"[\W_]", "", short(name)).lower()


def _instances(name: str, said: Any) -> Iterator[Attribute]:
    many = said if _is_many(said) else [said]
    for one in many:
        if isinstance(one, dict) and isinstance(one.get("dataset"), dict):
            for dataset, value in one["dataset"].items():
                yield Attribute(name, _value(value), dataset=_dataset(dataset))
        elif not _is_link(one):
            yield _instance(name, one)


def _is_many(said: Any) -> bool:
    """Whether a list holds instances of an attribute, and is not itself its value."""
    return (
        isinstance(said, list)
        and bool(said)
        and all(isinstance(one, dict) and "value" in one for one in said)
    )


def _is_link(said: Any) -> bool:
    return isinstance(said, dict) and (said.get("type") == "Relationship" or "object" in said)


def _instance(name: str, said: Any) -> Attribute:
    if not isinstance(said, dict) or "value" not in said:
        return Attribute(name, _value(said))
    held = said.get("metadata")
    about: Mapping[str, Any] = {**said, **held} if isinstance(held, dict) else said
    unit = _member(about, _UNITS)
    return Attribute(
        name,
        _value(said["value"]),
        None if unit is None else str(unit),
        _member(about, _OBSERVED),
        _member(about, _MODIFIED),
        _dataset(said.get("datasetId")),
    )


def _member(about: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    for name in names:
        if (found := _value(about.get(name))) not in (None, ""):
            return found
    return None


def _value(said: Any) -> Any:
    if isinstance(said, dict):
        if "@value" in said:
            return said["@value"]
        if "value" in said and set(said) <= {"type", "value", "metadata"}:
            return _value(said["value"])
    return None if said == _GONE else said


def _dataset(said: Any) -> str | None:
    return None if said in (None, "", "@none") else short(str(said))


def _geometry(said: Any) -> Any:
    """Return GeoJSON; v2's simple formats write latitude first, in texts."""
    if isinstance(said, str) and said.lstrip().startswith("{"):
        raise ValueError("location: GeoJSON inside a text")
    if isinstance(said, str):
        return {"type": "Point", "coordinates": _pair(said)}
    if isinstance(said, list) and said and all(isinstance(one, str) for one in said):
        return {"type": "LineString", "coordinates": [_pair(one) for one in said]}
    if not isinstance(said, dict):
        raise ValueError("location: no shape that is understood")  # noqa: TRY004 - the row is bad
    return said


def _pair(text: str) -> list[float]:
    lat, lon = (float(part) for part in text.split(","))
    return [lon, lat]
