"""What people ask of a feed: retry now, read the quarantine again; its outcome in words."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from callbacks.answers import (
    ANSWER_WITHIN_S,
    BAD,
    GOOD,
    SAME,
    TAKEN,
    UNREACHED,
    WITHDRAWN,
    Answer,
    name_problem,
)
from layouts.desk import values
from layouts.desk.links import LONGEST
from layouts.view import View
from model import Command, Outcome
from store import Store, StoreError, StoreSilent

SCOPE = "feed:"
CALLS = ("poll", "replay")
REPLAY_WITHIN_S = 30.0  # thousands of rows are read again
ASKED = "Asked for by {name}: it answers within seconds."
NOTHING = "Nothing to do: no row of these stands in quarantine."
REASONS = (  # why the worker asks no feed now; it says so in English
    "this feed is not asked: its facts are pushed or heard",
    "it is being asked now",
    "it was asked less than {a} s ago",
)
_CANNOT = re.compile(r"kind '(?P<kind>[^']+)' cannot read rows again")


def ask(store: Store, call: str, form: Mapping[str, Any], *, now: datetime, view: View) -> Answer:
    """Check a form, submit it, and say what became of it.

    ``form`` holds feed, name and reason as they came from the browser.
    """
    t = view.t
    problem = refused(call, form, view)
    if problem:
        return Answer(problem, BAD)
    name, reason = form["name"].strip(), form.get("reason")
    command = Command(
        command_id=uuid4().hex,
        occurrence=f"{SCOPE}{form['feed']}",
        call=call,
        by=name,
        at=now,
        station="desk",
        body=(("reason", reason),) if call == "replay" and reason else (),
    )
    within = REPLAY_WITHIN_S if call == "replay" else ANSWER_WITHIN_S
    try:
        outcome = store.submit(command, timeout_s=within)
    except StoreSilent as silent:
        return Answer(t(TAKEN if silent.is_taken else WITHDRAWN), BAD)
    except StoreError:
        return Answer(t(UNREACHED), BAD)
    return told(outcome, call, name, view)


def refused(call: str, form: Mapping[str, Any], view: View) -> str:
    """Return what is wrong with a form; empty where it may be sent."""
    t = view.t
    if call not in CALLS:
        return t("There is no such call.")
    feed, reason = form.get("feed"), form.get("reason")
    if not isinstance(feed, str) or not 0 < len(feed) <= LONGEST or feed not in view.feeds:
        return t("Choose a feed first.")
    if reason is not None and not isinstance(reason, str):
        return t("The reason is not a text.")
    return name_problem(form.get("name"), t)


def told(outcome: Outcome, call: str, name: str, view: View) -> Answer:
    """Return an outcome in words."""
    t, figures = view.t, _figures(outcome)
    counted = _counted(figures, view) if figures.get("read") else ""
    match outcome.status:
        case "applied" if call == "replay":
            return Answer(counted or t(NOTHING), GOOD, outcome)
        case "applied":
            return Answer(t(ASKED, name=name), GOOD, outcome)
        case "noop" if call == "replay":
            return Answer(counted or t(NOTHING), SAME, outcome)
        case "noop":
            reason = values.reason(outcome.reason, view)
            return Answer(t("Nothing to do: {reason}.", reason=reason), SAME, outcome)
        case "rejected":
            return Answer(t("Refused: {reason}.", reason=_reason(outcome, view)), BAD, outcome)
        case _:
            return Answer(t("The worker knows no such feed."), BAD)


def _figures(outcome: Outcome) -> dict[str, int]:
    return {key: int(text) for key, text in outcome.body if text.isdecimal()}


def _counted(figures: Mapping[str, int], view: View) -> str:
    """Return the figures of a replay: 12 read, 10 accepted, 2 still refused."""
    t = view.t
    said = [
        t.plural("{n} read", "{n} read", figures.get("read", 0)),
        t.plural("{n} accepted", "{n} accepted", figures.get("accepted", 0)),
        t.plural("{n} still refused", "{n} still refused", figures.get("refused", 0)),
    ]
    if lost := figures.get("unreadable", 0):
        said.append(t.plural("{n} cannot be read again", "{n} cannot be read again", lost))
    return t.listing(said) + "."


def _reason(outcome: Outcome, view: View) -> str:
    reason = outcome.reason or ""
    if found := _CANNOT.fullmatch(reason):
        return view.t("feeds of the kind {kind} cannot read rows again", kind=found["kind"])
    return values.reason(reason, view)
