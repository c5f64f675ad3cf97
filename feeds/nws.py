"""Weather observed at stations of the US National Weather Service (api.weather.gov).

Docs: https://www.weather.gov/documentation/services-web-api. No key; it asks to know who asks.
Public domain. Quirks: every value has its own unit (``wmoUnit:degC``, ``unit:degF``) and its own
quality; what was not measured is null; numbers may be text; reports come unsorted and again.
"""

from datetime import datetime, timedelta
from typing import Any

from feeds import nws_bodies, times
from feeds.base import Again, Kind, Take, Visit
from feeds.decode import from_json, raw
from feeds.errors import FeedError
from feeds.gathered import Gathered, Place, need, number, place, read_again, said, together
from feeds.options import Duration, KindOptions
from model import Feed, Parsed, Quality, Reject
from model.plain import instant

# Of the members of one line the first that has a value counts. The heat index and the wind chill
# are given only where they apply, so their absence says nothing.
_MEMBERS = {
    "temperature": ("temperature",),
    "humidity": ("relativeHumidity",),
    "wind_speed": ("windSpeed",),
    "pressure": ("barometricPressure",),
    "precipitation": ("precipitationLastHour",),
    "apparent_temperature": ("heatIndex", "windChill"),
}
_UNITS = {
    "degC": "°C", "degF": "°F", "K": "K", "percent": "%", "km_h-1": "km/h", "m_s-1": "m/s",
    "kt": "kn", "mi_h-1": "mph", "Pa": "Pa", "hPa": "hPa", "mm": "mm", "m": "m", "in": "in",
}  # fmt: skip
# quality codes of MADIS: verified, coarse pass, screened, good; rejected, bad
_GOOD, _BAD = frozenset("VCSG"), frozenset("XB")
_LONGEST = timedelta(days=7)


class Options(KindOptions):
    """What a city pack may say under ``[[feeds]]`` of this kind."""

    stations: tuple[str, ...] = ()
    quantities: tuple[str, ...] = tuple(_MEMBERS)
    look_back: Duration = timedelta(hours=3)

    def problems(self, feed: Feed) -> list[str]:
        """Say what does not fit this feed."""
        found = KindOptions.problems(self, feed)
        if strange := set(self.quantities) - set(_MEMBERS):
            found.append(f"quantities: {', '.join(sorted(strange))} is none of this source")
        if feed.url and not self.stations and "/observations" not in feed.url:
            found.append('say stations = ["KLAX", …], or a url that ends with /observations')
        return found


def parse(body: bytes, feed: Feed, fetched_at: datetime) -> Parsed:
    """Return the observations of one or many reports; ``site_id`` is the station.

    Raises:
        ValueError: if the body holds something else, such as a forecast.

    """
    document = from_json(body)
    holds = nws_bodies.what(document)
    if holds not in {"observations", "nothing"}:
        raise ValueError(nws_bodies.refusal(holds, "observations"))
    return _parsed(nws_bodies.rows(document), feed, fetched_at)


def _parsed(rows: list[Any], feed: Feed, fetched_at: datetime, first: int = 1) -> Parsed:
    options = Options.model_validate(dict(feed.options))
    gathered = Gathered(feed, fetched_at)

    def take(row: Any, line: int) -> None:
        about = need(row, "properties")
        site = str(need(about, "station")).rstrip("/").rpartition("/")[2]
        at = times.instant(str(need(about, "timestamp")))
        here = _place(row.get("geometry"))
        for quantity in options.quantities:
            try:
                _measure(gathered, about, quantity, (site, at, here))
            except (ValueError, TypeError, AttributeError, LookupError) as problem:
                gathered.refuse(line, said(problem), row, _MEMBERS[quantity][0])

    gathered.each(rows, take, first)
    return gathered.parsed


def _measure(
    gathered: Gathered,
    about: dict[str, Any],
    quantity: str,
    spot: tuple[str, datetime, Place | None],
) -> None:
    site, at, here = spot
    members = [about[name] for name in _MEMBERS[quantity] if about.get(name) is not None]
    values = [(number(one.get("value")), one) for one in members]
    value, one = next((pair for pair in values if pair[0] is not None), (None, None))
    if one is None and (len(_MEMBERS[quantity]) > 1 or not values):
        return
    one = one or values[0][1]
    gathered.measured(
        site, quantity, value, _unit(one), at, place=here, quality=_quality(one, value)
    )


def _unit(one: dict[str, Any]) -> str:
    """Return the unit of ``wmoUnit:degC``, ``unit:degC`` or its address."""
    code = str(one.get("unitCode") or "").strip()
    name = code.rpartition("/")[2].rpartition(":")[2]
    if name not in _UNITS:
        raise ValueError(f"unitCode {code!r} is unknown")
    return _UNITS[name]


def _quality(one: dict[str, Any], value: float | None) -> Quality:
    code = str(one.get("qualityControl") or "V").rpartition(":")[2].upper()
    if value is None or code in _GOOD:
        return Quality.GOOD
    return Quality.BAD if code in _BAD else Quality.UNCERTAIN


def _place(geometry: Any) -> Place | None:
    if not isinstance(geometry, dict) or geometry.get("type") != "Point":
        return None
    coordinates = geometry.get("coordinates")
    if not isinstance(coordinates, list) or len(coordinates) < 2:  # noqa: PLR2004 - lon, lat
        return None
    return place(coordinates[1], coordinates[0])


def read(visit: Visit) -> Take:
    """Read the reports since the last poll, station by station."""
    options = Options.model_validate(dict(visit.feed.options))
    base = (visit.feed.url or "").rstrip("/")
    if not options.stations:
        answer = visit.get(base, is_conditional=True, accept="application/geo+json")
        if answer.not_modified:
            return Take(Parsed(), not_modified=True)
        return Take(parse(answer.content, visit.feed, visit.now))
    heard = dict(visit.memory.get("nws", {}))
    some: list[Parsed] = []
    failures: list[FeedError] = []
    for station in options.stations:
        since = heard.get(station) or visit.memory.get("since")
        try:
            some.append(_reports(visit, f"{base}/stations/{station}/observations", since, options))
            heard[station] = instant(visit.now)
        except FeedError as problem:
            failures.append(problem)
            some.append(Parsed(rejected=[_lost(visit, station, problem.reason)]))
    if len(failures) == len(options.stations):
        raise failures[0]
    memory: dict[str, Any] = {"nws": heard}
    return Take(together(some), memory if failures else memory | {"since": instant(visit.now)})


def _reports(visit: Visit, url: str, since: str | None, options: Options) -> Parsed:
    start = (times.instant(since) if since else visit.now) - options.look_back
    start = max(start, visit.now - _LONGEST)
    answer = visit.get(url, {"start": instant(start)}, accept="application/geo+json")
    try:
        return parse(answer.content, visit.feed, visit.now)
    except (ValueError, LookupError, TypeError, AttributeError) as problem:
        raise FeedError(visit.feed.id, f"malformed body ({problem})", permanent=True) from problem


def _lost(visit: Visit, station: str, reason: str) -> Reject:
    return Reject(
        feed_id=visit.feed.id,
        line=0,
        reason=f"station {station}: {reason}"[:300],
        raw=raw(station),
        at=visit.now,
        field="stations",
    )


def again(what: Again) -> Parsed:
    """Read refused reports once more."""

    def read_row(row: Any, one: Reject) -> Parsed:
        return _parsed([row], what.feed, what.now, first=one.line)

    return read_again(what.rejects, read_row)


KIND = Kind(
    name="nws",
    options=Options,
    read=read,
    parse=parse,
    standard="api.weather.gov (GeoJSON)",
    gives=frozenset({"observation"}),
    again=again,
)
