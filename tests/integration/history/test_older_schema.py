"""A history of schema 1, opened by this version: it is changed and answers as before."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

import history
from history import schemas, tables
from history.columns import arrow
from history.marks import Mark
from history.schemas import VERSION, Shape
from history.tables import Table, version_of
from history.upkeep import Policy, Upkeep
from model import Notice
from tests import postgres_servers as postgres
from tests.integration.history import filled
from tests.integration.history.filled import NOW

pytestmark = pytest.mark.integration

NEW = ("readings_hourly", "readings_daily", "upkeep")
OLD_SHAPES = {
    shape.name: Shape(
        shape.name,
        shape.columns
        if shape.name != "notices"
        else shape.columns.remove(shape.columns.get_field_index("is_end_assumed")),
        shape.month,
    )
    for shape in schemas.SHAPES
    if shape.name not in NEW
}
NOTICE = Notice(
    feed_id="cap",
    notice_id="old",
    headline="Crue",
    effective=NOW,
    fetched_at=NOW,
    known_at=NOW,
    districts=("d1",),
)


@pytest.fixture
def old_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as the first schema wrote it."""
    with monkeypatch.context() as past:
        past.setattr(tables, "VERSION", 1)
        for shape in OLD_SHAPES.values():
            Table(folder, shape, is_writable=True).create()
        kept = Table(folder, OLD_SHAPES["notices"], is_writable=True)
        kept.append(arrow(OLD_SHAPES["notices"], [NOTICE]), source="0:0", mark=Mark.of("5-0"))
        readings = arrow(schemas.READINGS, [], {})
        Table(folder, OLD_SHAPES["readings"], is_writable=True).append(readings)
    return folder


def test_a_reader_understands_an_older_folder_before_anybody_changed_it(old_folder: Path):
    kept = history.open(old_folder, writer=False)

    assert kept.notices(NOW) == [NOTICE]
    assert kept.kept_since() == {}
    assert kept.counts()["readings_hourly"] == 0
    kept.close()


def test_a_writer_changes_an_older_folder_and_everything_answers(old_folder: Path):
    kept = history.open(old_folder, writer=True)
    newer = replace(NOTICE, notice_id="new", is_end_assumed=True)

    assert kept.notices(NOW) == [NOTICE]
    assert kept.last_id() == "5-0"
    assert kept.append_facts([("5-0", NOTICE)]) == 0
    assert kept.append_facts([("6-0", newer)]) == 1
    assert sorted(kept.notices(NOW), key=lambda n: n.notice_id) == [newer, NOTICE]
    kept.compact()
    assert sorted(kept.notices(NOW), key=lambda n: n.notice_id) == [newer, NOTICE]
    assert not Upkeep(kept.engine, Policy("UTC")).step(NOW).is_behind
    for shape in schemas.SHAPES:
        table = kept.engine._tables[shape.name]._open()
        assert version_of(table) == VERSION
    kept.close()

    again = history.open(old_folder, writer=True)  # nothing is left to change
    assert len(again.notices(NOW)) == 2
    again.close()


def test_a_change_that_was_cut_off_is_finished(old_folder: Path, monkeypatch: pytest.MonkeyPatch):
    def killed(_: int) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as cut:
        cut.setattr(tables, "described", killed)
        with pytest.raises(KeyboardInterrupt):
            history.open(old_folder, writer=True)

    kept = history.open(old_folder, writer=True)
    assert kept.notices(NOW) == [NOTICE]
    kept.close()


@pytest.fixture
def old_schema(postgres_server: postgres.Server) -> str:
    """A schema on PostgreSQL as the first one was, with something in every table of it."""
    url = postgres_server.url()
    kept = history.open(url, writer=True)
    filled.fill(kept)
    kept.close()
    schema = url.rpartition("schema=")[2]
    with psycopg.connect(url.rpartition("&schema=")[0], autocommit=True) as link:
        link.execute(f"alter table {schema}.notices drop column is_end_assumed")
        for name in NEW:
            link.execute(f"drop table {schema}.{name}")
        link.execute(f"update {schema}.about set version = 1")
    return url


def test_a_reader_of_an_older_database_says_what_to_do_and_a_writer_changes_it(old_schema: str):
    reader = history.open(old_schema, writer=False)
    with pytest.raises(history.HistoryError, match=f"schema 1.*needs {VERSION}: start a worker"):
        reader.notices(NOW)
    reader.close()

    kept = history.open(old_schema, writer=True)
    counts = kept.counts()
    assert counts["observations"] > 0
    assert {counts[name] for name in NEW} == {0}
    notices = kept.notices(NOW - timedelta(days=900))
    assert notices
    assert not any(notice.is_end_assumed for notice in notices)
    assert kept.append_facts(filled.facts(600), shard=0, epoch=7) == 0
    assert Upkeep(kept.engine, Policy("UTC")).step(datetime(2026, 3, 9, tzinfo=UTC)).rolled > 0
    kept.close()
