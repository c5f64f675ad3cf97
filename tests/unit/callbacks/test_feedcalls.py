"""What people ask of feeds, and what they are told."""

from datetime import UTC, datetime
from typing import Any

import pytest

from callbacks import feedcalls
from callbacks.answers import BAD, GOOD, SAME
from model import Command, Outcome
from store import StoreDown, StoreSilent
from tests.unit.layouts.desk import montreal

NOW = datetime(2026, 11, 24, 19, 2, 7, tzinfo=UTC)
VIEW = montreal.desk_view()
FORM = {"feed": "traffic", "name": " Julie Roy ", "reason": None}


class Worker:
    """Answers every command alike and remembers it."""

    def __init__(self, status: str = "applied", **more: Any) -> None:
        self.commands: list[tuple[Command, float]] = []
        self._answer = {"status": status, **more}

    def submit(self, command: Command, timeout_s: float = 5.0) -> Outcome:
        self.commands.append((command, timeout_s))
        return Outcome(command_id=command.command_id, **self._answer)


class Broken:
    def __init__(self, error: Exception) -> None:
        self._error = error

    def submit(self, *_: object, **__: object) -> Outcome:
        raise self._error


def ask(store: object, call: str = "poll", locale: str = "en", **more: object) -> feedcalls.Answer:
    return feedcalls.ask(
        store,  # type: ignore[arg-type]  # all that is asked of it
        call,
        {**FORM, **more},
        now=NOW,
        view=montreal.desk_view(locale),
    )


def test_a_retry_is_a_command_with_a_name_about_the_feed() -> None:
    worker = Worker()

    answer = ask(worker)

    command, _ = worker.commands[0]
    assert (command.occurrence, command.call, command.by) == ("feed:traffic", "poll", "Julie Roy")
    assert (answer.text, answer.look) == (
        "Asked for by Julie Roy: it answers within seconds.",
        GOOD,
    )


FIGURES = (("read", "12"), ("accepted", "10"), ("refused", "2"), ("unreadable", "0"))


def test_a_replay_tells_its_outcome_in_words() -> None:
    worker = Worker(body=FIGURES)

    answer = ask(worker, "replay", reason="speed is a sentinel")

    command, within = worker.commands[0]
    assert command.body == (("reason", "speed is a sentinel"),)
    assert within >= 30
    assert (answer.text, answer.look) == ("12 read, 10 accepted, 2 still refused.", GOOD)
    assert ask(worker, "replay", locale="fr").text.startswith("12 relues, 10 acceptées")


def test_rows_that_cannot_be_read_again_are_said() -> None:
    body = (("read", "3"), ("accepted", "0"), ("refused", "1"), ("unreadable", "2"))

    answer = ask(Worker("noop", body=body), "replay")

    assert answer.text == "3 read, 0 accepted, 1 still refused, 2 cannot be read again."
    assert answer.look == SAME


@pytest.mark.parametrize(
    ("status", "reason", "call", "text"),
    [
        ("noop", "it is being asked now", "poll", "Nothing to do: it is being asked now."),
        ("noop", "it was asked less than 5 s ago", "poll", "less than 5 s ago"),
        ("noop", None, "replay", "no row of these stands in quarantine"),
        ("rejected", "kind 'probe' cannot read rows again", "replay", "feeds of the kind probe"),
        ("unknown", "x", "poll", "The worker knows no such feed."),
    ],
)
def test_every_other_outcome_is_told(status: str, reason: str, call: str, text: str) -> None:
    assert text in ask(Worker(status, reason=reason), call).text


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (StoreSilent("x", is_taken=False), "the command was withdrawn"),
        (StoreSilent("x", is_taken=True), "may still apply it"),
        (StoreDown("gone"), "The store cannot be reached"),
    ],
)
def test_a_silent_worker_is_said_and_nothing_is_pretended(error: Exception, text: str) -> None:
    answer = ask(Broken(error))

    assert text in answer.text
    assert answer.look == BAD


@pytest.mark.parametrize(
    ("call", "more"),
    [
        ("drop", {}),
        ("poll", {"feed": "nobody-knows-it"}),
        ("poll", {"feed": None}),
        ("poll", {"feed": ["traffic"]}),
        ("poll", {"name": ""}),
        ("poll", {"name": None}),
        ("poll", {"name": "a\x00b"}),
        ("poll", {"name": "x" * 101}),
        ("replay", {"reason": {"a": 1}}),
    ],
)
def test_a_form_that_is_wrong_never_reaches_the_worker(call: str, more: dict[str, object]) -> None:
    worker = Worker()

    answer = ask(worker, call, **more)

    assert answer.look == BAD
    assert answer.text
    assert worker.commands == []
