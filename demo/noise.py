"""Counter-based randomness: every value is a pure function of a seed and of where it stands.

Nothing is stepped and nothing is remembered, so any instant of the past can be asked in any order
and two runs of the same seed agree bit for bit.

Source: the mixing function is SplitMix64 (Steele, Lea & Flood 2014, OOPSLA).
"""

from functools import cache, lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Part = int | str | Ints

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_M1 = 0xBF58476D1CE4E5B9
_M2 = 0x94D049BB133111EB


def uniform(*parts: Part) -> Floats:
    """Return numbers in [0, 1), one for each combination of the broadcast ``parts``."""
    return np.asarray((_bits(parts) >> np.uint64(11)) * 2.0**-53, dtype=np.float64)


def normal(*parts: Part) -> Floats:
    """Return standard normal numbers (Box–Muller over two independent uniforms)."""
    first = 1.0 - uniform("radius", *parts)
    second = uniform("angle", *parts)
    return np.asarray(np.sqrt(-2.0 * np.log(first)) * np.cos(2.0 * np.pi * second))


def smooth(*parts: Part, at: Floats) -> Floats:
    """Return value noise along ``at``: unit variance everywhere, continuous, autocorrelated.

    One independent normal number stands at every whole ``at``; between two of them the mix is
    divided by its own standard deviation, so that the spread does not sag between lattice points.
    """
    cell = np.floor(at).astype(np.int64)
    share = at - cell
    weight = share * share * (3.0 - 2.0 * share)
    mixed = normal(*parts, cell) * (1.0 - weight) + normal(*parts, cell + 1) * weight
    return np.asarray(mixed / np.sqrt(weight**2 + (1.0 - weight) ** 2))


def fractal(*parts: Part, at: Floats, octaves: int = 3) -> Floats:
    """Return a sum of smooth noises, each twice as fast and 0.6 times as strong; unit variance."""
    total: Floats = np.zeros(1)
    power = 0.0
    for octave in range(octaves):
        strength = 0.6**octave
        total = total + strength * smooth(*parts, octave, at=at * 2.0**octave)
        power += strength**2
    return np.asarray(total / np.sqrt(power))


def _bits(parts: tuple[Part, ...]) -> NDArray[np.uint64]:
    """Fold the parts into 64 bits; whole numbers and texts in front are folded once and cached."""
    scalars = 0
    while scalars < len(parts) and isinstance(parts[scalars], int | str):
        scalars += 1
    state = np.full(1, _folded(parts[:scalars]), dtype=np.uint64)
    with np.errstate(over="ignore"):
        for part in parts[scalars:]:
            state = _mixed(state + _word(part) * np.uint64(_M1))
    return state


@lru_cache(maxsize=100_000)
def _folded(parts: tuple[int | str, ...]) -> int:
    state = 0
    for part in parts:
        word = _text(part) if isinstance(part, str) else part & _MASK
        state = _mixed_one((state + word * _M1) & _MASK)
    return state


def _mixed_one(state: int) -> int:
    state = (state + _GOLDEN) & _MASK
    state = ((state ^ (state >> 30)) * _M1) & _MASK
    state = ((state ^ (state >> 27)) * _M2) & _MASK
    return state ^ (state >> 31)


def _mixed(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Do what :func:`_mixed_one` does to every element."""
    state += np.uint64(_GOLDEN)
    state ^= state >> np.uint64(30)
    state *= np.uint64(_M1)
    state ^= state >> np.uint64(27)
    state *= np.uint64(_M2)
    state ^= state >> np.uint64(31)
    return state


def _word(part: Part) -> NDArray[np.uint64]:
    if isinstance(part, np.ndarray):
        return part.astype(np.int64, copy=False).view(np.uint64)
    return np.full(1, _text(part) if isinstance(part, str) else part & _MASK, dtype=np.uint64)


@cache
def _text(part: str) -> int:
    return int.from_bytes(blake2b(part.encode(), digest_size=8).digest(), "big")
