"""How many points a second find their district, over a hundred wobbly ones.

Prints the median of five runs. Run: ``python -m bench.placing``.
"""

from statistics import median
from time import perf_counter

import geopandas
import numpy as np
import shapely

import geodata

POINTS = 200_000
RUNS = 5


def city() -> geodata.Districts:
    """Return a hundred districts of 400 corners each."""
    angles = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    wobble = 0.5 + 0.02 * np.sin(17 * angles)
    around = np.column_stack([wobble * np.cos(angles), wobble * np.sin(angles)])
    cells = [(x, y) for x in range(10) for y in range(10)]
    shapes = [shapely.Polygon(around + np.array([x + 10, y + 50])) for x, y in cells]
    names = [f"d{x}-{y}" for x, y in cells]
    frame = geopandas.GeoDataFrame({"id": names, "name": names}, geometry=shapes, crs="EPSG:4326")
    return geodata.build(frame, id="id", name="name")


def main() -> None:
    """Measure and print."""
    districts = city()
    draw = np.random.default_rng(7)
    lon, lat = draw.uniform(9.5, 19.5, POINTS), draw.uniform(49.5, 59.5, POINTS)
    districts.district_of(lon[:10], lat[:10])
    seconds = []
    for _ in range(RUNS):
        began = perf_counter()
        districts.district_of(lon, lat)
        seconds.append(perf_counter() - began)
    print(f"{POINTS / median(seconds):,.0f} points/s, 100 districts, median of {RUNS}")


if __name__ == "__main__":
    main()
