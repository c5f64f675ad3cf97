"""AirNow: hourly air quality of the United States, Canada and Mexico, preliminary.

Docs: https://docs.airnowapi.org. A key is needed; it travels in the address, so it is covered in
every error and log line. 500 requests an hour. Quirks: see ``airnow_parse``.
"""

from datetime import timedelta
from urllib.parse import urlsplit

from feeds import times
from feeds.airnow_parse import PARAMETERS, from_rows, parse
from feeds.areas import AreaOptions
from feeds.base import Again, Kind, Take, Visit
from feeds.gathered import read_again
from feeds.options import Duration, KindOptions
from feeds.secrets import Secret
from model import Feed, Parsed
from model.plain import instant

_ASKED = {
    "pm25": "PM25", "pm10": "PM10", "o3": "OZONE", "no2": "NO2", "so2": "SO2", "co": "CO",
}  # fmt: skip
_HOUR = "%Y-%m-%dT%H"
_LONGEST = timedelta(days=3)
_MILES_PER_KM = 0.621371


class Options(AreaOptions):
    """What a city pack may say under ``[[feeds]]`` of this kind."""

    key: Secret | None = None
    quantities: tuple[str, ...] = tuple(_ASKED)
    look_back: Duration = timedelta(hours=3)
    mobile: bool = False

    def problems(self, feed: Feed) -> list[str]:
        """Say what does not fit this feed."""
        found = [*KindOptions.problems(self, feed), *self.area_problems()]
        if self.key is None:
            found.append('key: AirNow answers nobody without one: key = "env:AIRNOW_KEY"')
        if self.box is None:
            found.append("say area = [lat, lon, km] or bbox = [west, south, east, north]")
        if strange := set(self.quantities) - set(_ASKED):
            found.append(f"quantities: {', '.join(sorted(strange))} is none of {', '.join(_ASKED)}")
        return found


def read(visit: Visit) -> Take:
    """Read the hours since the last poll, and those before it that may have been corrected."""
    options = Options.model_validate(dict(visit.feed.options))
    base = (visit.feed.url or "").rstrip("/")
    if "/observation" in urlsplit(base).path:
        url, asked = f"{base}/", _nearby(options)
    else:
        url, asked = f"{base.removesuffix('/aq/data')}/aq/data/", _hours(visit, options)
    secret = visit.secret(options.key or "")
    asked |= {"format": "application/json", "API_KEY": secret}
    document = visit.get(url, asked, accept="application/json")
    parsed = parse(document.content, visit.feed, visit.now)
    return Take(parsed, {"since": instant(visit.now)})


def _hours(visit: Visit, options: Options) -> dict[str, str]:
    since = visit.memory.get("since")
    start = (times.instant(since) if since else visit.now) - options.look_back
    start = max(start, visit.now - _LONGEST)
    return {
        "startDate": start.strftime(_HOUR),
        "endDate": visit.now.strftime(_HOUR),
        "parameters": ",".join(_ASKED[one] for one in options.quantities),
        "BBOX": ",".join(f"{edge:.6f}" for edge in options.box or ()),
        "dataType": "C",
        "verbose": "1",
        "monitorType": "0" if options.mobile else "1",
        "includerawconcentrations": "1",
    }


def _nearby(options: Options) -> dict[str, str]:
    west, south, east, north = options.box or (0.0, 0.0, 0.0, 0.0)
    lat, lon = (south + north) / 2, (west + east) / 2
    miles = (north - south) / 2 * 111.195 * _MILES_PER_KM
    return {
        "latitude": f"{lat:.6f}",
        "longitude": f"{lon:.6f}",
        "distance": str(max(round(miles), 1)),
    }


def again(what: Again) -> Parsed:
    """Read refused rows once more."""
    return read_again(
        what.rejects, lambda row, one: from_rows([row], what.feed, what.now, first=one.line)
    )


KIND = Kind(
    name="airnow",
    options=Options,
    read=read,
    parse=parse,
    standard="AirNow API",
    gives=frozenset({"observation"}),
    again=again,
)

__all__ = ["KIND", "PARAMETERS", "Options", "again", "parse", "read"]
