"""Bullet, score and district map as custom properties and markup: for desks, paper and mail."""

from collections.abc import Mapping
from html import escape

FLOOR, CEILING = 0.0, 100.0


def share(value: float, low: float, high: float) -> float:
    """Return where a value lies between two ends, in per cent, held inside them.

    >>> share(15, 10, 20), share(40, 10, 20)
    (50.0, 100.0)

    """
    if high == low:
        return 0.0
    return round(max(FLOOR, min(CEILING, (value - low) / (high - low) * 100)), 2)


def bullet(
    value: float,
    *,
    warn: float,
    crit: float,
    target: float,
    low: float = 0.0,
) -> Mapping[str, float]:
    """Return the properties of a bullet bar: measure, two zones, target, on one scale.

    The scale runs from ``low`` to a quarter beyond the farthest of them, so that nothing is cut.
    """
    high = low + (max(value, warn, crit, target) - low) * 1.25
    first, second = sorted((warn, crit))
    return {
        "--v": share(value, low, high),
        "--w": share(first, low, high),
        "--c1": share(second, low, high),
        "--t": share(target, low, high),
    }


def score(
    value: float, low: float, high: float, week_ago: float | None = None
) -> Mapping[str, float]:
    """Return the properties of a score bar, 0–100: now, its interval, a week ago."""
    properties = {"--v": share(value, 0, 100), "--a": share(low, 0, 100)}
    properties["--b"] = share(high, 0, 100)
    if week_ago is not None:
        properties["--p"] = share(week_ago, 0, 100)
    return properties


def district_map(
    paths: Mapping[str, str], steps: Mapping[str, int | None], *, view_box: str, title: str
) -> str:
    """Return a whole map as one SVG text: for mail and paper, where no component lives.

    ``steps`` gives the class (1–5) of each district; a district without one is hatched.
    """
    shapes = "".join(
        f'<path class="bz-map__d bz-map__d--{steps.get(key) or "na"}" d="{path}"/>'
        for key, path in paths.items()
    )
    hatch = (
        '<defs><pattern id="h-map" width="7" height="7" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><path class="bz-hatchline" d="M0,0V7"/></pattern></defs>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="bz-map" viewBox="{view_box}" role="img" '
        f'aria-label="{escape(title, quote=True)}">{hatch}{shapes}</svg>'
    )
