"""Places of what the city delivers and counts: one of a kind, or one in every district."""

from functools import cache

from demo.districts import points, ward, wards
from demo.sites import Site


@cache
def every_ward(prefix: str, title: str) -> tuple[Site, ...]:
    """Return one place per district, ``<prefix>-<district>``, each with its residents."""
    return tuple(
        place(f"{prefix}-{w.id}", f"{title} {w.name}", w.id, residents=float(w.population))
        for w in wards()
    )


def place(site_id: str, name: str, district: str, **properties: float) -> Site:
    """Return one place at a fixed point of a district."""
    lon, lat = points(district, site_id.partition("-")[0])[0]
    return Site(site_id, name, district, float(lon), float(lat), properties)


@cache
def only(site_id: str, name: str, district: str = "182") -> tuple[Site, ...]:
    """Return the only place of its kind; it stands for the whole city."""
    return (place(site_id, name, district),)


def named(district: str) -> str:
    """Return the name of a district."""
    return ward(district).name
