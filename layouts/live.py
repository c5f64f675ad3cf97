"""The live scenes by id. A new scene is one module with its components, and one line here."""

from collections.abc import Mapping

from layouts.component import (
    LiveComponent,
    Props,
    Scene,
    fill,
    scene_layout,
    scene_props,
    walk,
)
from layouts.desk.pages import DESKS
from layouts.walls import WALLS

__all__ = [
    "SCENES",
    "LiveComponent",
    "Props",
    "Scene",
    "fill",
    "scene_layout",
    "scene_props",
    "walk",
]

SCENES: Mapping[str, Scene] = {**WALLS, **DESKS}
