"""The map of one indicator: districts in five classes, words for colours, hatch for unknown."""

import dash_svg as svg
from dash import html
from dash.development.base_component import Component

from layouts import limits as map_limits
from layouts.component import Props
from layouts.desk import links, values
from layouts.ids import part, slot
from layouts.limits import Limits
from layouts.parts import aria, classes
from layouts.view import View
from layouts.wallmap import class_range, spoken, step_of
from model import Indicator, Reading, Snapshot

SCOPE, NAME = "indicator", "map"
FIT = "home"  # the fitted map that is drawn
CLASSES = 5


FEW = 3  # with fewer classes in use, the wall's limits tell nothing about these districts


def key(name: str) -> str:
    """Return the id of one part of the map."""
    return part(SCOPE, NAME, name)


def card(indicator: Indicator, district: str, view: View) -> html.Section:
    """Return the empty map; a district is a link to its own page."""
    fit = view.maps[FIT]
    hatch = svg.Pattern(
        svg.Path(d="M0,0V7", className="bz-hatchline"),
        id="h-map",
        patternTransform="rotate(45)",
        width="7",
        height="7",
        patternUnits="userSpaceOnUse",
    )
    shapes = [
        html.A(
            [
                svg.Path(id=key(slot("d", n)), d=item.path, className="bz-map__d bz-map__d--na"),
                html.Title(id=key(slot("t", n))),
            ],
            href=links.indicator(view, indicator.id, item.id),
        )
        for n, item in enumerate(fit.shape.districts)
    ]
    chosen = fit.by_id.get(district)
    lines = [
        *(svg.Path(d=path, className="bz-map__b") for path in fit.shape.boroughs.values()),
        svg.Path(d=fit.shape.outline, className="bz-map__coast"),
        *([svg.Path(d=chosen.path, className="bz-map__chosen")] if chosen else []),
    ]
    drawing = svg.Svg(
        [
            svg.Defs(hatch),
            svg.G([*shapes, *lines], transform=f"translate({fit.dx:.1f},{fit.dy:.1f})"),
        ],
        className="bz-map bz-imap__svg",
        viewBox=fit.view_box,
        role="img",
        **aria(view.t("{title}, by district", title=view.t(indicator.title))),
    )
    return html.Section(
        [
            html.Header(
                [
                    html.H3(view.t("District map"), className="bz-card__title"),
                    html.Span(id=key("sub"), className="bz-card__sub"),
                ],
                className="bz-card__head",
            ),
            html.Div([_legend(), drawing], className="bz-imap"),
        ],
        className="bz-card bz-ipage__map",
    )


def _legend() -> html.Ol:
    kinds = (*(str(step) for step in range(1, CLASSES + 1)), "na")
    items: list[Component] = [
        html.Li(
            [
                html.I(className=f"bz-legend__sw bz-legend__sw--{kind}"),
                html.Span(id=key(f"limit-{kind}")),
            ],
            id=key(f"legend-{kind}"),
            className="bz-legend__i is-none",
        )
        for kind in kinds
    ]
    return html.Ol(items, className="bz-legend bz-imap__legend")


def props(indicator: Indicator, snapshot: Snapshot, view: View) -> Props:
    """Return class and words of every district, and the legend."""
    readings = snapshot.by_district(indicator.id)
    bounds = map_limits.limits(indicator, snapshot)
    if len({step_of(reading, bounds) for reading in readings.values()} - {None}) < FEW:
        bounds = _even(list(readings.values()), indicator.decimals)
    found: Props = {}
    unknown = 0
    for n, item in enumerate(view.maps[FIT].shape.districts):
        reading = readings.get(item.id)
        step = step_of(reading, bounds)
        unknown += step is None
        found[key(slot("d", n))] = {"className": f"bz-map__d bz-map__d--{step or 'na'}"}
        found[key(slot("t", n))] = {"children": spoken(item.id, reading, indicator, view)}
    has_any = unknown < len(view.maps[FIT].shape.districts)
    for number in range(1, CLASSES + 1):
        found[key(f"legend-{number}")] = {
            "className": classes("bz-legend__i", "" if bounds and has_any else "is-none")
        }
        found[key(f"limit-{number}")] = {"children": class_range(number, bounds, view)}
    found[key("legend-na")] = {"className": classes("bz-legend__i", "" if unknown else "is-none")}
    is_small = any(reading.suppressed for reading in readings.values())
    found[key("limit-na")] = {
        "children": view.t("fewer than 5, or no data" if is_small else "no data")
    }
    found[key("sub")] = {"children": _sub(indicator, unknown, view)}
    return found


def _sub(indicator: Indicator, unknown: int, view: View) -> str:
    total = len(view.districts)
    if unknown == total:
        return view.t("not known by district")
    unit = values.unit(indicator, view)
    known = view.t("{n} of {of} districts", n=total - unknown, of=total)
    return f"{unit}, {known}" if unit else known


def _even(readings: list[Reading], decimals: int) -> Limits:
    """Return four even limits between the extremes, where no round ones can be told."""
    known = sorted({r.value for r in readings if r.value is not None})
    if len(known) < 2:  # noqa: PLR2004 - one value has no classes
        return ()
    low, high = known[0], known[-1]
    even = (low + (high - low) * step / CLASSES for step in range(1, CLASSES))
    return tuple(round(limit, decimals + 1) for limit in even)
