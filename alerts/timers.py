"""Timers as data: start, stop, pause, resume, and which one falls due next."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from alerts.record import Record, Timer
from model import State

T_ON = "T_ON"  # on-delay
T_OFF = "T_OFF"  # off-delay
T_UP = "T_UP"  # on-delay of the critical level: gives LVL_UP
T_DN = "T_DN"  # the same delay on the way down: gives LVL_DN
T_FRZ = "T_FRZ"  # a pending alert frozen for too long
T_STALE = "T_STALE"  # the newest sample gets too old to believe
T_RTN = "T_RTN"  # a returned P3 closes by itself
T_RE = "T_RE"  # an acknowledged alert reminds
T_ESC = "T_ESC"  # nobody has acknowledged
T_SHELF = "T_SHELF"  # a shelf ends

PROCESS = (T_UP, T_ON, T_OFF, T_DN)
"""Timers that watch the process: they stand still while the data are frozen."""

OCCURRENCE = (*PROCESS, T_FRZ, T_RTN, T_RE, T_ESC)
"""Timers that end with the occurrence."""

ORDER = (*PROCESS, T_FRZ, T_STALE, T_RTN, T_RE, T_ESC, T_SHELF)
"""Which goes first when two are due at the same instant.

The critical level leads, so that one sample which exceeds both limits annunciates once. A delay
that ends at the instant at which its data turn stale has ended in time.
"""

ESCALATION: Mapping[int, tuple[timedelta, ...]] = {
    1: (timedelta(minutes=5), timedelta(minutes=10), timedelta(minutes=15)),
    2: (timedelta(minutes=15), timedelta(minutes=60)),
}
"""How long each tier (operator, supervisor, duty director) has, by priority; the last repeats."""

REMINDER: Mapping[int, timedelta] = {
    1: timedelta(hours=1),
    2: timedelta(hours=4),
    3: timedelta(hours=24),
}

AUTO_CLOSE = timedelta(minutes=30)
"""How long a returned alert of priority 3 (or a journal entry) waits before it closes itself."""

RECOVERING = frozenset({State.CLRU, State.CLRA})


def find(record: Record, name: str) -> Timer | None:
    """Return a timer, running or paused; ``None`` where it is not armed."""
    return next((timer for timer in record.timers if timer.name == name), None)


def due_of(record: Record, name: str) -> datetime | None:
    """Return when a timer falls due; ``None`` where it is not armed or paused."""
    timer = find(record, name)
    return timer.due if timer else None


def start(record: Record, name: str, due: datetime) -> Record:
    """Start a timer anew."""
    return replace(record, timers=(*_without(record, name), Timer(name=name, due=due)))


def start_paused(record: Record, name: str, left: timedelta) -> Record:
    """Arm a timer that will run once it is resumed."""
    return replace(record, timers=(*_without(record, name), Timer(name=name, left=left)))


def stop(record: Record, *names: str) -> Record:
    """Stop timers, running or paused."""
    if not any(timer.name in names for timer in record.timers):
        return record
    return replace(record, timers=_without(record, *names))


def pause(record: Record, at: datetime, *names: str) -> Record:
    """Pause running timers; what they had left is kept (never less than nothing)."""
    return replace(
        record,
        timers=tuple(
            Timer(name=timer.name, left=max(timer.due - at, timedelta(0)))
            if timer.name in names and timer.due
            else timer
            for timer in record.timers
        ),
    )


def resume(record: Record, at: datetime, *names: str) -> Record:
    """Let paused timers run on."""
    return replace(
        record,
        timers=tuple(
            Timer(name=timer.name, due=at + timer.left)
            if timer.name in names and timer.left is not None
            else timer
            for timer in record.timers
        ),
    )


def next_due(record: Record, now: datetime) -> Timer | None:
    """Return the timer that fell due first at or before ``now``; ``None`` when none did."""
    due = [(t.due, ORDER.index(t.name), t) for t in record.timers if t.due and t.due <= now]
    return min(due, key=lambda item: item[:2])[2] if due else None


def _without(record: Record, *names: str) -> tuple[Timer, ...]:
    return tuple(timer for timer in record.timers if timer.name not in names)
