"""An indicator's value in one place at one time."""

from dataclasses import dataclass
from datetime import datetime

from model.quality import Quality

CITY = "city"  # the district of a reading for the whole city


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """What is usual for this hour of this weekday: centre and the range of ±2 robust sd.

    ``weeks`` is the number of distinct weeks behind it; under six a screen says so.
    ``spread`` is the robust standard deviation (1.4826 MAD, floored), in the unit. ``values`` is
    the number of values behind the spread, where it is not one per week. ``basis`` says with what
    a day that stands apart is compared, a message id; empty: with its own weekday.
    """

    centre: float
    low: float
    high: float
    spread: float
    weeks: int
    values: int | None = None
    basis: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One value with all that is needed to believe or doubt it.

    ``value`` is ``None`` when unknown. ``at`` is the instant it was measured for,
    ``observed_at`` the newest fact behind it. ``coverage`` is the share (0–1) of the expected
    sites or hours that reported. ``reason`` says in plain words why the quality is not GOOD.
    The three deadlines are where this reading turns late, stale and without data.
    """

    indicator: str
    district: str
    at: datetime
    value: float | None
    num: float | None = None
    den: float | None = None
    n: int | None = None
    quality: Quality = Quality.GOOD
    known_at: datetime | None = None
    observed_at: datetime | None = None
    late_at: datetime | None = None
    stale_at: datetime | None = None
    nodata_at: datetime | None = None
    usual: Usual | None = None
    z: float | None = None  # robust z, signed so that positive is better
    coverage: float | None = None
    reason: str | None = None
    site: str | None = None  # the site that decided, where one did (maximum)
    feeds: tuple[str, ...] = ()
    suppressed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """The recent course of a city-wide reading; ``None`` is a gap and stays one.

    All tuples have the same length. ``times`` are UTC.
    """

    indicator: str
    district: str
    times: tuple[datetime, ...]
    values: tuple[float | None, ...]
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()
