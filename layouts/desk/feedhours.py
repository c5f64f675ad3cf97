"""Rows accepted and rejected per hour: two strips on one line of time, with their own tops."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import dash_svg as svg
from dash import html

from figures import hours as draw
from layouts.component import Props
from layouts.ids import part, slot
from layouts.parts import HIDDEN
from layouts.view import View
from model import FeedState

SCOPE, NAME = "feed", "hours"
HOURS = 48
WIDTH, HEIGHT = 520.0, 120.0
_UP, _DOWN = (18.0, 38.0), (60.0, 28.0)  # top and height of each strip
_HOUR = timedelta(hours=1)

Row = tuple[datetime, int | None, int | None]


def key(name: str) -> str:
    """Return the id of one part of the chart."""
    return part(SCOPE, NAME, name)


def chart() -> html.Figure:
    """Return the chart, empty; every hour says its numbers when it is pointed at."""
    step = WIDTH / HOURS
    hit = [
        svg.Rect(
            html.Title(id=key(slot("t", n))),
            x=f"{n * step:.2f}",
            y="0",
            width=f"{step:.2f}",
            height=f"{_DOWN[0] + _DOWN[1]:g}",
            className="bz-hours__hit",
        )
        for n in range(HOURS)
    ]
    words = [
        _text("top-a", 0, 12, "bz-hours__t"),
        _text("top-r", 0, HEIGHT - 17, "bz-hours__t"),
        _text("from", 0, HEIGHT, "bz-hours__x"),
        _text("mid", WIDTH / 2, HEIGHT, "bz-hours__x bz-hours__x--mid"),
        _text("now", WIDTH, HEIGHT, "bz-hours__x bz-hours__x--end"),
    ]
    base = sum(_UP)
    return html.Figure(
        [
            svg.Svg(
                [
                    svg.Path(d=f"M0,{base:g}H{WIDTH:g}", className="bz-hours__base"),
                    svg.Path(id=key("a"), d="", className="bz-hours__a"),
                    svg.Path(id=key("r"), d="", className="bz-hours__r"),
                    *words,
                    *hit,
                ],
                viewBox=f"0 0 {WIDTH:g} {HEIGHT + 4:g}",
                className="bz-hours",
                **HIDDEN,
            ),
            html.Figcaption(id=key("said"), className="bz-fsec__note"),
        ],
        className="bz-hours__fig",
    )


def _text(name: str, x: float, y: float, look: str) -> svg.Text:
    return svg.Text(id=key(name), x=f"{x:g}", y=f"{y:g}", className=look)


def rows(feed: FeedState, now: datetime) -> list[Row]:
    """Return the last 48 clock hours, the oldest first; ``None`` where none was counted."""
    known = {datetime.fromisoformat(at): (a, r) for at, a, r in feed.hours}
    last = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    times = [last - _HOUR * back for back in range(HOURS - 1, -1, -1)]
    return [(at, *known.get(at, (None, None))) for at in times]


def props(feed: FeedState, now: datetime, view: View) -> Props:
    """Return the bars, their tops and their words."""
    t, found = view.t, rows(feed, now)
    accepted, rejected = [a for _, a, _ in found], [r for *_, r in found]
    base = sum(_UP)
    zone = view.city.timezone
    said = {
        "top-a": t("accepted, {n} in the best hour", n=t.number(_top(accepted))),
        "top-r": t("rejected, {n} in the worst hour", n=t.number(_top(rejected))),
        "from": _when(found[0][0], view),
        "mid": _when(found[HOURS // 2][0], view),
        "now": t("now"),
        "said": _said(accepted, rejected, view),
    }
    if not feed.hours:
        said = dict.fromkeys(said, "") | {"said": t("No hour has been counted yet.")}
    props: Props = {key(name): {"children": text} for name, text in said.items()}
    props[key("a")] = {"d": draw.bars(accepted, width=WIDTH, base=base, height=_UP[1])}
    props[key("r")] = {
        "d": draw.bars(
            [count or None for count in rejected],  # nothing refused is nothing drawn
            width=WIDTH,
            base=_DOWN[0],
            height=_DOWN[1],
            is_down=True,
        )
    }
    for n, (at, a, r) in enumerate(found):
        text = t("{clock}: not asked, or no answer", clock=t.clock(at, zone))
        if a is not None and r is not None:
            text = t(
                "{clock}: {a} accepted, {r} rejected",
                clock=t.clock(at, zone),
                a=t.number(a),
                r=t.number(r),
            )
        props[key(slot("t", n))] = {"children": text}
    return props


def _when(at: datetime, view: View) -> str:
    """Return weekday and clock, as short as an axis needs them."""
    zone = view.city.timezone
    return f"{view.t.date(at, zone).partition(' ')[0]} {view.t.clock(at, zone)}"


def _top(counts: Sequence[int | None]) -> int:
    return max((count for count in counts if count is not None), default=0)


def _said(accepted: Sequence[int | None], rejected: Sequence[int | None], view: View) -> str:
    t = view.t
    good, bad = sum(filter(None, accepted)), sum(filter(None, rejected))
    silent = sum(count is None for count in accepted)
    text = t("{a} accepted and {r} rejected in 48 h.", a=t.number(good), r=t.number(bad))
    if silent:
        text += " " + t.plural("{n} hour without a row.", "{n} hours without a row.", silent)
    return text
