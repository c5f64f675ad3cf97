"""What only PostgreSQL has: a server that goes away, roles, months as tables, replicas."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pyarrow as pa
import pytest

import history
from history import postgres_address
from history.columns import arrow
from history.marks import Mark
from history.postgres import PostgresEngine
from history.schemas import OBSERVATIONS, VERSION
from model import Fact, Observation
from tests import postgres_servers as postgres

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

pytestmark = pytest.mark.integration

Make = Callable[..., Observation]


def numbered(facts: list[Fact], start: int = 0) -> list[tuple[str, Fact]]:
    return [(f"1700000000000-{start + n}", fact) for n, fact in enumerate(facts)]


@pytest.fixture
def url(postgres_server: postgres.Server) -> str:
    return postgres_server.url()


@pytest.fixture
def kept(url: str) -> Iterator[history.History]:
    opened = history.open(url, writer=True)
    yield opened
    opened.close()


@pytest.fixture
def own_server() -> Iterator[postgres.Server]:
    """A server that a test may stop."""
    yield from postgres.lent()


def plain(url: str) -> psycopg.Connection:
    """Connect past the engine, to the schema of a history."""
    head, schema = url.split("schema=")
    link = psycopg.connect(head.rstrip("?&"), autocommit=True)
    link.execute(f"set search_path to {schema}")
    return link


# two that write


def test_a_writer_that_looked_before_another_wrote_is_refused(
    kept: history.History, url: str, observation: Make
):
    rows = arrow(OBSERVATIONS, [observation(1)])
    slow, quick = (PostgresEngine(url, writer=False, guest=True) for _ in range(2))
    for last, following in ((None, "5-0"), (Mark.of("5-0"), "6-0")):
        assert slow.last_mark(OBSERVATIONS, "0:0") == last
        quick.last_mark(OBSERVATIONS, "0:0")
        quick.append(OBSERVATIONS, rows, source="0:0", mark=Mark.of(following))

        with pytest.raises(history.HistoryError, match="concurrent append"):
            slow.append(OBSERVATIONS, rows, source="0:0", mark=Mark.of(following))

        assert slow.last_mark(OBSERVATIONS, "0:0") == Mark.of(following)
    assert kept.counts()["observations"] == 2
    slow.close()
    quick.close()


def test_guests_that_need_the_same_new_months_at_once_all_write(
    kept: history.History, url: str, observation: Make
):
    faults: list[Exception] = []
    guests = [history.open(url, writer=False, guest=True) for _ in range(4)]
    start = threading.Barrier(4)

    def fill(number: int, guest: history.History) -> None:
        facts = [
            observation(number * 100 + month, observed_at=NOW - month * 31 * DAY)
            for month in range(12)
        ]
        start.wait()
        try:
            guest.append_chunk(facts, source=f"s{number}", chunk=0)
        except history.HistoryError as error:
            faults.append(error)

    fillers = [threading.Thread(target=fill, args=each) for each in enumerate(guests)]
    for filler in fillers:
        filler.start()
    for filler in fillers:
        filler.join(30)

    assert faults == []
    assert kept.counts()["observations"] == 48
    assert kept.sizes()["observations"][0] == 12
    for guest in guests:
        guest.close()


def test_rows_of_far_off_instants_get_months_of_their_own(kept: history.History, observation: Make):
    far = [datetime(1, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)]
    facts = [observation(n, observed_at=at) for n, at in enumerate(far)]

    kept.append_facts(numbered(facts))

    assert sorted(kept.observations(far[0]), key=lambda o: o.site_id) == facts
    assert kept.sizes()["observations"][0] == 2


def test_what_is_added_while_a_span_is_rewritten_stays(
    kept: history.History, url: str, observation: Make
):
    kept.append_facts(numbered([observation(n) for n in range(3)] * 2))
    guest = history.open(url, writer=False, guest=True)

    def change(found: pa.Table) -> pa.Table:
        guest.append_chunk([observation(9), observation(10)], source="g", chunk=0)
        return found.slice(0, 3)

    counts = kept.engine.rewrite(OBSERVATIONS, change, since=NOW - HOUR, until=NOW + HOUR)

    assert counts == (6, 3)
    assert kept.counts()["observations"] == 5
    assert {o.site_id for o in kept.observations(NOW)} >= {"s9", "s10"}
    guest.close()


def test_months_are_dropped_whole_and_the_rest_row_by_row(
    kept: history.History, url: str, observation: Make
):
    days = [datetime(2026, month, day, tzinfo=UTC) for month in (1, 2, 3) for day in (5, 20)]
    kept.append_facts(numbered([observation(n, observed_at=at) for n, at in enumerate(days)]))

    assert kept.engine.drop(OBSERVATIONS, datetime(2026, 2, 10, tzinfo=UTC)) == 3
    assert kept.sizes()["observations"][0] == 2
    assert {o.site_id for o in kept.observations(days[0])} == {"s3", "s4", "s5"}

    guest = history.open(url, writer=False, guest=True)
    late = observation(7, observed_at=days[0])
    guest.append_chunk([late], source="g", chunk=0)
    assert kept.engine.drop(OBSERVATIONS, datetime(2026, 2, 1, tzinfo=UTC)) == 1
    guest.append_chunk([late], source="g", chunk=1)  # into a month that has gone meanwhile
    assert kept.observations(days[0], days[1]) == [late]
    guest.close()


def test_only_changed_partitions_are_vacuumed(kept: history.History, observation: Make):
    kept.append_facts(numbered([observation(n) for n in range(50)]))

    def merged() -> int:
        return kept.compact()["observations"]

    end = time.monotonic() + 10  # the server counts changes with a delay
    while not merged():
        assert time.monotonic() < end
    while merged():
        assert time.monotonic() < end


def test_a_text_with_a_nul_is_kept_without_it(kept: history.History, observation: Make):
    kept.append_facts(numbered([observation(1, unit="a\0b")]))

    assert kept.observations(NOW)[0].unit == "a\ufffdb"


def test_schemas_of_one_database_are_histories_of_their_own(
    kept: history.History, postgres_server: postgres.Server, observation: Make
):
    other = history.open(postgres_server.url(), writer=True)
    kept.append_facts(numbered([observation(1)]))

    assert other.is_empty()
    assert not kept.is_empty()
    other.close()


# the server


def test_both_come_back_when_the_server_does(own_server: postgres.Server, observation: Make):
    url = own_server.tcp_url(schema="h")
    kept, reading_room = history.open(url, writer=True), history.open(url, writer=False)
    kept.append_facts(numbered([observation(1)]))
    assert len(reading_room.observations(NOW)) == 1

    own_server.stop()
    for ask in (lambda: reading_room.observations(NOW), lambda: kept.append_pack("h", {}, at=NOW)):
        began = time.monotonic()
        with pytest.raises(history.HistoryError, match=r"127\.0\.0\.1") as caught:
            ask()
        assert time.monotonic() - began < 5
        assert postgres.PASSWORD not in str(caught.value)
        assert "bartizan:***@" in str(caught.value)
    own_server.start()

    assert len(reading_room.observations(NOW)) == 1
    assert kept.append_facts(numbered([observation(1), observation(2)])) == 1
    with pytest.raises(history.HistoryBusy):  # the lock came back with the connection
        history.open(url, writer=True)
    for opened in (kept, reading_room):
        opened.close()


def test_a_connection_that_is_cut_in_the_middle_leaves_nothing(
    kept: history.History, url: str, observation: Make
):
    kept.append_facts(numbered([observation(1)]))
    with plain(url) as link:
        link.execute(
            "create function cut() returns trigger language plpgsql as "
            "'begin perform pg_terminate_backend(pg_backend_pid()); return new; end'"
        )
        link.execute(
            "create trigger cut before insert on observations_2026_03 for each row "
            "when (new.site_id = 's5') execute function cut()"
        )
        facts = numbered([observation(n) for n in range(2, 9)], 1)
        with pytest.raises(history.HistoryError):
            kept.append_facts(facts)
        assert kept.counts()["observations"] == 1

        link.execute("drop trigger cut on observations_2026_03")
    assert kept.append_facts(facts) == 7
    assert kept.counts()["observations"] == 8


def test_a_writer_whose_connection_was_cut_may_find_another_in_its_place(
    kept: history.History, url: str, observation: Make
):
    with plain(url) as link:
        held = link.execute(
            "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' "
            "and (classid::bigint << 32) | objid::bigint = %s",
            [kept.engine.address.key("writer")],
        ).fetchall()
    assert held == [(True,)]
    other = _as_soon_as_free(url)

    with pytest.raises(history.HistoryBusy):
        kept.append_facts(numbered([observation(1)]))
    assert not kept.promote()
    assert kept.append_facts(numbered([observation(1)])) == 1  # as a guest
    other.compact()
    with pytest.raises(history.HistoryError, match="only the writer"):
        kept.compact()
    other.close()
    assert kept.promote()


def _as_soon_as_free(url: str) -> history.History:
    end = time.monotonic() + 10
    while True:
        try:
            return history.open(url, writer=True)
        except history.HistoryBusy:
            assert time.monotonic() < end


def test_a_server_that_only_reads_by_now_is_left(kept: history.History, observation: Make):
    kept.append_facts(numbered([observation(1)]))
    kept.engine._pen._link.execute("set default_transaction_read_only = on")
    for link in kept.engine._links._idle:
        link.execute("set default_transaction_read_only = on")

    with pytest.raises(history.HistoryError, match="read-only"):
        kept.append_facts(numbered([observation(2)], 1))
    with pytest.raises(history.HistoryError, match="read-only"):
        kept.engine.drop(OBSERVATIONS, NOW)

    assert kept.append_facts(numbered([observation(2)], 1)) == 1
    assert kept.engine.drop(OBSERVATIONS, NOW + DAY) == 2


def test_a_wrong_password_is_told_and_not_shown(postgres_server: postgres.Server):
    with pytest.raises(history.HistoryError, match="password authentication failed") as caught:
        history.open(postgres_server.tcp_url(password="wr0ng"), writer=True)

    assert "wr0ng" not in str(caught.value)


def test_an_old_server_is_refused(url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(postgres_address, "OLDEST", 99)

    with pytest.raises(history.HistoryError, match="too old, 99 or newer"):
        history.open(url, writer=True)


def test_a_database_in_another_encoding_is_refused(own_server: postgres.Server):
    with psycopg.connect(own_server.url().split("&schema")[0], autocommit=True) as link:
        link.execute(
            "create database latin encoding 'LATIN1' locale_provider libc locale 'C' "
            "template template0"
        )

    with pytest.raises(history.HistoryError, match="LATIN1"):
        history.open(own_server.url().replace("/bartizan?", "/latin?"), writer=True)


def test_a_role_without_rights_hears_what_it_lacks_and_may_use_a_schema_made_for_it(
    postgres_server: postgres.Server,
):
    url = postgres_server.url(schema="rights").replace("bartizan@", "clerk@")
    with psycopg.connect(postgres_server.url().split("&schema")[0], autocommit=True) as link:
        link.execute("create role clerk login")
        link.execute("create role visitor login")
        with pytest.raises(history.HistoryError, match="create schema rights authorization clerk"):
            history.open(url, writer=True)
        link.execute("create schema rights authorization clerk")

    history.open(url, writer=True).close()
    visitor = history.open(url.replace("clerk@", "visitor@"), writer=False)
    with pytest.raises(history.HistoryError, match="permission denied"):
        visitor.is_empty()
    with psycopg.connect(postgres_server.url().split("&schema")[0], autocommit=True) as link:
        link.execute("grant usage on schema rights to visitor")
        link.execute("grant select on all tables in schema rights to visitor")
    assert visitor.is_empty()
    assert visitor.state_at(NOW).readings == ()
    assert visitor.sizes()["cases"][0] == 1
    visitor.close()


def test_a_question_that_takes_too_long_is_given_up(
    kept: history.History,
    url: str,
    monkeypatch: pytest.MonkeyPatch,
):
    assert kept.is_empty()
    monkeypatch.setattr(postgres_address, "READ_SECONDS", 1)
    reading_room = history.open(url, writer=False)

    with pytest.raises(history.HistoryError, match="longer than 1 s"):
        reading_room.engine.ask("select count(*) as n from generate_series(1, 1000000000)", {})

    assert reading_room.is_empty()  # the connection is still good
    reading_room.close()


def test_what_was_opened_is_given_back(url: str, observation: Make):
    kept = history.open(url, writer=True)
    kept.append_facts(numbered([observation(1)]))
    threads = [threading.Thread(target=lambda: kept.observations(NOW)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    query = (
        "select count(*) from pg_stat_activity where application_name = 'bartizan' "
        "and query like %s"
    )
    with plain(url) as link:
        here = ["%" + url.split("schema=")[1] + "%"]
        assert link.execute(query, here).fetchone()[0] <= 9
        kept.close()
        end = time.monotonic() + 10
        while link.execute(query, here).fetchone()[0]:
            assert time.monotonic() < end


# the schema


def test_tables_of_a_newer_version_are_refused(kept: history.History, url: str):
    with plain(url) as link:
        link.execute("update about set version = %s", [VERSION + 1])
    kept.close()

    with pytest.raises(history.TooNew, match=f"schema {VERSION + 1}"):
        history.open(url, writer=True)
    reading_room = history.open(url, writer=False)
    with pytest.raises(history.TooNew):
        reading_room.is_empty()
    reading_room.close()


def test_tables_of_an_older_version_are_changed_by_the_writer_and_by_nobody_else(
    kept: history.History, url: str, observation: Make
):
    kept.append_facts(numbered([observation(1)]))
    kept.close()
    with plain(url) as link:
        link.execute("update about set version = 1")
        link.execute("drop table upkeep, readings_daily, readings_hourly")
        link.execute("alter table notices drop column is_end_assumed")
    early = history.open(url, writer=False)
    with pytest.raises(history.HistoryError, match="start a worker"):
        early.observations(NOW)

    again = history.open(url, writer=True)

    assert len(early.observations(NOW)) == 1
    assert again.notices(NOW) == []
    assert set(again.counts()) >= {"readings_daily", "upkeep"}
    for opened in (early, again):
        opened.close()


# replicas


def on_standby(opened: history.History) -> bool:
    found = opened.engine.ask("select pg_is_in_recovery() as there", {})
    return bool(found["there"][0].as_py())


def test_readers_ask_the_replica_and_the_writer_follows_the_primary(
    own_server: postgres.Server, observation: Make
):
    first = history.open(own_server.url(schema="h"), writer=True)
    first.append_facts(numbered([observation(1)]))
    first.close()
    replica = postgres.standby(own_server)
    both = (
        f"postgresql://bartizan@/bartizan?host={own_server.folder},{replica.folder}"
        f"&port={own_server.port},{replica.port}&schema=h"
    )
    kept, reading_room = history.open(both, writer=True), history.open(both, writer=False)

    assert on_standby(reading_room)
    assert not on_standby(kept)
    kept.append_facts(numbered([observation(1), observation(2)]))
    assert len(kept.observations(NOW)) == 2
    end = time.monotonic() + 10
    while len(reading_room.observations(NOW)) < 2:  # it lags behind
        assert time.monotonic() < end

    own_server.stop()
    assert len(reading_room.observations(NOW)) == 2
    with pytest.raises(history.HistoryError):
        kept.append_pack("h", {}, at=NOW)
    with psycopg.connect(replica.url().split("&schema")[0], autocommit=True) as link:
        link.execute("select pg_promote()")
    facts = [observation(n) for n in (1, 2, 3)]
    assert kept.append_facts(numbered(facts)) == 1
    assert len(reading_room.observations(NOW)) == 3
    for opened in (kept, reading_room):
        opened.close()
    replica.remove()
