"""A snapshot as sections of bytes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from model import (
    City,
    CityScore,
    Contribution,
    DomainScore,
    FeedState,
    Movement,
    Quality,
    Reading,
    Snapshot,
    Trend,
)
from store.bodies import BodyReader, dump_body

AT = datetime(2026, 1, 1, tzinfo=UTC)


def reading(indicator: str, district: str, value: float | None) -> Reading:
    return Reading(indicator=indicator, district=district, at=AT, value=value, quality=Quality.LATE)


SNAPSHOT = Snapshot(
    version="1-1",
    published_at=AT,
    city=City(id="c", name="C", timezone="UTC"),
    readings=(
        reading("a", "city", 1.0),
        reading("a", "d1", None),
        reading("b", "city", 2.0),
        reading("a", "d2", 0.0),
    ),
    feeds=(
        FeedState(
            id="f",
            kind="file",
            name="F",
            gives="case",
            state=Quality.GOOD,
            due_every=timedelta(minutes=5),
        ),
    ),
    trends=(Trend(indicator="a", district="city", times=(AT,), values=(None,)),),
    recent_events=({"at": "10:00", "text": "é"},),
    backfill=0.25,
    score=CityScore(
        at=AT,
        score=71.5,
        shown=71,
        domains=(DomainScore(domain="mobility", weight=0.5, score=80.0),),
        weakest=("a", "b"),
        moved=Movement(
            since=AT - timedelta(days=1),
            points=-2.0,
            low=-4.0,
            high=-1.0,
            is_clear=True,
            contributions=(Contribution(term="a", points=-2.0),),
        ),
    ),
)


def test_a_body_changes_with_the_content_alone() -> None:
    body_id, _ = dump_body(SNAPSHOT)
    later = replace(SNAPSHOT, version="1-2", published_at=AT + timedelta(seconds=1))

    assert dump_body(later)[0] == body_id
    assert dump_body(replace(SNAPSHOT, backfill=0.5))[0] != body_id
    assert dump_body(replace(SNAPSHOT, readings=SNAPSHOT.readings[::-1]))[0] != body_id


def test_a_snapshot_comes_back_equal_and_in_order() -> None:
    empty = Snapshot(version="1-1", published_at=AT, city=SNAPSHOT.city)

    for snapshot in (SNAPSHOT, empty, replace(SNAPSHOT, recent_events=(), backfill=None)):
        assert BodyReader().load(dump_body(snapshot)[1], "1-1", AT) == snapshot


def test_only_what_changed_is_decoded_again() -> None:
    reader = BodyReader()
    first = reader.load(dump_body(SNAPSHOT)[1], "1-1", AT)
    changed = replace(
        SNAPSHOT, readings=(*SNAPSHOT.readings[:2], reading("b", "city", 3.0), SNAPSHOT.readings[3])
    )

    second = reader.load(dump_body(changed)[1], "1-2", AT)

    assert second == replace(changed, version="1-2")
    assert second.readings[0] is first.readings[0]
    assert second.readings[2] is not first.readings[2]
    assert second.feeds is first.feeds
