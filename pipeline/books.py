"""What the room compares with, read from the history beside the ticks: usual, courses, scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cities import Pack, days_of
from history import History
from model import CityScore, Reading, Snapshot, Trend, Usual
from pipeline.likedays import Key
from pipeline.scoring import ScoreBook
from pipeline.usual import TrendBook, UsualBook

_AHEAD = timedelta(minutes=2)  # the next hour of the week is read before it begins


@dataclass(slots=True)
class Books:
    """Usual values, sparks and the score. ``shown`` is the last snapshot, which is scored."""

    usual: UsualBook
    trends: TrendBook
    scores: ScoreBook
    shown: Snapshot | None = None

    @classmethod
    def of(cls, history: History, pack: Pack) -> "Books":
        """Return empty books of a city."""
        by_id = {indicator.id: indicator for indicator in pack.indicators}
        days = days_of(pack.city, pack.calendar)
        rules = {rule.id: rule for rule in pack.rules}
        return cls(
            UsualBook(history, by_id, pack.city.timezone, days, rules),
            TrendBook(history, pack.indicators, pack.city.timezone, days),
            ScoreBook(history, pack.indicators, pack.districts.ids),
        )

    def seed(self, shown: Snapshot) -> None:
        """Start from what the last leader showed, until everything is read."""
        self.shown = shown
        self.usual.seed(shown.published_at, shown.readings)
        self.trends.seed(shown.trends)
        self.scores.seed(shown.score)

    def at(self, at: datetime) -> Mapping[Key, Usual]:
        """Return what is usual at that hour."""
        return self.usual.at(at)

    def courses(self, readings: Sequence[Reading]) -> tuple[Trend, ...]:
        """Return the sparks with the newest readings as their last points."""
        return self.trends.now({(r.indicator, r.district): r for r in readings})

    def score(self) -> CityScore | None:
        """Return the newest score."""
        return self.scores.now()

    def refresh(self, now: datetime) -> None:
        """Read what is due."""
        self.usual.refresh(now)
        self.trends.refresh(now)
        self.usual.refresh(now + _AHEAD)

    def rescore(self, now: datetime) -> list[Reading]:
        """Score what is shown, once a minute; return what is to be written down of it."""
        self.scores.refresh(self.shown, now)
        return self.scores.taken()

    def forget(self) -> None:
        """Read everything again: a back-fill has ended."""
        self.usual.forget()
        self.trends.forget()
        self.scores.forget()
