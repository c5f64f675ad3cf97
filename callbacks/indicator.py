"""An indicator's page: keeping its numbers as they stand now."""

from collections.abc import Mapping
from typing import Any

from dash import Dash, Input, Output, State

from callbacks.alerts import put
from layouts.context import PageContext
from layouts.desk import indicator as desk
from layouts.desk import links
from layouts.desk.course import DAY, SPANS
from layouts.desk.indicatorpanel import CHOSEN, key
from layouts.desk.pulse import pulse_id
from model import CITY


def register(app: Dash, context: PageContext) -> None:
    """Register the callbacks of an indicator's page."""

    @app.callback(
        Output(key("root"), "title"),
        Input(pulse_id(desk.PAGE), "title"),
        State(CHOSEN, "data"),
        prevent_initial_call=True,
    )
    def refresh(_: Any, chosen: Any) -> str:
        asked = chosen if isinstance(chosen, Mapping) else {}
        view = context.view(links.asked(asked.get("locale")))
        indicator = view.indicators.get(links.asked(asked.get("indicator")) or "")
        district = links.asked(asked.get("district")) or CITY
        span = links.asked(asked.get("span")) or DAY
        snapshot = context.latest()
        if indicator and snapshot and desk.is_place(district, view) and span in SPANS:
            put(desk.fresh(indicator, district, span, context, snapshot, view))
        return ""
