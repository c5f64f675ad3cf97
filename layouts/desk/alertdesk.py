"""What an address asks of the alarm console, looked up: the chosen alarm and the closed ones."""

from collections.abc import Sequence
from datetime import timedelta

from dash.development.base_component import Component

from layouts.component import Props, fill, scene_layout
from layouts.context import PageContext
from layouts.desk import alertdetail, course, frame, links
from layouts.desk.alertdetail import Subject, rule_of
from layouts.desk.alertpanel import CHOSEN
from layouts.desk.alertrows import CLOSED, OPEN, UNACK
from layouts.desk.alerts import ALERTS, CLOSED_LIST, PAGES, scene_id
from layouts.desk.closedrows import closed_list
from layouts.desk.told import Told, as_alert, closed, tell
from layouts.view import View
from model import Alert, AlertEvent, Snapshot

LOOK_BACK = timedelta(days=7)


def alert_page(context: PageContext, view: View, query: dict[str, str | None]) -> Component:
    """Return the console as an address asks for it; what it does not know it takes as open."""
    kept = query.get("state") if query.get("state") in (OPEN, UNACK, CLOSED) else OPEN
    kept = kept or OPEN
    page = page_number(query.get("page"))
    chosen = query.get("alert") or query.get("id")
    snapshot = context.latest()
    key = scene_id(kept, 1 if kept == CLOSED else page)
    root = scene_layout(ALERTS[key], snapshot, view)
    subject = subject_of(chosen, context, snapshot, view)
    fill(root, alertdetail.props(subject, snapshot, view))
    asked = {"state": kept if kept != OPEN else None, "page": page if page > 1 else None}
    filled: Props = {
        CHOSEN: {"data": {"occurrence": chosen, "locale": view.locale}},
        **frame.languages(key, links.ALERTS, **asked, alert=chosen),
    }
    if kept == CLOSED:
        ended = _closed(context, snapshot)
        filled[CLOSED_LIST] = {"children": closed_list(ended, page, snapshot, view)}
    return fill(root, filled)


def page_number(text: str | None) -> int:
    """Return a page's number; the first where it is none.

    >>> page_number("3"), page_number("x"), page_number("0")
    (3, 1, 1)

    """
    number = int(text) if text and text.isascii() and text.isdigit() and len(text) < 4 else 1  # noqa: PLR2004 - three digits
    return min(max(number, 1), PAGES)


def subject_of(
    occurrence: str | None, context: PageContext, snapshot: Snapshot | None, view: View
) -> Subject:
    """Return all that the panel tells of an occurrence: live, or as its audit has it."""
    if not occurrence or snapshot is None:
        return Subject(is_asked=bool(occurrence))
    events = _events(context, occurrence)
    alert = next((a for a in snapshot.alerts if a.occurrence == occurrence), None)
    if alert is None:
        told = tell(events)
        alert = as_alert(told, rule_of(told.rule, view)) if told else None
    if alert is None:
        return Subject(is_asked=True)
    return told_of(alert, events, context, snapshot, view)


def told_of(
    alert: Alert,
    events: Sequence[AlertEvent],
    context: PageContext,
    snapshot: Snapshot,
    view: View,
) -> Subject:
    """Return the subject of a known alarm, with its reading and course."""
    indicator = view.indicators.get(alert.indicator or "")
    reading = snapshot.reading(indicator.id, alert.district) if indicator else None
    drawn = None
    if indicator is not None:
        drawn = course.of(snapshot, indicator.id, alert.district)
        if drawn is None:
            drawn = course.ask(
                context.history, indicator, alert.district, now=snapshot.published_at
            )
            drawn = course.ended(drawn, reading)
    return Subject(
        alert=alert,
        rule=rule_of(alert.rule, view),
        reading=reading,
        events=events,
        course=drawn,
        is_asked=True,
    )


def _events(context: PageContext, occurrence: str) -> Sequence[AlertEvent]:
    try:
        return context.audit(occurrence)
    except Exception:  # noqa: BLE001 - a history that does not answer costs the timeline alone
        return ()


def _closed(context: PageContext, snapshot: Snapshot | None) -> list[Told] | None:
    if snapshot is None:
        return None
    try:
        return closed(context.events(snapshot.published_at - LOOK_BACK))
    except Exception:  # noqa: BLE001 - said on the page: the history does not answer
        return None
