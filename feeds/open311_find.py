"""Where the requests of a GeoReport city are: an endpoint, a discovery document, or files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from feeds import times
from feeds.base import Take, Visit
from feeds.decode import from_json, from_xml, local
from feeds.errors import FeedError
from feeds.open311_parse import Options, parse
from model import Parsed, Reject
from model.plain import instant

_MAX_FILE = 50_000_000


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The base URL of the requests, and what to remember of how it was found."""

    url: str
    memory: Mapping[str, Any] = field(default_factory=dict)


def found(visit: Visit, options: Options) -> Endpoint:
    """Return the endpoint: the feed's URL, or what a discovery document at it names.

    Raises:
        FeedError: if the document cannot be had.
        ValueError: if it names no endpoint of GeoReport v2.

    """
    url = visit.feed.url or ""
    name = urlsplit(url).path.rsplit("/", 1)[-1].lower()
    if not name.startswith("discovery"):
        return Endpoint(url)
    known = visit.memory.get("endpoint")
    if known and times.instant(known["at"]) > visit.now - options.discovery_every:
        return Endpoint(known["url"])
    document = visit.get(url)
    endpoint = urljoin(document.url, _named(_listed(document.content), options))
    return Endpoint(endpoint, {"endpoint": {"url": endpoint, "at": instant(visit.now)}})


def _listed(body: bytes) -> list[dict[str, Any]]:
    """Return the endpoints of a discovery document, JSON or XML."""
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        document = from_json(body)
        listed = document.get("discovery", document)["endpoints"]
        return list(listed["endpoint"] if isinstance(listed, dict) else listed)
    root = from_xml(body)
    return [
        {
            **{local(part): (part.text or "").strip() for part in item},
            "formats": [
                (part.text or "").strip() for part in item.iter() if local(part) == "format"
            ],
        }
        for item in root.iter()
        if local(item) == "endpoint"
    ]


def _named(endpoints: list[dict[str, Any]], options: Options) -> str:
    """Return the production endpoint of GeoReport v2 that has the wanted format."""
    fitting = [one for one in endpoints if "v2" in str(one.get("specification", "")).lower()]
    if not fitting:
        raise ValueError("the discovery document names no endpoint of GeoReport v2")
    fitting.sort(
        key=lambda one: (
            str(one.get("type", "production")).lower() != "production",
            not any(options.format in str(text) for text in one.get("formats") or [options.format]),
        )
    )
    return str(fitting[0]["url"])


def from_files(visit: Visit) -> Take:
    """Read recorded documents, JSON or XML; a broken one costs itself only."""
    whole = Path(visit.feed.path or "")
    paths = sorted(Path(whole.anchor).glob(str(whole.relative_to(whole.anchor))))
    stamps = {str(path): _stamp(path) for path in paths if path.is_file()}
    if not stamps:
        raise FeedError(visit.feed.id, f"no file matches {visit.feed.path}", permanent=False)
    before = visit.memory.get("files", {})
    new = [Path(path) for path, stamp in stamps.items() if before.get(path) != stamp]
    parsed = Parsed()
    broken: list[Reject] = []
    for path in new:
        try:
            one = parse(_body(path), visit.feed, visit.now)
        except (LookupError, ValueError, TypeError, AttributeError, OSError) as problem:
            said = f"{path.name}: {problem}"[:300]
            broken.append(
                Reject(feed_id=visit.feed.id, line=0, reason=said, raw=path.name, at=visit.now)
            )
            continue
        parsed.accepted.extend(one.accepted)
        parsed.rejected.extend(one.rejected)
    if broken and len(broken) == len(stamps):
        raise FeedError(visit.feed.id, broken[0].reason, permanent=True)
    parsed.rejected.extend(broken)
    return Take(parsed, {"files": stamps}, not_modified=not new)


def _stamp(path: Path) -> str:
    about = path.stat()
    return f"{about.st_mtime_ns} {about.st_size}"


def _body(path: Path) -> bytes:
    if path.stat().st_size > _MAX_FILE:
        raise ValueError(f"larger than {_MAX_FILE} bytes")
    return path.read_bytes()
