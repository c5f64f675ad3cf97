import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from metrics import rates, tails

COUNTS = [0, 1, 2, 5, 20, 100, 1000]


@pytest.mark.parametrize(("hits", "n"), [(0, 1), (9, 10), (90, 100), (37, 37), (1, 5000)])
def test_wilson_is_that_of_statsmodels(hits: int, n: int) -> None:
    assert rates.wilson(hits, n) == pytest.approx(proportion_confint(hits, n, method="wilson"))


@pytest.mark.parametrize(
    ("hits", "n", "expected"), [(9, 10, (59.6, 98.2)), (90, 100, (82.6, 94.5))]
)
def test_wilson_of_the_hand_table(hits: int, n: int, expected: tuple[float, float]) -> None:
    assert [round(100 * x, 1) for x in rates.wilson(hits, n)] == list(expected)


@pytest.mark.parametrize(("hits", "n"), [(0, 7), (3, 7), (7, 7), (50, 1200)])
def test_the_exact_interval_of_a_share_is_that_of_statsmodels(hits: int, n: int) -> None:
    expected = proportion_confint(hits, n, method="beta")

    assert rates.exact_share(hits, n) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("events", "expected"), [(0, (0.0, 3.7)), (5, (1.6, 11.7)), (20, (12.2, 30.9))]
)
def test_the_exact_interval_of_a_count_is_that_of_the_table(
    events: int, expected: tuple[float, float]
) -> None:
    assert tuple(round(x, 1) for x in rates.exact_count(events)) == expected


@pytest.mark.parametrize("events", COUNTS)
def test_the_exact_interval_of_a_count_is_that_of_scipy(events: int) -> None:
    low = stats.chi2.ppf(0.025, 2 * events) / 2 if events else 0.0
    high = stats.chi2.ppf(0.975, 2 * events + 2) / 2

    assert rates.exact_count(events) == pytest.approx((low, high), rel=1e-9)


@pytest.mark.parametrize("k", [-1, 0, 3, 17, 40, 99, 100])
@pytest.mark.parametrize("share", [1e-6, 0.05, 0.5, 0.97])
def test_binomial_tails_are_those_of_scipy(k: int, share: float) -> None:
    below, above = stats.binom.cdf(k, 100, share), stats.binom.sf(k - 1, 100, share)

    assert tails.binomial_below(k, 100, share) == pytest.approx(below, rel=1e-9, abs=1e-13)
    assert tails.binomial_from(k, 100, share) == pytest.approx(above, rel=1e-9, abs=1e-280)


@pytest.mark.parametrize("k", [0, 3, 17, 250, 12_000])
@pytest.mark.parametrize("mean", [0.01, 3.0, 240.0, 1e4])
def test_poisson_and_negative_binomial_tails_are_those_of_scipy(k: int, mean: float) -> None:
    assert tails.poisson_below(k, mean) == pytest.approx(
        stats.poisson.cdf(k, mean), rel=1e-8, abs=1e-300
    )
    assert tails.poisson_from(k, mean) == pytest.approx(
        stats.poisson.sf(k - 1, mean), rel=1e-8, abs=1e-300
    )
    for size in (0.5, 20.0):
        share = size / (size + mean)
        assert tails.negative_below(k, mean, size) == pytest.approx(
            stats.nbinom.cdf(k, size, share), rel=1e-8, abs=1e-300
        )
        assert tails.negative_from(k, mean, size) == pytest.approx(
            stats.nbinom.sf(k - 1, size, share), rel=1e-8, abs=1e-300
        )


@given(st.floats(0.01, 5e4), st.sampled_from([0.001, 0.025, 0.5, 0.975, 0.999]))
def test_quantiles_of_counts_are_those_of_scipy(mean: float, share: float) -> None:
    found = tails.quantile(lambda k: tails.poisson_below(k, mean), share, mean)

    assert found == int(stats.poisson.ppf(share, mean))


@given(
    st.integers(1, 20_000), st.floats(0.001, 0.999), st.sampled_from([0.001, 0.025, 0.975, 0.999])
)
def test_quantiles_of_shares_are_those_of_scipy(n: int, p: float, share: float) -> None:
    found = tails.quantile(lambda k: tails.binomial_below(k, n, p), share, n * p)

    assert found == int(stats.binom.ppf(share, n, p))


@given(st.integers(1, 5000), st.floats(0.01, 0.99))
def test_limits_nest(n: int, share: float) -> None:
    inner, outer = rates.share_limits(share, n, 0.95), rates.share_limits(share, n, 0.998)

    assert 0 <= outer[0] <= inner[0] <= inner[1] <= outer[1] <= 1


@given(st.floats(0.1, 5000), st.floats(0.2, 500))
def test_limits_of_counts_nest_and_more_spread_is_wider(mean: float, size: float) -> None:
    inner, outer = rates.count_limits(mean, 0.95), rates.count_limits(mean, 0.998)
    wide = rates.count_limits(mean, 0.998, size=size)

    assert 0 <= outer[0] <= inner[0] <= inner[1] <= outer[1]
    assert wide[1] >= outer[1] - 1  # between two counts it is interpolated


@given(st.integers(1, 3000), st.floats(0.01, 0.99), st.sampled_from([0.95, 0.998]))
def test_neither_limit_is_crossed_more_often_than_it_says(
    n: int, share: float, confidence: float
) -> None:
    low, high = (n * x for x in rates.share_limits(share, n, confidence))
    under = stats.binom.cdf(math.ceil(low - 1e-6) - 1, n, share)
    over = stats.binom.sf(math.floor(high + 1e-6), n, share)

    assert under <= (1 - confidence) / 2 + 1e-12
    assert over <= (1 - confidence) / 2 + 1e-12


def test_limits_come_near_to_the_normal_ones_of_the_table() -> None:
    for n, warn, crit in ((100, 84.1, 80.7), (400, 87.1, 85.4)):
        assert 100 * rates.share_limits(0.9, n, 0.95)[0] == pytest.approx(warn, abs=1.5)
        assert 100 * rates.share_limits(0.9, n, 0.998)[0] == pytest.approx(crit, abs=1.6)


def test_half_of_all_counts_lie_under_the_smooth_median() -> None:
    middle = tails.smooth_quantile(lambda k: tails.poisson_below(k, 10.0), 0.5, 10.0)

    assert stats.poisson.cdf(math.floor(middle), 10.0) <= 0.583  # P(X ≤ 9) = .458, P(X ≤ 10) = .583
    assert 9 < middle < 10


@pytest.mark.parametrize("z", [-3.0, -1.0, 0.0, 1.0, 3.0])
def test_all_ways_to_a_z_agree_where_n_is_large(z: float) -> None:
    n, share, mean = 1_000_000, 0.3, 1_000_000.0
    hits = round(n * share + z * math.sqrt(n * share * (1 - share)))
    events = round(mean + z * math.sqrt(mean))

    for found in (
        rates.share_z(hits, n, share),
        rates.logit_z(hits, n, share),
        rates.arcsine_z(hits, n, share),
        rates.count_z(events, mean),
        rates.anscombe_z(events, mean),
    ):
        assert found == pytest.approx(z, abs=0.02)


def test_z_of_a_small_count_has_its_rarity() -> None:
    below, here = stats.poisson.sf(12, 4.0), stats.poisson.pmf(12, 4.0)

    assert rates.count_z(12, 4.0) == pytest.approx(stats.norm.isf(below + here / 2), rel=1e-6)
    assert rates.count_z(0, 4.0) < -2
    assert rates.count_z(5000, 4.0) > 30


def test_two_sided_is_that_of_scipy() -> None:
    assert rates.two_sided(3.0) == pytest.approx(2 * stats.norm.sf(3.0))


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="11 hits of 10"):
        rates.wilson(11, 10)
    with pytest.raises(ValueError, match="-1 events"):
        rates.exact_count(-1)
    with pytest.raises(ValueError, match="confidence"):
        rates.wilson(1, 2, 1.0)


@pytest.mark.parametrize(
    ("statistic", "n", "verdict"),
    [
        ("proportion", 9, "no"),
        ("proportion", 10, "show"),
        ("proportion", 30, "judge"),
        ("rate", 4, "no"),
        ("rate", 5, "show"),
        ("rate", 20, "judge"),
        ("p90", 29, "no"),
        ("p90", 49, "show"),
        ("p90", 50, "judge"),
        ("p50", 19, "show"),
        ("sentiment", 99, "show"),
        ("mean", 1, "judge"),
    ],
)
def test_enough_cases(statistic: str, n: int, verdict: str) -> None:
    assert rates.enough(statistic, n) == verdict


def test_a_share_near_one_needs_more_cases() -> None:
    assert rates.enough("proportion", 100, share=0.96) == "show"
    assert rates.enough("proportion", 130, share=0.96) == "judge"
