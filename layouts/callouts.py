"""Where an alarm's call-out may stand on the map: near its district, on water, clear of others."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from layouts.mapfit import UNIT, Box, MapFit

MARK = 1.3 * UNIT  # the symbol's size
_LETTER = 0.47 * UNIT  # width of a letter of the call-out's first line
_SMALL = 0.375 * UNIT  # and of the second
_HEIGHT = 2.0 * UNIT
_GAP = 0.35 * UNIT
_ANGLES = tuple(math.radians(step * 15) for step in range(24))
_FAR = (2.4, 3.4, 4.6, 6.0, 7.6)  # rem from the district's middle
_LAND, _CROWD, _LENGTH = 4.0, 400.0, 3.0  # what land, another call-out and a long leader cost
_CROSS = 2.0  # and a leader over land


@dataclass(frozen=True, slots=True)
class Callout:
    """A placed call-out: symbol middle, text start and anchor, leader from the district."""

    x: float
    y: float
    text_x: float
    anchor: str
    lead: str
    box: Box


def place(
    fit: MapFit, district: str, lines: tuple[str, str], taken: Sequence[Box]
) -> Callout | None:
    """Return the best place; ``None`` where the card has no room outside its title.

    The choice depends on the arguments alone, so a call-out stands still while its alarm does.
    """
    best: tuple[float, Callout] | None = None
    for distance, found in _candidates(fit, district, lines):
        if not fit.card.holds(found.box) or any(found.box.meets(box) for box in fit.kept):
            continue
        crowd = sum(found.box.meets(box) for box in taken)
        cost = fit.covered(found.box) * _LAND + crowd * _CROWD + distance * _LENGTH
        cost += fit.crossed(*fit.point(district)[:2], found.x, found.y) * _CROSS
        if best is None or cost < best[0]:
            best = (cost, found)
    return best[1] if best else None


def _candidates(
    fit: MapFit, district: str, lines: tuple[str, str]
) -> Iterator[tuple[float, Callout]]:
    x0, y0, _ = fit.point(district)
    width = max(len(lines[0]) * _LETTER, len(lines[1]) * _SMALL)
    for far in _FAR:
        for angle in _ANGLES:
            x, y = x0 + math.cos(angle) * far * UNIT, y0 + math.sin(angle) * far * UNIT
            yield far, _callout(x0, y0, x, y, width, is_left=math.cos(angle) < -0.1)  # noqa: PLR2004 - straight up reads to the right


def _callout(  # noqa: PLR0913 - two points, a width, a side
    x0: float, y0: float, x: float, y: float, width: float, *, is_left: bool
) -> Callout:
    half = MARK / 2
    start = x - half - _GAP if is_left else x + half + _GAP
    left, right = (start - width, x + half) if is_left else (x - half, start + width)
    length = math.hypot(x - x0, y - y0)
    stop = max(0.0, 1 - half / length)
    return Callout(
        x=round(x, 1),
        y=round(y, 1),
        text_x=round(start, 1),
        anchor="end" if is_left else "start",
        lead=f"M{x0:.1f},{y0:.1f}L{x0 + (x - x0) * stop:.1f},{y0 + (y - y0) * stop:.1f}",
        box=Box(left, y - _HEIGHT / 2, right, y + _HEIGHT / 2),
    )
