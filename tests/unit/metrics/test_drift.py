import numpy as np
import pytest
from scipy import stats

from metrics.drift import (
    DECISION,
    LIMITS,
    SLACK,
    cusum,
    ewma,
    ewma_limit,
    has_drifted,
    memory,
    whitened,
)


def markov(weight: float, limit: float, cells: int = 201) -> float:
    """Average run length of a two-sided EWMA by Brook and Evans' chain (1972)."""
    width = 2 * limit / cells
    middle = -limit + width * (np.arange(cells) + 0.5)
    upper = (middle[None, :] + width / 2 - (1 - weight) * middle[:, None]) / weight
    lower = (middle[None, :] - width / 2 - (1 - weight) * middle[:, None]) / weight
    moves = stats.norm.cdf(upper) - stats.norm.cdf(lower)
    runs = np.linalg.solve(np.eye(cells) - moves, np.ones(cells))
    return float(runs[cells // 2])


def run_lengths(step, seed: int, runs: int = 1500, most: int = 6000, shift: float = 0.0):
    """Length of each run until ``step(state, z)`` says that it alarms."""
    rng = np.random.default_rng(seed)
    state, alive = None, np.ones(runs, bool)
    length = np.full(runs, most)
    for at in range(1, most + 1):
        state, alarm = step(state, rng.normal(shift, 1, runs))
        ends = alive & alarm
        length[ends] = at
        alive &= ~alarm
        if not alive.any():
            break
    return length


def by_ewma(weight: float):
    def step(state, z):
        state = weight * z + (1 - weight) * (0.0 if state is None else state)
        return state, np.abs(state) > ewma_limit(weight)

    return step


def by_cusum(state, z):
    up, down = (0.0, 0.0) if state is None else state
    up, down = np.maximum(0, up + z - SLACK), np.maximum(0, down - z - SLACK)
    return (up, down), (up > DECISION) | (down > DECISION)


@pytest.mark.parametrize("weight", LIMITS)
def test_an_ewma_alarms_falsely_once_in_five_hundred_steps(weight: float) -> None:
    assert markov(weight, ewma_limit(weight)) == pytest.approx(500, rel=0.05)


def test_the_simulated_run_length_of_an_ewma_is_that_of_the_chain() -> None:
    assert run_lengths(by_ewma(0.2), 1).mean() == pytest.approx(500, rel=0.1)


def test_a_cusum_alarms_falsely_once_in_465_steps_and_soon_after_a_shift() -> None:
    assert run_lengths(by_cusum, 2).mean() == pytest.approx(465, rel=0.1)
    assert run_lengths(by_cusum, 3, shift=1.0).mean() == pytest.approx(10.4, rel=0.1)


def test_limits_are_those_of_the_table() -> None:
    found = [ewma_limit(weight) for weight in LIMITS]

    assert found == pytest.approx([0.65, 0.99, 1.13, 1.53], abs=0.01)


def test_the_functions_step_as_the_simulation_does() -> None:
    z = np.random.default_rng(4).normal(size=50)
    state, piled = None, None
    for at, value in enumerate(z):
        state, _ = by_ewma(0.2)(state, np.array([value]))
        piled, alarm = by_cusum(piled, np.array([value]))
        assert ewma(z[: at + 1])[-1] == pytest.approx(state[0])
        assert cusum(z[: at + 1]).high[-1] == pytest.approx(piled[0][0])
        assert cusum(z[: at + 1]).alarms()[-1] == alarm[0]


def test_a_gap_changes_nothing() -> None:
    z = np.array([1.0, np.nan, 1.0])

    assert ewma(z).tolist() == pytest.approx([0.2, 0.2, 0.36])
    assert cusum(z).high.tolist() == [0.5, 0.5, 1.0]


def test_memory_is_taken_out() -> None:
    rng = np.random.default_rng(5)
    z = np.zeros(5000)
    for at in range(1, len(z)):
        z[at] = 0.7 * z[at - 1] + np.sqrt(1 - 0.49) * rng.normal()

    assert memory(z) == pytest.approx(0.7, abs=0.04)
    fresh = whitened(z)
    assert abs(memory(fresh)) < 0.05
    assert fresh.std() == pytest.approx(1.0, abs=0.05)


def test_independent_z_stay_as_they_are() -> None:
    z = np.random.default_rng(6).normal(size=100)

    assert whitened(z) is z


def test_a_shift_of_one_sd_is_told_and_which_way() -> None:
    z = np.random.default_rng(7).normal(0, 0.6, 30)

    assert has_drifted(z) is None
    assert has_drifted(np.append(z, [-1.6, -1.2, -1.9, -1.4, -1.5, -1.3])) == "worse"
    assert has_drifted(np.append(z, [1.6, 1.2, 1.9, 1.4, 1.5, 1.3])) == "better"
    assert has_drifted(np.array([np.nan])) is None
