from datetime import UTC, datetime, timedelta

import pytest

from metrics.window import Window
from model import Case
from pipeline.measuring import Stock

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def case(number: int, closed_at: datetime | None = None) -> Case:
    return Case(
        feed_id="requests",
        case_id=str(number),
        opened_at=NOON + timedelta(minutes=number),
        closed_at=closed_at,
        status="closed" if closed_at else "open",
        fetched_at=NOON,
        known_at=closed_at or NOON,
    )


def test_a_fact_that_is_kept_while_the_past_is_read_is_not_lost():
    stock = Stock()

    def read() -> Window:
        found = Window.build(cases=[case(1)])  # what the history held when it was asked
        stock.take([case(2)])  # and what is kept before its answer is there
        return found

    stock.reload(read)

    assert len(stock.window.cases) == 2


def test_a_fact_that_the_past_holds_already_is_not_counted_twice():
    stock = Stock()

    def read() -> Window:
        stock.take([case(1), case(2)])
        return Window.build(cases=[case(1), case(2)])

    stock.reload(read)

    assert len(stock.window.cases) == 2


def test_a_past_that_cannot_be_read_leaves_the_present():
    stock = Stock()
    stock.take([case(1)])

    def read() -> Window:
        raise OSError("no such file")

    with pytest.raises(OSError, match="no such file"):
        stock.reload(read)
    stock.take([case(2)])

    assert len(stock.window.cases) == 2
