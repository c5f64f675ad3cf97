"""The upkeep of the history beside the ticks."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import history
from metrics import INDICATORS
from model import Reading
from pipeline.upkeep import REST, SOON, Housekeeper, policy_of

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)

pytestmark = pytest.mark.integration


def pack(*looks_back: timedelta | None) -> Any:
    known = list(INDICATORS.values())
    indicators = tuple(
        replace(known[n], id=f"x.{n}", quantities=("pm25",), look_back=back, cadence=DAY / 24)
        for n, back in enumerate(looks_back)
    )
    return SimpleNamespace(indicators=indicators, city=SimpleNamespace(timezone="America/Toronto"))


def test_the_policy_keeps_what_indicators_look_back():
    policy = policy_of(pack(None, 60 * DAY, 90 * DAY), {"observations": 100 * DAY})

    assert policy.look_back == {"pm25": 90 * DAY}
    assert policy.stands["x.0"] == timedelta(hours=2)
    assert policy.kept()["observations"] == 100 * DAY


def test_what_an_indicator_looks_back_on_is_kept_longer_than_the_retention_says():
    policy = policy_of(pack(None, 90 * DAY), {"observations": 80 * DAY})

    assert policy.kept()["observations"] == 90 * DAY
    assert policy_of(pack(90 * DAY), {"observations": None}).kept() == {"observations": None}


def test_pieces_follow_quickly_while_much_is_left_and_slowly_then(tmp_path: Path):
    kept = history.open(tmp_path / "h", writer=True)
    kept.append_readings(
        [
            Reading(
                indicator="x.0",
                district="city",
                at=NOW - n * DAY,
                value=1.0,
                known_at=NOW - n * DAY,
            )
            for n in range(1, 6)
        ]
    )
    keeper = Housekeeper(kept, policy_of(pack(None), {}))

    first = keeper.step(NOW)
    too_soon = keeper.step(NOW + SOON / 2)
    pieces = [keeper.step(NOW + SOON * n) for n in range(1, 20)]
    rest = keeper.step(NOW + SOON * 20 + REST)

    assert first is not None
    assert first.is_behind
    assert too_soon is None
    assert [piece is None for piece in pieces].count(False) < 8
    assert sum(piece.sealed is not None for piece in [first, *pieces] if piece) == 3
    assert rest is not None
    assert not rest.is_behind
    assert kept.counts()["readings_hourly"] == 5
    kept.close()


def test_a_worker_that_does_not_write_the_history_leaves_it_alone(tmp_path: Path):
    kept = history.open(tmp_path / "h", writer=True)
    guest = history.open(tmp_path / "h", writer=False, guest=True)

    assert Housekeeper(guest, policy_of(pack(None), {})).step(NOW) is None

    guest.close()
    kept.close()
