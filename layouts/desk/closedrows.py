"""The alarms that have ended, from the audit: drawn once, when the page is asked for."""

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts import states, words
from layouts.desk import links, values
from layouts.desk.alertdetail import rule_of
from layouts.desk.alertrows import CLOSED, SLOTS
from layouts.desk.told import Told, as_alert
from layouts.parts import classes, symbol
from layouts.view import View
from model import Alert, Snapshot


def closed_list(
    found: Sequence[Told] | None, page: int, snapshot: Snapshot | None, view: View
) -> list[Component]:
    """Return one page of the list and the links around it; ``None``: the history is silent."""
    t = view.t
    if found is None or snapshot is None:
        return [html.P(t("The history does not answer."), className="bz-list__none")]
    if not found:
        return [html.P(t("No alarm was closed in 7 days."), className="bz-list__none")]
    shown = found[(page - 1) * SLOTS : page * SLOTS]
    heads = (
        "",
        "State",
        "Where",
        "What",
        "Value when raised",
        "Raised",
        "Closed",
        "Stood",
        "Taken by",
    )
    numbers = {"Value when raised"}
    table = html.Table(
        [
            html.Thead(
                html.Tr(
                    [
                        html.Th(
                            t(word) if word else "",
                            className="is-num" if word in numbers else "",
                            scope="col",
                        )
                        for word in heads
                    ]
                )
            ),
            html.Tbody([_row(told, page, snapshot, view) for told in shown]),
        ],
        className="bz-table bz-table--alarms bz-table--closed",
    )
    return [table, _around(len(found), page, view)]


def _around(total: int, page: int, view: View) -> html.P:
    def link(text: str, to: int) -> html.A:
        return html.A(text, href=links.to(view, links.ALERTS, state=CLOSED, page=to))

    more = total - page * SLOTS
    return html.P(
        [
            *([link(view.t("previous page"), page - 1)] if page > 1 else []),
            *([link(view.t.plural("{n} more", "{n} more", more), page + 1)] if more > 0 else []),
        ],
        className="bz-list__more",
    )


def _row(told: Told, page: int, snapshot: Snapshot, view: View) -> html.Tr:
    alert: Alert = as_alert(told, rule_of(told.rule, view))
    seen = states.look(alert)
    indicator = view.indicators.get(alert.indicator or "")
    stood = told.closed_at - told.raised_at if told.closed_at else None
    district = view.districts.get(alert.district)
    href = links.alert(view, told.occurrence, state=CLOSED, page=page if page > 1 else None)
    value = values.figure(alert.value, indicator, view) if not alert.feed else ""
    cells: list[list[Component | str]] = [
        [symbol(seen.tone, states.RETURNED, seen.letter)],
        [html.Span(view.t("CLOSED"), className="bz-state")],
        [
            html.B(values.place(alert, view)),
            html.Small((district.borough or "") if district else ""),
        ],
        [
            html.A(values.subject(alert, view), href=href, className="bz-row__open"),
            html.Small(alert.title),
        ],
        [html.B(value), html.Small(words.limit(alert, indicator, view) if indicator else "")],
        [values.moment(told.raised_at, view, snapshot)],
        [values.moment(told.closed_at, view, snapshot)],
        [view.t.duration(stood) if stood else ""],
        [told.acked_by or view.t("nobody")],
    ]
    occurrence: dict[str, Any] = {"data-occurrence": told.occurrence}
    return html.Tr(
        [
            html.Td(inside, className="is-num" if n == 4 else "")  # noqa: PLR2004 - the value's column
            for n, inside in enumerate(cells)
        ],
        className=classes("bz-row bz-row--closed", f"bz-row--{seen.tone}"),
        **occurrence,
    )
