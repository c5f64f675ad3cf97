"""Fits a city's map into a card: beside the title and legend, with room for call-outs.

All lengths are units of which 24.4 make one rem, whatever the wall: type keeps its size and the
map takes what is left. The largest map whose land stays clear of the title is chosen.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from geodata import Districts, DistrictShape, MapShape

UNIT = 24.4  # per rem
_CELL = 8.0  # units: the grid on which land is known
_MARGIN = 12.0
_STEPS = 12


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, in units."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Box") -> bool:
        """Whether the two share area."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def holds(self, other: "Box") -> bool:
        """Whether the other lies inside."""
        return (
            self.left <= other.left
            and self.top <= other.top
            and self.right >= other.right
            and self.bottom >= other.bottom
        )


@dataclass(frozen=True, slots=True)
class Card:
    """The inside of a map card and the corner that its title and legend take, in rem."""

    width: float
    height: float
    head_width: float
    head_height: float


CARDS = {
    "overview": Card(41.0, 29.4, 16.6, 13.9),
    "map": Card(29.0, 20.2, 14.4, 12.4),
    "home": Card(38.0, 28.0, 0.0, 0.0),
}


@dataclass(frozen=True, kw_only=True)
class MapFit:
    """A drawn city and where it lies in its card. ``head`` is kept free of land and call-outs."""

    shape: MapShape
    dx: float
    dy: float
    width: float
    height: float
    head: Box

    @property
    def view_box(self) -> str:
        """The ``viewBox`` of the whole card."""
        return f"0 0 {self.width:.0f} {self.height:.0f}"

    @cached_property
    def by_id(self) -> dict[str, DistrictShape]:
        """Each district's shape, in its own drawing's units."""
        return {item.id: item for item in self.shape.districts}

    @cached_property
    def land(self) -> frozenset[tuple[int, int]]:
        """The cells of the card that are land."""
        return _land(self.shape.outline, self.dx, self.dy)

    @property
    def kept(self) -> tuple[Box, ...]:
        """What no call-out may cover: the title with its legend, and the scale bar."""
        return self.head, Box(0, self.height - 1.7 * UNIT, 7 * UNIT, self.height)

    @property
    def card(self) -> Box:
        """The whole card."""
        return Box(0, 0, self.width, self.height)

    def point(self, district: str) -> tuple[float, float, float]:
        """Return the middle of a district's largest inscribed circle, and its radius."""
        item = self.by_id[district]
        return item.x + self.dx, item.y + self.dy, item.radius

    def crossed(self, x0: float, y0: float, x1: float, y1: float) -> int:
        """Return how many cells of land a line crosses."""
        steps = max(1, round(max(abs(x1 - x0), abs(y1 - y0)) / _CELL))
        points = ((x0 + (x1 - x0) * n / steps, y0 + (y1 - y0) * n / steps) for n in range(steps))
        return sum((int(x // _CELL), int(y // _CELL)) in self.land for x, y in points)

    def covered(self, box: Box) -> int:
        """Return how many cells of land a box covers."""
        columns = range(int(box.left // _CELL), int(box.right // _CELL) + 1)
        rows = range(int(box.top // _CELL), int(box.bottom // _CELL) + 1)
        return sum((column, row) in self.land for column in columns for row in rows)


def fit_all(districts: Districts) -> dict[str, MapFit]:
    """Return the map fitted into every card that shows one."""
    return {scene: fit(districts, card) for scene, card in CARDS.items()}


def fit(districts: Districts, card: Card) -> MapFit:
    """Return the largest map whose land keeps clear of the card's title.

    A smaller map never helps a city that fills its rectangle, so below half size the title simply
    lies over the land's corner; its words stay legible on their own ground.
    """
    width, height = card.width * UNIT, card.height * UNIT
    head = Box(0, 0, card.head_width * UNIT, card.head_height * UNIT)
    best: MapFit | None = None
    for step in range(_STEPS):
        share = 1 - 0.5 * step / _STEPS
        shape = districts.paths(
            (width - 2 * _MARGIN) * share, height=(height - 2 * _MARGIN) * share
        )
        for dx, dy in _places(shape, width, height):
            found = MapFit(shape=shape, dx=dx, dy=dy, width=width, height=height, head=head)
            best = best or found
            if not card.head_width or not found.covered(head):
                return found
    if best is None:
        raise ValueError("a card needs room for a map")
    return best


def _places(shape: MapShape, width: float, height: float) -> Iterator[tuple[float, float]]:
    """Yield where the drawing may lie: left first, as call-outs read to the right."""
    for across in (0.12, 0.5, 0.88, 1.0):
        for down in (0.5, 1.0):
            yield (
                _MARGIN + (width - 2 * _MARGIN - shape.width) * across,
                _MARGIN + (height - 2 * _MARGIN - shape.height) * down,
            )


@lru_cache(maxsize=256)
def _land(outline: str, dx: float, dy: float) -> frozenset[tuple[int, int]]:
    """Return the cells whose middle lies inside an outline, by the even-odd rule per row."""
    rings = [_points(ring, dx, dy) for ring in outline.split("Z") if ring]
    if not rings:
        return frozenset()
    rows = range(
        int(min(y for ring in rings for _, y in ring) // _CELL),
        int(max(y for ring in rings for _, y in ring) // _CELL) + 1,
    )
    cells: set[tuple[int, int]] = set()
    for row in rows:
        cuts = sorted(_cuts(rings, (row + 0.5) * _CELL))
        for left, right in zip(cuts[::2], cuts[1::2], strict=False):
            cells.update(
                (column, row) for column in range(int(left // _CELL), int(right // _CELL) + 1)
            )
    return frozenset(cells)


def _points(ring: str, dx: float, dy: float) -> list[tuple[float, float]]:
    values = [float(text) for text in re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", ring)]
    return [(x + dx, y + dy) for x, y in zip(values[::2], values[1::2], strict=True)]


def _cuts(rings: list[list[tuple[float, float]]], y: float) -> Iterator[float]:
    """Yield where a horizontal line cuts the rings."""
    for ring in rings:
        for (x0, y0), (x1, y1) in zip(ring, [*ring[1:], ring[0]], strict=True):
            if (y0 <= y) != (y1 <= y):
                yield x0 + (y - y0) * (x1 - x0) / (y1 - y0)
