"""The city's score, once a minute, beside the ticks; and its own course in the history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from history import History
from metrics.cityscore import Earlier, city_score
from metrics.comparing import Limiter
from metrics.privacy import suppress_course
from metrics.score import indicator_scores
from model import CITY, CityScore, Indicator, Quality, Reading, Snapshot, Usual
from pipeline.limits import limiter_of

PREFIX = "score."
CITY_SCORE = PREFIX + CITY
DAY = timedelta(days=1)
EARLIER_EVERY = timedelta(hours=1)
SCORED_EVERY = timedelta(seconds=60)
WRITTEN_EVERY = timedelta(minutes=5)
_LEAST_BACK = timedelta(hours=2)
_FIELDS = ("indicator", "district", "at", "value", "num", "den", "n", "z", "observed_at")
_USUAL = ("centre", "low", "high", "spread", "weeks")


@dataclass(slots=True)
class ScoreBook:
    """Holds the newest score. ``refresh`` reads the history once an hour, so runs beside ticks."""

    history: History
    indicators: Sequence[Indicator]
    districts: Sequence[str]
    _score: CityScore | None = None
    _earlier: Earlier | None = None
    _earlier_read: datetime | None = None
    _scored: datetime | None = None
    _written: datetime | None = None
    _pending: list[Reading] = field(default_factory=list)

    def now(self) -> CityScore | None:
        """Return the newest score; ``None`` before the first."""
        return self._score

    def seed(self, score: CityScore | None) -> None:
        """Start from what was shown last."""
        self._score = self._score or score

    def refresh(self, shown: Snapshot | None, now: datetime) -> None:
        """Score what the room shows, once a minute; what it hides counts as not known."""
        if shown is None or (self._scored and abs(now - self._scored) < SCORED_EVERY):
            return
        self._scored = now
        if self._earlier_read is None or abs(now - self._earlier_read) >= EARLIER_EVERY:
            self._earlier = self._yesterday(now - DAY)
            self._earlier_read = now
        self._score = score_of(
            shown, self.indicators, now, earlier=self._earlier, districts=self.districts
        )
        if self._written is None or abs(now - self._written) >= WRITTEN_EVERY:
            self._pending += as_readings(self._score, now)
            self._written = now

    def forget(self) -> None:
        """Read yesterday again (a back-fill has ended)."""
        self._earlier_read = self._scored = None

    def taken(self) -> list[Reading]:
        """Return the readings of scores that are to be written, once."""
        pending, self._pending = self._pending, []
        return pending

    def _yesterday(self, at: datetime) -> Earlier | None:
        """Return the scores as they were, by the readings of then and the limits of today."""
        found: dict[str, Reading] = {}
        for indicator in self.indicators:
            newest = self._newest(indicator, at)
            if newest is not None:
                found[indicator.id] = newest
        if not found:
            return None
        return Earlier(at, indicator_scores(self.indicators, found, Limiter({})))

    def _newest(self, indicator: Indicator, at: datetime) -> Reading | None:
        """Return the city's newest reading before ``at``; a small cell is hidden in it."""
        start = at - max(_LEAST_BACK, 2 * indicator.cadence)
        whose = None if indicator.is_counted else CITY
        rows = self.history.readings(indicator.id, district=whose, start=start, end=at)
        if not indicator.is_counted:
            return reading_of(rows[-1]) if rows else None
        readings = suppress_course([reading_of(row) for row in rows], {indicator.id: indicator})
        return next((one for one in reversed(readings) if one.district == CITY), None)


def score_of(
    shown: Snapshot,
    indicators: Sequence[Indicator],
    now: datetime,
    *,
    earlier: Earlier | None = None,
    districts: Sequence[str] = (),
) -> CityScore:
    """Return the score of what a snapshot shows."""
    readings = {(r.indicator, r.district): r for r in shown.readings}
    limits = limiter_of(indicators, shown.readings)
    return city_score(
        indicators,
        readings,
        limits,
        now,
        alerts=shown.alerts,
        earlier=earlier,
        districts=districts,
    )


def as_readings(score: CityScore, now: datetime) -> list[Reading]:
    """Return the city's and the domains' scores as readings ``score.<what>``, to a tenth."""
    rows: list[tuple[str, float | None, float, str | None]] = [
        (CITY, score.score, score.coverage, score.reason)
    ]
    rows += [(d.domain, d.score, d.coverage, d.reason) for d in score.domains]
    return [
        Reading(
            indicator=PREFIX + name,
            district=CITY,
            at=score.at,
            known_at=now,
            observed_at=score.at,
            value=None if value is None else round(value, 1),
            quality=Quality.NODATA if value is None else Quality.GOOD,
            coverage=coverage,
            reason=reason,
        )
        for name, value, coverage, reason in rows
    ]


def reading_of(row: Mapping[str, Any]) -> Reading:
    """Return a row of the history as the reading that it was."""
    usual: dict[str, Any] = {name: row.get(f"usual_{name}") for name in _USUAL}
    fields: dict[str, Any] = {name: row.get(name) for name in _FIELDS}
    plain = Reading(**fields, quality=Quality(row["quality"]))
    if any(value is None for value in usual.values()):
        return plain
    return replace(plain, usual=Usual(**usual))
