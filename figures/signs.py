"""Signs of notices on a map: one shape per kind, drawn in ink alone.

Alarms own the square, the triangle, the circle with a number and the diamond (``svg.mark``); these
are a cone, a barred ring, a burst, a hexagon and a bus.
"""

import math

from figures.svg import number

KINDS = ("closure", "incident", "alert", "works", "transit")
_POINTS = 8  # of the burst


def sign(kind: str, x: float, y: float, size: float) -> str:
    """Return the path of a sign around a point; an unknown kind is a hexagon.

    Closed parts are filled with the ground, open ones are strokes; ``h0`` is a round dot.
    """
    r = size / 2
    match kind:
        case "works":
            return (
                _closed([(-0.3, -1), (0.3, -1), (0.82, 0.72), (-0.82, 0.72)], x, y, r)
                + _stroke(-0.56, -0.08, 1.12, x, y, r)
                + _stroke(-1.08, 0.98, 2.16, x, y, r)
            )
        case "closure":
            return _ring(x, y, r) + _stroke(-0.52, 0, 1.04, x, y, r)
        case "incident":
            return _closed(_burst(), x, y, r)
        case "transit":
            body = [(-0.7, -1), (0.7, -1), (0.7, 0.7), (-0.7, 0.7)]
            wheels = _stroke(-0.42, 1, 0, x, y, r) + _stroke(0.42, 1, 0, x, y, r)
            return _closed(body, x, y, r) + _stroke(-0.7, 0.1, 1.4, x, y, r) + wheels
    stem = f"M{number(x)},{number(y - 0.48 * r)}v{number(0.5 * r)}"
    return _closed(_hexagon(), x, y, r) + stem + _stroke(0, 0.5, 0, x, y, r)


def _hexagon() -> list[tuple[float, float]]:
    turns = (math.radians(60 * step - 90) for step in range(6))
    return [(1.08 * math.cos(turn), 1.08 * math.sin(turn)) for turn in turns]


def _burst() -> list[tuple[float, float]]:
    turns = [math.pi * step / _POINTS - math.pi / 2 for step in range(2 * _POINTS)]
    return [
        ((1.15 if step % 2 == 0 else 0.62) * math.cos(turn),
         (1.15 if step % 2 == 0 else 0.62) * math.sin(turn))
        for step, turn in enumerate(turns)
    ]  # fmt: skip


def _closed(points: list[tuple[float, float]], x: float, y: float, r: float) -> str:
    places = (f"{number(x + a * r)},{number(y + b * r)}" for a, b in points)
    return "M" + "L".join(places) + "Z"


def _ring(x: float, y: float, r: float) -> str:
    size = number(r)
    around = f"a{size},{size} 0 1,0"
    return f"M{number(x - r)},{number(y)}{around} {number(2 * r)},0{around} {number(-2 * r)},0Z"


def _stroke(left: float, down: float, length: float, x: float, y: float, r: float) -> str:  # noqa: PLR0913, PLR0917 - a line in a sign, and the sign's place
    return f"M{number(x + left * r)},{number(y + down * r)}h{number(length * r)}"
