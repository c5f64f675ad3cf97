"""The alarm console: how many come, which stand, and the chosen one with its form.

Each list (open, unacknowledged) has a scene per page of twelve rows, so that the address alone
says what a desk shows; only those that somebody looks at are ever drawn.
"""

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts import states
from layouts.component import LiveComponent, Props, Scene
from layouts.desk import frame, links, status
from layouts.desk.alertpanel import panel
from layouts.desk.alertrows import CLOSED, OPEN, UNACK, listed, rows
from layouts.desk.load import load
from layouts.desk.pulse import digest, pulse
from layouts.ids import part
from layouts.parts import aria, classes
from layouts.view import View
from model import Snapshot

PAGE = "alerts"
BAR = "bar"
PAGES = 16  # 192 alarms: three rules in each of 58 districts
CLOSED_LIST = part(PAGE, "closed", "list")
WORDS = {OPEN: "Open", UNACK: "Unacknowledged", CLOSED: "Closed, 7 days"}


def scene_id(kept: str, page: int) -> str:
    """Return the id of the scene of one page of a list.

    >>> scene_id("open", 1), scene_id("unack", 2)
    ('alerts', 'alerts-unack-2')

    """
    words = [PAGE, "" if kept == OPEN else kept, str(page) if page > 1 else ""]
    return "-".join(word for word in words if word)


def _bar(scene: str, kept: str) -> LiveComponent:
    return LiveComponent(
        id=BAR,
        build=lambda view: _build_bar(scene, kept, view),
        props=lambda snapshot, _: _bar_props(scene, snapshot),
    )


def _build_bar(scene: str, kept: str, view: View) -> html.Nav:
    return html.Nav(
        [
            html.A(
                [view.t(word), *([html.B(id=part(scene, BAR, key))] if key != CLOSED else [])],
                className=classes("bz-chip", "is-on" if key == kept else ""),
                href=links.to(view, links.ALERTS, state=None if key == OPEN else key),
                **_current(is_here=key == kept),
            )
            for key, word in WORDS.items()
        ],
        className="bz-bar",
        **aria(view.t("Which alarms")),
    )


def _current(*, is_here: bool) -> dict[str, Any]:
    return {"aria-current": "true"} if is_here else {}


def _bar_props(scene: str, snapshot: Snapshot) -> Props:
    return {
        part(scene, BAR, key): {"children": str(len(listed(snapshot, key)))}
        for key in (OPEN, UNACK)
    }


def _beat(snapshot: Snapshot) -> str:
    """Return what wakes the panel: any alarm that moves or whose value changes."""
    return digest(
        (a.occurrence, a.shown, a.priority, a.value, a.acked_by, a.owner, states.is_unacked(a))
        for a in snapshot.alerts
    )


def _scene(kept: str, page: int) -> Scene:
    key = scene_id(kept, page)
    is_closed = kept == CLOSED

    def arrange(view: View, built: Mapping[str, Component]) -> Component:
        table = html.Div(id=CLOSED_LIST, className="bz-list__table") if is_closed else built["rows"]
        children = [
            built["load"],
            html.Section([built[BAR], table], className="bz-list", **aria(view.t(WORDS[kept]))),
            panel(view),
            built["pulse"],
        ]
        return frame.desk(found, view, built, theme=frame.DARK, kind="bz-alerts", children=children)

    found = Scene(
        id=key,
        title="Alerts",
        components=(
            frame.rail(key, "alerts"),
            status.top(key, "Alerts"),
            load(key),
            _bar(key, kept),
            *(() if is_closed else (rows(key, kept, page),)),
            pulse(PAGE, _beat),
        ),
        arrange=arrange,
    )
    return found


ALERTS: Mapping[str, Scene] = {
    scene.id: scene
    for scene in (
        *(_scene(kept, page) for kept in (OPEN, UNACK) for page in range(1, PAGES + 1)),
        _scene(CLOSED, 1),
    )
}
