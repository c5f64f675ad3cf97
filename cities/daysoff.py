"""The holidays of a city's country and region, and the events of its calendar."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import holidays

from cities.problems import nearest
from cities.tally import Tally
from metrics.days import DAY, Days, Span
from model import CalendarEntry, City

_TABLE = "[city]"


def check_place(country: str | None, region: str | None, tally: Tally) -> None:
    """Note a country or a region whose holidays are not known."""
    known = holidays.list_supported_countries()
    if country is None:
        if region is not None:
            tally.note(_TABLE, "region", "needs a country")
        return
    if country not in known:
        text = f"no holidays are known of {country!r}; write ISO 3166 such as 'CA'"
        tally.note(_TABLE, "country", text + nearest(country, known))
        return
    regions = known[country]
    if region is not None and region not in regions:
        hint = nearest(region, regions) or f"; known are {', '.join(regions) or 'none'}"
        tally.note(_TABLE, "region", f"no holidays are known of {region!r} in {country}{hint}")


def days_of(city: City, calendar: Iterable[CalendarEntry]) -> Days:
    """Return what stands apart: holidays by law, and entries of kind holiday and event.

    Entries of other kinds (such as maintenance) change nothing in how the city lives. An entry
    without an end lasts until midnight.
    """
    zone, entries = ZoneInfo(city.timezone), list(calendar)
    own = {day: e.name for e in entries if e.kind == "holiday" for day in _days(e, zone)}
    by_law: Mapping[date, str] = {}
    if city.country is not None:  # years are worked out as they are asked for
        by_law = holidays.country_holidays(city.country, subdiv=city.region)
    events = [Span(entry.name, *_span(entry, zone)) for entry in entries if entry.kind == "event"]
    return Days(city.timezone, _Both(own, by_law), tuple(events))


class _Both(Mapping[date, str]):
    """The city's own holidays before those by law; the latter know every year that is asked."""

    def __init__(self, own: Mapping[date, str], by_law: Mapping[date, str]) -> None:
        self._maps = (own, by_law)

    def __getitem__(self, day: date) -> str:
        for names in self._maps:
            if day in names:
                return names[day]
        raise KeyError(day)

    def __iter__(self) -> Iterator[date]:
        return iter({day for names in self._maps for day in names})

    def __len__(self) -> int:
        return len(list(iter(self)))


def _days(entry: CalendarEntry, zone: ZoneInfo) -> list[date]:
    start, end = (at.astimezone(zone) for at in _span(entry, zone))
    last = (end - timedelta(microseconds=1)).date()
    return [start.date() + DAY * n for n in range((last - start.date()).days + 1)]


def _span(entry: CalendarEntry, zone: ZoneInfo) -> tuple[datetime, datetime]:
    start = _instant(entry.start, zone)
    if entry.end is None or entry.end == entry.start:
        midnight = start.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
        day = (midnight.replace(tzinfo=None) + DAY).replace(tzinfo=zone)
        return start, day.astimezone(UTC)
    return start, _instant(entry.end, zone)


def _instant(text: str, zone: ZoneInfo) -> datetime:
    """Return a date or a time as an instant; without a zone it is the city's."""
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
