"""The form beside a feed: who asks, and the two things that may be asked of it."""

from dash import html

from layouts.component import Props
from layouts.desk.yourname import your_name
from layouts.ids import part
from layouts.parts import icon
from layouts.view import View
from model import FeedState

FORM = "form"
ROOT = part("feed", FORM, "root")
NAME = part("feed", FORM, "name")
MESSAGE = part("feed", FORM, "message")
BUTTONS = {call: part("feed", FORM, call) for call in ("poll", "replay")}
WORDS = {"poll": "Retry now", "replay": "Replay quarantine"}
PUSHED, HEARD = "none: its source pushes to us", "none: we listen, its source speaks"
REPLAY_SOME = "Replay these rows"


def form(view: View) -> html.Div:
    """Return the form. The browser remembers the name between visits."""
    t = view.t
    return html.Div(
        [
            your_name(NAME, view),
            html.Div(
                [
                    html.Button(
                        [
                            icon("rewind" if call == "poll" else "play"),
                            html.Span(t(word), id=part("feed", FORM, f"{call}-word")),
                        ],
                        id=BUTTONS[call],
                        n_clicks=0,
                        type="button",
                        disabled=True,
                        className="bz-btn",
                    )
                    for call, word in WORDS.items()
                ],
                className="bz-form__calls",
            ),
            html.P(t("Asking…"), className="bz-form__wait"),
            html.P(id=MESSAGE, className="bz-form__said", role="status"),
        ],
        id=ROOT,
        className="bz-form bz-form--feed",
    )


def props(feed: FeedState | None, kept: int, reason: str | None, view: View) -> Props:
    """Return which buttons can be pressed. ``kept`` rows stand in quarantine."""
    word = REPLAY_SOME if reason else WORDS["replay"]
    return {
        BUTTONS["poll"]: {
            "disabled": feed is None or not feed.is_polled,
            "title": _why_not(feed, view),
        },
        BUTTONS["replay"]: {
            "disabled": feed is None or not kept,
            "title": "" if kept else view.t("Nothing is in quarantine."),
        },
        part("feed", FORM, "replay-word"): {"children": view.t(word)},
    }


def _why_not(feed: FeedState | None, view: View) -> str:
    if feed is None or feed.is_polled:
        return ""
    return view.t(waited_for(feed))


def waited_for(feed: FeedState) -> str:
    """Return the message that says how a feed that is not asked comes in."""
    return PUSHED if feed.is_pushed else HEARD
