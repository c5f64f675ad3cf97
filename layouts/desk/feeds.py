"""The feeds: which of them may be believed, and the chosen one in detail.

Each list (worst first, by domain, all) is a scene of its own, so that the address alone says what
a desk shows; only those that somebody looks at are ever drawn.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from dash import html
from dash.development.base_component import Component

from layouts.component import Props, Scene, fill, scene_layout
from layouts.context import PageContext, RefusedPage
from layouts.desk import feeddetail, feedlists, feedsum, frame, links, status
from layouts.desk.feeddetail import Subject
from layouts.desk.feedpanel import CHOSEN, panel
from layouts.desk.feedquarantine import ROWS as ROWS_A_PAGE
from layouts.desk.feedquarantine import Chosen
from layouts.desk.feedrows import ROWS, rows
from layouts.desk.feedsum import SUM, summary
from layouts.desk.pulse import digest, pulse, slow
from layouts.parts import aria
from layouts.view import View
from model import FeedState, Snapshot

PAGE = "feeds"
REFRESH_S = 5  # how often the chosen feed is drawn anew while nothing happens to it
_ROW = re.compile(r"[\w-]{1,60}")  # the name of a row in quarantine


def scene_id(kept: str) -> str:
    """Return the id of the scene of a list.

    >>> scene_id("worst"), scene_id("all")
    ('feeds', 'feeds-all')

    """
    return PAGE if kept == feedlists.WORST else f"{PAGE}-{kept}"


def _beat(snapshot: Snapshot) -> str:
    return digest(
        (
            slow(snapshot, REFRESH_S),
            *((f.id, f.state, f.failures, f.rejected, f.last_error) for f in snapshot.feeds),
        )
    )


def _scene(kept: str) -> Scene:
    key = scene_id(kept)

    def arrange(view: View, built: Mapping[str, Component]) -> Component:
        children = [
            built[SUM],
            html.Section(
                [
                    built[feedlists.BAR],
                    html.Div([built[ROWS], feedlists.more(key)], className="bz-list__table"),
                ],
                className="bz-flist",
                **aria(f"{view.t('Feeds')}: {view.t(feedlists.WORDS[kept])}"),
            ),
            panel(view),
            built["pulse"],
        ]
        return frame.desk(found, view, built, theme=frame.DARK, kind="bz-feeds", children=children)

    sub = "age counts from the time in the data, not from the last answer"
    found = Scene(
        id=key,
        title="Feeds",
        components=(
            frame.rail(key, "feeds"),
            status.top(key, "Feeds", sub),
            summary(key),
            feedlists.bar(key, kept),
            rows(key, kept),
            pulse(PAGE, _beat),
        ),
        arrange=arrange,
    )
    return found


FEEDS: Mapping[str, Scene] = {scene_id(kept): _scene(kept) for kept in feedlists.WORDS}


def feed_page(context: PageContext, view: View, query: dict[str, str | None]) -> Component:
    """Return the page as an address asks for it."""
    snapshot, kept = context.latest(), query.get("list")
    kept = kept if kept in feedlists.WORDS else feedlists.WORST
    scene = FEEDS[scene_id(kept)]
    root = scene_layout(scene, snapshot, view)
    fill(root, panel_props(query, context, snapshot, view))
    asked = {name: query.get(name) for name in ("feed", "list", "reason", "before")}
    filled: Props = {
        CHOSEN: {"data": {**asked, "locale": view.locale}},
        **frame.languages(scene.id, links.FEEDS, **asked),
    }
    return fill(root, filled)


def panel_props(
    query: Mapping[str, str | None],
    context: PageContext,
    snapshot: Snapshot | None,
    view: View,
) -> Props:
    """Return what is not streamed: the panel, and the rows of the last day."""
    states = _states(context)
    subject = subject_of(query, context, snapshot, states)
    return {
        **feedsum.day_props(states, snapshot, view),
        **feeddetail.props(subject, snapshot, view),
    }


def subject_of(
    query: Mapping[str, str | None],
    context: PageContext,
    snapshot: Snapshot | None,
    states: Mapping[str, FeedState],
) -> Subject:
    """Return all that the panel tells of a feed."""
    wanted = query.get("feed")
    if not wanted or snapshot is None:
        return Subject(is_asked=bool(wanted))
    feed = next((one for one in snapshot.feeds if one.id == wanted), None)
    if feed is None:
        return Subject(is_asked=True)
    if not feed.hours and wanted in states:
        feed = replace(feed, hours=states[wanted].hours)
    return Subject(feed=feed, chosen=_chosen(feed.id, query, context), is_asked=True)


def _chosen(feed_id: str, query: Mapping[str, str | None], context: PageContext) -> Chosen:
    reason, before = query.get("reason"), query.get("before")
    if before is not None and not _ROW.fullmatch(before):
        before = None
    chosen = Chosen(reason=reason, before=before, kept=query.get("list"))
    try:
        page: RefusedPage = context.quarantine(
            feed_id, limit=ROWS_A_PAGE, before=before, reason=reason
        )
        causes = context.causes(feed_id)
    except Exception:  # noqa: BLE001 - said in the panel: the store does not answer
        return replace(chosen, page=None, causes=None)
    return replace(chosen, page=page, causes=causes)


def _states(context: PageContext) -> Mapping[str, FeedState]:
    try:
        return context.feed_states()
    except Exception:  # noqa: BLE001 - hours are missing then, and said to be
        return {}
