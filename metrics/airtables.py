"""Tables of air quality indices, by version.

A table is never edited: a revision is a new table with its own name and effective date, so that
yesterday's index stays what it was. The 2024 revision of the US table moved its lower steps and
made a break in every series that was computed anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from metrics.columns import Floats

MOLAR_VOLUME = 24.45  # litres per mole at 25 °C and 1013.25 hPa
MOLAR_MASS: Mapping[str, float] = {"o3": 48.00, "no2": 46.0055, "so2": 64.066, "co": 28.010}


@dataclass(frozen=True, slots=True)
class Scale:
    """Index of one pollutant and averaging time: straight lines between steps.

    ``steps`` are (lowest concentration, highest, lowest index, highest). A concentration is cut
    down to a multiple of ``step`` first. Above the last step its line goes on, unless
    ``is_capped``: then the pollutant says nothing higher by this averaging time.
    """

    pollutant: str
    average: str  # nowcast | 1 h | 8 h | 24 h
    unit: str
    step: float
    steps: tuple[tuple[float, float, int, int], ...]
    is_capped: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One published index: linear (``scales``) or in bands (``bands``: upper bounds, µg/m³)."""

    id: str
    title: str
    effective: date
    citation: str
    scales: tuple[Scale, ...] = ()
    bands: tuple[tuple[str, tuple[float, ...]], ...] = ()


_INDEX = ((0, 50), (51, 100), (101, 150), (151, 200), (201, 300), (301, 500))


def _scale(
    pollutant: str, average: str, unit: str, bounds: tuple[float, ...], **more: float | bool
) -> Scale:
    step = float(more.get("step", 1.0))
    first = int(more.get("first", 0))
    low = float(more.get("low", 0.0))
    steps = []
    for high, (i_low, i_high) in zip(bounds, _INDEX[first:], strict=False):
        steps.append((low, high, i_low, i_high))
        low = round(high + step, 6)
    is_capped = bool(more.get("is_capped"))
    return Scale(pollutant, average, unit, step, tuple(steps), is_capped)


US_2024 = Table(
    id="us-2024",
    title="US Air Quality Index, 2024",
    effective=date(2024, 5, 6),
    citation=(
        "40 CFR Part 58, Appendix G, as revised in 89 FR 16202 (6 March 2024); "
        "EPA-454/B-24-002, Technical Assistance Document for the Reporting of Daily Air Quality"
    ),
    scales=(
        _scale("pm25", "nowcast", "µg/m³", (9.0, 35.4, 55.4, 125.4, 225.4, 325.4), step=0.1),
        _scale("pm10", "nowcast", "µg/m³", (54, 154, 254, 354, 424, 604)),
        _scale("o3", "8 h", "ppm", (0.054, 0.070, 0.085, 0.105, 0.200), step=0.001, is_capped=True),
        _scale("o3", "1 h", "ppm", (0.164, 0.204, 0.404, 0.604), step=0.001, first=2, low=0.125),
        _scale("no2", "1 h", "ppb", (53, 100, 360, 649, 1249, 2049)),
        _scale("so2", "1 h", "ppb", (35, 75, 185, 304), is_capped=True),
        _scale("so2", "24 h", "ppb", (604, 1004), first=4, low=305),
        _scale("co", "8 h", "ppm", (4.4, 9.4, 12.4, 15.4, 30.4, 50.4), step=0.1),
    ),
)

EAQI_2024 = Table(
    id="eaqi-2024",
    title="European Air Quality Index, 2024",
    effective=date(2024, 11, 1),  # the report names the year; the month is not verified
    citation="EEA, European Air Quality Index, bands revised after ETC HE Report 2024/17",
    bands=(
        ("pm25", (5, 15, 50, 90, 140)),
        ("pm10", (15, 45, 120, 195, 270)),
        ("no2", (10, 25, 60, 100, 150)),
        ("o3", (60, 100, 120, 160, 180)),
        ("so2", (20, 40, 125, 190, 275)),
    ),
)

TABLES: Mapping[str, Table] = {table.id: table for table in (US_2024, EAQI_2024)}


def in_unit(pollutant: str, mass: Floats, unit: str) -> Floats:
    """Return mass concentrations (µg/m³; CO mg/m³) in the unit of a table, at 25 °C, 1013 hPa.

    Raises:
        ValueError: if the table asks for a unit that this pollutant has not.

    >>> import numpy as np
    >>> in_unit("o3", np.array([100.0]), "ppm").round(4)
    array([0.0509])

    """
    if unit == "µg/m³" and pollutant != "co":
        return mass
    parts = mass * MOLAR_VOLUME / MOLAR_MASS[pollutant]  # ppb from µg/m³, ppm from mg/m³
    if unit == ("ppm" if pollutant == "co" else "ppb"):
        return parts
    if unit == "ppm":
        return parts / 1000
    raise ValueError(f"no way from the unit of {pollutant} to {unit}")
