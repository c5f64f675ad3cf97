"""Indicators measured again over a span: what turns out otherwise is written as newly known."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from analytics.diary import Progress
from analytics.engines import Engine
from analytics.files import Files
from analytics.grid import DAY, spans
from analytics.parts import Asked, Measured, Part, measured
from analytics.questions import fill, texts
from history import History
from history.schemas import CASES, OBSERVATIONS, READINGS
from metrics import Scope
from metrics.keeping import KEEP
from model import Indicator

LENGTH = timedelta(days=7)  # of a part: what lies before it is read once for a week
CASES_BACK = timedelta(days=60)  # as the house itself keeps them
WAVE = 2  # parts asked for at once, for each place where one can run


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to measure again: ``[since, until)``, at the hours or (``is_fine``) at all instants."""

    indicators: tuple[Indicator, ...]
    scope: Scope
    since: datetime
    until: datetime
    known_at: datetime
    is_fine: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """What came of it: readings measured, and of these how many were written."""

    parts: int = 0
    measured: int = 0
    written: int = 0


def oldest(wanted: Wanted) -> datetime:
    """Return from when facts are needed."""
    return wanted.since - max([CASES_BACK, *map(_back, wanted.indicators)])


def remeasure(
    wanted: Wanted,
    history: History,
    *,
    engine: Engine,
    files: Files,
    progress: Progress,
) -> Iterator[Sum]:
    """Measure a span again and write what differs; yield the sum after each part.

    Each part is written at most once and in order. ``progress`` remembers which are done: a job
    that was cut off goes on behind them.
    """
    pieces = list(enumerate(spans(wanted.since, wanted.until, LENGTH)))[progress.done :]
    done, size = Sum(), WAVE * engine.width
    for start in range(0, len(pieces), size):
        wave = [  # the files are those of this moment, for the house goes on writing
            part_of(wanted, files, number=number, since=since, until=until)
            for number, (since, until) in pieces[start : start + size]
        ]
        for answer in engine.each(measured, wave):
            _keep(history, progress, answer)
            done = Sum(
                parts=done.parts + 1,
                measured=done.measured + answer.count,
                written=done.written + len(answer.found),
            )
            yield done


def _keep(history: History, progress: Progress, answer: Measured) -> None:
    source = f"remeasure-{progress.job}"
    history.append_readings(answer.found, source=source, chunk=answer.number)
    progress.note(answer.number + 1)


def part_of(wanted: Wanted, files: Files, *, number: int, since: datetime, until: datetime) -> Part:
    """Return one piece of a span with the queries that read what it needs."""
    needs_cases = any(indicator.needs_cases for indicator in wanted.indicators)
    return Part(
        number=number,
        since=since,
        until=until,
        indicators=wanted.indicators,
        scope=wanted.scope,
        facts=tuple(_facts(wanted.indicators, files, since, until)),
        cases=_cases(files, since, until) if needs_cases else None,
        stored=_stored(wanted.indicators, files, since, until),
        known_at=wanted.known_at,
        is_fine=wanted.is_fine,
    )


def _facts(
    indicators: Sequence[Indicator], files: Files, since: datetime, until: datetime
) -> Iterator[Asked]:
    """Yield one question for each way back in time that quantities need."""
    back: dict[str, timedelta] = {}
    for indicator in indicators:
        for quantity in indicator.quantities:
            back[quantity] = max(back.get(quantity, KEEP), _back(indicator))
    for length in sorted(set(back.values())):
        some = sorted(quantity for quantity, needed in back.items() if needed == length)
        yield Asked(
            sql=fill(
                "facts",
                observations=files.relation(OBSERVATIONS, since - length, until),
                quantities=texts(some),
            ),
            values={"since": since - length, "until": until},
        )


def _back(indicator: Indicator) -> timedelta:
    return max(KEEP, indicator.window, indicator.look_back or KEEP, *indicator.roll_up)


def _cases(files: Files, since: datetime, until: datetime) -> Asked:
    return Asked(
        sql=fill("cases", cases=files.relation(CASES)),
        values={"since": since - CASES_BACK, "until": until},
    )


def _stored(
    indicators: Sequence[Indicator], files: Files, since: datetime, until: datetime
) -> Asked:
    first = since - max(DAY, *(indicator.cadence for indicator in indicators))
    return Asked(
        sql=fill(
            "stored",
            readings=files.relation(READINGS, first, until),
            indicators=texts(indicator.id for indicator in indicators),
        ),
        values={"since": first, "until": until},
    )
