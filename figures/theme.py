"""Colours and type of every figure, read from ``assets/tokens.css``: no second list to keep."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

Figure = dict[str, Any]

TOKENS_FILE = Path(__file__).resolve().parent.parent / "assets" / "tokens.css"
FONT = '"IBM Plex Sans Var", "IBM Plex Sans", system-ui, sans-serif'
CLASSES = 5  # of the map ramp

GRAPH_CONFIG: Mapping[str, Any] = {
    "displayModeBar": False,
    "displaylogo": False,
    "responsive": True,
    "showSendToCloud": False,  # plotly.js 4 offers to upload the chart unless told otherwise
    "plotlyServerURL": "",
}

_THEMES = {"dark": r':root,\[data-theme="dark"\]', "light": r'\[data-theme="light"\]'}


@cache
def tokens(theme: str = "dark") -> Mapping[str, str]:
    """Return the colour tokens of a theme by name, without the leading dashes.

    Raises:
        KeyError: if there is no such theme.
        ValueError: if the token file has no block for it.

    """
    css = re.sub(r"/\*.*?\*/", "", TOKENS_FILE.read_text(encoding="utf-8"), flags=re.DOTALL)
    block = re.search(r"(?m)^" + _THEMES[theme] + r"\{(.*?)^\}", css, flags=re.DOTALL)
    if block is None:
        raise ValueError(f"{TOKENS_FILE.name} has no block for the {theme} theme")
    pairs = re.findall(r"--([\w-]+):([^;]+);", block.group(1))
    return {name: value.strip() for name, value in pairs}


def ramp(theme: str = "dark") -> tuple[str, ...]:
    """Return the five map colours, low to high."""
    return tuple(tokens(theme)[f"seq-{step}"] for step in range(1, CLASSES + 1))


def template(theme: str = "dark") -> Figure:
    """Return the Plotly template: thin, sent once in a figure's layout."""
    ink = tokens(theme)
    axis = {
        "showgrid": False,
        "zeroline": False,
        "linecolor": ink["axis"],
        "linewidth": 1,
        "ticks": "outside",
        "ticklen": 5,
        "tickcolor": ink["axis"],
        "tickfont": {"size": 13, "color": ink["text-3"]},
        "automargin": False,
    }
    value_axis = {
        **axis,
        "showline": False,
        "ticks": "",
        "showgrid": True,
        "gridcolor": ink["grid"],
        "nticks": 4,
    }
    return {"layout": {**_page(ink), "xaxis": axis, "yaxis": value_axis}}


def _page(ink: Mapping[str, str]) -> Figure:
    return {
        "font": {"family": FONT, "size": 14, "color": ink["text-2"]},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 48, "r": 16, "t": 12, "b": 28, "pad": 0},
        "colorway": [ink["text-1"], ink["data"], ink["data-2"]],
        "showlegend": False,
        "separators": ".\u202f",
        "hovermode": "x unified",
        "hoverlabel": {
            "bgcolor": ink["raised"],
            "bordercolor": ink["axis"],
            "align": "left",
            "font": {"size": 14, "color": ink["text-1"]},
        },
        "transition": {"duration": 0},
        "uirevision": "keep",
        "dragmode": "zoom",
    }
