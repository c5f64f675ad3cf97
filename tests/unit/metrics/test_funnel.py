import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from metrics import funnel as funnels
from metrics.funnel import Count, Funnel, funnel


def drawn(seed: int, *, tau: float = 0.0, districts: int = 40) -> list[Count]:
    """Draw shares around 0.9, their truth spread by ``tau``."""
    rng = np.random.default_rng(seed)
    n = rng.integers(80, 2000, districts)
    truth = np.clip(rng.normal(0.9, tau, districts), 0.01, 0.999)
    hits = rng.binomial(n, truth)
    return [
        Count(f"d{i}", float(k), float(m)) for i, (k, m) in enumerate(zip(hits, n, strict=True))
    ]


def made(counts: list[Count], kind: str = "proportion", **options: object) -> Funnel:
    found = funnel(counts, kind, **options)  # type: ignore[arg-type]
    assert found is not None
    return found


def test_the_centre_is_the_ratio_of_sums() -> None:
    found = made([Count("a", 90, 100), Count("b", 10, 20)])

    assert found.centre == pytest.approx(100 / 120)


def test_limits_are_exact_quantiles_of_scipy() -> None:
    counts = [Count("a", 88, 100), Count("b", 912, 1000)]
    place = made(counts, centre=0.9).place("a")
    assert place is not None
    assert place.low is not None
    assert place.far_high is not None

    k = stats.binom.ppf(0.025, 100, 0.9)
    over = stats.binom.ppf(0.999, 100, 0.9)

    assert k - 1 <= 100 * place.low <= k
    assert over <= 100 * place.far_high <= over + 1


@given(st.integers(0, 10_000), st.sampled_from(["additive", "multiplicative"]))
@settings(max_examples=25)
def test_limits_nest_around_the_city(seed: int, spread: str) -> None:
    for place in made(drawn(seed, tau=0.03, districts=8), spread=spread).places:
        if place.low is None:
            continue
        assert place.far_low <= place.low <= place.expected <= place.high <= place.far_high


def test_of_districts_that_differ_by_chance_few_stand_out() -> None:
    verdicts = [
        place.verdict for seed in range(40) for place in made(drawn(seed), centre=0.9).places
    ]
    far = sum(verdict.startswith("extremely") for verdict in verdicts) / len(verdicts)

    assert far <= 0.004  # 0.2 % by design, of 1600
    assert 0.015 <= sum(v != "as expected" for v in verdicts) / len(verdicts) <= 0.06


def test_districts_that_truly_differ_widen_the_limits() -> None:
    calm, spread = made(drawn(1)), made(drawn(1, tau=0.04))

    assert not calm.is_widened
    assert spread.is_widened
    assert math.sqrt(spread.tau2) == pytest.approx(0.04, rel=0.4)
    outside = [p for p in spread.places if p.verdict.startswith("extremely")]
    assert len(outside) <= 1


def test_over_dispersion_of_a_hand_table() -> None:
    # z = ±1 … ±3 by construction: n 100, centre .5, sd .05
    z = [-3.0, -1.0, -1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 3.0]
    counts = [Count(f"d{i}", 50 + 5 * x, 100) for i, x in enumerate(z)]

    phi, tau2, widens = funnels.dispersion(counts, "proportion", 0.5)

    assert phi == pytest.approx(0.6)  # ±3 became ±1: six of ten z² are 1
    assert tau2 == 0.0
    assert not widens


def test_tau_by_the_method_of_moments() -> None:
    counts = [Count(f"d{i}", 50 + 5 * x, 100) for i, x in enumerate([-4, -4, -4, 4, 4, 4])]

    phi, tau2, widens = funnels.dispersion(counts, "proportion", 0.5)

    assert phi == pytest.approx(16)
    # (6·16 − 5) ÷ (Σw − Σw²/Σw) with w = 1/0.0025: 91 ÷ (2400 − 400)
    assert tau2 == pytest.approx(0.0455)
    assert widens


def test_a_rate_with_spread_has_negative_binomial_limits() -> None:
    rng = np.random.default_rng(3)
    exposure = rng.uniform(10_000, 80_000, 30)
    truth = 0.003 * rng.gamma(10, 0.1, 30)
    counts = [
        Count(f"d{i}", float(rng.poisson(t * e)), float(e))
        for i, (t, e) in enumerate(zip(truth, exposure, strict=True))
    ]
    found = made(counts, "rate")
    place = found.places[0]
    assert found.is_widened
    assert place.far_high is not None
    mean, size = found.centre * place.n, found.centre**2 / found.tau2

    k = stats.nbinom.ppf(0.999, size, size / (size + mean))

    assert k <= place.far_high * place.n <= k + 1


def test_small_n_is_said_and_not_judged() -> None:
    counts = [Count("few", 4, 9), Count("some", 15, 20), Count("many", 400, 500)]
    few, some, many = made(counts).places

    assert (few.value, few.verdict) == (None, "n too small")
    assert (some.value, some.verdict) == (0.75, "n too small")
    assert many.verdict == "as expected"
    assert few.p is some.p is None


def test_no_event_where_many_were_expected_is_judged() -> None:
    counts = [Count("none", 0, 10_000), Count("rest", 3_000, 1_000_000)]
    place = made(counts, "rate").places[0]

    assert place.verdict == "extremely low"


def test_a_district_without_cases_is_unknown() -> None:
    place = made([Count("a", 0, 0), Count("b", 50, 100)]).places[0]

    assert (place.value, place.verdict, place.shrunk) == (None, "n too small", None)
    assert funnel([Count("a", 0, 0)], "rate") is None


def test_maps_pull_small_districts_harder() -> None:
    counts = [*drawn(5, tau=0.05), Count("small", 60, 100), Count("large", 6000, 10_000)]
    found = made(counts)
    small, large = found.place("small"), found.place("large")
    assert small
    assert large
    assert small.shrunk
    assert large.shrunk

    assert 0.6 < large.shrunk < small.shrunk < found.centre


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60), st.sampled_from([0.01, 0.05, 0.2]))
def test_false_discoveries_are_those_of_statsmodels(chances: list[float], q: float) -> None:
    expected = multipletests(chances, alpha=q, method="fdr_bh")[0].tolist()

    assert funnels.benjamini_hochberg(chances, q) == expected


def test_discoveries_run_over_all_indicators_together() -> None:
    calm = {f"i{seed}": made(drawn(seed), centre=0.9) for seed in range(20)}
    odd = made([*drawn(1), Count("odd", 700, 1000)], centre=0.9)

    found = funnels.discovered({**calm, "odd": odd})
    stand = [p.district for one in found.values() for p in one.places if p.is_discovery]

    assert "odd" in stand
    assert len(stand) <= 4  # of 840 tests, 42 by chance outside 95 %


def test_unknown_kinds_are_refused() -> None:
    with pytest.raises(ValueError, match="league"):
        funnel([Count("a", 1, 2)], "league")
