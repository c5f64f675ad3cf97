"""The alarm that was chosen: what it means, what to do, what happened, and how to answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from alerts import missing_rules
from layouts import states, words
from layouts.component import Props
from layouts.desk import alertform, course, links, told, values
from layouts.desk.alertpanel import FIGURE, LINES, NAME, ROOT, SCOPE, STEPS, key
from layouts.desk.course import Course
from layouts.ids import slot
from layouts.parts import classes, ms, texts
from layouts.view import View
from model import Alert, AlertEvent, Reading, Rule, Snapshot

CHOOSE = "Choose an alarm to see what it means and what to do."


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """All that the panel tells of. ``alert`` is ``None`` where nothing is chosen or known."""

    alert: Alert | None = None
    rule: Rule | None = None
    reading: Reading | None = None
    events: Sequence[AlertEvent] = ()
    course: Course | None = None
    is_asked: bool = False


def rule_of(name: str, view: View) -> Rule | None:
    """Return a rule of the pack, or the one that watches a feed."""
    found = view.rules.get(name)
    if found is not None or not name.startswith("dq."):
        return found
    feeds = [feed for feed in view.feeds.values() if f"dq.{feed.id}" == name]
    rules = missing_rules(feeds, list(view.rules.values()), list(view.indicators.values()))
    return rules[0] if rules else None


def props(subject: Subject, snapshot: Snapshot | None, view: View) -> Props:
    """Return every value of the panel, the form's buttons among them."""
    alert = subject.alert
    none = (
        "There is no such alarm."
        if subject.is_asked
        else "Choose an alarm to see what it means and what to do."
    )
    found: Props = {
        key("none"): {
            "children": "" if alert else view.t(none),
            "className": classes("bz-detail__none", "is-none" if alert else ""),
        },
        key("body"): {"className": classes("bz-detail__body", "" if alert else "is-none")},
        **alertform.props(alert),
    }
    if alert is None or snapshot is None:
        return found
    return {
        **found,
        **_head_props(alert, snapshot, view),
        **_fact_props(subject, alert, view),
        **_rationale_props(subject.rule, view),
        **_log_props(subject.events, snapshot, view),
        **_figure_props(subject, alert, view),
    }


def _head_props(alert: Alert, snapshot: Snapshot, view: View) -> Props:
    t, seen = view.t, states.look(alert)
    is_closed = alert.closed_at is not None
    word = t("CLOSED") if is_closed else t(seen.word)
    raised = values.moment(alert.raised_at, view, snapshot)
    before, after = t.parts("{word}, raised {at}, {age} ago", "age", word=word, at=raised)
    taken = t("nobody has it") if states.is_unacked(alert) else ""
    if alert.acked_by:
        taken = t("{name} has it", name=alert.acked_by)
    if is_closed:
        closed = values.moment(alert.closed_at, view, snapshot)
        taken = t("closed {at}", at=closed)
        if alert.acked_by:
            taken += ", " + t("taken by {name}", name=alert.acked_by)
    tone = "dq" if is_closed and seen.tone == "dq" else seen.tone
    state = states.RETURNED if is_closed else seen.state
    title = f"{values.subject(alert, view)}, {values.place(alert, view)}"
    if alert.feed:
        title = t("No data: {feed}", feed=values.subject(alert, view))
    said = {
        "letter": seen.letter,
        "title": title,
        "said-before": before,
        "said-after": f"{after}, {taken}" if taken else after,
        "occurrence": alert.occurrence,
        "escalates": _escalates(alert, snapshot, view),
    }
    found = texts(SCOPE, NAME, said)
    found[key("sym")] = {"className": f"bz-sym bz-sym--{tone} {state}"}
    found[key("age")] = {"data-at": ms(alert.raised_at)}
    found[key("head")] = {"className": f"bz-detail__head {state}"}
    found[ROOT] = {"className": f"bz-detail bz-adetail bz-detail--{tone}"}
    return found


def _escalates(alert: Alert, snapshot: Snapshot, view: View) -> str:
    if alert.escalates_at is None or alert.closed_at or not states.is_unacked(alert):
        return ""
    if alert.escalates_at <= snapshot.published_at:
        return view.t("Escalated: nobody answered in time.")
    clock = view.t.clock(alert.escalates_at, view.city.timezone, seconds=True)
    return view.t("Escalates at {clock} if nobody answers.", clock=clock)


def _fact_props(subject: Subject, alert: Alert, view: View) -> Props:
    t, reading = view.t, subject.reading
    indicator = view.indicators.get(alert.indicator or "")
    usual = words.usual(reading.usual, indicator, view) if reading and indicator else ("", "")
    quality = values.QUALITY_WORDS[reading.quality if reading else alert.quality]
    n = reading.n if reading else None
    said = {
        "value": values.figure(alert.value, indicator, view) or t("unknown"),
        "value-more": _now(alert, reading, view),
        "limit": words.limit(alert, indicator, view) or t("none"),
        "limit-more": alert.title,
        "usual": usual[1] or t("unknown"),
        "usual-more": values.verdict(reading, view),
        "quality": t(quality),
        "quality-more": t("n {n}", n=t.number(n)) if n is not None else "",
    }
    if alert.feed:
        said |= {"value": t("silent"), "value-more": "", "usual": "", "usual-more": ""}
    found = texts(SCOPE, NAME, said)
    href = links.indicator(view, alert.indicator, alert.district)
    found[key("why")] = {"href": links.feed(view, alert.feed) if alert.feed else href}
    return found


def _now(alert: Alert, reading: Reading | None, view: View) -> str:
    """Return the value now where it differs from that of the alarm, or what the alarm's is."""
    indicator = view.indicators.get(alert.indicator or "")
    if alert.closed_at is not None:
        return view.t("when raised")
    if reading is None or indicator is None or reading.value is None:
        return ""
    now = values.amount(reading, indicator, view)
    if now == values.figure(alert.value, indicator, view):
        return view.t("at {site}", site=alert.site) if alert.site else ""
    return view.t("now {value}", value=now)


def _rationale_props(rule: Rule | None, view: View) -> Props:
    t = view.t
    why = rule.rationale if rule else None
    answer = why.time_to_respond if why else None
    steps = why.actions if why else ()
    said = {
        "cause": "; ".join(why.cause) if why and why.cause else t("The city pack does not say."),
        "consequence": why.consequence
        if why and why.consequence
        else t("The city pack does not say."),
        "within": t("Answer within {time}.", time=t.every(answer)) if answer else "",
        "sop": why.sop or "" if why else "",
        "verification": t("It worked when: {text}", text=why.verification)
        if why and why.verification
        else "",
    }
    found = texts(SCOPE, NAME, said)
    for n in range(STEPS):
        text = steps[n] if n < len(steps) else ""
        found[key(slot("step", n))] = {"children": text}
        found[key(slot("do", n))] = {"className": "" if text else "is-none"}
    found[key("steps")] = {"className": classes("bz-steps", "" if steps else "is-none")}
    return found


def _log_props(events: Sequence[AlertEvent], snapshot: Snapshot, view: View) -> Props:
    lines = told.timeline(events, view, LINES)
    found: Props = {}
    for n in range(LINES):
        at, text = lines[n] if n < len(lines) else (None, "")
        clock = values.moment(at, view, snapshot, seconds=True) if at else ""
        found[key(slot("at", n))] = {"children": clock}
        found[key(slot("line", n))] = {"children": text}
        found[key(slot("log", n))] = {"className": "" if text else "is-none"}
    if not lines:
        found[key(slot("line", 0))] = {"children": view.t("The history has no line of it yet.")}
        found[key(slot("log", 0))] = {"className": ""}
    return found


def _figure_props(subject: Subject, alert: Alert, view: View) -> Props:
    indicator = view.indicators.get(alert.indicator or "")
    drawn = subject.course
    known = [value for value in drawn.values if value is not None] if drawn else []
    is_drawn = indicator is not None and len(known) > 1
    found: Props = {
        key("fig"): {"className": classes("bz-detail__fig", "" if is_drawn else "is-none")}
    }
    if is_drawn and indicator is not None and drawn is not None:
        tone = states.look(alert).tone
        tone = tone if tone in ("p1", "p2", "p3") and alert.closed_at is None else ""
        found[FIGURE] = {
            "figure": course.draw(drawn, indicator, view, theme="dark", alert=alert, tone=tone)
        }
    return found
