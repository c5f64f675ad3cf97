"""Instants as text: RFC 3339 in UTC and in city time."""

from datetime import UTC, datetime

from demo.almanac import ZONE


def utc(at: int) -> str:
    """Return an instant as RFC 3339 in UTC, ending in ``Z``."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def city(at: int) -> str:
    """Return an instant as RFC 3339 in city time with its offset."""
    return datetime.fromtimestamp(at, ZONE).isoformat()
