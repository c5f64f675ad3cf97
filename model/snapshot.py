"""All that a screen may show at one moment: immutable and numbered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from model.alert import Alert
from model.city import City
from model.facts import Notice
from model.feed import FeedState
from model.reading import CITY, Reading, Trend
from model.score import CityScore


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmLoad:
    """How many alarms asked for a person: counts per 10 minutes, oldest first, now last."""

    per_10_min: tuple[int, ...] = ()
    last_10_min: int = 0
    last_hour: int = 0
    last_day: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The state of the room. ``version`` is ``<epoch>-<n>``; ``alerts`` holds the live ones."""

    version: str
    published_at: datetime
    city: City
    readings: tuple[Reading, ...] = ()
    alerts: tuple[Alert, ...] = ()
    feeds: tuple[FeedState, ...] = ()
    trends: tuple[Trend, ...] = ()
    notices: tuple[Notice, ...] = ()
    load: AlarmLoad = field(default_factory=AlarmLoad)
    recent_events: tuple[Mapping[str, str], ...] = ()
    backfill: float | None = None  # 0–1 while an empty store is being filled
    score: CityScore | None = None
    disk: float | None = None  # 0–1: the used share of the disk, where it fills up

    def reading(self, indicator: str, district: str = CITY) -> Reading | None:
        """Return one reading, or ``None`` where there is none."""
        return next(
            (r for r in self.readings if r.indicator == indicator and r.district == district),
            None,
        )

    def by_district(self, indicator: str) -> dict[str, Reading]:
        """Return the readings of one indicator by district, the city left out."""
        return {
            r.district: r for r in self.readings if r.indicator == indicator and r.district != CITY
        }

    def trend(self, indicator: str, district: str = CITY) -> Trend | None:
        """Return the recent course of one indicator, or ``None``."""
        return next(
            (t for t in self.trends if t.indicator == indicator and t.district == district), None
        )
