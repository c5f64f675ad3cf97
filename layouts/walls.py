"""The scenes of ``/wall``: one overview where it fits, else headlines and map in turn."""

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts.banner import banner
from layouts.component import Scene, scene_layout
from layouts.exceptions import exceptions
from layouts.header import header, not_live
from layouts.tile import tiles
from layouts.view import View
from layouts.wallmap import wall_map
from model import Snapshot

TURN_SECONDS = 30  # a scene stands at least this long

OVERVIEW_TITLE, HEADLINES_TITLE, MAP_TITLE = "City overview", "Headlines", "Map and exceptions"


def _overview(view: View, built: Mapping[str, Component]) -> Component:
    return screen(
        OVERVIEW,
        view,
        [
            built["head"],
            not_live(view),
            built["banner"],
            html.Main([built["map"], built["exc"], built["tiles"]], className="bz-scene"),
        ],
    )


def _headlines(view: View, built: Mapping[str, Component]) -> Component:
    children = [built["head"], not_live(view), built["banner"]]
    return screen(HEADLINES, view, [*children, html.Main(built["tiles"], className="bz-scene")])


def _map(view: View, built: Mapping[str, Component]) -> Component:
    children = [built["head"], not_live(view), built["banner"]]
    scene = html.Main([built["map"], built["exc"]], className="bz-scene bz-scene--map")
    return screen(MAP, view, [*children, scene])


OVERVIEW = Scene(
    id="overview",
    title=OVERVIEW_TITLE,
    components=(
        header("overview", OVERVIEW_TITLE),
        banner("overview", 6),
        wall_map("overview"),
        exceptions("overview"),
        tiles("overview"),
    ),
    arrange=_overview,
    is_wall=True,
)
HEADLINES = Scene(
    id="headlines",
    title=HEADLINES_TITLE,
    components=(
        header("headlines", HEADLINES_TITLE),
        banner("headlines", 3, with_rate=False),
        tiles("headlines"),
    ),
    arrange=_headlines,
    is_wall=True,
)
MAP = Scene(
    id="map",
    title=MAP_TITLE,
    components=(
        header("map", MAP_TITLE),
        banner("map", 3, with_rate=False),
        wall_map("map"),
        exceptions("map"),
    ),
    arrange=_map,
    is_wall=True,
)
WALLS = {scene.id: scene for scene in (OVERVIEW, HEADLINES, MAP)}


def screen(scene: Scene, view: View, children: list[Any]) -> html.Div:
    """Return the root of a wall scene, with all that ``live.js`` must know of it."""
    size = "" if scene.id == OVERVIEW.id else " bz-wall--tiles"
    return html.Div(
        children,
        className=f"bz-screen bz-wall{size}",
        lang=view.locale,
        style={"--root": root_px(scene, view)},
        **live_data(scene, view),
    )


def root_px(scene: Scene, view: View) -> float:
    """Return 1 rem in px of a 1920-wide layout; a pinned scene keeps the size it is drawn for."""
    is_overview = scene.id == OVERVIEW.id
    if is_overview != view.wall.is_split:
        return view.wall.root
    return 22.0 if is_overview else 39.0


def live_data(scene: Scene, view: View) -> dict[str, Any]:
    """Return the attributes of a live screen's root.

    ``data-live``, ``data-version`` and ``data-published-at`` belong to ``live.js`` from here on: it
    writes what it drew, and Dash never sets them again. Before the first frame nothing is live.
    """
    t = view.t
    return {
        "data-scene": scene.id,
        "data-locale": view.locale,
        "data-build": view.build,
        "data-live": "dead",
        "data-phase": "connecting",
        "data-root": root_px(scene, view) if scene.is_wall else None,
        "data-day": t("d"),
        "data-screen-word": t("screen {name}"),
    }


def wall_layout(scene: str | None, snapshot: Snapshot | None, view: View) -> Component:
    """Return the wall: the pinned scene, else the overview, else two scenes that take turns.

    Raises:
        KeyError: if there is no such scene.

    """
    if scene is None:
        chosen = [HEADLINES, MAP] if view.wall.is_split else [OVERVIEW]
    else:
        chosen = [WALLS[scene]]
    shown: list[Any] = [scene_layout(item, snapshot, view) for item in chosen]
    for other in shown[1:]:
        other.hidden = True
    choice = view.scenes.get(chosen[0].id)
    turn = max(TURN_SECONDS, choice.seconds if choice else TURN_SECONDS)
    rotation: dict[str, Any] = {"data-turn": str(turn)}
    return html.Div(shown, className="bz-walls", **rotation)
