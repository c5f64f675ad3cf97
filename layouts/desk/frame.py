"""The frame of every desk page: rail, head, the band of a dead display, and the page itself."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from dash import html
from dash.development.base_component import Component

from layouts import states
from layouts.component import LiveComponent, Props, Scene
from layouts.desk import links, status
from layouts.header import not_live
from layouts.ids import part
from layouts.parts import aria, classes, icon
from layouts.view import View
from layouts.walls import live_data
from model import Snapshot
from texts import LOCALES

NAME = "rail"
DARK, LIGHT = "dark", "light"
ROOMS = (  # key, path, message, icon; a later room is one more line
    ("home", links.HOME, "Today", "home"),
    ("alerts", links.ALERTS, "Alerts", "alerts"),
    ("wall", "/wall", "Wall", "wall"),
    ("", "", "", ""),
    ("indicators", links.INDICATORS, "Indicators", "book"),
    ("feeds", links.FEEDS, "Feeds", "feeds"),
)


def rail(scene: str, here: str) -> LiveComponent:
    """Return the navigation; beside Alerts and Feeds it shows what waits there."""
    return LiveComponent(
        id=NAME,
        build=lambda view: _build(scene, here, view),
        props=lambda snapshot, view: _props(scene, snapshot, view),
    )


def desk(  # noqa: PLR0913 - what one desk page is made of
    scene: Scene,
    view: View,
    built: Mapping[str, Component],
    *,
    theme: str,
    kind: str,
    children: Sequence[Any],
) -> html.Div:
    """Return the root of a desk page. ``kind`` is the class of its page grid."""
    return html.Div(
        [
            built[NAME],
            html.Div(
                [
                    built[status.NAME],
                    html.Div(not_live(view), className="bz-desk__dead"),
                    html.Main(
                        list(children), className=f"bz-page {kind}", id=part(scene.id, "page", "m")
                    ),
                ],
                className="bz-main",
            ),
        ],
        className="bz-screen bz-desk",
        lang=view.locale,
        **{**live_data(scene, view), "data-theme": theme},
    )


def languages(scene: str, path: str, **query: str | int | None) -> Props:
    """Return the links that show this very page in each language."""
    kept = {key: value for key, value in query.items() if value not in (None, "")}
    return {
        part(scene, NAME, f"lang-{locale}"): {
            "href": f"{path}?{urlencode({**kept, 'lang': locale})}"
        }
        for locale in LOCALES
    }


def _build(scene: str, here: str, view: View) -> html.Aside:
    return html.Aside(
        [
            html.A(
                [html.Span(className="bz-logo"), html.B("Bartizan")],
                className="bz-rail__brand",
                href=links.to(view, links.HOME),
            ),
            html.P(view.city.name, className="bz-rail__city"),
            html.Nav(
                [_item(scene, *room, here=here, view=view) for room in ROOMS],
                className="bz-nav",
                **aria(view.t("Main")),
            ),
            html.Div(
                html.Div(
                    [
                        icon("globe"),
                        *(
                            html.A(
                                locale.upper(),
                                id=part(scene, NAME, f"lang-{locale}"),
                                className=classes(
                                    "bz-rail__lang", "is-on" if locale == view.locale else ""
                                ),
                                href=f"?lang={locale}",
                                hrefLang=locale,
                            )
                            for locale in LOCALES
                        ),
                    ],
                    className="bz-rail__row bz-rail__langs",
                ),
                className="bz-rail__foot",
            ),
        ],
        className="bz-rail",
    )


def _item(scene: str, key: str, path: str, word: str, mark: str, **at: Any) -> Component:
    if not key:
        return html.Span(className="bz-nav__gap")
    here, view = at["here"], at["view"]
    is_here = key == here
    more = [_marks(scene, key)] if key in ("alerts", "feeds") else []
    current: dict[str, Any] = {"aria-current": "page"} if is_here else {}
    return html.A(
        [icon(mark), html.Span(view.t(word)), *more],
        className=classes("bz-nav__a", "is-here" if is_here else ""),
        href=links.to(view, path),
        **current,
    )


def _marks(scene: str, key: str) -> html.Span:
    tones = (("p1", "1"), ("p2", "2")) if key == "alerts" else (("dq", "?"),)
    return html.Span(
        [
            html.Span(
                html.B(letter),
                id=part(scene, NAME, f"{key}-{tone}"),
                className=f"bz-sym bz-sym--{tone} is-none",
            )
            for tone, letter in tones
        ],
        className="bz-nav__n",
    )


def _props(scene: str, snapshot: Snapshot, _: View) -> Props:
    counts = status.counts(snapshot)
    found: Props = {}
    for tone in ("p1", "p2"):
        n, is_new = counts[tone]
        state = "is-none" if not n else states.UNACK if is_new else states.ACK
        found[part(scene, NAME, f"alerts-{tone}")] = {"className": f"bz-sym bz-sym--{tone} {state}"}
    is_frozen = any(feed.state.is_frozen for feed in snapshot.feeds)
    found[part(scene, NAME, "feeds-dq")] = {
        "className": "bz-sym bz-sym--dq " + (states.ACK if is_frozen else "is-none")
    }
    return found
