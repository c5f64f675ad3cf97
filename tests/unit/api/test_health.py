from datetime import timedelta

from model import Delivery, Observation
from store import StoreDown
from tests.unit.api.conftest import NOW


def test_alive_means_only_that_it_answers(house, monkeypatch):
    def down():
        raise StoreDown("gone")

    monkeypatch.setattr(house.store, "ping", down)

    assert house.client.get("/healthz").status_code == 200


def test_ready_with_store_history_and_a_fresh_tick(house):
    answer = house.client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json == {
        "ready": True,
        "reasons": [],
        "notes": [],
        "workers": [],
        "leader": None,
        "backlog": {},
    }


def test_it_is_told_who_works_who_leads_and_what_is_not_kept_yet(house):
    house.store.beat("b", {"leads": True})
    house.store.beat("a", {"leads": False})
    fact = Observation(
        feed_id="air",
        site_id="s",
        quantity="pm25",
        value=1.0,
        unit="µg/m³",
        observed_at=NOW,
        fetched_at=NOW,
        known_at=NOW,
    )
    house.store.add_facts([fact], shard=2)
    house.store.add_facts([fact], shard=5)
    house.store.ack([name for name, _ in house.store.read_facts("w", shard=2)], shard=2)

    told = house.client.get("/readyz").json
    metrics = house.client.get("/metrics").text

    assert (told["workers"], told["leader"], told["backlog"]) == (["a", "b"], "b", {"5": 1})
    assert "bartizan_workers 2.0" in metrics
    assert "bartizan_workers_leading 1.0" in metrics
    assert 'bartizan_shard_waiting{shard="2"} 0.0' in metrics
    assert 'bartizan_shard_waiting{shard="5"} 1.0' in metrics


def test_who_works_is_told_of_a_house_that_is_not_ready(house):
    house.store.beat("a", {"leads": False})
    house.now[0] = NOW + timedelta(seconds=30)

    answer = house.client.get("/readyz")

    assert (answer.status_code, answer.json["workers"], answer.json["leader"]) == (503, ["a"], None)


def test_a_disk_that_fills_up_is_noted_and_does_not_make_the_house_unready(house):
    assert "bartizan_disk_used_ratio" not in house.client.get("/metrics").text
    house.store.save_memory("disk", {"used": 0.8312, "level": 0.8})

    answer = house.client.get("/readyz")

    assert (answer.status_code, answer.json["notes"]) == (200, ["disk: 83% full"])
    assert "bartizan_disk_used_ratio 0.8312" in house.client.get("/metrics").text


def test_an_old_tick_is_not_ready_and_says_how_old(house):
    house.now[0] = NOW + timedelta(seconds=30)

    answer = house.client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json["reasons"] == ["tick: the last one is 30 s old"]


def test_every_reason_is_told(house, monkeypatch):
    def down():
        raise StoreDown("gone")

    monkeypatch.setattr(house.store, "ping", down)
    house.history.error = OSError("disk")

    assert house.client.get("/readyz").json["reasons"] == ["store: gone", "history: disk"]


def test_nothing_published_yet_is_not_ready(house):
    house.store.__init__()

    assert house.client.get("/readyz").json["reasons"] == ["tick: nothing published yet"]


def test_metrics_tell_streams_feeds_and_ages(house):
    house.now[0] = NOW + timedelta(seconds=2)

    lines = house.client.get("/metrics").text.splitlines()

    assert "bartizan_streams 3.0" in lines
    assert "bartizan_frames_total 70.0" in lines
    assert "bartizan_snapshot_age_seconds 2.0" in lines
    assert 'bartizan_feeds{state="GOOD"} 1.0' in lines
    assert 'bartizan_feeds{state="NODATA"} 0.0' in lines
    assert 'bartizan_readings{state="NODATA"} 1.0' in lines
    assert 'bartizan_feed_age_seconds{feed="river"} 92.0' in lines
    assert any(line.startswith("process_cpu_seconds_total") for line in lines)


def test_metrics_tell_what_waits_in_the_inboxes(house):
    house.store.deliver(Delivery(feed_id="pushed", body=b"1234", received_at=NOW))

    lines = house.client.get("/metrics").text.splitlines()
    house.store.drop_deliveries("pushed", [house.store.deliveries("pushed")[0][0]])
    after = house.client.get("/metrics").text.splitlines()

    assert 'bartizan_inbox{feed="pushed"} 1.0' in lines
    assert 'bartizan_inbox_bytes{feed="pushed"} 4.0' in lines
    assert 'bartizan_inbox{feed="pushed"} 0.0' in after
    assert 'bartizan_feed_rejected_total{feed="river"} 2.0' in after


def test_metrics_answer_while_the_store_is_down(house, monkeypatch):
    def down():
        raise StoreDown("gone")

    monkeypatch.setattr(house.store, "latest", down)

    lines = house.client.get("/metrics").text.splitlines()

    assert "bartizan_store_up 0.0" in lines
    assert not any(line.startswith("bartizan_snapshot_age") for line in lines)
