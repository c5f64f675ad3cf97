"""The page of one indicator: its tree, without values."""

from collections.abc import Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from figures.theme import GRAPH_CONFIG
from layouts.desk import compare, facts, indicatormap, links, values
from layouts.desk.course import DAY, SAID, SPANS
from layouts.ids import part, slot
from layouts.parts import age, aria, classes, deviation
from layouts.view import View
from model import CITY, Indicator

SCOPE, NAME = "indicator", "page"
FIGURE = part(SCOPE, NAME, "figure")
CHOSEN = part(SCOPE, NAME, "chosen")
FEEDS = 4
GRAPH: Any = dict(GRAPH_CONFIG)
NOW = (  # key, label
    ("num", "numerator"),
    ("den", "denominator"),
    ("n", "n"),
    ("window", "window"),
    ("coverage", "coverage"),
    ("usual", "usual now"),
    ("target", "target"),
    ("quality", "data"),
)
EXPORTS = (("csv", "CSV"), ("xlsx", "XLSX"), ("parquet", "Parquet"), ("geojson", "GeoJSON"))
COLUMNS = (  # of the table of districts: class, label
    ("", "District"),
    ("is-num", ""),
    ("is-num", "numerator"),
    ("is-num", "denominator"),
    ("is-num", "n"),
    ("", "data"),
    ("is-num", "Usual"),
    ("bz-table__devh", ""),
    ("", "Compared with the city"),
)


def key(name: str) -> str:
    """Return the id of one part of the page."""
    return part(SCOPE, NAME, name)


def places(view: View) -> list[str]:
    """Return the districts in the order of the table: by name."""
    return sorted(view.districts, key=lambda one: view.districts[one].name.casefold())


def tree(indicator: Indicator, district: str, span: str, view: View) -> list[Component]:
    """Return the page's parts, to be filled."""
    return [
        dcc.Store(id=CHOSEN),
        html.Div(
            [
                _head(indicator, district, view),
                _course(indicator, district, span, view),
                html.Div(
                    [
                        _card(view.t("Where it comes from"), _feeds()),
                        _card(
                            view.t("How it is counted"), _pairs(facts.definition(indicator, view))
                        ),
                        _card(view.t("What it is held to"), _pairs(facts.papers(indicator, view))),
                    ],
                    className="bz-ipage__cards",
                ),
            ],
            className="bz-ipage__main",
        ),
        html.Div(
            [indicatormap.card(indicator, district, view), compare.card(view)],
            className="bz-ipage__side",
        ),
        _districts(indicator, district, view),
    ]


def _card(title: str, *inside: Component) -> html.Section:
    return html.Section([html.H3(title), *inside], className="bz-card bz-icard")


def _pairs(pairs: Sequence[tuple[str, str]]) -> html.Dl:
    return html.Dl(
        [html.Div([html.Dt(word), html.Dd(text)]) for word, text in pairs], className="bz-defs"
    )


def _head(indicator: Indicator, district: str, view: View) -> html.Section:
    t = view.t
    whole = [html.A(t("whole city"), href=links.indicator(view, indicator.id))]
    where: list[Any] = [
        html.A(t("Indicators"), href=links.to(view, links.INDICATORS)),
        f" / {indicator.id} / ",
        html.B(values.district(district, view) if district != CITY else t("whole city")),
        *([" (", *whole, ")"] if district != CITY else []),
    ]
    return html.Section(
        [
            html.P(where, className="bz-ipage__path"),
            html.H2(t(indicator.title), className="bz-ipage__title"),
            html.P(t(indicator.definition), className="bz-ipage__def"),
            html.Div(
                [
                    html.Div(
                        [
                            html.Span(html.B(id=key("letter")), id=key("sym")),
                            html.B(t("unknown"), id=key("value")),
                            html.Small(id=key("unit")),
                        ],
                        className="bz-ipage__value",
                    ),
                    html.Div(
                        [
                            deviation(SCOPE, NAME),
                            html.P(
                                [
                                    html.Span(id=key("word")),
                                    html.Span(id=key("age-before")),
                                    age(id=key("age")),
                                    html.Span(id=key("age-after")),
                                ]
                            ),
                        ],
                        className="bz-ipage__dev",
                    ),
                    html.Dl(
                        [html.Div([html.Dt(t(word)), html.Dd(id=key(name))]) for name, word in NOW],
                        className="bz-ipage__now",
                    ),
                ],
                id=key("root"),
                className="bz-ipage__head is-nodata",
            ),
        ],
        className="bz-ipage__top",
    )


def _course(indicator: Indicator, district: str, span: str, view: View) -> html.Section:
    return html.Section(
        [
            html.Header(
                [
                    html.H3(view.t("Course"), className="bz-card__title"),
                    html.Span(id=key("course-sub"), className="bz-card__sub"),
                    html.Nav(
                        [
                            html.A(
                                view.t(SAID[one]),
                                className="is-on" if one == span else "",
                                href=links.to(
                                    view,
                                    f"{links.INDICATORS}/{indicator.id}",
                                    district=district,
                                    span=one if one != DAY else None,
                                ),
                            )
                            for one in SPANS
                        ],
                        className="bz-seg bz-seg--end",
                        **aria(view.t("Span")),
                    ),
                ],
                className="bz-card__head",
            ),
            html.Div(
                dcc.Graph(
                    id=FIGURE,
                    config=GRAPH,
                    figure={"data": [], "layout": {}},
                    className="bz-graph",
                ),
                id=key("course"),
                className="bz-ipage__fig is-none",
            ),
            html.Footer(
                [
                    html.Span(id=key("course-said")),
                    html.Nav(
                        [
                            html.A(word, id=key(f"file-{kind}"), href="#", download="")
                            for kind, word in EXPORTS
                        ],
                        className="bz-seg bz-seg--btn bz-seg--end",
                        **aria(view.t("Export")),
                    ),
                ],
                className="bz-ipage__foot",
            ),
        ],
        className="bz-card bz-ipage__course",
    )


def _feeds() -> html.Ul:
    return html.Ul(
        [
            html.Li(
                [
                    html.A(id=key(f"{slot('feed', n)}-name"), href="/feeds"),
                    html.Span(
                        [
                            html.Span(id=key(f"{slot('feed', n)}-state")),
                            age(id=key(f"{slot('feed', n)}-age")),
                            html.Span(id=key(f"{slot('feed', n)}-due")),
                        ]
                    ),
                ],
                id=key(slot("feed", n)),
                className="is-none",
            )
            for n in range(FEEDS)
        ],
        className="bz-freezes",
    )


def _districts(indicator: Indicator, district: str, view: View) -> html.Section:
    t = view.t
    rows = [
        _row(slot("dis", n), one, indicator, view, is_chosen=one == district)
        for n, one in enumerate(places(view))
    ]
    return html.Section(
        [
            html.Header(
                [
                    html.H3(t("By district"), className="bz-card__title"),
                    html.Span(id=key("districts-sub"), className="bz-card__sub"),
                ],
                className="bz-card__head",
            ),
            html.Div(
                html.Table(
                    [html.Thead(html.Tr(_heads(indicator, view))), html.Tbody(rows)],
                    className="bz-table bz-table--dense bz-dtable",
                ),
                className="bz-ipage__scroll",
                tabIndex=0,
                role="region",
                **aria(t("By district")),
            ),
        ],
        className="bz-card bz-ipage__districts",
    )


def _heads(indicator: Indicator, view: View) -> list[html.Th]:
    t = view.t
    unit = values.unit(indicator, view)
    value = t("Value") + (f", {unit}" if unit else "")
    heads = []
    for look, word in COLUMNS:
        text: Any = t(word) if word else value
        if "devh" in look:
            text = [html.I(t("worse")), html.I(t("better"))]
        heads.append(html.Th(text, className=look, scope="col"))
    return heads


def _row(name: str, district: str, indicator: Indicator, view: View, *, is_chosen: bool) -> html.Tr:
    def cell(which: str, look: str = "") -> html.Td:
        return html.Td(id=key(f"{name}-{which}"), className=classes(look, "is-dim"))

    current: dict[str, Any] = {"aria-current": "true"} if is_chosen else {}
    return html.Tr(
        [
            html.Th(
                html.A(
                    html.Bdi(view.districts[district].name),
                    href=links.indicator(view, indicator.id, district),
                    className="bz-row__open",
                    **current,
                ),
                scope="row",
            ),
            html.Td(html.B(id=key(f"{name}-value")), className="is-num"),
            *(cell(which, "is-num") for which in ("num", "den", "n")),
            cell("data"),
            cell("usual", "is-num"),
            html.Td(deviation(SCOPE, name)),
            cell("fair"),
        ],
        id=key(name),
        className=classes("bz-drow", "is-sel" if is_chosen else ""),
    )
