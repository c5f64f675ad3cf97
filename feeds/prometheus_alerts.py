"""Alerts of Prometheus (API v1) and of the Alertmanager (API v2) to notices.

Only what fires is told; what is pending, silenced or inhibited is not. A label ``severity`` is
free text: the usual words are known, the pack may name its own.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from feeds import times
from feeds.decode import from_json, raw
from model import Feed, Notice, Parsed, Reject

_SEVERITIES = {
    "page": "severe",
    "critical": "severe",
    "error": "severe",
    "high": "severe",
    "warning": "moderate",
    "warn": "moderate",
    "medium": "moderate",
    "info": "minor",
    "informational": "minor",
    "low": "minor",
    "none": "minor",
}
_LEVELS = frozenset({"extreme", "severe", "moderate", "minor", "unknown"})
_TITLES = ("summary", "title", "message", "description")


def checked(severities: dict[str, str]) -> dict[str, str]:
    """Return the pack's words for severities.

    Raises:
        ValueError: if one is translated into none that there is.

    """
    for word, level in severities.items():
        if level not in _LEVELS:
            raise ValueError(f"{word} = {level!r} is none of {', '.join(sorted(_LEVELS))}")
    return {word.lower(): level for word, level in severities.items()}


def parse(body: bytes, feed: Feed, fetched_at: datetime, severities: Mapping[str, str]) -> Parsed:
    """Return one notice per alert that fires.

    Raises:
        ValueError: if the body is no list of alerts.

    """
    parsed = Parsed()
    for line, row in enumerate(_listed(from_json(body)), 1):
        try:
            if _fires(row):
                parsed.accepted.append(_notice(row, feed, fetched_at, severities))
        except (LookupError, ValueError, TypeError, AttributeError) as problem:
            reason = f"{type(problem).__name__}: {problem}"[:300]
            parsed.rejected.append(
                Reject(feed_id=feed.id, line=line, reason=reason, raw=raw(row), at=fetched_at)
            )
    return parsed


def notices(parsed: Parsed) -> list[Notice]:
    """Return the notices among what was accepted."""
    return [fact for fact in parsed.accepted if isinstance(fact, Notice)]


def _listed(document: Any) -> list[Any]:
    if isinstance(document, dict):
        if document.get("status") != "success":
            raise ValueError(f"no list of alerts: {document.get('error', document)}"[:300])
        document = document["data"]["alerts"]
    if not isinstance(document, list):
        raise TypeError("no list of alerts")
    return document


def _fires(row: Any) -> bool:
    if "state" in row:
        return bool(row["state"] == "firing")
    return bool(row.get("status", {}).get("state", "active") == "active")


def _notice(row: Any, feed: Feed, fetched_at: datetime, severities: Mapping[str, str]) -> Notice:
    labels = {str(key): str(value) for key, value in row["labels"].items()}
    notes = {str(key): str(value) for key, value in (row.get("annotations") or {}).items()}
    name = labels["alertname"]
    began = times.instant(row["activeAt"] if "activeAt" in row else row["startsAt"])
    word = labels.get("severity", "").lower()
    return Notice(
        feed_id=feed.id,
        notice_id=f"{_mark(labels)}@{began:%Y-%m-%dT%H:%M:%SZ}",  # what fires anew is another
        headline=next((notes[key] for key in _TITLES if notes.get(key)), name)[:300],
        effective=began,
        fetched_at=fetched_at,
        severity=severities.get(word) or _SEVERITIES.get(word, "unknown"),
        event=name,
    )


def _mark(labels: Mapping[str, str]) -> str:
    return hashlib.sha256(repr(sorted(labels.items())).encode()).hexdigest()[:16]
