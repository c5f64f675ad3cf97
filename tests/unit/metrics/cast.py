"""Facts and scopes of a small city, for the tests of this room."""

from datetime import UTC, datetime, timedelta

from metrics import Scope
from model import Case, District, FeedState, Observation, Quality, Service

NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def seen(
    value: float | None,
    *,
    site: str = "s1",
    at: datetime = NOW,
    quantity: str = "speed",
    district: str | None = "north",
    **more: object,
) -> Observation:
    fields: dict[str, object] = {
        "feed_id": "feed",
        "site_id": site,
        "quantity": quantity,
        "value": value,
        "unit": "",
        "observed_at": at,
        "fetched_at": at,
        "district_id": district,
    }
    return Observation(**{**fields, **more})  # type: ignore[arg-type]


def asked(
    name: str,
    opened: datetime,
    closed: datetime | None = None,
    *,
    district: str | None = "north",
    **more: object,
) -> Case:
    fields: dict[str, object] = {
        "feed_id": "311",
        "case_id": name,
        "opened_at": opened,
        "closed_at": closed,
        "status": "closed" if closed else "open",
        "fetched_at": closed or opened,
        "service": "pothole",
        "district_id": district,
    }
    return Case(**{**fields, **more})  # type: ignore[arg-type]


def scope(**more: object) -> Scope:
    fields: dict[str, object] = {
        "districts": (
            District(id="north", name="North", short="North", population=1_000),
            District(id="south", name="South", short="South", population=3_000),
        ),
        "timezone": "America/Montreal",
        "services": {"pothole": Service(name="pothole", due_within=timedelta(days=2))},
    }
    return Scope(**{**fields, **more})  # type: ignore[arg-type]


def feed(name: str, every: timedelta, last: datetime | None = NOW, **more: object) -> FeedState:
    fields: dict[str, object] = {
        "id": name,
        "kind": "file",
        "name": name,
        "gives": "observation",
        "state": Quality.GOOD,
        "due_every": every,
        "last_observed_at": last,
    }
    return FeedState(**{**fields, **more})  # type: ignore[arg-type]
