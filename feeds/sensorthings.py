"""OGC SensorThings 1.1: things, their datastreams and observations.

Docs: https://docs.ogc.org/is/18-088/18-088.html. Quirks: ``@iot.nextLink`` may be relative,
and nested pages have their own; sensors report late, so each poll looks back a little.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

from feeds.base import Again, Kind, Take, Visit
from feeds.decode import from_json
from feeds.errors import FeedError
from feeds.sensorthings_parse import Options, gather, parse, read_again
from feeds.sensorthings_shapes import MULTI, STREAMS, things_of
from model import Delivery, Feed, Parsed
from model.plain import instant

_NEXT = "@iot.nextLink"
_NEXT_OBSERVATIONS = "Observations@iot.nextLink"
_COLLECTIONS = ("Datastreams", "Observations")
_SHOWN = 5
_HISTORY_THINGS = 10  # per page: each brings up to 1 000 observations per datastream


def read(visit: Visit) -> Take:
    """Read the newest observations, or all since ``memory["since"]``, page by page."""
    options = Options.model_validate(dict(visit.feed.options))
    since = visit.memory.get("since")
    things: list[Any] = []
    url: str | None = _address(visit.feed.url or "", options, since)
    while url:
        document = visit.get(url, accept="application/json")
        page = from_json(document.content, document.charset)
        found = things_of(page)
        things += found
        url = _linked(page, _NEXT, document.url)
        for thing in (one for one in found if isinstance(one, dict)):
            _complete(thing, document.url, visit, is_history=since is not None)
    if not things:
        raise FeedError(visit.feed.id, "the source lists no things", permanent=False)
    reading = gather(things, visit.feed, visit.now)
    if reading.strangers and not reading.n_streams:
        seen = ", ".join(repr(name) for name, _ in reading.strangers.most_common(_SHOWN))
        raise FeedError(
            visit.feed.id, f"no datastream is named in quantities; there are {seen}", permanent=True
        )
    since_next = visit.now.replace(microsecond=0) - _overlap(options, visit.feed)
    return Take(reading.parsed, {"since": instant(since_next)})


def _overlap(options: Options, feed: Feed) -> timedelta:
    """Return how far back the next poll looks: sensors report late, and hours by their start."""
    return options.overlap or max(timedelta(hours=1), 2 * feed.every + feed.latency)


def _address(base: str, options: Options, since: str | None) -> str:
    """Return what is asked for first: the Things, or the collection that the pack names."""
    if urlsplit(base).path.rstrip("/").endswith(_COLLECTIONS):
        return base
    fields = "$select=phenomenonTime,resultTime,result"
    which = f"$orderby=phenomenonTime desc;$top=1;{fields}"
    if since is not None:
        which = f"$filter=phenomenonTime gt {since};$orderby=phenomenonTime asc;$top=1000;{fields}"
    observed = f"Observations({which})"
    known = "$expand=ObservedProperty($select=name)"
    expand = [
        "Locations($select=location)",
        f"{STREAMS}($select=@iot.id,name,unitOfMeasurement;{known},{observed})",
    ]
    if options.multi:
        expand.append(
            f"{MULTI}($select=@iot.id,name,unitOfMeasurements;"
            f"$expand=ObservedProperties($select=name),{observed})"
        )
    query = {
        "$select": "@iot.id,name",
        "$expand": ",".join(expand),
        "$top": str(min(options.page_size, _HISTORY_THINGS) if since else options.page_size),
    }
    if options.filter:
        query["$filter"] = options.filter
    return f"{base.rstrip('/')}/Things?{urlencode(query, safe='$@=,;()/:', quote_via=quote)}"


def _complete(thing: Mapping[str, Any], base: str, visit: Visit, *, is_history: bool) -> None:
    """Append the further pages of datastreams and, catching up, of observations."""
    for name in (STREAMS, MULTI):
        streams = thing.get(name) or []
        if not isinstance(streams, list):
            continue  # refused where it is read
        for page in _pages(thing, f"{name}@iot.nextLink", base, visit):
            streams += page
        for stream in (one for one in streams if is_history and isinstance(one, dict)):
            for page in _pages(stream, _NEXT_OBSERVATIONS, base, visit):
                stream.setdefault("Observations", []).extend(page)


def _pages(holder: Mapping[str, Any], name: str, base: str, visit: Visit) -> Iterator[list[Any]]:
    url = _linked(holder, name, base)
    while url:
        document = visit.get(url, accept="application/json")
        page = from_json(document.content, document.charset)
        yield page["value"]
        url = _linked(page, _NEXT, document.url)


def _linked(page: Any, name: str, base: str) -> str | None:
    link = page.get(name) if isinstance(page, dict) else None
    return urljoin(base, link) if link else None


def receive(delivery: Delivery, feed: Feed) -> Parsed:
    """Parse pushed entities; the topic of a broker may name the datastream.

    Raises:
        ValueError: if the body holds none.

    """
    return parse(delivery.body, feed, delivery.received_at, delivery.topic)


def again(again: Again) -> Parsed:
    """Read refused rows once more, each with its datastream."""
    return read_again(again.rejects, again.feed, again.now)


KIND = Kind(
    name="sensorthings",
    options=Options,
    read=read,
    parse=parse,
    standard="OGC SensorThings API 1.1 (18-088)",
    gives=frozenset({"observation"}),
    receive=receive,
    again=again,
)
