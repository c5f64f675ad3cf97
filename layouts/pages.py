"""Every page of the house, and which paths exist."""

from typing import Any

import dash
from dash import Dash, html
from dash.development.base_component import Component

from layouts.context import PageContext
from layouts.desk import pages as desks
from layouts.view import View
from layouts.walls import WALLS, wall_layout

__all__ = ["INDEX", "PageContext", "is_known", "register"]

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


def page(name: str, **options: Any) -> None:
    """Register one page with Dash."""
    dash.register_page(name, **options)  # type: ignore[no-untyped-call]  # dash does not type it


def register(app: Dash, context: PageContext) -> None:
    """Register every page with Dash. Layouts are called without arguments once, at start."""

    def wall(
        scene: str | None = None, locale: str | None = None, lang: str | None = None, **_: str
    ) -> Component:
        view = context.view(locale or lang)
        if scene is not None and scene not in WALLS:
            return html.P(view.t("There is no such scene."))
        return wall_layout(scene, context.latest(), view)

    desks.register(context, page)
    title = "Bartizan"
    page("wall", path="/wall", title=title, layout=wall)
    page("wall-scene", path_template="/wall/<scene>", title=title, layout=wall)
    app.index_string = INDEX


def is_known(path: str, view: View, district: str | None = None) -> bool:
    """Whether a page answers at a path (and for a district); every other one is a 404."""
    parts = [part for part in path.split("/") if part]
    match parts:
        case ["wall"]:
            return True
        case ["wall", scene]:
            return scene in WALLS
    return desks.is_known(parts, view, district)
