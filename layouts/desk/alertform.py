"""The form beside an alarm: a name, a comment, and the calls that its state allows."""

from dash import dcc, html

from alerts import TABLE, Event
from alerts.table import Cell, Refusal
from layouts.component import Props
from layouts.desk.yourname import your_name
from layouts.ids import part
from layouts.parts import icon
from layouts.view import View
from model import Alert

FORM = "form"
ROOT = part("alert", FORM, "root")
NAME, COMMENT = part("alert", FORM, "name"), part("alert", FORM, "words")
MESSAGE = part("alert", FORM, "message")
BUTTONS = {call: part("alert", FORM, call) for call in ("ack", "unack", "reset", "comment")}
WORDS = {"ack": "Acknowledge", "unack": "Give back", "reset": "Reset", "comment": "Comment only"}
MOVES = {"ack": Event.ACK, "unack": Event.UNACK, "reset": Event.RESET}
COMMENT_MOST = 2000


def form(view: View) -> html.Div:
    """Return the form. The browser remembers the name between visits."""
    t = view.t
    return html.Div(
        [
            your_name(NAME, view),
            html.Label(
                [
                    html.Span(t("Comment, if any")),
                    dcc.Input(
                        id=COMMENT,
                        type="text",
                        maxLength=COMMENT_MOST,
                        autoComplete="off",
                        className="bz-input",
                    ),
                ],
                className="bz-form__comment",
            ),
            html.Div(
                [
                    html.Button(
                        [icon("chat" if call == "comment" else "check"), t(word)]
                        if call in ("ack", "comment")
                        else t(word),
                        id=BUTTONS[call],
                        n_clicks=0,
                        type="button",
                        disabled=True,
                        className="bz-btn bz-btn--main" if call == "ack" else "bz-btn",
                    )
                    for call, word in WORDS.items()
                ],
                className="bz-form__calls",
            ),
            html.P(id=MESSAGE, className="bz-form__said", role="status"),
        ],
        id=ROOT,
        className="bz-form",
    )


def allowed(alert: Alert | None) -> frozenset[str]:
    """Return the calls that the state table permits for an alarm now; none on a closed one."""
    if alert is None or alert.closed_at is not None or not alert.occurrence:
        return frozenset()
    cells = TABLE[alert.state]
    moves = {call for call, event in MOVES.items() if _is_open(cells.get(event))}
    return frozenset({*moves, "comment"})


def _is_open(cell: Cell | None) -> bool:
    return cell is not None and not isinstance(cell, Refusal)


def props(alert: Alert | None) -> Props:
    """Return which buttons can be pressed; those that make no sense in a state are not shown."""
    calls = allowed(alert)
    found: Props = {
        BUTTONS[call]: {
            "disabled": call not in calls,
            "hidden": call in ("unack", "reset") and call not in calls,
        }
        for call in BUTTONS
    }
    found[ROOT] = {"className": "bz-form" if calls else "bz-form is-none"}
    return found
