"""``[[calendar]]``: dated events, from the pack itself or an iCalendar file (RFC 5545)."""

import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

from cities.places import Places
from cities.tables import CalendarTable
from cities.tally import Tally
from model import CalendarEntry

_STAMP = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})(Z?))?$")


def entries(
    setting: CalendarTable, table: str, places: Places, tally: Tally
) -> tuple[CalendarEntry, ...]:
    """Return the events of one table; problems are noted."""
    if setting.ics:
        if setting.name or setting.start:
            tally.note(table, "ics", "a file of events stands alone, without name and start")
        with tally.noting(table, "ics"):
            return _from_ics(places.file(setting.ics), setting.kind, table, tally)
        return ()
    if not setting.name or setting.start is None:
        tally.note(table, "name", "needs name and start, or ics")
        return ()
    try:
        start = _moment(setting.start)
        end = None if setting.end is None else _moment(setting.end)
    except ValueError as error:
        tally.note(table, "start", str(error))
        return ()
    if end is not None and end < start:
        tally.note(table, "end", f"{end} lies before {start}")
    return (CalendarEntry(name=setting.name, start=start, end=end, kind=setting.kind),)


def _moment(value: Any) -> str:
    """Return a date or a time as ISO 8601; ``ValueError`` where it is neither."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    text = str(value)
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no date; write 2026-07-01 or 2026-07-01T18:00") from None
    return text


def _from_ics(path: Path, kind: str, table: str, tally: Tally) -> tuple[CalendarEntry, ...]:
    text = re.sub(r"\r?\n[ \t]", "", path.read_text(encoding="utf-8-sig"))
    found = []
    for number, block in enumerate(text.split("BEGIN:VEVENT")[1:], start=1):
        lines = block.split("END:VEVENT", 1)[0].splitlines()
        said = {
            name.split(";", 1)[0].upper(): value
            for name, mark, value in (line.partition(":") for line in lines)
            if mark
        }
        start = _STAMP.match(said.get("DTSTART", ""))
        if not start or "SUMMARY" not in said:
            tally.note(table, "ics", f"{path.name}: event {number} has no SUMMARY or no DTSTART")
            continue
        end = _STAMP.match(said.get("DTEND", ""))
        name = re.sub(r"\\([,;\\])", r"\1", said["SUMMARY"])
        found.append(
            CalendarEntry(name=name, start=_iso(start), end=_iso(end) if end else None, kind=kind)
        )
    return tuple(found)


def _iso(stamp: re.Match[str]) -> str:
    year, month, day, hour, minute, second, zulu = stamp.groups()
    at = f"{year}-{month}-{day}"
    return f"{at}T{hour}:{minute}:{second}{zulu or ''}" if hour else at
