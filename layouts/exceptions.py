"""What is unusual now and raised no alarm: five slots, the farthest from usual first."""

from collections.abc import Sequence
from datetime import timedelta

from dash import html
from dash.development.base_component import Component

from layouts import states, words
from layouts.component import LiveComponent, Props
from layouts.ids import part, slot
from layouts.parts import (
    classes,
    deviation,
    deviation_look,
    indicator_href,
    reading_data,
    texts,
    told,
)
from layouts.view import View
from model import CITY, Indicator, Quality, Reading, Snapshot

NAME = "exc"
SLOTS = 5
FROM_Z = 2.0


def exceptions(scene: str) -> LiveComponent:
    """Return the list of exceptions of a scene."""
    return LiveComponent(
        id=NAME,
        build=lambda view: _build(scene, view),
        props=lambda snapshot, view: _props(scene, snapshot, view),
    )


def unusual(snapshot: Snapshot, view: View) -> list[Reading]:
    """Return the readings beyond two robust sd, worst first, that no alarm speaks of.

    Frozen readings are left out (nothing is known about now), and so are those that an alarm of
    the same indicator and place covers, whatever its state; the city's is covered by any of them.
    Weekly and monthly figures are no matter of now, and a district of too few is no exception.
    """
    spoken = [a for a in snapshot.alerts if states.look(a).state != states.UNKNOWN]
    alarmed = {(alert.indicator, place) for alert in spoken for place in (alert.district, CITY)}
    found = [
        (abs(reading.z), reading)
        for reading in snapshot.readings
        if reading.z is not None
        and abs(reading.z) >= FROM_Z
        and reading.value is not None
        and not reading.quality.is_frozen
        and _is_of_now(view.indicators.get(reading.indicator))
        and (reading.district == CITY or reading.quality is not Quality.UNCERTAIN)
        and (reading.indicator, reading.district) not in alarmed
    ]
    found.sort(key=lambda pair: (-pair[0], pair[1].indicator, pair[1].district))
    return [reading for _, reading in found]


def _is_of_now(indicator: Indicator | None) -> bool:
    return (
        indicator is not None
        and indicator.cadence <= timedelta(days=1)
        and indicator.threshold.kind != "funnel"  # its districts are compared by the funnel
    )


def _build(scene: str, view: View) -> html.Section:
    return html.Section(
        [
            html.Header(
                [
                    html.H2(_title(view)),
                    html.Span(id=part(scene, NAME, "basis")),
                    html.Span(
                        [html.I(view.t("worse")), html.I(view.t("better"))], className="bz-exc__dir"
                    ),
                    html.I(),
                ],
                className="bz-exc__head",
            ),
            html.P(view.t("no data yet"), id=part(scene, NAME, "none"), className="bz-exc__none"),
            *(_row(scene, slot("exc", index)) for index in range(SLOTS)),
        ],
        className="bz-exc",
    )


def _title(view: View) -> list[Component]:
    """Return the heading: what was unusual when a display stopped is not what is unusual now."""
    before, after = view.t.parts("Unusual at {clock}, no alarm", "clock")
    return [
        html.Span(view.t("Unusual now, no alarm"), className="bz-when-live"),
        html.Span([before, told("clock"), after], className="bz-when-dead"),
    ]


def _row(scene: str, name: str) -> html.Div:
    return html.Div(
        [
            html.Span(
                [html.B(id=part(scene, name, "area")), html.Span(id=part(scene, name, "kpi"))],
                className="bz-exc__what",
            ),
            html.A(id=part(scene, name, "value"), className="bz-exc__val", href="/indicators"),
            html.Span(id=part(scene, name, "usual"), className="bz-exc__usual"),
            deviation(scene, name),
            html.Span(id=part(scene, name, "word"), className="bz-exc__word"),
        ],
        id=part(scene, name, "root"),
        className="bz-exc__row is-none",
    )


def _props(scene: str, snapshot: Snapshot, view: View) -> Props:
    found = unusual(snapshot, view)
    props: Props = {
        part(scene, NAME, "basis"): {
            "children": _basis(found or snapshot.readings, snapshot, view)
        },
        part(scene, NAME, "none"): _none_props(found, snapshot, view),
    }
    for index in range(SLOTS):
        reading = found[index] if index < len(found) else None
        props.update(_row_props(scene, slot("exc", index), reading, view))
    return props


def _none_props(found: Sequence[Reading], snapshot: Snapshot, view: View) -> dict[str, str]:
    """Return what an empty list says: nothing unusual is not the same as nothing known."""
    message = "No usual to compare with yet."
    if any(reading.z is not None for reading in snapshot.readings):
        message = "Nothing unusual now."
    elif any(reading.usual is not None for reading in snapshot.readings):
        message = "Too few weeks to compare with yet."
    return {
        "children": "" if found else view.t(message),
        "className": classes("bz-exc__none", "is-none" if found else ""),
    }


def _row_props(scene: str, name: str, reading: Reading | None, view: View) -> Props:
    indicator = view.indicators[reading.indicator] if reading else None
    if reading is None or indicator is None:
        said = dict.fromkeys(("area", "kpi", "value", "usual", "word"), "")
        href, look = indicator_href(None), "is-none"
    else:
        said = {
            "area": view.place(reading.district),
            "kpi": words.short_name(indicator, view),
            "value": _amount(reading, indicator, view),
            "usual": words.usual_range(reading.usual, indicator, view),
            "word": view.t(words.verdict(reading)),
        }
        href = indicator_href(reading.indicator, reading.district)
        look = states.quality_class(reading.quality)
    props = texts(scene, name, said)
    props[part(scene, name, "value")]["href"] = href
    props[part(scene, name, "dev")] = deviation_look(reading.z if reading else None, "", view.t)
    props[part(scene, name, "root")] = {
        "className": classes("bz-exc__row", look),
        **reading_data(reading),
    }
    return props


def _amount(reading: Reading, indicator: Indicator, view: View) -> str:
    """Return the number, with its unit where that is short enough for the column."""
    unit = words.unit_word(indicator, view)
    text = words.value(reading, indicator, view)
    return f"{text}\xa0{unit}" if 0 < len(unit) <= 1 else text


def _basis(readings: Sequence[Reading], snapshot: Snapshot, view: View) -> str:
    """Return what usual rests on: same hour, last 8 Thursdays."""
    weeks = [reading.usual.weeks for reading in readings if reading.usual]
    if not weeks:
        return ""
    day = view.t.weekday(snapshot.published_at, view.city.timezone)
    return view.t.plural("same hour, last {day}", "same hour, last {n} {day}s", max(weeks), day=day)
