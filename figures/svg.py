"""Small drawings as SVG path data: sparklines, bars, alarm marks. Pure, no colours.

A component puts each path into its own element, so a live screen changes only a ``d`` attribute;
colour and stroke come from the class. A gap in the data stays a gap in the line.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

Values = Sequence[float | None]

_EDGE = 4.5  # px that keep the end dot inside the drawing
_REACH = 0.35  # a target is drawn when it lies this near, as a share of the range


@dataclass(frozen=True, slots=True, kw_only=True)
class Spark:
    """The parts of a sparkline; an empty text is a part that is not drawn."""

    band: str = ""
    edge: str = ""
    line: str = ""
    target: str = ""
    limit: str = ""
    dot: str = ""


@dataclass(frozen=True, slots=True)
class _Frame:
    """From data to px: ``low`` is drawn at the bottom."""

    width: float
    height: float
    low: float
    high: float
    count: int

    def x(self, index: int) -> float:
        room = self.width - _EDGE * 1.6 - 1
        return _EDGE * 0.3 + index * room / max(1, self.count - 1)

    def y(self, value: float) -> float:
        room = self.height - 2 * _EDGE
        return _EDGE + (self.high - value) * room / ((self.high - self.low) or 1)


def number(value: float) -> str:
    """Return px with one decimal at most.

    >>> number(3.04), number(2.5)
    ('3', '2.5')

    """
    return f"{value:.1f}".rstrip("0").rstrip(".") if round(value, 1) else "0"


def spark(  # noqa: PLR0913 - one keyword per thing that a sparkline may show
    values: Values,
    low: Values = (),
    high: Values = (),
    *,
    width: float = 134,
    height: float = 62,
    target: float | None = None,
    limit: float | None = None,
    most: int = 48,
) -> Spark:
    """Draw a recent course with its usual band; nothing where there is no value at all.

    Args:
        values: the course, oldest first; ``None`` is a gap.
        low: lower edge of what is usual, as long as ``values``, or empty.
        high: upper edge, likewise.
        width: of the drawing in px.
        height: of the drawing in px.
        target: drawn where it lies near the data.
        limit: of an alarm, likewise.
        most: points that are drawn; more are thinned by even steps, the last one kept.

    """
    values, low, high = (_thin(part, most) for part in (values, low, high))
    known = [value for value in values if value is not None]
    if not known:
        return Spark()
    band = [edge for edge in (*low, *high) if edge is not None]
    bottom, top = min(known + band), max(known + band)
    reach = _REACH * ((top - bottom) or abs(top) or 1)
    near = [ref for ref in (target, limit) if ref is not None and _within(ref, bottom, top, reach)]
    frame = _Frame(width, height, min([bottom, *near]), max([top, *near]), len(values))
    last = max(index for index, value in enumerate(values) if value is not None)
    return Spark(
        band=_area(low, high, frame),
        edge=_line(low, frame) + _line(high, frame),
        line=_line(values, frame),
        target=_level(target, near, frame),
        limit=_level(limit, near, frame),
        dot=circle(frame.x(last), frame.y(values[last] or 0.0), 3.6),
    )


def circle(x: float, y: float, radius: float) -> str:
    """Return a full circle as a path, so that it moves by its ``d`` alone."""
    r = number(radius)
    there, back = number(2 * radius), number(-2 * radius)
    return f"M{number(x - radius)},{number(y)}a{r},{r} 0 1 0 {there},0a{r},{r} 0 1 0 {back},0Z"


def mark(kind: str, x: float, y: float, size: float) -> str:
    """Return the outline of an alarm symbol: square p1, triangle p2, circle p3, else diamond."""
    half = size / 2
    if kind == "p1":
        side = size * 0.9
        return (
            _join([(x - side / 2, y - side / 2)])
            + f"h{number(side)}v{number(side)}h"
            + (f"{number(-side)}Z")
        )
    if kind == "p2":
        base = y + half * 0.92
        return _join([(x, y - half * 1.08), (x + half * 1.12, base), (x - half * 1.12, base)]) + "Z"
    if kind == "p3":
        return circle(x, y, half * 0.96)
    tip = half * 1.1
    return _join([(x, y - tip), (x + tip, y), (x, y + tip), (x - tip, y)]) + "Z"


def columns(
    counts: Sequence[int], *, width: float, height: float, top: float = 10.5
) -> tuple[str, str]:
    """Draw counts as columns on a square-root scale; the last one is returned apart.

    The square root keeps one alarm visible beside a flood. Counts above ``top`` are cut there.
    """
    step = width / max(1, len(counts))
    bars = [
        f"M{number(index * step + 0.8)},{number(height - 1)}V{number(level(count, height, top))}"
        f"h{number(step - 1.6)}V{number(height - 1)}Z"
        if count > 0
        else ""
        for index, count in enumerate(counts)
    ]
    return "".join(bars[:-1]), bars[-1] if bars else ""


def level(count: float, height: float, top: float = 10.5) -> float:
    """Return the y of a count on the scale of :func:`columns`."""
    return height - 1 - math.sqrt(min(count, top) / top) * (height - 4)


def across(y: float, width: float) -> str:
    """Return a horizontal line over the whole width."""
    return f"M0,{number(y)}H{number(width)}"


def _thin(values: Values, most: int) -> list[float | None]:
    if len(values) <= most:
        return list(values)
    step = math.ceil(len(values) / most)
    return list(values[(len(values) - 1) % step :: step])


def _within(ref: float, bottom: float, top: float, reach: float) -> bool:
    return bottom - reach < ref < top + reach


def _level(ref: float | None, near: Sequence[float], frame: _Frame) -> str:
    return across(frame.y(ref), frame.width) if ref is not None and ref in near else ""


def _line(values: Values, frame: _Frame) -> str:
    """Return a path that lifts the pen at every gap; a lone point becomes a dot."""
    path, is_down = [], False
    for index, value in enumerate(values):
        if value is None:
            is_down = False
            continue
        pen = "L" if is_down else "M"
        path.append(f"{pen}{number(frame.x(index))},{number(frame.y(value))}")
        is_alone = not is_down and (index + 1 == len(values) or values[index + 1] is None)
        path.append("h.1" if is_alone else "")
        is_down = True
    return "".join(path)


def _area(low: Values, high: Values, frame: _Frame) -> str:
    """Return one closed shape per unbroken run of the band."""
    runs: list[list[tuple[float, float, float]]] = [[]]
    for index, (bottom, top) in enumerate(zip(low, high, strict=True)):
        if bottom is None or top is None:
            runs.append([])
        else:
            runs[-1].append((frame.x(index), frame.y(bottom), frame.y(top)))
    return "".join(
        _join([(x, top) for x, _, top in run] + [(x, bottom) for x, bottom, _ in reversed(run)])
        + "Z"
        for run in runs
        if len(run) > 1
    )


def _join(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{number(x)},{number(y)}" for x, y in points)
