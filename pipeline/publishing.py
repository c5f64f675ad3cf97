"""The snapshot: everything that screens may show, put together once a tick."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from model import (
    AlarmLoad,
    Alert,
    AlertEvent,
    City,
    CityScore,
    FeedState,
    Notice,
    Reading,
    Snapshot,
    State,
    Trend,
)
from model.plain import instant

EVENTS_SHOWN = 14
TOLD = {  # transitions worth telling on the home page
    State.UNACK: "raised",
    State.ACKED: "acknowledged",
    State.CLRU: "recovering",
    State.CLRA: "recovering",
    State.NORM: "closed",
}


def snapshot(  # noqa: PLR0913 - a snapshot has this many parts
    *,
    city: City,
    now: datetime,
    readings: Sequence[Reading],
    alerts: Sequence[Alert],
    feeds: Sequence[FeedState],
    trends: Sequence[Trend],
    notices: Iterable[Notice],
    load: AlarmLoad,
    events: Iterable[AlertEvent],
    titles: Mapping[str, str],
    backfill: float | None,
    score: CityScore | None = None,
    disk: float | None = None,
) -> Snapshot:
    """Put a snapshot together; the store gives it its number."""
    return Snapshot(
        version="",
        published_at=now,
        city=city,
        readings=tuple(readings),
        alerts=tuple(alerts),
        feeds=tuple(feeds),
        trends=tuple(trends),
        notices=tuple(n for n in notices if _is_current(n, now)),
        load=load,
        recent_events=tuple(_told(events, titles)),
        backfill=backfill,
        score=score,
        disk=disk,
    )


def _is_current(notice: Notice, now: datetime) -> bool:
    return notice.effective <= now and (notice.expires is None or now < notice.expires)


def _told(events: Iterable[AlertEvent], titles: Mapping[str, str]) -> list[dict[str, str]]:
    """The last moves that a person would want to hear of, newest first."""
    told: list[dict[str, str]] = []
    for event in sorted(events, key=lambda event: event.at, reverse=True):
        if len(told) == EVENTS_SHOWN:
            break
        if not _is_news(event):
            continue
        told.append(
            {
                "at": instant(event.at),
                "kind": TOLD[event.to_state],
                "occurrence": event.occurrence or "",
                "rule": event.rule,
                "title": titles.get(event.rule, event.rule),
                "scope": event.key.removeprefix(f"{event.rule}:"),
                "priority": str(event.priority or 0),
                "value": "" if event.value is None else f"{event.value:g}",
                "actor": event.actor,
                "comment": event.comment or "",
            }
        )
    return told


def _is_news(event: AlertEvent) -> bool:
    if event.outcome != "applied" or event.to_state not in TOLD:
        return False
    if event.to_state is State.NORM:
        return event.from_state not in (State.PEND, State.NORM)
    return event.from_state is not event.to_state or event.annunciated
