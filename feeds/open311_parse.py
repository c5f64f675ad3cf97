"""Requests documents of Open311 GeoReport v2, JSON or XML, to cases.

Quirks: ``updated_datetime`` of a closed request is taken as its closing where there is no
``closed_datetime``; empty elements mean missing; errors come under 200 in several shapes; a blank
line or an HTTP status line may stand before the XML. Only what a case needs is kept of a request:
texts, addresses, names and pictures are dropped before anything else.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from xml.etree.ElementTree import Element

from pydantic import Field

from feeds import times
from feeds.decode import from_json, from_xml, local, raw
from feeds.options import Duration, KindOptions
from feeds.secrets import Secret
from model import Case, Feed, Parsed, Reject

_MAX_DEGREES = 180.0
_MAX_NUMBER = 10**15  # of an id
_ROWS = frozenset({"request", "service_request"})
_BAD_ROW = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError)
_KEPT = frozenset(
    {"service_request_id", "status", "service_name", "service_code", "agency_responsible",
     "requested_datetime", "updated_datetime", "closed_datetime", "expected_datetime", "lat",
     "long", "lon"}
)  # fmt: skip


class Options(KindOptions):
    """What a city pack may say under ``[[feeds]]`` of this kind."""

    format: Literal["json", "xml"] = "json"
    jurisdiction_id: str | None = None
    service_code: tuple[str, ...] = ()
    cap: int = Field(default=1000, ge=1)
    page_size: int | None = Field(default=None, ge=1, le=10_000)
    history: Duration = timedelta(days=90)
    overlap: Duration = timedelta(hours=1)
    changes: str | None = None
    reread: int = Field(default=2000, ge=0)
    reread_batch: int = Field(default=100, ge=1, le=500)
    misses: int = Field(default=5, ge=1)
    ignore_offset: bool = False
    shortest: Duration = timedelta(minutes=1)
    statuses: dict[str, Literal["open", "closed"]] = Field(default_factory=dict)
    key: Secret | None = None
    discovery_every: Duration = timedelta(days=1)

    def problems(self, feed: Feed) -> list[str]:
        """Say what does not fit this feed."""
        return [] if feed.url or feed.path else [f"kind {feed.kind!r} needs a url or a path"]

    def status(self, said: Any) -> str:
        """Return open or closed; a city's other words are declared in ``statuses``.

        Raises:
            ValueError: if it is neither.

        """
        word = str(said or "").strip()
        found = self.statuses.get(word, self.statuses.get(word.lower(), word.lower()))
        if found not in {"open", "closed"}:
            raise ValueError(f"status {said!r} is neither open nor closed")
        return found


@dataclass(slots=True)
class _Reading:
    """Gathers the cases of one body; ``line`` counts its requests."""

    feed: Feed
    options: Options
    fetched_at: datetime
    parsed: Parsed = field(default_factory=Parsed)


def parse(body: bytes, feed: Feed, fetched_at: datetime) -> Parsed:
    """Return the cases of a requests document, JSON or XML, told by its first character.

    Raises:
        ValueError: if it is neither a list of requests nor a single one, or reports an error.

    """
    return cases(rows_of(body), feed, fetched_at)


def cases(rows: list[dict[str, Any]], feed: Feed, fetched_at: datetime) -> Parsed:
    """Return the cases of requests as they stand; a row's line is its place among them."""
    return numbered(enumerate(rows, 1), feed, fetched_at)


def numbered(
    rows: Iterable[tuple[int, dict[str, Any]]], feed: Feed, fetched_at: datetime
) -> Parsed:
    """Return the cases of requests with their lines."""
    reading = _Reading(feed, Options.model_validate(dict(feed.options)), fetched_at)
    for line, row in rows:
        try:
            reading.parsed.accepted.append(_case(row, reading))
        except _BAD_ROW as problem:
            reason = str(problem) if isinstance(problem, ValueError) else f"malformed: {problem!r}"
            reading.parsed.rejected.append(
                Reject(feed_id=feed.id, line=line, reason=reason[:200], raw=raw(row), at=fetched_at)
            )
    return reading.parsed


def rows_of(body: bytes, charset: str | None = None) -> list[dict[str, Any]]:
    """Return the requests of a document as they stand: what a case needs, and is not empty.

    Raises:
        ValueError: if it is no such document, or reports an error.

    """
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    rows = _json_rows(from_json(body, charset)) if start in b"[{" and start else _xml_rows(body)
    return [
        {name: row[name] for name in row if name in _KEPT and row[name] not in (None, "")}
        for row in rows
    ]


def _json_rows(document: Any) -> list[dict[str, Any]]:
    if isinstance(document, dict):
        inner = document.get("service_requests", document.get("errors", document))
        inner = inner.get("request", inner) if isinstance(inner, dict) else inner
        document = inner if isinstance(inner, list) else [inner]
    if document and not any(isinstance(row, dict) for row in document):
        raise ValueError("requests that are no objects")
    document = [row if isinstance(row, dict) else {} for row in document]
    for row in document:
        if "service_request_id" not in row and ("error" in row or "description" in row):
            said = row.get("error") or f"{row.get('code', 'an error')}: {row['description']}"
            raise ValueError(f"the source reports {said}"[:300])
    rows: list[dict[str, Any]] = document
    return rows


def _xml_rows(body: bytes) -> list[dict[str, Any]]:
    root = from_xml(body)
    match local(root):
        case "service_requests" | "requests":
            return [_fields(item) for item in root if local(item) in _ROWS]
        case "request" | "service_request":
            return [_fields(root)]
        case "errors" | "error":
            said = " ".join(" ".join(root.itertext()).split())
            raise ValueError(f"the source reports {said}"[:300])
    raise ValueError(f"an element {local(root)!r} where service_requests were expected")


def _fields(request: Element) -> dict[str, Any]:
    return {local(item): (item.text or "").strip() for item in request}


def _case(row: dict[str, Any], reading: _Reading) -> Case:
    status = reading.options.status(row.get("status"))
    for name in ("service_request_id", "requested_datetime"):
        if name not in row:
            raise ValueError(f"{name} is missing")
    updated = _time(row, "updated_datetime", reading)
    closed = _time(row, "closed_datetime", reading) or updated
    lat, lon = _place(row)
    return Case(
        feed_id=reading.feed.id,
        case_id=_id(row["service_request_id"]),
        opened_at=_opened(row, reading),
        fetched_at=reading.fetched_at,
        status=status,
        closed_at=closed if status == "closed" else None,
        updated_at=updated,
        due_at=_time(row, "expected_datetime", reading),
        service=_text(row, "service_name") or _text(row, "service_code"),
        department=_text(row, "agency_responsible"),
        lat=lat,
        lon=lon,
    )


def _id(said: Any) -> str:
    if isinstance(said, dict | list | bool | float) or (
        isinstance(said, int) and said > _MAX_NUMBER
    ):
        raise ValueError("service_request_id is no id")
    found = str(said).strip()
    if not found:
        raise ValueError("service_request_id is missing")
    return found


def _opened(row: dict[str, Any], reading: _Reading) -> datetime:
    at = _time(row, "requested_datetime", reading)
    if at is None:
        raise ValueError("requested_datetime is missing")
    return at


def _time(row: dict[str, Any], name: str, reading: _Reading) -> datetime | None:
    if not (written := _text(row, name)):
        return None
    ignore = reading.options.ignore_offset
    try:
        return times.instant(written, reading.feed.timezone, ignore_offset=ignore)
    except ValueError as problem:
        raise ValueError(f"{name}: {problem}") from problem


def _text(row: dict[str, Any], name: str) -> str | None:
    value = row.get(name)
    return None if value is None else " ".join(str(value).split()) or None


def _place(row: dict[str, Any]) -> tuple[float | None, float | None]:
    """Return latitude and longitude; both ``None`` where one is missing, 0,0 or impossible."""
    try:
        lat, lon = float(row["lat"]), float(row["long"] if "long" in row else row["lon"])
    except _BAD_ROW:
        return None, None
    is_known = abs(lat) <= _MAX_DEGREES and abs(lon) <= _MAX_DEGREES and (lat, lon) != (0, 0)
    return (lat, lon) if is_known else (None, None)
