"""What a live component and a scene are, and how a tree is filled with values.

A live component is declared once: a tree without values, and a pure function of the snapshot that
gives the properties of its parts. The hub calls that function once per tick for everybody; the
first page is the same tree filled by the same function, so the two cannot disagree.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dash.development.base_component import Component

from layouts.view import View
from model import Snapshot

Props = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveComponent:
    """A part of a scene: ``build`` makes its tree once, ``props`` its values at every tick."""

    id: str
    build: Callable[[View], Component]
    props: Callable[[Snapshot, View], Props]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What one screen shows. ``arrange`` puts the built components (by id) into its root.

    ``title`` is a message id. ``is_wall`` marks the scenes that live on ``/wall``.
    """

    id: str
    title: str
    components: tuple[LiveComponent, ...]
    arrange: Callable[[View, Mapping[str, Component]], Component]
    is_wall: bool = False


def scene_props(scene: Scene, snapshot: Snapshot, view: View) -> Props:
    """Return the properties of every part of a scene."""
    props: Props = {}
    for component in scene.components:
        props.update(component.props(snapshot, view))
    return props


def scene_layout(scene: Scene, snapshot: Snapshot | None, view: View) -> Component:
    """Return the tree of a scene, with first values where there is a snapshot."""
    built = {component.id: component.build(view) for component in scene.components}
    root = scene.arrange(view, built)
    if snapshot is None:
        return root
    setattr(root, "data-version", snapshot.version)
    setattr(root, "data-published-at", round(snapshot.published_at.timestamp() * 1000))
    return fill(root, scene_props(scene, snapshot, view))


def fill(root: Component, props: Props) -> Component:
    """Set properties on the parts of a tree by their id, and return the tree.

    Raises:
        KeyError: naming the ids that the tree does not have.

    """
    parts = {getattr(part, "id", None): part for part in walk(root)}
    missing = sorted(props.keys() - parts.keys())
    if missing:
        raise KeyError(f"no part with the id {', '.join(missing)}")
    for key, values in props.items():
        for name, value in values.items():
            setattr(parts[key], name, value)
    return root


def walk(node: Any) -> Iterable[Component]:
    """Yield every component of a tree, the root first."""
    if isinstance(node, Component):
        yield node
        node = getattr(node, "children", None)
    for child in node if isinstance(node, list | tuple) else [node]:
        if isinstance(child, Component):
            yield from walk(child)
