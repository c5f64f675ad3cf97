"""What happened lately, and which public notices are in force."""

from collections.abc import Mapping
from datetime import datetime

from dash import html

from layouts.component import LiveComponent, Props
from layouts.desk import links, values
from layouts.ids import part, slot
from layouts.parts import classes
from layouts.view import View
from model import CITY, Notice, Snapshot

EVENTS, NOTICES = "events", "notices"
SLOTS = 6

HAPPENED: Mapping[str, str] = {
    "raised": "{title}",
    "acknowledged": "Taken: {title}",
    "recovering": "Recovering: {title}",
    "closed": "Closed: {title}",
}
SEVERITY: Mapping[str, str] = {
    "extreme": "extreme",
    "severe": "severe",
    "moderate": "moderate",
    "minor": "minor",
    "unknown": "severity not stated",
}


def events(scene: str) -> LiveComponent:
    """Return the list of the last moves of alarms."""
    return LiveComponent(
        id=EVENTS,
        build=lambda view: _build(scene, EVENTS, "Lately", view),
        props=lambda snapshot, view: _event_props(scene, snapshot, view),
    )


def notices(scene: str) -> LiveComponent:
    """Return the list of public notices in force."""
    return LiveComponent(
        id=NOTICES,
        build=lambda view: _build(scene, NOTICES, "In force", view),
        props=lambda snapshot, view: _notice_props(scene, snapshot, view),
    )


def _build(scene: str, name: str, title: str, view: View) -> html.Section:
    return html.Section(
        [
            html.Header(
                [
                    html.H2(
                        view.t(title), id=part(scene, name, "title"), className="bz-card__title"
                    ),
                    html.Span(id=part(scene, name, "sub"), className="bz-card__sub"),
                ],
                className="bz-card__head",
            ),
            html.P(view.t("Not known yet."), id=part(scene, name, "none"), className="bz-feednone"),
            html.Ol([_row(scene, name, n) for n in range(SLOTS)], className="bz-feedlist"),
        ],
        className="bz-home__col",
    )


def _row(scene: str, name: str, n: int) -> html.Li:
    row = slot(name, n)
    head = html.B(id=part(scene, row, "head"))
    return html.Li(
        [
            html.Span(id=part(scene, row, "time"), className="bz-feedlist__t"),
            html.Div(
                [
                    html.A(head, id=part(scene, row, "link"), href="/alerts")
                    if name == EVENTS
                    else head,
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


def _notice_props(scene: str, snapshot: Snapshot, view: View) -> Props:
    standing = snapshot.notices
    t = view.t
    more = len(standing) - SLOTS
    has_feed = any(feed.gives == "notice" for feed in snapshot.feeds)
    none = t("No public notice is in force.") if has_feed else t("This city reads no notices.")
    silent = [f for f in snapshot.feeds if f.gives == "notice" and f.state.is_frozen]
    if silent and not standing:
        none = t("Not known now: the feed of notices is silent.")
    props: Props = {
        part(scene, NOTICES, "title"): {"children": t("In force")},
        part(scene, NOTICES, "sub"): {
            "children": t.plural("{n} more", "{n} more", more) if more > 0 else ""
        },
        part(scene, NOTICES, "none"): _none("" if standing else none),
    }
    for n in range(SLOTS):
        notice = standing[n] if n < len(standing) else None
        row = slot(NOTICES, n)
        at = (
            t.moment(notice.effective, view.city.timezone, now=snapshot.published_at)
            if notice
            else ""
        )
        props[part(scene, row, "time")] = {"children": at}
        props[part(scene, row, "head")] = {"children": notice.headline if notice else ""}
        props[part(scene, row, "text")] = {
            "children": _notice_text(notice, view, snapshot) if notice else ""
        }
        props[part(scene, row, "root")] = {"className": "" if notice else "is-none"}
    return props


def _notice_text(notice: Notice, view: View, snapshot: Snapshot) -> str:
    severity = view.t(SEVERITY.get(notice.severity, notice.severity))
    said = [severity[:1].upper() + severity[1:]]
    places = [view.place(key) for key in notice.districts[:2]]
    if len(notice.districts) > len(places):
        more = len(notice.districts) - len(places)
        places.append(view.t.plural("{n} more district", "{n} more districts", more))
    said += places or ([notice.area] if notice.area else [])
    if notice.expires:
        said.append(view.t("until {moment}", moment=values.moment(notice.expires, view, snapshot)))
    return view.t.listing(said)


def _none(text: str) -> dict[str, str]:
    return {"children": text, "className": classes("bz-feednone", "" if text else "is-none")}
