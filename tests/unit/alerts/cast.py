"""The small cast of the alert stories: one clock, one rule, and ways to tell a story."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import alerts
from alerts.comparator import Memory
from model import AlertEvent, Command, Level, Outcome, Quality, Rationale, Rule, State

T0 = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
GOOD, UNCERTAIN, LATE = Quality.GOOD, Quality.UNCERTAIN, Quality.LATE
STALE, NODATA, BAD = Quality.STALE, Quality.NODATA, Quality.BAD
FROZEN = (STALE, NODATA, BAD)

RULE = Rule(
    id="tti",
    title="Traffic is slow",
    indicator="mob.tti",
    warn=100.0,
    crit=200.0,
    deadband=10.0,
    on_delay=timedelta(minutes=10),
    crit_on_delay=timedelta(minutes=2),
    off_delay=timedelta(minutes=15),
    priority_warn=2,
    priority_crit=1,
    owner="traffic",
    cadence=timedelta(minutes=5),
    rationale=Rationale(
        cause=("incident",),
        consequence="people are late",
        actions=("send a crew",),
        time_to_respond=timedelta(minutes=60),
    ),
)
P3 = replace(RULE, priority_warn=3, priority_crit=3)
LATCHING = replace(RULE, is_latching=True)
PROMPT = replace(RULE, on_delay=timedelta(0), off_delay=timedelta(0), crit_on_delay=timedelta(0))


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def sample(value: float | None, minutes: float, quality: Quality = GOOD, **more) -> alerts.Sample:
    return alerts.Sample(value, quality, at(minutes), **more)


class Room:
    """One rule in one scope, told as a story; every line of the audit is kept."""

    def __init__(self, rule: Rule = RULE, scope: str = "city") -> None:
        self.rule = rule
        self.record = alerts.new(rule, scope)
        self.lines: list[AlertEvent] = []

    @property
    def state(self) -> State:
        return self.record.state

    @property
    def shown(self) -> str:
        return alerts.shown(self.record)

    @property
    def view(self) -> alerts.view:
        return alerts.view(self.rule, self.record, T0)

    def see(self, value: float | None, minutes: float, quality: Quality = GOOD, **more) -> str:
        observed = more.pop("observed", minutes)
        seen = sample(value, observed, quality, **more)
        self.record, lines = alerts.observe(self.rule, self.record, seen, at(minutes))
        self.lines += lines
        return self.record.state

    def wait(self, minutes: float) -> list[str]:
        self.record, lines = alerts.elapse(self.rule, self.record, at(minutes))
        self.lines += lines
        return [line.kind for line in lines]

    def ask(self, call: str, minutes: float, *, by: str = "Ann", **body: str) -> Outcome:
        asked = Command(
            command_id=f"c{minutes}",
            occurrence=body.pop(
                "occurrence", self.record.occurrence or self.record.last_occurrence or ""
            ),
            call=call,
            by=by,
            at=at(minutes),
            comment=body.pop("comment", None),
            body=tuple(body.items()),
        )
        self.record, lines, outcome = alerts.command(self.rule, self.record, asked, at(minutes))
        self.lines += lines
        return outcome

    def kinds(self) -> list[str]:
        return [line.kind for line in self.lines]

    def called(self) -> list[str]:
        return [line.kind for line in self.lines if line.annunciated]


def standing(rule: Rule, state: State, **more) -> alerts.Record:
    """Return a record that stands in a state as an alert would after its usual course."""
    record = replace(
        alerts.new(rule, "city"), state=state, state_since=T0, value=150.0, quality=GOOD
    )
    record = replace(record, observed_at=T0, side="high")
    is_high = state in (State.PEND, State.UNACK, State.ACKED)
    record = replace(record, main=Memory(high=is_high))
    if state in (State.NORM, State.PEND):
        return replace(record, breached_at=T0 if is_high else None, **more)
    is_recovering = state in (State.CLRU, State.CLRA)
    record = replace(record, occurrence="A-1", raised_at=T0, level=Level.WARN)
    return replace(record, normal_since=T0 if is_recovering else None, **more)


def run(room: Room, story: Iterable[tuple[float, float | None, Quality]]) -> list[str]:
    return [str(room.see(value, minutes, quality)) for minutes, value, quality in story]
