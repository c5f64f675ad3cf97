"""The wall's header, and the band that takes its place when the display is not live.

Clock, date and ages are written by ``live.js`` from the server's time, so that a wrong PC clock
shows neither a wrong hour nor a wrong age.
"""

from typing import Any
from zoneinfo import ZoneInfo

from dash import html

from layouts import states
from layouts.component import LiveComponent, Props
from layouts.ids import part
from layouts.parts import told
from layouts.view import View
from model import Snapshot

NAME = "head"


def header(scene: str, title: str) -> LiveComponent:
    """Return the header of a wall scene."""
    return LiveComponent(
        id=NAME,
        build=lambda view: _build(scene, title, view),
        props=lambda snapshot, view: _props(scene, snapshot, view),
    )


def origin(view: View) -> str:
    """Return what must always be said about where the data come from; empty for a live city."""
    notes = []
    if view.city.is_simulated:
        notes.append(view.t("simulated data"))
    if view.city.is_replayed:
        notes.append(view.t("recorded data, replayed"))
    if view.is_open:
        notes.append(view.t("open to the network, no sign-in"))
    if not view.wall.is_legible:
        metres = view.t.number(view.wall.legible_to_m, 1)
        notes.append(view.t("legible to {metres} m", metres=metres))
    return " · ".join(notes)


def clock(form: str, view: View, **attributes: Any) -> html.Time:
    """Return an element that shows the present: ``form`` is time, date or utc."""
    return html.Time(
        **{"data-clock": form, "data-zone": view.city.timezone, **attributes},
    )


def _build(scene: str, title: str, view: View) -> html.Header:
    note = origin(view)
    return html.Header(
        [
            html.Div(
                [
                    html.Span(className="bz-logo", role="img"),
                    html.B(view.city.name),
                    html.Span(view.t(title), className="bz-head__scene"),
                    *([html.Span(note, className="bz-head__origin")] if note else []),
                    html.Span(id=part(scene, NAME, "hold"), className="bz-head__hold"),
                ],
                className="bz-head__id",
            ),
            html.Div(
                [
                    beat(view),
                    html.Span(id=part(scene, NAME, "version"), className="bz-head__ver"),
                ],
                className="bz-head__state",
            ),
            html.Div(
                [
                    clock("date", view, className="bz-head__date"),
                    clock("time", view, className="bz-head__clock"),
                    html.Span(id=part(scene, NAME, "zone"), className="bz-head__zone"),
                    clock("utc", view, className="bz-head__utc"),
                ],
                className="bz-head__time",
            ),
        ],
        className="bz-head",
    )


def beat(view: View) -> html.Span:
    """Return the heartbeat: which of its words shows follows ``data-live`` of the screen."""
    return html.Span(
        [
            html.I(className="bz-beat__dot"),
            *(
                html.Span(view.t(word), className=f"bz-beat__w bz-beat__w--{state}")
                for state, word in (
                    ("live", "live"),
                    ("delayed", "delayed"),
                    ("wait", "connecting"),
                    ("dead", "no server"),
                )
            ),
        ],
        className="bz-beat",
    )


def _props(scene: str, snapshot: Snapshot, view: View) -> Props:
    held = hold(snapshot)
    zone = snapshot.published_at.astimezone(ZoneInfo(view.city.timezone)).tzname() or ""
    notes = []
    if held:
        notes.append(view.t("held while P{priority} is unacknowledged", priority=held))
    if snapshot.backfill is not None and snapshot.backfill < 1:
        share = view.t.quantity(int(snapshot.backfill * 100), "%")
        notes.append(view.t("history loading, {share}", share=share))
    if snapshot.disk is not None:
        share = view.t.quantity(int(snapshot.disk * 100), "%")
        notes.append(view.t("disk {share} full", share=share))
    return {
        part(scene, NAME, "hold"): {
            "children": " · ".join(notes),
            "data-hold": "true" if held else None,
        },
        part(scene, NAME, "version"): {
            "children": view.t("data {version}", version="v" + snapshot.version.rpartition("-")[2])
        },
        part(scene, NAME, "zone"): {"children": zone},
    }


def hold(snapshot: Snapshot) -> int | None:
    """Return the priority (1 or 2) that keeps a rotating wall where it is, or ``None``."""
    asking = [a.priority for a in snapshot.alerts if states.is_unacked(a) and a.priority in (1, 2)]
    return min(asking, default=None)


def not_live(view: View) -> html.Section:
    """Return the band that says that the display is not live. ``live.js`` fills its figures."""
    t = view.t
    before, after = t.parts("Server silent for {age}.", "age")
    retry = t.parts("retry {n}", "n")
    following = t.parts("next in {age}", "age")
    return html.Section(
        [
            html.Div(
                [
                    html.B(t("DISPLAY NOT LIVE")),
                    html.Span([t("since"), " ", told("since")]),
                ],
                className="bz-notlive__what",
            ),
            html.Div(
                [
                    html.P([html.B([before, told("silent"), after]), " ", t(LAST_PICTURE)]),
                    html.P(t("New alarms cannot reach this screen. Use the operator console.")),
                ],
                className="bz-notlive__facts",
            ),
            html.Div(
                [
                    html.Span([retry[0], told("retry"), retry[1]]),
                    html.Span([following[0], html.B(told("next")), following[1]]),
                    html.Span(told("screen")),
                ],
                className="bz-notlive__retry",
            ),
        ],
        className="bz-notlive",
        role="alert",
    )


LAST_PICTURE = "This is the last picture received, not the present."
