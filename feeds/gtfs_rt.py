"""GTFS-Realtime 2.0: delays, trips that run, vehicles, and alerts of public transport.

Docs: https://gtfs.org/documentation/realtime/reference/. Quirks: a message without entities is
valid (no service now); trip ids may not be those of the timetable, and then there are only
counts; the same message may be served for minutes. Facts keep the time of their message.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from feeds import gtfs, gtfs_shelf, times
from feeds.base import Again, Kind, Take, Visit
from feeds.errors import FeedError
from feeds.gtfs_rt_alerts import Board, Memory
from feeds.gtfs_rt_facts import Telling, rejects
from feeds.gtfs_rt_message import Message, entity_again, newest, read_message
from feeds.gtfs_rt_options import Options
from feeds.gtfs_rt_trips import Hearing
from feeds.gtfs_shelf import Shelved
from feeds.gtfs_timetable import Timetable
from model import Feed, Parsed, Reject
from model.plain import instant

_ACCEPT = "application/x-protobuf, application/octet-stream, */*;q=0.1"
_REMEMBERED = timedelta(days=7)


def parse(
    body: bytes, feed: Feed, fetched_at: datetime, *, timetable: Timetable | None = None
) -> Parsed:
    """Return the facts of one message, without a past to compare with.

    Args:
        body: the protobuf message.
        feed: its ``gives`` says whether trips or alerts are read.
        fetched_at: when it was read.
        timetable: what the trips are measured by; without it there are only counts.

    Raises:
        ValueError: if it is no full dataset of GTFS-Realtime.

    """
    message = read_message(body)
    if feed.gives == "notice":
        return _alerts([message], feed, fetched_at, timetable, {})[0]
    return _trips([message], feed, fetched_at, timetable, {}, is_whole=True)[0]


def read(visit: Visit) -> Take:
    """Read all parts of the feed; one that cannot be had is told, and costs itself only."""
    options = Options.model_validate(dict(visit.feed.options))
    messages, stamps, failures = _heard(visit, options)
    if failures and not messages:
        raise failures[0]
    if not failures and (not messages or stamps == visit.memory.get("stamps")):
        return Take(Parsed(), not_modified=True)
    shelved = Shelved(None, {})
    if options.source:
        shelved = gtfs_shelf.current(
            visit, options.source, options.static_every, how=_how(visit, options, options.source)
        )
    memory = visit.memory.get("heard", {})
    if visit.feed.gives == "notice":
        if failures:
            raise failures[0]  # what is not in the feed now would be cancelled
        parsed, after = _alerts(messages, visit.feed, visit.now, shelved.timetable, memory)
    else:
        parsed, after = _trips(
            messages, visit.feed, visit.now, shelved.timetable, memory, is_whole=not failures
        )
    troubles = [problem.reason for problem in (*failures, shelved.problem) if problem]
    if shelved.is_new and shelved.timetable is not None:
        troubles += gtfs.troubles(shelved.timetable, _clock(messages, visit.now)[1])
    parsed.rejected.extend(_lost(visit, reason) for reason in troubles)
    return Take(parsed, {"stamps": stamps, "static": dict(shelved.memory), "heard": after})


def _heard(visit: Visit, options: Options) -> tuple[list[Message], dict[str, str], list[FeedError]]:
    """Return the messages, what tells each from the one before, and what failed."""
    messages: list[Message] = []
    stamps: dict[str, str] = {}
    failures: list[FeedError] = []
    sources = options.sources(visit.feed)
    for source in sources:
        try:
            body = _body(visit, options, source, is_only=len(sources) == 1)
            if not body:
                return [], visit.memory.get("stamps", {}), []
            message = read_message(body)
        except FeedError as problem:
            failures.append(problem)
        except ValueError as problem:
            said = f"malformed body ({problem})"[:400]
            failures.append(FeedError(visit.feed.id, said, permanent=True))
        else:
            messages.append(message)
            digest = hashlib.sha256(body).hexdigest()
            stamps[source] = instant(message.stamp) if message.stamp else digest
    return messages, stamps, failures


def _body(visit: Visit, options: Options, source: str, *, is_only: bool) -> bytes:
    """Return one part; nothing where the only one has not changed."""
    if source == visit.feed.path:
        try:
            return Path(source).read_bytes()
        except OSError as problem:
            said = f"{Path(source).name}: {problem.strerror}"
            raise FeedError(visit.feed.id, said, permanent=False) from problem
    how = _how(visit, options, source)
    return visit.get(source, accept=_ACCEPT, is_conditional=is_only, **how).content


def _how(visit: Visit, options: Options, url: str) -> dict[str, Any]:
    """Return the key as a header or parameter, for hosts of the feed itself."""
    if options.key is None or not options.is_near(url, visit.feed):
        return {}
    key = visit.secret(options.key)
    if options.key_param:
        return {"params": {options.key_param: key}}
    return {"headers": {options.key_header: key}}


def _trips(  # noqa: PLR0913 - of one poll: what came, whose, when, and what was known
    messages: Sequence[Message],
    feed: Feed,
    fetched_at: datetime,
    timetable: Timetable | None,
    memory: Mapping[str, Any],
    *,
    is_whole: bool,
) -> tuple[Parsed, dict[str, Any]]:
    options = Options.model_validate(dict(feed.options))
    published, at = _clock(messages, fetched_at)
    hearing = Hearing(timetable, at, options.ahead, at - options.vehicle_age)
    for message in messages:
        hearing.hear(message)
    routes, counted = (_recent(memory.get(name, {}), at) for name in ("routes", "counted"))
    telling = Telling(
        feed=feed,
        fetched_at=fetched_at,
        published_at=published,
        margin=options.margin,
        routes=routes,
        counted=counted,
        is_whole=is_whole,
    )
    refused = rejects(feed, fetched_at, at, hearing.refused)
    parsed = Parsed(telling.facts(hearing), refused, published, dict(hearing.skipped))
    today = instant(at)
    return parsed, {
        "routes": {**routes, **dict.fromkeys(sorted(hearing.routes), today)},
        "counted": {**counted, **dict.fromkeys(sorted(hearing.vehicles), today)},
    }


def _alerts(
    messages: Sequence[Message],
    feed: Feed,
    fetched_at: datetime,
    timetable: Timetable | None,
    memory: Memory,
) -> tuple[Parsed, Memory]:
    options = Options.model_validate(dict(feed.options))
    published, at = _clock(messages, fetched_at)
    board = Board(feed, fetched_at, at, options.language, timetable, memory)
    whole = Message(
        at,
        [one for message in messages for one in message.entities],
        [one for message in messages for one in message.refused],
    )
    board.take(whole)
    parsed = Parsed([*board.notices], rejects(feed, fetched_at, at, board.refused), published)
    return parsed, board.after


def _clock(messages: Sequence[Message], now: datetime) -> tuple[datetime | None, datetime]:
    """Return when the source says it spoke, and the instant that counts.

    Without a header time the newest of its entities counts, and without that our own clock.
    """
    stamps = [message.stamp for message in messages if message.stamp]
    if stamps:
        return max(stamps), max(stamps)
    return None, min(max(filter(None, map(newest, messages)), default=now), now)


def _recent(said: Mapping[str, str], at: datetime) -> dict[str, str]:
    return {name: when for name, when in said.items() if times.instant(when) > at - _REMEMBERED}


def _lost(visit: Visit, reason: str) -> Reject:
    return Reject(feed_id=visit.feed.id, line=0, reason=reason, raw="", at=visit.now)


def again(about: Again) -> Parsed:
    """Read refused entities again, each at the instant of its message.

    Alerts are told as new ones; trips without their timetable give no facts.
    """
    parsed = Parsed()
    for one in about.rejects:
        try:
            entity = entity_again(one.raw)
            at = times.instant(one.context)
        except ValueError:
            parsed.rejected.append(one)
            continue
        message = Message(at, [(one.line, entity)])
        found = _once(message, about)
        parsed.accepted.extend(found.accepted)
        parsed.rejected.extend(found.rejected)
    return parsed


def _once(message: Message, about: Again) -> Parsed:
    if about.feed.gives == "notice":
        return _alerts([message], about.feed, about.now, None, {})[0]
    timetable = gtfs_shelf.held(about.memory.get("static", {}))
    found = _trips([message], about.feed, about.now, timetable, {}, is_whole=False)[0]
    delays = [fact for fact in found.accepted if getattr(fact, "quantity", "") == "transit_delay"]
    return replace(found, accepted=delays)


KIND = Kind(
    name="gtfs-rt",
    options=Options,
    read=read,
    parse=parse,
    standard="GTFS-Realtime 1.0 and 2.0",
    gives=frozenset({"observation", "notice"}),
    again=again,
    measures=frozenset({"transit_delay", "trip_operated", "vehicles"}),
)
