"""Proposals of the city's participation platform, as Decidim exports them. All are invented.

A process runs for about three months; its proposals gather supports day by day.
"""

import csv
import io

import numpy as np

from demo.almanac import DAY, HOUR, day_of, midnight
from demo.clock import utc
from demo.incidents import World
from demo.noise import uniform

PROCESSES = ("parks-2026", "budget-2027", "mobility-plan")
PER_DAY = 4
_BACK = 80  # days
_HEADER = (
    "id", "participatory_space/id", "participatory_space/url", "published_at", "state",
    "supports", "comments", "title/en",
)  # fmt: skip


def export(world: World, now: int) -> str:
    """Return ``proposals.csv`` as of the last full hour."""
    at = now // HOUR * HOUR
    table = io.StringIO()
    writer = csv.writer(table, delimiter=";", lineterminator="\n")
    writer.writerow(_HEADER)
    for day in range(day_of(at) - _BACK, day_of(at) + 1):
        for number in range(PER_DAY):
            draw = uniform(world.seed, "proposal", day, number, np.arange(4, dtype=np.int64))
            published = midnight(day) + int((8 + 13 * draw[0]) * HOUR)
            if published <= at and draw[1] < 0.8:
                writer.writerow(_row(day, number, draw.tolist(), published, at))
    return table.getvalue()


def _row(day: int, number: int, draw: list[float], published: int, at: int) -> tuple[object, ...]:
    """Supports grow fast at first and hardly after a month; the most popular gets hundreds."""
    age = (at - published) / DAY
    supports = int((4 + 420 * draw[2] ** 4) * (1 - np.exp(-age / 9)))
    process = int(draw[3] * len(PROCESSES))
    slug = PROCESSES[process]
    return (
        day * 10 + number,
        process + 1,
        f"https://participation.example/processes/{slug}",
        utc(published),
        "published",
        supports,
        int(supports * 0.12),
        f"Proposal {day * 10 + number} (simulated)",
    )
