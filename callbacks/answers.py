"""A command of a person: its inputs checked, handed to the worker, its outcome in words.

A callback is a public API: whatever arrives is checked again here, however the page was drawn.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from layouts.desk.alertform import COMMENT_MOST
from layouts.desk.links import LONGEST
from layouts.desk.yourname import NAME_MOST
from layouts.states import SHOWN
from model import Command, Outcome
from store import Store, StoreError, StoreSilent
from texts import Translator

ANSWER_WITHIN_S = 4.0
CALLS = ("ack", "unack", "reset", "comment")
DONE: Mapping[str, str] = {
    "ack": "Acknowledged by {name}.",
    "unack": "Given back: it waits for an answer again.",
    "reset": "Reset: the alarm is closed.",
    "comment": "Your comment is kept.",
}
GOOD, SAME, BAD = "is-good", "is-same", "is-bad"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the person is told, how it looks, and the outcome where the worker gave one."""

    text: str
    look: str
    outcome: Outcome | None = None


def ask(
    store: Store, call: str, form: Mapping[str, Any], *, now: datetime, t: Translator
) -> Answer:
    """Check a form, submit it, and say what became of it.

    ``form`` holds occurrence, name and comment as they came from the browser.
    """
    problem = refused(call, form, t)
    if problem:
        return Answer(problem, BAD)
    name, comment = _text(form["name"]), _text(form.get("comment"))
    command = Command(
        command_id=uuid4().hex,
        occurrence=_text(form["occurrence"]),
        call=call,
        by=name,
        at=now,
        comment=comment or None,
        station="desk",
    )
    try:
        outcome = store.submit(command, timeout_s=ANSWER_WITHIN_S)
    except StoreSilent as silent:
        return Answer(t(TAKEN if silent.is_taken else WITHDRAWN), BAD)
    except StoreError:
        return Answer(t(UNREACHED), BAD)
    return told(outcome, call, name, t)


TAKEN = "The worker does not answer. It has the command and may still apply it: watch the list."
WITHDRAWN = "The worker does not answer. Nothing was changed; the command was withdrawn. Try again."
UNREACHED = "The store cannot be reached. Look at the list before you try again."


def refused(call: str, form: Mapping[str, Any], t: Translator) -> str:
    """Return what is wrong with a form; empty where it may be sent."""
    if call not in CALLS:
        return t("There is no such call.")
    occurrence, comment = form.get("occurrence"), form.get("comment")
    if not isinstance(occurrence, str) or not 0 < len(occurrence.strip()) <= LONGEST:
        return t("Choose an alarm first.")
    if problem := name_problem(form.get("name"), t):
        return problem
    if comment is not None and not isinstance(comment, str):
        return t("The comment is not a text.")
    if comment and len(comment) > COMMENT_MOST:
        return t("The comment is too long: {n} letters at most.", n=COMMENT_MOST)
    if call == "comment" and not (comment or "").strip():
        return t("Write a comment first.")
    return ""


def name_problem(name: Any, t: Translator) -> str:
    """Return what is wrong with a name; empty where somebody could bear it."""
    if not isinstance(name, str) or not name.strip():
        return t("Say who you are: your name stands in the audit.")
    if len(name.strip()) > NAME_MOST or not name.isprintable():
        return t("The name is too long, or not a name.")
    return ""


def told(outcome: Outcome, call: str, name: str, t: Translator) -> Answer:
    """Return an outcome in words."""
    reason = _reason(outcome.reason or "", t)
    match outcome.status:
        case "applied":
            return Answer(t(DONE[call], name=name), GOOD, outcome)
        case "noop":
            return Answer(t("Nothing to do: {reason}.", reason=reason), SAME, outcome)
        case "rejected":
            return Answer(t("Refused: {reason}.", reason=reason), BAD, outcome)
        case _:
            return Answer(t("No live alarm has this name: it is closed, or never was."), BAD)


_SAME = re.compile(r"[A-Z_0-9]+ changes nothing in ([A-Z]+)")


def _reason(text: str, t: Translator) -> str:
    """Return why nothing was changed; names of states become their words."""
    found = _SAME.fullmatch(text)
    if found is None:
        return t(text)
    state = t(SHOWN.get(found.group(1), ("", found.group(1)))[1])
    return t("that changes nothing while the alarm is in the state {state}", state=state)


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
