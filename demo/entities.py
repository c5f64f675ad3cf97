"""The entities of one SensorThings root and how they hang together (OGC 18-088, section 8)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from demo.archive import ROOTS, streams
from demo.roots import Quantity, Root, Stream
from demo.sites import Site

Entity = dict[str, Any]

RELATIONS: Mapping[str, Mapping[str, str]] = {
    "Things": {
        "Datastreams": "Datastreams",
        "Locations": "Locations",
        "HistoricalLocations": "HistoricalLocations",
    },
    "Locations": {"Things": "Things", "HistoricalLocations": "HistoricalLocations"},
    "HistoricalLocations": {"Thing": "Things", "Locations": "Locations"},
    "Datastreams": {
        "Thing": "Things",
        "Sensor": "Sensors",
        "ObservedProperty": "ObservedProperties",
        "Observations": "Observations",
    },
    "Sensors": {"Datastreams": "Datastreams"},
    "ObservedProperties": {"Datastreams": "Datastreams"},
    "Observations": {"Datastream": "Datastreams", "FeatureOfInterest": "FeaturesOfInterest"},
    "FeaturesOfInterest": {"Observations": "Observations"},
}
"""By collection: the name of a relation and the collection that it leads to."""

_OM = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
_INSTALLED = "2020-01-01T05:00:00Z"


@dataclass(frozen=True)
class Catalogue:
    """All entities of a root but its observations, by collection and id."""

    root: Root
    entities: Mapping[str, Mapping[str, Entity]]
    streams: tuple[Stream, ...]

    def related(self, kind: str, key: str, relation: str) -> list[str]:
        """Return the ids that a relation of one entity leads to (no observations)."""
        return _RELATED[kind, relation](self, key)


@lru_cache(maxsize=64)
def catalogue(root_name: str) -> Catalogue:
    """Return the catalogue of a root; ``KeyError`` where there is no such root."""
    root = ROOTS[root_name]
    places = root.sites()
    return Catalogue(
        root=root,
        streams=streams(root_name),
        entities={
            "Things": {site.id: _thing(root, site) for site in places},
            "Locations": {site.id: _location(site) for site in places},
            "HistoricalLocations": {site.id: {"time": _INSTALLED} for site in places},
            "Datastreams": {stream.id: _datastream(root, stream) for stream in streams(root_name)},
            "Sensors": {q.name: _sensor(root, q) for q in root.quantities},
            "ObservedProperties": {q.name: _property(q) for q in root.quantities},
            "FeaturesOfInterest": {site.id: _feature(site) for site in places},
        },
    )


def _thing(root: Root, site: Site) -> Entity:
    return {
        "name": site.name,
        "description": f"{root.title}: {site.name} (simulated)",
        "properties": {"district": site.district, "simulated": True, **site.properties},
    }


def _location(site: Site) -> Entity:
    return {
        "name": site.name,
        "description": f"Place of {site.name}",
        "encodingType": "application/geo+json",
        "location": _point(site),
    }


def _datastream(root: Root, stream: Stream) -> Entity:
    quantity = stream.quantity
    return {
        "name": quantity.name,
        "description": f"{quantity.title} at {stream.site.name}",
        "observationType": _OM,
        "unitOfMeasurement": {
            "name": quantity.unit,
            "symbol": quantity.symbol,
            "definition": f"http://unitsofmeasure.org/ucum.html#{quantity.ucum}",
        },
        "observedArea": _point(stream.site),
        "properties": {"cadence_s": root.cadence, "latency_s": root.latency},
    }


def _sensor(root: Root, quantity: Quantity) -> Entity:
    return {
        "name": f"Simulated {quantity.title.lower()}",
        "description": f"{root.title} of the simulated city",
        "encodingType": "text/html",
        "metadata": "docs/demo.md",
    }


def _property(quantity: Quantity) -> Entity:
    return {
        "name": quantity.name,
        "definition": f"urn:bartizan:quantity:{quantity.name}",
        "description": quantity.title,
    }


def _feature(site: Site) -> Entity:
    return {
        "name": site.name,
        "description": f"What {site.name} stands for",
        "encodingType": "application/geo+json",
        "feature": _point(site),
    }


def _point(site: Site) -> Entity:
    return {"type": "Point", "coordinates": [site.lon, site.lat]}


def _site_of(key: str) -> list[str]:
    return [key.rpartition(".")[0]]


def _quantity_of(key: str) -> list[str]:
    return [key.rpartition(".")[2]]


def _same(_: Catalogue, key: str) -> list[str]:
    return [key]


def _of_quantity(book: Catalogue, key: str) -> list[str]:
    return [stream.id for stream in book.streams if stream.quantity.name == key]


_RELATED: Mapping[tuple[str, str], Callable[[Catalogue, str], list[str]]] = {
    ("Things", "Datastreams"): lambda book, key: [
        f"{key}.{quantity.name}" for quantity in book.root.quantities
    ],
    ("Things", "Locations"): _same,
    ("Things", "HistoricalLocations"): _same,
    ("Locations", "Things"): _same,
    ("Locations", "HistoricalLocations"): _same,
    ("HistoricalLocations", "Thing"): _same,
    ("HistoricalLocations", "Locations"): _same,
    ("Datastreams", "Thing"): lambda _, key: _site_of(key),
    ("Datastreams", "Sensor"): lambda _, key: _quantity_of(key),
    ("Datastreams", "ObservedProperty"): lambda _, key: _quantity_of(key),
    ("Sensors", "Datastreams"): _of_quantity,
    ("ObservedProperties", "Datastreams"): _of_quantity,
}
