"""A rule over the recorded past: what it would have raised, and how often it would have called.

The real engine judges; samples that cannot move it are leapt over (:mod:`alerts.course`), which
changes no line of the audit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from operator import attrgetter

import numpy as np

from alerts.commands import command
from alerts.comparator import base_level
from alerts.course import Course, Leaps, micros
from alerts.engine import elapse, observe
from alerts.machine import Step
from alerts.moving import is_moving
from alerts.record import Record, new
from alerts.table import Event
from model import CITY, AlertEvent, Command, Level, Rule, State

ACKED_AFTER = timedelta(minutes=5)
AGAIN = timedelta(minutes=1)  # at the earliest, after a reset was refused
BY = "backtest"

_STANDING = attrgetter(
    *(f.name for f in fields(Record) if f.name not in ("value", "observed_at", "quality"))
)
_UNSEEN = frozenset({State.UNACK, State.CLRU, State.RTNU, State.LATU})
_RECOVERING = frozenset({State.CLRU, State.CLRA})
_RETURNED = frozenset({State.RTNU, State.LATU, State.LATA})


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One alert that the rule would have raised.

    ``raised_at`` is the breach, ``called_at`` when the on-delay was over, ``cleared_at`` when the
    value came back for good. ``peak`` is the worst value, in the indicator's unit; ``active`` how
    long the condition stood; ``calls`` how often it would have called a person.
    """

    id: str
    scope: str
    raised_at: datetime
    called_at: datetime
    cleared_at: datetime | None
    closed_at: datetime | None
    level: Level
    peak: float | None
    active: timedelta
    calls: int
    bounces: int
    reopens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """A rule in one scope over ``[start, end]``. ``calls`` are the instants of its calls."""

    rule: str
    scope: str
    start: datetime
    end: datetime
    samples: int
    occurrences: tuple[Occurrence, ...]
    calls: tuple[datetime, ...]
    averted: int  # breaches that went away within the on-delay

    @property
    def per_day(self) -> float | None:
        """Occurrences a day; ``None`` over no time at all."""
        length = self.end - self.start
        return len(self.occurrences) / (length / timedelta(days=1)) if length else None

    @property
    def flaps(self) -> int:
        """How often a condition came back: within the off-delay, or before it was closed."""
        return sum(some.bounces + some.reopens for some in self.occurrences)

    @property
    def active(self) -> timedelta:
        """How long the condition stood, in all."""
        return sum((some.active for some in self.occurrences), timedelta(0))


@dataclass(slots=True)
class Player:
    """Moves one record through time: samples, timers as they fall due, and the person who acks.

    ``acked_after`` is how long that person takes (``None``: nobody ever does). ``judged`` is the
    rule with the limits of the last sample.
    """

    rule: Rule
    record: Record
    acked_after: timedelta | None
    lines: list[AlertEvent] = field(default_factory=list)
    raised: dict[str, datetime] = field(default_factory=dict)
    judged: Rule = field(init=False)
    _person_at: datetime | None = None

    def __post_init__(self) -> None:
        self.judged = self.rule

    def take(self, course: Course, place: int) -> bool:
        """Take one sample, and what fell due before; tell whether it changed more than values."""
        before, count, at = self.record, len(self.lines), course.when(place)
        self.wait(at)
        self.judged = course.rule(self.rule, place)
        self._moved(observe(self.judged, self.record, course.sample(place), at))
        is_same = before is self.record or _STANDING(before) == _STANDING(self.record)
        return not is_same or len(self.lines) != count

    def wait(self, until: datetime) -> None:
        """Let everything happen that falls due before ``until``."""
        while (due := self.due()) is not None and due < until:
            self._moved(elapse(self.judged, self.record, due))
            if self._person_at is not None and self._person_at <= due:
                self._act(due)

    def due(self) -> datetime | None:
        """Return when something happens by itself next."""
        running = [timer.due for timer in self.record.timers if timer.due]
        return min([*running, *([self._person_at] if self._person_at else [])], default=None)

    def _act(self, now: datetime) -> None:
        self._person_at = None
        state, occurrence = self.record.state, self.record.occurrence
        if occurrence is None or not (state in _UNSEEN or state is State.LATA):
            return
        call = "reset" if state is State.LATA else "ack"
        asked = Command(command_id=BY, occurrence=occurrence, call=call, by=BY, at=now)
        record, lines, _ = command(self.judged, self.record, asked, now)
        self._moved((record, lines))
        if call == "reset" and self.record.state is State.LATA and self.acked_after is not None:
            self._person_at = now + max(self.acked_after, AGAIN)

    def _moved(self, step: Step) -> None:
        self.record, lines = step
        if not lines:
            return
        self.lines += lines
        if self.record.occurrence and self.record.raised_at:
            self.raised.setdefault(self.record.occurrence, self.record.raised_at)
        if self.acked_after is None:
            return
        for line in lines:
            is_latched = line.to_state is State.LATA and line.from_state is not State.LATA
            if line.annunciated or is_latched:
                self._person_at = line.at + self.acked_after


def play(
    rule: Rule, course: Course, *, scope: str, end: datetime, acked_after: timedelta | None
) -> Player:
    """Let a rule live through a course until ``end``."""
    player, leaps, place = Player(rule, new(rule, scope), acked_after), Leaps(rule, course), 0
    while place < len(course):
        if player.take(course, place):
            place += 1
            continue
        further = leaps.after(place, player.record)
        due = player.due()
        if due is not None:
            further = min(further, int(course.at.searchsorted(micros(due), "left")))
        further = max(further, place + 1)
        if further > place + 1:
            player.record = leaps.caught_up(player.record, place, further - 1)
            player.judged = course.rule(rule, further - 1)
        place = further
    player.wait(end)
    return player


def backtest(
    rule: Rule,
    course: Course,
    *,
    scope: str = CITY,
    end: datetime,
    acked_after: timedelta | None = ACKED_AFTER,
) -> Backtest:
    """Return what a rule would have done over a course of samples, up to ``end``.

    Every call is acknowledged ``acked_after`` later, and a latched alert reset so long after it
    was seen; with ``None`` nobody is there, and an alert that nobody has seen never closes.

    Raises:
        ValueError: the rule watches a feed (``kind`` missing), not a reading; or its limits move
            and the course has none; or ``end`` lies before the last sample.

    """
    if rule.kind == "missing":
        raise ValueError(f"rule {rule.id} watches a feed; only rules over readings can be played")
    if is_moving(rule) and course.limits is None:
        raise ValueError(f"limits of rule {rule.id} move ({rule.kind}), and its course has none")
    if len(course) and course.when(len(course) - 1) > end:
        raise ValueError(f"the course of {rule.id} goes on after {end}")
    player = play(rule, course, scope=scope, end=end, acked_after=acked_after)
    return Backtest(
        rule=rule.id,
        scope=scope,
        start=course.when(0) if len(course) else end,
        end=end,
        samples=len(course),
        occurrences=_occurrences(player, course, end),
        calls=tuple(line.at for line in player.lines if line.annunciated),
        averted=sum(
            line.from_state is State.PEND and line.to_state is State.NORM for line in player.lines
        ),
    )


def _occurrences(player: Player, course: Course, end: datetime) -> tuple[Occurrence, ...]:
    by_id: dict[str, list[AlertEvent]] = {name: [] for name in player.raised}
    for line in player.lines:
        if line.occurrence in by_id:
            by_id[line.occurrence].append(line)
    return tuple(
        _told(player.rule, lines, player.raised[name], course, end) for name, lines in by_id.items()
    )


def _told(
    rule: Rule, lines: Sequence[AlertEvent], raised_at: datetime, course: Course, end: datetime
) -> Occurrence:
    first, last = lines[0], lines[-1]
    spans = _spans(lines, raised_at)
    is_critical = any(line.kind == Event.LVL_UP for line in lines)
    return Occurrence(
        id=str(first.occurrence),
        scope=first.key.removeprefix(f"{rule.id}:"),
        raised_at=raised_at,
        called_at=first.at,
        cleared_at=spans[-1][1],
        closed_at=last.at if last.to_state is State.NORM else None,
        level=Level.CRIT if is_critical else base_level(_then(rule, course, first.at)),
        peak=_peak(rule, course, raised_at, spans[-1][1] or end),
        active=sum(((until or end) - since for since, until in spans), timedelta(0)),
        calls=sum(line.annunciated for line in lines),
        bounces=sum(_is(line, Event.H1) and line.from_state in _RECOVERING for line in lines),
        reopens=sum(
            line.from_state in _RETURNED and line.to_state is State.UNACK for line in lines
        ),
    )


def _spans(
    lines: Sequence[AlertEvent], raised_at: datetime
) -> list[tuple[datetime, datetime | None]]:
    """Return when the condition stood; the end of the last is ``None`` while it does."""
    spans: list[tuple[datetime, datetime | None]] = [(raised_at, None)]
    normal_since = None
    for line in lines:
        if _is(line, Event.H0) and line.to_state in _RECOVERING:
            normal_since = line.at
        elif _is(line, Event.T_OFF):
            spans[-1] = (spans[-1][0], normal_since)
        elif line.from_state in _RETURNED and line.to_state is State.UNACK:
            spans.append((line.at, None))
    return spans


def _is(line: AlertEvent, event: Event) -> bool:
    return line.kind == event and line.outcome == "applied"


def _then(rule: Rule, course: Course, at: datetime) -> Rule:
    """Return the rule by which the newest sample of an instant was judged."""
    return course.rule(rule, int(course.at.searchsorted(micros(at), "right")) - 1)


def _peak(rule: Rule, course: Course, since: datetime, until: datetime) -> float | None:
    """Return the worst value of a span: for a band the one farthest outside of it."""
    span = slice(
        int(course.at.searchsorted(micros(since), "left")),
        int(course.at.searchsorted(micros(until), "right")),
    )
    known = ~course.is_frozen[span]
    values = course.value[span][known]
    if not len(values):
        return None
    if rule.direction != "band":
        return float(values.min() if rule.direction == "low" else values.max())
    low, high = (side if len(side) == 1 else side[span][known] for side in course.raising(rule))
    outside = np.fmax(np.fmax(low - values, values - high), -np.inf)
    return float(values[np.argmax(outside)])
