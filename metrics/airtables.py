"""Tables of air quality indices, by version.

A table is never edited: a revision is a new table with its own name and effective date, so that
yesterday's index stays what it was. The 2024 revision of the US table moved its lower steps and
made a break in every series that was computed anew. A family names all versions of one index; of
these the one in force on the day of a reading counts.
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
    """One version of an index: linear (``scales``) or in bands (``bands``: upper bounds, µg/m³).

    ``averages`` are the averaging times of banded pollutants, an hour where nothing is said.
    ``is_whole``: concentrations are rounded to whole numbers before they meet a bound.
    """

    id: str
    family: str
    title: str
    effective: date
    citation: str
    scales: tuple[Scale, ...] = ()
    bands: tuple[tuple[str, tuple[float, ...]], ...] = ()
    averages: tuple[tuple[str, str], ...] = ()
    is_whole: bool = False


_INDEX = ((0, 50), (51, 100), (101, 150), (151, 200), (201, 300), (301, 500))
_OLD_INDEX = (*_INDEX[:-1], (301, 400), (401, 500))


def _scale(
    pollutant: str, average: str, unit: str, bounds: tuple[float, ...], **more: float | bool
) -> Scale:
    step = float(more.get("step", 1.0))
    first = int(more.get("first", 0))
    low = float(more.get("low", 0.0))
    steps = []
    index = _OLD_INDEX if more.get("is_old") else _INDEX
    for high, (i_low, i_high) in zip(bounds, index[first:], strict=False):
        steps.append((low, high, i_low, i_high))
        low = round(high + step, 6)
    is_capped = bool(more.get("is_capped"))
    return Scale(pollutant, average, unit, step, tuple(steps), is_capped)


_O3_8H = _scale("o3", "8 h", "ppm", (0.054, 0.070, 0.085, 0.105, 0.200), step=0.001, is_capped=True)
_SO2_1H = _scale("so2", "1 h", "ppb", (35, 75, 185, 304), is_capped=True)
_PM25_2012 = (12.0, 35.4, 55.4, 150.4, 250.4, 350.4, 500.4)
_CO_2012 = (4.4, 9.4, 12.4, 15.4, 30.4, 40.4, 50.4)

US_2015 = Table(
    id="us-2015",
    family="us",
    title="US Air Quality Index, 2015",
    effective=date(2015, 12, 28),
    citation=(
        "40 CFR Part 58, Appendix G, with the steps of PM2.5 of 78 FR 3086 (15 January 2013) and "
        "of ozone of 80 FR 65292 (26 October 2015)"
    ),
    scales=(
        _scale("pm25", "nowcast", "µg/m³", _PM25_2012, step=0.1, is_old=True),
        _scale("pm10", "nowcast", "µg/m³", (54, 154, 254, 354, 424, 504, 604), is_old=True),
        _O3_8H,
        _scale(
            "o3",
            "1 h",
            "ppm",
            (0.164, 0.204, 0.404, 0.504, 0.604),
            step=0.001,
            first=2,
            low=0.125,
            is_old=True,
        ),
        _scale("no2", "1 h", "ppb", (53, 100, 360, 649, 1249, 1649, 2049), is_old=True),
        _SO2_1H,
        _scale("so2", "24 h", "ppb", (604, 804, 1004), first=4, low=305, is_old=True),
        _scale("co", "8 h", "ppm", _CO_2012, step=0.1, is_old=True),
    ),
)

US_2024 = Table(
    id="us-2024",
    family="us",
    title="US Air Quality Index, 2024",
    effective=date(2024, 5, 6),
    citation=(
        "40 CFR Part 58, Appendix G, as revised in 89 FR 16202 (6 March 2024); "
        "EPA-454/B-24-002, Technical Assistance Document for the Reporting of Daily Air Quality"
    ),
    scales=(
        _scale("pm25", "nowcast", "µg/m³", (9.0, 35.4, 55.4, 125.4, 225.4, 325.4), step=0.1),
        _scale("pm10", "nowcast", "µg/m³", (54, 154, 254, 354, 424, 604)),
        _O3_8H,
        _scale("o3", "1 h", "ppm", (0.164, 0.204, 0.404, 0.604), step=0.001, first=2, low=0.125),
        _scale("no2", "1 h", "ppb", (53, 100, 360, 649, 1249, 2049)),
        _SO2_1H,
        _scale("so2", "24 h", "ppb", (604, 1004), first=4, low=305),
        _scale("co", "8 h", "ppm", (4.4, 9.4, 12.4, 15.4, 30.4, 50.4), step=0.1),
    ),
)

EAQI_2020 = Table(
    id="eaqi-2020",
    family="eaqi",
    title="European Air Quality Index until 2024",
    effective=date(2020, 1, 1),  # the sixth band is of these years; the day is not verified
    citation="EEA, European Air Quality Index, six bands; particles by running means of 24 hours",
    bands=(
        ("pm25", (10, 20, 25, 50, 75)),
        ("pm10", (20, 40, 50, 100, 150)),
        ("no2", (40, 90, 120, 230, 340)),
        ("o3", (50, 100, 130, 240, 380)),
        ("so2", (100, 200, 350, 500, 750)),
    ),
    averages=(("pm25", "24 h"), ("pm10", "24 h")),
)

EAQI_2024 = Table(
    id="eaqi-2024",
    family="eaqi",
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

DAQI_2012 = Table(
    id="uk-daqi-2012",
    family="uk-daqi",
    title="UK Daily Air Quality Index, 2012",
    effective=date(2012, 1, 1),
    citation=(
        "COMEAP (2011), Review of the UK Air Quality Index, as implemented by DEFRA in 2012; SO2, "
        "published for 15 minutes, by its hourly mean, so it is a lower bound"
    ),
    bands=(
        ("pm25", (11, 23, 35, 41, 47, 53, 58, 64, 70)),
        ("pm10", (16, 33, 50, 58, 66, 75, 83, 91, 100)),
        ("no2", (67, 134, 200, 267, 334, 400, 467, 534, 600)),
        ("o3", (33, 66, 100, 120, 140, 160, 187, 213, 240)),
        ("so2", (88, 177, 266, 354, 443, 532, 710, 887, 1064)),
    ),
    averages=(("pm25", "24 h"), ("pm10", "24 h"), ("o3", "8 h")),
    is_whole=True,
)

TABLES: Mapping[str, Table] = {
    table.id: table for table in (US_2015, US_2024, EAQI_2020, EAQI_2024, DAQI_2012)
}
FAMILIES: Mapping[str, tuple[Table, ...]] = {
    family: tuple(
        sorted((t for t in TABLES.values() if t.family == family), key=lambda t: t.effective)
    )
    for family in dict.fromkeys(table.family for table in TABLES.values())
}
"""Versions of each index, oldest first."""

CHOICES = (*FAMILIES, *TABLES)
"""What a city may choose: an index, whose version goes by the day, or one version for ever."""


def in_force(name: str, day: date) -> Table | None:
    """Return the table of a version, or the version of a family that was in force on a day.

    Before the first known version that one counts. ``None``: there is no such name.

    >>> in_force("us", date(2024, 3, 1)).id, in_force("us", date(2024, 6, 1)).id
    ('us-2015', 'us-2024')

    """
    versions = FAMILIES.get(name)
    if versions is None:
        return TABLES.get(name)
    return next((t for t in reversed(versions) if t.effective <= day), versions[0])


def newest(name: str) -> Table | None:
    """Return the table of a version, or the newest version of a family."""
    versions = FAMILIES.get(name)
    return TABLES.get(name) if versions is None else versions[-1]


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
