from datetime import datetime

import numpy as np
import pytest

from demo.incidents import World

SEED = 7


def instant(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def hours(first: str, last: str, step: int = 3600) -> np.ndarray:
    return np.arange(instant(first), instant(last), step, dtype=np.int64)


@pytest.fixture
def world() -> World:
    """The city on its own: no incidents, no programme."""
    return World(SEED, has_programme=False)
