"""Large bodies in bounded memory, and in time that grows as they do.

Facts are part of what is measured: 50 MB of CSV hold a million of them. The quick form takes 5 MB
of one body of each kind, the long form 50 MB, the most that is ever fetched, of every body.
"""

import os

import pytest

from .samples import SAMPLES
from .weigh import row_size, weigh

IS_LONG = bool(os.environ.get("BARTIZAN_LONG"))
TIMES = 8  # what a body may cost beside itself: times its size,
RECORD_KB = 1.5  # and so much for each of its records,
PIECE_MB = 40  # and what pieces and libraries cost, however small it is
PACKED_ROW = 100  # bytes that a row of a compressed body stands for
CAPPED = {  # more is refused at once
    "rss": "larger than 3000000 bytes",
    "mqtt": "is too long",
    "gtfs-rt": "more than 200000 entities",
    "prometheus": "more than max_series = 1000000",
}

_all = {name: one for name, one in SAMPLES.items() if not one.is_beside and name != "mqtt-uplink"}
_first = {one.kind: name for name, one in reversed(_all.items())}
NAMES = sorted(_all) if IS_LONG else sorted(_first.values())
SIZE_MB = 50 if IS_LONG else 5


def rows_of(name: str, size: float) -> int:
    sample = SAMPLES[name]
    return int(size * 1e6 / (PACKED_ROW if sample.is_packed else row_size(sample)))


def test_every_kind_is_weighed():
    assert {SAMPLES[name].kind for name in NAMES} == {one.kind for one in SAMPLES.values()}


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", NAMES)
def test_a_large_body_costs_a_small_multiple_of_itself(name):
    large = weigh(name, rows_of(name, SIZE_MB))

    (once,) = large.rounds
    records = max(once.facts, large.rows)
    assert once.peak <= TIMES * SIZE_MB + RECORD_KB * records / 1000 + PIECE_MB
    assert once.refused == "" or CAPPED[SAMPLES[name].kind] in once.refused


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", NAMES if IS_LONG else ["datex2-2", "gtfs-rt"])
def test_time_grows_as_the_body_does(name):
    """Ten times the rows may take thirty times as long, not a hundred."""
    small, large = (weigh(name, rows_of(name, size), 3) for size in (SIZE_MB / 50, SIZE_MB / 5))

    fastest = [min(one.seconds for one in found.rounds) for found in (small, large)]
    assert fastest[1] <= 30 * fastest[0] + 0.2
