"""The top of the home page: the day in a sentence, and what waits for an answer."""

from dash import html

from layouts import states, words
from layouts.component import LiveComponent, Props
from layouts.desk import links, sentence, status, values
from layouts.ids import part, slot
from layouts.parts import age, classes, icon, ms, symbol
from layouts.view import View
from model import Alert, Snapshot

NAME = "lead"
SENTENCES = 4
CALLS = 3


def lead(scene: str) -> LiveComponent:
    """Return the sentence and the waiting alarms."""
    return LiveComponent(
        id=NAME,
        build=lambda view: _build(scene, view),
        props=lambda snapshot, view: {
            **_say_props(scene, snapshot, view),
            **_source_props(scene, snapshot, view),
            **_call_props(scene, snapshot, view),
            **_rest_props(scene, snapshot, view),
        },
    )


def _build(scene: str, view: View) -> html.Section:
    return html.Section(
        [
            html.Div(
                [
                    html.P(id=part(scene, NAME, "when"), className="bz-lead__when"),
                    html.H2(
                        [_sentence(scene, slot("say", n), view, n) for n in range(SENTENCES)],
                        className="bz-lead__say",
                    ),
                    html.P(
                        [
                            html.Span(id=part(scene, NAME, "source")),
                            " ",
                            html.A(
                                [
                                    html.Span(id=part(scene, NAME, "late-before")),
                                    age(id=part(scene, NAME, "late-age")),
                                    html.Span(id=part(scene, NAME, "late-after")),
                                ],
                                id=part(scene, NAME, "late"),
                                href=links.to(view, links.FEEDS),
                            ),
                        ],
                        className="bz-lead__src",
                    ),
                ]
            ),
            html.Div(
                [
                    html.H3(view.t("Waiting for an answer")),
                    *(_call(scene, slot("call", n)) for n in range(CALLS)),
                    html.P(
                        view.t("Not known yet."),
                        id=part(scene, NAME, "calm"),
                        className="bz-calls__calm",
                    ),
                    _rest(scene),
                ],
                className="bz-calls",
            ),
        ],
        className="bz-lead",
    )


def _sentence(scene: str, name: str, view: View, number: int) -> html.Span:
    unknown = view.t("Nothing is known of the city now.") if number == 0 else ""
    return html.Span(
        [
            html.Span(unknown, id=part(scene, name, "before")),
            html.B(id=part(scene, name, "place")),
            html.Span(id=part(scene, name, "after")),
            " ",
        ]
    )


def _call(scene: str, name: str) -> html.A:
    return html.A(
        [
            html.Span(html.B(id=part(scene, name, "letter")), id=part(scene, name, "sym")),
            html.Span(
                [
                    html.B(id=part(scene, name, "what")),
                    html.Small(
                        [
                            html.Span(id=part(scene, name, "where")),
                            age(form="clock", id=part(scene, name, "age")),
                            html.Span(id=part(scene, name, "who")),
                        ]
                    ),
                ]
            ),
            icon("right"),
        ],
        id=part(scene, name, "root"),
        className="bz-call is-none",
        href="/alerts",
    )


def _rest(scene: str) -> html.P:
    kinds = (
        ("recovering", symbol("p2", states.RECOVERING, "2")),
        ("hand", symbol("p3", states.ACK, "3")),
        ("stale", symbol("dq", states.ACK, "?")),
        ("shelved", symbol("s", states.SHELVED, "S")),
    )
    return html.P(
        [
            html.Span(
                [mark, html.Span(id=part(scene, NAME, f"n-{kind}"))],
                id=part(scene, NAME, f"box-{kind}"),
                className="bz-calls__n is-none",
            )
            for kind, mark in kinds
        ],
        className="bz-calls__rest",
    )


def _say_props(scene: str, snapshot: Snapshot, view: View) -> Props:
    said = sentence.parts(snapshot, view)
    found: Props = {}
    for n in range(SENTENCES):
        one = said[n] if n < len(said) else sentence.Part("")
        name = slot("say", n)
        found[part(scene, name, "before")] = {"children": one.before}
        found[part(scene, name, "place")] = {"children": one.place}
        found[part(scene, name, "after")] = {"children": one.after}
    return found


def _source_props(scene: str, snapshot: Snapshot, view: View) -> Props:
    t, zone = view.t, view.city.timezone
    at = snapshot.published_at
    day = t.weekday(at, zone)
    silent = sentence.silent_feeds(snapshot)
    feeds = len(snapshot.feeds)
    if silent:
        how = t.plural(
            "{n} of {of} feeds is silent:", "{n} of {of} feeds are silent:", len(silent), of=feeds
        )
    else:
        how = t.plural("Its one feed delivers.", "All {n} feeds deliver.", feeds) if feeds else ""
    rule = t("Written from {n} indicators by rule.", n=len(view.indicators))
    late = max(
        silent,
        key=lambda f: f.last_observed_at.timestamp() if f.last_observed_at else 0.0,
        default=None,
    )
    before = after = ""
    if late is not None and late.last_observed_at is None:
        before = t("{feed} has never delivered", feed=late.name)
    elif late is not None:
        before, after = t.parts(
            "{feed} is {age} old, due every {every}",
            "age",
            feed=late.name,
            every=t.every(late.due_every),
        )
    return {
        part(scene, NAME, "when"): {
            "children": f"{day[:1].upper()}{day[1:]} {t.date(at, zone).split()[-1]}, "
            + t.clock(at, zone)
        },
        part(scene, NAME, "source"): {"children": f"{rule} {how}".strip()},
        part(scene, NAME, "late-before"): {"children": before},
        part(scene, NAME, "late-age"): {"data-at": ms(late.last_observed_at) if late else None},
        part(scene, NAME, "late-after"): {"children": after},
        part(scene, NAME, "late"): {"href": links.feed(view, late.id if late else None)},
    }


def _call_props(scene: str, snapshot: Snapshot, view: View) -> Props:
    waiting = [a for a in states.ranked(snapshot.alerts) if states.is_unacked(a)]
    found: Props = {}
    for n in range(CALLS):
        alert = waiting[n] if n < len(waiting) else None
        found.update(_one_call(scene, slot("call", n), alert, view))
    more = len(waiting) - CALLS
    if not waiting:
        calm = view.t("Nothing waits for an answer.")
    else:
        calm = view.t.plural("{n} more waits", "{n} more wait", more) if more > 0 else ""
    found[part(scene, NAME, "calm")] = {"children": calm}
    return found


def _one_call(scene: str, name: str, alert: Alert | None, view: View) -> Props:
    if alert is None:
        blank = dict.fromkeys(("letter", "what", "where", "who"), "")
        return {
            **{part(scene, name, key): {"children": text} for key, text in blank.items()},
            part(scene, name, "sym"): {"className": "bz-sym is-none"},
            part(scene, name, "age"): {"data-at": None},
            part(scene, name, "root"): {
                "className": "bz-call is-none",
                "href": links.to(view, links.ALERTS),
            },
        }
    seen = states.look(alert)
    indicator = view.indicators.get(alert.indicator or "")
    limit = words.limit(alert, indicator, view)
    kpi = values.subject(alert, view, is_short=True).partition(",")[0]
    what = f"{kpi} {values.figure(alert.value, indicator, view)}".strip()
    if limit:
        what = view.t("{what}, limit {limit}", what=what, limit=limit.lstrip("≥≤\xa0"))
    if alert.feed:
        what = view.t("No data: {feed}", feed=values.subject(alert, view))
    taken = alert.acked_by or ""
    who = view.t("nobody has it") if not taken else view.t("{name} has it", name=taken)
    return {
        part(scene, name, "letter"): {"children": seen.letter},
        part(scene, name, "what"): {"children": what},
        part(scene, name, "where"): {"children": values.place(alert, view) + ", "},
        part(scene, name, "who"): {"children": f", {who}"},
        part(scene, name, "sym"): {"className": seen.symbol},
        part(scene, name, "age"): {"data-at": ms(alert.raised_at)},
        part(scene, name, "root"): {
            "className": classes("bz-call", f"bz-call--{seen.tone}", seen.state),
            "href": links.alert(view, alert.occurrence),
        },
    }


def _rest_props(scene: str, snapshot: Snapshot, view: View) -> Props:
    t = view.t
    looks = [states.look(a) for a in snapshot.alerts if states.is_listed(a)]
    recovering = sum(seen.state == states.RECOVERING for seen in looks)
    hand = sum(seen.state in (states.ACK, states.HELD) and seen.tone != "dq" for seen in looks)
    shelved = status.counts(snapshot)["s"][0]
    stale = len(sentence.silent_feeds(snapshot))
    said = {
        "recovering": (recovering, t.plural("{n} recovering", "{n} recovering", recovering)),
        "hand": (hand, t.plural("{n} in hand", "{n} in hand", hand)),
        "stale": (stale, t.plural("{n} feed silent", "{n} feeds silent", stale)),
        "shelved": (shelved, t.plural("{n} shelved", "{n} shelved", shelved)),
    }
    found: Props = {}
    for key, (n, text) in said.items():
        found[part(scene, NAME, f"n-{key}")] = {"children": text}
        found[part(scene, NAME, f"box-{key}")] = {
            "className": classes("bz-calls__n", "" if n else "is-none")
        }
    return found
