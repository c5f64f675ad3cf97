"""The head of every desk: what it is, how many alarms, whether it is live, what time it is."""

from zoneinfo import ZoneInfo

from dash import html
from dash.development.base_component import Component

from layouts import states
from layouts.component import LiveComponent, Props
from layouts.desk import links
from layouts.header import beat, clock
from layouts.ids import part
from layouts.parts import aria
from layouts.view import View
from model import Snapshot

NAME = "top"
TONES = (("p1", "1"), ("p2", "2"), ("p3", "3"), ("dq", "?"), ("s", "S"))


def top(scene: str, title: str, sub: str = "") -> LiveComponent:
    """Return the head of a desk scene; ``title`` and ``sub`` are message ids."""
    return LiveComponent(
        id=NAME,
        build=lambda view: _build(scene, title, sub, view),
        props=lambda snapshot, view: props(scene, snapshot, view),
    )


def origin(view: View) -> str:
    """Return what must always be said about where the data come from, and who can read them."""
    notes = []
    if view.city.is_simulated:
        notes.append(view.t("simulated data"))
    if view.city.is_replayed:
        notes.append(view.t("recorded data, replayed"))
    if view.is_open:
        notes.append(view.t("open to the network, no sign-in"))
    return " · ".join(notes)


def _build(scene: str, title: str, sub: str, view: View) -> html.Header:
    said = [html.P(view.t(sub), className="bz-top__sub")] if sub else []
    note = origin(view)
    return html.Header(
        [
            html.H1(view.t(title), id=part(scene, NAME, "title"), className="bz-top__title"),
            *said,
            *([html.P(note, className="bz-top__origin")] if note else []),
            html.Span(id=part(scene, NAME, "note"), className="bz-top__note"),
            html.A(
                [child for tone, letter in TONES for child in _count(scene, tone, letter)],
                className="bz-top__alarms",
                href=links.to(view, links.ALERTS),
                id=part(scene, NAME, "alarms"),
                **aria(view.t("Open alarms")),
            ),
            html.Div(
                [beat(view), html.Span(id=part(scene, NAME, "version"), className="bz-top__ver")],
                className="bz-top__live",
            ),
            html.Div(
                [
                    html.Div(
                        [html.B(clock("time", view)), " ", html.Span(id=part(scene, NAME, "zone"))],
                        className="bz-top__clock",
                    ),
                    html.Span(clock("date", view)),
                ],
                className="bz-top__time",
            ),
        ],
        className="bz-top",
    )


def _count(scene: str, tone: str, letter: str) -> tuple[Component, Component]:
    return (
        html.Span(
            html.B(letter),
            id=part(scene, NAME, f"{tone}-sym"),
            className=f"bz-sym bz-sym--{tone} is-ack",
        ),
        html.B("0", id=part(scene, NAME, f"{tone}-n"), className="is-zero"),
    )


def counts(snapshot: Snapshot) -> dict[str, tuple[int, bool]]:
    """Return by tone how many alarms stand, and whether one of them waits for a person."""
    looks = [(a, states.look(a)) for a in snapshot.alerts if states.is_listed(a)]
    found = {}
    for tone, _ in TONES:
        if tone == "s":
            found[tone] = (sum(a.shown == "SHELVED" for a in snapshot.alerts), False)
            continue
        some = [seen for _, seen in looks if seen.tone == tone and seen.is_active]
        found[tone] = (len(some), any(seen.state == states.UNACK for seen in some))
    return found


def props(scene: str, snapshot: Snapshot, view: View) -> Props:
    """Return the values of the head."""
    t = view.t
    found: Props = {}
    spoken = []
    for tone, (n, is_new) in counts(snapshot).items():
        state = states.SHELVED if tone == "s" else states.UNACK if is_new else states.ACK
        found[part(scene, NAME, f"{tone}-sym")] = {
            "className": f"bz-sym bz-sym--{tone} {state}" + ("" if n else " is-zero")
        }
        found[part(scene, NAME, f"{tone}-n")] = {
            "children": str(n),
            "className": "is-zero" if not n else "" if is_new else "is-quiet",
        }
        spoken.append(f"{tone.upper()} {n}")
    loading = snapshot.backfill is not None and snapshot.backfill < 1
    share = t.quantity(int((snapshot.backfill or 0) * 100), "%")
    zone = snapshot.published_at.astimezone(ZoneInfo(view.city.timezone)).tzname() or ""
    return {
        **found,
        part(scene, NAME, "alarms"): {
            "aria-label": t("Open alarms: {list}", list=t.listing(spoken))
        },
        part(scene, NAME, "note"): {
            "children": t("history loading, {share}", share=share) if loading else ""
        },
        part(scene, NAME, "version"): {"children": "v" + snapshot.version.rpartition("-")[2]},
        part(scene, NAME, "zone"): {"children": zone},
    }
