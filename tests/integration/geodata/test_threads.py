"""Threads that place points at once: what GEOS prepares may not be shared, and crashes if it is."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

PLACING = """
import threading

import numpy as np
import shapely

from geodata.districts import Districts
from model import District

dice = np.random.default_rng(20261124)


def jagged(n):
    turn = np.sort(dice.uniform(0, 2 * np.pi, 4000))
    far = dice.uniform(0.4, 0.5, 4000)
    return shapely.Polygon(np.c_[n % 8 + far * np.cos(turn), n // 8 + far * np.sin(turn)])


shapes = np.array([jagged(n) for n in range(64)], dtype=object)
items = tuple(District(id=f"d{n:02}", name=f"d{n}", short=f"d{n}") for n in range(64))
x, y = dice.uniform(-0.5, 7.5, (2, 20_000))
right = Districts(items=items, shapes=shapes).district_of(x, y)
for _ in range(10):
    city = Districts(items=items, shapes=shapes)
    start, found = threading.Barrier(4), []

    def place():
        start.wait()
        found.append(city.district_of(x, y))

    threads = [threading.Thread(target=place) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [right] * 4
assert len(set(right)) == 65
"""


def test_threads_that_place_points_at_once_agree_and_crash_nothing():
    done = subprocess.run(  # a crash must not end the tests
        [sys.executable, "-c", PLACING],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
