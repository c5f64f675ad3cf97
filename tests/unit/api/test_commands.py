import threading

import pytest

from model import Outcome
from tests.unit.api.conftest import ALERT
from tests.unit.api.test_reading import CLOSED


class Worker:
    """Answers every command with one outcome, as the worker would."""

    def __init__(self, store, status, alert=ALERT):
        self.store, self.status, self.alert = store, status, alert
        self.taken = []
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.work, daemon=True)

    def work(self):
        while not self.done.is_set():
            for command in self.store.take_commands(block_ms=20):
                self.taken.append(command)
                self.store.answer(
                    Outcome(
                        command_id=command.command_id,
                        status=self.status,
                        reason=None if self.status == "applied" else "because",
                        alert=self.alert,
                    )
                )

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join(5)


def ack(house, path="/api/v1/alerts/A-1/ack", **more):
    return house.client.post(path, **({"json": {"by": "Ann"}} | more))


@pytest.mark.parametrize(
    ("status", "code", "is_changed"),
    [("applied", 200, True), ("noop", 200, False), ("rejected", 409, None), ("unknown", 404, None)],
)
def test_what_becomes_of_a_command_is_told(house, status, code, is_changed):
    with Worker(house.store, status):
        answer = ack(house)

    assert answer.status_code == code
    if is_changed is not None:
        assert answer.json["changed"] is is_changed
        assert answer.json["alert"]["id"] == "A-1"
    else:
        assert answer.json["detail"] == "because"


def test_a_command_on_a_closed_occurrence_changes_nothing_and_says_so(house):
    house.history.events = CLOSED
    with Worker(house.store, "unknown", alert=None):
        answer = ack(house, "/api/v1/alerts/A-9/ack")

    assert answer.status_code == 200
    assert (answer.json["changed"], answer.json["reason"]) == (False, "this occurrence is closed")
    assert answer.json["alert"]["state"] == "NORM"


def test_the_worker_hears_who_what_and_why(house):
    body = {"by": " Ann ", "comment": "on it", "owner": "Bob"}
    with Worker(house.store, "applied") as worker:
        ack(house, "/api/v1/alerts/A-1/assign", json=body)

    command = worker.taken[0]
    assert (command.occurrence, command.call, command.by) == ("A-1", "assign", "Ann")
    assert (command.comment, dict(command.body)) == ("on it", {"owner": "Bob"})
    assert command.station == "127.0.0.1"


def test_the_same_key_twice_is_one_command(house):
    with Worker(house.store, "applied") as worker:
        for _ in range(2):
            answer = ack(house, headers={"Idempotency-Key": "k-1"})

    assert answer.status_code == 200
    assert [command.command_id for command in worker.taken] == ["k-1"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"by": ""},
        {"by": "  "},
        {"by": None},
        {"by": 7},
        {"by": "Ann", "colour": "red"},
        {"by": "A" * 101},
        {"by": "Ann", "comment": "c" * 2001},
        {"by": "Ann", "type": "sometimes"},
        ["by"],
        "Ann",
    ],
)
def test_a_bad_body_is_refused_before_the_worker_sees_it(house, body):
    answer = ack(house, json=body)

    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert house.store.take_commands() == []


def test_broken_json_and_other_forms_are_refused(house):
    broken = ack(house, json=None, data="{", content_type="application/json")
    form = ack(house, json=None, data={"by": "Ann"})

    assert (broken.status_code, form.status_code) == (422, 422)


def test_a_call_that_does_not_exist_is_404(house):
    assert ack(house, "/api/v1/alerts/A-1/explode").status_code == 404


def test_a_silent_worker_is_503_and_the_command_is_withdrawn(house, monkeypatch):
    monkeypatch.setattr("api.commands.ANSWER_WITHIN_S", 0.1)

    answer = ack(house)

    assert answer.status_code == 503
    assert answer.json["may_still_be_applied"] is False
    assert house.store.take_commands() == []


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}],
)
def test_a_page_of_another_origin_may_not_command(house, headers):
    assert ack(house, headers=headers).status_code == 403


def test_our_own_page_may_command(house):
    headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    with Worker(house.store, "applied"):
        assert ack(house, headers=headers).status_code == 200
