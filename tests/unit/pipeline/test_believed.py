from datetime import UTC, datetime, timedelta

import pytest

from pipeline.believed import good_shares
from pipeline.feedhours import counted

NOW = datetime(2026, 3, 31, tzinfo=UTC)
DAY = timedelta(days=1)


def change(days_ago: float, state: str, feed_id: str = "air", **more) -> dict:
    at = NOW - days_ago * DAY
    return {"id": feed_id, "state": state, "state_since": at, "known_at": at} | more


@pytest.mark.parametrize(
    ("changes", "share"),
    [
        ([change(60, "GOOD")], 1.0),
        ([change(60, "STALE")], 0.0),
        ([change(10, "GOOD")], 1.0),  # before that nothing is known
        ([change(60, "GOOD"), change(15, "STALE")], 0.5),
        (
            [change(40, "NODATA"), change(30, "GOOD"), change(6, "LATE"), change(3, "UNCERTAIN")],
            0.9,
        ),
        ([change(20, "GOOD"), change(10, "STALE")], 0.5),
        ([change(0, "GOOD")], None),
    ],
)
def test_the_share_of_the_known_part_in_which_a_feed_was_believed(changes, share):
    assert good_shares(changes, NOW) == {"air": share}


def test_changes_written_together_count_in_the_order_in_which_they_happened():
    written = NOW - 9 * DAY
    changes = [
        change(10, "GOOD", known_at=written),
        change(20, "STALE", known_at=written),
        change(5, "GOOD", "river", state_since=None),
    ]

    assert good_shares(changes, NOW) == {"air": 0.5, "river": 1.0}


def test_hours_are_added_up_and_older_ones_go():
    hours: tuple[tuple[str, int, int], ...] = ()
    for hour in range(60):
        at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=hour, minutes=30)
        if hour != 58:
            hours = counted(counted(hours, at, 1, 0), at, 1, 2)

    assert len(hours) == 47
    assert hours[0] == ("2026-03-01T12:00:00Z", 2, 2)
    assert hours[-1] == ("2026-03-03T11:00:00Z", 2, 2)
    assert "2026-03-03T10:00:00Z" not in {name for name, _, _ in hours}
