"""What history keeps and answers."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import history
from model import (
    AlertEvent,
    Case,
    Fact,
    FeedState,
    Notice,
    Observation,
    Quality,
    Reading,
    State,
    Usual,
)

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)

pytestmark = pytest.mark.integration

ObservationMaker = Callable[..., Observation]
ReadingMaker = Callable[..., Reading]
Place = Path | str


def numbered(facts: list[Fact], start: int = 0) -> list[tuple[str, Fact]]:
    return [(f"1700000000000-{start + n}", fact) for n, fact in enumerate(facts)]


def test_a_history_that_nobody_wrote_yet_is_empty(place: Place):
    opened = history.open(place, writer=False)

    assert opened.is_empty()
    assert opened.observations(NOW) == []
    assert opened.cases(NOW) == []
    assert opened.notices(NOW) == []
    assert opened.readings("x", start=NOW, end=NOW + HOUR) == []
    assert opened.baseline_rows(NOW, timezone="America/Toronto") == []
    assert opened.alert_events() == []
    assert opened.feed_changes() == []
    assert opened.packs() == []
    assert opened.last_id() is None
    assert set(opened.counts().values()) == {0}
    opened.close()


def test_facts_come_back_as_they_were(
    kept: history.History, reading_room: history.History, observation: ObservationMaker
):
    facts: list[Fact] = [
        observation(1, value=None, quality=Quality.BAD, lat=45.5, lon=-73.6, district_id="d"),
        observation(2, value=0.0, published_at=NOW - HOUR),
        Case(feed_id="311", case_id="é", opened_at=NOW, fetched_at=NOW, due_at=NOW, known_at=NOW),
        Notice(
            feed_id="cap",
            notice_id="n",
            headline="Crue",
            effective=NOW,
            fetched_at=NOW,
            known_at=NOW,
            supersedes=("a", "b"),
            geometry="POLYGON((0 0,1 0,1 1,0 0))",
        ),
    ]

    assert kept.append_facts(numbered(facts)) == 4

    assert sorted(reading_room.observations(NOW), key=lambda o: o.site_id) == facts[:2]
    assert reading_room.cases(NOW) == [facts[2]]
    assert reading_room.notices(NOW) == [facts[3]]
    assert reading_room.last_id() == "1700000000000-3"
    assert not reading_room.is_empty()
    assert reading_room.counts()["observations"] == 2


def test_a_fact_that_nobody_knew_is_refused(kept: history.History, observation: ObservationMaker):
    with pytest.raises(ValueError, match="known_at"):
        kept.append_facts(numbered([observation(known_at=None)]))


def test_a_correction_is_seen_now_and_not_then(
    kept: history.History, observation: ObservationMaker
):
    first = observation(1, value=10.0)
    corrected = replace(first, value=12.0, known_at=NOW + HOUR)
    kept.append_facts(numbered([corrected, first]))  # whatever the order of arrival

    assert kept.observations(NOW) == [corrected]
    assert kept.observations(NOW, known_at=NOW) == [first]
    assert kept.observations(NOW, known_at=NOW - HOUR) == []


def test_a_closed_case_is_open_as_known_before(kept: history.History):
    opened = Case(feed_id="311", case_id="1", opened_at=NOW, fetched_at=NOW, known_at=NOW)
    later = NOW + timedelta(days=2)
    closed = replace(opened, status="closed", closed_at=later, known_at=later)
    kept.append_facts(numbered([opened, closed]))

    assert kept.cases(NOW) == [closed]
    assert kept.cases(NOW, known_at=NOW + HOUR) == [opened]
    assert kept.cases(later + HOUR) == []  # closed before: nothing to tell


def test_observations_keep_to_the_span_and_the_quantities(
    kept: history.History, observation: ObservationMaker
):
    days = [datetime(2026, 1, 31, 23, 59, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC), NOW]
    kept.append_facts(numbered([observation(n, observed_at=at) for n, at in enumerate(days)]))
    kept.append_facts(numbered([observation(9, quantity="no2")], 10))

    def sites(since: datetime, until: datetime | None = None, **other: list[str]) -> set[str]:
        return {o.site_id for o in kept.observations(since, until, **other)}

    assert sites(days[0]) == {"s0", "s1", "s2", "s9"}
    assert sites(days[0], days[1]) == {"s0"}
    assert sites(days[1], NOW) == {"s1"}
    assert sites(days[1], quantities=["no2"]) == {"s9"}
    assert sites(days[1], quantities=[]) == set()


def test_a_replayed_batch_is_skipped_however_it_is_cut(
    kept: history.History, observation: ObservationMaker
):
    case = Case(feed_id="311", case_id="1", opened_at=NOW, fetched_at=NOW, known_at=NOW)
    items: list[tuple[str, Fact]] = [
        *((f"1700000000000-0.{n}", observation(n)) for n in range(5)),
        ("1700000000000-0", case),
        *numbered([observation(n) for n in range(5, 9)], 1),
    ]

    assert kept.append_facts(items[:3]) == 3  # in the middle of an entry
    assert kept.append_facts(items[:7]) == 4
    assert kept.append_facts(items) == 3
    assert kept.append_facts(items) == 0

    assert kept.counts()["observations"] == 9
    assert kept.counts()["cases"] == 1


def test_shards_and_epochs_count_apart(kept: history.History, observation: ObservationMaker):
    assert kept.append_facts(numbered([observation(1)]), shard=0, epoch=1) == 1
    assert kept.append_facts(numbered([observation(2)]), shard=1, epoch=1) == 1
    assert kept.append_facts(numbered([observation(3)]), shard=0, epoch=2) == 1
    assert kept.append_facts(numbered([observation(1)]), shard=0, epoch=1) == 0


def test_a_backfill_chunk_is_kept_once(
    kept: history.History, observation: ObservationMaker, reading: ReadingMaker
):
    assert kept.append_chunk([observation(1)], source="demo", chunk=0) == 1
    assert kept.append_chunk([observation(1)], source="demo", chunk=0) == 0
    assert kept.append_chunk([observation(2)], source="demo", chunk=1) == 1
    for _ in range(2):
        kept.append_readings([reading(NOW, 1.0)], source="demo", chunk=0)

    assert kept.counts()["observations"] == 2
    assert kept.counts()["readings"] == 1


def test_one_writer_and_any_number_of_readers(
    kept: history.History, reading_room: history.History, place: Place
):
    with pytest.raises(history.HistoryBusy):
        history.open(place, writer=True)

    with pytest.raises(history.HistoryError, match="reading only"):
        reading_room.append_pack("h", {}, at=NOW)
    with pytest.raises(history.HistoryError, match="only the writer"):
        reading_room.compact()

    kept.close()
    history.open(place, writer=True).close()


def test_marks_survive_tidying_and_reopening(
    kept: history.History, place: Place, observation: ObservationMaker
):
    for n in range(12):
        kept.append_facts(numbered([observation(n)], n))
    before = kept.observations(NOW)

    kept.compact()
    kept.close()
    again = history.open(place, writer=True)

    assert again.append_facts(numbered([observation(n) for n in range(12)])) == 0
    assert sorted(again.observations(NOW), key=str) == sorted(before, key=str)
    again.close()


def test_readers_see_whole_answers_beside_a_writer_that_compacts(
    kept: history.History, reading_room: history.History, observation: ObservationMaker
):
    faults: list[str] = []
    is_done = threading.Event()

    def read() -> None:
        while not is_done.is_set():
            n = len(reading_room.observations(NOW))
            if n % 10:
                faults.append(f"{n} rows")

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for batch in range(15):
        facts: list[Fact] = [observation(batch * 10 + n) for n in range(10)]
        kept.append_facts(numbered(facts, batch * 10))
        if batch % 5 == 4:
            kept.compact()
    is_done.set()
    for reader in readers:
        reader.join(30)

    assert faults == []
    assert len(reading_room.observations(NOW)) == 150


def test_readings_come_back_newest_known_first(kept: history.History, reading: ReadingMaker):
    usual = Usual(centre=5.0, low=1.0, high=9.0, spread=2.0, weeks=8)
    kept.append_readings(
        [
            reading(NOW, 1.0, num=3.0, den=3.0, n=3, usual=usual),
            reading(NOW, 2.0, known_at=NOW + HOUR, quality=Quality.UNCERTAIN, reason="few"),
            reading(NOW, 7.0, district="d1"),
            reading(NOW + HOUR, None, quality=Quality.NODATA),
        ]
    )

    span = {"start": NOW, "end": NOW + 2 * HOUR}
    rows = kept.readings("env.pm25", district="city", **span)
    then = kept.readings("env.pm25", district="city", **span, known_at=NOW + timedelta(minutes=1))

    assert [row["value"] for row in rows] == [2.0, None]
    assert rows[0]["quality"] == "UNCERTAIN"
    assert rows[0]["reason"] == "few"
    assert [(row["value"], row["n"], row["usual_high"]) for row in then] == [(1.0, 3, 9.0)]
    assert rows[0]["at"] == NOW
    assert {row["district"] for row in kept.readings("env.pm25", **span)} == {"city", "d1"}
    assert kept.readings("other", **span) == []


def test_a_resolution_takes_the_newest_reading_of_each_step(
    kept: history.History, reading: ReadingMaker
):
    minutes = [0, 5, 14, 15, 40]
    kept.append_readings([reading(NOW + timedelta(minutes=m), float(m)) for m in minutes])

    rows = kept.readings("env.pm25", start=NOW, end=NOW + HOUR, resolution=timedelta(minutes=15))

    assert [(row["at"] - NOW, row["value"]) for row in rows] == [
        (timedelta(0), 14.0),
        (timedelta(minutes=15), 15.0),
        (timedelta(minutes=30), 40.0),
    ]


def test_a_trend_keeps_its_gaps(kept: history.History, reading: ReadingMaker):
    quarter = timedelta(minutes=15)
    kept.append_readings(
        [
            reading(NOW, 1.0, usual=Usual(centre=1, low=0, high=2, spread=1, weeks=8)),
            reading(NOW + 2 * quarter, 3.0, quality=Quality.STALE),
            reading(NOW + 3 * quarter, 0.0),
        ]
    )

    trend = kept.trend("env.pm25", "city", start=NOW, end=NOW + HOUR, step=quarter)

    assert trend.values == (1.0, None, None, 0.0)
    assert trend.times == tuple(NOW + quarter * n for n in range(4))
    assert trend.high == (2.0, None, None, None)


def test_the_baseline_follows_the_citys_clock_over_its_change(
    kept: history.History, reading: ReadingMaker
):
    # Toronto puts its clocks forward on 8 March 2026: 09:00 is 14:00 UTC before, 13:00 after.
    at = datetime(2026, 3, 16, 13, 30, tzinfo=UTC)
    kept.append_readings(
        [
            reading(datetime(2026, 3, 16, 13, 10, tzinfo=UTC), 999.0),  # this week: left out
            reading(datetime(2026, 3, 9, 13, 10, tzinfo=UTC), 10.0),
            reading(datetime(2026, 3, 9, 13, 50, tzinfo=UTC), 20.0),
            reading(datetime(2026, 3, 9, 14, 10, tzinfo=UTC), 999.0),  # an hour later
            reading(datetime(2026, 3, 2, 14, 10, tzinfo=UTC), 30.0),
            reading(datetime(2026, 3, 2, 13, 10, tzinfo=UTC), 999.0),  # an hour earlier
            reading(datetime(2026, 2, 23, 14, 0, tzinfo=UTC), 40.0, district="d1"),
            reading(datetime(2026, 2, 23, 14, 5, tzinfo=UTC), 999.0, quality=Quality.STALE),
            reading(datetime(2026, 2, 23, 14, 6, tzinfo=UTC), None, quality=Quality.NODATA),
            reading(datetime(2026, 1, 12, 14, 0, tzinfo=UTC), 999.0),  # nine weeks ago
        ]
    )

    rows = kept.baseline_rows(at, timezone="America/Toronto", weeks=8)

    assert [(row.district, row.week, row.value) for row in rows] == [
        ("city", date(2026, 3, 2), 30.0),
        ("city", date(2026, 3, 9), 15.0),
        ("d1", date(2026, 2, 23), 40.0),
    ]
    assert kept.baseline_rows(at, timezone="America/Toronto", indicators=["x"]) == []


def event(n: int, **other: object) -> AlertEvent:
    values: dict[str, object] = {
        "event_id": f"e{n}",
        "at": NOW + timedelta(minutes=n),
        "seq": n,
        "key": "r:city",
        "rule": "r",
        "occurrence": "o1",
        "kind": "H1",
        "outcome": "applied",
        "from_state": State.NORM,
        "to_state": State.UNACK,
        "actor": "system",
        "quality": Quality.GOOD,
        "suppressed": ("SHELVED",),
        "limit": 3.0,
    }
    return AlertEvent(**(values | other))  # type: ignore[arg-type]


def test_the_audit_gives_each_event_once_and_in_order(kept: history.History):
    other = event(3, occurrence="o2", quality=None, key="q:city")
    kept.append_alert_events([event(2), event(1)])
    kept.append_alert_events([event(2), other])

    assert kept.alert_events() == [event(1), event(2), other]
    assert kept.alert_events("o1") == [event(1), event(2)]
    assert kept.alert_events(key="q:city") == [other]
    assert kept.alert_events(since=NOW + timedelta(minutes=2)) == [event(2), other]


def test_feed_changes_and_packs_are_kept(kept: history.History):
    state = FeedState(
        id="air", kind="file", name="", gives="observation", state=Quality.STALE, due_every=HOUR
    )
    kept.append_feed_changes([state], known_at=NOW)
    kept.append_feed_changes([replace(state, state=Quality.GOOD)], known_at=NOW + HOUR)
    kept.append_pack("abc", {"city.toml": "1"}, at=NOW)

    assert [row["state"] for row in kept.feed_changes("air")] == ["STALE", "GOOD"]
    assert kept.feed_changes("air", since=NOW + HOUR)[0]["known_at"] == NOW + HOUR
    assert kept.feed_changes("none") == []
    assert kept.packs() == [history.PackRow("abc", {"city.toml": "1"}, NOW)]


facts_of_two_sites = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 2), st.integers(0, 5)), min_size=1, max_size=12
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(versions=facts_of_two_sites, asked=st.integers(0, 5))
def test_as_known_then_is_the_newest_of_what_was_known(
    versions: list[tuple[int, int, int]],
    asked: int,
    tmp_path_factory: pytest.TempPathFactory,
    observation: ObservationMaker,
):
    kept = history.open(tmp_path_factory.mktemp("h"), writer=True)
    known: dict[tuple[int, int], Observation] = {}
    for site, at, known_at in versions:  # one version per instant of knowing
        known[site * 10 + at, known_at] = observation(
            site,
            value=float(known_at),
            observed_at=NOW + at * HOUR,
            known_at=NOW + known_at * HOUR,
        )
    kept.append_facts(numbered(list(known.values())))

    answer = kept.observations(NOW, known_at=NOW + asked * HOUR)

    expected = {
        place: max(v for (p, v) in known if p == place and v <= asked)
        for place in {p for (p, v) in known if v <= asked}
    }
    assert {
        (int(o.site_id[1:]) * 10 + (o.observed_at - NOW) // HOUR): o.value for o in answer
    } == expected
    kept.close()


def test_a_guest_appends_beside_a_writer_that_appends_and_compacts(
    kept: history.History, place: Place, observation: ObservationMaker
):
    guest = history.open(place, writer=False, guest=True)
    faults: list[Exception] = []

    def fill() -> None:
        try:
            for chunk in range(12):
                facts = [observation(1000 + chunk * 10 + n) for n in range(10)]
                guest.append_chunk(facts, source="past", chunk=chunk)
        except history.HistoryError as error:
            faults.append(error)

    filler = threading.Thread(target=fill)
    filler.start()
    for n in range(12):
        kept.append_facts(numbered([observation(n)], n))
        if n % 4 == 3:
            kept.compact()
    filler.join(60)

    assert faults == []
    assert kept.counts()["observations"] == 132
    assert len(kept.observations(NOW)) == 132
    with pytest.raises(history.HistoryError, match="only the writer"):
        guest.compact()
    guest.close()


def test_a_chunk_handed_in_by_two_guests_at_once_is_kept_once(
    kept: history.History, place: Place, observation: ObservationMaker
):
    guests = [history.open(place, writer=False, guest=True) for _ in range(2)]
    refusals: list[Exception] = []
    start = threading.Barrier(2)

    def fill(guest: history.History) -> None:
        start.wait()
        try:
            guest.append_chunk([observation(n) for n in range(50)], source="past", chunk=0)
        except history.HistoryError as error:
            refusals.append(error)

    fillers = [threading.Thread(target=fill, args=(guest,)) for guest in guests]
    for filler in fillers:
        filler.start()
    for filler in fillers:
        filler.join(30)

    assert kept.counts()["observations"] == 50
    assert len(refusals) <= 1
    for guest in guests:
        assert guest.append_chunk([observation(0)], source="past", chunk=0) == 0
        guest.close()


def test_facts_out_of_order_are_refused(kept: history.History, observation: ObservationMaker):
    items = numbered([observation(1), observation(2)])

    with pytest.raises(ValueError, match="order of their stream"):
        kept.append_facts(items[::-1])
