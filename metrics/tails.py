"""Probabilities of counts, without a library: binomial, Poisson, negative binomial, gamma, beta.

All rest on the two incomplete functions, which are computed by series and by Lentz's continued
fraction to about 12 digits. Means and numbers of trials may be large (10⁷); nothing is summed term
by term.

Source: Press et al., Numerical Recipes (3rd ed., 2007), 6.2 and 6.4.
"""

import math
from collections.abc import Callable

_EPS = 1e-15
_TINY = 1e-300
_MOST = 100_000  # steps of a fraction; it takes about √(its largest parameter)
_HALVINGS = 200

Below = Callable[[int], float]  # P(X ≤ k)


def gamma_below(shape: float, x: float) -> float:
    """Return the regularised lower incomplete gamma function P(shape, x).

    >>> round(gamma_below(1, 1), 6)
    0.632121

    """
    if x <= 0:
        return 0.0
    if x < shape + 1:
        return _gamma_series(shape, x)
    return 1.0 - _gamma_fraction(shape, x)


def gamma_above(shape: float, x: float) -> float:
    """Return 1 − P(shape, x), exact where it is small."""
    if x <= 0:
        return 1.0
    if x < shape + 1:
        return 1.0 - _gamma_series(shape, x)
    return _gamma_fraction(shape, x)


def beta_below(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b), exact where it is small."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    if x < (a + 1) / (a + b + 2):
        return front * _beta_fraction(a, b, x) / a
    return 1.0 - front * _beta_fraction(b, a, 1 - x) / b


def poisson_below(k: float, mean: float) -> float:
    """Return P(X ≤ k) of a Poisson count."""
    return 0.0 if k < 0 else gamma_above(math.floor(k) + 1, mean)


def poisson_from(k: float, mean: float) -> float:
    """Return P(X ≥ k) of a Poisson count, exact where it is small."""
    return 1.0 if k <= 0 else gamma_below(math.ceil(k), mean)


def binomial_below(k: float, n: int, share: float) -> float:
    """Return P(X ≤ k) of the successes in ``n`` trials."""
    whole = math.floor(k)
    if whole < 0:
        return 0.0
    return 1.0 if whole >= n else beta_below(n - whole, whole + 1, 1 - share)


def binomial_from(k: float, n: int, share: float) -> float:
    """Return P(X ≥ k) of the successes in ``n`` trials, exact where it is small."""
    whole = math.ceil(k)
    if whole <= 0:
        return 1.0
    return 0.0 if whole > n else beta_below(whole, n - whole + 1, share)


def negative_below(k: float, mean: float, size: float) -> float:
    """Return P(X ≤ k) of a negative binomial count with variance mean + mean² ÷ size."""
    whole = math.floor(k)
    return 0.0 if whole < 0 else beta_below(size, whole + 1, size / (size + mean))


def negative_from(k: float, mean: float, size: float) -> float:
    """Return P(X ≥ k) of a negative binomial count, exact where it is small."""
    whole = math.ceil(k)
    return 1.0 if whole <= 0 else beta_below(whole, size, mean / (size + mean))


def quantile(below: Below, share: float, guess: float) -> int:
    """Return the smallest k with P(X ≤ k) ≥ share; the nearer the guess, the sooner."""
    low, high = _bracket(below, share, max(0, round(guess)))
    while high - low > 1:
        middle = (low + high) // 2
        if below(middle) >= share:
            high = middle
        else:
            low = middle
    return high


def _bracket(below: Below, share: float, guess: int) -> tuple[int, int]:
    """Return two counts, the quantile above the first and at most the second."""
    step = 1
    if below(guess) >= share:
        low, high = guess - 1, guess
        while low >= 0 and below(low) >= share:
            low, high = low - step, low
            step *= 2
        return max(low, -1), high
    low, high = guess, guess + 1
    while below(high) < share:
        low, high = high, high + step
        step *= 2
    return low, high


def smooth_quantile(below: Below, share: float, guess: float) -> float:
    """Return the quantile between two counts, so that limits bend and do not jump with n.

    Source: Spiegelhalter (2005), Statistics in Medicine 24, 1185–1202, appendix A.1.1.
    """
    k = quantile(below, share, guess)
    at, before = below(k), below(k - 1)
    return k - (at - share) / (at - before) if at > before else float(k)


def gamma_quantile(shape: float, share: float) -> float:
    """Return x with P(shape, x) = share."""
    high = shape + 1.0
    while gamma_below(shape, high) < share:
        high *= 2
    return _root(lambda x: gamma_below(shape, x), share, 0.0, high)


def beta_quantile(a: float, b: float, share: float) -> float:
    """Return x with I_x(a, b) = share."""
    return _root(lambda x: beta_below(a, b, x), share, 0.0, 1.0)


def _root(rises: Callable[[float], float], level: float, low: float, high: float) -> float:
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if rises(middle) < level:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _gamma_series(shape: float, x: float) -> float:
    term = total = 1.0 / shape
    at = shape
    for _ in range(_MOST):
        at += 1
        term *= x / at
        total += term
        if abs(term) < abs(total) * _EPS:
            break
    return total * math.exp(-x + shape * math.log(x) - math.lgamma(shape))


def _gamma_fraction(shape: float, x: float) -> float:
    b = x + 1 - shape
    c, d = 1 / _TINY, 1 / b
    h = d
    for i in range(1, _MOST):
        an = -i * (i - shape)
        b += 2
        d = 1 / _away(an * d + b)
        c = _away(b + an / c)
        step = d * c
        h *= step
        if abs(step - 1) < _EPS:
            break
    return math.exp(-x + shape * math.log(x) - math.lgamma(shape)) * h


def _beta_fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1 / _away(1 - (a + b) * x / (a + 1))
    h = d
    for m in range(1, _MOST):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for part in (even, odd):
            d = 1 / _away(1 + part * d)
            c = _away(1 + part / c)
            step = c * d
            h *= step
        if abs(step - 1) < _EPS:
            break
    return h


def _away(value: float) -> float:
    """Keep a denominator of the fraction away from zero."""
    return value if abs(value) >= _TINY else _TINY
