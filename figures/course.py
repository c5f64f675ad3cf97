"""The course of a reading for desks: the trend, with words at its lines and an axis that fits.

The wall's trend says only shapes; a desk has room to say which limit is which.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from figures import theme
from figures.theme import Figure
from figures.trend import trend

Values = Sequence[float | None]

TONES = ("p1", "p2", "p3")
TARGET = "target"
_REACH = 0.6  # a line farther from the data than this share of their range is not drawn
_ROOM = 0.08  # of the range, free above and below


@dataclass(frozen=True, slots=True)
class Level:
    """A horizontal line with its words. ``tone`` is p1, p2, p3, target, or empty for grey."""

    value: float
    label: str
    tone: str = ""


def course(  # noqa: PLR0913 - one keyword per thing that the figure may show
    times: Sequence[datetime],
    values: Values,
    low: Values = (),
    high: Values = (),
    *,
    timezone: str,
    unit: str = "",
    name: str = "",
    usual: str = "usual",
    levels: Sequence[Level] = (),
    tone: str = "",
    is_week: bool = False,
    point: str = ".",
    is_dark: bool = True,
) -> Figure:
    """Draw a course with its usual band and labelled lines; an empty frame where nothing is known.

    Args:
        times: aware instants, oldest first; drawn as the city's wall clock.
        values: as many; ``None`` is a gap and stays one.
        low: lower edge of what is usual, as many, or empty.
        high: upper edge, likewise.
        timezone: of the city.
        unit: after the number on hover.
        name: of the line, on hover.
        usual: the word for the band.
        levels: limits and target; those far from the data are left out.
        tone: of the alarm that stands (p1, p2, p3), which colours the last point.
        is_week: whether the axis tells days instead of hours.
        point: the decimal mark.
        is_dark: which theme.

    """
    ink = theme.tokens("dark" if is_dark else "light")
    bottom, top = _range([*values, *low, *high], levels)
    near = [level for level in levels if bottom <= level.value <= top]
    figure = trend(
        times,
        values,
        low,
        high,
        timezone=timezone,
        unit=unit,
        name=name,
        usual=usual,
        target=next((level.value for level in near if level.tone == TARGET), None),
        limits=[(level.value, level.tone) for level in near if level.tone != TARGET],
        dark=is_dark,
    )
    if tone in TONES and figure["data"][-1].get("mode") == "markers":
        figure["data"][-1]["marker"]["color"] = ink[f"{tone}-text"]
    figure["layout"] |= {
        "separators": f"{point}\u202f",
        "xaxis": _axis(times, timezone, is_week=is_week),
        "yaxis": {"range": [bottom, top], "nticks": 5},
        "annotations": [_label(level, ink) for level in near],
    }
    return figure


def _range(values: Values, levels: Sequence[Level]) -> tuple[float, float]:
    known = [value for value in values if value is not None]
    if not known:
        return 0.0, 1.0
    bottom, top = min(known), max(known)
    reach = _REACH * ((top - bottom) or abs(top) or 1.0)
    for level in levels:
        if bottom - reach <= level.value <= top + reach:
            bottom, top = min(bottom, level.value), max(top, level.value)
    room = _ROOM * ((top - bottom) or abs(top) or 1.0)
    return (0.0 if bottom >= 0 > bottom - room else bottom - room), top + room


def _axis(times: Sequence[datetime], timezone: str, *, is_week: bool) -> Figure:
    axis: dict[str, Any] = {
        "type": "date",
        "tickformat": "%m-%d" if is_week else "%H:%M",
        "hoverformat": "%Y-%m-%d %H:%M" if is_week else "%H:%M",
        "nticks": 8,
    }
    if times:
        zone = ZoneInfo(timezone)
        ends = (times[0], times[-1])
        axis["range"] = [at.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S") for at in ends]
    return axis


def _label(level: Level, ink: Any) -> Figure:
    tone = level.tone
    colour = ink["text-2"]
    if tone in TONES:
        colour = ink[f"{tone}-text"]
    return {
        "xref": "paper",
        "x": 0,
        "y": level.value,
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
        "text": level.label,
        "font": {"size": 13, "color": colour},
    }
