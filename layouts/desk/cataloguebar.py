"""What a reader looks for in the catalogue: words, a domain, a state."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html

from layouts.component import Props
from layouts.ids import part
from layouts.parts import aria
from layouts.view import View

SCOPE, NAME = "indicators", "bar"
STATES = (  # value in the address, label
    ("", "all"),
    ("alarm", "with an alarm"),
    ("odd", "not as usual"),
    ("stale", "late or silent"),
    ("absent", "not measured here"),
)


def key(name: str) -> str:
    """Return the id of one part of the bar."""
    return part(SCOPE, NAME, name)


def bar(domains: Sequence[str], measured: int, absent: int, view: View) -> html.Div:
    """Return the bar; the page's script reads it and hides what is not looked for."""
    t = view.t
    named = [("", t("all")), *((domain, t(domain.capitalize())) for domain in domains)]
    template: dict[str, Any] = {"data-template": t("{n} of {of} shown")}
    return html.Div(
        [
            html.Div(
                [
                    html.Label(t("Search"), htmlFor=key("q")),
                    dcc.Input(
                        id=key("q"),
                        type="search",
                        value="",
                        maxLength=80,
                        autoComplete="off",
                        className="bz-cbar__q",
                        placeholder=t("name, id, owner"),
                    ),
                ],
                className="bz-cbar__words",
            ),
            _choice("domain", t("Domain"), named),
            _choice("state", t("State"), [(value, t(word)) for value, word in STATES]),
            html.P(
                [
                    html.Span(role="status", className="bz-cbar__n", **template),
                    html.Span(
                        t("{n} measured, {absent} not", n=measured, absent=absent),
                        className="bz-cbar__all",
                    ),
                ]
            ),
        ],
        id=key("root"),
        className="bz-cbar",
        role="search",
    )


def _choice(name: str, label: str, options: Sequence[tuple[str, str]]) -> html.Div:
    return html.Div(
        [
            html.Span(label, className="bz-cbar__label"),
            html.Div(
                [
                    html.Button(
                        word,
                        type="button",
                        className="bz-chip",
                        **_marks(name, value),
                    )
                    for value, word in options
                ],
                className="bz-cbar__chips",
                role="group",
                **aria(label),
            ),
        ],
        className="bz-cbar__choice",
    )


def _marks(name: str, value: str) -> dict[str, Any]:
    return {"data-filter": name, "data-value": value, "aria-pressed": "false"}


def chosen(query: Mapping[str, str | None]) -> Props:
    """Return the bar as the address wants it."""
    return {
        key("q"): {"value": query.get("q") or ""},
        key("root"): {
            "data-domain": query.get("domain") or "",
            "data-state": query.get("state") or "",
        },
    }
