"""Notices on a map: signs, lines and outlines in fixed slots, below the alarms.

Near signs stand as one with their number. Whatever finds no slot, or lies outside the map, is
counted and said. Everything is drawn once per change, not once per tick.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import dash_svg as svg
from dash import html
from dash.development.base_component import Component

from figures import signs
from geodata import trace
from layouts import notices
from layouts.component import Props
from layouts.desk import links
from layouts.ids import part, slot
from layouts.mapfit import Box, MapFit
from layouts.notices import Standing
from layouts.parts import classes
from layouts.view import View
from model import Snapshot

NAME = "note"
WALL_SLOTS, DESK_SLOTS = 12, 80
LISTED = 5  # notices that the title of one sign tells of
_SIGN, _LOUD_SIGN = 19.0, 24.0  # units
_NEAR = 26.0  # units within which signs are one
_FARTHER = 1.4
_EDGE = 10.0
_COUNT_DOWN = 6.0


@dataclass(slots=True)
class Mark:
    """One sign with the notices that it stands for, the most impact first."""

    x: float
    y: float
    members: list[Standing] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    borders: list[str] = field(default_factory=list)

    @property
    def size(self) -> float:
        """The size of the sign in units."""
        return _LOUD_SIGN if self.members[0].is_loud else _SIGN


@dataclass(frozen=True, slots=True)
class Placed:
    """What of the notices a map shows, and how many of them it does not.

    ``counts`` are those inside of the map by kind, drawn or not, ``doubtful`` those of silent feeds
    among them; ``everywhere`` cover all of the map.
    """

    marks: tuple[Mark, ...]
    boxes: tuple[Box, ...]
    counts: Counter[str]
    more: int
    outside: int
    everywhere: int
    doubtful: Counter[str]


@dataclass(frozen=True, slots=True)
class Layer:
    """The notices of one map: its scene, how many slots it has, whether signs may be chosen."""

    scene: str
    slots: int
    is_desk: bool = False

    def id(self, kind: str, index: int) -> str:
        """Return the id of one part of a slot."""
        return part(self.scene, NAME, slot(kind, index))

    def build(self) -> list[Component]:
        """Return the empty slots, to be drawn in the map's own units."""
        return [self._slot(index) for index in range(self.slots)]

    def _slot(self, index: int) -> Component:
        inside = [
            svg.Path(id=self.id("case", index), d="", className="bz-note__case"),
            svg.Path(id=self.id("line", index), d="", className="bz-note__line"),
            svg.Path(id=self.id("area", index), d="", className="bz-note__area"),
            svg.Path(id=self.id("sign", index), d="", className="bz-note__sign"),
            svg.Text(id=self.id("count", index), x="0", y="0", className="bz-note__n"),
            html.Title(id=self.id("title", index)),
        ]
        make: Callable[..., Component] = html.A if self.is_desk else svg.G
        return make(inside, id=self.id("mark", index), className="bz-note is-none")

    def placed(self, snapshot: Snapshot, view: View, fit: MapFit) -> Placed:
        """Return where the notices stand on the map."""
        return view.remembered(
            f"{self.scene}-placed",
            notices.mark(snapshot),
            lambda: place(notices.standing(snapshot, view), fit, self.slots),
        )

    def props(self, snapshot: Snapshot, view: View, fit: MapFit) -> Props:
        """Return the values of all slots; empty ones draw nothing."""
        now = snapshot.published_at
        key = (notices.mark(snapshot), view.t.date(now, view.city.timezone))
        return view.remembered(f"{self.scene}-note", key, lambda: self._props(snapshot, view, fit))

    def _props(self, snapshot: Snapshot, view: View, fit: MapFit) -> Props:
        marks = self.placed(snapshot, view, fit).marks
        found: Props = {}
        for index in range(self.slots):
            mark = marks[index] if index < len(marks) else None
            found.update(self._filled(index, mark, view, snapshot.published_at))
        return found

    def _filled(self, index: int, mark: Mark | None, view: View, now: datetime) -> Props:
        lines = "".join(mark.lines) if mark else ""
        borders = "".join(mark.borders) if mark else ""
        n = len(mark.members) if mark else 0
        root: dict[str, Any] = {"className": _look(mark)}
        if self.is_desk:
            root["href"] = links.feed(view, mark.members[0].notice.feed_id if mark else None)
        return {
            self.id("mark", index): root,
            self.id("case", index): {"d": lines + borders},
            self.id("line", index): {"d": lines},
            self.id("area", index): {"d": borders},
            self.id("sign", index): {
                "d": signs.sign(mark.members[0].kind, mark.x, mark.y, mark.size) if mark else ""
            },
            self.id("count", index): {
                "children": str(n) if n > 1 else "",
                "x": f"{mark.x + mark.size * 0.68 if mark else 0:.1f}",
                "y": f"{mark.y + _COUNT_DOWN if mark else 0:.1f}",
            },
            self.id("title", index): {"children": _spoken(mark, view, now) if mark else ""},
        }


def place(standing: Sequence[Standing], fit: MapFit, slots: int) -> Placed:
    """Return the signs of a map: those with the most impact, near ones together."""
    frame = (
        _EDGE - fit.dx,
        _EDGE - fit.dy,
        fit.width - _EDGE - fit.dx,
        fit.height - _EDGE - fit.dy,
    )
    drawn: list[tuple[Standing, Any]] = []
    outside = everywhere = 0
    for one in standing:
        if not one.is_real or one.notice.geometry is None:
            continue
        found = trace(one.notice.geometry, fit.shape, frame)
        if found is None or _is_hidden(found, fit):
            outside += 1
        elif found.x is None:
            everywhere += 1
        else:
            drawn.append((one, found))
    marks = _gathered(drawn, slots)
    shown = marks[:slots]
    return Placed(
        marks=tuple(shown),
        boxes=tuple(_box(mark, fit) for mark in shown),
        counts=Counter(one.kind for one, _ in drawn),
        more=sum(len(mark.members) for mark in marks[slots:]),
        outside=outside,
        everywhere=everywhere,
        doubtful=Counter(one.kind for one, _ in drawn if one.is_doubtful),
    )


def _is_hidden(found: Any, fit: MapFit) -> bool:
    """Whether a sign would stand under the map's title, legend or scale."""
    if found.x is None:
        return False
    x, y = found.x + fit.dx, found.y + fit.dy
    return any(box.left <= x <= box.right and box.top <= y <= box.bottom for box in fit.kept)


def _gathered(drawn: Sequence[tuple[Standing, Any]], slots: int) -> list[Mark]:
    """Return signs, those that would overlap as one; farther ones too where a desk has too many.

    A wall shows the foremost few and says how many more there are, so there it stops at once.
    """
    near = _NEAR
    marks = _near(drawn, near)
    while slots > WALL_SLOTS and len(marks) > slots:
        near *= _FARTHER
        marks = _near(drawn, near)
    return marks


def _near(drawn: Sequence[tuple[Standing, Any]], near: float) -> list[Mark]:
    marks: list[Mark] = []
    cells: dict[tuple[int, int], list[Mark]] = {}
    for one, found in drawn:
        column, row = int(found.x // near), int(found.y // near)
        around = (
            mark
            for a in (column - 1, column, column + 1)
            for b in (row - 1, row, row + 1)
            for mark in cells.get((a, b), ())
        )
        reach = near * near
        mark = next(
            (m for m in around if (m.x - found.x) ** 2 + (m.y - found.y) ** 2 < reach), None
        )
        if mark is None:
            mark = Mark(found.x, found.y)
            marks.append(mark)
            cells.setdefault((column, row), []).append(mark)
        mark.members.append(one)
        mark.lines.append(found.lines)
        mark.borders.append(found.borders)
    return marks


def _box(mark: Mark, fit: MapFit) -> Box:
    half = mark.size / 2 + 3
    x, y = mark.x + fit.dx, mark.y + fit.dy
    more = 14.0 if len(mark.members) > 1 else 0.0
    return Box(x - half, y - half, x + half + more, y + half)


def _look(mark: Mark | None) -> str:
    if mark is None:
        return "bz-note is-none"
    first = mark.members[0]
    return classes(
        "bz-note",
        f"bz-note--{first.kind}",
        "is-loud" if first.is_loud else "",
        "is-doubtful" if first.is_doubtful else "",
    )


def _spoken(mark: Mark, view: View, now: datetime) -> str:
    told = [notices.told(one, view, now=now) for one in mark.members[:LISTED]]
    more = len(mark.members) - len(told)
    if more > 0:
        told.append(view.t.plural("and {n} more", "and {n} more", more))
    return "\n".join(told)
