"""From hourly concentrations to an air quality index."""

from collections.abc import Mapping

import numpy as np

from metrics.airtables import Scale, Table, in_unit
from metrics.columns import Floats

HOURS = 24
_NOWCAST_HOURS = 12
_LEAST_WEIGHT = 0.5
_RECENT = 3
_EIGHT, _EIGHT_NEEDED = 8, 6
_DAY_NEEDED = 18  # 75 % of 24


def nowcast(hours: Floats) -> Floats:
    """Return the NowCast of particulate matter: a mean that leans to now when the air changes.

    Each hour weighs ``w**i`` with i hours of age and w = 1 − (max − min) / max, at least ½.

    Args:
        hours: shape (sites, ≥ 12), µg/m³, newest hour first, NaN where missing.

    Returns:
        Shape (sites,); NaN where fewer than 2 of the 3 newest hours are known.

    Source:
        US EPA, NowCast for particulate matter: AirNow, "How is the NowCast algorithm used to
        report current air quality?".

    >>> nowcast(np.array([[30.0] * 12])).tolist()
    [30.0]

    """
    recent = hours[:, :_NOWCAST_HOURS]
    known = np.isfinite(recent)
    high = np.where(known, recent, -np.inf).max(axis=1, initial=-np.inf)
    low = np.where(known, recent, np.inf).min(axis=1, initial=np.inf)
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = np.where(high > 0, 1 - (high - low) / high, 1.0)
        weight = np.maximum(_LEAST_WEIGHT, factor)[:, None] ** np.arange(recent.shape[1])
        mean = np.where(known, weight * recent, 0).sum(axis=1) / (weight * known).sum(axis=1)
    return np.where(known[:, :_RECENT].sum(axis=1) >= _RECENT - 1, mean, np.nan)


def averaged(hours: Floats, average: str) -> Floats:
    """Return the mean over an averaging time; NaN under 75 % of its hours.

    ``1 h`` is the newest known of the last two hours.
    """
    if average == "nowcast":
        return nowcast(hours)
    if average == "1 h":
        return np.where(np.isfinite(hours[:, 0]), hours[:, 0], hours[:, 1])
    width, needed = (_EIGHT, _EIGHT_NEEDED) if average == "8 h" else (HOURS, _DAY_NEEDED)
    part = hours[:, :width]
    known = np.isfinite(part)
    count = known.sum(axis=1)
    sums = np.where(known, part, 0).sum(axis=1)
    return np.where(count >= needed, sums / np.maximum(count, 1), np.nan)


def on_scale(scale: Scale, concentration: Floats) -> Floats:
    """Return the index of concentrations in the scale's unit; NaN where it says nothing.

    Concentrations are cut, not rounded, to the scale's step; the index is rounded.

    Source:
        40 CFR Part 58, Appendix G: I = (I_hi − I_lo) / (C_hi − C_lo) · (C − C_lo) + I_lo.

    """
    cut = np.floor(concentration / scale.step + 1e-6) * scale.step
    lows = np.array([step[0] for step in scale.steps])
    place = np.searchsorted(lows, cut + scale.step / 2, side="right") - 1
    table = np.array(scale.steps)[np.maximum(place, 0)]
    c_low, c_high, i_low, i_high = table.T
    index = (i_high - i_low) / (c_high - c_low) * (cut - c_low) + i_low
    if scale.is_capped:
        index = np.minimum(index, scale.steps[-1][3])
    index = np.floor(index + 0.5)
    return np.where((place >= 0) & np.isfinite(concentration), index, np.nan)


def in_bands(bounds: tuple[float, ...], concentration: Floats) -> Floats:
    """Return the band, 1 for the best; a concentration at a bound belongs to the better band."""
    band = np.searchsorted(np.array(bounds), concentration, side="left") + 1.0
    return np.where(np.isfinite(concentration), band, np.nan)


def sub_indices(table: Table, hourly: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return the index of each pollutant at each site, NaN where it cannot be told.

    Args:
        table: the published index.
        hourly: by pollutant, shape (sites, 24), mass concentration at rest, newest hour first.

    """
    found: dict[str, Floats] = {}
    times = dict(table.averages)
    for pollutant, bounds in table.bands:
        if pollutant in hourly:
            mass = averaged(hourly[pollutant], times.get(pollutant, "1 h"))
            found[pollutant] = in_bands(bounds, np.floor(mass + 0.5) if table.is_whole else mass)
    for scale in table.scales:
        if scale.pollutant not in hourly:
            continue
        mass = averaged(hourly[scale.pollutant], scale.average)
        index = on_scale(scale, in_unit(scale.pollutant, mass, scale.unit))
        known = found.get(scale.pollutant)
        found[scale.pollutant] = index if known is None else np.fmax(known, index)
    return found
