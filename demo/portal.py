"""The city's own digital services: pages that are up, and seldom down for a minute.

While the incident ``deadsite`` lasts, the requests portal answers 503.
"""

from dataclasses import dataclass

from demo.incidents import World
from demo.noise import uniform

SERVICES = ("home", "requests", "payments", "permits", "maps")
_DOWN = 0.0003  # share of minutes
_MINUTE = 60


@dataclass(frozen=True)
class Page:
    """One answer; ``wait_s`` is how long the service thinks."""

    status: int
    body: bytes
    wait_s: float


def page(world: World, name: str, now: int) -> Page | None:
    """Return the page of a service, ``None`` where there is none of that name."""
    if name not in SERVICES:
        return None
    number = SERVICES.index(name)
    draw = float(uniform(world.seed, "portal", number, now // _MINUTE)[0])
    wait = 0.01 + 0.05 * float(uniform(world.seed, "portal wait", number, now)[0])
    if draw < _DOWN or (name == "requests" and _is_dead(world, now)):
        return Page(503, b"<!DOCTYPE html><title>Unavailable</title><p>Try later.</p>", wait)
    text = f"<!DOCTYPE html><title>{name.title()}</title><p>City services: {name} (simulated)</p>"
    return Page(200, text.encode(), wait)


def _is_dead(world: World, now: int) -> bool:
    return any(incident.covers(now) for incident in world.incidents("deadsite", now, now))
