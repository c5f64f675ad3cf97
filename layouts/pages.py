"""Every page of the house, and which paths exist."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import dash
from dash import Dash, html
from dash.development.base_component import Component

from layouts.view import View
from layouts.walls import WALLS, wall_layout
from model import AlertEvent, Reject, Snapshot

INDEX = """<!doctype html>
<html lang="en" data-theme="dark">
<head>
{%metas%}
<meta name="viewport" content="width=device-width">
<title>{%title%}</title>
{%favicon%}
{%css%}
</head>
<body>
<div class="bz-fallback" role="alert"><b>DISPLAY NOT LIVE</b>
<p>The page could not be loaded. Nothing here shows the city. It tries again by itself.</p>
<p lang="fr">La page n’a pas pu être chargée. Rien ici ne montre la ville.
Nouvel essai automatique.</p>
</div>
{%app_entry%}
<footer>
{%config%}
{%scripts%}
{%renderer%}
</footer>
</body>
</html>"""


@dataclass(frozen=True, kw_only=True)
class PageContext:
    """What pages read. ``latest`` and the others may answer with nothing; no page fails by it.

    ``view`` gives the view of a locale, or the city's own for ``None``. ``history`` returns rows
    of readings, ``audit`` the events of an occurrence, ``rejects`` the refused rows of a feed.
    """

    latest: Callable[[], Snapshot | None]
    view: Callable[[str | None], View]
    history: Callable[..., Sequence[Any]]
    audit: Callable[[str], Sequence[AlertEvent]]
    rejects: Callable[[str], Sequence[Reject]]


def page(name: str, **options: Any) -> None:
    """Register one page with Dash."""
    dash.register_page(name, **options)  # type: ignore[no-untyped-call]  # dash does not type it


def register(app: Dash, context: PageContext) -> None:
    """Register every page with Dash. Layouts are called without arguments once, at start."""

    def wall(scene: str | None = None, locale: str | None = None, **_: str) -> Component:
        view = context.view(locale)
        if scene is not None and scene not in WALLS:
            return html.P(view.t("There is no such scene."))
        return wall_layout(scene, context.latest(), view)

    title = "Bartizan"
    page("wall", path="/wall", title=title, layout=wall)
    page("wall-scene", path_template="/wall/<scene>", title=title, layout=wall)
    app.index_string = INDEX


def is_known(path: str, view: View) -> bool:
    """Whether a page answers at a path; every other one is a 404."""
    match [part for part in path.split("/") if part]:
        case ["wall"]:
            return True
        case ["wall", scene]:
            return scene in WALLS
        case ["indicators", key]:
            return key in view.indicators
    return False
