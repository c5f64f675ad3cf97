"""Where the simulated city is measured: stable ids, places and reference values.

Ids: ``traffic-<district>-<n>``, ``air-<district>``, ``river-<place>``, ``feeder-<district>``,
``foot-<district>-<n>``, ``junction-<district>-<n>``, ``noise-<district>``, ``water-<district>``
and, for bike stations, ``bike-<district>-<n>``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from demo.districts import points, ward, wards
from demo.noise import uniform


@dataclass(frozen=True)
class Site:
    """One place of measurement. ``properties`` are its constants, units in their names."""

    id: str
    name: str
    district: str
    lon: float
    lat: float
    properties: Mapping[str, float] = field(default_factory=dict)


AIR_DISTRICTS = ("13", "23", "34", "43", "62", "73", "82", "101", "111", "122", "141", "182")
"""Districts with an air station."""

GAUGES: Mapping[str, tuple[str, str, float, float, float]] = {
    "river-sainte-genevieve": ("Sainte-Geneviève", "64", -73.8709, 45.4798, 24.1),
    "river-ile-bizard": ("L'Île-Bizard", "63", -73.9089, 45.486, 24.6),
    "river-cartierville": ("Cartierville", "14", -73.7327, 45.5254, 21.3),
    "river-rdp": ("Rivière-des-Prairies", "123", -73.5962, 45.6336, 12.4),
    "river-lachine": ("Lachine", "43", -73.7092, 45.4511, 22.4),
    "river-verdun": ("Verdun", "171", -73.5703, 45.4654, 17.8),
}
"""River gauges: name, district, longitude, latitude, flood stage in metres."""

RIVERSIDE: Mapping[str, float] = {
    "64": 1.0,
    "102": 1.0,
    "63": 0.9,
    "61": 0.7,
    "62": 0.7,
    "101": 0.7,
    "14": 0.4,
}
"""Districts that a flood of the Rivière des Prairies reaches, and how hard (0–1)."""

_FOOT = {"182": 6, "181": 4, "113": 3, "183": 2, "111": 2, "131": 1, "193": 1}
_FOOT |= {"32": 1, "73": 1, "172": 1, "161": 1, "91": 1}
_BIKE_CENTRE = ("182", "181", "113", "183", "111", "112", "131", "161", "172", "193", "133", "91")


@cache
def traffic() -> tuple[Site, ...]:
    """Speed sensors: one per district, two where many people live; 80 in all."""
    crowded = sorted(wards(), key=lambda w: (-w.population, int(w.id)))[:22]
    two = {w.id for w in crowded}
    return tuple(_speed_sensor(w.id, n) for w in wards() for n in range(1 + (w.id in two)))


@cache
def air() -> tuple[Site, ...]:
    """Air stations, 12."""
    return tuple(_site(f"air-{d}", f"Air {ward(d).name}", d, "air", 0) for d in AIR_DISTRICTS)


@cache
def river() -> tuple[Site, ...]:
    """River gauges, 6, each with its flood stage in metres."""
    return tuple(
        Site(
            id=gauge,
            name=f"Gauge {name}",
            district=district,
            lon=lon,
            lat=lat,
            properties={"flood_stage_m": stage},
        )
        for gauge, (name, district, lon, lat, stage) in GAUGES.items()
    )


@cache
def power() -> tuple[Site, ...]:
    """Power feeders, one per district, each with its customers."""
    return tuple(
        _site(
            f"feeder-{w.id}",
            f"Feeder {w.name}",
            w.id,
            "power",
            0,
            customers_served=float(round(w.population / 2.2)),
        )
        for w in wards()
    )


@cache
def footfall() -> tuple[Site, ...]:
    """Counters of passers-by, 24, in the shopping streets."""
    return tuple(
        _site(
            f"foot-{d}-{n + 1}",
            f"Footfall {ward(d).name} {n + 1}",
            d,
            "foot",
            n,
            busiest_per_hour=float(round(400 + 1800 * _share("foot", d, n))),
        )
        for d, many in _FOOT.items()
        for n in range(many)
    )


@cache
def bikes() -> tuple[Site, ...]:
    """Bike stations, 120, each with its capacity (docks)."""
    many = {w.id: 1 for w in wards()} | dict.fromkeys(_BIKE_CENTRE, 6)
    many["182"], many["113"] = 7, 7
    return tuple(
        _site(
            f"bike-{w.id}-{n + 1}",
            f"{ward(w.id).name} / {n + 1}",
            w.id,
            "bike",
            n,
            capacity=float(15 + 2 * round(12 * _share("bike", w.id, n))),
        )
        for w in wards()
        for n in range(many[w.id])
    )


@cache
def parking() -> tuple[Site, ...]:
    """Car parks, 30, each with its spaces."""
    many = {"182": 6, "181": 4, "113": 4, "183": 3, "111": 3, "131": 2, "161": 2, "91": 2}
    return tuple(
        _site(
            f"parking-{d}-{n + 1}",
            f"Car park {ward(d).name} {n + 1}",
            d,
            "parking",
            n,
            spaces=float(60 + 10 * round(44 * _share("parking", d, n))),
        )
        for d, count in (many | {"193": 1, "32": 1, "73": 1, "13": 1}).items()
        for n in range(count)
    )


@cache
def weather_stations() -> tuple[Site, ...]:
    """Weather stations, one in every borough."""
    first = {w.borough: w.id for w in reversed(wards())}
    return tuple(
        _site(f"weather-{d}", f"Weather {ward(d).name}", d, "weather", 0)
        for d in sorted(first.values(), key=int)
    )


@cache
def stations() -> tuple[Site, ...]:
    """Entrances where boardings are counted, one per district."""
    return tuple(
        _site(
            f"station-{w.id}",
            f"Station {w.name}",
            w.id,
            "station",
            0,
            boardings_per_day=float(round(w.population * (0.25 + 0.5 * _share("riders", w.id, 0)))),
        )
        for w in wards()
    )


@cache
def junctions() -> tuple[Site, ...]:
    """Junctions at which collisions and road incidents are kept, two per district."""
    return tuple(
        _site(f"junction-{w.id}-{n + 1}", f"Junction {w.name} {n + 1}", w.id, "junction", n)
        for w in wards()
        for n in range(2)
    )


@cache
def microphones() -> tuple[Site, ...]:
    """Sound level meters, 20: one in every borough, and one more downtown."""
    first = {w.borough: w.id for w in reversed(wards())}
    chosen = sorted({*first.values(), "182"}, key=int)
    return tuple(_site(f"noise-{d}", f"Noise {ward(d).name}", d, "noise", 0) for d in chosen)


@cache
def water() -> tuple[Site, ...]:
    """Water supply areas, one per district, each with its customers and residents."""
    return tuple(
        _site(
            f"water-{w.id}",
            f"Water {w.name}",
            w.id,
            "water",
            0,
            customers_served=float(round(w.population / 2.6)),
            residents=float(w.population),
        )
        for w in wards()
    )


def _speed_sensor(district: str, n: int) -> Site:
    fast = _share("highway", district, n) < 0.3
    free = (85.0 if fast else 42.0) + round(15 * _share("free", district, n), 1)
    length = float(round(400 + 1600 * _share("length", district, n)))
    name = f"Speed {ward(district).name} {n + 1}"
    return _site(
        f"traffic-{district}-{n + 1}",
        name,
        district,
        "traffic",
        n,
        free_flow_kmh=free,
        length_m=length,
    )


def _site(site_id: str, name: str, district: str, label: str, n: int, **properties: float) -> Site:
    lon, lat = points(district, label)[n]
    return Site(
        id=site_id,
        name=name,
        district=district,
        lon=float(lon),
        lat=float(lat),
        properties=properties,
    )


def _share(*parts: int | str) -> float:
    return float(uniform("place", *parts)[0])
