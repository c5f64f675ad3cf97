"""One place holds the colours, and every figure obeys it."""

import re
from pathlib import Path

import plotly.graph_objects as go
import pytest

from figures import theme
from figures.trend import Level, trend

ROOT = Path(__file__).resolve().parents[3]
TIMES = [f"2026-04-23T0{hour}:00:00" for hour in range(4)]


@pytest.mark.parametrize("name", ["dark", "light"])
def test_the_theme_holds_exactly_the_tokens_of_the_style_sheet(name: str) -> None:
    css = theme.TOKENS_FILE.read_text(encoding="utf-8")

    found = theme.tokens(name)

    assert found["p1"] in css
    assert {"bg", "panel", "text-1", "axis", "band", "data", "p1", "p2", "p3", "seq-5"} <= set(
        found
    )
    assert all(value in css for value in found.values())


def test_both_themes_name_the_same_tokens() -> None:
    assert theme.tokens("dark").keys() == theme.tokens("light").keys()


def test_no_other_python_file_holds_a_colour() -> None:
    pattern = re.compile(r"#[0-9a-fA-F]{6}\b|#[0-9a-fA-F]{3}\b")
    found = [
        f"{path.relative_to(ROOT)}: {match}"
        for room in ("layouts", "figures", "callbacks", "texts")
        for path in sorted((ROOT / room).rglob("*.py"))
        for match in pattern.findall(path.read_text(encoding="utf-8"))
    ]

    assert found == []


def test_no_chart_can_be_sent_away() -> None:
    assert theme.GRAPH_CONFIG["showSendToCloud"] is False


@pytest.mark.parametrize("name", ["dark", "light"])
def test_a_trend_is_a_valid_figure_with_its_gaps(name: str) -> None:
    figure = trend(
        TIMES,
        [1.0, None, 3.0, None],
        [0.5] * 4,
        [2.0] * 4,
        theme=name,
        levels=[Level(2.5, "limit 2.5", "p1"), Level(1.5, "target 1.5", "target")],
        tone="p1",
    )

    go.Figure(figure)
    line = next(one for one in figure["data"] if one["line"]["width"] == 2)
    assert (line["x"], line["y"]) == (TIMES, [1.0, None, 3.0, None])
    assert line["connectgaps"] is False
    assert figure["data"][-1]["y"] == [3.0]
    assert figure["data"][-1]["marker"]["color"] == theme.tokens(name)["p1-text"]
    assert len(figure["layout"]["shapes"]) == 2


def test_a_trend_of_nothing_draws_no_dot_and_no_band() -> None:
    figure = trend(TIMES, [None] * 4, [None] * 4, [None] * 4)

    assert [one["mode"] for one in figure["data"]] == ["lines"]
