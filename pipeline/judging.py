"""Readings against rules: every alert moved, every move on the audit."""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

import alerts
from alerts import Record, Sample
from model import (
    CITY,
    AlarmLoad,
    Alert,
    AlertEvent,
    Command,
    Feed,
    FeedState,
    Indicator,
    Outcome,
    Reading,
    Rule,
    State,
)
from model.plain import entity, plain
from pipeline.limits import MovingLimits, limiter_of
from store import Lock, Store

log = structlog.get_logger("alerts")

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
EVENTS_KEPT = timedelta(hours=25)  # in memory, for the load meter and the home page


class Judge:
    """Holds the record of every rule in every scope and moves it.

    Records are saved together with their audit lines before anything is published, so that a
    restart continues where the room was.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        feeds: Sequence[Feed],
        indicators: Sequence[Indicator],
        store: Store,
        *,
        fence: Lock | None = None,
    ) -> None:
        """Load what an earlier worker left; ``fence`` is the lease of the one that leads."""
        missing = alerts.missing_rules(feeds, rules, indicators)
        self.rules: Mapping[str, Rule] = {rule.id: rule for rule in (*rules, *missing)}
        self._by_indicator: dict[str, list[Rule]] = {}
        for rule in rules:
            if rule.indicator:
                self._by_indicator.setdefault(rule.indicator, []).append(rule)
        asked = {rule.indicator for rule in rules if alerts.is_moving(rule)}
        self._moving = MovingLimits({one.id: one for one in indicators if one.id in asked})
        self._by_feed = {rule.feed: rule for rule in missing if rule.feed}
        self._store, self._fence = store, fence
        self._records: dict[str, Record] = {
            key: entity(Record, row.body) for key, row in store.records().items()
        }
        self._dirty: dict[str, Record] = {}
        self._events: list[AlertEvent] = []
        self._answers: list[Outcome] = []
        self.recent: deque[AlertEvent] = deque()

    @property
    def has_records(self) -> bool:
        """Whether any rule has ever been judged, as far as the store knows."""
        return bool(self._records)

    def readings(
        self, found: Iterable[Reading], now: datetime, hidden: Collection[tuple[str, str]] = ()
    ) -> None:
        """Judge new readings.

        What is ``hidden`` (indicator, district), for it is about too few cases, is judged like the
        rest, or an alert could never clear; but its figure stands neither in the alert nor in
        the audit.
        """
        fresh = list(found)
        limiter = limiter_of(self._moving.indicators.values(), fresh)
        for reading in fresh:
            is_hidden = (reading.indicator, reading.district) in hidden
            for rule in self._by_indicator.get(reading.indicator, ()):
                if not _concerns(rule, reading.district):
                    continue
                if reading.value is None and f"{rule.id}:{reading.district}" not in self._records:
                    continue  # nothing was ever known here: nothing to hold
                judged = self._moving.judged_by(rule, reading, limiter, is_hidden=is_hidden)
                if judged is not None:
                    place, sample = reading.district, _sample(reading)
                    self._observe(judged, place, sample, now, is_hidden=is_hidden)

    def feeds(self, states: Iterable[FeedState], now: datetime) -> None:
        """Judge whether feeds deliver: one alarm per feed, never one per indicator."""
        for state in states:
            if (rule := self._by_feed.get(state.id)) is not None:
                self._observe(rule, CITY, _feed_sample(state, now), now)

    def elapse(self, now: datetime) -> None:
        """Fire the timers that are due."""
        for key, record in self._records.items():
            if not record.timers or (rule := self.rules.get(record.rule)) is None:
                continue
            moved, events = alerts.elapse(self._moving.of(key, rule), record, now)
            if moved is not record:
                self._keep(key, moved, events)

    def command(self, command: Command, now: datetime) -> Outcome:
        """Apply what a person asked for."""
        record = self._record_of(command.occurrence)
        if record is None or (rule := self.rules.get(record.rule)) is None:
            outcome = Outcome(
                command_id=command.command_id,
                status="unknown",
                reason="no live alert with this id: it is closed, or never was",
            )
        else:
            rule = self._moving.of(record.key, rule)
            moved, events, outcome = alerts.command(rule, record, command, now)
            self._keep(record.key, moved, events)
        self._answers.append(outcome)
        return outcome

    def _record_of(self, occurrence: str) -> Record | None:
        """Find the live record of an occurrence, or the one whose last occurrence it was."""
        found = [
            record
            for record in self._records.values()
            if occurrence in (record.occurrence, record.last_occurrence)
        ]
        return max(found, key=lambda record: record.occurrence == occurrence, default=None)

    def retire_unknown(self, now: datetime, districts: Collection[str]) -> None:
        """Close what rules and districts left behind that are no longer in the pack."""
        for key, record in list(self._records.items()):
            if record.state is State.NORM:
                continue
            if record.rule not in self.rules:
                reason = "the rule left the pack"
            elif record.scope != CITY and record.scope not in districts:
                reason = "the district left the pack"
            else:
                continue
            gone = Rule(id=record.rule, title=record.rule, version=record.rule_version)
            moved, events = alerts.retire(gone, record, now, reason)
            self._keep(key, moved, events)

    def save_all(self) -> None:
        """Save every record at the next flush (the store has lost them)."""
        self._dirty.update(self._records)

    def flush(self, append: Callable[[Sequence[AlertEvent]], None]) -> None:
        """Save what moved: audit lines first, then records together with the answers.

        A crash between the two repeats lines with the same ``event_id``, which readers drop.
        Where the history cannot be written the room goes on; the lines wait for the next time.

        Raises:
            Exception: whatever ``append`` raised, after the records were saved.

        """
        failure: Exception | None = None
        if self._events:
            try:
                append(self._events)
                self._events = []
            except Exception as error:  # noqa: BLE001 - told to the caller below
                failure = error
        if self._dirty or self._answers:
            self._store.save_records(
                {key: plain(record) for key, record in self._dirty.items()},
                answers=self._answers,
                fence=self._fence,
            )
            self._dirty, self._answers = {}, []
        if failure is not None:
            raise failure

    def views(self, now: datetime) -> tuple[Alert, ...]:
        """Return the live alerts, the most urgent first."""
        found = []
        for record in self._records.values():
            rule = self.rules.get(record.rule)
            if rule is None:
                continue
            view = alerts.view(self._moving.of(record.key, rule), record, now)
            if view is not None:
                found.append(self._moving.told(view, rule))
        return tuple(sorted(found, key=_urgency))

    def load(self, now: datetime) -> AlarmLoad:
        """Return how many alarms asked for a person lately."""
        while self.recent and self.recent[0].at < now - EVENTS_KEPT:
            self.recent.popleft()
        return alerts.load_meter(list(self.recent), now)

    def rebuild(self, events: Iterable[AlertEvent]) -> None:
        """Where the store lost the records, get them back from the audit, rule by rule."""
        by_key: dict[str, list[AlertEvent]] = {}
        for event in events:
            by_key.setdefault(event.key, []).append(event)
        for key, lines in by_key.items():
            if (rule := self.rules.get(lines[0].rule)) is None:
                continue
            try:
                self._records[key] = alerts.replay(rule, sorted(lines, key=lambda e: e.seq))
            except alerts.AuditError as error:
                log.warning("audit does not replay", key=key, reason=str(error))
        self.save_all()

    def remember(self, events: Iterable[AlertEvent]) -> None:
        """Take the events of the last day from the history after a restart."""
        known = {event.event_id for event in self.recent}
        older = [event for event in events if event.event_id not in known]
        self.recent = deque(sorted((*older, *self.recent), key=lambda event: event.at))

    def _observe(
        self, rule: Rule, scope: str, sample: Sample, now: datetime, *, is_hidden: bool = False
    ) -> None:
        key = f"{rule.id}:{scope}"
        record = self._records.get(key) or alerts.new(rule, scope)
        moved, events = alerts.observe(rule, record, sample, now)
        if is_hidden:
            moved = replace(moved, value=None, n=None, first_value=None)
            events = [replace(event, value=None) for event in events]
            if alerts.is_moving(rule):  # such a limit tells of the cases that are usual here
                moved = replace(moved, first_limit=None)
                events = [replace(event, limit=None) for event in events]
        if moved != record or key not in self._records:
            self._keep(key, moved, events)

    def _keep(self, key: str, record: Record, events: Sequence[AlertEvent]) -> None:
        self._records[key] = record
        self._dirty[key] = record
        self._events.extend(events)
        self.recent.extend(events)


def _concerns(rule: Rule, district: str) -> bool:
    if rule.scope == "city":
        return district == CITY
    if district == CITY:
        return False
    return not rule.districts or district in rule.districts


def _sample(reading: Reading) -> Sample:
    return Sample(
        value=reading.value,
        quality=reading.quality,
        observed_at=reading.observed_at,
        site=reading.site,
        n=reading.n,
        stale_at=reading.stale_at,
    )


def _feed_sample(state: FeedState, now: datetime) -> Sample:
    """A feed's sample is the age of its data in seconds while it is silent.

    It is told by whole minutes, so that it does not move each second; the first minute by seconds.
    """
    age = None
    if state.state.is_frozen and state.last_observed_at is not None:
        length = now - state.last_observed_at
        step = MINUTE if length >= MINUTE else SECOND
        age = length // step * step.total_seconds()
    return Sample(value=age, quality=state.state, observed_at=state.last_observed_at)


def _urgency(alert: Alert) -> tuple[bool, bool, int, float]:
    """Unsuppressed first, unacknowledged first, then priority, then newest."""
    waits = alert.shown in ("UNACK", "CLRU", "LATU", "RTNU")
    raised = alert.raised_at.timestamp() if alert.raised_at else 0.0
    return (bool(alert.suppressed), not waits, alert.priority or 9, -raised)
