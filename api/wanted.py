"""Which readings a client asks for, and where its next page begins."""

import base64
import binascii
from datetime import UTC, datetime, timedelta

import orjson
from flask import request

from api.asked import FIRST, LAST, LONGEST, known_id, past, period
from api.door import Door
from api.past import Place, Wanted
from api.problems import bad_parameter
from model import CITY, Indicator
from model.plain import instant as words

USUAL = timedelta(days=1)
RESOLUTIONS = {
    "5m": timedelta(minutes=5),
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
}
LONG = {"1h": timedelta(days=1200), "1d": timedelta(days=10_000)}  # coarse steps reach farther
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MANY = 10  # indicators in one answer


def wanted(door: Door) -> tuple[Wanted, Place | None]:
    """Return what is asked for, and after which row. A cursor brings its own span."""
    name = request.args.get("resolution")
    if name is not None and name not in RESOLUTIONS:
        bad_parameter("resolution", f"{name!r} is none of {', '.join(RESOLUTIONS)}")
    resolution = RESOLUTIONS[name] if name else None
    found, now = indicators(door), door.clock()
    known_at = past("known_at", now)
    longest = LONG.get(name or "", LONGEST)
    start, end = period(now, USUAL, longest)
    if resolution and "start" not in request.args:
        start = _floored(start, resolution)
    place = None
    if (text := request.args.get("cursor")) is not None:
        start, end, place = _read(text, len(found), longest)
    asked = Wanted(
        indicators=found,
        district=_district(door),
        start=start,
        end=end,
        resolution=resolution,
        known_at=known_at,
    )
    return asked, place


def indicators(door: Door) -> tuple[Indicator, ...]:
    """Return the indicators that are asked for, each once."""
    known = {item.id: item for item in door.pack.indicators}
    names = list(dict.fromkeys(request.args.getlist("indicator")))
    if not names:
        bad_parameter("indicator", f"is missing; known are {', '.join(known)}")
    if len(names) > MANY:
        bad_parameter("indicator", f"at most {MANY} at once")
    where = f"known are {', '.join(known)}"
    return tuple(known[known_id("indicator", name, known, where)] for name in names)


def cursor(asked: Wanted, place: Place) -> str:
    """Return where the next page begins: a text that holds the span and the last row."""
    at = words(place.at) if place.at else None
    parts = [words(asked.start), words(asked.end), place.indicator, place.stretch]
    return base64.urlsafe_b64encode(orjson.dumps([*parts, place.district, at])).decode().rstrip("=")


def _read(text: str, many: int, longest: timedelta) -> tuple[datetime, datetime, Place]:
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        first, last, indicator, stretch, district, at = orjson.loads(raw)
        start, end, seen = (_instant(one) for one in (first, last, at))
        is_sound = (
            isinstance(district, str)
            and type(indicator) is type(stretch) is int
            and 0 <= indicator < many
            and stretch >= 0
            and start < end <= start + longest + max(RESOLUTIONS.values())  # a start is floored
        )
    except (ValueError, TypeError, OverflowError, binascii.Error):
        is_sound = False
    if not is_sound:
        bad_parameter("cursor", "is not the `next` of a page")
    return start, end, Place(indicator, stretch, district, seen)


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text).astimezone(UTC)
    if not FIRST <= at <= LAST:
        raise ValueError(text)
    return at


def _district(door: Door) -> str | None:
    name = request.args.get("district")
    if name is None:
        return None
    where = "use an id of /api/v1/districts, or city"
    return known_id("district", name, (CITY, *door.pack.districts.ids), where)


def _floored(at: datetime, step: timedelta) -> datetime:
    """Return the start of the step that holds an instant: quarters and hours, not odd minutes."""
    return at - (at - EPOCH) % step
