"""What the audit alone says of an occurrence is what the record said while it lived."""

from datetime import timedelta

import alerts
from model import Command, State
from tests.unit.alerts.cast import RULE, T0, sample

MINUTE = timedelta(minutes=1)


def course(values, ack_at=None):
    """Run a rule over (minute, value) and return the audit, and each view of it."""
    record, lines, views = alerts.new(RULE, "d1"), [], []
    for minute, value in values:
        now = T0 + minute * MINUTE
        record, more = alerts.observe(RULE, record, sample(value, minute), now)
        lines += more
        if minute == ack_at:
            command = Command(
                command_id="c",
                occurrence=record.occurrence or "",
                call="ack",
                by="Ann",
                at=now,
                comment="on my way",
            )
            record, more, _ = alerts.command(RULE, record, command, now)
            lines += more
        views.append(alerts.view(RULE, record, now))
    return lines, [view for view in views if view]


def whole(lines):
    return [line for line in lines if line.occurrence]


def test_a_closed_occurrence_is_told_as_it_was():
    values = [(0, 50), *[(m, 120) for m in range(5, 35, 5)], *[(m, 50) for m in range(35, 120, 5)]]
    lines, views = course(values, ack_at=20)
    live = views[0]

    found = alerts.past(RULE, whole(lines))

    assert alerts.is_closed(whole(lines))
    assert (found.state, found.shown, found.suppressed) == (State.NORM, "NORM", ())
    kept = ("id", "key", "rule", "district", "site", "priority", "limit", "raised_at", "owner")
    assert [getattr(found, name) for name in kept] == [getattr(live, name) for name in kept]
    assert (found.acked_by, found.ack_comment) == ("Ann", "on my way")
    assert found.acked_at == T0 + 20 * MINUTE
    assert found.closed_at == lines[-1].at
    assert found.first_value == 120


def test_an_occurrence_that_stands_is_not_closed():
    lines, views = course([(m, 120) for m in range(0, 35, 5)])

    found = alerts.past(RULE, whole(lines))

    assert not alerts.is_closed(whole(lines))
    assert alerts.begins(whole(lines))
    assert (found.state, found.closed_at) == (views[-1].state, None)


def test_lines_from_the_middle_are_known_as_such():
    lines, _ = course([(m, 120) for m in range(0, 35, 5)], ack_at=30)

    assert not alerts.begins(whole(lines)[1:])


def test_a_rule_that_left_the_pack_costs_the_title_alone():
    lines, _ = course([(m, 120) for m in range(0, 35, 5)])

    found = alerts.past(None, whole(lines))

    assert (found.title, found.indicator, found.rule) == (RULE.id, None, RULE.id)


def test_nothing_is_told_of_no_line():
    assert alerts.past(RULE, []) is None
