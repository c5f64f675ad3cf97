"""Districts compared by funnel: limits that widen as n shrinks, and no ranks. A plain Plotly dict.

Hollow inside the limits, grey beyond 95 %, ink with its name beyond 99.8 %; dotted where n is too
small to be judged. Words beside the names say the same (the page's table).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from figures import theme as themes
from figures.theme import Figure

INSIDE, PERHAPS, CLEARLY, FEW = "inside", "perhaps", "clearly", "few"
NAMED = 8  # districts whose name is printed; the table names all


@dataclass(frozen=True, slots=True)
class Point:
    """One district: n, value in the indicator's unit, how it stands, and what hover says."""

    name: str
    n: float
    value: float
    stands: str
    text: str


@dataclass(frozen=True, slots=True)
class Limit:
    """The limits at one n, in the indicator's unit."""

    n: float
    far_low: float
    low: float
    high: float
    far_high: float


def funnel(  # noqa: PLR0913 - one keyword per thing that is printed
    points: Sequence[Point],
    limits: Sequence[Limit],
    centre: float,
    *,
    theme: str = "light",
    decimals: int = 1,
    centre_text: str = "",
    axis: str = "n",
    point: str = ".",
) -> Figure:
    """Draw a funnel plot.

    Args:
        points: the districts, in any order.
        limits: by rising n; nothing is drawn of them where there are fewer than two.
        centre: the city's value.
        theme: dark or light.
        decimals: of the numbers on the axis.
        centre_text: what the line of the city is called.
        axis: what n counts, under the axis.
        point: the decimal mark.

    """
    ink = themes.tokens(theme)
    data = [*_bands(limits, ink["band"], ink["axis"])]
    looks = {
        INSIDE: {"color": ink["panel"], "size": 9, "line": {"color": ink["text-2"], "width": 1.3}},
        PERHAPS: {"color": ink["data-2"], "size": 9, "line": {"color": ink["text-2"], "width": 1}},
        CLEARLY: {"color": ink["text-1"], "size": 10, "line": {"color": ink["panel"], "width": 1}},
        FEW: {
            "color": ink["text-3"],
            "size": 8,
            "symbol": "circle-open-dot",
            "line": {"color": ink["text-3"], "width": 1},
        },
    }
    for stands, look in looks.items():
        mine = [one for one in points if one.stands == stands]
        data.append(_marks(mine, look, is_named=stands == CLEARLY))
    return {
        "data": data,
        "layout": {
            "template": themes.template(theme),
            "separators": f"{point}\u202f",
            "hovermode": "closest",
            "margin": {"l": 48, "r": 76, "t": 12, "b": 46, "pad": 0},
            "xaxis": {
                "title": {"text": axis, "font": {"size": 13, "color": ink["text-3"]}},
                "rangemode": "tozero",
                "nticks": 6,
            },
            "yaxis": {"nticks": 5, "tickformat": f",.{max(decimals, 1)}~f", "zeroline": False},
            "shapes": [_centre(centre, ink["text-2"])],
            "annotations": [
                _said(centre, centre_text, ink["text-2"]),
                *_ends(limits, ink["text-3"]),
            ],
            "uirevision": "funnel",
        },
    }


def _bands(limits: Sequence[Limit], fill: str, edge: str) -> list[Figure]:
    """Return the four limits, the space between the inner two a little darker."""
    if len(limits) < 2:  # noqa: PLR2004 - a line has two ends
        return []
    x = [limit.n for limit in limits]
    lines = []
    for name, is_filled in (
        ("far_low", False),
        ("far_high", True),
        ("low", False),
        ("high", True),
    ):
        line: Figure = {
            "type": "scatter",
            "mode": "lines",
            "x": x,
            "y": [getattr(limit, name) for limit in limits],
            "line": {"color": edge, "width": 0.75},
            "hoverinfo": "skip",
        }
        if is_filled:
            line |= {"fill": "tonexty", "fillcolor": fill, "opacity": 1}
        lines.append(line)
    lines[1]["fillcolor"] = _fainter(fill)
    return lines


def _fainter(colour: str) -> str:
    """Return a colour of the tokens (``#rrggbb``) at half strength."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.45)"


def _marks(points: Sequence[Point], look: Figure, *, is_named: bool) -> Figure:
    named = {one.name for one in sorted(points, key=lambda one: -one.n)[:NAMED]}
    return {
        "type": "scatter",
        "mode": "markers+text" if is_named else "markers",
        "x": [one.n for one in points],
        "y": [one.value for one in points],
        "text": [one.name if is_named and one.name in named else "" for one in points],
        "textposition": "middle right",
        "textfont": {"size": 13},
        "customdata": [one.text for one in points],
        "hovertemplate": "%{customdata}<extra></extra>",
        "marker": look,
        "cliponaxis": False,
    }


def _centre(value: float, colour: str) -> Figure:
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": value,
        "y1": value,
        "line": {"color": colour, "width": 1.4},
    }


def _said(value: float, text: str, colour: str) -> Figure:
    return {
        "text": text,
        "xref": "paper",
        "x": 1,
        "xanchor": "left",
        "xshift": 6,
        "y": value,
        "showarrow": False,
        "font": {"size": 13, "color": colour},
    }


def _ends(limits: Sequence[Limit], colour: str) -> list[Figure]:
    """Return what the limits are called, at their right end."""
    if len(limits) < 2:  # noqa: PLR2004 - as above
        return []
    last = limits[-1]
    return [
        {**_said(value, text, colour), "xref": "x", "x": last.n}
        for value, text in ((last.high, "95\xa0%"), (last.far_high, "99.8\xa0%"))
    ]
