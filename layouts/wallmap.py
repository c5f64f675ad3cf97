"""The wall's map: districts coloured by one indicator in five classes, alarms drawn over it.

Plain SVG elements (``docs/adr/0006-wall-map-is-svg.md``): a tick changes the class of a district
and the text printed on it, nothing else. Alarms are outlines with a symbol, never a fill.
"""

from typing import Any

import dash_svg as svg
from dash import html

from layouts import limits as map_limits
from layouts import mapalarms, noticekey, words
from layouts.component import LiveComponent, Props
from layouts.ids import part, slot
from layouts.limits import Limits
from layouts.mapfit import UNIT, Box, MapFit
from layouts.noticemarks import WALL_SLOTS, Layer
from layouts.parts import (
    age,
    aria,
    classes,
    indicator_href,
    ms,
    reading_data,
    texts,
)
from layouts.view import View
from model import CITY, Indicator, Reading, Snapshot

NAME = "map"
_CLASSES = 5
_DIGIT = 0.41 * UNIT  # width of a digit of a printed value
_CAP = 0.56 * UNIT  # and its height
_ROOM = 8.0  # units around a printed value that no alarm may cover
_SCALES_KM = (50, 20, 10, 5, 2, 1)
_HATCH = {"width": "7", "height": "7", "patternUnits": "userSpaceOnUse"}


def wall_map(scene: str) -> LiveComponent:
    """Return the map card of a scene."""
    return LiveComponent(
        id=NAME,
        build=lambda view: _build(scene, view),
        props=lambda snapshot, view: _props(scene, snapshot, view),
    )


def _build(scene: str, view: View) -> html.Section:
    indicator, fit = view.map_indicator, view.maps[scene]
    if indicator is None:
        text = view.t("No indicator of this city is measured by district.")
        return html.Section(
            html.P(text, className="bz-mapcard__sub"),
            className="bz-mapcard",
            id=part(scene, NAME, "root"),
        )
    return html.Section(
        [_head(scene, indicator, view), _drawing(scene, fit, indicator, view)],
        id=part(scene, NAME, "root"),
        className="bz-mapcard is-nodata",
        **reading_data(None, indicator.id, CITY),
    )


def _head(scene: str, indicator: Indicator, view: View) -> html.Div:
    def item(kind: str) -> html.Li:
        return html.Li(
            [
                html.I(className=f"bz-legend__sw bz-legend__sw--{kind}"),
                html.Span(id=part(scene, NAME, f"limit-{kind}")),
            ],
            id=part(scene, NAME, f"legend-{kind}"),
            className="bz-legend__i",
        )

    return html.Div(
        [
            html.H2(
                html.A(view.t(indicator.title), href=indicator_href(indicator.id)),
                className="bz-mapcard__title",
            ),
            html.P(id=part(scene, NAME, "unit"), className="bz-mapcard__sub"),
            html.P(
                [
                    html.B(id=part(scene, NAME, "asof")),
                    html.Span(id=part(scene, NAME, "age-before")),
                    age(id=part(scene, NAME, "age")),
                    html.Span(id=part(scene, NAME, "age-after")),
                ],
                className="bz-mapcard__sub",
            ),
            html.Div(
                [
                    html.Ol(
                        [*(item(str(step)) for step in range(1, _CLASSES + 1)), item("na")],
                        className="bz-legend",
                    ),
                    noticekey.build(scene),
                ],
                className="bz-mapcard__keys",
            ),
            noticekey.rest(scene),
        ],
        className="bz-mapcard__head",
    )


def _drawing(scene: str, fit: MapFit, indicator: Indicator, view: View) -> svg.Svg:
    move = f"translate({fit.dx:.1f},{fit.dy:.1f})"
    hatch = svg.Pattern(
        svg.Path(d="M0,0V7", className="bz-hatchline"),
        id="h-map",
        patternTransform="rotate(45)",
        **_HATCH,
    )
    shapes = [
        html.A(
            [
                svg.Path(id=_id(scene, "d", n), d=item.path, className="bz-map__d bz-map__d--na"),
                html.Title(id=_id(scene, "t", n)),
            ],
            href=indicator_href(indicator.id, item.id),
        )
        for n, item in enumerate(fit.shape.districts)
    ]
    lines = [
        *(svg.Path(d=path, className="bz-map__b") for path in fit.shape.boroughs.values()),
        svg.Path(d=fit.shape.outline, className="bz-map__coast"),
    ]
    printed = [
        svg.Text(
            id=_id(scene, "v", n),
            x=f"{item.x + fit.dx:.1f}",
            y=f"{item.y + fit.dy + _CAP / 2:.1f}",
            className="bz-map__v",
        )
        for n, item in enumerate(fit.shape.districts)
    ]
    return svg.Svg(
        [
            svg.Defs([hatch, noticekey.hatch()]),
            svg.G([*shapes, *lines], transform=move),
            svg.G(Layer(scene, WALL_SLOTS).build(), transform=move),
            svg.G(mapalarms.outlines(scene), transform=move),
            svg.G(printed),
            svg.G(mapalarms.marks(scene)),
            _scale(fit),
        ],
        className="bz-map bz-map--wall",
        viewBox=fit.view_box,
        preserveAspectRatio="xMaxYMid meet",
        role="img",
        **aria(view.t("{title}, by district", title=view.t(indicator.title))),
    )


def _scale(fit: MapFit) -> svg.G:
    """Return a scale bar of a round length, about a tenth of the card."""
    per_km = fit.shape.px_per_km
    km = next((km for km in _SCALES_KM if km * per_km <= fit.width * 0.14), _SCALES_KM[-1])
    length = km * per_km
    return svg.G(
        [
            svg.Path(d=f"M0,-5V0H{length:.1f}V-5"),
            svg.Text(f"{km}\xa0km", x=f"{length + 8:.0f}", y="2"),
        ],
        className="bz-map__scale",
        transform=f"translate(20,{fit.height - 20:.0f})",
    )


def _id(scene: str, kind: str, number: int) -> str:
    return part(scene, NAME, slot(kind, number))


def _props(scene: str, snapshot: Snapshot, view: View) -> Props:
    indicator, fit = view.map_indicator, view.maps[scene]
    if indicator is None:
        return {}
    bounds = map_limits.limits(indicator, snapshot)
    readings = snapshot.by_district(indicator.id)
    layer = Layer(scene, WALL_SLOTS)
    announced = layer.placed(snapshot, view, fit)
    placed = mapalarms.place(snapshot, view, fit, announced.boxes)
    props = {
        **_head_props(scene, indicator, snapshot, view, bounds),
        **layer.props(snapshot, view, fit),
        **noticekey.props(scene, announced, view),
        **mapalarms.props(scene, placed, fit),
    }
    for number, item in enumerate(fit.shape.districts):
        reading = readings.get(item.id)
        step = step_of(reading, bounds)
        text = _printed(reading, indicator, view) if step else ""
        room = Box(
            item.x + fit.dx - 8, item.y + fit.dy - 8, item.x + fit.dx + 8, item.y + fit.dy + 8
        )
        is_clear = not any(room.meets(box) for box in placed.covered)
        fits = (len(text) * _DIGIT / 2) ** 2 + (_CAP / 2) ** 2 <= (item.radius * 1.1) ** 2
        props[_id(scene, "d", number)] = {"className": f"bz-map__d bz-map__d--{step or 'na'}"}
        props[_id(scene, "t", number)] = {"children": spoken(item.id, reading, indicator, view)}
        props[_id(scene, "v", number)] = {
            "children": text if is_clear and fits else "",
            "className": f"bz-map__v bz-map__v--{step or 'na'}",
        }
    return props


def step_of(reading: Reading | None, bounds: Limits) -> int | None:
    """Return the class of a district; ``None`` where its value now is not known."""
    if reading is None or reading.value is None or reading.quality.is_frozen or not bounds:
        return None
    return map_limits.classify(reading.value, bounds)


def _printed(reading: Reading | None, indicator: Indicator, view: View) -> str:
    if reading is None or reading.value is None:
        return ""
    return view.t.compact(reading.value, 0 if abs(reading.value) >= 10 else indicator.decimals)  # noqa: PLR2004 - two digits say enough on a map


def spoken(district: str, reading: Reading | None, indicator: Indicator, view: View) -> str:
    """Return a district and its value in words, as hover and screen readers say it."""
    name = view.districts[district].name if district in view.districts else district
    text = words.amount(reading, indicator, view)
    if reading is not None and reading.suppressed:
        text = view.t("fewer than 5, not shown")
    elif reading is None or reading.quality.is_frozen or not text:
        text = view.t("unknown now")
    return f"{name}: {text}"


def _head_props(
    scene: str, indicator: Indicator, snapshot: Snapshot, view: View, bounds: Limits
) -> Props:
    t, reading = view.t, snapshot.reading(indicator.id)
    observed = reading.observed_at if reading else None
    before, after = t.parts(", {age} old", "age")
    asof = (
        t("as of {clock}", clock=t.moment(observed, view.city.timezone, now=snapshot.published_at))
        if observed
        else t("no data yet")
    )
    name = words.unit_word(indicator, view)
    unit = t("{unit}, by district", unit=name) if name else t("by district")
    if indicator.is_counted and indicator.window:
        unit = t("{what}, last {window}", what=unit, window=t.every(indicator.window))
    props = texts(
        scene,
        NAME,
        {
            "unit": unit,
            "asof": asof,
            "age-before": before if observed else "",
            "age-after": after if observed else "",
            **_legend(indicator, bounds, snapshot, view),
        },
    )
    props[part(scene, NAME, "age")] = {"data-at": ms(observed)}
    quality = reading.quality if reading else None
    frozen = "is-nodata" if quality is None else "is-stale" if quality.is_frozen else ""
    props[part(scene, NAME, "root")] = {
        "className": classes("bz-mapcard", frozen),
        **reading_data(reading, indicator.id, CITY),
    }
    for step in range(1, _CLASSES + 1):
        shown = "" if bounds else "is-none"
        props[part(scene, NAME, f"legend-{step}")] = {"className": classes("bz-legend__i", shown)}
    return props


def _legend(indicator: Indicator, bounds: Limits, snapshot: Snapshot, view: View) -> dict[str, str]:
    """Return the words of the classes and of the hatch."""
    readings = snapshot.by_district(indicator.id).values()
    is_small = any(reading.suppressed for reading in readings)
    is_unknown = any(r.value is None and not r.suppressed for r in readings)
    unknown = len(readings) < len(view.districts) or is_unknown
    hatch = "fewer than 5, or no data" if unknown else "fewer than 5, not shown"
    rows: dict[str, Any] = {"limit-na": view.t(hatch if is_small else "no data")}
    for step in range(1, _CLASSES + 1):
        rows[f"limit-{step}"] = class_range(step, bounds, view)
    return rows


def class_range(step: int, bounds: Limits, view: View) -> str:
    """Return what values a class of the map holds."""
    if not bounds:
        return ""
    text = view.t.brief
    if step == 1:
        return f"<\xa0{text(bounds[0], 3)}"
    if step == _CLASSES:
        return f"≥\xa0{text(bounds[-1], 3)}"
    low, high = bounds[step - 2], bounds[step - 1]
    is_whole = all(float(bound).is_integer() for bound in bounds) and high - low > 1
    if is_whole:
        return view.t.span(low, high - 1, 0)
    return f"{text(low, 3)} – <\xa0{text(high, 3)}"
