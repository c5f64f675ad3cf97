from dataclasses import replace

import pytest

from model import Outcome, Reject
from tests.unit.api.conftest import NOW
from tests.unit.api.test_commands import Worker


class Answering(Worker):
    def __init__(self, store, status="applied", body=(), reason=None):
        super().__init__(store, status)
        self.body, self.reason = body, reason

    def work(self):
        while not self.done.is_set():
            for command in self.store.take_commands(block_ms=20):
                self.taken.append(command)
                outcome = Outcome(
                    command_id=command.command_id,
                    status=self.status,
                    reason=self.reason,
                    body=self.body,
                )
                self.store.answer(outcome)


def call(house, name="poll", feed="river", **body):
    return house.client.post(f"/api/v1/feeds/{feed}/{name}", json={"by": " Ann "} | body)


def test_a_feed_is_asked_now(house):
    with Answering(house.store) as worker:
        answer = call(house)

    assert (answer.status_code, answer.json) == (200, {"changed": True, "reason": None})
    command = worker.taken[0]
    assert (command.occurrence, command.call, command.by) == ("feed:river", "poll", "Ann")


def test_what_was_read_again_is_told_in_numbers(house):
    figures = (("read", "7"), ("accepted", "4"), ("refused", "2"), ("unreadable", "1"))
    with Answering(house.store, body=figures) as worker:
        answer = call(house, "replay", reason="… is no number")

    assert answer.json == {
        "changed": True,
        "reason": None,
        "read": 7,
        "accepted": 4,
        "refused": 2,
        "unreadable": 1,
    }
    assert dict(worker.taken[0].body) == {"reason": "… is no number"}


@pytest.mark.parametrize(("status", "code"), [("noop", 200), ("rejected", 409), ("unknown", 404)])
def test_why_nothing_was_done_is_told(house, status, code):
    with Answering(house.store, status, reason="because"):
        answer = call(house)

    assert answer.status_code == code
    said = answer.json["reason"] if code == 200 else answer.json["detail"]
    assert said == "because"


@pytest.mark.parametrize("name", ["poll", "replay"])
@pytest.mark.parametrize(
    "body", [{"by": ""}, {"by": None}, {"by": 7}, {"by": "A", "colour": "red"}, {"by": "A" * 101}]
)
def test_a_bad_body_never_reaches_the_worker(house, name, body):
    assert call(house, name, **body).status_code == 422
    assert house.store.take_commands() == []


def test_a_poll_has_no_reason_and_an_unknown_feed_no_poll(house):
    assert call(house, reason="x").status_code == 422
    assert call(house, feed="nope").status_code == 404
    assert call(house, "replay", feed="nope").status_code == 404


def test_a_silent_worker_is_503(house, monkeypatch):
    monkeypatch.setattr("api.sources.POLL_WITHIN_S", 0.1)

    answer = call(house)

    assert answer.status_code == 503
    assert house.store.take_commands() == []


def reject(n: int, reason: str) -> Reject:
    return Reject(
        feed_id="river", line=n, reason=reason, raw=f"row {n}", at=NOW, field="v", context="a;b"
    )


def test_rows_have_ids_and_context_and_are_found_by_reason(house):
    house.store.add_rejects([reject(n, f"'{n}' is no number") for n in range(3)])
    house.store.add_rejects([reject(9, "no place")])

    every = house.client.get("/api/v1/feeds/river/rejects").json["items"]
    some = house.client.get(
        "/api/v1/feeds/river/rejects", query_string={"reason": "… is no number", "limit": 2}
    ).json
    rest = house.client.get(
        "/api/v1/feeds/river/rejects",
        query_string={"reason": "… is no number", "before": some["next"]},
    ).json

    assert len({item["id"] for item in every}) == 4
    assert every[0]["context"] == "a;b"
    assert [item["line"] for item in some["items"] + rest["items"]] == [2, 1, 0]


def test_reasons_are_summed_up(house):
    house.store.add_rejects([reject(n, f"'{n}' is no number") for n in range(3)])

    assert house.client.get("/api/v1/feeds/river/rejects/reasons").json == {
        "items": [
            {
                "reason": "… is no number",
                "field": "v",
                "count": 3,
                "last_at": "2026-03-04T12:00:00Z",
                "sample": "row 2",
            }
        ],
        "next": None,
    }


@pytest.mark.parametrize("before", ["x", "1", "1-1-1", "+", "(1-1"])
def test_a_page_that_never_was_is_422(house, before):
    answer = house.client.get("/api/v1/feeds/river/rejects", query_string={"before": before})

    assert answer.status_code == 422


def test_the_hours_of_a_feed_come_from_the_store(house):
    state = house.store.latest().feeds[0]
    hours = (("2026-03-04T11:00:00Z", 5, 1),)
    house.store.save_feed_states([replace(state, hours=hours)])

    item = house.client.get("/api/v1/feeds").json["items"][0]

    assert item["hours"] == [["2026-03-04T11:00:00Z", 5, 1]]
    assert (item["answer_s"], item["good_share"]) == (None, None)
