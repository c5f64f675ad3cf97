"""How long a rule over 90 days of minutes takes, against the same engine at every sample.

129 600 samples of one scope: a daily wave with noise around the limit, gaps without data, and
spells of uncertain quality. Times are CPU seconds of one process, so that a busy machine tells
the same. Run ``python -m bench.backtest``; ``--days`` sets the length.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np

from alerts.backtest import ACKED_AFTER, Player, backtest, play
from alerts.course import QUALITIES, Course, micros
from alerts.record import new
from model import Quality, Rule

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = 60_000_000
RULE = Rule(
    id="slow",
    title="Traffic is slow",
    warn=1.45,
    crit=1.8,
    deadband=0.05,
    on_delay=timedelta(minutes=10),
    crit_on_delay=timedelta(minutes=3),
    off_delay=timedelta(minutes=15),
    priority_warn=2,
    priority_crit=1,
)


def course(days: int, seed: int = 1) -> Course:
    """Return minutes of a travel-time index with two peaks a day."""
    random = np.random.default_rng(seed)
    count = days * 1440
    minute = np.arange(count)
    hour = minute % 1440 / 60
    peaks = np.exp(-((hour - 8.2) ** 2) / 1.2) + 1.2 * np.exp(-((hour - 17.3) ** 2) / 2.0)
    is_weekend = minute // 1440 % 7 >= 5
    value = 1.05 + 0.55 * peaks * np.where(is_weekend, 0.3, 1.0) + random.normal(0, 0.03, count)
    quality = np.zeros(count, np.int8)
    for begin in random.integers(0, count, days // 2):
        length = int(random.integers(5, 90))
        quality[begin : begin + length] = QUALITIES.index(random.choice([*Quality][1:5]))
    value[quality == QUALITIES.index(Quality.NODATA)] = np.nan
    at = micros(START) + minute * MINUTE
    return Course(at=at, value=value, quality=quality, observed_at=at)


def plainly(
    rule: Rule,
    course: Course,
    *,
    scope: str,
    end: datetime,
    acked_after: timedelta | None = ACKED_AFTER,
) -> Player:
    """Move the engine at every single sample."""
    player = Player(rule, new(rule, scope), acked_after)
    for place in range(len(course)):
        player.take(course, place)
    player.wait(end)
    return player


def seconds(work: Callable[[], object], runs: int) -> float:
    """Return the median CPU time of some runs."""
    found = []
    for _ in range(runs):
        begun = time.process_time()
        work()
        found.append(time.process_time() - begun)
    return statistics.median(found)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=90)
    days = parser.parse_args().days
    end = START + timedelta(days=days)
    print(f"{'samples':>9} {'back-test ms':>13} {'every sample ms':>16} {'ratio':>6} raised calls")
    series = course(days)
    fast = seconds(lambda: backtest(RULE, _fresh(series), scope="city", end=end), 5)
    slow = seconds(lambda: plainly(RULE, series, scope="city", end=end), 1)
    found = backtest(RULE, series, scope="city", end=end)
    one = play(RULE, series, scope="city", end=end, acked_after=ACKED_AFTER)
    other = plainly(RULE, series, scope="city", end=end)
    assert (one.lines, one.record) == (other.lines, other.record)
    print(
        f"{len(series):>9} {1e3 * fast:>13.0f} {1e3 * slow:>16.0f} {slow / fast:>6.0f} "
        f"{len(found.occurrences):>6} {len(found.calls):>5}"
    )


def _fresh(course: Course) -> Course:
    """Return the same course with nothing computed yet."""
    return Course(
        at=course.at,
        value=course.value,
        quality=course.quality,
        observed_at=course.observed_at,
    )


if __name__ == "__main__":
    main()
