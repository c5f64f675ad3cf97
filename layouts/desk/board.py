"""The board of the home page: headline indicators by domain, each with its usual and its age."""

from collections.abc import Sequence

from dash import html

from layouts import states, words
from layouts.component import LiveComponent, Props
from layouts.desk import links, values
from layouts.ids import part, slot
from layouts.parts import age, aria, classes, deviation, deviation_look, ms, reading_data, texts
from layouts.tile import standing
from layouts.view import View
from model import CITY, Indicator, Snapshot

NAME = "board"
CELLS = 9  # that fit beside each other on a 1920 px desk


def board(scene: str) -> LiveComponent:
    """Return the board."""
    return LiveComponent(
        id=NAME,
        build=lambda view: _build(scene, view),
        props=lambda snapshot, view: {
            key: value
            for n, indicator in enumerate(chosen(view))
            for key, value in _cell_props(scene, slot("dom", n), indicator, snapshot, view).items()
        },
    )


def chosen(view: View) -> list[Indicator]:
    """Return the indicators of the board by domain: one of each, then more while there is room.

    The order of domains and of indicators within them is that of the city's tiles.
    """
    groups: dict[str, list[Indicator]] = {}
    for indicator in (*view.tiles, *view.indicators.values()):
        if indicator.domain == "data quality":  # stands in the head of every page
            continue
        group = groups.setdefault(indicator.domain, [])
        if indicator not in group:
            group.append(indicator)
    depth, picked = 0, set[str]()
    while len(picked) < CELLS and any(len(group) > depth for group in groups.values()):
        for group in groups.values():
            if len(group) > depth and len(picked) < CELLS:
                picked.add(group[depth].id)
        depth += 1
    return [one for group in groups.values() for one in group if one.id in picked]


def _build(scene: str, view: View) -> html.Section:
    cells = chosen(view)
    groups: dict[str, list[html.Div]] = {}
    for n, indicator in enumerate(cells):
        cell = _cell(scene, slot("dom", n), indicator, view)
        groups.setdefault(indicator.domain, []).append(cell)
    return html.Section(
        [_group(domain, some, view) for domain, some in groups.items()],
        className="bz-board",
        style={"--n": max(1, len(cells))},
        **aria(view.t("Headline figures")),
    )


def _group(domain: str, cells: Sequence[html.Div], view: View) -> html.Div:
    return html.Div(
        [
            html.H3(view.t(domain.capitalize()), className="bz-group__name"),
            html.Div(cells, className="bz-group__cells"),
        ],
        className="bz-group",
        style={"--k": len(cells)},
    )


def _cell(scene: str, name: str, indicator: Indicator, view: View) -> html.Div:
    return html.Div(
        [
            html.Div(
                [
                    html.Span(words.short_name(indicator, view), className="bz-dom__name"),
                    html.Span(
                        html.B(id=part(scene, name, "letter")),
                        id=part(scene, name, "sym"),
                        className="bz-sym is-none",
                    ),
                ],
                className="bz-dom__head",
            ),
            html.A(
                [
                    html.Span(view.t("unknown"), id=part(scene, name, "value")),
                    html.Small(id=part(scene, name, "unit")),
                ],
                className="bz-dom__v",
                href=links.indicator(view, indicator.id),
            ),
            deviation(scene, name),
            html.P(id=part(scene, name, "word"), className="bz-dom__word"),
            html.P(
                [
                    html.Span(id=part(scene, name, "usual")),
                    age(id=part(scene, name, "age"), className="bz-dom__age"),
                ],
                className="bz-dom__weak",
            ),
        ],
        id=part(scene, name, "root"),
        className="bz-dom is-nodata",
        **reading_data(None, indicator.id, CITY),
    )


def _cell_props(
    scene: str, name: str, indicator: Indicator, snapshot: Snapshot, view: View
) -> Props:
    reading = snapshot.reading(indicator.id)
    alarm = standing(indicator.id, snapshot)
    seen = states.look(alarm) if alarm else None
    is_frozen = reading is None or reading.quality.is_frozen
    tone = seen.tone if seen and seen.is_active and not is_frozen else ""
    label, usual = words.usual(reading.usual if reading else None, indicator, view)
    shown = words.value(reading, indicator, view)
    if reading is None or reading.suppressed or not shown:
        shown = values.amount(reading, indicator, view)
    has_unit = bool(words.unit(reading, indicator, view))
    props = texts(
        scene,
        name,
        {
            "letter": seen.letter if seen else "",
            "value": shown,
            "unit": values.unit(indicator, view) if has_unit else "",
            "usual": f"{label} {usual}".strip(),
            "word": values.verdict(reading, view),
        },
    )
    props[part(scene, name, "word")]["className"] = classes(
        "bz-dom__word", "is-loud" if values.is_unusual(reading) or is_frozen else ""
    )
    props[part(scene, name, "sym")] = {"className": seen.symbol if seen else "bz-sym is-none"}
    props[part(scene, name, "age")] = {"data-at": ms(reading.observed_at) if reading else None}
    props[part(scene, name, "dev")] = deviation_look(reading.z if reading else None, tone, view.t)
    props[part(scene, name, "root")] = {
        "className": classes("bz-dom", values.look(reading)),
        **reading_data(reading, indicator.id, CITY),
    }
    return props
