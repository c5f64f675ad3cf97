"""Fair comparison of districts: each against the limits of its own n; words, and no ranks."""

from collections.abc import Mapping
from dataclasses import replace

from dash import dcc, html

from figures.funnel import CLEARLY, FEW, INSIDE, PERHAPS, Limit, Point, funnel
from figures.theme import GRAPH_CONFIG, Figure
from layouts.component import Props
from layouts.desk import frame, values
from layouts.ids import part
from layouts.parts import classes
from layouts.view import View
from metrics.comparing import Comparison, compare, compare_all
from metrics.funnel import EXPECTED, FAR_HIGH, FAR_LOW, HIGH, LOW, TOO_SMALL, Funnel, Place
from model import Indicator, Snapshot

SCOPE, NAME = "indicator", "fair"
JUDGED_S = 60  # how long a comparison over all figures holds
FIGURE = part(SCOPE, NAME, "figure")
VERDICTS: Mapping[str, str] = {
    FAR_HIGH: "clearly above",
    HIGH: "perhaps above",
    EXPECTED: "within chance",
    LOW: "perhaps below",
    FAR_LOW: "clearly below",
    TOO_SMALL: "too few",
}
STANDS = {
    FAR_HIGH: CLEARLY,
    FAR_LOW: CLEARLY,
    HIGH: PERHAPS,
    LOW: PERHAPS,
    EXPECTED: INSIDE,
    TOO_SMALL: FEW,
}


def key(name: str) -> str:
    """Return the id of one part of the card."""
    return part(SCOPE, NAME, name)


def card(view: View) -> html.Section:
    """Return the empty card."""
    return html.Section(
        [
            html.Header(
                [
                    html.H3(view.t("Real difference or chance?"), className="bz-card__title"),
                    html.Span(id=key("sub"), className="bz-card__sub"),
                ],
                className="bz-card__head",
            ),
            html.Div(
                dcc.Graph(
                    id=FIGURE,
                    config=dict(GRAPH_CONFIG),  # type: ignore[arg-type]  # as Dash reads it
                    figure={"data": [], "layout": {}},
                    className="bz-graph",
                ),
                id=key("fig"),
                className="bz-ipage__fig is-none",
            ),
            html.P(id=key("said"), className="bz-fair__said"),
        ],
        className="bz-card bz-ipage__fair",
    )


def compared(indicator: Indicator, snapshot: Snapshot, view: View) -> Comparison:
    """Return how the districts stand now; what is clear is so among all figures of the city.

    A figure that counts against an expectation of its own is shown in times that expectation.
    """
    every = view.remembered(
        "compared",
        int(snapshot.published_at.timestamp()) // JUDGED_S,
        lambda: compare_all(view.indicators.values(), snapshot.readings),
    )
    found = every.get(indicator.id) or compare(indicator, snapshot.readings)
    return replace(found, scale=1.0) if indicator.statistic == "expected" else found


def stands(place: Place) -> str:
    """Return how a district stands: clearly apart only where chance among all is held off."""
    kind = STANDS[place.verdict]
    return PERHAPS if kind == CLEARLY and not place.is_discovery else kind


def verdict(place: Place) -> str:
    """Return the message that says how a district stands."""
    words_ = VERDICTS[place.verdict]
    return words_.replace("clearly", "perhaps") if stands(place) == PERHAPS else words_


def said(found: Comparison, district: str, view: View) -> str:
    """Return in words how one district stands; nothing where it cannot be told."""
    place = found.funnel.place(district) if found.funnel else None
    return view.t(verdict(place)) if place else ""


def props(found: Comparison, indicator: Indicator, view: View) -> Props:
    """Return the figure and its words."""
    t = view.t
    drawn = found.funnel
    if drawn is None:
        return {
            key("sub"): {"children": ""},
            key("fig"): {"className": "bz-ipage__fig is-none"},
            key("said"): {"children": t(found.reason or "nothing was counted by district")},
            FIGURE: {"figure": {"data": [], "layout": {}}},
        }
    wide = t("; districts differ by more than chance, so they are wider")
    return {
        key("sub"): {
            "children": t("limits grow as n shrinks; no ranks") + (wide if drawn.is_widened else "")
        },
        key("fig"): {"className": classes("bz-ipage__fig")},
        key("said"): {"children": _summary(found, drawn, view)},
        FIGURE: {"figure": _figure(drawn, found.scale, indicator, view)},
    }


def _summary(found: Comparison, drawn: Funnel, view: View) -> str:
    """Return the chart in words: how many stand out, and who beyond the outer limits."""
    t = view.t
    clear = [place for place in drawn.places if stands(place) == CLEARLY]
    few = sum(place.verdict == TOO_SMALL for place in drawn.places)
    names = [values.district(place.district, view) for place in clear]
    parts = [
        t("Clearly apart from the city: {names}.", names=t.listing(sorted(names)))
        if names
        else t("No district is clearly apart from the city.")
    ]
    if few:
        parts.append(t.plural("{n} has too few to judge.", "{n} have too few to judge.", few))
    if found.hidden:
        hidden = len(found.hidden)
        parts.append(
            t.plural("{n} is hidden: fewer than 5.", "{n} are hidden: fewer than 5.", hidden)
        )
    return " ".join(parts)


def _figure(drawn: Funnel, scale: float, indicator: Indicator, view: View) -> Figure:
    t = view.t
    shown = [place for place in drawn.places if place.value is not None]
    points = [
        Point(
            name=view.place(place.district),
            n=place.n,
            value=(place.value or 0.0) * scale,
            stands=stands(place),
            text=_hover(place, scale, indicator, view),
        )
        for place in shown
    ]
    centre = drawn.centre * scale
    is_own = indicator.statistic == "expected"
    text = t("together {value}", value=t.compact(centre, indicator.decimals))
    return funnel(
        points,
        _limits(shown, scale),
        centre,
        theme=frame.LIGHT,
        decimals=indicator.decimals,
        centre_text=t("expected") if is_own else text,
        axis=t("number expected here") if is_own else t(indicator.denominator),
        point=t.point,
    )


def _limits(places: list[Place], scale: float) -> list[Limit]:
    by_n = {
        p.n: Limit(p.n, p.far_low * scale, p.low * scale, p.high * scale, p.far_high * scale)
        for p in places
        if p.far_low is not None
        and p.low is not None
        and p.high is not None
        and p.far_high is not None
    }
    return [by_n[n] for n in sorted(by_n)]


def _hover(place: Place, scale: float, indicator: Indicator, view: View) -> str:
    number = (place.value or 0.0) * scale
    value = values.figure(number, indicator, view)
    if indicator.statistic == "expected":
        value = view.t("{n} times what is expected", n=view.t.number(number, 2))
    n = view.t.brief(place.n, 0)
    name = values.district(place.district, view)
    return f"<b>{name}</b><br>{value}, n {n}<br>{view.t(verdict(place))}"
