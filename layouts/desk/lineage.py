"""What a feed freezes when it is silent: its indicators, and the rules that judge them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import dash_svg as svg
from dash import html
from dash.development.base_component import Component

from figures import svg as draw
from layouts import plaintext, states
from layouts.component import Props
from layouts.desk import links
from layouts.ids import part, slot
from layouts.parts import classes
from layouts.view import View
from model import Alert, FeedState, Indicator, Rule, Snapshot

Thing = TypeVar("Thing")

SCOPE, NAME = "feed", "lineage"
INDICATORS, RULES = 6, 6
WIDTH, ROW = 520.0, 31.0
_BOX, _FIRST, _FIRST_END, _SECOND = 113.0, 150.0, 288.0, 338.0
_BOX_MOST, _FIRST_MOST, _SECOND_MOST = 14, 19, 25  # letters
_MARK = 13.0


@dataclass(frozen=True, slots=True)
class Lineage:
    """What rests on a feed; the last of a long list stands for the rest (``more``)."""

    indicators: tuple[Indicator, ...]
    more_indicators: int
    rules: tuple[Rule, ...]
    more_rules: int
    alerts: Mapping[str, Sequence[Alert]]

    @property
    def left(self) -> int:
        """Rows in the middle."""
        return len(self.indicators) + (self.more_indicators > 0)

    @property
    def right(self) -> int:
        """Rows at the right."""
        return len(self.rules) + (self.more_rules > 0)


def key(name: str) -> str:
    """Return the id of one part of the drawing."""
    return part(SCOPE, NAME, name)


def drawing() -> html.Div:
    """Return the empty drawing."""
    middle = [_item("ind", n, _FIRST + 7) for n in range(INDICATORS)]
    end = [_item("rule", n, _SECOND + 7, with_mark=True) for n in range(RULES)]
    return html.Div(
        [
            svg.Svg(
                [
                    svg.Path(id=key("edges"), d="", className="bz-lineage__e"),
                    svg.Path(id=key("box"), d="", className="bz-lineage__n"),
                    svg.Text(
                        id=key("name"), x=f"{_BOX / 2:g}", y="0", className="bz-lineage__t is-mid"
                    ),
                    *middle,
                    *end,
                ],
                id=key("svg"),
                className="bz-lineage is-none",
                viewBox=f"0 0 {WIDTH:g} {ROW:g}",
                role="img",
            ),
            html.P(id=key("said"), className="bz-fsec__note"),
        ]
    )


def _item(kind: str, n: int, x: float, *, with_mark: bool = False) -> Component:
    name = slot(kind, n)
    inside: list[Component] = [
        svg.Text(id=key(name), x=f"{x:g}", y="0", className="bz-lineage__t"),
    ]
    if with_mark:
        inside.append(
            svg.G(
                svg.Path(id=key(f"{name}-mark"), d=""), id=key(f"{name}-sign"), className="bz-mark"
            )
        )
    return html.A([*inside, html.Title(id=key(f"{name}-title"))], id=key(f"{name}-link"))


def lineage(feed: FeedState, snapshot: Snapshot, view: View) -> Lineage:
    """Return what rests on a feed; rules with a live alarm come first."""
    known = [view.indicators[one] for one in feed.indicators if one in view.indicators]
    ids = {one.id for one in known}
    alerts: dict[str, list[Alert]] = {}
    for alert in states.ranked(snapshot.alerts):
        alerts.setdefault(alert.rule, []).append(alert)
    rules = sorted(
        (rule for rule in view.rules.values() if rule.indicator in ids),
        key=lambda rule: rule.id not in alerts,
    )
    first, more = _cut(known, INDICATORS)
    last, others = _cut(rules, RULES)
    return Lineage(first, more, last, others, alerts)


def _cut(items: Sequence[Thing], most: int) -> tuple[tuple[Thing, ...], int]:
    """Return what has room, and how many have none; their number takes the last row."""
    if len(items) <= most:
        return tuple(items), 0
    return tuple(items[: most - 1]), len(items) - most + 1


def props(feed: FeedState, snapshot: Snapshot, view: View) -> Props:
    """Return every value of the drawing."""
    found = lineage(feed, snapshot, view)
    rows = max(found.left, found.right, 1)
    height = rows * ROW
    left = _heights(found.left, height)
    right = _heights(found.right, height)
    middle = height / 2
    is_dead = feed.state.is_frozen
    text_y = f"{middle + 5:g}"
    drawn: Props = {
        key("svg"): {
            "viewBox": f"0 0 {WIDTH:g} {height:g}",
            "className": classes("bz-lineage", "" if found.left else "is-none"),
            "aria-label": _said(found, feed, view),
        },
        key("box"): {
            "d": f"M.5,{middle - 16:g}h{_BOX - 1:g}v32h-{_BOX - 1:g}Z",
            "className": classes("bz-lineage__n", "is-dead" if is_dead else "is-alive"),
        },
        key("name"): {"children": plaintext.line(feed.name, _BOX_MOST), "y": text_y},
        key("edges"): {"d": _edges(found, middle, left, right)},
        key("said"): {"children": _said(found, feed, view)},
    }
    drawn.update(_indicator_props(found, left, view))
    drawn.update(_rule_props(found, right, view))
    return drawn


def _heights(n: int, height: float) -> list[float]:
    return [height * (index + 0.5) / n for index in range(n)] if n else []


def _edges(found: Lineage, middle: float, left: list[float], right: list[float]) -> str:
    curves = [_curve(_BOX, middle, _FIRST, y) for y in left]
    row_of = {one.id: left[n] for n, one in enumerate(found.indicators)}
    for n, rule in enumerate(found.rules):
        start = row_of.get(rule.indicator or "", left[-1] if left else middle)
        curves.append(_curve(_FIRST_END, start, _SECOND, right[n]))
    if found.more_rules and right:
        curves += [_curve(_FIRST_END, y, _SECOND, right[-1]) for y in left[-1:]]
    return "".join(curves)


def _curve(x0: float, y0: float, x1: float, y1: float) -> str:
    bend = (x1 - x0) * 0.6
    return f"M{x0:g},{y0:.1f}C{x0 + bend:.0f},{y0:.1f} {x1 - bend:.0f},{y1:.1f} {x1:g},{y1:.1f}"


def _indicator_props(found: Lineage, left: list[float], view: View) -> Props:
    props: Props = {}
    for n in range(INDICATORS):
        name, text, title, href = slot("ind", n), "", "", links.indicator(view, None)
        if n < len(found.indicators):
            one = found.indicators[n]
            title, href = view.t(one.title), links.indicator(view, one.id)
            text = plaintext.line(title, _FIRST_MOST)
        elif n == len(found.indicators) and found.more_indicators:
            many = found.more_indicators
            text = view.t.plural("{n} more indicator", "{n} more indicators", many)
        props.update(_words(name, text, title, href, left[n] if n < len(left) else 0.0))
    return props


def _rule_props(found: Lineage, right: list[float], view: View) -> Props:
    props: Props = {}
    for n in range(RULES):
        name, text, title = slot("rule", n), "", ""
        href = links.to(view, links.ALERTS)
        y = right[n] if n < len(right) else 0.0
        standing: Sequence[Alert] = ()
        if n < len(found.rules):
            rule = found.rules[n]
            standing = found.alerts.get(rule.id, ())
            title = view.t(rule.title)
            if standing:
                word = view.t(states.look(standing[0]).word)
                many = f" ×{len(standing)}" if len(standing) > 1 else ""
                title, href = f"{word}{many}: {title}", links.alert(view, standing[0].occurrence)
            else:
                href = links.indicator(view, rule.indicator)
            text = plaintext.line(title, _SECOND_MOST - 2 if standing else _SECOND_MOST)
        elif n == len(found.rules) and found.more_rules:
            text = view.t.plural("{n} more rule", "{n} more rules", found.more_rules)
        props.update(_words(name, text, title, href, y))
        props.update(_marked(name, standing, y))
        props[key(name)]["x"] = f"{_SECOND + 7 + (_MARK + 6 if standing else 0):g}"
    return props


def _words(name: str, text: str, title: str, href: str, y: float) -> Props:
    return {
        key(name): {"children": text, "y": f"{y + 5:.1f}"},
        key(f"{name}-title"): {"children": title},
        key(f"{name}-link"): {"href": href, "className": "" if text else "is-none"},
    }


def _marked(name: str, standing: Sequence[Alert], y: float) -> Props:
    """Return the symbol of the alarm that stands on a rule, and room for it before the words."""
    seen = states.look(standing[0]) if standing else None
    tone = seen.tone if seen and seen.tone in ("p1", "p2", "p3") else "dq"
    return {
        key(f"{name}-mark"): {
            "d": draw.mark(tone, _SECOND + 7 + _MARK / 2, y, _MARK) if seen else ""
        },
        key(f"{name}-sign"): {
            "className": f"bz-mark bz-mark--{tone} {seen.state}" if seen else "bz-mark is-none"
        },
    }


def _said(found: Lineage, feed: FeedState, view: View) -> str:
    t = view.t
    many = len(found.indicators) + found.more_indicators
    rules = len(found.rules) + found.more_rules
    if not many and feed.gives == "notice":
        return t("No indicator rests on it: it is shown on the maps and in the list of notices.")
    if not many:
        return t("No indicator of this city rests on it now.")
    counted = t.listing(
        [
            t.plural("{n} indicator", "{n} indicators", many),
            t.plural("{n} rule", "{n} rules", rules),
        ]
    )
    if feed.state.is_frozen:
        return t("Unknown now: {list}.", list=counted)
    return t("Unknown if it falls silent: {list}.", list=counted)
