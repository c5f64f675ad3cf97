"""The feeds' desk: keeping the chosen feed as it stands now."""

from collections.abc import Mapping
from typing import Any

from dash import Dash, Input, Output, State

from callbacks.alerts import put
from layouts.context import PageContext
from layouts.desk import feeddetail, links
from layouts.desk.feedpanel import CHOSEN, ROOT
from layouts.desk.feeds import PAGE, subject_of
from layouts.desk.pulse import pulse_id


def register(app: Dash, context: PageContext) -> None:
    """Register the callbacks of the feeds' desk."""

    @app.callback(
        Output(ROOT, "title"),
        Input(pulse_id(PAGE), "title"),
        State(CHOSEN, "data"),
        prevent_initial_call=True,
    )
    def refresh(_: Any, chosen: Any) -> str:
        asked = chosen if isinstance(chosen, Mapping) else {}
        feed = links.asked(asked.get("feed"))
        if feed:
            view = context.view(links.asked(asked.get("locale")))
            snapshot = context.latest()
            put(feeddetail.props(subject_of(feed, context, snapshot), snapshot, view))
        return ""
