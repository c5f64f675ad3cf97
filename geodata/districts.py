"""The districts of a city: which one a point lies in, and their shapes for the browser."""

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geodata.axes import is_off_the_diagonal, upright
from geodata.coverage import Shapes, cover, simplify
from geodata.errors import GeoError
from geodata.names import folded
from geodata.svg import MapShape, draw
from geodata.valid import area_of
from model import District

Floats = NDArray[np.float64]

_DECIMALS = 5  # of a degree: about 1 m
_STEPS = 4000  # of the city's width: half a pixel of a map as wide as a wall


@dataclass(frozen=True, eq=False, kw_only=True)
class Districts:
    """Who and where the districts are.

    ``shapes`` stand in the order of ``items``: valid polygons in longitude, latitude (WGS 84).
    """

    items: tuple[District, ...]
    shapes: Shapes

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The ids in the order of the file."""
        return tuple(item.id for item in self.items)

    @cached_property
    def by_id(self) -> Mapping[str, District]:
        """Each district by its id."""
        return {item.id: item for item in self.items}

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees."""
        west, south, east, north = (float(side) for side in shapely.total_bounds(self.shapes))
        return west, south, east, north

    def district_of(self, lon: Floats, lat: Floats) -> list[str | None]:
        """Return the district of each point; ``None`` outside all of them or where it is NaN.

        A point in two districts, or on their border, belongs to the smaller one (by area, then
        by id), so the choice is always the same. A point outside the city whose coordinates land
        inside it once swapped is taken as swapped.

        Args:
            lon: shape (n,), degrees east.
            lat: shape (n,), degrees north.

        Returns:
            n district ids.

        Raises:
            ValueError: if the shapes differ.

        """
        x = np.array(lon, dtype=np.float64, ndmin=1)
        y = np.array(lat, dtype=np.float64, ndmin=1)
        if x.shape != y.shape or x.ndim != 1:
            raise ValueError(f"lon and lat must be flat and equally long: {x.shape}, {y.shape}")
        swapped = self._swapped(x, y)
        x[swapped], y[swapped] = y[swapped], x[swapped]
        names = np.array([None, *self.ids], dtype=object)
        found: list[str | None] = names[self._places(x, y) + 1].tolist()
        return found

    def _places(self, x: Floats, y: Floats) -> NDArray[np.intp]:
        """Return the place in ``items`` of each point's district; −1 for none."""
        place = np.full(x.shape, -1, dtype=np.intp)
        usable = np.flatnonzero(self._within(x, y))
        if not usable.size:
            return place
        point, shape = self._tree.query(shapely.points(x[usable], y[usable]))
        order = np.argsort(shape, kind="stable")
        point, shape = usable[point[order]], shape[order]
        edges = np.searchsorted(shape, np.arange(len(self.items) + 1))
        with self._prepared() as shapes:
            for index in self._large_to_small:
                some = point[edges[index] : edges[index + 1]]
                if some.size:
                    hit = shapely.intersects_xy(shapes[index], x[some], y[some])
                    place[some[hit]] = index
        return place

    def called(self, name: str | None) -> str | None:
        """Return the district that a source means by an id or a name; ``None`` if there is none.

        An id counts as it is written; names without regard to case, accents and punctuation, and
        only where one district alone has the name.
        """
        if name is None:
            return None
        return name if name in self.by_id else self._names.get(folded(name))

    def overlapping(self, wkt: str) -> tuple[str, ...]:
        """Return the districts that share area with a shape, or that a point or line meets.

        Args:
            wkt: well-known text in longitude, latitude; repaired where it crosses itself.

        Raises:
            GeoError: if it is not well-known text.

        """
        try:
            shape = shapely.make_valid(shapely.from_wkt(wkt))
        except (shapely.errors.GEOSException, TypeError) as error:
            raise GeoError(f"not a shape: {str(wkt)[:80]!r}: {error}") from error
        if shape.is_empty:
            return ()
        near = np.sort(self._tree.query(shape, predicate="intersects"))
        has_area = shape.area > 0
        return tuple(
            self.ids[index]
            for index in near
            if not (has_area and shapely.touches(self.shapes[index], shape))
        )

    def geojson(self) -> dict[str, Any]:
        """Return the districts for the browser, simplified together so that borders still meet.

        The feature ``id`` is the district's; coordinates have 5 decimals (1 m).
        """
        return {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "id": item.id,
                    "properties": {
                        "name": item.name,
                        "short": item.short,
                        "population": item.population,
                        "borough": item.borough,
                    },
                    "geometry": _plain(shape),
                }
                for item, shape in zip(self.items, self._simple, strict=True)
            ],
        }

    def paths(self, width: float, *, height: float | None = None) -> MapShape:
        """Return the map as SVG paths.

        Args:
            width: of the drawing in px.
            height: the most that it may be high; the drawing then fits into both.

        """
        plane, squeeze, _ = self._flat
        return draw(self.items, plane, squeeze=squeeze, width=width, height=height)

    @cached_property
    def _names(self) -> Mapping[str, str]:
        """The id by folded name, of names that one district alone has."""
        pairs = {(folded(n), one.id) for one in self.items for n in (one.name, one.short)}
        count = Counter(name for name, _ in pairs)
        return {name: key for name, key in pairs if name and count[name] == 1}

    @cached_property
    def _flat(self) -> tuple[Shapes, float, float]:
        """The districts as one coverage on a plane, its squeeze (x per degree), half a pixel."""
        west, south, east, north = self.bounds
        squeeze = float(np.cos(np.radians((south + north) / 2)))
        step = max((east - west) * squeeze, north - south) / _STEPS
        plane = shapely.transform(self.shapes, lambda points: points * [squeeze, 1])
        return cover(plane, step), squeeze, step

    @cached_property
    def _simple(self) -> Shapes:
        plane, squeeze, step = self._flat
        back = shapely.transform(
            simplify(plane, step), lambda points: np.round(points / [squeeze, 1], _DECIMALS)
        )
        return np.array(
            [_rounded(shape, old) for shape, old in zip(back, self.shapes, strict=True)],
            dtype=object,
        )

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self.shapes)

    @cached_property
    def _spare(self) -> deque[Shapes]:
        """Prepared copies of the shapes that no thread uses now."""
        return deque()

    @contextmanager
    def _prepared(self) -> Iterator[Shapes]:
        """Lend the shapes with an index each: a set serves one thread at a time.

        GEOS writes to a prepared shape while it answers, also after its first answer: two threads
        that share one crash the process.
        """
        try:
            copies = self._spare.pop()
        except IndexError:
            copies = np.asarray(shapely.from_wkb(shapely.to_wkb(self.shapes)), dtype=object)
            shapely.prepare(copies)
        try:
            yield copies
        finally:
            self._spare.append(copies)

    @cached_property
    def _large_to_small(self) -> list[int]:
        areas = shapely.area(self.shapes)
        return sorted(range(len(areas)), key=lambda i: (areas[i], self.ids[i]), reverse=True)

    def _within(self, x: Floats, y: Floats) -> NDArray[np.bool_]:
        west, south, east, north = self.bounds
        return (x >= west) & (x <= east) & (y >= south) & (y <= north)

    def _swapped(self, x: Floats, y: Floats) -> NDArray[np.bool_]:
        """Which points are latitude, longitude: outside the city, inside it when swapped."""
        is_plain = is_off_the_diagonal(self.bounds)
        return is_plain & ~self._within(x, y) & self._within(y, x)

    def upright(self, wkt: str) -> str:
        """Return a shape in longitude, latitude: swapped where only that brings it to the city.

        Raises:
            GeoError: if it is not well-known text.

        """
        return upright(wkt, self.bounds)


def _rounded(shape: Any, original: Any) -> Any:
    """Return a rounded shape without repeated points, repaired where rounding broke it."""
    lean = shapely.remove_repeated_points(shape)
    if lean.is_valid and not lean.is_empty:
        return lean
    return area_of(shapely.set_precision(shapely.make_valid(lean), 10.0**-_DECIMALS)) or original


def _plain(shape: Any) -> dict[str, Any]:
    """Return a shape as GeoJSON, outer rings against the clock (RFC 7946)."""
    wound: dict[str, Any] = shapely.geometry.mapping(shapely.orient_polygons(shape))
    return wound
