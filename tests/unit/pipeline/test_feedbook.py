from datetime import UTC, datetime, timedelta

from model import Feed, Quality
from pipeline.feedbook import POLLS_SHOWN, FeedBook

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FEED = Feed(id="air", kind="sensorthings", gives="observation", every=MINUTE, name="Air")


def answered(book: FeedBook, at: datetime, newest: datetime | None) -> bool:
    return book.answered(
        "air", now=at, accepted=1, rejected=0, newest=newest, published_at=None, is_same=False
    )


def state_at(book: FeedBook, at: datetime) -> Quality:
    book.age(at)
    return book["air"].state


def test_a_feed_that_never_answered_has_no_data():
    book = FeedBook([FEED])

    assert state_at(book, NOW) is Quality.NODATA
    assert book["air"].last_observed_at is None


def test_quality_follows_the_age_of_the_data_and_not_of_the_answer():
    book = FeedBook([FEED])
    answered(book, NOW, NOW)
    ages = [
        (timedelta(0), Quality.GOOD),
        (1.5 * MINUTE, Quality.GOOD),
        (2 * MINUTE, Quality.LATE),
        (3 * MINUTE, Quality.LATE),
        (4 * MINUTE, Quality.STALE),
        (10 * MINUTE, Quality.STALE),
        (11 * MINUTE, Quality.NODATA),
    ]

    found = []
    for age, _ in ages:
        answered(book, NOW + age, NOW)  # answers keep coming with the same old data
        found.append(state_at(book, NOW + age))

    assert found == [quality for _, quality in ages]


def test_old_data_never_make_a_feed_older():
    book = FeedBook([FEED])
    answered(book, NOW, NOW)

    answered(book, NOW, NOW - timedelta(days=1))

    assert book["air"].last_observed_at == NOW


def test_a_stale_feed_is_believed_again_after_two_polls_with_news():
    book = FeedBook([FEED])
    answered(book, NOW, NOW)
    assert state_at(book, NOW + 5 * MINUTE) is Quality.STALE

    answered(book, NOW + 5 * MINUTE, NOW + 5 * MINUTE)
    after_one = state_at(book, NOW + 5 * MINUTE)
    answered(book, NOW + 6 * MINUTE, NOW + 6 * MINUTE)
    after_two = state_at(book, NOW + 6 * MINUTE)

    assert (after_one, after_two) == (Quality.STALE, Quality.GOOD)


def test_a_feed_that_died_is_stale_at_its_first_sample_and_good_at_its_second():
    book = FeedBook([FEED])
    answered(book, NOW, NOW)
    state_at(book, NOW)
    found = [state_at(book, NOW + 20 * MINUTE)]

    for minute in (20, 21):
        answered(book, NOW + minute * MINUTE, NOW + minute * MINUTE)
        found.append(state_at(book, NOW + minute * MINUTE))

    assert found == [Quality.NODATA, Quality.STALE, Quality.GOOD]


def test_a_feed_that_is_old_because_we_were_away_is_believed_at_once():
    old = FeedBook([FEED])
    answered(old, NOW, NOW)
    state_at(old, NOW)
    book = FeedBook([FEED])
    book.restore(old.states())
    back = NOW + 20 * MINUTE
    before = state_at(book, back)

    answered(book, back, back)

    assert (before, state_at(book, back)) == (Quality.NODATA, Quality.GOOD)


def judged(book: FeedBook, at: datetime) -> list[tuple[str, Quality]]:
    asked = book.asked()
    book.age(at)
    return [(state.id, state.state) for state in book.judged(book.by_id(), asked, at)]


def restored(at: datetime) -> FeedBook:
    old = FeedBook([FEED])
    answered(old, at, at)
    book = FeedBook([FEED])
    book.restore(old.states())
    return book


def fail(book: FeedBook, at: datetime) -> None:
    book.failed("air", "connection refused", now=at)


def test_a_feed_is_judged_once_it_was_asked_since_the_start():
    book = restored(NOW)

    before = judged(book, NOW)
    answered(book, NOW, NOW)

    assert before == []
    assert judged(book, NOW) == [("air", Quality.GOOD)]


def test_a_feed_that_grew_old_while_we_were_away_is_silent_once_a_look_found_nothing():
    book = restored(NOW)
    later = NOW + 5 * MINUTE

    away = judged(book, later)
    answered(book, later, NOW)

    assert (away, judged(book, later)) == ([], [("air", Quality.STALE)])


def test_what_we_did_not_look_at_in_time_is_not_silent():
    """Asked once, then busy: the next poll comes late, and brings what was there all the time."""
    book = restored(NOW)
    answered(book, NOW + 20 * MINUTE, NOW + 20 * MINUTE)

    assert judged(book, NOW + 24 * MINUTE) == []
    answered(book, NOW + 24 * MINUTE, NOW + 24 * MINUTE)
    answered(book, NOW + 24 * MINUTE, NOW + 25 * MINUTE)
    assert judged(book, NOW + 25 * MINUTE) == [("air", Quality.GOOD)]


def test_a_look_that_is_long_ago_says_nothing_of_today():
    """The worker stood still for an hour: a sleeping machine is no silent feed."""
    book = FeedBook([FEED])
    answered(book, NOW, NOW)
    answered(book, NOW + 1.6 * MINUTE, NOW)
    assert judged(book, NOW + 3.5 * MINUTE) == [("air", Quality.STALE)]

    assert judged(book, NOW + 60 * MINUTE) == []


def test_a_feed_that_fails_after_a_start_is_silent_at_the_third_attempt():
    book = restored(NOW)
    found = []
    for minute in (5, 6, 7):
        fail(book, NOW + minute * MINUTE)
        found.append(judged(book, NOW + minute * MINUTE))

    assert found == [[], [], [("air", Quality.STALE)]]


def test_a_feed_that_never_gave_anything_is_silent_at_its_first_failure():
    book = FeedBook([FEED])
    fail(book, NOW)

    assert judged(book, NOW) == [("air", Quality.NODATA)]


def test_a_feed_that_answered_and_then_fails_is_silent_when_its_data_are_stale():
    book = FeedBook([FEED])
    answered(book, NOW, NOW)
    fail(book, NOW + 2 * MINUTE)

    assert judged(book, NOW + 3.1 * MINUTE) == [("air", Quality.STALE)]


def test_the_first_failure_and_the_recovery_are_told_once():
    book = FeedBook([FEED])

    told = [book.failed("air", "HTTP 503", now=NOW), book.failed("air", "HTTP 503", now=NOW)]
    recovered = [answered(book, NOW, NOW), answered(book, NOW, NOW)]

    assert told == [True, False]
    assert recovered == [True, False]


def test_the_last_polls_are_kept_and_no_more():
    book = FeedBook([FEED])

    for _ in range(POLLS_SHOWN + 5):
        answered(book, NOW, NOW)
    book.failed("air", "late", now=NOW)

    assert len(book["air"].polls) == POLLS_SHOWN
    assert book["air"].polls[-1] == "error"


def test_a_restart_keeps_counts_and_takes_the_packs_new_cadence():
    old = FeedBook([FEED])
    answered(old, NOW, NOW)
    quicker = Feed(
        id="air", kind="sensorthings", gives="observation", every=MINUTE / 2, name="Air 2"
    )

    book = FeedBook([quicker])
    book.restore(old.states())

    assert (book["air"].accepted, book["air"].due_every, book["air"].name) == (
        1,
        MINUTE / 2,
        "Air 2",
    )
