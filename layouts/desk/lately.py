"""What happened lately: the last moves of alarms."""

from collections.abc import Mapping
from datetime import datetime

from dash import html

from layouts.component import LiveComponent, Props
from layouts.desk import links, values
from layouts.ids import part, slot
from layouts.parts import classes
from layouts.view import View
from model import CITY, Snapshot

EVENTS = "events"
SLOTS = 6

HAPPENED: Mapping[str, str] = {
    "raised": "{title}",
    "acknowledged": "Taken: {title}",
    "recovering": "Recovering: {title}",
    "closed": "Closed: {title}",
}


def events(scene: str) -> LiveComponent:
    """Return the list of the last moves of alarms."""
    return LiveComponent(
        id=EVENTS,
        build=lambda view: _build(scene, view),
        props=lambda snapshot, view: _event_props(scene, snapshot, view),
    )


def _build(scene: str, view: View) -> html.Section:
    return html.Section(
        [
            html.Header(
                [
                    html.H2(
                        view.t("Lately"),
                        id=part(scene, EVENTS, "title"),
                        className="bz-card__title",
                    ),
                    html.Span(id=part(scene, EVENTS, "sub"), className="bz-card__sub"),
                ],
                className="bz-card__head",
            ),
            html.P(
                view.t("Not known yet."), id=part(scene, EVENTS, "none"), className="bz-feednone"
            ),
            html.Ol([_row(scene, n) for n in range(SLOTS)], className="bz-feedlist"),
        ],
        className="bz-home__col",
    )


def _row(scene: str, n: int) -> html.Li:
    row = slot(EVENTS, n)
    head = html.B(id=part(scene, row, "head"))
    return html.Li(
        [
            html.Span(id=part(scene, row, "time"), className="bz-feedlist__t"),
            html.Div(
                [
                    html.A(head, id=part(scene, row, "link"), href="/alerts"),
                    html.P(id=part(scene, row, "text")),
                ]
            ),
        ],
        id=part(scene, row, "root"),
        className="is-none",
    )


def _event_props(scene: str, snapshot: Snapshot, view: View) -> Props:
    told = snapshot.recent_events[:SLOTS]
    title = view.t("Lately")
    if told:
        first = values.moment(datetime.fromisoformat(told[-1]["at"]), view, snapshot)
        title = view.t("Since {moment}", moment=first)
    none = "" if told else view.t("No alarm in the last 24 hours.")
    props: Props = {
        part(scene, EVENTS, "title"): {"children": title},
        part(scene, EVENTS, "sub"): {"children": ""},
        part(scene, EVENTS, "none"): _none(none),
    }
    for n in range(SLOTS):
        event = told[n] if n < len(told) else None
        row = slot(EVENTS, n)
        props[part(scene, row, "time")] = {"children": _time(event, view, snapshot)}
        props[part(scene, row, "head")] = {"children": _head(event, view)}
        props[part(scene, row, "text")] = {"children": _text(event, view)}
        occurrence = event.get("occurrence", "") if event else ""
        href = links.alert(view, occurrence) if occurrence else links.to(view, links.ALERTS)
        props[part(scene, row, "link")] = {"href": href}
        look = {"raised": "is-new", "closed": "is-done"}.get(event["kind"], "") if event else ""
        props[part(scene, row, "root")] = {"className": look if event else "is-none"}
    return props


def _time(event: Mapping[str, str] | None, view: View, snapshot: Snapshot) -> str:
    if event is None:
        return ""
    at = datetime.fromisoformat(event["at"])
    return view.t.moment(at, view.city.timezone, now=snapshot.published_at)


def _head(event: Mapping[str, str] | None, view: View) -> str:
    if event is None:
        return ""
    return view.t(HAPPENED.get(event["kind"], "{title}"), title=_title(event, view))


def _title(event: Mapping[str, str], view: View) -> str:
    feed = view.feeds.get(event["rule"].removeprefix("dq."))
    if event["rule"].startswith("dq.") and feed is not None:
        return view.t("No data: {feed}", feed=feed.name or feed.id)
    return view.t(event["title"])


def _text(event: Mapping[str, str] | None, view: View) -> str:
    """Return where, what value, and who did it with which words."""
    if event is None:
        return ""
    rule = view.rules.get(event["rule"])
    indicator = view.indicators.get(rule.indicator or "") if rule else None
    scope = event["scope"]
    said = [view.t("whole city") if scope == CITY else values.district(scope, view)]
    if event["rule"].startswith("dq."):
        said = []
    elif event["value"] and indicator is not None:
        said.append(values.figure(float(event["value"]), indicator, view))
    if event["kind"] == "acknowledged":
        said.append(view.t("by {name}", name=event["actor"]))
    if event["comment"]:
        said.append(f"“{event['comment']}”" if view.locale != "fr" else f"« {event['comment']} »")
    return view.t.listing(said)


def _none(text: str) -> dict[str, str]:
    return {"children": text, "className": classes("bz-feednone", "" if text else "is-none")}
