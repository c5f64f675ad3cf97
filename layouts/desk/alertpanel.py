"""The panel of the chosen alarm: its tree, without values."""

from typing import Any

from dash import dcc, html

from figures.theme import GRAPH_CONFIG
from layouts.desk import alertform
from layouts.ids import part, slot
from layouts.parts import age, aria
from layouts.view import View

SCOPE, NAME = "alert", "detail"
ROOT, FIGURE = part(SCOPE, NAME, "root"), part(SCOPE, NAME, "figure")
CHOSEN = part(SCOPE, NAME, "chosen")  # the store with what the address asked for
STEPS, LINES = 6, 7
GRAPH: Any = dict(GRAPH_CONFIG)
FACTS = ("value", "limit", "usual", "quality")


def key(name: str) -> str:
    """Return the id of one part of the panel."""
    return part(SCOPE, NAME, name)


def panel(view: View) -> html.Aside:
    """Return the empty panel."""
    t = view.t
    return html.Aside(
        [
            dcc.Store(id=CHOSEN),
            html.P(
                t("Choose an alarm to see what it means and what to do."),
                id=key("none"),
                className="bz-detail__none",
            ),
            html.Div(
                [
                    _head(),
                    html.P(id=key("escalates"), className="bz-esc"),
                    alertform.form(view),
                    html.Div([_fact(name, view) for name in FACTS], className="bz-facts"),
                    html.Figure(
                        dcc.Graph(
                            id=FIGURE,
                            config=GRAPH,
                            figure={"data": [], "layout": {}},
                            className="bz-graph",
                        ),
                        id=key("fig"),
                        className="bz-detail__fig",
                    ),
                    _why(view),
                    _steps(view),
                    html.Section(
                        [
                            html.H3(t("Timeline")),
                            html.Ol([_line(n) for n in range(LINES)]),
                        ],
                        className="bz-log bz-detail__log",
                    ),
                ],
                id=key("body"),
                className="bz-detail__body is-none",
            ),
        ],
        id=ROOT,
        className="bz-detail bz-adetail",
        **aria(t("The chosen alarm")),
    )


def _head() -> html.Header:
    return html.Header(
        [
            html.Span(html.B(id=key("letter")), id=key("sym"), className="bz-sym is-none"),
            html.Div(
                [
                    html.H2(id=key("title")),
                    html.P(
                        [
                            html.Span(id=key("said-before")),
                            age(form="words", id=key("age")),
                            html.Span(id=key("said-after")),
                        ]
                    ),
                ]
            ),
            html.Span(id=key("occurrence"), className="bz-detail__link"),
        ],
        id=key("head"),
        className="bz-detail__head",
    )


def _fact(name: str, view: View) -> html.Div:
    labels = {"value": "value", "limit": "limit", "usual": "usual now", "quality": "data"}
    value = html.B(id=key(name))
    return html.Div(
        [
            html.Span(view.t(labels[name])),
            html.A(value, id=key("why"), href="/indicators") if name == "value" else value,
            html.Small(id=key(f"{name}-more")),
        ]
    )


def _why(view: View) -> html.Div:
    return html.Div(
        [
            html.Section([html.H3(view.t("Likely cause")), html.P(id=key("cause"))]),
            html.Section(
                [
                    html.H3(view.t("If nobody acts")),
                    html.P([html.Span(id=key("consequence")), " ", html.B(id=key("within"))]),
                ]
            ),
        ],
        id=key("reasons"),
        className="bz-why",
    )


def _steps(view: View) -> html.Section:
    return html.Section(
        [
            html.H3([view.t("Do now"), html.Span(id=key("sop"))]),
            html.Ol(
                [
                    html.Li(
                        [html.B(f"{n + 1}"), html.Span(id=key(slot("step", n)))],
                        id=key(slot("do", n)),
                        className="is-none",
                    )
                    for n in range(STEPS)
                ]
            ),
            html.P(id=key("verification")),
        ],
        id=key("steps"),
        className="bz-steps",
    )


def _line(n: int) -> html.Li:
    return html.Li(
        [
            html.Span(id=key(slot("at", n)), className="bz-log__t"),
            html.Span(id=key(slot("line", n))),
        ],
        id=key(slot("log", n)),
        className="is-none",
    )
