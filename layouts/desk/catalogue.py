"""The whole catalogue by domain: what is measured, how it stands, and what is not measured and why.

The stream keeps the rows; which of them are seen (words, domain, state) is this reader's own and
stands in the address. ``assets/catalogue.js`` hides the others.
"""

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from cities import lacking
from figures import svg
from layouts import states, words
from layouts.component import LiveComponent, Props, Scene, fill, scene_layout
from layouts.context import PageContext
from layouts.desk import cataloguebar, facts, frame, links, scorepanel, status, values
from layouts.ids import part, slot
from layouts.parts import age, classes, deviation, deviation_look, ms, reading_data, spark, texts
from layouts.parts import spark_props as drawn
from layouts.tile import standing
from layouts.view import View
from metrics import INDICATORS as ALL
from model import CITY, FeedState, Indicator, Snapshot

PAGE, ROWS = "indicators", "rows"
SPARK = (110, 30)
NAMED = 2  # feeds that are named in a row
COLUMNS = (
    ("", ""),
    ("", "Indicator"),
    ("is-num", "City now"),
    ("is-num", "Usual"),
    ("bz-table__devh", ""),
    ("", "Last 24 h"),
    ("is-num", "Target"),
    ("", "Data"),
)
CASE = "case:"


def _rows() -> LiveComponent:
    return LiveComponent(
        id=ROWS,
        build=_build,
        props=lambda snapshot, view: {
            key: value
            for n, indicator in enumerate(view.indicators.values())
            for key, value in _row_props(slot("row", n), indicator, snapshot, view).items()
        },
    )


def domains(view: View) -> list[str]:
    """Return the domains in the order of the city's indicators, then those of the rest."""
    return list(dict.fromkeys(one.domain for one in (*view.indicators.values(), *ALL.values())))


def unmeasured(view: View) -> list[Indicator]:
    """Return the indicators of the catalogue that this city does not measure."""
    return [one for one in ALL.values() if one.id not in view.indicators]


def _build(view: View) -> html.Table:
    head = [
        html.Th(
            [html.I(view.t("worse")), html.I(view.t("better"))]
            if "devh" in look
            else view.t(word)
            if word
            else "",
            className=look,
            scope="col",
        )
        for look, word in COLUMNS
    ]
    places = {one.id: n for n, one in enumerate(view.indicators.values())}
    bodies = []
    for domain in domains(view):
        mine = [one for one in view.indicators.values() if one.domain == domain]
        others = [one for one in unmeasured(view) if one.domain == domain]
        name = html.Th(view.t(domain.capitalize()), colSpan=len(COLUMNS), scope="rowgroup")
        bodies.append(
            html.Tbody(
                [
                    html.Tr(name, className="bz-itable__domain"),
                    *(_row(slot("row", places[one.id]), one, view) for one in mine),
                    *(_absent(one, view) for one in others),
                ],
                **_data(domain=domain),
            )
        )
    return html.Table([html.Thead(html.Tr(head)), *bodies], className="bz-table bz-itable")


def _named(indicator: Indicator, view: View) -> html.Td:
    title = html.B(view.t(indicator.title))
    href = links.indicator(view, indicator.id)
    every = view.t("every {every}", every=view.t.every(indicator.cadence))
    said = [indicator.id, *([indicator.owner] if indicator.owner else []), every]
    return html.Td(
        [
            html.A(title, href=href, className="bz-row__open"),
            html.Span(", ".join(said), className="bz-irow__sub"),
        ],
        className="bz-irow__name",
    )


def _searched(indicator: Indicator, view: View) -> str:
    """Return the text in which a search looks."""
    own = (indicator.id, view.t(indicator.title), indicator.title, view.t(indicator.short))
    more = (indicator.owner, view.t(indicator.domain.capitalize()), indicator.standard)
    return " ".join((*own, *more)).casefold()


def _row(name: str, indicator: Indicator, view: View) -> html.Tr:
    def text(key: str) -> html.Span:
        return html.Span(id=part(PAGE, name, key))

    goal = words.target(indicator, view)[1]
    return html.Tr(
        [
            html.Td(html.Span(html.B(id=part(PAGE, name, "letter")), id=part(PAGE, name, "sym"))),
            _named(indicator, view),
            html.Td(html.B(view.t("unknown"), id=part(PAGE, name, "value")), className="is-num"),
            html.Td(text("usual"), className="is-num is-dim", **_label("Usual", view)),
            html.Td([deviation(PAGE, name), html.Span(id=part(PAGE, name, "word"))]),
            html.Td(spark(PAGE, name, width=SPARK[0], height=SPARK[1])),
            html.Td(goal, className="is-num is-dim", **_label("Target", view)),
            html.Td(
                [
                    html.Span([text("data"), age(id=part(PAGE, name, "age"))]),
                    html.Span(id=part(PAGE, name, "feeds"), className="bz-irow__sub"),
                ]
            ),
        ],
        id=part(PAGE, name, "root"),
        className="bz-irow is-nodata",
        **reading_data(None, indicator.id, CITY),
        **_data(text=_searched(indicator, view), kind="measured"),
    )


def _data(**values: str) -> dict[str, Any]:
    """Return what the page's script reads of a row."""
    return {f"data-{name}": value for name, value in values.items()}


def _label(word: str, view: View) -> dict[str, Any]:
    """Return what a cell is called where there is no room for the heads."""
    return {"data-label": view.t(word)}


def _absent(indicator: Indicator, view: View) -> html.Tr:
    return html.Tr(
        [
            html.Td(),
            _named(indicator, view),
            html.Td(
                [html.B(view.t("not measured here")), ": ", why_not(indicator, view)],
                colSpan=len(COLUMNS) - 2,
                className="bz-irow__why",
            ),
        ],
        className="bz-irow is-absent",
        **_data(indicator=indicator.id, text=_searched(indicator, view), kind="absent"),
    )


def why_not(indicator: Indicator, view: View) -> str:
    """Return which facts are missing, or that the city does not want it."""
    t = view.t
    missing = lacking(indicator, view.feeds.values())
    if not missing:
        return t("the facts are there; the city has not switched it on")
    if missing[0].startswith(CASE):
        return t("no feed brings cases about {what}", what=t(missing[0].removeprefix(CASE)))
    return t("no feed brings {quantities}", quantities=t.listing(list(missing)))


def _row_props(name: str, indicator: Indicator, snapshot: Snapshot, view: View) -> Props:
    reading = snapshot.reading(indicator.id)
    alarm = standing(indicator.id, snapshot)
    seen = states.look(alarm) if alarm else None
    quality = view.t(values.QUALITY_WORDS[reading.quality]) if reading else view.t("no data")
    known = reading.usual if reading else None
    observed = reading.observed_at if reading else None
    is_frozen = reading is None or reading.quality.is_frozen
    tone = seen.tone if seen and seen.is_active and not is_frozen else ""
    props = texts(
        PAGE,
        name,
        {
            "letter": seen.letter if seen else "",
            "value": values.amount(reading, indicator, view),
            "usual": words.usual_range(known, indicator, view),
            "word": values.verdict(reading, view),
            "data": f"{quality}, " if observed else quality,
            "feeds": _feeds(indicator, snapshot, view),
        },
    )
    props[part(PAGE, name, "sym")] = {"className": seen.symbol if seen else "bz-sym is-none"}
    props[part(PAGE, name, "age")] = {"data-at": ms(observed)}
    props[part(PAGE, name, "dev")] = deviation_look(reading.z if reading else None, tone, view.t)
    is_loud = bool(tone) or values.is_unusual(reading)
    props[part(PAGE, name, "word")]["className"] = classes(
        "bz-irow__word", "is-loud" if is_loud else ""
    )
    props |= _spark(name, indicator, snapshot, tone if tone in ("p1", "p2", "p3") else "")
    props[part(PAGE, name, "root")] = {
        "className": f"bz-irow {values.look(reading)}".strip(),
        **reading_data(reading, indicator.id, CITY),
        "data-alarm": "1" if seen and seen.is_active else "",
        "data-odd": "1" if values.is_unusual(reading) else "",
    }
    return props


def _spark(name: str, indicator: Indicator, snapshot: Snapshot, tone: str) -> Props:
    trend, reading = snapshot.trend(indicator.id), snapshot.reading(indicator.id)
    found = svg.Spark()
    if trend is not None:
        width, height = SPARK
        found = svg.spark(
            trend.values,
            trend.low,
            trend.high,
            width=width,
            height=height,
            target=indicator.target,
            most=32,
        )
    is_last = reading is None or reading.quality.is_frozen
    return drawn(PAGE, name, found, tone=tone, is_last=is_last)


def _feeds(indicator: Indicator, snapshot: Snapshot, view: View) -> str:
    """Return the feeds behind an indicator; those that are not in order say so."""
    behind = facts.feeds(snapshot.reading(indicator.id), snapshot, indicator, view)
    mine = [feed for feed in snapshot.feeds if feed.id in behind]
    names = [_feed(feed, view) for feed in mine[:NAMED]]
    more = len(mine) - len(names)
    if more:
        names.append(view.t.plural("{n} more", "{n} more", more))
    return ", ".join(names)


def _feed(feed: FeedState, view: View) -> str:
    name = feed.name or feed.id
    if not feed.state.is_frozen:
        return name
    return f"{name} ({view.t(values.QUALITY_WORDS[feed.state])})"


def _arrange(view: View, built: Mapping[str, Component]) -> Component:
    return frame.desk(
        INDICATORS,
        view,
        built,
        theme=frame.LIGHT,
        kind="bz-indicators",
        children=[
            built[scorepanel.NAME],
            cataloguebar.bar(domains(view), len(view.indicators), len(unmeasured(view)), view),
            html.Div(built[ROWS], className="bz-list__table"),
        ],
    )


INDICATORS = Scene(
    id=PAGE,
    title="Indicators",
    components=(
        frame.rail(PAGE, "indicators"),
        status.top(PAGE, "Indicators", "what is measured here, and what each figure means"),
        scorepanel.panel(PAGE),
        _rows(),
    ),
    arrange=_arrange,
)


def catalogue_page(
    context: PageContext, view: View, query: Mapping[str, str | None] | None = None
) -> Component:
    """Return the catalogue; the address may say what to look for."""
    root = scene_layout(INDICATORS, context.latest(), view)
    asked = query or {}
    kept = {name: asked.get(name) for name in ("q", "domain", "state")}
    fill(root, cataloguebar.chosen(kept))
    return fill(root, frame.languages(PAGE, links.INDICATORS, **kept))
