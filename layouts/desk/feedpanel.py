"""The panel of the chosen feed: its tree, without values."""

from collections.abc import Sequence

from dash import dcc, html
from dash.development.base_component import Component

from layouts.desk import feedform, feedhours, feedquarantine, lineage
from layouts.ids import part
from layouts.parts import age, aria
from layouts.view import View

SCOPE, NAME = "feed", "detail"
CHOSEN, ROOT = part(SCOPE, NAME, "chosen"), part(SCOPE, NAME, "root")
TROUBLE = (
    ("next", "next try"),
    ("tries", "failed in a row"),
    ("took", "answer time"),
    ("asked", "last answer"),
)
CLOCKS = (("observed", "observed"), ("published", "published"), ("fetched", "fetched"))
PAPERS = (("owner", "owner"), ("licence", "licence"), ("kind", "kind"), ("gives", "gives"))
CHOOSE = "Choose a feed to see its errors, what it freezes and what was refused."


def key(name: str) -> str:
    """Return the id of one part of the panel."""
    return part(SCOPE, NAME, name)


def panel(view: View) -> html.Aside:
    """Return the empty panel."""
    t = view.t
    return html.Aside(
        [
            dcc.Store(id=CHOSEN),
            html.P(t(CHOOSE), id=key("none"), className="bz-detail__none"),
            html.Div(
                [
                    _head(),
                    _section(
                        t("Last error"),
                        html.P(id=key("error"), className="bz-code"),
                        _pairs(TROUBLE, view),
                        feedform.form(view),
                    ),
                    _section(t("What it freezes"), lineage.drawing()),
                    _section(t("Accepted and rejected, 48 h"), feedhours.chart()),
                    feedquarantine.section(view),
                    _section(
                        t("Three clocks of the newest row"), _pairs(CLOCKS, view, "bz-kv bz-kv--3")
                    ),
                    _section(t("Where it comes from"), _pairs(PAPERS, view)),
                ],
                id=key("body"),
                className="is-none",
            ),
        ],
        id=ROOT,
        className="bz-detail bz-fdetail",
        **aria(t("The chosen feed")),
    )


def _head() -> html.Header:
    return html.Header(
        [
            html.Span(id=key("glyph"), className="bz-q"),
            html.Div(
                [
                    html.H2(id=key("title")),
                    html.P(
                        [
                            html.Span(id=key("said-before")),
                            age(id=key("age")),
                            html.Span(id=key("said-after")),
                        ]
                    ),
                ]
            ),
            html.A(id=key("key"), className="bz-detail__link"),
        ],
        className="bz-detail__head",
    )


def _section(title: str | Component, *inside: Component) -> html.Section:
    return html.Section([html.H3(title), *inside], className="bz-fsec")


def _pairs(pairs: Sequence[tuple[str, str]], view: View, look: str = "bz-kv") -> html.Dl:
    return html.Dl(
        [html.Div([html.Dt(view.t(word)), html.Dd(id=key(name))]) for name, word in pairs],
        className=look,
    )
