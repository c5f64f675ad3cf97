"""The city's score: never without its interval, its coverage and the three weakest figures.

Whole numbers only, for the interval supports no more. A change is told where its own interval
excludes nought, and then with what made it, in parts that add up.
"""

import math
from collections.abc import Mapping, Sequence

from dash import html
from dash.development.base_component import Component

from layouts import words
from layouts.component import LiveComponent, Props
from layouts.desk import links
from layouts.ids import part, slot
from layouts.parts import aria
from layouts.view import View
from model import CityScore, Contribution, DomainScore, Movement, Snapshot

NAME = "score"
DOMAINS, WEAKEST, PARTS = 10, 3, 5
TERMS: Mapping[str, str] = {
    "entered": "figures that can be scored anew",
    "left": "figures that cannot be scored any more",
    "floor": "domains held at the floor",
}


def panel(scene: str) -> LiveComponent:
    """Return the whole panel: city, domains, the weakest, and why it moved."""
    return LiveComponent(
        id=NAME,
        build=lambda view: _panel(scene, view),
        props=lambda snapshot, view: {
            **_city_props(scene, snapshot, view),
            **_domain_props(scene, snapshot.score, view),
            **_moved_props(scene, snapshot.score, view),
        },
    )


def strip(scene: str) -> LiveComponent:
    """Return the city's score as one line, for a page that has little room."""
    return LiveComponent(
        id=NAME,
        build=lambda view: html.A(
            [
                html.Span(view.t("Score of the city"), className="bz-cscore__name"),
                *_figures(scene),
                html.Span(id=_id(scene, "weak"), className="bz-cscore__weak"),
                html.Span(id=_id(scene, "moved"), className="bz-cscore__moved"),
            ],
            id=_id(scene, "root"),
            className="bz-cscore is-none",
            href=links.to(view, links.INDICATORS),
        ),
        props=lambda snapshot, view: _city_props(scene, snapshot, view),
    )


def _id(scene: str, name: str) -> str:
    return part(scene, NAME, name)


def _figures(scene: str) -> list[Component]:
    return [
        html.B(id=_id(scene, "value"), className="bz-dom__v"),
        html.Div(id=_id(scene, "bar"), className="bz-score is-unsure", role="img"),
        html.Span(id=_id(scene, "range"), className="bz-cscore__range"),
    ]


def _panel(scene: str, view: View) -> html.Section:
    t = view.t
    domains = [
        html.Li(
            [
                html.H4(id=_id(scene, f"{slot('dom', n)}-name")),
                html.B(id=_id(scene, f"{slot('dom', n)}-value"), className="bz-dom__v"),
                html.Div(
                    id=_id(scene, f"{slot('dom', n)}-bar"),
                    className="bz-score is-unsure",
                    role="img",
                ),
                html.Span(id=_id(scene, f"{slot('dom', n)}-range"), className="bz-cscore__range"),
            ],
            id=_id(scene, slot("dom", n)),
            className="is-none",
        )
        for n in range(DOMAINS)
    ]
    parts = [
        html.Li(
            [
                html.Span(id=_id(scene, f"{slot('part', n)}-name")),
                html.B(id=_id(scene, slot("part", n))),
            ],
            id=_id(scene, f"{slot('part', n)}-row"),
            className="is-none",
        )
        for n in range(PARTS + 1)
    ]
    return html.Section(
        [
            html.Div(
                [
                    html.H3(t("Score of the city")),
                    *_figures(scene),
                    html.P(id=_id(scene, "weak"), className="bz-cscore__weak"),
                ],
                className="bz-scores__city",
            ),
            html.Ul(domains, className="bz-scores__domains", **aria(t("Scores by domain"))),
            html.Div(
                [
                    html.H4(t("Why it moved")),
                    html.P(id=_id(scene, "moved")),
                    html.Ul(parts, className="bz-scores__parts"),
                ],
                className="bz-scores__why",
            ),
        ],
        id=_id(scene, "root"),
        className="bz-scores is-none",
        **aria(t("Score of the city")),
    )


def _city_props(scene: str, snapshot: Snapshot, view: View) -> Props:
    found, t = snapshot.score, view.t
    base = "bz-scores" if scene == "indicators" else "bz-cscore"
    if found is None:
        return {_id(scene, "root"): {"className": f"{base} is-none"}}
    names = [_short(key, view) for key in found.weakest]
    weak = t("weakest: {names}", names=t.listing(names)) if names else ""
    return {
        _id(scene, "root"): {"className": base},
        _id(scene, "value"): _value(found.shown, view),
        _id(scene, "bar"): _bar(found, view),
        _id(scene, "range"): {"children": _range(found, view)},
        _id(scene, "weak"): {"children": weak},
        _id(scene, "moved"): {"children": _moved(found.moved, view)},
    }


def _short(key: str, view: View) -> str:
    indicator = view.indicators.get(key)
    return words.brief_name(indicator, view) if indicator else key


def _value(shown: int | None, view: View) -> dict[str, str]:
    """Return the whole number, or that there is none."""
    if shown is None:
        return {"children": view.t("n/a"), "className": "bz-dom__v is-unsure"}
    return {"children": view.t.number(shown), "className": "bz-dom__v"}


def _ends(found: CityScore | DomainScore) -> tuple[int, int] | None:
    """Return P5 and P95 as whole numbers, outwards."""
    if found.low is None or found.high is None:
        return None
    return math.floor(found.low), math.ceil(found.high)


def _bar(found: CityScore | DomainScore, view: View) -> dict[str, object]:
    ends = _ends(found)
    if found.shown is None:
        return {
            "className": "bz-score is-unsure",
            "style": {},
            "aria-label": view.t("not published"),
        }
    ends = ends or (found.shown, found.shown)
    return {
        "className": "bz-score",
        "style": {"--v": found.shown, "--a": ends[0], "--b": ends[1], "--p": -9},
        "aria-label": _range(found, view),
    }


def _range(found: CityScore | DomainScore, view: View) -> str:
    """Return the interval and the coverage; where nothing is published, only the coverage."""
    t, ends = view.t, _ends(found)
    coverage = t("coverage {share}", share=t.quantity(math.floor(found.coverage * 100), "%"))
    if found.shown is None:
        return coverage
    parts = [t("{low} to {high}", low=t.number(ends[0]), high=t.number(ends[1]))] if ends else []
    if isinstance(found, DomainScore) and found.is_capped:
        parts.append(t("capped by an alarm"))
    return ", ".join([*parts, coverage])


def _moved(moved: Movement | None, view: View) -> str:
    t = view.t
    if moved is None:
        return t("not known yet")
    if not moved.is_clear:
        low, high = math.floor(moved.low), math.ceil(moved.high)
        return t(
            "no clear change since yesterday ({low} to {high})",
            low=_signed(low, view),
            high=_signed(high, view),
        )
    return t("{points} points since yesterday", points=_signed(round(moved.points), view))


def _signed(value: int, view: View) -> str:
    text = view.t.number(value)
    return f"+{text}" if value > 0 else f"±{text}" if value == 0 else text


def _domain_props(scene: str, found: CityScore | None, view: View) -> Props:
    domains = found.domains[:DOMAINS] if found else ()
    props: Props = {}
    for n in range(DOMAINS):
        name, one = slot("dom", n), domains[n] if n < len(domains) else None
        props[_id(scene, name)] = {"className": "" if one else "is-none"}
        if one is None:
            continue
        props[_id(scene, f"{name}-name")] = {"children": view.t(one.domain.capitalize())}
        props[_id(scene, f"{name}-value")] = _value(one.shown, view)
        props[_id(scene, f"{name}-bar")] = _bar(one, view)
        props[_id(scene, f"{name}-range")] = {"children": _range(one, view)}
    return props


def _moved_props(scene: str, found: CityScore | None, view: View) -> Props:
    moved = found.moved if found else None
    parts = shares(moved) if moved and moved.is_clear else []
    props: Props = {}
    for n in range(PARTS + 1):
        name = slot("part", n)
        term, points = parts[n] if n < len(parts) else ("", 0)
        text = view.t(TERMS[term]) if term in TERMS else _short(term, view)
        props[_id(scene, f"{name}-row")] = {"className": "" if term else "is-none"}
        props[_id(scene, f"{name}-name")] = {
            "children": view.t("all others") if term == REST else text
        }
        props[_id(scene, name)] = {"children": _signed(points, view) if term else ""}
    return props


REST = "rest"


def shares(moved: Movement) -> list[tuple[str, int]]:
    """Return what made a change, in whole points that add up to it, the largest first.

    The largest remainders are rounded away from their floor, so that the sum is that of the
    rounded change; all beyond the first are told together.
    """
    ordered = sorted(moved.contributions, key=lambda one: -abs(one.points))
    named = [one for one in ordered[:PARTS] if abs(one.points) >= 0.5]  # noqa: PLR2004 - a point
    rest = sum(one.points for one in ordered if one not in named)
    some = [*named, *([Contribution(term=REST, points=rest)] if len(named) < len(ordered) else [])]
    return _rounded(some, round(moved.points))


def _rounded(some: Sequence[Contribution], total: int) -> list[tuple[str, int]]:
    floors = [math.floor(one.points) for one in some]
    order = sorted(range(len(some)), key=lambda n: floors[n] - some[n].points)
    lack = total - sum(floors)
    for n in order[: max(0, lack)]:
        floors[n] += 1
    return [(one.term, points) for one, points in zip(some, floors, strict=True)]
