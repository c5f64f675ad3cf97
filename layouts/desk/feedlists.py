"""Which feeds a list shows and in which order: the worst first, by domain, or all of them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts.component import LiveComponent, Props
from layouts.desk import links
from layouts.ids import part
from layouts.parts import aria, classes, icon
from layouts.view import View
from model import FeedState, Quality, Snapshot

WORST, DOMAIN, ALL = "worst", "domain", "all"
WORDS = {WORST: "Worst first", DOMAIN: "By domain", ALL: "All"}
GIVES = {"notice": "Works and notices", "case": "Services", "observation": "Other feeds"}
MOST = 16  # rows of the list of the worst; the rest is counted and one step away
SPARE = 2  # nobody is sent to another list for as few as these
BAR = "bar"
CSV, FILE = part("feeds", "csv", "button"), part("feeds", "csv", "file")


def slots(kept: str, view: View) -> int:
    """Return how many rows a list has."""
    all_of_them = len(view.feeds)
    return MOST if kept == WORST and all_of_them > MOST + SPARE else all_of_them


def worst_first(feeds: Sequence[FeedState]) -> list[FeedState]:
    """Return feeds by quality, the worst first; equals keep the city pack's order."""
    return sorted(feeds, key=lambda feed: (-feed.state.rank, -feed.failures))


def arranged(kept: str, snapshot: Snapshot, view: View) -> list[tuple[str, FeedState]]:
    """Return the feeds of a list, each with the heading that it stands under (empty for none)."""
    if kept == WORST:
        return [("", feed) for feed in worst_first(snapshot.feeds)]
    if kept == ALL:
        return [("", feed) for feed in snapshot.feeds]
    order = list(dict.fromkeys(one.domain.capitalize() for one in view.indicators.values()))
    order += [word for word in GIVES.values() if word not in order]
    found = [(domain(feed, view), feed) for feed in worst_first(snapshot.feeds)]
    return sorted(found, key=lambda pair: order.index(pair[0]))


def domain(feed: FeedState, view: View) -> str:
    """Return the domain that most of a feed's indicators are of, else what it gives."""
    known = Counter(
        view.indicators[key].domain.capitalize()
        for key in feed.indicators
        if key in view.indicators
    )
    return known.most_common(1)[0][0] if known else GIVES.get(feed.gives, GIVES["observation"])


def bar(scene: str, kept: str) -> LiveComponent:
    """Return the bar above the list: which list, and the way to take it along."""
    return LiveComponent(
        id=BAR,
        build=lambda view: _build(scene, kept, view),
        props=lambda snapshot, view: _props(scene, kept, snapshot, view),
    )


def _build(scene: str, kept: str, view: View) -> html.Div:
    t = view.t
    return html.Div(
        [
            html.Nav(
                [_chip(scene, key, word, kept, view) for key, word in WORDS.items()],
                className="bz-bar",
                **aria(t("Which feeds")),
            ),
            html.Span(
                [
                    html.Button(
                        [icon("export"), "CSV"],
                        id=CSV,
                        type="button",
                        n_clicks=0,
                        className="bz-btn bz-btn--small",
                        **aria(t("Download the list as CSV")),
                    ),
                    dcc.Download(id=FILE),
                ],
                className="bz-bar__end",
            ),
        ],
        className="bz-bar bz-flist__bar",
    )


def _chip(scene: str, key: str, word: str, kept: str, view: View) -> Component:
    current: dict[str, Any] = {"aria-current": "true"} if key == kept else {}
    return html.A(
        [view.t(word), *([html.B(str(len(view.feeds)))] if key == ALL else [])],
        id=part(scene, BAR, key),
        className=classes("bz-chip", "is-on" if key == kept else ""),
        href=links.feeds(view, key),
        **current,
    )


def more(scene: str) -> html.P:
    """Return the line under a list that does not show every feed."""
    return html.P(html.A(id=part(scene, BAR, "more"), href=links.FEEDS), className="bz-flist__more")


def _props(scene: str, kept: str, snapshot: Snapshot, view: View) -> Props:
    rest = worst_first(snapshot.feeds)[slots(kept, view) :]
    text = ""
    if rest and all(feed.state is Quality.GOOD for feed in rest):
        text = view.t.plural("{n} more, good", "{n} more, all good", len(rest))
    elif rest:
        text = view.t.plural("{n} more", "{n} more", len(rest))
    return {part(scene, BAR, "more"): {"children": text, "href": links.feeds(view, ALL)}}
