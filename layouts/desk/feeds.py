"""The feeds: which of them may be believed, and the chosen one in detail."""

from collections.abc import Mapping

from dash import html
from dash.development.base_component import Component

from layouts.component import Props, Scene, fill, scene_layout
from layouts.context import PageContext
from layouts.desk import feeddetail, frame, links, status
from layouts.desk.feeddetail import Subject
from layouts.desk.feedpanel import CHOSEN, panel
from layouts.desk.feedrows import ROWS, SUM, rows, summary
from layouts.desk.pulse import digest, pulse, slow
from layouts.parts import aria
from layouts.view import View
from model import Snapshot

PAGE = "feeds"
REFRESH_S = 15  # how often the chosen feed is drawn anew while nothing happens to it


def _beat(snapshot: Snapshot) -> str:
    return digest(
        (
            slow(snapshot, REFRESH_S),
            *((f.id, f.state, f.failures, f.rejected, f.last_error) for f in snapshot.feeds),
        )
    )


def _arrange(view: View, built: Mapping[str, Component]) -> Component:
    children = [
        built[SUM],
        html.Section(
            html.Div(built[ROWS], className="bz-list__table"),
            className="bz-flist",
            **aria(view.t("Feeds, worst first")),
        ),
        panel(view),
        built["pulse"],
    ]
    return frame.desk(FEEDS, view, built, theme=frame.DARK, kind="bz-feeds", children=children)


FEEDS = Scene(
    id=PAGE,
    title="Feeds",
    components=(
        frame.rail(PAGE, "feeds"),
        status.top(PAGE, "Feeds", "age counts from the time in the data, not from the last answer"),
        summary(PAGE),
        rows(PAGE),
        pulse(PAGE, _beat),
    ),
    arrange=_arrange,
)


def feed_page(context: PageContext, view: View, query: dict[str, str | None]) -> Component:
    """Return the page as an address asks for it."""
    snapshot = context.latest()
    chosen = query.get("feed")
    root = scene_layout(FEEDS, snapshot, view)
    fill(root, feeddetail.props(subject_of(chosen, context, snapshot), snapshot, view))
    filled: Props = {
        CHOSEN: {"data": {"feed": chosen, "locale": view.locale}},
        **frame.languages(PAGE, links.FEEDS, feed=chosen),
    }
    return fill(root, filled)


def subject_of(chosen: str | None, context: PageContext, snapshot: Snapshot | None) -> Subject:
    """Return all that the panel tells of a feed."""
    if not chosen or snapshot is None:
        return Subject(is_asked=bool(chosen))
    feed = next((one for one in snapshot.feeds if one.id == chosen), None)
    if feed is None:
        return Subject(is_asked=True)
    try:
        rejects = context.rejects(feed.id)
    except Exception:  # noqa: BLE001 - said in the panel: the store does not answer
        return Subject(feed=feed, rejects=None, is_asked=True)
    return Subject(feed=feed, rejects=rejects, is_asked=True)
