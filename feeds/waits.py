"""How long a server asks us to wait, as its headers say it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_LONGEST = timedelta(days=7)
_LIMITS = ("x-ratelimit-reset", "ratelimit-reset", "x-rate-limit-reset")


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Read Retry-After: seconds, or a date against the answer's own Date.

    Without it, the seconds until a rate limit is lifted, as many services say them.

    >>> retry_after({"x-ratelimit-reset": "48"})
    datetime.timedelta(seconds=48)

    """
    said = headers.get("retry-after", "").strip()
    if not said:
        return _until_lifted(headers)
    if said.isdigit():
        return min(timedelta(seconds=int(said[:9])), _LONGEST)
    sent, until = _date(headers.get("date", "")), _date(said)
    return None if sent is None or until is None else max(until - sent, timedelta(0))


def _until_lifted(headers: Mapping[str, str]) -> timedelta | None:
    """Read seconds from now, or an instant in POSIX seconds against the answer's own Date."""
    said = next((headers[name].strip() for name in _LIMITS if name in headers), "")
    if not said.isdigit():
        return None
    wait = timedelta(seconds=int(said[:10]))
    if wait <= _LONGEST:
        return wait
    sent = _date(headers.get("date", ""))
    if sent is None:
        return None
    lifted = datetime.fromtimestamp(int(said[:10]), UTC)
    return min(max(lifted - sent, timedelta(0)), _LONGEST)


def remaining(headers: Mapping[str, str]) -> int | None:
    """Return how many requests a rate limit leaves, ``None`` where nothing says it."""
    for name in ("x-ratelimit-remaining", "ratelimit-remaining", "x-rate-limit-remaining"):
        said = headers.get(name, "").strip()
        if said.isdigit():
            return int(said[:9])
    return None


def _date(said: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(said)
    except (ValueError, TypeError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
