"""Home: what a person in charge should know first, in one look and in plain words."""

from collections.abc import Mapping

from dash import html
from dash.development.base_component import Component

from layouts.component import LiveComponent, Props, Scene
from layouts.desk import frame, links, scorepanel, status
from layouts.desk.board import board
from layouts.desk.lately import events
from layouts.desk.lead import lead
from layouts.desk.noticelist import notice_list
from layouts.desk.quietmap import quiet_map
from layouts.ids import part
from layouts.parts import aria, icon
from layouts.view import View
from model import Quality, Snapshot

SCENE = "home"
DOORS = "doors"


def doors(scene: str) -> LiveComponent:
    """Return the way on: each room of the house with a word on its state."""
    return LiveComponent(
        id=DOORS,
        build=lambda view: _doors(scene, view),
        props=lambda snapshot, view: _door_props(scene, snapshot, view),
    )


def _doors(scene: str, view: View) -> html.Nav:
    rooms = (
        ("wall", "/wall", "Wall", "wall"),
        ("alerts", links.ALERTS, "Alerts", "alerts"),
        ("indicators", links.INDICATORS, "Indicators", "book"),
        ("feeds", links.FEEDS, "Feeds", "feeds"),
    )
    return html.Nav(
        [
            html.A(
                [
                    icon(mark),
                    html.Span([html.B(view.t(word)), html.Small(id=part(scene, DOORS, key))]),
                ],
                href=links.to(view, path),
            )
            for key, path, word, mark in rooms
        ],
        className="bz-doors",
        **aria(view.t("Rooms")),
    )


def _door_props(scene: str, snapshot: Snapshot, view: View) -> Props:
    t = view.t
    good = sum(feed.state is Quality.GOOD for feed in snapshot.feeds)
    silent = sum(feed.state.is_frozen for feed in snapshot.feeds)
    feeds = t("{n} of {of} good", n=good, of=len(snapshot.feeds))
    if silent:
        feeds += ", " + t.plural("{n} silent", "{n} silent", silent)
    hour = snapshot.load.last_hour
    said = {
        "wall": t("the city on the big screen"),
        "alerts": t.plural("{n} in the last hour", "{n} in the last hour", hour),
        "indicators": t(
            "{n} indicators, {of} districts", n=len(view.indicators), of=len(view.districts)
        ),
        "feeds": feeds,
    }
    return {part(scene, DOORS, key): {"children": text} for key, text in said.items()}


def _arrange(view: View, built: Mapping[str, Component]) -> Component:
    parts = [
        built[name]
        for name in ("lead", scorepanel.NAME, "board", "map", "events", "notices", DOORS)
    ]
    return frame.desk(HOME, view, built, theme=frame.LIGHT, kind="bz-home", children=parts)


HOME = Scene(
    id=SCENE,
    title="Today",
    components=(
        frame.rail(SCENE, "home"),
        status.top(SCENE, "Today"),
        lead(SCENE),
        scorepanel.strip(SCENE),
        board(SCENE),
        quiet_map(SCENE),
        events(SCENE),
        notice_list(SCENE),
        doors(SCENE),
    ),
    arrange=_arrange,
)
