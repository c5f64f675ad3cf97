"""The calm map: every district the same grey, and only what is not as usual is drawn.

Alarms are outlines with a symbol as on the wall; an unusual value fills its district and says in
two lines what it is. Where nothing is known the district is hatched.
"""

import dash_svg as svg
from dash import html
from dash.development.base_component import Component

from layouts import mapalarms, noticekey, words
from layouts.callouts import Callout, place
from layouts.component import LiveComponent, Props
from layouts.desk import links, values
from layouts.exceptions import unusual
from layouts.ids import part, slot
from layouts.mapfit import Box, MapFit
from layouts.noticemarks import DESK_SLOTS, Layer
from layouts.parts import aria
from layouts.view import View
from model import CITY, Reading, Snapshot

NAME = "map"
ODD = 12  # unusual districts that are drawn
CALLED = 4  # and those that get a call-out, the farthest from usual
LOUD = 3.0  # robust sd from which a district is filled: markedly unusual
_HATCH = {"width": "7", "height": "7", "patternUnits": "userSpaceOnUse"}


def quiet_map(scene: str) -> LiveComponent:
    """Return the map of the home page."""
    return LiveComponent(
        id=NAME,
        build=lambda view: _build(scene, view),
        props=lambda snapshot, view: _props(scene, snapshot, view),
    )


def _build(scene: str, view: View) -> html.Section:
    fit = view.maps[scene]
    move = f"translate({fit.dx:.1f},{fit.dy:.1f})"
    hatch = svg.Pattern(
        svg.Path(d="M0,0V7", className="bz-hatchline"),
        id="h-quiet",
        patternTransform="rotate(45)",
        **_HATCH,
    )
    shapes = [
        html.A(
            [
                svg.Path(id=_id(scene, "d", n), d=item.path, className="bz-map__q"),
                html.Title(id=_id(scene, "t", n)),
            ],
            id=_id(scene, "a", n),
            href=links.indicator(view, _first(view), item.id),
        )
        for n, item in enumerate(fit.shape.districts)
    ]
    boroughs = [svg.Path(d=path, className="bz-map__b") for path in fit.shape.boroughs.values()]
    inner = [
        *shapes,
        *boroughs,
        *(svg.Path(id=_id(scene, "odd", n), d="", className="bz-map__odd") for n in range(ODD)),
        *_layer(scene).build(),
        *mapalarms.outlines(scene),
    ]
    calls = [piece for n in range(ODD) for piece in _slot(scene, n)]
    return html.Section(
        [
            html.Header(
                [
                    html.H2(view.t("What is not as usual"), className="bz-card__title"),
                    html.Span(id=part(scene, NAME, "sub"), className="bz-card__sub"),
                ],
                className="bz-card__head",
            ),
            html.Div([noticekey.build(scene), noticekey.rest(scene)], className="bz-notekeys"),
            svg.Svg(
                [
                    svg.Defs([hatch, noticekey.hatch()]),
                    svg.G(inner, transform=move),
                    *calls,
                    *mapalarms.marks(scene),
                ],
                className="bz-map bz-map--quiet",
                viewBox=fit.view_box,
                role="img",
                **aria(view.t("Districts with alarms or unusual values")),
            ),
        ],
        className="bz-home__map",
    )


def _layer(scene: str) -> Layer:
    return Layer(scene, DESK_SLOTS, is_desk=True)


def _slot(scene: str, n: int) -> list[Component]:
    return [
        svg.Path(id=_id(scene, "olead", n), d="", className="bz-map__lead bz-map__lead--desk"),
        svg.Text(id=_id(scene, "ocall", n), x="0", y="0", className="bz-map__call"),
        svg.Text(id=_id(scene, "ocall2", n), x="0", y="0", className="bz-map__call2"),
    ]


def _first(view: View) -> str | None:
    return view.map_indicator.id if view.map_indicator else None


def odd_districts(snapshot: Snapshot, view: View) -> dict[str, Reading]:
    """Return the markedly unusual reading of each district that has one, the farthest first."""
    found: dict[str, Reading] = {}
    for reading in unusual(snapshot, view):
        if reading.district != CITY and abs(reading.z or 0.0) >= LOUD:
            found.setdefault(reading.district, reading)
    return found


def _props(scene: str, snapshot: Snapshot, view: View) -> Props:
    fit = view.maps[scene]
    odd = odd_districts(snapshot, view)
    layer = _layer(scene)
    announced = layer.placed(snapshot, view, fit)
    placed = mapalarms.place(snapshot, view, fit, announced.boxes)
    alarmed = {mark.alert.district for mark in placed.marks}
    known = {
        r.district
        for r in snapshot.readings
        if r.suppressed or not (r.quality.is_frozen or r.value is None)
    }
    props = {
        **mapalarms.props(scene, placed, fit),
        **layer.props(snapshot, view, fit),
        **noticekey.props(scene, announced, view),
    }
    for n, item in enumerate(fit.shape.districts):
        reading = odd.get(item.id)
        kind = "bz-map__q" if item.id in known else "bz-map__d--na bz-map__q"
        props[_id(scene, "d", n)] = {"className": kind}
        props[_id(scene, "t", n)] = {"children": _spoken(item.id, reading, view, item.id in known)}
        target = reading.indicator if reading else _first(view)
        props[_id(scene, "a", n)] = {"href": links.indicator(view, target, item.id)}
    calls = view.remembered(
        f"{scene}-calls",
        (tuple(map(_called, odd.values())), alarmed, placed.covered),
        lambda: _calls(scene, odd, alarmed, placed.covered, fit, view),
    )
    props.update(calls)
    props[part(scene, NAME, "sub")] = {"children": _sub(snapshot, odd, alarmed, known, view)}
    return props


def _spoken(district: str, reading: Reading | None, view: View, is_known: bool) -> str:  # noqa: FBT001 - private, one caller
    name = values.district(district, view)
    if reading is not None:
        return f"{name}: {', '.join(_lines(reading, view)[1:])}"
    return f"{name}: {view.t('no alarm, nothing marked' if is_known else 'unknown now')}"


def _lines(reading: Reading, view: View) -> tuple[str, str]:
    indicator = view.indicators[reading.indicator]
    usual = words.usual_range(reading.usual, indicator, view)
    text = f"{words.brief_name(indicator, view)} {words.value(reading, indicator, view)}"
    if usual:
        text = view.t("{what}, usual {usual}", what=text, usual=usual)
    return view.place(reading.district), text


def _called(reading: Reading) -> tuple[object, ...]:
    """Return all of a reading that a call-out tells."""
    return (
        *(reading.district, reading.indicator, reading.value),
        *(reading.quality, reading.suppressed, reading.usual),
    )


def _calls(  # noqa: PLR0913, PLR0917 - all that a call-out must keep clear of
    scene: str,
    odd: dict[str, Reading],
    alarmed: set[str],
    covered: tuple[Box, ...],
    fit: MapFit,
    view: View,
) -> Props:
    taken = list(covered)
    props: Props = {}
    shown = [r for d, r in odd.items() if d not in alarmed and d in fit.by_id][:ODD]
    for n in range(ODD):
        reading = shown[n] if n < len(shown) else None
        lines = _lines(reading, view) if reading else ("", "")
        is_called = reading is not None and n < CALLED
        call = place(fit, reading.district, lines, taken) if reading and is_called else None
        if call:
            taken.append(call.box)
        path = fit.by_id[reading.district].path if reading else ""
        props[_id(scene, "odd", n)] = {"d": path}
        props.update(_said(scene, n, call, lines))
    return props


def _said(scene: str, n: int, call: Callout | None, lines: tuple[str, str]) -> Props:
    props: Props = {_id(scene, "olead", n): {"d": call.lead if call else ""}}
    for kind, text, down in zip(("ocall", "ocall2"), lines, (-2.0, 21.0), strict=True):
        props[_id(scene, kind, n)] = {
            "children": text if call else "",
            "x": f"{call.text_x if call else 0:.1f}",
            "y": f"{call.y + down if call else 0:.1f}",
            "textAnchor": call.anchor if call else "start",
        }
    return props


def _sub(
    snapshot: Snapshot,
    odd: dict[str, Reading],
    alarmed: set[str],
    known: set[str],
    view: View,
) -> str:
    t, total = view.t, len(view.districts)
    marked = len({*odd, *alarmed})
    unknown = sum(key not in known for key in view.districts)
    if unknown:
        return t("{n} of {of} districts; {unknown} unknown", n=marked, of=total, unknown=unknown)
    if not any(r.z is not None for r in snapshot.readings):
        return t("only alarms: what is usual is not known yet")
    day = t.weekday(snapshot.published_at, view.city.timezone)
    return t("{n} of {of} districts; grey is as on a usual {day}", n=marked, of=total, day=day)


def _id(scene: str, kind: str, number: int) -> str:
    return part(scene, NAME, slot(kind, number))
