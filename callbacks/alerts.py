"""The alarm console: answering an alarm, and keeping the chosen one as it stands now."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dash import Dash, Input, Output, State, ctx, no_update, set_props

from callbacks import answers
from layouts.component import Props
from layouts.context import PageContext
from layouts.desk import alertdetail, links
from layouts.desk.alertdesk import subject_of, told_of
from layouts.desk.alertform import BUTTONS, COMMENT, MESSAGE, NAME
from layouts.desk.alertpanel import CHOSEN, ROOT
from layouts.desk.alerts import PAGE
from layouts.desk.pulse import pulse_id
from layouts.view import View
from model import Alert
from store import Store

CALL_OF = {button: call for call, button in BUTTONS.items()}


def register(app: Dash, store: Store, context: PageContext) -> None:
    """Register the callbacks of the alarm console."""

    @app.callback(
        output=(
            Output(MESSAGE, "children"),
            Output(MESSAGE, "className"),
            Output(COMMENT, "value"),
        ),
        inputs={
            "clicks": [Input(button, "n_clicks") for button in BUTTONS.values()],
            "name": State(NAME, "value"),
            "comment": State(COMMENT, "value"),
            "chosen": State(CHOSEN, "data"),
        },
        prevent_initial_call=True,
    )
    def act(clicks: Any, name: Any, comment: Any, chosen: Any) -> tuple[str, str, Any]:
        del clicks  # which button it was stands in the context
        view = context.view(_asked(chosen, "locale"))
        form = {"occurrence": _asked(chosen, "occurrence"), "name": name, "comment": comment}
        call = CALL_OF.get(str(ctx.triggered_id), "")
        answer = answers.ask(store, call, form, now=context.clock(), t=view.t)
        alert = answer.outcome.alert if answer.outcome else None
        put(_panel(context, view, form["occurrence"], alert))
        is_done = answer.look == answers.GOOD
        return answer.text, f"bz-form__said {answer.look}", "" if is_done else no_update

    @app.callback(
        Output(ROOT, "title"),
        Input(pulse_id(PAGE), "title"),
        State(CHOSEN, "data"),
        prevent_initial_call=True,
    )
    def refresh(_: Any, chosen: Any) -> str:
        occurrence = _asked(chosen, "occurrence")
        if occurrence:
            put(_panel(context, context.view(_asked(chosen, "locale")), occurrence))
        return ""


def _panel(
    context: PageContext, view: View, occurrence: str | None, newest: Alert | None = None
) -> Props:
    """Return the panel's values; ``newest`` is what the worker said after the last snapshot."""
    snapshot = context.latest()
    subject = subject_of(occurrence, context, snapshot, view)
    if newest is not None and snapshot is not None and newest.occurrence == occurrence:
        if subject.alert is None:
            subject = told_of(newest, subject.events, context, snapshot, view)
        subject = replace(subject, alert=newest)
    return alertdetail.props(subject, snapshot, view)


def _asked(chosen: Any, name: str) -> str | None:
    return links.asked(chosen.get(name)) if isinstance(chosen, Mapping) else None


def put(props: Props) -> None:
    """Set properties of parts by id; nodes stay where they are."""
    for key, values in props.items():
        set_props(key, values)
