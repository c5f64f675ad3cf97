"""Answers of the query API to samples."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from feeds import times
from feeds.decode import from_json, raw
from feeds.prometheus_parse import Sample, number_of
from model import Reject


@dataclass(slots=True)
class Answer:
    """What one query brought. ``is_partial``: the server warned that something was missing."""

    samples: list[Sample] = field(default_factory=list)
    rejected: list[Reject] = field(default_factory=list)
    is_partial: bool = False


def answer(body: bytes, name: str, feed_id: str, fetched_at: datetime) -> Answer:
    """Return the samples of an instant query that the pack calls ``name``.

    Raises:
        ValueError: if the server says that it failed, or answers with ranges or a text.

    """
    document = from_json(body)
    if document.get("status") != "success":
        kind, said = document.get("errorType", "error"), document.get("error", "no reason given")
        raise ValueError(f"query {name}: {kind}: {said}"[:300])
    data = document["data"]
    found = Answer(is_partial=bool(document.get("warnings")))
    for warning in document.get("warnings") or ():
        reason = f"query {name}: the server warns: {warning}"[:300]
        found.rejected.append(
            Reject(feed_id=feed_id, line=0, reason=reason, raw=raw(warning), at=fetched_at)
        )
    match data["resultType"]:
        case "scalar":
            rows: list[Any] = [{"metric": {}, "value": data["result"]}]
        case "vector":
            rows = list(data["result"])
        case other:
            raise ValueError(f"query {name} answers with a {other}: ask for one value per series")
    for line, row in enumerate(rows, 1):
        try:
            found.samples.append(_sample(row, name, line))
        except (LookupError, ValueError, TypeError, AttributeError) as problem:
            reason = f"query {name}: {_told(row, problem)}"[:300]
            found.rejected.append(
                Reject(feed_id=feed_id, line=line, reason=reason, raw=raw(row), at=fetched_at)
            )
    return found


def _sample(row: Any, name: str, line: int) -> Sample:
    labels = {str(key): str(value) for key, value in row["metric"].items()}
    at, written = row["value"]
    return Sample(name, labels, number_of(str(written)), times.posix(at), line, raw(row))


def _told(row: Any, problem: Exception) -> str:
    if isinstance(row, dict) and "histogram" in row:
        return "a histogram is no single value: ask for a quantile of it"
    return f"{type(problem).__name__}: {problem}"
