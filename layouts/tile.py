"""The tile: one indicator for the whole city, with its age, its usual and its alarm.

Every part exists from the start and keeps its place; states only change classes and texts.
What a dead server can no longer say, ``live.js`` says by ``data-aged`` and the deadlines.
"""

from dash import html

from figures import svg
from layouts import states, words
from layouts.component import LiveComponent, Props
from layouts.ids import part, slot
from layouts.parts import (
    age,
    aria,
    classes,
    deviation,
    deviation_look,
    indicator_href,
    ms,
    reading_data,
    spark,
    spark_props,
    symbol,
    texts,
)
from layouts.states import Look
from layouts.view import View
from metrics.cells import FULL_COVERAGE
from model import CITY, Alert, Indicator, Quality, Reading, Snapshot

SPARK_SIZE = (134.0, 62.0)
LONG_UNIT = 5  # letters; longer units stand under the number


def tiles(scene: str) -> LiveComponent:
    """Return the twelve tiles of a scene; fewer where the city has fewer indicators."""
    return LiveComponent(
        id="tiles",
        build=lambda view: html.Section(
            [
                build(scene, slot("tile", index), indicator, view)
                for index, indicator in enumerate(view.tiles)
            ],
            className="bz-tiles",
            **aria(view.t("Headline figures")),
        ),
        props=lambda snapshot, view: {
            key: values
            for index, indicator in enumerate(view.tiles)
            for key, values in props(scene, slot("tile", index), indicator, snapshot, view).items()
        },
    )


def build(scene: str, name: str, indicator: Indicator, view: View) -> html.Article:
    """Return an empty tile: without a snapshot it says that there are no data."""
    return html.Article(
        [
            _head(scene, name, indicator, view),
            html.Div(
                [
                    html.A(
                        [
                            html.Span(id=part(scene, name, "value")),
                            html.Small(id=part(scene, name, "unit")),
                            html.Em(view.t("NO DATA"), className="bz-tile__nd"),
                        ],
                        className="bz-tile__value",
                        href=indicator_href(indicator.id),
                    ),
                    spark(scene, name, width=SPARK_SIZE[0], height=SPARK_SIZE[1]),
                ],
                className="bz-tile__main",
            ),
            html.Div(
                [
                    deviation(scene, name),
                    html.Span(id=part(scene, name, "word"), className="bz-tile__word"),
                    html.Span(view.t("unknown now"), className="bz-tile__word bz-tile__unknown"),
                ],
                className="bz-tile__dev",
            ),
            _foot(scene, name, view),
            html.I(className="bz-tile__fresh"),
        ],
        id=part(scene, name, "root"),
        className="bz-tile is-nodata",
        **reading_data(None, indicator.id, CITY),
    )


def _head(scene: str, name: str, indicator: Indicator, view: View) -> html.Header:
    return html.Header(
        [
            html.Span(
                html.B(id=part(scene, name, "letter")),
                id=part(scene, name, "sym"),
                className="bz-sym is-none",
            ),
            html.Span(symbol("dq", states.UNACK, "?"), className="bz-tile__q"),
            html.H3(words.short_name(indicator, view), className="bz-tile__name"),
            age(id=part(scene, name, "age"), className="bz-tile__age"),
        ],
        className="bz-tile__head",
    )


def _foot(scene: str, name: str, view: View) -> html.Footer:
    return html.Footer(
        [
            html.Span(id=part(scene, name, "note"), className="bz-tile__note"),
            html.Span(
                [
                    html.Span(id=part(scene, name, "target-label")),
                    " ",
                    html.B(id=part(scene, name, "target")),
                ],
                className="bz-tile__target",
            ),
            html.Span(
                [
                    html.Span(id=part(scene, name, "usual-label")),
                    " ",
                    html.B(id=part(scene, name, "usual")),
                ],
                className="bz-tile__usual",
            ),
            html.Span(
                [
                    html.Span(id=part(scene, name, "due-before")),
                    age(id=part(scene, name, "due-age")),
                    html.Span(id=part(scene, name, "due-after")),
                ],
                className="bz-age-badge bz-tile__due",
            ),
            html.Span(
                view.t("nothing yet"),
                id=part(scene, name, "gone"),
                className="bz-age-badge bz-tile__gone",
            ),
            html.Span(id=part(scene, name, "bad"), className="bz-age-badge bz-tile__bad"),
        ],
        className="bz-tile__foot",
    )


def props(scene: str, name: str, indicator: Indicator, snapshot: Snapshot, view: View) -> Props:
    """Return every value of a tile."""
    reading = snapshot.reading(indicator.id)
    alarm = standing(indicator.id, snapshot)
    seen = states.look(alarm) if alarm else None
    is_frozen = reading is None or reading.quality.is_frozen
    tone = seen.tone if seen and seen.is_active and not is_frozen else ""
    z = reading.z if reading else None
    limit = alarm.limit if alarm else None
    return {
        part(scene, name, "root"): {
            "className": root_class(reading, seen),
            **reading_data(reading, indicator.id, CITY),
        },
        part(scene, name, "sym"): {"className": seen.symbol if seen else "bz-sym is-none"},
        part(scene, name, "age"): {"data-at": ms(reading.observed_at) if reading else None},
        part(scene, name, "due-age"): {"data-at": ms(reading.observed_at) if reading else None},
        part(scene, name, "dev"): deviation_look(z, tone, view.t),
        **_word_props(scene, name, reading, view, is_held=bool(seen and is_frozen)),
        **_text_props(scene, name, indicator, reading, alarm, snapshot, view),
        **_spark_props(scene, name, indicator, snapshot, tone, limit=limit),
    }


def standing(indicator: str, snapshot: Snapshot) -> Alert | None:
    """Return the alarm that an indicator's tile shows: the first by the banner's order."""
    found = states.ranked([alert for alert in snapshot.alerts if alert.indicator == indicator])
    return found[0] if found else None


def root_class(reading: Reading | None, seen: Look | None) -> str:
    """Return the classes of a tile. An alarm on frozen data is held, never normal."""
    quality = reading.quality if reading else Quality.NODATA
    if quality is not Quality.BAD and (reading is None or reading.value is None):
        quality = quality if reading and reading.suppressed else Quality.NODATA
    looks = states.quality_class(quality)
    if seen is None:
        return classes("bz-tile", looks)
    state = states.HELD if quality.is_frozen and seen.is_active else seen.state
    is_plain = quality in (Quality.STALE, Quality.UNCERTAIN)  # the alarm's outline says more
    return classes("bz-tile", f"bz-tile--{seen.tone}", state, "" if is_plain else looks)


def _word_props(
    scene: str, name: str, reading: Reading | None, view: View, *, is_held: bool
) -> Props:
    quality = reading.quality if reading else Quality.NODATA
    z = reading.z if reading else None
    if quality is Quality.BAD:
        message, is_loud = "not believed", True
    elif quality.is_frozen:
        message, is_loud = ("held" if is_held else "unknown now"), True
    else:
        message = words.verdict(reading)
        is_loud = z is not None and message != "as usual"
    return {
        part(scene, name, "word"): {
            "children": view.t(message),
            "className": classes("bz-tile__word", "is-loud" if is_loud else ""),
        }
    }


def _text_props(  # noqa: PLR0913, PLR0917 - the values of one tile, all of them needed
    scene: str,
    name: str,
    indicator: Indicator,
    reading: Reading | None,
    alarm: Alert | None,
    snapshot: Snapshot,
    view: View,
) -> Props:
    t = view.t
    label, usual = words.usual(reading.usual if reading else None, indicator, view)
    goal_label, goal = words.target(indicator, view)
    note = _note(alarm, indicator, view)
    has_room = not note and label == t("usual")  # few weeks must be said, a target need not
    due = t.every(words.every(reading, indicator, snapshot))
    before, after = t.parts("{age} old, due every {every}", "age", every=due)
    observed = reading.observed_at if reading else None
    unit = words.unit(reading, indicator, view)
    reason = (reading.reason if reading else None) or t("out of range")
    props = texts(
        scene,
        name,
        {
            "letter": states.look(alarm).letter if alarm else "",
            "value": words.value(reading, indicator, view),
            "unit": unit,
            "usual-label": _coverage(reading, view) or label,
            "usual": "" if _coverage(reading, view) else usual,
            "target-label": goal_label if has_room else "",
            "target": goal if has_room else "",
            "note": note,
            "due-before": before,
            "due-after": after,
            "gone": words.since(observed, view, now=snapshot.published_at),
            "bad": t("BAD: {reason}", reason=reason),
        },
    )
    is_long = len(unit) > LONG_UNIT
    props[part(scene, name, "unit")]["className"] = "is-long" if is_long else ""
    return props


def _coverage(reading: Reading | None, view: View) -> str:
    """Return how much of what should report did, where that makes the value uncertain."""
    if reading is None or reading.quality is not Quality.UNCERTAIN or reading.coverage is None:
        return ""
    if reading.coverage >= FULL_COVERAGE:  # it is uncertain for another reason
        return ""
    return view.t("coverage {share}", share=view.t.quantity(reading.coverage * 100, "%"))


def _note(alarm: Alert | None, indicator: Indicator, view: View) -> str:
    """Return where the alarm is, when it is not the city's: ``Tétreaultville 2.6``."""
    if alarm is None or alarm.district == CITY:
        return ""
    value = view.t.short(alarm.value, words.decimals(indicator, view))
    return f"{view.place(alarm.district)} {value}".strip()


def _spark_props(  # noqa: PLR0913 - what one sparkline shows
    scene: str,
    name: str,
    indicator: Indicator,
    snapshot: Snapshot,
    tone: str,
    *,
    limit: float | None,
) -> Props:
    trend = snapshot.trend(indicator.id)
    reading = snapshot.reading(indicator.id)
    drawn = (
        svg.spark(
            trend.values,
            trend.low,
            trend.high,
            width=SPARK_SIZE[0],
            height=SPARK_SIZE[1],
            target=indicator.target,
            limit=limit,
        )
        if trend
        else svg.Spark()
    )
    is_last = reading is None or reading.quality.is_frozen
    return spark_props(scene, name, drawn, tone=tone, is_last=is_last)
