"""One alert under any course of events: samples, silence, time, people, restarts."""

from dataclasses import fields, replace
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import alerts
from alerts import timers
from alerts.machine import HOLD, RESUME
from alerts.priority import priority_of
from alerts.record import Record
from alerts.suppression import LONGEST
from model import AlertEvent, Command, Quality, Rule, State
from model.plain import entity, instant, plain
from tests.unit.alerts.cast import RULE, T0, sample

ACTIVE = {State.UNACK, State.ACKED, State.CLRU, State.CLRA}
FORCED = {"OOS", "RULE_CHANGED", "RULE_DELETED"}
PARENTS = ("power:city", "flood:city")

durations = st.sampled_from([0, 1, 4, 10, 30]).map(lambda m: timedelta(minutes=m))
rules = st.builds(
    replace,
    st.just(RULE),
    on_delay=durations,
    off_delay=durations,
    crit_on_delay=st.none() | durations,
    is_latching=st.booleans(),
    direction=st.sampled_from(["high", "high", "band"]),
    low=st.just(-100.0),
    high=st.just(100.0),
    crit_low=st.none() | st.just(-200.0),
    crit_high=st.just(200.0),
    crit=st.none() | st.just(200.0),
    priority_warn=st.sampled_from([1, 2, 3, 0]),
    priority_crit=st.sampled_from([1, 2]),
).map(lambda r: replace(r, priority_crit=min(r.priority_warn or 2, r.priority_crit)))
VALUES = (50.0, 50.0, 95.0, 120.0, 120.0, 195.0, 250.0, -120.0, -250.0, None)
QUALITIES = (*[Quality.GOOD] * 14, *Quality)


class Alarm(RuleBasedStateMachine):
    """One rule in one scope, driven at random; its audit is kept from the first line."""

    @initialize(made=rules, kind=st.sampled_from(["threshold"] * 4 + ["missing"]))
    def build(self, made: Rule, kind: str) -> None:
        self.rule = replace(made, kind=kind, feed="f")
        self.record = alerts.new(self.rule, "city")
        self.lines: list[AlertEvent] = []
        self.minutes = 0.0
        self.observed = 0.0

    @property
    def now(self):
        return T0 + timedelta(minutes=self.minutes)

    def take(self, record: Record, lines: list[AlertEvent]) -> None:
        is_held = self.record.is_held
        for line in lines:
            is_held = (is_held or line.kind == HOLD) and line.kind != RESUME
            if is_held and line.from_state in ACTIVE and line.kind not in FORCED:
                assert line.to_state in ACTIVE, f"{line.kind} ended an alarm on frozen data"
        self.record = entity(Record, plain(record))  # a restart between any two events
        assert self.record == record
        self.lines += lines

    @rule(
        value=st.sampled_from(VALUES),
        quality=st.sampled_from(QUALITIES),
        later=st.sampled_from([0, 0.5, 1, 5, 5, 5, 15, 61]),
        stale=st.none() | st.integers(1, 20),
        is_new=st.sampled_from([True, True, True, False]),
    )
    def see(self, value, quality, later, stale, is_new) -> None:
        self.minutes += later
        self.observed = self.minutes if is_new else self.observed
        until = None if stale is None else self.now + timedelta(minutes=stale)
        seen = sample(value, self.observed, quality, stale_at=until)
        once = alerts.observe(self.rule, self.record, seen, self.now)

        again, lines = alerts.observe(self.rule, once[0], seen, self.now)
        assert again is once[0]  # nothing to save
        assert lines == []
        self.take(*once)

    @rule(minutes=st.sampled_from([0.0, 1.0, 5.0, 16.0, 31.0, 300.0, 1500.0]))
    def wait(self, minutes: float) -> None:
        self.minutes += minutes
        once = alerts.elapse(self.rule, self.record, self.now)

        assert alerts.elapse(self.rule, once[0], self.now) == (once[0], [])
        self.take(*once)

    @rule(
        call=st.sampled_from([*alerts.CALLS, "ack", "ack", "ack", "ack", "reset", "nonsense"]),
        minutes=st.sampled_from([1, 30, 31, 240, 720, 5000]),
        kind=st.sampled_from(["timed", "oneshot"]),
    )
    def ask(self, call: str, minutes: int, kind: str) -> None:
        until = self.now + timedelta(minutes=minutes)
        asked = Command(
            command_id="c",
            occurrence=self.record.occurrence or self.record.last_occurrence or "none",
            call=call,
            by="Ann",
            at=self.now,
            comment="because of the works",
            body=(
                ("type", kind),
                ("until", instant(until)),
                ("reason", "maintenance"),
                ("ticket", "T-1"),
                ("owner", "Bo"),
            ),
        )
        record, lines, outcome = alerts.command(self.rule, self.record, asked, self.now)
        self.take(record, lines)
        if call == "shelve" and outcome.status == "applied" and self.rule.kind == "threshold":
            level_priority = priority_of(self.rule, record.level, record.quality)
            assert record.shelf is None or until - self.now <= LONGEST[level_priority]

    @rule(by=st.sampled_from(PARENTS), is_end=st.booleans())
    def explain(self, by: str, is_end: bool) -> None:
        change = alerts.uninhibit if is_end else alerts.inhibit
        self.take(*change(self.rule, self.record, by, self.now))

    @precondition(lambda self: self.rule.kind == "threshold")
    @rule(is_latching=st.booleans())
    def edit(self, is_latching: bool) -> None:
        version = str(int(self.rule.version) + 1)
        self.rule = replace(self.rule, version=version, is_latching=is_latching)
        self.take(*alerts.elapse(self.rule, self.record, self.now))

    @invariant()
    def an_occurrence_is_closed_in_norm_and_pend_only(self) -> None:
        is_closed = self.record.state in (State.NORM, State.PEND)
        assert (self.record.occurrence is None) is is_closed
        assert (self.record.level is None) is is_closed

    @invariant()
    def who_is_unseen_and_not_silenced_escalates(self) -> None:
        timer = timers.find(self.record, timers.T_ESC)
        is_unseen = self.record.state in (State.UNACK, State.CLRU)
        priority = priority_of(self.rule, self.record.level, self.record.quality)
        is_chased = is_unseen and not self.record.is_suppressed and priority in (1, 2)
        assert (timer is not None) is is_chased
        if timer:
            assert (timer.due is None) is (self.record.state is State.CLRU)

    @invariant()
    def who_has_seen_it_is_reminded(self) -> None:
        timer = timers.find(self.record, timers.T_RE)
        is_seen = self.record.state in (State.ACKED, State.CLRA)
        priority = priority_of(self.rule, self.record.level, self.record.quality)
        assert (timer is not None) is (is_seen and not self.record.is_suppressed and priority > 0)
        assert (self.record.acked_by is not None) is (is_seen or self.record.state is State.LATA)

    @invariant()
    def suppressed_is_silent(self) -> None:
        assert not [line for line in self.lines if line.annunciated and line.suppressed]

    @invariant()
    def out_of_service_is_normal_and_without_timers(self) -> None:
        if self.record.ticket:
            assert (self.record.state, self.record.timers) == (State.NORM, ())

    @invariant()
    def clocks_of_the_process_stand_while_data_are_frozen(self) -> None:
        for timer in self.record.timers:
            if timer.name in timers.PROCESS:
                assert (timer.due is None) is self.record.is_held

    @invariant()
    def nobody_waits_for_a_timer_that_is_not_armed(self) -> None:
        armed = {timer.name for timer in self.record.timers}
        assert ("T_ON" in armed) is (
            self.record.main.is_breached and self.record.state not in (State.UNACK, State.ACKED)
        )
        assert ("T_OFF" in armed) is (self.record.state in timers.RECOVERING)
        assert ("T_FRZ" in armed) is (self.record.state is State.PEND and self.record.is_held)
        assert ("T_SHELF" in armed) is (self.record.shelf is not None)

    @invariant()
    def the_comparator_and_the_state_agree(self) -> None:
        if self.record.state in (State.PEND, State.UNACK, State.ACKED):
            assert self.record.main.is_breached
        if self.record.state in (State.NORM, *timers.RECOVERING):
            assert not self.record.main.is_breached

    @invariant()
    def lines_are_numbered_without_a_gap(self) -> None:
        assert [line.seq for line in self.lines] == list(range(1, self.record.seq + 1))

    @invariant()
    def the_audit_leads_to_the_record(self) -> None:
        if self.lines:
            assert told(alerts.replay(self.rule, self.lines)) == told(self.record)


SAMPLED = {
    *("value", "observed_at", "site", "n", "quality", "is_held", "good_run"),
    *("main", "crit", "is_crit", "side", "timers", "rule_version"),
}
PERSONAL = (timers.T_ESC, timers.T_RE, timers.T_RTN, timers.T_SHELF)


def told(record: Record) -> dict:
    """What people see of a record, and which timers run."""
    kept = {f.name: getattr(record, f.name) for f in fields(record) if f.name not in SAMPLED}
    names = {timers.T_ON, timers.T_OFF, timers.T_FRZ}
    kept["process"] = {t.name for t in record.timers if t.name in names}
    kept["people"] = sorted((t for t in record.timers if t.name in PERSONAL), key=lambda t: t.name)
    return kept


INVARIANTS = (
    Alarm.an_occurrence_is_closed_in_norm_and_pend_only,
    Alarm.who_is_unseen_and_not_silenced_escalates,
    Alarm.who_has_seen_it_is_reminded,
    Alarm.out_of_service_is_normal_and_without_timers,
    Alarm.clocks_of_the_process_stand_while_data_are_frozen,
    Alarm.nobody_waits_for_a_timer_that_is_not_armed,
    Alarm.the_comparator_and_the_state_agree,
)
"""What a walk asks after every step; what concerns all lines it asks once, at the end."""
