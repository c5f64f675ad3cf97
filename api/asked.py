"""What a client asks for, checked: a bad parameter is named, never guessed at."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from flask import request

from api.problems import bad_parameter
from cities.problems import nearest

LONGEST = timedelta(days=400)
FIRST = datetime(1900, 1, 1, tzinfo=UTC)
LAST = datetime(2200, 1, 1, tzinfo=UTC)
REPEATED = frozenset({"indicator", "state"})  # parameters that may be given more than once
_DIGITS = 18  # of a whole number; longer ones are beyond every limit


def instant(name: str) -> datetime | None:
    """Return an RFC 3339 instant in UTC, or ``None`` where it was not asked."""
    text = request.args.get(name)
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))  # "+" of an offset comes as a space
    except ValueError:
        bad_parameter(name, f"{text!r} is not an RFC 3339 instant such as 2026-01-31T12:00:00Z")
    if at.tzinfo is None:
        bad_parameter(name, f"{text!r} has no zone; end it with Z for UTC")
    if not FIRST.year < at.year < LAST.year:
        bad_parameter(name, f"{text!r} does not lie between {FIRST.year} and {LAST.year}")
    return at.astimezone(UTC)


def period(
    now: datetime, usual: timedelta, longest: timedelta = LONGEST
) -> tuple[datetime, datetime]:
    """Return ``start`` and ``end``; the end is now, and the start lies ``usual`` before it."""
    end = instant("end") or now
    start = instant("start") or end - usual
    if start >= end:
        bad_parameter("start", "must be before end")
    if end - start > longest:
        bad_parameter("start", f"at most {longest.days} days at once")
    return start, end


def past(name: str, now: datetime) -> datetime | None:
    """Return an instant that is not in the future: nobody knows yet what will be known."""
    at = instant(name)
    if at is not None and at > now:
        bad_parameter(name, "lies in the future; leave it out for what is known now")
    return at


def number(name: str, *, usual: int, most: int) -> int:
    """Return a whole number from 1 to ``most``."""
    text = request.args.get(name)
    if text is None:
        return usual
    is_plain = text.isascii() and text.isdigit() and len(text) <= _DIGITS
    if not is_plain or not 1 <= int(text) <= most:
        bad_parameter(name, f"{text!r} is not a whole number from 1 to {most}")
    return int(text)


def known_names(*names: str) -> None:
    """Refuse a parameter that nobody reads: a misspelt or second filter must not look like one."""
    for name, values in request.args.lists():
        if name not in names:
            bad_parameter(name, f"unknown; known are {', '.join(names) or 'none'}")
        if len(values) > 1 and name not in REPEATED:
            bad_parameter(name, "is given more than once; give one")


def known_id(name: str, value: str, known: Iterable[str], where: str) -> str:
    """Return an id that exists; else say which is nearest, and where all of them stand."""
    ids = list(known)
    if value not in ids:
        bad_parameter(name, f"{value!r} is unknown{nearest(value, ids)}; {where}")
    return value
