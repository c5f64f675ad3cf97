import numpy as np
import pytest

from demo.noise import fractal, normal, smooth, uniform

MANY = np.arange(200_000, dtype=np.int64)


def test_the_mixing_function_is_splitmix64():
    # Source: first outputs of SplitMix64 for state 0 and 1 (xoshiro.di.unimi.it/splitmix64.c),
    # computed with Python's whole numbers, independently of numpy.
    def splitmix(state: int) -> int:
        mask = (1 << 64) - 1
        z = (state + 0x9E3779B97F4A7C15) & mask
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        return z ^ (z >> 31)

    mask, factor = (1 << 64) - 1, 0xBF58476D1CE4E5B9
    assert splitmix(0) == 0xE220A8397B1DCDAF
    assert float(uniform(0)[0]) == (splitmix(0) >> 11) * 2.0**-53
    whole = splitmix((splitmix(7 * factor & mask) + 9 * factor) & mask)
    assert float(uniform(7, 9)[0]) == (whole >> 11) * 2.0**-53


def test_a_number_means_the_same_alone_and_in_an_array():
    numbers = np.array([-3, 0, 9, 2**40], dtype=np.int64)

    together = uniform(7, "label", numbers, 5)

    assert together.tolist() == [float(uniform(7, "label", int(n), 5)[0]) for n in numbers]


def test_uniform_numbers_fill_the_unit_interval_evenly():
    drawn = uniform(1, "x", MANY)

    assert drawn.min() >= 0.0
    assert drawn.max() < 1.0
    counts = np.histogram(drawn, bins=20, range=(0, 1))[0]
    assert np.abs(counts - 10_000).max() < 500  # 5 standard deviations


def test_normal_numbers_have_mean_0_and_deviation_1():
    drawn = normal(1, "x", MANY)

    assert abs(drawn.mean()) < 0.01
    assert drawn.std() == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("other", [(2, "x"), (1, "y")])
def test_another_seed_or_label_is_independent(other):
    correlation = np.corrcoef(uniform(1, "x", MANY), uniform(*other, MANY))[0, 1]

    assert abs(correlation) < 0.01


def test_one_instant_asked_alone_equals_the_same_among_many():
    at = np.linspace(0.0, 50.0, 501)

    together = fractal(3, "s", at=at)

    alone = [float(fractal(3, "s", at=at[n : n + 1])[0]) for n in (0, 17, 500)]
    assert alone == [float(together[n]) for n in (0, 17, 500)]


def test_smooth_noise_is_continuous_and_keeps_its_spread_between_lattice_points():
    at = np.arange(0.0, 20_000.0, 0.125)
    drawn = smooth(3, "s", at=at)

    assert np.abs(np.diff(drawn)).max() < 2.0
    assert np.corrcoef(drawn[:-1], drawn[1:])[0, 1] > 0.95
    for phase in range(8):
        assert drawn[phase::8].std() == pytest.approx(1.0, abs=0.04)
