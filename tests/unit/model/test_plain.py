from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import (
    AlertEvent,
    Case,
    City,
    Feed,
    FeedState,
    Notice,
    Observation,
    Quality,
    Reading,
    Snapshot,
    State,
    Usual,
    worst,
)
from model.plain import entity, fact_from_plain, fact_to_plain, instant, plain

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
instants = st.datetimes(
    min_value=datetime(1971, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.just(UTC),
)
texts = st.text(min_size=1, max_size=20)
observations = st.builds(
    Observation,
    feed_id=texts,
    site_id=texts,
    quantity=texts,
    value=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    unit=texts,
    observed_at=instants,
    fetched_at=instants,
    published_at=st.none() | instants,
    quality=st.sampled_from(Quality),
    lat=st.none() | st.floats(-90, 90),
    lon=st.none() | st.floats(-180, 180),
    district_id=st.none() | texts,
    known_at=st.none() | instants,
)
cases = st.builds(
    Case,
    feed_id=texts,
    case_id=texts,
    opened_at=instants,
    fetched_at=instants,
    status=st.sampled_from(["open", "closed"]),
    closed_at=st.none() | instants,
    updated_at=st.none() | instants,
    due_at=st.none() | instants,
    service=st.none() | texts,
)
notices = st.builds(
    Notice,
    feed_id=texts,
    notice_id=texts,
    headline=texts,
    effective=instants,
    fetched_at=instants,
    supersedes=st.lists(texts, max_size=3).map(tuple),
)


@given(observations | cases | notices)
def test_a_fact_survives_the_stream(fact):
    assert fact_from_plain(fact_to_plain(fact)) == fact


def test_instants_are_utc_and_end_in_z():
    east = timezone(timedelta(hours=5, minutes=30))

    assert instant(datetime(2026, 1, 1, 5, 30, tzinfo=east)) == "2026-01-01T00:00:00Z"


def test_a_naive_instant_is_refused():
    with pytest.raises(ValueError, match="carries a zone"):
        instant(datetime(2026, 1, 1))  # noqa: DTZ001 - the point of the test


def test_a_snapshot_survives_the_store():
    usual = Usual(centre=1.0, low=0.5, high=1.5, spread=0.25, weeks=8)
    reading = Reading(indicator="x", district="city", at=NOW, value=None, usual=usual)
    feed = Feed(id="f", kind="file", gives="case", every=timedelta(hours=1))
    state = FeedState(
        id=feed.id,
        kind=feed.kind,
        name="F",
        gives="case",
        state=Quality.LATE,
        due_every=feed.every,
        polls=("ok", "error"),
    )
    snapshot = Snapshot(
        version="1-1",
        published_at=NOW,
        city=City(id="a", name="A", timezone="UTC"),
        readings=(reading,),
        feeds=(state,),
        recent_events=({"at": "x"},),
    )

    assert entity(Snapshot, plain(snapshot)) == snapshot


def test_unknown_keys_are_ignored_and_missing_ones_are_not():
    event = AlertEvent(
        event_id="e",
        at=NOW,
        seq=1,
        key="r:city",
        rule="r",
        occurrence=None,
        kind="H1",
        outcome="applied",
        from_state=State.NORM,
        to_state=State.PEND,
        actor="system",
    )

    assert entity(AlertEvent, {**plain(event), "later": 1}) == event
    with pytest.raises(TypeError):
        entity(AlertEvent, {"event_id": "e"})


def test_the_worst_quality_wins():
    assert worst(Quality.GOOD, Quality.STALE, Quality.LATE) is Quality.STALE
    assert worst() is Quality.GOOD
