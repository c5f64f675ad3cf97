"""Requests and alerts that a context broker holds."""

from datetime import datetime

from feeds.gathered import said
from feeds.ngsi_entity import Entity
from feeds.ngsi_models import SEVERITIES
from feeds.ngsi_times import modified, period
from model import Case, Feed, Notice

_CLOSED = frozenset({"closed", "resolved", "done"})


def case(entity: Entity, feed: Feed, fetched_at: datetime) -> Case:
    """Return a request for service; its text and its author are never read.

    Raises:
        ValueError: if it has no status or no opening.

    """
    status = (entity.text("status") or "").lower()
    if not status:
        raise ValueError("status is missing")
    is_closed = status in _CLOSED
    opened = _time(entity, feed, "requested_datetime", "dateCreated", "createdAt", "dateIssued")
    if opened is None:
        raise ValueError("requested_datetime is missing")
    updated = _time(entity, feed, "updated_datetime", "dateModified", "modifiedAt")
    closed = _time(entity, feed, "closed_datetime", "dateClosed") or updated
    place, _ = entity.shape()
    lat, lon = place or (None, None)
    return Case(
        feed_id=feed.id,
        case_id=entity.text("service_request_id") or entity.name,
        opened_at=opened,
        fetched_at=fetched_at,
        status="closed" if is_closed else "open",
        closed_at=closed if is_closed else None,
        updated_at=updated,
        due_at=_time(entity, feed, "expected_datetime"),
        service=entity.text("service_name", "service_code", "category"),
        department=entity.text("agency_responsible"),
        lat=lat,
        lon=lon,
    )


def notice(entity: Entity, feed: Feed, fetched_at: datetime) -> Notice:
    """Return an alert; where a headline is missing, its category speaks for it.

    Raises:
        ValueError: if it says neither what it is nor when it was issued.

    """
    issued = _time(entity, feed, "dateIssued", "dateObserved", "dateCreated", "createdAt")
    effective = _time(entity, feed, "validFrom", "startDate") or issued
    changed = modified(entity, feed.timezone)
    if effective is None:
        raise ValueError("dateIssued is missing")
    event = entity.text("subCategory", "category", "alertType")
    headline = entity.text("title", "headline", "name") or event or entity.text("description")
    if headline is None:
        raise ValueError("neither title, category nor description")
    severity = (entity.text("severity") or "").lower()
    return Notice(
        feed_id=feed.id,
        notice_id=entity.name,
        headline=headline[:300],
        effective=effective,
        fetched_at=fetched_at,
        severity=SEVERITIES.get(severity, "unknown"),
        event=event,
        expires=_time(entity, feed, "validTo", "endDate"),
        published_at=issued or (changed.end if changed else None),
        geometry=_shape(entity),
        area=entity.text("areaServed", "areaDesc"),
        url=entity.text("url", "seeAlso"),
    )


def _shape(entity: Entity) -> str | None:
    """A shape that cannot be drawn does not cost the alert."""
    try:
        return entity.shape()[1]
    except (ValueError, TypeError, LookupError, RecursionError):
        return None


def _time(entity: Entity, feed: Feed, *names: str) -> datetime | None:
    for name in names:
        if not (found := entity.first(name)):
            continue
        try:
            read = period(found.value, feed.timezone)
        except ValueError as problem:
            raise ValueError(f"{name}: {said(problem)}") from problem
        if read:
            return read.end
    return None
