"""AirNow answers to observations: concentrations only, never index numbers.

Quirks: dates end with a blank; an hour stands apart from its date, in a zone that is only an
abbreviation; −999 is "no value"; the value of a particle row may be a NowCast, its raw
concentration the hourly mean.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from feeds import times
from feeds.decode import from_json, raw
from feeds.errors import FeedError
from feeds.gathered import Gathered, need, number, place
from model import Feed, Parsed

PARAMETERS = {
    "PM25": "pm25", "PM2.5": "pm25", "PM10": "pm10", "OZONE": "o3", "O3": "o3", "NO2": "no2",
    "NO": "no", "SO2": "so2", "CO": "co", "TEMP": "temperature", "RHUM": "humidity",
    "WS": "wind_speed", "BARPR": "pressure",
}  # fmt: skip
# hours from UTC of the abbreviations that AirNow writes (US states, territories and Canada)
_ZONES = {
    "UTC": 0, "GMT": 0, "NST": -3.5, "NDT": -2.5, "AST": -4, "ADT": -3, "EST": -5, "EDT": -4,
    "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8,
    "HST": -10, "HDT": -9, "SST": -11, "CHST": 10,
}  # fmt: skip
_MAY_BE_NEGATIVE = frozenset({"temperature"})
_NO_VALUE = -900.0
_SOON = timedelta(hours=1)


def parse(body: bytes, feed: Feed, fetched_at: datetime) -> Parsed:
    """Return the observations of an answer of ``/aq/data/`` or ``/aq/observation/``.

    A row with an index number only is refused: no concentration can be made of it.

    Raises:
        FeedError: if the service answers with an error under 200.
        ValueError: if it is no answer of this service.

    """
    rows = from_json(body)
    _refuse_errors(rows, feed)
    if not isinstance(rows, list):
        raise ValueError("no list of observations")  # noqa: TRY004 - malformed
    return from_rows(rows, feed, fetched_at)


def from_rows(rows: list[Any], feed: Feed, fetched_at: datetime, first: int = 1) -> Parsed:
    """Return the observations of rows; see :func:`parse`."""
    gathered = Gathered(feed, fetched_at)
    gathered.each(rows, lambda row, _: _take(gathered, row), first)
    return gathered.parsed


def _take(gathered: Gathered, row: Any) -> None:
    name = str(need(row, "Parameter" if "Parameter" in row else "ParameterName")).strip()
    quantity = PARAMETERS.get(name.upper())
    if quantity is None:
        gathered.skipped[f"{name[:20]} is not kept"] += 1
        return
    if not any(key in row for key in _CONCENTRATIONS):
        raise ValueError("an AQI number only: no concentration can be made of it")
    here = place(row.get("Latitude"), row.get("Longitude"))
    unit = str(need(row, "Unit")).strip()
    value = _concentration(row, quantity)
    gathered.measured(_site(row, here), quantity, value, unit, _observed(row), place=here)


_CONCENTRATIONS = ("RawConcentration", "Value", "Concentration")


def _concentration(row: Mapping[str, Any], quantity: str) -> float | None:
    """Return the hourly mean; only where a row has none, what it gives as its value."""
    value = next((number(row[one]) for one in _CONCENTRATIONS if row.get(one) is not None), None)
    if value is None or value <= _NO_VALUE:
        return None
    return None if value < 0 and quantity not in _MAY_BE_NEGATIVE else value


def _site(row: Mapping[str, Any], here: tuple[float, float] | None) -> str:
    for name in ("FullAQSCode", "IntlAQSCode", "AQSID"):
        if written := str(row.get(name) or "").strip():
            return written
    if here is None:
        raise ValueError("neither a site's code nor a place")
    return f"{here[0]:.4f},{here[1]:.4f}"


def _observed(row: Mapping[str, Any]) -> datetime:
    if row.get("UTC"):
        return times.instant(str(row["UTC"]).strip(), "UTC")
    day = datetime.strptime(str(need(row, "DateObserved")).strip(), "%Y-%m-%d")  # noqa: DTZ007
    zone = str(need(row, "LocalTimeZone")).strip().upper()
    if zone not in _ZONES:
        raise ValueError(f"time zone {zone[:20]!r} is unknown; known: {', '.join(_ZONES)}")
    hour = number(need(row, "HourObserved"))
    if hour is None or not (0 <= hour <= 24 and hour == int(hour)):  # noqa: PLR2004 - hours
        raise ValueError(f"HourObserved {row['HourObserved']!r} is no hour")
    return day.replace(tzinfo=UTC) + timedelta(hours=hour - _ZONES[zone])


def _refuse_errors(rows: Any, feed: Feed) -> None:
    """Refuse an error that comes under 200.

    Raises:
        FeedError: with what the service said.

    """
    some = rows if isinstance(rows, list) else [rows]
    for row in some[:1]:
        if isinstance(row, dict) and "WebServiceError" in row:
            said = raw(row["WebServiceError"])[:200]
            is_limit = "limit" in said.lower() or "exceeded" in said.lower()
            raise FeedError(
                feed.id,
                f"AirNow says: {said}",
                permanent=not is_limit,
                retry_after=_SOON if is_limit else None,
            )
