"""The alarm banner: how many, the first few, how fast they come."""

import dash_svg as svg
from dash import html

from figures import svg as draw
from layouts import states, words
from layouts.component import LiveComponent, Props
from layouts.ids import part, slot
from layouts.parts import (
    age,
    alert_href,
    aria,
    classes,
    indicator_href,
    ms,
    symbol,
    texts,
)
from layouts.view import View
from model import Alert, Snapshot

NAME = "banner"
RATE_SIZE = (210.0, 70.0)
RATE_SLOTS = 24  # columns of ten minutes: four hours
RATE_LIMITS = (1, 2, 10)  # acceptable, manageable, flood: EEMUA 191


def banner(scene: str, cards: int, *, with_rate: bool = True) -> LiveComponent:
    """Return the banner of a scene with a fixed number of card slots."""
    return LiveComponent(
        id=NAME,
        build=lambda view: _build(scene, cards, view, with_rate=with_rate),
        props=lambda snapshot, view: {
            **_count_props(scene, snapshot, view, cards=cards),
            **_card_props(scene, cards, snapshot, view),
            **(_rate_props(scene, snapshot, view) if with_rate else {}),
        },
    )


def _build(scene: str, cards: int, view: View, *, with_rate: bool) -> html.Section:
    return html.Section(
        [
            _counts(scene),
            *(_slot(scene, slot("alarm", index)) for index in range(cards)),
            html.P(id=part(scene, NAME, "calm"), className="bz-banner__calm is-none"),
            *([_rate(scene, view)] if with_rate else []),
        ],
        className="bz-banner",
        **aria(view.t("Alarms")),
    )


def _counts(scene: str) -> html.Div:
    def count(tone: str, letter: str) -> html.Div:
        return html.Div(
            [
                html.Span(
                    html.B(letter),
                    id=part(scene, NAME, f"{tone}-sym"),
                    className=f"bz-sym bz-sym--{tone} is-ack",
                ),
                html.B(id=part(scene, NAME, f"{tone}-count")),
            ],
            id=part(scene, NAME, tone),
            className="bz-count is-zero",
        )

    return html.Div(
        [
            html.Div(
                [count("p1", "1"), count("p2", "2"), count("p3", "3")], className="bz-banner__row"
            ),
            html.Div(
                [
                    html.Span(
                        [symbol("dq", states.ACK, "?"), html.Span(id=part(scene, NAME, "stale"))]
                    ),
                    html.Span(
                        [
                            symbol("s", states.SHELVED, "S"),
                            html.Span(id=part(scene, NAME, "shelved")),
                        ]
                    ),
                ],
                className="bz-banner__row bz-banner__row--meta",
            ),
            html.P(
                [
                    html.Span(id=part(scene, NAME, "oldest-label")),
                    " ",
                    html.B(age(form="clock", id=part(scene, NAME, "oldest"))),
                ],
                className="bz-banner__oldest",
            ),
        ],
        className="bz-banner__counts",
    )


def _slot(scene: str, name: str) -> html.Div:
    return html.Div(
        [
            html.Div(
                [
                    html.Span(html.B(id=part(scene, name, "letter")), id=part(scene, name, "sym")),
                    html.Span(id=part(scene, name, "word"), className="bz-alarm__word"),
                    age(form="clock", id=part(scene, name, "age"), className="bz-alarm__age"),
                ],
                className="bz-alarm__top",
            ),
            html.A(
                [
                    html.B(id=part(scene, name, "area")),
                    html.Span(id=part(scene, name, "owner"), className="bz-alarm__owner is-none"),
                ],
                id=part(scene, name, "open"),
                className="bz-alarm__area",
                href="/alerts",
            ),
            html.A(
                [
                    html.Span(
                        [
                            html.Span(id=part(scene, name, "kpi")),
                            html.B(id=part(scene, name, "value")),
                        ],
                        className="bz-alarm__what",
                    ),
                    html.Span(id=part(scene, name, "limit")),
                ],
                id=part(scene, name, "why"),
                className="bz-alarm__val",
                href="/indicators",
            ),
        ],
        id=part(scene, name, "root"),
        className="bz-alarm is-none",
    )


def _rate(scene: str, view: View) -> html.Div:
    width, height = RATE_SIZE
    levels = [draw.across(draw.level(limit, height), width) for limit in RATE_LIMITS]
    return html.Div(
        [
            html.Div(
                [
                    html.B(id=part(scene, NAME, "rate")),
                    html.Span(view.t("alarms in 10 min")),
                ],
                className="bz-rate__top",
            ),
            svg.Svg(
                [
                    svg.Path(d="".join(levels), className="bz-rate__lim"),
                    svg.Text(
                        view.t("10 = flood"),
                        x="0",
                        y=f"{draw.level(10, height) + 17:.0f}",
                        className="bz-rate__t",
                    ),
                    svg.Path(id=part(scene, NAME, "bars"), d="", className="bz-rate__bar"),
                    svg.Path(id=part(scene, NAME, "now"), d="", className="bz-rate__bar is-now"),
                    svg.Path(d=draw.across(height - 0.5, width), className="bz-chart__axis"),
                ],
                className="bz-rate__svg",
                viewBox=f"0 0 {width:g} {height:g}",
                role="img",
                **aria(view.t("alarms in 10 min")),
            ),
        ],
        className="bz-rate",
    )


def _count_props(scene: str, snapshot: Snapshot, view: View, *, cards: int) -> Props:
    looks = [(alert, states.look(alert)) for alert in snapshot.alerts if states.is_listed(alert)]
    props: Props = {}
    for tone in ("p1", "p2", "p3"):
        some = [(a, seen) for a, seen in looks if seen.tone == tone and seen.is_active]
        state = states.UNACK if any(seen.state == states.UNACK for _, seen in some) else states.ACK
        props[part(scene, NAME, f"{tone}-sym")] = {"className": f"bz-sym bz-sym--{tone} {state}"}
        props[part(scene, NAME, f"{tone}-count")] = {"children": str(len(some))}
        props[part(scene, NAME, tone)] = {
            "className": classes("bz-count", "" if some else "is-zero")
        }
    stale = sum(feed.state.is_frozen for feed in snapshot.feeds)
    shelved = sum(alert.shown == "SHELVED" for alert in snapshot.alerts)
    waiting = [a.raised_at for a, _ in looks if states.is_unacked(a) and a.raised_at]
    hidden = max(0, len(looks) - cards)
    calm = "" if looks else _calm(snapshot, view)
    props.update(
        texts(
            scene,
            NAME,
            {
                "stale": view.t.plural("{n} stale", "{n} stale", stale),
                "shelved": view.t.plural("{n} shelved", "{n} shelved", shelved),
                "oldest-label": _oldest(view, hidden=hidden, is_waiting=bool(waiting))
                if looks
                else "",
            },
        )
    )
    props[part(scene, NAME, "oldest")] = {"data-at": ms(min(waiting, default=None))}
    props[part(scene, NAME, "calm")] = {
        "children": calm,
        "className": classes("bz-banner__calm", "" if calm else "is-none"),
    }
    return props


def _calm(snapshot: Snapshot, view: View) -> str:
    at = view.t.clock(snapshot.published_at, view.city.timezone)
    return view.t("No unacknowledged alarms, {clock}", clock=at)


def _oldest(view: View, *, hidden: int, is_waiting: bool) -> str:
    if hidden and is_waiting:
        return view.t("{n} more, oldest unack.", n=hidden)
    if hidden:
        return view.t("{n} more, all acknowledged", n=hidden)
    return view.t("oldest unack.") if is_waiting else view.t("none unacknowledged")


def _card_props(scene: str, cards: int, snapshot: Snapshot, view: View) -> Props:
    shown = states.ranked(snapshot.alerts)[:cards]
    props: Props = {}
    for index in range(cards):
        name = slot("alarm", index)
        alert = shown[index] if index < len(shown) else None
        props.update(card_props(scene, name, alert, view))
    return props


def card_props(scene: str, name: str, alert: Alert | None, view: View) -> Props:
    """Return the values of one card; an empty slot keeps its place and shows nothing."""
    if alert is None:
        blank = dict.fromkeys(("letter", "word", "area", "owner", "kpi", "value", "limit"), "")
        return _card(
            scene, name, blank, ("bz-alarm is-none", "bz-sym is-none"), ("/alerts", "/indicators")
        )
    seen = states.look(alert)
    indicator = view.indicators.get(alert.indicator or "")
    feed = view.feeds.get(alert.feed or "")
    kpi = words.brief_name(indicator, view) if indicator else view.t(alert.title)
    filled = {
        "letter": seen.letter,
        "word": view.t(seen.word),
        "area": view.t("Feed") if alert.feed else view.place(alert.district),
        "owner": states.initials(alert.acked_by),
        "kpi": (feed.name or feed.id) if feed else kpi,
        "value": words.alarm_value(alert, indicator, view),
        "limit": words.limit(alert, indicator, view),
    }
    why = "/feeds" if alert.feed else indicator_href(alert.indicator, alert.district)
    looks = (f"bz-alarm bz-alarm--{seen.tone} {seen.state}", seen.symbol)
    links = (alert_href(alert.occurrence), why)
    return _card(scene, name, filled, looks, links, raised=ms(alert.raised_at))


def _card(  # noqa: PLR0913, PLR0917 - the parts of one card
    scene: str,
    name: str,
    filled: dict[str, str],
    looks: tuple[str, str],
    links: tuple[str, str],
    raised: int | None = None,
) -> Props:
    props = texts(scene, name, filled)
    owner = "" if filled["owner"] else "is-none"
    props[part(scene, name, "owner")]["className"] = classes("bz-alarm__owner", owner)
    return {
        **props,
        part(scene, name, "root"): {"className": looks[0]},
        part(scene, name, "sym"): {"className": looks[1]},
        part(scene, name, "age"): {"data-at": raised},
        part(scene, name, "open"): {"href": links[0]},
        part(scene, name, "why"): {"href": links[1]},
    }


def _rate_props(scene: str, snapshot: Snapshot, view: View) -> Props:
    counts = snapshot.load.per_10_min[-RATE_SLOTS:]
    bars, now = draw.columns(
        (0,) * (RATE_SLOTS - len(counts)) + tuple(counts), width=RATE_SIZE[0], height=RATE_SIZE[1]
    )
    return {
        part(scene, NAME, "rate"): {"children": view.t.number(snapshot.load.last_10_min)},
        part(scene, NAME, "bars"): {"d": bars},
        part(scene, NAME, "now"): {"d": now},
    }
