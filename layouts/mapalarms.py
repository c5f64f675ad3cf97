"""Alarms on the map: outlines, symbols and call-outs in fixed slots."""

from collections.abc import Sequence
from dataclasses import dataclass

import dash_svg as svg
from dash.development.base_component import Component

from figures import svg as draw
from layouts import callouts, states, words
from layouts.callouts import MARK, Callout
from layouts.component import Props
from layouts.ids import part, slot
from layouts.mapfit import Box, MapFit
from layouts.view import View
from model import Alert, Snapshot

NAME = "map"
SLOTS = 6
_SMALL = 28.0  # units: the symbol of an alarm in hand
_LETTER = {"p2": 5.5}  # a triangle's letter sits lower


@dataclass(frozen=True, slots=True)
class Marked:
    """One alarm on the map; ``callout`` is there while nobody has taken it."""

    alert: Alert
    lines: tuple[str, str]
    x: float
    y: float
    callout: Callout | None


@dataclass(frozen=True, slots=True)
class Placed:
    """The alarms on the map, and what they cover: no value is printed there."""

    marks: tuple[Marked, ...]
    covered: tuple[Box, ...]


def outlines(scene: str) -> list[Component]:
    """Return the empty outlines: a casing in the ground's colour under each line."""
    return [
        svg.Path(id=_id(scene, kind, index), d="", className=name)
        for index in range(SLOTS)
        for kind, name in (
            ("case", "bz-map__case bz-map__case--alarm"),
            ("line", "bz-map__alarm"),
        )
    ]


def marks(scene: str) -> list[Component]:
    """Return the empty symbols and call-outs."""
    return [part_ for index in range(SLOTS) for part_ in _slot(scene, index)]


def _slot(scene: str, index: int) -> list[Component]:
    return [
        svg.Path(id=_id(scene, "lead", index), d="", className="bz-map__lead"),
        svg.G(
            [
                svg.Path(id=_id(scene, "mark", index), d=""),
                svg.Text(id=_id(scene, "letter", index), x="0", y="0", className="bz-mark__t"),
            ],
            id=_id(scene, "sign", index),
            className="bz-mark",
        ),
        svg.Text(id=_id(scene, "call", index), x="0", y="0", className="bz-map__call"),
        svg.Text(id=_id(scene, "call2", index), x="0", y="0", className="bz-map__call2"),
    ]


def place(snapshot: Snapshot, view: View, fit: MapFit, signs: Sequence[Box] = ()) -> Placed:
    """Choose the alarms that the map shows, one per district, and where each stands.

    Their call-outs keep clear of ``signs`` where they can.
    """
    key = (tuple(map(_mark_key, snapshot.alerts)), tuple(signs), fit.view_box, fit.dx, fit.dy)
    return view.remembered(f"alarms{fit.view_box}", key, lambda: _place(snapshot, view, fit, signs))


def _mark_key(alert: Alert) -> tuple[object, ...]:
    """Return all of an alarm that a map shows."""
    return (
        alert.occurrence,
        alert.key,
        alert.district,
        alert.shown,
        alert.state,
        alert.priority,
        alert.value,
        alert.raised_at,
        alert.title,
        alert.feed,
        alert.indicator,
    )


def _place(snapshot: Snapshot, view: View, fit: MapFit, signs: Sequence[Box]) -> Placed:
    chosen: dict[str, Alert] = {}
    for alert in states.ranked(snapshot.alerts):
        if alert.district in fit.by_id and states.look(alert).is_active:
            chosen.setdefault(alert.district, alert)
    placed: list[Marked] = []
    covered: list[Box] = list(signs)
    for alert in list(chosen.values())[:SLOTS]:
        found = _mark(alert, view, fit, covered)
        placed.append(found)
        half = (MARK if found.callout else _SMALL) / 2 + 4
        covered.append(Box(found.x - half, found.y - half, found.x + half, found.y + half))
        x, y, _ = fit.point(alert.district)
        covered.append(Box(x - 12, y - 12, x + 12, y + 12))
        if found.callout:
            covered.append(found.callout.box)
    return Placed(tuple(placed), tuple(covered))


def _mark(alert: Alert, view: View, fit: MapFit, taken: Sequence[Box]) -> Marked:
    indicator = view.indicators.get(alert.indicator or "")
    kpi = words.brief_name(indicator, view) if indicator else view.t(alert.title)
    lines = (
        view.place(alert.district),
        f"{kpi} {words.alarm_value(alert, indicator, view)}".strip(),
    )
    x, y, _ = fit.point(alert.district)
    if states.look(alert).state == states.UNACK:
        found = callouts.place(fit, alert.district, lines, taken)
        if found:
            return Marked(alert, lines, found.x, found.y, found)
    return Marked(alert, lines, x, y, None)


def props(scene: str, placed: Placed, fit: MapFit) -> Props:
    """Return the values of all slots; empty ones draw nothing."""
    values: Props = {}
    for index in range(SLOTS):
        mark = placed.marks[index] if index < len(placed.marks) else None
        values.update(_filled(scene, index, mark, fit))
    return values


def _filled(scene: str, index: int, mark: Marked | None, fit: MapFit) -> Props:
    seen = states.look(mark.alert) if mark else None
    tone = seen.tone if seen and seen.tone in ("p1", "p2", "p3") else "dq"
    state = seen.state if seen else "is-none"
    path = fit.by_id[mark.alert.district].path if mark else ""
    call = mark.callout if mark else None
    size = MARK if call else _SMALL
    x, y = (mark.x, mark.y) if mark else (0.0, 0.0)
    return {
        _id(scene, "case", index): {"d": path},
        _id(scene, "line", index): {
            "d": path,
            "className": f"bz-map__alarm bz-map__alarm--{tone} {state}",
        },
        _id(scene, "lead", index): {"d": call.lead if call else ""},
        _id(scene, "mark", index): {"d": draw.mark(tone, x, y, size) if mark else ""},
        _id(scene, "letter", index): {
            "children": seen.letter if seen else "",
            "x": f"{x:.1f}",
            "y": f"{y + size * 0.22 + _LETTER.get(tone, 0.0):.1f}",
        },
        _id(scene, "sign", index): {"className": f"bz-mark bz-mark--{tone} {state}"},
        **_said(scene, index, call, mark.lines if mark else ("", "")),
    }


def _said(scene: str, index: int, call: Callout | None, lines: tuple[str, str]) -> Props:
    rows = zip(("call", "call2"), lines, (-2.0, 21.0), strict=True)
    return {
        _id(scene, kind, index): {
            "children": text if call else "",
            "x": f"{call.text_x if call else 0:.1f}",
            "y": f"{call.y + down if call else 0:.1f}",
            "textAnchor": call.anchor if call else "start",
        }
        for kind, text, down in rows
    }


def _id(scene: str, kind: str, index: int) -> str:
    return part(scene, NAME, f"{kind}-{slot('a', index)}")
