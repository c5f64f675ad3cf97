"""Signs of notices: each kind has a shape of its own, and stays where it is put."""

import re

import pytest

from figures import hours
from figures.signs import KINDS, sign


def test_no_two_kinds_share_a_shape() -> None:
    assert len({sign(kind, 0, 0, 20) for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize("kind", [*KINDS, "unheard-of"])
def test_a_sign_is_no_larger_than_it_is_told(kind: str) -> None:
    moves = re.findall(r"[ML](-?[\d.]+),(-?[\d.]+)", sign(kind, 50, 50, 20))

    assert moves
    assert all(37 <= float(x) <= 63 and 37 <= float(y) <= 63 for x, y in moves)


def test_hours_without_an_answer_are_gaps_and_one_row_is_seen_beside_a_million() -> None:
    path = hours.bars([None, 0, 1, 1_000_000], width=40, base=20, height=10)

    assert path.count("M") == 3
    assert "v-1.5" in path
    assert "v-10" in path
