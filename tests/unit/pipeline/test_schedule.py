from datetime import UTC, datetime, timedelta

import pytest

from model import Feed
from pipeline.schedule import Due, pause_after_failure, poll_interval, strewn

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def feed(every: timedelta) -> Feed:
    return Feed(id="f", kind="file", gives="observation", every=every)


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        (timedelta(seconds=10), timedelta(seconds=10)),
        (timedelta(minutes=1), timedelta(minutes=1)),
        (timedelta(minutes=5), timedelta(seconds=75)),
        (timedelta(minutes=15), timedelta(minutes=3, seconds=45)),
        (timedelta(hours=1), timedelta(minutes=5)),
        (timedelta(days=1), timedelta(minutes=5)),
    ],
)
def test_slow_sources_are_asked_more_often_than_they_publish(every, expected):
    assert poll_interval(feed(every)) == expected


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        (timedelta(seconds=10), [10, 20, 30, 30]),
        (timedelta(minutes=1), [60, 60, 60, 60]),
        (timedelta(minutes=5), [75, 150, 300, 300]),
        (timedelta(days=1), [300, 600, 900, 900]),
    ],
)
def test_the_pause_after_failures_doubles_up_to_the_cadence(every, expected):
    pauses = [pause_after_failure(feed(every), n, None) for n in (1, 2, 3, 20)]

    assert [pause.total_seconds() for pause in pauses] == expected


def test_what_the_source_asks_for_is_honoured():
    asked = timedelta(hours=2)

    assert pause_after_failure(feed(timedelta(minutes=1)), 1, asked) == asked


def test_a_feed_under_way_is_not_asked_again():
    due = Due(feed(timedelta(minutes=1)), NOW)
    assert due.is_due(NOW)

    due.is_running = True

    assert not due.is_due(NOW + timedelta(hours=1))


def test_turns_are_spread_a_little_and_never_come_early():
    for pause, most in ((60, 63), (600, 610)):
        found = [strewn(timedelta(seconds=pause)).total_seconds() for _ in range(200)]

        assert min(found) >= pause
        assert max(found) <= most
        assert len(set(found)) > 100
