"""The jobs on this machine: what they measure, write once, and leave alone."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import history
from alerts.backtest import backtest
from analytics.diary import Progress
from analytics.engines import Local
from analytics.files import DeltaFiles, ExportedFiles, files_of
from analytics.grid import grid
from analytics.played import Span, Tried, past_of, play
from analytics.remeasure import Sum, Wanted, remeasure
from analytics.rollup import Rolling
from history import History
from history.schemas import CASES, OBSERVATIONS, READINGS
from metrics import INDICATORS, Window, measure
from metrics.quality import overlay
from model import CITY, Case, Observation, Rule, Threshold, Usual
from tests.integration.analytics.small_city import (
    END,
    HOUR,
    NAMES,
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

pytestmark = pytest.mark.integration
Fresh = Callable[[str], History]

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


def again(kept: History, data: Path, wanted: Wanted = WANTED, job: str = "one") -> Sum:
    engine = Local(kept.engine, width=1)
    progress = Progress.of(data, {"job": job}, job=job)
    with files_of(kept, data, since=START, until=END, name="remeasure") as files:
        sums = list(remeasure(wanted, kept, engine=engine, files=files, progress=progress))
    progress.end()
    return sums[-1]


def expected() -> dict[tuple[str, str, object], float]:
    """What the measures say of all facts at once."""
    some = facts(1)
    window = Window.build(
        [fact for fact in some if isinstance(fact, Observation)],
        [fact for fact in some if isinstance(fact, Case)],
    )
    found = {}
    for indicator in SOME:
        for at in grid(indicator, START, END, SCOPE.zone):
            for reading in measure(indicator, window, at, SCOPE):
                aged = reading
                if not indicator.needs_cases:
                    aged = overlay(reading, SCOPE.feed_age, at, indicator)
                if aged.value is not None:
                    found[indicator.id, aged.district, at] = aged.value
    return found


def test_an_empty_record_is_filled_as_all_facts_at_once_would_say(fresh: Fresh, tmp_path):
    kept = fresh("history")
    keep(kept, facts(1))

    done = again(kept, tmp_path)

    found = {(row[0], row[1], row[2]): row[3] for row in stored(kept)}
    assert found.keys() == expected().keys()
    assert found == pytest.approx(expected())
    assert done.parts == 3
    assert done.written == len(found)
    assert {row[-1] for row in stored(kept)} == {NOW}


def test_a_second_time_nothing_is_written(fresh: Fresh, tmp_path):
    kept = fresh("history")
    keep(kept, facts(1))
    again(kept, tmp_path)
    rows = kept.counts()["readings"]

    done = again(kept, tmp_path, replace(WANTED, known_at=NOW + HOUR), job="two")

    assert done.written == 0
    assert kept.counts()["readings"] == rows


def test_what_is_known_now_is_written_beside_what_was_known_then(fresh: Fresh, tmp_path):
    kept = fresh("history")
    keep(kept, facts(1))
    again(kept, tmp_path)
    before = stored(kept)
    late = Observation(
        feed_id="river",
        site_id="g",
        quantity="river_level",
        value=99.0,
        unit="",
        observed_at=START + 100 * HOUR,
        fetched_at=NOW,
        known_at=NOW,
        district_id="a",
    )
    kept.append_facts([("9999-0", late)])

    later = NOW + HOUR
    done = again(kept, tmp_path, replace(WANTED, known_at=later), job="two")

    changed = [row for row in stored(kept) if row[-1] == later]
    assert 0 < len(changed) == done.written < 30
    assert {row[0] for row in changed} == {"env.river"}
    rows = [
        row
        for name in NAMES
        for row in kept.readings(name, start=START - HOUR, end=NOW, known_at=NOW)
    ]
    assert sorted((r["indicator"], r["district"], r["at"], r["value"]) for r in rows) == [
        row[:4] for row in before
    ]


def test_recorded_instants_are_measured_too_where_asked(fresh: Fresh, tmp_path):
    kept = fresh("history")
    keep(kept, facts(1))
    wrong = [r for r in course(1, "env.river", hours=2) if r.district == "a"]
    kept.append_readings(wrong)

    again(kept, tmp_path, replace(WANTED, is_fine=True))

    rows = kept.readings("env.river", district="a", start=START, end=START + 2 * HOUR)
    assert len(rows) == 24
    assert {row["known_at"] for row in rows if row["value"] is not None} == {NOW}


def test_a_job_that_was_cut_off_goes_on_and_writes_nothing_twice(fresh: Fresh, tmp_path):
    kept = fresh("history")
    keep(kept, facts(1))
    engine = Local(kept.engine, width=1)
    files = DeltaFiles(kept.engine)
    asked = {"what": "all"}

    progress = Progress.of(tmp_path, asked, job="first")
    cut = remeasure(WANTED, kept, engine=engine, files=files, progress=progress)
    next(cut)
    cut.close()
    resumed = Progress.of(tmp_path, asked, job="second")
    *_, rest = remeasure(WANTED, kept, engine=engine, files=files, progress=resumed)

    assert (resumed.job, rest.parts) == ("first", 2)
    assert len(stored(kept)) == kept.counts()["readings"] == len(expected())


def test_a_part_that_was_written_but_not_noted_is_not_written_again(fresh: Fresh, tmp_path):
    kept = fresh("history")
    keep(kept, facts(1))
    engine, files = Local(kept.engine, width=1), DeltaFiles(kept.engine)
    asked = {"what": "all"}
    progress = Progress.of(tmp_path, asked, job="first")
    for _ in remeasure(WANTED, kept, engine=engine, files=files, progress=progress):
        pass
    rows = kept.counts()["readings"]

    progress.note(1)  # as if it had been killed between writing and noting
    blind = replace(WANTED, known_at=NOW + HOUR)
    resumed = Progress.of(tmp_path, asked, job="second")
    for _ in remeasure(blind, kept, engine=engine, files=files, progress=resumed):
        pass

    assert kept.counts()["readings"] == rows


def test_another_question_begins_a_new_job(tmp_path):
    Progress.of(tmp_path, {"since": 1}, job="first").note(2)

    other = Progress.of(tmp_path, {"since": 2}, job="second")

    assert (other.job, other.done) == ("second", 0)


def test_several_processes_say_the_same_as_one(fresh: Fresh, tmp_path):
    kept = fresh("history")
    keep(kept, facts(1))
    engine = Local(kept.engine, width=2)
    progress = Progress.of(tmp_path, {}, job="one")
    files = DeltaFiles(kept.engine)
    try:
        for _ in remeasure(WANTED, kept, engine=engine, files=files, progress=progress):
            pass
    finally:
        engine.close()

    assert {row[:3]: row[3] for row in stored(kept)} == pytest.approx(expected())


def test_a_history_on_a_server_is_exported_and_the_export_goes(postgres_server, tmp_path):
    kept = history.open(postgres_server.url(), writer=True)
    keep(kept, facts(1))
    kept.append_readings(list(course(1, "mob.tti", hours=3)))
    try:
        with files_of(kept, tmp_path, since=START, until=END, name="job") as files:
            assert isinstance(files, ExportedFiles)
            folder = files.folder
            counts = {
                shape.name: sum(
                    kept_rows(path) for path in files.paths(shape, START - HOUR, END + HOUR)
                )
                for shape in (OBSERVATIONS, CASES, READINGS)
            }
        assert counts == {name: kept.counts()[name] for name in counts}
        assert not folder.exists()
        again(kept, tmp_path)
        found = {row[:3]: row[3] for row in stored(kept) if row[-1] == NOW}
    finally:
        kept.close()

    assert found == pytest.approx(expected())


def kept_rows(path: str) -> int:
    import pyarrow.parquet as pq  # noqa: PLC0415 - for this count alone

    return int(pq.read_metadata(path).num_rows)


def test_a_rule_is_played_over_what_the_room_saw(fresh: Fresh):
    kept = fresh("history")
    readings = list(course(3))
    kept.append_readings(readings)
    engine = Local(kept.engine)

    found = play(Tried(rule=RULE), PLACES, SPAN, engine)
    corrected = play(Tried(rule=RULE), PLACES, replace(SPAN, is_corrected=True), engine)

    assert [some.scope for some in found] == ["a", "b"]
    assert sum(len(some.occurrences) for some in found) > 10
    assert {some.samples for some in found} == {200 * 12}
    assert found != corrected
    at = next(r.at for r in readings if r.known_at != r.at and r.district == "a")
    rows = kept.readings("env.pm25", district="a", start=at, end=at + timedelta(minutes=1))
    first = kept.readings(
        "env.pm25", district="a", start=at, end=at + timedelta(minutes=1), known_at=at
    )
    assert rows[0]["value"] != first[0]["value"]


def test_a_history_on_a_server_gives_the_same_back_test_and_roll_ups(postgres_server, fresh: Fresh):
    kept, other = fresh("history"), history.open(postgres_server.url(), writer=True)
    readings = list(course(3, hours=60))
    zone = ZoneInfo("America/Toronto")
    try:
        for one in (kept, other):
            one.append_readings(readings)
        for span in (SPAN, replace(SPAN, is_corrected=True)):
            found = play(Tried(rule=RULE), PLACES, span, Local(other.engine))
            assert found == play(Tried(rule=RULE), PLACES, span, Local(kept.engine))
            assert len(found) == 2
        written = [
            sum(
                some.written
                for some in Rolling(one.engine, Local(one.engine), zone, {}).over(
                    START, START + 60 * HOUR, now=NOW
                )
            )
            for one in (kept, other)
        ]
    finally:
        other.close()

    assert written == [3 * 62, 3 * 62]


def test_a_played_rule_says_what_the_engine_says_of_the_same_samples(fresh: Fresh):
    from alerts import Sample  # noqa: PLC0415 - for this comparison alone
    from alerts.course import Course  # noqa: PLC0415 - as above

    kept = fresh("history")
    readings = list(course(3))
    kept.append_readings(readings)
    first = {(r.district, r.at): r for r in reversed(readings)}
    samples = sorted(
        (
            (r.at, Sample(r.value, r.quality, r.observed_at))
            for r in first.values()
            if r.district == CITY
        ),
        key=lambda pair: pair[0],
    )

    (found,) = play(Tried(rule=replace(RULE, scope="city")), [CITY], SPAN, Local(kept.engine))

    told = backtest(replace(RULE, scope="city"), Course.of(samples), end=END)
    assert found == told


def test_limits_that_follow_what_is_usual_come_from_each_reading(fresh: Fresh):
    kept = fresh("history")
    usual = Usual(centre=20.0, low=10.0, high=30.0, spread=5.0, weeks=8)
    kept.append_readings(
        [
            replace(reading, usual=None if reading.at < START + HOUR else usual)
            for reading in course(3)
            if reading.known_at == reading.at
        ]
    )
    indicator = replace(
        INDICATORS["env.pm25"], threshold=Threshold(kind="usual_ratio", warn=1.75, crit=2.25)
    )
    tried = Tried(rule=replace(RULE, kind="usual_ratio", warn=None, crit=None), indicator=indicator)

    moving = play(tried, ["a"], SPAN, Local(kept.engine))[0]
    fixed = play(Tried(rule=RULE), ["a"], replace(SPAN, since=START + HOUR), Local(kept.engine))[0]

    assert moving.samples == fixed.samples == 199 * 12
    assert moving.calls == fixed.calls
    assert len(moving.occurrences) > 3


def test_the_record_of_a_rule_is_found_again_by_playing_it(fresh: Fresh):
    from alerts.backtest import play as live  # noqa: PLC0415 - the room's own lines
    from analytics.played import course_of  # noqa: PLC0415 - as above

    kept = fresh("history")
    kept.append_readings(list(course(3)))
    engine = Local(kept.engine)
    rows = engine.ask(
        'select "at", value, quality, observed_at from (select * from '
        f'{engine.relation(READINGS)} where district = \'a\' and known_at = "at") order by "at"',
        {},
    )
    room = live(RULE, course_of(rows), scope="a", end=END, acked_after=timedelta(minutes=5))
    kept.append_alert_events(room.lines)

    found = play(Tried(rule=RULE), ["a"], SPAN, engine)[0]
    record = past_of(kept, found)

    assert record.missed == record.extra == 0
    assert set(record.delays) == {timedelta(0)}


def test_roll_ups_of_a_span_are_written_once(fresh: Fresh):
    kept = fresh("history")
    kept.append_readings(list(course(1, hours=60)))
    rolling = Rolling(kept.engine, Local(kept.engine), ZoneInfo("America/Toronto"), {})

    first = list(rolling.over(START, START + 60 * HOUR, now=NOW))
    second = list(rolling.over(START, START + 60 * HOUR, now=NOW + HOUR))

    by_table = {
        name: sum(some.written for some in first if some.table == name)
        for name in ("readings_hourly", "readings_daily")
    }
    assert by_table == {"readings_hourly": 3 * 60, "readings_daily": 3 * 2}
    assert sum(some.written for some in second) == 0
