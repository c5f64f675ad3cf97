"""The same jobs on a cluster of Apache Spark: the same answers as on this machine.

The quick run takes one job from end to end; the long one takes all of them.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from operator import truediv
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

import history
from analytics.diary import Progress
from analytics.engines import Engine, Local
from analytics.errors import AnalyticsError
from analytics.files import DeltaFiles, Files, files_of
from analytics.played import Span, Tried, play
from analytics.remeasure import Wanted, remeasure
from analytics.rollup import Rolling
from analytics.spark import Spark
from history import History
from history.schemas import READINGS, READINGS_DAILY, READINGS_HOURLY
from model import Rule
from tests.integration.analytics.conftest import AnyFiles
from tests.integration.analytics.small_city import (
    END,
    HOUR,
    NOW,
    PLACES,
    SCOPE,
    SOME,
    START,
    course,
    facts,
    keep,
    stored,
)

pytestmark = [pytest.mark.integration, pytest.mark.spark, pytest.mark.timeout(300)]
long_run = pytest.mark.skipif(
    os.environ.get("BARTIZAN_LONG") != "1",
    reason="the long form runs every job on the cluster; the short one runs one of them",
)
Fresh = Callable[[str], History]
OnSpark = tuple[Spark, AnyFiles]

WANTED = Wanted(indicators=SOME, scope=SCOPE, since=START, until=END, known_at=NOW)
RULE = Rule(
    id="dust",
    title="Dust",
    indicator="env.pm25",
    scope="district",
    warn=35.0,
    crit=45.0,
    deadband=2.0,
    on_delay=timedelta(minutes=10),
    off_delay=timedelta(minutes=15),
)
SPAN = Span(since=START, until=END, acked_after=timedelta(minutes=5))


def again(kept: History, engine: Engine, files: Files, data: Path) -> list[tuple[object, ...]]:
    progress = Progress.of(data, {"engine": engine.name}, job=engine.name)
    for _ in remeasure(WANTED, kept, engine=engine, files=files, progress=progress):
        pass
    return stored(kept)


def test_the_cluster_measures_the_past_as_this_machine_does(
    spark: OnSpark, fresh: Fresh, tmp_path: Path
):
    engine, files = spark
    here, there = fresh("here"), fresh("there")
    for kept in (here, there):
        keep(kept, facts(1))
    files.now = DeltaFiles(there.engine)

    found = again(there, engine, files, tmp_path)

    assert engine.width == 2
    assert len(found) > 1000
    assert found == again(here, Local(here.engine, 1), DeltaFiles(here.engine), tmp_path)


@long_run
def test_orphans_in_the_folder_are_not_read(spark: OnSpark, fresh: Fresh):
    engine, files = spark
    kept = fresh("history")
    kept.append_readings(list(course(1, hours=5)))
    files.now = DeltaFiles(kept.engine)
    path = Path(files.paths(READINGS)[0])
    path.with_name("orphan.parquet").write_bytes(path.read_bytes())

    def count() -> int:
        sql = f"select count(*) as n from {engine.relation(READINGS)} as r"
        return int(engine.ask(sql, {})["n"][0].as_py())

    assert count() == kept.counts()["readings"]


@long_run
@pytest.mark.parametrize("seed", [3, 4])
def test_the_cluster_plays_a_rule_as_this_machine_does(spark: OnSpark, fresh: Fresh, seed: int):
    engine, files = spark
    kept = fresh("history")
    kept.append_readings(list(course(seed)))
    files.now = DeltaFiles(kept.engine)

    for span in (SPAN, replace(SPAN, is_corrected=True, acked_after=None)):
        found = play(Tried(rule=RULE), PLACES, span, engine)

        assert found == play(Tried(rule=RULE), PLACES, span, Local(kept.engine))
        assert sum(len(some.occurrences) for some in found) > 3


@long_run
def test_the_cluster_rolls_up_as_this_machine_does(spark: OnSpark, fresh: Fresh):
    engine, files = spark
    here, there = fresh("here"), fresh("there")
    zone, stands = ZoneInfo("America/Toronto"), {"env.pm25": timedelta(minutes=20)}
    for kept in (here, there):
        kept.append_readings(list(course(5, hours=60)))
        kept.append_readings(list(course(6, "it's", hours=30)))
    files.now = DeltaFiles(there.engine)
    end = START + 60 * HOUR

    for _ in Rolling(there.engine, engine, zone, stands).over(START, end, now=NOW):
        pass
    for _ in Rolling(here.engine, Local(here.engine), zone, stands).over(START, end, now=NOW):
        pass
    again_here = list(
        Rolling(there.engine, Local(there.engine), zone, stands).over(START, end, now=NOW + HOUR)
    )

    for shape in (READINGS_HOURLY, READINGS_DAILY):
        assert rolled(there, shape) == rolled(here, shape)
        assert rolled(here, shape)
    assert sum(some.written for some in again_here) == 0


def rolled(kept: History, shape: history.schemas.Shape) -> list[dict[str, object]]:
    rows: pa.Table = kept.engine.ask(
        f'select * from {kept.engine.relation(shape)} order by indicator, district, "at"', {}
    )
    return [
        {
            name: pytest.approx(value, rel=1e-9) if isinstance(value, float) else value
            for name, value in row.items()
        }
        for row in rows.select(shape.columns.names).to_pylist()
    ]


@long_run
def test_a_history_on_a_server_is_exported_for_the_cluster(
    spark: OnSpark, fresh: Fresh, postgres_server, tmp_path: Path
):
    engine, files = spark
    here = fresh("here")
    there = history.open(postgres_server.url(), writer=True)
    try:
        for kept in (here, there):
            keep(kept, facts(1))
        with files_of(there, tmp_path, since=START, until=END, name="job") as exported:
            files.now = exported
            found = again(there, engine, files, tmp_path)
    finally:
        there.close()

    assert found == again(here, Local(here.engine, 1), DeltaFiles(here.engine), tmp_path)


@long_run
def test_what_fails_on_an_executor_is_told_in_a_sentence(spark: OnSpark):
    engine, _ = spark

    with pytest.raises(AnalyticsError, match=r"cannot do it: ZeroDivisionError") as told:
        list(engine.each(partial(truediv, 1), [0]))

    assert "executors need" in str(told.value)
