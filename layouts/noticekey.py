"""The legend of the notices on a map: which sign is what, how many, and what is not shown."""

import dash_svg as svg
from dash import html

from figures import signs
from layouts import notices
from layouts.component import Props
from layouts.ids import part
from layouts.noticemarks import Placed
from layouts.parts import HIDDEN, classes
from layouts.view import View

NAME = "notekey"
_SIZE, _SIGN = 20.0, 14.0


def build(scene: str) -> html.Ol:
    """Return the legend of the kinds, empty."""
    return html.Ol(
        [
            html.Li(
                [key(kind), html.Span(id=part(scene, NAME, f"{kind}-n"))],
                id=part(scene, NAME, kind),
                className="bz-legend__i is-none",
            )
            for kind in notices.KINDS
        ],
        className="bz-legend bz-legend--notes",
    )


def rest(scene: str) -> html.P:
    """Return the line that says what of the notices is not drawn, empty."""
    return html.P(id=part(scene, NAME, "rest"), className="bz-mapcard__sub bz-noterest")


def hatch() -> svg.Pattern:
    """Return the hatch of a sign whose feed is silent, on the map's own ground."""
    return svg.Pattern(
        [
            svg.Rect(width="5", height="5", className="bz-hatchnote__bg"),
            svg.Path(d="M0,0V5", className="bz-hatchnote"),
        ],
        id="h-note",
        width="5",
        height="5",
        patternUnits="userSpaceOnUse",
        patternTransform="rotate(45)",
    )


def key(kind: str, look: str = "") -> svg.Svg:
    """Return one sign as it stands in a legend or a list."""
    return svg.Svg(
        svg.Path(d=signs.sign(kind, _SIZE / 2, _SIZE / 2, _SIGN), className="bz-note__sign"),
        viewBox=f"0 0 {_SIZE:g} {_SIZE:g}",
        className=classes("bz-note__key", look),
        **HIDDEN,
    )


def props(scene: str, placed: Placed, view: View) -> Props:
    """Return the words of the legend; what there is none of is not shown."""
    found: Props = {part(scene, NAME, "rest"): {"children": _rest(placed, view)}}
    for kind in notices.KINDS:
        n, silent = placed.counts[kind], placed.doubtful[kind]
        look = classes("bz-legend__i", "" if n else "is-none", "is-doubtful" if silent else "")
        found[part(scene, NAME, kind)] = {"className": look}
        found[part(scene, NAME, f"{kind}-n")] = {"children": _said(kind, n, silent, view)}
    return found


def _said(kind: str, n: int, silent: int, view: View) -> str:
    if not n:
        return ""
    what = f"{n}\xa0{view.t.plural(*notices.PLURALS[kind], n)}"
    if not silent:
        return what
    if silent == n:
        return view.t("{what}, feed silent", what=what)
    return view.t("{what}, {n} of a silent feed", what=what, n=silent)


def _rest(placed: Placed, view: View) -> str:
    t, said = view.t, []
    if placed.more + placed.everywhere:
        said.append(t("+ {n} more", n=placed.more + placed.everywhere))
    if placed.outside:
        said.append(t("{n} outside", n=placed.outside))
    return t("notices: {list}", list=t.listing(said)) if said else ""
