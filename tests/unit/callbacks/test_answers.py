"""What a person's command becomes: checked, submitted once, told in words."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from callbacks import answers
from model import Command, Outcome
from store import MemoryStore, StoreDown
from texts import translator

NOW = datetime(2026, 11, 24, 19, 2, tzinfo=UTC)
EN = translator("en")
FORM = {"occurrence": "A-1", "name": " Julie Roy ", "comment": " crew on its way "}


class Worker:
    """Answers the next command with what a test decided."""

    def __init__(self, status: str, reason: str | None = None) -> None:
        self.store = MemoryStore()
        self.seen: list[Command] = []
        self._answer = (status, reason)
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        while not self.seen:
            for command in self.store.take_commands(block_ms=50):
                status, reason = self._answer
                self.seen.append(command)
                self.store.answer(
                    Outcome(command_id=command.command_id, status=status, reason=reason)
                )


@pytest.mark.parametrize(
    ("status", "reason", "text", "look"),
    [
        ("applied", None, "Acknowledged by Julie Roy.", answers.GOOD),
        (
            "noop",
            "ACK changes nothing in ACKED",
            "Nothing to do: that changes nothing while the alarm is in the state ACK.",
            answers.SAME,
        ),
        ("rejected", "say who you are", "Refused: say who you are.", answers.BAD),
        ("unknown", "no live alert", "No live alarm has this name", answers.BAD),
    ],
)
def test_each_outcome_is_told_in_words(
    status: str, reason: str | None, text: str, look: str
) -> None:
    worker = Worker(status, reason)

    answer = answers.ask(worker.store, "ack", FORM, now=NOW, t=EN)

    assert answer.text.startswith(text)
    assert answer.look == look


def test_the_command_carries_name_comment_and_instant() -> None:
    worker = Worker("applied")

    answers.ask(worker.store, "ack", FORM, now=NOW, t=EN)

    (command,) = worker.seen
    assert (command.by, command.comment, command.call) == ("Julie Roy", "crew on its way", "ack")
    assert command.at - NOW == timedelta(0)


@pytest.mark.parametrize(
    ("call", "change", "text"),
    [
        ("shelve", {}, "There is no such call."),
        ("ack", {"occurrence": None}, "Choose an alarm first."),
        ("ack", {"occurrence": ["A-1"]}, "Choose an alarm first."),
        ("ack", {"occurrence": "x" * 300}, "Choose an alarm first."),
        ("ack", {"name": None}, "Say who you are"),
        ("ack", {"name": "   "}, "Say who you are"),
        ("ack", {"name": "x" * 101}, "The name is too long"),
        ("ack", {"name": "a\nb"}, "The name is too long, or not a name."),
        ("ack", {"comment": 7}, "The comment is not a text."),
        ("ack", {"comment": "x" * 2001}, "The comment is too long: 2\u202f000 letters at most."),
        ("comment", {"comment": " "}, "Write a comment first."),
    ],
)
def test_what_a_stranger_posts_is_refused_before_it_reaches_the_store(
    call: str, change: dict[str, object], text: str
) -> None:
    class Never(MemoryStore):
        def submit(self, *command: Command, **_: float) -> Outcome:  # type: ignore[override]
            raise AssertionError(command)

    answer = answers.ask(Never(), call, {**FORM, **change}, now=NOW, t=EN)

    assert answer.text.startswith(text)
    assert answer.look == answers.BAD


def test_a_silent_worker_withdraws_the_command_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(answers, "ANSWER_WITHIN_S", 0.05)
    store = MemoryStore()

    answer = answers.ask(store, "ack", FORM, now=NOW, t=EN)

    assert "Nothing was changed" in answer.text
    assert store.take_commands() == []


def test_a_command_that_was_taken_may_still_be_applied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "ANSWER_WITHIN_S", 0.3)
    store = MemoryStore()
    taker = threading.Thread(target=lambda: store.take_commands(block_ms=2000), daemon=True)
    taker.start()

    answer = answers.ask(store, "ack", FORM, now=NOW, t=EN)

    assert "may still apply it" in answer.text


def test_a_store_that_is_away_pretends_nothing() -> None:
    class Away(MemoryStore):
        def submit(self, *command: Command, **_: float) -> Outcome:  # type: ignore[override]
            raise StoreDown(f"no connection for {command}")

    answer = answers.ask(Away(), "ack", FORM, now=NOW, t=EN)

    assert "cannot be reached" in answer.text
