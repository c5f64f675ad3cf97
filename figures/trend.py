"""The course of one reading: what is usual, the value, target and limits. A plain Plotly dict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from figures import theme as themes
from figures.theme import Figure

Values = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Level:
    """A horizontal line: a limit (``tone`` p1, p2, p3 where it alarms) or the ``target``."""

    value: float
    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Fan:
    """What the next hours should bring: a dotted centre in a band; empty where nobody knows."""

    times: tuple[str, ...] = ()
    centre: tuple[float | None, ...] = ()
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Corrected:
    """A value that was corrected later: where it stands now, and what hover says."""

    time: str
    value: float
    text: str


def trend(  # noqa: PLR0913 - one keyword per thing that a trend may show
    times: Sequence[str],
    values: Values,
    low: Values = (),
    high: Values = (),
    *,
    theme: str = "dark",
    name: str = "",
    unit: str = "",
    decimals: int = 1,
    usual: str = "usual",
    levels: Sequence[Level] = (),
    tone: str = "",
    is_week: bool = False,
    point: str = ".",
    corrected: Sequence[Corrected] = (),
    fan: Fan | None = None,
) -> Figure:
    """Draw a trend; a gap in the data stays a gap in the line.

    Args:
        times: the city's wall time without an offset, oldest first: Plotly's axes know no zone,
            so the page prints it.
        values: as long as ``times``; ``None`` is a gap.
        low: lower edge of what is usual, as long as ``times``, or empty.
        high: upper edge, likewise.
        theme: dark or light.
        name: of the line, on hover.
        unit: printed after the number on hover.
        decimals: of the numbers on hover.
        usual: of the band, on hover.
        levels: limits and target, drawn where they are, named at their right end.
        tone: of the alarm that stands, which colours the newest point.
        is_week: the axis names days instead of hours.
        point: the decimal mark.
        corrected: values that once stood otherwise, each marked by an open diamond.
        fan: what the next hours should bring.

    Returns:
        A figure without a title; the page's heading says what it is.

    """
    ink = themes.tokens(theme)
    number = f",.{decimals}f"
    x = list(times)
    dot = ink[f"{tone}-text"] if f"{tone}-text" in ink else ink["data"]
    return {
        "data": [
            *_fan(fan, ink, number),
            *_band(x, low, high, ink["band"], ink["axis"], f"{usual} %{{customdata:{number}}}"),
            _course(x, values, ink["data"], name, f"<b>%{{y:{number}}}</b> {unit}<extra></extra>"),
            *_corrected(corrected, ink),
            *_end(x, values, dot, ink["panel"]),
        ],
        "layout": {
            **_frame(levels, ink, is_week=is_week),
            "template": themes.template(theme),
            "separators": f"{point}\u202f",
        },
    }


def _frame(levels: Sequence[Level], ink: Mapping[str, str], *, is_week: bool) -> Figure:
    """Return the axis, and the limits with the room that their names need."""
    return {
        "margin": {"l": 48, "r": 112 if levels else 16, "t": 12, "b": 28, "pad": 0},
        "shapes": [_level(level, ink) for level in levels],
        "annotations": [_said(level, ink) for level in levels],
        "xaxis": {"type": "date", "tickformat": "%a %d" if is_week else "%H:%M"},
    }


def _course(x: list[str], values: Values, colour: str, name: str, said: str) -> Figure:
    return {**_line(x, values, colour, 2.0), "name": name, "hovertemplate": said}


def _line(x: list[str], y: Values, colour: str, width: float) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": list(y),
        "connectgaps": False,
        "line": {"color": colour, "width": width},
    }


def _band(  # noqa: PLR0913, PLR0917 - two edges, two colours, a text
    x: list[str], low: Values, high: Values, fill: str, edge: str, text: str
) -> list[Figure]:
    """Return the two edges of what is usual, filled between; nothing where it is not known.

    Each stretch without a gap is a band of its own: a fill across a gap would cross itself.
    """
    number = text.rpartition(":")[2].removesuffix("}")
    bands: list[Figure] = []
    for run in _runs(low, high):
        bottom, top = list(low[run]), list(high[run])
        bands += [
            {**_line(x[run], bottom, edge, 0.75), "hoverinfo": "skip"},
            {
                **_line(x[run], top, edge, 0.75),
                "fill": "tonexty",
                "fillcolor": fill,
                "customdata": bottom,
                "hovertemplate": f"{text}–%{{y:{number}}}<extra></extra>",
            },
        ]
    return bands


def _fan(fan: Fan | None, ink: Mapping[str, str], number: str) -> list[Figure]:
    """Return a forecast: dotted, in a fan of the second data colour at 22 %."""
    if fan is None or not fan.times:
        return []
    x, colour = list(fan.times), ink["data-2"]
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    edge = {**_line(x, fan.low, colour, 0), "hoverinfo": "skip"}
    return [
        edge,
        {
            **edge,
            "y": list(fan.high),
            "fill": "tonexty",
            "fillcolor": f"rgba({red},{green},{blue},0.22)",
        },
        {
            **_line(x, fan.centre, colour, 2.0),
            "line": {"color": colour, "width": 2.0, "dash": "dot"},
            "customdata": list(zip(fan.low, fan.high, strict=True)),
            "hovertemplate": (
                f"{fan.name} %{{y:{number}}}, %{{customdata[0]:{number}}}–"
                f"%{{customdata[1]:{number}}}<extra></extra>"
            ),
        },
    ]


def _runs(low: Values, high: Values) -> list[slice]:
    """Return where both edges are known without a gap.

    >>> _runs([1, None, 1, 1], [2, 2, 2, 2])
    [slice(0, 1, None), slice(2, 4, None)]

    """
    runs: list[slice] = []
    start: int | None = None
    for at, pair in enumerate([*zip(low, high, strict=True), (None, None)]):
        is_known = None not in pair
        if is_known and start is None:
            start = at
        elif not is_known and start is not None:
            runs.append(slice(start, at))
            start = None
    return runs


def _corrected(marks: Sequence[Corrected], ink: Mapping[str, str]) -> list[Figure]:
    if not marks:
        return []
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "x": [mark.time for mark in marks],
            "y": [mark.value for mark in marks],
            "customdata": [mark.text for mark in marks],
            "hovertemplate": "%{customdata}<extra></extra>",
            "marker": {
                "symbol": "diamond",
                "size": 10,
                "color": ink["panel"],
                "line": {"color": ink["text-1"], "width": 1.6},
            },
        }
    ]


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


def _colour(level: Level, ink: Any) -> str:
    if level.tone == "target":
        return str(ink["target"])
    return str(ink.get(f"{level.tone}-text", ink["text-2"]))


def _level(level: Level, ink: Any) -> Figure:
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": level.value,
        "y1": level.value,
        "line": {
            "color": _colour(level, ink),
            "width": 1.4,
            "dash": "1.5px,4px" if level.tone == "target" else "7px,3px",
        },
    }


def _said(level: Level, ink: Any) -> Figure:
    return {
        "text": level.text,
        "xref": "paper",
        "x": 1,
        "xanchor": "left",
        "xshift": 6,
        "y": level.value,
        "yanchor": "middle",
        "showarrow": False,
        "font": {"size": 13, "color": _colour(level, ink)},
    }
