"""One indicator in one place: what it means, how it is counted, its feed, its course, districts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts import states, words
from layouts.component import Props, Scene, fill, scene_layout, walk
from layouts.context import PageContext
from layouts.desk import (
    compare,
    course,
    districtrows,
    facts,
    files,
    frame,
    indicatormap,
    links,
    reasons,
    status,
    values,
)
from layouts.desk.catalogue import why_not
from layouts.desk.course import DAY, LIVE, SPANS, Course
from layouts.desk.indicatorpanel import CHOSEN, FEEDS, FIGURE, NAME, SCOPE, key, tree
from layouts.desk.pulse import pulse, slow
from layouts.ids import part, slot
from layouts.parts import classes, deviation_look, ms, reading_data, texts
from layouts.view import View
from metrics import INDICATORS
from model import CITY, Alert, Indicator, Reading, Snapshot

PAGE = "indicator"
REFRESH_S = 15
CORRECTED_S = 300  # how often an open page looks for corrections
BODY = part(PAGE, "page", "m")


def _arrange(view: View, built: Mapping[str, Component]) -> Component:
    return frame.desk(
        INDICATOR, view, built, theme=frame.LIGHT, kind="bz-ipage", children=[built["pulse"]]
    )


INDICATOR = Scene(
    id=PAGE,
    title="Indicator",
    components=(
        frame.rail(PAGE, "indicators"),
        status.top(PAGE, "Indicator"),
        pulse(PAGE, lambda snapshot: slow(snapshot, REFRESH_S)),
    ),
    arrange=_arrange,
)


def indicator_page(
    context: PageContext, view: View, name: str | None, query: dict[str, str | None]
) -> Component:
    """Return the page of an indicator, of the city or of one district."""
    snapshot = context.latest()
    district, span = query.get("district") or CITY, query.get("span") or DAY
    span = span if span in SPANS else DAY
    root = scene_layout(INDICATOR, snapshot, view)
    indicator = view.indicators.get(name or "") or next(iter(view.indicators.values()), None)
    if name and name not in view.indicators and name in INDICATORS:
        return _unmeasured(root, view, INDICATORS[name])
    if indicator is None or not is_place(district, view) or (name and name != indicator.id):
        return _missing(root, view)
    body = next(p for p in walk(root) if getattr(p, "id", None) == BODY)
    why: list[Component] = []
    drawn = ask(indicator, district, span, context, snapshot)
    if snapshot is not None:
        found = reasons.ask(indicator, district, span, context, snapshot)
        drawn = _told(drawn, found.corrections, indicator, district, span, context)
        why = reasons.cards(found, indicator, district, view)
    below = html.Div(why, className="bz-ipage__why")
    body.children = [*tree(indicator, district, span, view), below, *body.children]
    if snapshot is not None:
        fill(root, props(indicator, district, span, snapshot, drawn, view))
        fill(root, files.props(indicator, district, span, snapshot))
    chosen = {"indicator": indicator.id, "district": district, "span": span, "locale": view.locale}
    path = f"{links.INDICATORS}/{indicator.id}"
    kept = {"district": district, "span": span if span != DAY else None}
    return fill(root, {CHOSEN: {"data": chosen}, **frame.languages(PAGE, path, **kept)})


def is_place(district: str, view: View) -> bool:
    """Whether there is such a district, or it is the whole city."""
    return district == CITY or district in view.districts


def _missing(root: Component, view: View) -> Component:
    body = next(p for p in walk(root) if getattr(p, "id", None) == BODY)
    body.children = [html.P(view.t("There is no such indicator or district.")), *body.children]
    return root


def _unmeasured(root: Component, view: View, indicator: Indicator) -> Component:
    """Say what an indicator of the catalogue means, and why this city has no figure of it."""
    body = next(p for p in walk(root) if getattr(p, "id", None) == BODY)
    said = [
        html.H2(view.t(indicator.title)),
        html.P(view.t(indicator.definition)),
        html.P([html.B(view.t("not measured here")), ": ", why_not(indicator, view)]),
    ]
    body.children = [html.Section(said), *body.children]
    return root


def ask(
    indicator: Indicator,
    district: str,
    span: str,
    context: PageContext,
    snapshot: Snapshot | None,
) -> Course:
    """Return the course of a reading, ended by the newest one."""
    if snapshot is None:
        return Course(is_known=False)
    now = snapshot.published_at
    found = course.of(snapshot, indicator.id, district, span=span)
    if found is None:
        found = course.ask(context.history, indicator, district, now=now, span=span)
    return course.ended(found, snapshot.reading(indicator.id, district))


def _told(  # noqa: PLR0913, PLR0917 - a course and all that is asked beside it
    drawn: Course,
    corrections: Sequence[Mapping[str, Any]] | None,
    indicator: Indicator,
    district: str,
    span: str,
    context: PageContext,
) -> Course:
    """Return a course with what was corrected in it and what should come after it."""
    coming = reasons.ahead(indicator, district, span, context)
    return replace(
        drawn,
        corrections=tuple(corrections or ()),
        ahead=tuple(coming.get("items", ())),
        error=coming.get("error"),
    )


def fresh(  # noqa: PLR0913, PLR0917 - one indicator, one place, one span
    indicator: Indicator,
    district: str,
    span: str,
    context: PageContext,
    snapshot: Snapshot,
    view: View,
) -> Props:
    """Return what an open page shows now; a long course is drawn once and stays as it is."""
    if span not in LIVE:
        still = (FIGURE, key("course"), key("course-sub"), key("course-said"))
        found = props(indicator, district, span, snapshot, Course(), view)
        return {part: values for part, values in found.items() if part not in still}
    drawn = ask(indicator, district, span, context, snapshot)
    minute = int(snapshot.published_at.timestamp()) // CORRECTED_S
    corrections = view.remembered(
        "corrections",
        (indicator.id, district, span, minute),
        lambda: reasons.corrections(indicator, district, span, context, snapshot),
    )
    drawn = _told(drawn, corrections, indicator, district, span, context)
    return props(indicator, district, span, snapshot, drawn, view)


def props(  # noqa: PLR0913, PLR0917 - one indicator, one place, one span
    indicator: Indicator,
    district: str,
    span: str,
    snapshot: Snapshot,
    drawn: Course,
    view: View,
) -> Props:
    """Return every value of the page."""
    reading = snapshot.reading(indicator.id, district)
    alarm = _alarm(indicator.id, district, snapshot)
    fair = compare.compared(indicator, snapshot, view)
    return {
        **_head_props(indicator, district, reading, alarm, view),
        **_feed_props(indicator, reading, snapshot, view),
        **districtrows.props(indicator, snapshot, fair, view),
        **indicatormap.props(indicator, snapshot, view),
        **compare.props(fair, indicator, view),
        **_course_props(indicator, span, drawn, alarm, view),
    }


def _alarm(indicator: str, district: str, snapshot: Snapshot) -> Alert | None:
    found = [a for a in snapshot.alerts if a.indicator == indicator and a.district == district]
    return next(iter(states.ranked(found)), None)


def _head_props(
    indicator: Indicator,
    district: str,
    reading: Reading | None,
    alarm: Alert | None,
    view: View,
) -> Props:
    t = view.t
    seen = states.look(alarm) if alarm else None
    is_frozen = reading is None or reading.quality.is_frozen
    tone = seen.tone if seen and seen.is_active and not is_frozen else ""
    shown = words.value(reading, indicator, view)
    is_plain = reading is not None and not reading.suppressed and shown
    observed = reading.observed_at if reading else None
    before, after = t.parts(", newest data {age} old", "age") if observed else ("", "")
    found = texts(
        SCOPE,
        NAME,
        {
            "letter": seen.letter if seen else "",
            "value": shown if is_plain else values.amount(reading, indicator, view),
            "unit": values.unit(indicator, view) if is_plain else "",
            "word": values.verdict(reading, view),
            "age-before": before,
            "age-after": after,
            "num": facts.counted(reading, "num", view),
            "den": facts.counted(reading, "den", view),
            "n": facts.counted(reading, "n", view),
            "window": facts.window(reading, indicator, view),
            "coverage": facts.coverage(reading, view),
            "target": words.target(indicator, view)[1] or t("none set"),
            "usual": facts.usual(reading, indicator, view),
            "quality": facts.quality(reading, view),
        },
    )
    found[key("sym")] = {"className": seen.symbol if seen else "bz-sym is-none"}
    found[key("age")] = {"data-at": ms(observed)}
    found[key("dev")] = deviation_look(reading.z if reading else None, tone, t)
    found[key("root")] = {
        "className": classes("bz-ipage__head", values.look(reading)),
        **reading_data(reading, indicator.id, district),
    }
    return found


def _feed_props(
    indicator: Indicator, reading: Reading | None, snapshot: Snapshot, view: View
) -> Props:
    t = view.t
    behind = facts.feeds(reading, snapshot, indicator, view)
    found: Props = {}
    by_id = {feed.id: feed for feed in snapshot.feeds}
    for n in range(FEEDS):
        name = slot("feed", n)
        feed = by_id.get(behind[n]) if n < len(behind) else None
        state = due = ""
        if feed is not None:
            state = t(values.QUALITY_WORDS[feed.state]) + ", "
            every = t.every(feed.due_every)
            due = " " + t("old, due every {every}", every=every)
        if feed is not None and feed.last_observed_at is None:
            state, due = t("has never delivered"), ""
        found[key(name)] = {"className": "" if feed else "is-none"}
        found[key(f"{name}-name")] = {
            "children": feed.name if feed else "",
            "href": links.feed(view, feed.id if feed else None),
        }
        found[key(f"{name}-state")] = {"children": state}
        found[key(f"{name}-age")] = {"data-at": ms(feed.last_observed_at) if feed else None}
        found[key(f"{name}-due")] = {"children": due}
    return found


def _course_props(
    indicator: Indicator, span: str, drawn: Course, alarm: Alert | None, view: View
) -> Props:
    t = view.t
    has_any = any(value is not None for value in drawn.values)
    if not drawn.is_known:
        said = t("The history does not answer.")
    elif not has_any:
        said = t("The history holds no value of this time.")
    elif any(value is not None for value in drawn.low):
        said = t("city time, {zone}; the band is what is usual", zone=view.city.timezone)
    else:
        said = t("city time, {zone}", zone=view.city.timezone)
    seen = states.look(alarm) if alarm else None
    tone = seen.tone if seen and seen.is_active and seen.tone in ("p1", "p2", "p3") else ""
    figure = course.draw(drawn, indicator, view, theme=frame.LIGHT, tone=tone, span=span)
    return {
        key("course-sub"): {"children": said},
        key("course-said"): {"children": course.spoken(drawn, indicator, view)},
        key("course"): {"className": classes("bz-ipage__fig", "" if has_any else "is-none")},
        FIGURE: {"figure": figure},
    }
