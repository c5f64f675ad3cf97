"""What must hold of anything that a parser lets through, whatever it was fed."""

import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from feeds import FeedError, units
from model import Case, Fact, Observation, Parsed, Quality
from model.plain import fact_from_plain, fact_to_plain, plain

from .sample import NOW, SECRET, Sample

SEVERITIES = {"extreme", "severe", "moderate", "minor", "unknown"}
STATUSES = {"actual", "exercise", "system", "test", "draft"}
TYPES = {"alert", "update", "cancel", "ack", "error"}
INSTANTS = ("observed_at", "published_at", "fetched_at", "opened_at", "closed_at", "updated_at",
            "due_at", "effective", "expires")  # fmt: skip


def told(sample: Sample, body: bytes, *, memory: dict | None = None) -> Parsed | None:
    """Have a body read; ``None`` where the whole of it is refused, and that is said.

    What is refused can be read again, and that does no harm either.
    """
    try:
        found, after = sample.hear(body, memory=memory)
    except FeedError as error:
        refused(error, sample)
        return None
    sound(found, sample)
    json.dumps(after, allow_nan=False, ensure_ascii=False).encode()
    if sample.can_again and found.rejected:
        once_more(sample, found, after)
    if not found.accepted and found.rejected:
        return None
    return found


def once_more(sample: Sample, found: Parsed, memory: dict) -> None:
    try:
        again = sample.again(found.rejected, memory)
    except FeedError as error:
        refused(error, sample)
    else:
        sound(again, sample)


def refused(error: FeedError, sample: Sample) -> None:
    assert error.reason.strip()
    assert error.feed_id == "f1"
    hides(str(error) + error.reason, sample)
    sound(Parsed(rejected=[*error.rejects]), sample)


def sound(parsed: Parsed, sample: Sample, now: datetime = NOW) -> None:
    for fact in parsed.accepted:
        assert fact.feed_id == "f1"
        assert fact.known_at is None
        assert fact.fetched_at == now
        assert all(at.tzinfo is UTC for at in instants(fact)), fact
        written = json.dumps(fact_to_plain(fact), allow_nan=False, ensure_ascii=False).encode()
        assert fact_from_plain(json.loads(written)) == fact
        if isinstance(fact, Observation):
            sound_observation(fact, now)
        elif isinstance(fact, Case):
            sound_case(fact)
        else:
            assert fact.notice_id.strip()
            assert fact.headline.strip()
            assert fact.severity in SEVERITIES
            assert fact.status in STATUSES
            assert fact.msg_type in TYPES
    for reject in parsed.rejected:
        assert reject.feed_id == "f1"
        assert reject.reason.strip()
        assert reject.line >= 0
        assert len(reject.raw.encode()) <= 16_000
        json.dumps(plain(reject), allow_nan=False, ensure_ascii=False).encode()
        hides(reject.raw + reject.reason + reject.context, sample)
    assert all(reason.strip() and count > 0 for reason, count in parsed.skipped.items())


def hides(text: str, sample: Sample) -> None:
    """No secret that the feed used stands in a text."""
    assert sample.env is None or SECRET not in text, text[:300]


def sound_observation(fact: Observation, now: datetime) -> None:
    assert fact.value is None or math.isfinite(fact.value), fact
    assert fact.site_id.strip(), fact
    assert fact.quantity.strip(), fact
    at_rest = units._AT_REST.get(fact.quantity)
    assert at_rest in {None, fact.unit}, fact
    sound_place(fact)
    if fact.observed_at > now + timedelta(minutes=1):
        assert fact.quality is Quality.BAD


def sound_case(fact: Case) -> None:
    assert fact.case_id.strip()
    assert fact.status in {"open", "closed"}
    sound_place(fact)


def sound_place(fact: Observation | Case) -> None:
    assert (fact.lat is None) == (fact.lon is None)
    if fact.lat is not None and fact.lon is not None:
        assert abs(fact.lat) <= 180
        assert abs(fact.lon) <= 180
        assert (fact.lat, fact.lon) != (0, 0)


def instants(fact: Fact) -> Iterator[datetime]:
    for name in INSTANTS:
        at = getattr(fact, name, None)
        if at is not None:
            yield at


def keys(parsed: Parsed) -> list[tuple[str, ...]]:
    return sorted(fact.key for fact in parsed.accepted)
