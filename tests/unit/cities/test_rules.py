"""Indicators with a city's settings, and rules that are thought through."""

# ruff: noqa: E501 - rows of cases read best whole

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

import cities
from cities import PackError
from metrics import INDICATORS

Make = Callable[..., Path]

ON = '[[indicators]]\nid = "srv.sla"\nwarn = 90\ncrit = 80\n[[indicators]]\nid = "srv.new"\n[[indicators]]\nid = "par.participation"\n'
RULE = """
[[rules]]
id = "late"
title = "Too few closed in time"
indicator = "srv.sla"
deadband = 2
on_delay = "1h"
off_delay = "2h"
priority = { warn = 3, crit = 2 }
cause = ["crews lag"]
consequence = "promises are broken"
action = ["call the department"]
time_to_respond = "8h"
"""


def problems(folder: Path) -> list[str]:
    with pytest.raises(PackError) as caught:
        cities.load(folder)
    return [str(problem) for problem in caught.value.problems]


def test_settings_of_the_city_win_over_the_catalogue(make: Make) -> None:
    pack = cities.load(
        make(
            '[[indicators]]\nid = "srv.new"\nwindow = "24h"\nowner = "311"\nweight = 2.5\npublic = false\n',
            '[[indicators]]\nid = "srv.backlog"\nwarn = 14\ncrit = 21\ntarget = 9\nnormal = [4, 9]\n',
        )
    )

    new, backlog = pack.indicators
    assert (new.window, new.owner, new.weight, new.is_public) == (
        timedelta(hours=24),
        "311",
        2.5,
        False,
    )
    assert new.threshold == INDICATORS["srv.new"].threshold
    assert (backlog.threshold.kind, backlog.threshold.warn, backlog.threshold.crit) == (
        "value",
        14,
        21,
    )
    assert (backlog.target, backlog.normal) == (9, (4, 9))


@pytest.mark.parametrize(
    ("written", "kind", "warn", "crit"),
    [
        ("threshold = 14", "value", 14, None),
        ('threshold = { kind = "usual_ratio", warn = 1.25, crit = 1.5 }', "usual_ratio", 1.25, 1.5),
        ('threshold = { kind = "z", warn = 3.5, crit = 5 }', "z", 3.5, 5),
        ("threshold = { warn = 1, crit = 2 }", "value", 1, 2),
    ],
)
def test_a_threshold_is_a_number_or_a_table(
    make: Make, written: str, kind: str, warn: float, crit: float
) -> None:
    (one,) = cities.load(make(f'[[indicators]]\nid = "srv.backlog"\n{written}\n')).indicators

    assert (one.threshold.kind, one.threshold.warn, one.threshold.crit) == (kind, warn, crit)


def test_the_european_air_index_has_limits_of_its_own(make: Make) -> None:
    table = '[[indicators]]\nid = "env.aqi"\ntable = "eaqi-2024"\n'
    (plain,) = cities.load(make(table)).indicators
    (own,) = cities.load(make(f"{table}warn = 3\ncrit = 4\n")).indicators

    assert (plain.threshold.warn, plain.threshold.crit, plain.target) == (4.0, 5.0, 2.0)
    assert plain.option("table", "") == "eaqi-2024"
    assert (own.threshold.warn, own.threshold.crit) == (3.0, 4.0)


@pytest.mark.parametrize(
    ("table", "warn", "crit"),
    [("us", 101.0, 151.0), ("eaqi", 4.0, 5.0), ("uk-daqi", 7.0, 10.0), ("uk-daqi-2012", 7.0, 10.0)],
)
def test_every_air_index_has_limits_of_its_own(
    make: Make, table: str, warn: float, crit: float
) -> None:
    (one,) = cities.load(make(f'[[indicators]]\nid = "env.aqi"\ntable = "{table}"\n')).indicators

    assert (one.threshold.warn, one.threshold.crit) == (warn, crit)
    assert one.option("table", "") == table


def test_a_band_has_a_low_and_a_high_limit(make: Make) -> None:
    (one,) = cities.load(
        make('[[indicators]]\nid = "srv.netflow"\nlow = 0.8\nhigh = 1.2\n')
    ).indicators

    assert (one.threshold.kind, one.threshold.low, one.threshold.high) == ("band", 0.8, 1.2)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('id = "srv.nw"', "unknown indicator 'srv.nw'; did you mean 'srv.new'?"),
        ('id = "srv.new"\ntraget = 3', "unknown key 'traget' in [[indicators]]; did you mean 'target'?"),
        ('id = "srv.new"\ntable = "us-2024"', "unknown key 'table'"),
        ('id = "env.aqi"\ntable = "us-1999"', "'us-1999' is none of us, eaqi, uk-daqi, us-2015"),
        ('id = "srv.backlog"\nwarn = 21\ncrit = 14', "crit 14 is reached before warn 21"),
        ('id = "srv.sla"\nwarn = 80\ncrit = 90', "crit 90 lies above warn 80, but higher is better"),
        ('id = "srv.netflow"\nlow = 2\nhigh = 1', "low < high"),
        ('id = "srv.backlog"\nwarn = 1\nthreshold = 2', "stands beside warn; say it once"),
        ('id = "srv.backlog"\nthreshold = { kind = "valu" }', "threshold.kind: Input should be"),
        ('id = "srv.backlog"\nthreshold = { wran = 1 }', "unknown key 'wran'"),
        ('id = "srv.backlog"\nwarn = "14"', "warn: Input should be a valid number (got '14')"),
        ('id = "srv.backlog"\nwarn = nan', "warn: Input should be a finite number"),
        ('id = "srv.new"\n[[indicators]]\nid = "srv.new"', "stands in more than one table"),
    ],
)  # fmt: skip
def test_a_bad_setting_is_named(make: Make, written: str, said: str) -> None:
    found = problems(make(f"[[indicators]]\n{written}\n"))

    assert any(said in text for text in found), found


def test_a_rule_takes_the_limits_direction_and_cadence_of_its_indicator(make: Make) -> None:
    (rule,) = cities.load(make(ON, RULE)).rules

    assert (rule.warn, rule.crit, rule.direction) == (90, 80, "low")
    assert rule.cadence == INDICATORS["srv.sla"].cadence
    assert (rule.priority_warn, rule.priority_crit) == (3, 2)
    assert rule.rationale.actions == ("call the department",)
    assert rule.rationale.time_to_respond == timedelta(hours=8)


def test_the_long_names_of_the_rationalisation_record_are_read_too(make: Make) -> None:
    record = (
        RULE.replace('id = "late"', 'rule_id = "late"')
        .replace("indicator =", "kpi_id =")
        .replace("consequence =", "consequence_if_ignored =")
        .replace("action =", "corrective_action =")
    )

    (rule,) = cities.load(
        make(ON, record + 'setpoint = { warn = 85, crit = 70 }\nclass = "service"')
    ).rules

    assert (rule.id, rule.indicator, rule.warn, rule.crit) == ("late", "srv.sla", 85, 70)
    assert rule.rationale.consequence == "promises are broken"


def test_the_version_changes_with_what_the_rule_says(make: Make) -> None:
    first = cities.load(make(ON, RULE)).rules[0].version
    again = cities.load(make(ON, RULE)).rules[0].version
    moved = cities.load(make(ON.replace("warn = 90", "warn = 91"), RULE)).rules[0].version
    named = cities.load(make(ON, RULE + 'version = "7"')).rules[0].version

    assert first == again != moved
    assert named == "7"


@pytest.mark.parametrize("key", ["cause", "consequence", "action", "time_to_respond"])
def test_an_alarm_that_calls_a_person_without_its_reasons_is_refused(make: Make, key: str) -> None:
    lines = [line for line in RULE.splitlines() if not line.startswith(key)]

    found = problems(make(ON, "\n".join(lines)))

    assert len(found) == 1
    assert f"[[rules]] late {key}:" in found[0]
    assert "must say it" in found[0]


def test_the_journal_needs_no_reasons(make: Make) -> None:
    (rule,) = cities.load(
        make(ON, '[[rules]]\nid = "j"\ntitle = "Journal"\nindicator = "srv.sla"\npriority = 0\n')
    ).rules

    assert (rule.priority_warn, rule.priority_crit) == (0, 0)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('indicator = "srv.sla"', 'indicator = "srv.sl"', "'srv.sl' is not on in this pack; did you mean 'srv.sla'?"),
        ("deadband = 2", "deadband = -1", "deadband: Input should be greater than or equal to 0"),
        ("deadband = 2", "dedband = 2", "unknown key 'dedband' in [[rules]]; did you mean 'deadband'?"),
        ("deadband = 2", 'scope = "district"\ndistricts = ["9"]', "there is no district '9'"),
        ("deadband = 2", 'districts = ["1"]', "a rule for the whole city names no districts"),
        ("deadband = 2", "warn = 80\ncrit = 90", "critical limit is reached before"),
        ("deadband = 2", "escalation = []", "escalation: this version does not act on it yet"),
        ("{ warn = 3, crit = 2 }", "{ warn = 3, crit = 4 }", "priority.crit: Input should be less than"),
        ("{ warn = 3, crit = 2 }", "{ wran = 3 }", "unknown key 'wran' in [[rules]] late priority; did you mean 'warn'?"),
        ("{ warn = 3, crit = 2 }", "{ warn = 2, crit = 3 }", "less urgent"),
        ('indicator = "srv.sla"', 'indicator = "par.participation"', "needs a plan: say plan in the threshold"),
        ('["call the department"]', '["1", "2", "3", "4", "5", "6"]', "at most 5"),
    ],
)  # fmt: skip
def test_a_bad_rule_is_named(make: Make, old: str, new: str, said: str) -> None:
    found = problems(make(ON, RULE.replace(old, new)))

    assert any(said in text for text in found), found


@pytest.mark.parametrize(
    ("indicator", "kind", "limits"),
    [
        ('id = "srv.new"', "z", ("high", 3.5, 5.0)),
        ('id = "srv.sla"\nthreshold = { kind = "z", warn = 2, crit = 3 }', "z", ("low", -2, -3)),
        ('id = "srv.sla"\nthreshold = { kind = "funnel" }', "funnel", ("low", -95.0, -99.8)),
        ('id = "srv.backlog"', "usual_ratio", ("high", 1.25, 1.5)),
        (
            'id = "par.participation"\nthreshold = { kind = "plan", plan = 40 }',
            "plan",
            ("low", 75.0, 50.0),
        ),
        (
            'id = "inf.it"\nthreshold = { kind = "burn", warn = 6, crit = 14.4 }',
            "threshold",
            ("high", 6, 14.4),
        ),
    ],
)
def test_a_rule_without_limits_follows_its_indicator(
    make: Make, indicator: str, kind: str, limits: tuple[str, float, float]
) -> None:
    name = indicator.split('"')[1]
    rule = RULE.replace('indicator = "srv.sla"', f'indicator = "{name}"')
    (found,) = cities.load(make(f"[[indicators]]\n{indicator}\n", rule)).rules

    assert found.kind == kind
    assert (found.direction, found.warn, found.crit) == limits


def test_a_rule_with_limits_of_its_own_does_not_move(make: Make) -> None:
    rule = RULE.replace('"srv.sla"', '"srv.new"') + "warn = 12\n"
    (found,) = cities.load(make(ON, rule)).rules

    assert (found.kind, found.warn, found.crit) == ("threshold", 12, None)


def test_a_plan_and_a_wording_are_said_in_the_pack(make: Make) -> None:
    (found,) = cities.load(
        make('[[indicators]]\nid = "par.participation"\nplan = 40\nwording = "{title}: {value}"\n')
    ).indicators

    assert (found.threshold.kind, found.threshold.plan, found.threshold.warn) == ("plan", 40, 75)
    assert found.sentence == "{title}: {value}"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('id = "par.participation"\nplan = 40\nwarn = 3', "stands beside warn"),
        ('id = "srv.overdue"\nplan = 40', "more is better"),
        ('id = "par.participation"\nplan = 0', "greater than 0"),
    ],
)
def test_a_plan_that_makes_no_sense_is_named(make: Make, lines: str, said: str) -> None:
    found = problems(make(f"[[indicators]]\n{lines}\n"))

    assert any(said in text for text in found), found
