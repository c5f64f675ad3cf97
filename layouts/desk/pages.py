"""The desk pages by path, with what an address may ask of them."""

from collections.abc import Callable
from dataclasses import replace

import structlog
from dash.development.base_component import Component

from layouts.component import fill, scene_layout
from layouts.context import PageContext
from layouts.desk import frame, links
from layouts.desk.alertdesk import alert_page
from layouts.desk.alerts import ALERTS
from layouts.desk.catalogue import INDICATORS, catalogue_page
from layouts.desk.feeds import FEEDS, feed_page
from layouts.desk.home import HOME
from layouts.desk.indicator import INDICATOR, indicator_page, is_place
from layouts.view import View
from metrics import INDICATORS as CATALOGUE

log = structlog.get_logger("desk")

DESKS = {
    scene.id: scene for scene in (HOME, *ALERTS.values(), *FEEDS.values(), INDICATORS, INDICATOR)
}
ASKED = (
    *("alert", "id", "state", "page", "feed", "list", "before", "district", "span"),
    *("q", "domain"),
)
REASON_MOST = 1000  # letters of why a row was refused: longer than any id


def register(context: PageContext, page: Callable[..., None]) -> None:
    """Register every desk page by ``page`` (name, path, title, layout)."""

    def view(query: dict[str, object]) -> View:
        return context.view(links.asked(query.get("lang")) or links.asked(query.get("locale")))

    def home(**query: object) -> Component:
        return drawn(context, lambda some: _home(some, view(query)))

    def alerts(**query: object) -> Component:
        return drawn(context, lambda some: alert_page(some, view(query), wanted(query)))

    def feeds(**query: object) -> Component:
        return drawn(context, lambda some: feed_page(some, view(query), wanted(query)))

    def catalogue(**query: object) -> Component:
        return drawn(context, lambda some: catalogue_page(some, view(query), wanted(query)))

    def indicator(key: object = None, **query: object) -> Component:
        name = links.asked(key)
        return drawn(context, lambda some: indicator_page(some, view(query), name, wanted(query)))

    page("home", path=links.HOME, title="Bartizan", layout=home)
    page("alerts", path=links.ALERTS, title="Bartizan, alerts", layout=alerts)
    page("feeds", path=links.FEEDS, title="Bartizan, feeds", layout=feeds)
    page("indicators", path=links.INDICATORS, title="Bartizan, indicators", layout=catalogue)
    page(
        "indicator",
        path_template=f"{links.INDICATORS}/<key>",
        title="Bartizan, indicator",
        layout=indicator,
    )


def _home(context: PageContext, view: View) -> Component:
    root = scene_layout(HOME, context.latest(), view)
    return fill(root, frame.languages(HOME.id, links.HOME))


def drawn(context: PageContext, make: Callable[[PageContext], Component]) -> Component:
    """Draw a page; where its data break it, draw it empty, and let the stream fill what it can.

    The stream leaves out the one component that is broken, so that an operator keeps the rest.
    """
    try:
        return make(context)
    except Exception:
        log.exception("page broken")
        return make(replace(context, latest=lambda: None))


def wanted(query: dict[str, object]) -> dict[str, str | None]:
    """Return what an address may ask, each as one short text; all else is ignored."""
    found = {name: links.asked(query.get(name)) for name in ASKED}
    return {**found, "reason": links.asked(query.get("reason"), REASON_MOST)}


def is_known(parts: list[str], view: View, district: str | None = None) -> bool:
    """Whether a desk page answers at a path."""
    match parts:
        case [] | ["alerts"] | ["feeds"] | ["indicators"]:
            return True
        case ["indicators", key]:
            is_asked = key in view.indicators or key in CATALOGUE
            return is_asked and (not district or is_place(district, view))
    return False
