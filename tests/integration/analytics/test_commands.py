"""The jobs as a person asks for them: what is refused, what is said, what is written."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import cities
import history
from analytics import arguments, commands
from analytics.commands import House
from cities import Pack
from history import History
from history.upkeep import Upkeep
from model import CITY, Observation, Quality, Reading
from pipeline.scope import scope_of
from pipeline.upkeep import policy_of

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[3]
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
INDICATOR = "env.pm25"


@pytest.fixture(scope="session")
def pack() -> Pack:
    return cities.load(
        ROOT / "cities" / "montreal",
        places={
            "demo": "http://127.0.0.1:1",
            "demo_mqtt": "mqtt://127.0.0.1:2",
            "house": "http://127.0.0.1:3",
        },
    )


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[History]:
    """A history that its writer holds open, as the running house does."""
    opened = history.open(tmp_path / "history", writer=True)
    yield opened
    opened.close()


Said = list[str]
Asking = Callable[..., tuple[int, Said]]


@pytest.fixture
def ask(pack: Pack, kept: History, tmp_path: Path) -> Asking:  # noqa: ARG001 - it made the tables
    """Return a function that asks for a job and returns its exit code and lines."""

    def asked(*words: str, url: str | None = None) -> tuple[int, Said]:
        parser = argparse.ArgumentParser()
        arguments.add(parser.add_subparsers(dest="call"))
        said: Said = []
        house = House(
            pack=pack,
            scope=scope_of(pack),
            stands=policy_of(pack, {}).stands,
            place=str(tmp_path / "history"),
            data=tmp_path,
            url=url,
            now=NOW,
            say=said.append,
            complain=said.append,
        )
        return commands.run(parser.parse_args(words), house), said

    return asked


def rule_id(pack: Pack) -> str:
    return next(rule.id for rule in pack.rules if rule.scope == "city" and rule.warn is not None)


def readings(indicator: str, limit: float, days: int = 4) -> list[Reading]:
    """Every minute's, above the limit for two hours a day."""
    start = NOW - timedelta(days=days)
    return [
        Reading(
            indicator=indicator,
            district=CITY,
            at=at,
            value=limit + (1.0 if 8 <= at.hour < 10 else -100.0),
            observed_at=at,
            known_at=at,
        )
        for at in (start + n * MINUTE for n in range(days * 1440))
    ]


def fill(kept: History, pack: Pack) -> None:
    """Two days of particles at one site of each district."""
    places = [district.id for district in pack.districts.items]
    found = [
        Observation(
            feed_id="air",
            site_id=f"s{number}",
            quantity="pm25",
            value=10.0 + number + at.hour % 5,  # one that never moves is not believed
            unit="µg/m³",
            observed_at=at,
            fetched_at=at,
            known_at=at,
            district_id=place,
        )
        for at in (NOW - n * HOUR for n in range(48, 0, -1))
        for number, place in enumerate(places)
    ]
    kept.append_facts([(f"{n + 1}-0", fact) for n, fact in enumerate(found)])


def test_the_past_is_measured_again_beside_the_house(ask: Asking, kept: History, pack: Pack):
    fill(kept, pack)

    code, said = ask("remeasure", "--since", "2026-03-09", "--indicator", INDICATOR)
    again, told = ask("remeasure", "--since", "2026-03-09", "--indicator", INDICATOR)

    assert (code, again) == (0, 0)
    rows = kept.readings(INDICATOR, district=CITY, start=NOW - 48 * HOUR, end=NOW)
    assert rows
    assert {row["known_at"] for row in rows} == {NOW}
    assert rows[0]["at"] >= datetime(2026, 3, 9, 4, tzinfo=UTC)  # midnight of the city
    assert said[-1].startswith("done: ")
    assert told[-1].endswith("0 were others and written")


def test_a_job_that_is_done_leaves_no_note(ask: Asking, kept: History, pack: Pack, tmp_path: Path):
    fill(kept, pack)

    ask("remeasure", "--since", "2026-03-10", "--indicator", INDICATOR)

    assert list((tmp_path / "analytics").iterdir()) == []


def test_roll_ups_are_written_and_then_stand(ask: Asking, kept: History):
    kept.append_readings(readings(INDICATOR, 50.0, days=2))

    code, said = ask("rollup", "--since", "2026-03-08")
    _, told = ask("rollup", "--since", "2026-03-08")

    assert code == 0
    assert kept.counts()["readings_hourly"] == 48
    assert kept.counts()["readings_daily"] == 2
    assert said[-1] == "done: 50 rows were others and written"
    assert told[-1] == "done: 0 rows were others and written"


def test_a_back_test_tells_every_place_and_the_load(ask: Asking, kept: History, pack: Pack):
    rule = next(rule for rule in pack.rules if rule.id == rule_id(pack))
    kept.append_readings(readings(str(rule.indicator), 1000.0))
    limits = ("--warn", "1000", "--on-delay", "10m", "--off-delay", "5m")

    code, said = ask("backtest", rule.id, "--since", "2026-03-06T12:00Z", *limits)

    assert code == 0, said
    assert said[0].startswith(f"{rule.id}: {rule.title}, 2026-03-06T12:00:00Z to")
    assert said[1].split()[:2] == ["place", "raised"]
    assert said[2].split()[:2] == ["city", "4"]
    assert said[3].startswith("calls in 10 minutes")


def test_a_back_test_answers_programs_in_json(ask: Asking, kept: History, pack: Pack):
    rule = next(rule for rule in pack.rules if rule.id == rule_id(pack))
    kept.append_readings(readings(str(rule.indicator), 1000.0))

    code, said = ask("backtest", rule.id, "--warn", "1000", "--ack-after", "never", "--json")

    told = json.loads("\n".join(said))
    assert code == 0
    assert told["changed"] == {"warn": 1000.0}
    (place,) = told["places"]
    assert place["scope"] == "city"
    assert place["samples"] == 4 * 1440
    assert len(place["occurrences"]) >= 1
    assert place["occurrences"][0]["peak"] == 1001.0
    assert place["record"] == {"delays": [], "missed": 0, "extra": len(place["occurrences"])}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("rollup", "--since", "2026-03-11"), "lies in the future"),
        (("rollup", "--since", "2026-03-01", "--until", "2027-01-01"), "lies in the future"),
        (("rollup", "--since", "2026-03-05", "--until", "2026-03-05"), "is not before"),
        (("remeasure", "--since", "2026-03-01", "--indicator", "env.pm52"), "mean env.pm25?"),
        (("remeasure", "--since", "2026-03-01", "--indicator", "dq.feeds"), "feeds' states"),
        (("backtest", "nonsense"), "no rule nonsense in this pack"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    ask: Asking, kept: History, words: tuple[str, ...], said: str
):
    kept.append_readings(readings(INDICATOR, 1.0, days=1))

    code, told = ask(*words)

    assert code == 1
    assert said in told[-1]


def test_a_funnel_is_played_with_fixed_limits_alone(
    ask: Asking, kept: History, pack: Pack, monkeypatch: pytest.MonkeyPatch
):
    name = rule_id(pack)
    rules = tuple(replace(r, kind="funnel") if r.id == name else r for r in pack.rules)
    rule = next(rule for rule in rules if rule.id == name)
    kept.append_readings(readings(str(rule.indicator), 1000.0))
    monkeypatch.setitem(pack.__dict__, "rules", rules)

    refused = ask("backtest", name)
    played = ask("backtest", name, "--warn", "1000")

    assert refused[0] == 1
    assert "come from all districts at once" in refused[1][-1]
    assert played[0] == 0


def test_what_the_house_has_rolled_up_stands(ask: Asking, kept: History, pack: Pack):
    kept.append_readings(readings(INDICATOR, 50.0, days=2)[:1500:90])
    upkeep = Upkeep(kept.engine, policy_of(pack, {}))
    while upkeep.step(NOW).is_behind:
        pass
    assert kept.counts()["readings_hourly"] > 10

    _, told = ask("rollup", "--since", "2026-03-08", "--until", "2026-03-10T11:00Z")

    assert told[-1] == "done: 0 rows were others and written"


def test_the_nearest_rule_is_named(ask: Asking, kept: History, pack: Pack):
    kept.append_readings(readings(INDICATOR, 1.0, days=1))
    name = rule_id(pack)

    code, told = ask("backtest", f"{name}x")

    assert (code, told[-1]) == (1, f"no rule {name}x in this pack; did you mean {name}?")


def test_a_rule_without_readings_is_told(ask: Asking, kept: History, pack: Pack):
    kept.append_readings(readings("no.such", 1.0, days=1))

    code, told = ask("backtest", rule_id(pack))

    assert code == 1
    assert told[-1].startswith("no reading of ")


def test_an_empty_history_is_told(ask: Asking):
    code, told = ask("rollup", "--since", "2026-03-01")

    assert code == 1
    assert told[-1].endswith("is empty")


def test_a_master_that_does_not_answer_is_told(ask: Asking, kept: History, free_port):
    kept.append_readings(readings(INDICATOR, 1.0, days=1))

    code, told = ask("rollup", "--since", "2026-03-10", url=f"spark://127.0.0.1:{free_port()}")

    assert code == 1
    assert "no Spark master answers" in told[-1] or "Java" in told[-1]


def test_without_java_the_command_to_install_it_is_told(
    ask: Asking, kept: History, monkeypatch: pytest.MonkeyPatch
):
    kept.append_readings(readings(INDICATOR, 1.0, days=1))
    monkeypatch.setenv("JAVA_HOME", "/nowhere")

    code, told = ask("rollup", "--since", "2026-03-10", url="spark:local[1]")

    assert code == 1
    assert "sudo apt-get update && sudo apt-get install -y default-jre-headless" in told[-1]


def test_without_pyspark_the_command_to_install_it_is_told(
    ask: Asking, kept: History, monkeypatch: pytest.MonkeyPatch
):
    kept.append_readings(readings(INDICATOR, 1.0, days=1))
    monkeypatch.setattr("analytics.spark.look_for_java", lambda: None)
    monkeypatch.setitem(sys.modules, "py4j.protocol", None)

    code, told = ask("rollup", "--since", "2026-03-10", url="spark:local[1]")

    assert code == 1
    assert "-m pip install -r" in told[-1]
    assert "requirements-spark.txt" in told[-1]


def run_app(data: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "app.py"), *words],
        env={"PATH": os.environ["PATH"], "BARTIZAN_DATA": str(data), **more},
        cwd=data,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )


def recent(kept: History) -> None:
    """Readings of the last two days by the real clock, which the command reads."""
    shift = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - NOW
    kept.append_readings(
        [
            replace(r, at=r.at + shift, observed_at=r.at + shift, known_at=r.at + shift)
            for r in readings(INDICATOR, 50.0, days=2)
        ]
    )


def test_the_command_line_runs_a_job_and_says_what_it_did(kept: History, tmp_path: Path):
    recent(kept)
    since = f"{datetime.now(UTC) - timedelta(hours=30):%Y-%m-%dT%H:00Z}"

    done = run_app(tmp_path, "rollup", "--since", since)
    wrong = run_app(tmp_path, "rollup")
    refused = run_app(tmp_path, "rollup", "--since", "2999-01-01")

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("rolling up, on this machine\n")
    assert kept.counts()["readings_hourly"] >= 29
    assert wrong.returncode == 2
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "lies in the future" in refused.stderr


@pytest.mark.spark
@pytest.mark.timeout(300)
@pytest.mark.skipif(
    os.environ.get("BARTIZAN_LONG") != "1",
    reason="the long form starts a driver of its own; the short one tests the same job in one",
)
def test_the_command_line_runs_a_job_on_a_cluster(spark_cluster, kept: History, tmp_path: Path):
    recent(kept)
    since = f"{datetime.now(UTC) - timedelta(hours=30):%Y-%m-%dT%H:00Z}"
    more = spark_cluster.environment | {"ANALYTICS_URL": spark_cluster.url}

    done = run_app(tmp_path, "rollup", "--since", since, **more)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("rolling up, on Spark at spark://127.0.0.1:")
    assert kept.counts()["readings_hourly"] >= 29
    assert Quality.GOOD in {
        row["quality"] for row in kept.readings(INDICATOR, start=NOW, end=datetime.now(UTC))
    }
