"""What came of a job, for people and for programs."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from statistics import median
from typing import Any

from alerts.backtest import Backtest
from alerts.verdict import Detection, Load
from analytics.remeasure import Sum
from model import Rule
from model.plain import instant, plain

_HEAD = ("place", "raised", "a day", "calls", "flaps", "averted", "active", "found", "missed")


def measured(done: Sum) -> str:
    """Return one line of progress."""
    return f"{done.parts} weeks: {done.measured} readings measured, {done.written} written"


def played(
    rule: Rule, found: Sequence[Backtest], *, past: Mapping[str, Detection], load: Load
) -> Iterator[str]:
    """Yield the lines of a back-test: a row for each place, then what the room would hear."""
    first, samples = found[0], sum(some.samples for some in found)
    start = min(some.start for some in found)
    yield f"{rule.id}: {rule.title}, {instant(start)} to {instant(first.end)}, {samples} readings"
    rows = [_HEAD, *(_row(some, past[some.scope]) for some in found)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEAD))]
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        yield "  ".join(cells).rstrip()
    yield f"calls in 10 minutes: {_number(load.mean)} on average, {load.busiest} at most" + (
        f" ({instant(load.busiest_at)})" if load.busiest_at else ""
    )
    delays = [delay for some in past.values() for delay in some.delays]
    if delays:
        seconds = median(delay.total_seconds() for delay in delays)
        yield f"against the record: {_words(timedelta(seconds=seconds))} later, in the middle"


def plainly(
    rule: Rule,
    changed: Mapping[str, Any],
    found: Sequence[Backtest],
    *,
    past: Mapping[str, Detection],
    load: Load,
) -> dict[str, Any]:
    """Return a back-test as JSON values; durations are seconds."""
    return {
        "rule": rule.id,
        "changed": plain(changed),
        "load": plain(load),
        "places": [
            plain(some)
            | {
                "per_day": some.per_day,
                "flaps": some.flaps,
                "active": plain(some.active),
                "record": plain(past[some.scope]),
            }
            for some in found
        ],
    }


def _row(some: Backtest, record: Detection) -> tuple[str, ...]:
    return (
        some.scope,
        str(len(some.occurrences)),
        _number(some.per_day),
        str(len(some.calls)),
        str(some.flaps),
        str(some.averted),
        _words(some.active),
        str(len(record.delays)),
        str(record.missed),
    )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _words(length: timedelta) -> str:
    sign = "-" if length < timedelta(0) else ""
    minutes = round(abs(length).total_seconds() / 60)
    hours, rest = divmod(minutes, 60)
    return f"{sign}{hours} h {rest:02} min" if hours else f"{sign}{rest} min"
