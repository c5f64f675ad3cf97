"""The course of one reading: what is usual, the value, target and limits. A plain Plotly dict."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from figures import theme
from figures.theme import Figure

Values = Sequence[float | None]


def trend(  # noqa: PLR0913 - one keyword per thing that a trend may show
    times: Sequence[datetime],
    values: Values,
    low: Values = (),
    high: Values = (),
    *,
    timezone: str,
    unit: str = "",
    name: str = "",
    usual: str = "usual",
    target: float | None = None,
    limits: Sequence[tuple[float, str]] = (),
    dark: bool = True,
) -> Figure:
    """Draw a trend in city time; a gap in the data stays a gap in the line.

    Args:
        times: aware instants, oldest first. Plotly's axes know no zone, so they go out as the
            city's wall time; the page prints the zone.
        values: as long as ``times``; ``None`` is a gap.
        low: lower edge of what is usual, as long as ``times``, or empty.
        high: upper edge, likewise.
        timezone: of the city.
        unit: printed after the number on hover.
        name: of the line, on hover.
        usual: of the band, on hover.
        target: a dotted line, where the city set one.
        limits: of alarm rules: value and tone (p1, p2, p3), dashed in the tone's colour.
        dark: which theme.

    Returns:
        A figure without a title; the page's heading says what it is.

    """
    ink = theme.tokens("dark" if dark else "light")
    zone = ZoneInfo(timezone)
    x = [at.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S") for at in times]
    line = _line(x, values, ink["data"], name=name, unit=unit)
    band = _band(x, low, high, ink["band"], ink["axis"], name=usual) if low and high else []
    return {
        "data": [*band, line, *_end(x, values, ink["data"], ink["panel"])],
        "layout": {
            "template": theme.template("dark" if dark else "light"),
            "shapes": [
                *([_level(target, ink["target"], "1.5px,4px")] if target is not None else []),
                *(
                    _level(at, ink.get(f"{tone}-text", ink["text-2"]), "7px,3px")
                    for at, tone in limits
                ),
            ],
            "xaxis": {"type": "date"},
            "yaxis": {"rangemode": "normal"},
        },
    }


def _line(x: list[str], values: Values, colour: str, *, name: str, unit: str) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": list(values),
        "connectgaps": False,
        "line": {"color": colour, "width": 2},
        "name": name,
        "hovertemplate": "<b>%{y}</b> " + unit + "<extra></extra>",
    }


def _band(  # noqa: PLR0913, PLR0917 - two edges, two colours, a name
    x: list[str], low: Values, high: Values, fill: str, edge: str, name: str
) -> list[Figure]:
    shared: dict[str, Any] = {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "connectgaps": False,
        "line": {"color": edge, "width": 0.75},
    }
    under = {**shared, "y": list(low), "hoverinfo": "skip", "name": name}
    over = {
        **shared,
        "y": list(high),
        "fill": "tonexty",
        "fillcolor": fill,
        "customdata": list(low),
        "name": name,
        "hovertemplate": name + " %{customdata}–%{y}<extra></extra>",
    }
    return [under, over]


def _end(x: list[str], values: Values, colour: str, ground: str) -> list[Figure]:
    """Return a dot on the last known value; none where nothing is known."""
    known = [index for index, value in enumerate(values) if value is not None]
    if not known:
        return []
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "x": [x[known[-1]]],
            "y": [values[known[-1]]],
            "marker": {"color": colour, "size": 8, "line": {"color": ground, "width": 1.5}},
            "hoverinfo": "skip",
        }
    ]


def _level(at: float, colour: str, dash: str) -> Figure:
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": at,
        "y1": at,
        "line": {"color": colour, "width": 1.4, "dash": dash},
    }
