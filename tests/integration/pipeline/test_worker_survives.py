import random
import time
from datetime import UTC, datetime, timedelta

import pytest

import history
import store
from model import Command, Quality

pytestmark = pytest.mark.integration

HEADER = "Nr,Opened,Closed,Kind,Lat,Lon\n"


def row(number: int, opened: datetime, closed: datetime | None = None) -> str:
    lon = 0.5 if number % 2 else 1.5
    end = f"{closed:%Y-%m-%dT%H:%M:%SZ}" if closed else ""
    return f"{number},{opened:%Y-%m-%dT%H:%M:%SZ},{end},Pothole,0.5,{lon}\n"


def write(city, rows: list[str]) -> None:
    """Replace the file at once, as a careful exporter does."""
    fresh = city.csv.with_suffix(".new")
    fresh.write_text(HEADER + "".join(rows), encoding="utf-8")
    fresh.replace(city.csv)


def new_requests(snapshot) -> float | None:
    reading = snapshot.reading("srv.new")
    return None if reading is None else reading.num


def test_a_worker_killed_at_any_moment_loses_no_fact_and_counts_none_twice(city, is_long):
    moments = random.Random(11)
    rows: list[str] = []
    opened = datetime.now(UTC) - timedelta(hours=2)
    write(city, rows)
    city.start()
    city.snapshot(lambda _: True, "the worker never published")
    for _ in range(12 if is_long else 4):
        first = len(rows)
        rows += [row(n, opened + timedelta(seconds=n)) for n in range(first, first + 150)]
        write(city, rows)
        time.sleep(moments.uniform(0.0, 1.5))  # the kill falls anywhere in the walk of these facts
        city.kill()
        city.start()
    arrived = 0.0

    def is_whole(found) -> bool:
        nonlocal arrived
        arrived = new_requests(found) or arrived
        return arrived == len(rows)

    try:
        city.snapshot(is_whole, f"{len(rows)} never arrived")
    except AssertionError as error:
        raise AssertionError(f"{arrived} of {len(rows)} arrived") from error
    assert city.stop() == 0

    kept = history.open(city.data / "history", writer=False)
    cases = kept.cases(opened - timedelta(days=1))
    assert len(cases) == len(rows)
    assert {case.case_id for case in cases} == {str(n) for n in range(len(rows))}
    assert {case.district_id for case in cases} == {"a", "b"}
    assert kept.counts()["cases"] == len(rows), "a fact was written twice"


def test_a_case_that_closes_is_a_new_version_and_counts_once(city):
    opened = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    others = [row(n, opened) for n in range(2, 21)]
    write(city, [row(1, opened), *others])
    city.start()
    city.snapshot(lambda found: new_requests(found) == 20, "twenty requests never arrived")

    closed = opened + timedelta(minutes=30)
    write(city, [row(1, opened, closed), *others])
    kept = history.open(city.data / "history", writer=False)

    def versions() -> int:
        return kept.counts()["cases"]

    end = time.monotonic() + 30
    while versions() < 21 and time.monotonic() < end:
        time.sleep(0.1)
    assert versions() == 21
    newest = {case.case_id: case.closed_at for case in kept.cases(opened - timedelta(days=1))}
    assert newest == {"1": closed} | {str(n): None for n in range(2, 21)}
    city.snapshot(lambda found: new_requests(found) == 20, "the closed case was counted again")


def test_an_acknowledged_alarm_stays_so_over_a_kill(city):
    opened = datetime.now(UTC) - timedelta(hours=1)
    write(city, [row(n, opened) for n in range(80)])
    city.start()
    raised = city.snapshot(
        lambda found: any(a.rule == "many" and a.state == "UNACK" for a in found.alerts),
        "the alarm was never raised",
    )
    alert = next(a for a in raised.alerts if a.rule == "many")
    memory = store.open(city.url)
    command = Command(
        command_id="c1",
        occurrence=alert.occurrence,
        call="ack",
        by="M. Bouchard",
        at=datetime.now(UTC),
        comment="crew is on its way",
    )

    outcome = memory.submit(command, timeout_s=10)
    memory.close()
    city.kill()
    city.start()

    assert outcome.status == "applied"
    shown = city.snapshot(
        lambda found: (
            found.published_at > command.at + timedelta(seconds=1)
            and any(a.rule == "many" for a in found.alerts)
        ),
        "the alarm was gone after the restart",
    )
    again = next(a for a in shown.alerts if a.rule == "many")
    assert (again.state, again.acked_by, again.occurrence) == (
        "ACKED",
        "M. Bouchard",
        alert.occurrence,
    )
    events = history.open(city.data / "history", writer=False).alert_events(
        occurrence=alert.occurrence
    )
    assert [e.kind for e in events if e.kind == "ACK"] == ["ACK"]
    assert any(e.comment == "crew is on its way" for e in events)


def test_a_feed_that_never_answers_is_told_and_costs_nothing_else(city):
    text = (city.folder / "city.toml").read_text(encoding="utf-8")
    dead = """
[[feeds]]
id = "dead"
kind = "sensorthings"
url = "http://127.0.0.1:9/v1.1"
every = "1m"
[feeds.quantities]
speed = { quantity = "speed", unit = "km/h" }

[[indicators]]
id = "mob.tti"
"""
    (city.folder / "city.toml").write_text(
        text.replace("[[indicators]]", dead + "\n[[indicators]]", 1)
    )
    opened = datetime.now(UTC) - timedelta(hours=1)
    write(city, [row(n, opened) for n in range(20)])
    city.start()

    found = city.snapshot(
        lambda found: new_requests(found) == 20 and any(a.rule == "dq.dead" for a in found.alerts),
        "the dead feed was not told",
    )

    feed = next(feed for feed in found.feeds if feed.id == "dead")
    reading = found.reading("mob.tti")
    assert feed.state is Quality.NODATA
    assert feed.last_error
    assert reading is not None
    assert (reading.value, reading.quality) == (None, Quality.NODATA)
    assert sum(alert.feed == "dead" for alert in found.alerts) == 1


def test_rows_that_cannot_be_read_are_quarantined_with_their_line(city):
    opened = datetime.now(UTC) - timedelta(hours=1)
    good = [row(n, opened) for n in range(20)]
    write(city, [good[0], "20,yesterday,,Pothole,0.5,0.5\n", *good[1:]])
    city.start()

    city.snapshot(lambda found: new_requests(found) == 20, "the good rows were lost")

    memory = store.open(city.url)
    page = memory.quarantine("complaints")
    memory.close()
    assert [(one.reject.line, "yesterday" in one.reject.raw) for one in page.items] == [(3, True)]
    assert page.items[0].reject.reason


def test_who_writes_the_history_without_being_a_worker_of_the_house_is_not_joined(city):
    migration = history.open(city.data / "history", writer=True)
    city.start()
    assert city.worker is not None

    code = city.worker.wait(30)
    migration.close()

    assert code == 1


def test_fewer_than_five_cases_never_leave_the_worker(city):
    opened = datetime.now(UTC) - timedelta(hours=1)
    write(city, [row(2 * n + 1, opened) for n in range(20)] + [row(2, opened)])  # ward b: one
    city.start()

    found = city.snapshot(
        lambda found: any(r.suppressed for r in found.readings), "nothing was ever hidden"
    )

    hidden = {r.district for r in found.readings if r.suppressed}
    assert "b" in hidden
    assert len(hidden) > 1, "one hidden district follows from the total"
    assert all((r.value, r.num, r.den, r.n) == (None,) * 4 for r in found.readings if r.suppressed)
