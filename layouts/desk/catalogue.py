"""All indicators of the city with their values now: the way to every definition."""

from collections.abc import Mapping

from dash import html
from dash.development.base_component import Component

from layouts import states, words
from layouts.component import LiveComponent, Props, Scene, fill, scene_layout
from layouts.context import PageContext
from layouts.desk import frame, links, status, values
from layouts.ids import part, slot
from layouts.parts import age, deviation, deviation_look, ms, reading_data, texts
from layouts.tile import standing
from layouts.view import View
from model import CITY, Indicator, Snapshot

PAGE, ROWS = "indicators", "rows"
COLUMNS = (
    ("", ""),
    ("", "Indicator"),
    ("is-num", "City now"),
    ("is-num", "Usual"),
    ("bz-table__devh", ""),
    ("", "Compared with usual"),
    ("is-num", "Target"),
    ("is-num", "Age"),
    ("", "Data"),
    ("", "Owner"),
)


def _rows() -> LiveComponent:
    return LiveComponent(
        id=ROWS,
        build=_build,
        props=lambda snapshot, view: {
            key: value
            for n, indicator in enumerate(view.indicators.values())
            for key, value in _row_props(slot("row", n), indicator, snapshot, view).items()
        },
    )


def _build(view: View) -> html.Table:
    head = [
        html.Th(
            [html.I(view.t("worse")), html.I(view.t("better"))]
            if "devh" in look
            else view.t(word)
            if word
            else "",
            className=look,
            scope="col",
        )
        for look, word in COLUMNS
    ]
    body: list[html.Tr] = []
    domain = ""
    for n, indicator in enumerate(view.indicators.values()):
        if indicator.domain != domain:
            domain = indicator.domain
            name = html.Th(view.t(domain.capitalize()), colSpan=len(COLUMNS), scope="rowgroup")
            body.append(html.Tr(name, className="bz-itable__domain"))
        body.append(_row(slot("row", n), indicator, view))
    return html.Table(
        [
            html.Colgroup([html.Col(className=f"bz-icol--{n}") for n, _ in enumerate(COLUMNS)]),
            html.Thead(html.Tr(head)),
            html.Tbody(body),
        ],
        className="bz-table bz-itable",
    )


def _row(name: str, indicator: Indicator, view: View) -> html.Tr:
    def text(key: str) -> html.Span:
        return html.Span(id=part(PAGE, name, key))

    goal = words.target(indicator, view)[1]
    return html.Tr(
        [
            html.Td(html.Span(html.B(id=part(PAGE, name, "letter")), id=part(PAGE, name, "sym"))),
            html.Td(
                [
                    html.A(
                        html.B(view.t(indicator.title)),
                        href=links.indicator(view, indicator.id),
                        className="bz-row__open",
                    ),
                    html.Span(indicator.id, className="bz-frow__kind"),
                ]
            ),
            html.Td(html.B(view.t("unknown"), id=part(PAGE, name, "value")), className="is-num"),
            html.Td(text("usual"), className="is-num is-dim"),
            html.Td(deviation(PAGE, name)),
            html.Td(text("word"), className="is-dim"),
            html.Td(goal, className="is-num is-dim"),
            html.Td(age(id=part(PAGE, name, "age")), className="is-num is-dim"),
            html.Td(text("data"), className="is-dim"),
            html.Td(indicator.owner, className="is-dim"),
        ],
        id=part(PAGE, name, "root"),
        className="bz-irow is-nodata",
        **reading_data(None, indicator.id, CITY),
    )


def _row_props(name: str, indicator: Indicator, snapshot: Snapshot, view: View) -> Props:
    reading = snapshot.reading(indicator.id)
    alarm = standing(indicator.id, snapshot)
    seen = states.look(alarm) if alarm else None
    quality = view.t(values.QUALITY_WORDS[reading.quality]) if reading else view.t("no data")
    known = reading.usual if reading else None
    props = texts(
        PAGE,
        name,
        {
            "letter": seen.letter if seen else "",
            "value": values.amount(reading, indicator, view),
            "usual": words.usual_range(known, indicator, view),
            "word": values.verdict(reading, view),
            "data": quality,
        },
    )
    props[part(PAGE, name, "sym")] = {"className": seen.symbol if seen else "bz-sym is-none"}
    props[part(PAGE, name, "age")] = {"data-at": ms(reading.observed_at) if reading else None}
    is_frozen = reading is None or reading.quality.is_frozen
    tone = seen.tone if seen and seen.is_active and not is_frozen else ""
    props[part(PAGE, name, "dev")] = deviation_look(reading.z if reading else None, tone, view.t)
    props[part(PAGE, name, "root")] = {
        "className": f"bz-irow {values.look(reading)}".strip(),
        **reading_data(reading, indicator.id, CITY),
    }
    return props


def _arrange(view: View, built: Mapping[str, Component]) -> Component:
    return frame.desk(
        INDICATORS,
        view,
        built,
        theme=frame.LIGHT,
        kind="bz-indicators",
        children=[html.Div(built[ROWS], className="bz-list__table")],
    )


INDICATORS = Scene(
    id=PAGE,
    title="Indicators",
    components=(
        frame.rail(PAGE, "indicators"),
        status.top(PAGE, "Indicators", "what is measured here, and what each figure means"),
        _rows(),
    ),
    arrange=_arrange,
)


def catalogue_page(context: PageContext, view: View) -> Component:
    """Return the catalogue."""
    root = scene_layout(INDICATORS, context.latest(), view)
    return fill(root, frame.languages(PAGE, links.INDICATORS))
