"""Metrics of the city's equipment in the Prometheus text format 0.0.4.

Traffic signals and street lights per borough, and how many of them work. A power cut darkens the
signals of its district.
"""

from collections import defaultdict

import numpy as np

from demo import measures
from demo.districts import points, ward, wards
from demo.incidents import World, course
from demo.noise import uniform

STEP = 30
_PER_SIGNAL, _PER_LIGHT = 850, 22  # residents


def metrics(world: World, now: int) -> str:
    """Return the page that a scraper reads."""
    at = now // STEP * STEP
    lines = [
        "# HELP city_assets_total Installed devices.",
        "# TYPE city_assets_total gauge",
        *_rows("city_assets_total", _installed()),
        "# HELP city_assets_working Devices that work.",
        "# TYPE city_assets_working gauge",
        *_rows("city_assets_working", _working(world, at)),
        "# HELP city_customers_out Customers without power.",
        "# TYPE city_customers_out gauge",
        f"city_customers_out {_out(world, at)}",
        "# HELP city_scrapes_total Answers given since the epoch, one every 30 s.",
        "# TYPE city_scrapes_total counter",
        f"city_scrapes_total {at // STEP}",
    ]
    return "\n".join(lines) + "\n"


def _installed() -> dict[tuple[str, str], int]:
    return {
        (ward.id, kind): max(1, ward.population // per)
        for ward in wards()
        for kind, per in (("signal", _PER_SIGNAL), ("light", _PER_LIGHT))
    }


def _working(world: World, at: int) -> dict[tuple[str, str], int]:
    dark: dict[str, float] = defaultdict(float)
    when = np.array([at], dtype=np.int64)
    for incident in world.incidents("powercut", at, at):
        dark[incident.place] = max(dark[incident.place], float(course(incident, when)[0]))
    found = {}
    for (district, kind), total in _installed().items():
        usual = 0.004 + 0.012 * float(
            uniform(world.seed, "broken", kind, district, at // 86_400)[0]
        )
        share = max(usual, 0.5 * dark[district] if kind == "signal" else 0.0)
        found[district, kind] = total - min(total, round(total * share))
    return found


def _out(world: World, at: int) -> int:
    when = np.array([at], dtype=np.int64)
    return int(np.nansum(measures.customers_out(world, when)))


def _rows(name: str, counts: dict[tuple[str, str], int]) -> list[str]:
    places = {w.id: points(w.id, "assets", 1)[0] for w in wards()}
    return [
        f'{name}{{site="{kind}s-{district}",kind="{kind}",district="{ward(district).name}",'
        f'lat="{places[district][1]}",lon="{places[district][0]}"}} {count}'
        for (district, kind), count in counts.items()
    ]
