"""The list of alarms: a fixed number of rows, filled with what stands in the order of urgency."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from figures import svg as draw
from layouts import states, words
from layouts.component import LiveComponent, Props
from layouts.desk import links, values
from layouts.ids import part, slot
from layouts.parts import (
    age,
    classes,
    deviation,
    deviation_look,
    ms,
    spark,
    spark_props,
    texts,
)
from layouts.view import View
from model import Alert, Snapshot

NAME = "rows"
SLOTS = 12
SPARK = (110.0, 30.0)
OPEN, UNACK, CLOSED = "open", "unack", "closed"
COLUMNS = (  # width in rem (0: what is left), class, message id
    (2.6, "", ""),
    (8.6, "", "State"),
    (12.5, "", "Where"),
    (0, "", "What"),
    (7.0, "is-num", "Value, limit"),
    (7.4, "bz-table__devh", ""),
    (7.4, "", "24 h"),
    (5.6, "is-num", "Age, raised"),
    (8.4, "", "Who has it"),
)


def rows(scene: str, kept: str, page: int) -> LiveComponent:
    """Return one page of the list. ``kept`` is open or unack."""
    return LiveComponent(
        id=NAME,
        build=lambda view: _build(scene, kept, page, view),
        props=lambda snapshot, view: _props(scene, kept, page, snapshot, view),
    )


def listed(snapshot: Snapshot, kept: str) -> list[Alert]:
    """Return the alarms of a list in its order."""
    return [a for a in states.ranked(snapshot.alerts) if kept != UNACK or states.is_unacked(a)]


def head(view: View) -> html.Thead:
    """Return the head of the table."""
    cells = []
    for _, look, word in COLUMNS:
        inside = (
            [html.I(view.t("worse")), html.I(view.t("better"))] if "devh" in look else view.t(word)
        )
        cells.append(html.Th(inside if look or word else "", className=look, scope="col"))
    return html.Thead(html.Tr(cells))


def widths() -> html.Colgroup:
    """Return the widths of the columns."""
    return html.Colgroup(
        [html.Col(className=f"bz-col--{n}") for n, _ in enumerate(COLUMNS)], className="bz-cols"
    )


def _build(scene: str, kept: str, page: int, view: View) -> html.Div:
    table = html.Table(
        [
            widths(),
            head(view),
            html.Tbody([_row(scene, slot("row", n)) for n in range(SLOTS)]),
        ],
        className="bz-table bz-table--alarms",
    )
    return html.Div(
        [
            table,
            html.P(
                view.t("Not known yet."), id=part(scene, NAME, "none"), className="bz-list__none"
            ),
            html.P(
                [
                    html.A(
                        id=part(scene, NAME, "before"),
                        href=links.to(view, links.ALERTS, state=kept, page=page - 1),
                    ),
                    html.A(
                        id=part(scene, NAME, "more"),
                        href=links.to(view, links.ALERTS, state=kept, page=page + 1),
                    ),
                ],
                className="bz-list__more",
            ),
        ],
        className="bz-list__table",
    )


def _row(scene: str, name: str) -> html.Tr:
    def cell(*inside: Component, look: str = "") -> html.Td:
        return html.Td(list(inside), className=look)

    def text(key: str) -> html.Span:
        return html.Span(id=part(scene, name, key))

    def small(key: str) -> html.Small:
        return html.Small(id=part(scene, name, key))

    return html.Tr(
        [
            cell(
                html.Span(
                    html.B(id=part(scene, name, "letter")),
                    id=part(scene, name, "sym"),
                    className="bz-sym is-none",
                )
            ),
            cell(html.Span(id=part(scene, name, "word"), className="bz-state"), small("note")),
            cell(html.B(id=part(scene, name, "area")), small("borough")),
            cell(
                html.A(id=part(scene, name, "open"), className="bz-row__open", href="/alerts"),
                small("rule"),
            ),
            cell(
                html.A(
                    html.B(id=part(scene, name, "value")),
                    id=part(scene, name, "why"),
                    className="bz-row__why",
                    href="/indicators",
                ),
                small("limit"),
                look="is-num",
            ),
            cell(deviation(scene, name)),
            cell(spark(scene, name, width=SPARK[0], height=SPARK[1]), look="bz-table__spark"),
            cell(age(form="clock", id=part(scene, name, "age")), small("raised"), look="is-num"),
            cell(text("owner"), small("dept")),
        ],
        id=part(scene, name, "root"),
        className="bz-row is-none",
    )


def _props(scene: str, kept: str, page: int, snapshot: Snapshot, view: View) -> Props:
    found = listed(snapshot, kept)
    shown = found[(page - 1) * SLOTS : page * SLOTS]
    props: Props = {}
    for n in range(SLOTS):
        alert = shown[n] if n < len(shown) else None
        props.update(_row_props(scene, slot("row", n), alert, kept, page, snapshot, view))
    none = "" if shown else _none(found, kept, view)
    more = len(found) - page * SLOTS
    props[part(scene, NAME, "none")] = {"children": none}
    props[part(scene, NAME, "before")] = {
        "children": view.t("previous page") if page > 1 else "",
    }
    props[part(scene, NAME, "more")] = {
        "children": view.t.plural("{n} more", "{n} more", more) if more > 0 else ""
    }
    return props


def _none(found: Sequence[Alert], kept: str, view: View) -> str:
    if found:
        return view.t("Nothing on this page.")
    return view.t("Every alarm is in hand." if kept == UNACK else "No alarm stands.")


def _row_props(  # noqa: PLR0913, PLR0917 - one row of the list
    scene: str,
    name: str,
    alert: Alert | None,
    kept: str,
    page: int,
    snapshot: Snapshot,
    view: View,
) -> Props:
    seen = states.look(alert) if alert else None
    indicator = view.indicators.get(alert.indicator or "") if alert else None
    props = texts(scene, name, _words(alert, snapshot, view))
    state = seen.state if seen else "is-none"
    tone = seen.tone if seen else "dq"
    props[part(scene, name, "word")]["className"] = classes("bz-state", state)
    nobody = bool(alert and states.is_unacked(alert) and not alert.acked_by)
    props[part(scene, name, "owner")]["className"] = "bz-none" if nobody else ""
    props[part(scene, name, "sym")] = {"className": seen.symbol if seen else "bz-sym is-none"}
    props[part(scene, name, "root")] = {
        "className": f"bz-row bz-row--{tone} {state}",
        "data-occurrence": alert.occurrence if alert else None,
    }
    query = {"state": kept if kept != OPEN else None, "page": page if page > 1 else None}
    props[part(scene, name, "open")]["href"] = (
        links.alert(view, alert.occurrence, **query) if alert else links.to(view, links.ALERTS)
    )
    why = links.feed(view, alert.feed) if alert and alert.feed else None
    props[part(scene, name, "why")] = {
        "href": why or links.indicator(view, alert.indicator, alert.district)
        if alert
        else links.to(view, links.INDICATORS)
    }
    props[part(scene, name, "age")] = {"data-at": ms(alert.raised_at) if alert else None}
    reading = (
        snapshot.reading(alert.indicator, alert.district) if alert and alert.indicator else None
    )
    loud = tone if tone in ("p1", "p2", "p3") and seen and seen.is_active else ""
    props[part(scene, name, "dev")] = deviation_look(reading.z if reading else None, loud, view.t)
    trend = snapshot.trend(alert.indicator, alert.district) if alert and alert.indicator else None
    drawn = (
        draw.spark(
            trend.values,
            trend.low,
            trend.high,
            width=SPARK[0],
            height=SPARK[1],
            limit=alert.limit if alert and indicator else None,
        )
        if trend
        else draw.Spark()
    )
    is_last = bool(reading and reading.quality.is_frozen)
    props.update(spark_props(scene, name, drawn, tone=loud, is_last=is_last))
    return props


def _words(alert: Alert | None, snapshot: Snapshot, view: View) -> dict[str, str]:
    keys = (
        "letter", "word", "note", "area", "borough", "open", "rule", "value", "limit", "raised",
        "owner", "dept",
    )  # fmt: skip
    if alert is None:
        return dict.fromkeys(keys, "")
    t, seen = view.t, states.look(alert)
    indicator = view.indicators.get(alert.indicator or "")
    district = view.districts.get(alert.district)
    limit = words.limit(alert, indicator, view)
    said = {
        "letter": seen.letter,
        "word": t(seen.word),
        "note": note(alert, snapshot, view),
        "area": values.place(alert, view),
        "borough": (district.borough or "") if district else "",
        "open": values.subject(alert, view),
        "rule": t("No data") if alert.feed else alert.title,
        "value": values.figure(alert.value, indicator, view),
        "limit": limit,
        "raised": values.moment(alert.raised_at, view, snapshot) if alert.raised_at else "",
        "owner": who(alert, view),
        "dept": alert.owner or "",
    }
    if alert.feed is not None:
        feed = next((one for one in snapshot.feeds if one.id == alert.feed), None)
        said["value"] = t("silent")
        said["limit"] = t("due every {every}", every=t.every(feed.due_every)) if feed else ""
    return said


def who(alert: Alert, view: View) -> str:
    """Return who has an alarm; that nobody has it is said."""
    return alert.acked_by or (view.t("nobody") if states.is_unacked(alert) else "")


def note(alert: Alert, snapshot: Snapshot, view: View) -> str:
    """Return what comes next for an alarm: it clears, escalates, needs a reset, or is held."""
    t, zone = view.t, view.city.timezone
    seen = states.look(alert)
    if seen.state == states.HELD:
        return t("data too old to judge")
    if seen.state == states.RECOVERING and alert.clears_at:
        return t("clears at {clock}", clock=t.clock(alert.clears_at, zone))
    if seen.state == states.LATCHED:
        return t("needs a reset")
    if seen.state == states.UNACK and alert.escalates_at:
        if alert.escalates_at <= snapshot.published_at:
            return t("escalated")
        return t("escalates at {clock}", clock=t.clock(alert.escalates_at, zone))
    return ""
