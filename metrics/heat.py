"""How hot it feels, where it feels hottest."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from metrics.cells import Cells, readings
from metrics.columns import Bools, Floats, Ints
from metrics.grouping import deciding, total
from metrics.scope import Question
from metrics.sites import (
    Sites,
    current,
    expectation,
    feeds_by_cell,
    names,
    observed,
    share,
    tell,
)
from model import Indicator, Reading, Threshold

HEAT = Indicator(
    id="env.heat",
    title="Apparent temperature",
    short="Feels like",
    unit="°C",
    direction="lower",
    domain="environment",
    cadence=timedelta(minutes=15),
    window=timedelta(minutes=60),
    time_aggregation="newest value of each site",
    district_aggregation="maximum",
    definition=(
        "How hot it feels in the shade at the site where it feels hottest. What the source calls "
        "apparent temperature counts; where it gives none, it is computed from the temperature "
        "and humidity of the same site as the heat index of the US National Weather Service, "
        "which leaves out sun and wind: in full sun it can feel up to 8 °C hotter. A site "
        "without humidity counts with its air temperature, and the reading is uncertain."
    ),
    numerator="apparent temperature at the deciding site, in °C",
    denominator="none: a maximum",
    source=(
        "Rothfusz (1990), NWS SR 90-23, after Steadman (1979); NWS: 32 extreme caution, 39 danger"
    ),
    standard="ISO 37123:2019 (resilience)",
    decimals=0,
    threshold=Threshold(warn=32.0, crit=39.0),
    target=32.0,
    normal=None,
    quantities=("apparent_temperature", "temperature", "humidity"),
)

_COOL = 40.0  # °F: below it air temperature is what it feels like
_REGRESSION = 80.0  # °F: from here the regression counts


def heat_index(temperature: NDArray[np.float64], humidity: NDArray[np.float64]) -> Floats:
    """Return how hot it feels in the shade, in light wind.

    Steadman's simple form, averaged with the temperature, counts below 80 °F (26.7 °C), the
    regression of Rothfusz with the adjustments for dry and for very humid air above. Below 40 °F
    (4.4 °C) it is the temperature itself.

    Args:
        temperature: shape (n,), of the air, in °C.
        humidity: shape (n,), relative, in %; beyond 100 it counts as 100.

    Returns:
        Shape (n,), in °C; NaN where either is.

    Source:
        Rothfusz (1990), NWS Southern Region Technical Attachment SR 90-23, as the Weather
        Prediction Center computes it: https://www.wpc.ncep.noaa.gov/html/heatindex_equation.shtml

    >>> heat_index(np.array([10.0, 32.22222, 32.22222]), np.array([80.0, 50.0, 70.0])).round(1)
    array([ 9.6, 34.8, 41.1])

    """
    t = temperature * 9.0 / 5.0 + 32.0
    r = np.clip(humidity, 0.0, 100.0)
    simple = (0.5 * (t + 61.0 + (t - 68.0) * 1.2 + r * 0.094) + t) / 2.0
    hot = _rothfusz(t, r)
    feels = np.where(simple >= _REGRESSION, hot, simple)
    feels = np.where(t <= _COOL, t, feels)
    return np.asarray((feels - 32.0) * 5.0 / 9.0, np.float64)


def _rothfusz(t: Floats, r: Floats) -> Floats:
    """Return the regression, in °F, with its adjustments; t in °F, r in %."""
    found = (
        -42.379
        + 2.04901523 * t
        + 10.14333127 * r
        - 0.22475541 * t * r
        - 0.00683783 * t**2
        - 0.05481717 * r**2
        + 0.00122874 * t**2 * r
        + 0.00085282 * t * r**2
        - 0.00000199 * t**2 * r**2
    )
    with np.errstate(invalid="ignore"):
        dry = (r < 13.0) & (t >= 80.0) & (t <= 112.0)  # noqa: PLR2004 - as published
        damp = (r > 85.0) & (t >= 80.0) & (t <= 87.0)  # noqa: PLR2004 - as published
        less = (13.0 - r) / 4.0 * np.sqrt(np.maximum(17.0 - np.abs(t - 95.0), 0.0) / 17.0)
    more = (r - 85.0) / 10.0 * (87.0 - t) / 5.0
    return found - np.where(dry, less, 0.0) + np.where(damp, more, 0.0)


def apparent_temperature(question: Question) -> list[Reading]:
    """Return the highest apparent temperature by district and for the city, with its site."""
    size = question.scope.size
    felt, is_dry = _felt(question)
    rows = deciding(felt.group, size, felt.value)
    count = total(felt.group, size)
    cells = Cells(
        num=np.where(rows >= 0, np.append(felt.value, np.nan)[rows], np.nan),
        den=np.full(size + 1, np.nan),
        n=count.astype(np.int64),
        observed=observed(felt, size),
        coverage=share(count, felt.expected),
        because="no site reported in time how warm it is",
        sites=names(question.window, felt.site, rows),
        feeds=feeds_by_cell(question, felt.site, felt.group),
        has_ratio=False,
    )
    tell(cells, felt, size)
    without = total(felt.group, size, is_dry) > 0
    cells.doubt(without, "a site without humidity counts with its air temperature")
    return readings(question, cells)


def _felt(question: Question) -> tuple[Sites, Bools]:
    """Return how hot it feels at each site, and which sites do not know their humidity.

    What a source says itself counts, unless it is older than the site's temperature.
    """
    told = current(question, "apparent_temperature")
    warm = current(question, "temperature")
    damp = current(question, "humidity")
    humidity, is_doubted = _beside(warm.site, damp)
    is_dry = np.isnan(humidity)
    value = np.where(is_dry, warm.value, heat_index(warm.value, humidity))
    computed = replace(warm, value=value, is_doubtful=warm.is_doubtful | is_doubted)
    is_newer = told.at >= _at(warm, told.site)
    kept = told.where(is_newer)
    others = ~np.isin(computed.site, kept.site)
    computed, is_dry = computed.where(others), is_dry[others]
    _, expected = expectation(question, "apparent_temperature", "temperature")
    both = Sites(
        site=np.concatenate([kept.site, computed.site]),
        at=np.concatenate([kept.at, computed.at]),
        value=np.concatenate([kept.value, computed.value]),
        group=np.concatenate([kept.group, computed.group]),
        is_doubtful=np.concatenate([kept.is_doubtful, computed.is_doubtful]),
        expected=expected,
        unfit=told.unfit + warm.unfit,
    )
    return both, np.concatenate([np.zeros(len(kept.site), np.bool_), is_dry])


def _beside(site: Ints, damp: Sites) -> tuple[Floats, Bools]:
    """Return the humidity (%) at each of the sites, NaN where there is none, and its doubts."""
    place = np.searchsorted(damp.site, site)
    found = np.append(damp.site, -1)[place] == site
    humidity = np.where(found, np.append(damp.value, np.nan)[place], np.nan)
    return humidity, found & np.append(damp.is_doubtful, False)[place]


def _at(sites: Sites, site: Ints) -> Ints:
    """Return when each of the sites last said its temperature; long ago where never."""
    place = np.searchsorted(sites.site, site)
    found = np.append(sites.site, -1)[place] == site
    return np.where(found, np.append(sites.at, 0)[place], np.iinfo(np.int64).min)
