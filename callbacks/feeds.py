"""The feeds' desk: asking a feed, taking the list along, keeping the chosen feed as it is now."""

from collections.abc import Mapping
from typing import Any

from dash import Dash, Input, Output, State, ctx, no_update

from callbacks import feedcalls, feedtable
from callbacks.alerts import put
from layouts.context import PageContext
from layouts.desk import links
from layouts.desk.feedform import BUTTONS, MESSAGE, NAME
from layouts.desk.feedform import ROOT as FORM
from layouts.desk.feedlists import CSV, FILE
from layouts.desk.feedpanel import CHOSEN, ROOT
from layouts.desk.feedquarantine import MARK, without_rows
from layouts.desk.feeds import PAGE, panel_props
from layouts.desk.pages import wanted
from layouts.desk.pulse import pulse_id
from store import Store

FORM_LOOK = "bz-form bz-form--feed"
CALL_OF = {button: call for call, button in BUTTONS.items()}


def register(app: Dash, store: Store, context: PageContext) -> None:
    """Register the callbacks of the feeds' desk."""

    @app.callback(
        output=(Output(MESSAGE, "children"), Output(MESSAGE, "className")),
        inputs={
            "clicks": [Input(button, "n_clicks") for button in BUTTONS.values()],
            "name": State(NAME, "value"),
            "chosen": State(CHOSEN, "data"),
        },
        running=[(Output(FORM, "className"), f"{FORM_LOOK} is-busy", FORM_LOOK)],
        prevent_initial_call=True,
    )
    def act(clicks: Any, name: Any, chosen: Any) -> tuple[str, str]:
        del clicks  # which button it was stands in the context
        asked, view = _asked(chosen), context.view(_locale(chosen))
        call = CALL_OF.get(str(ctx.triggered_id), "")
        form = {"feed": asked["feed"], "reason": asked["reason"], "name": name}
        answer = feedcalls.ask(store, call, form, now=context.clock(), view=view)
        put(panel_props(asked, context, context.latest(), view))
        return answer.text, f"bz-form__said {answer.look}"

    @app.callback(
        Output(ROOT, "title"),
        Input(pulse_id(PAGE), "title"),
        State(CHOSEN, "data"),
        State(MARK, "title"),
        prevent_initial_call=True,
    )
    def refresh(_: Any, chosen: Any, drawn: Any) -> str:
        view = context.view(_locale(chosen))
        props = panel_props(_asked(chosen), context, context.latest(), view)
        is_drawn = drawn and props.get(MARK, {}).get("title") == drawn
        put(without_rows(props) if is_drawn else props)
        return ""

    @app.callback(
        Output(FILE, "data"),
        Input(CSV, "n_clicks"),
        prevent_initial_call=True,
    )
    def download(clicks: Any) -> Any:
        snapshot = context.latest()
        if not clicks or snapshot is None:
            return no_update
        return {
            "content": feedtable.table(snapshot, context.feed_states()),
            "filename": feedtable.name(snapshot),
            "type": "text/csv",
            "base64": False,
        }


def _asked(chosen: Any) -> dict[str, str | None]:
    return wanted(dict(chosen)) if isinstance(chosen, Mapping) else wanted({})


def _locale(chosen: Any) -> str | None:
    return links.asked(chosen.get("locale")) if isinstance(chosen, Mapping) else None
