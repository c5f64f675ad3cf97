"""From facts to readings: measured when due, aged every second, compared with what is usual."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from metrics import Scope, measure
from metrics.baseline import robust_z
from metrics.columns import milliseconds, moment
from metrics.keeping import KEEP, kept_since
from metrics.privacy import suppress
from metrics.quality import overlay, shown
from metrics.window import Window
from model import (
    CITY,
    Case,
    Fact,
    FeedState,
    Indicator,
    Observation,
    Quality,
    Reading,
    Usual,
    worst,
)

log = structlog.get_logger("measure")

REMEASURE = timedelta(seconds=2)  # new facts: not more often than this
SLIDE = timedelta(seconds=60)  # no new facts: a window that slides still moves its counts
SHORT = timedelta(hours=3)  # windows up to this are whole while the past is being filled in

Key = tuple[str, str]  # indicator, district


@dataclass(slots=True)
class Stock:
    """The window of facts, shared by the keeper's thread and the measuring one."""

    window: Window = field(default_factory=Window)
    news: set[str] = field(default_factory=set)  # quantities with new facts, "cases" for cases
    lock: threading.Lock = field(default_factory=threading.Lock)
    _meanwhile: list[Fact] | None = None  # what was kept while another window is being read

    def take(self, facts: Iterable[Fact]) -> Window:
        """Add kept facts; return the window before."""
        seen = list(facts)
        observations = [fact for fact in seen if isinstance(fact, Observation)]
        cases = [fact for fact in seen if isinstance(fact, Case)]
        with self.lock:
            if self._meanwhile is not None:
                self._meanwhile += seen
            before = self.window
            self.window = before.extended(observations, cases)
            self.news.update(fact.quantity for fact in observations)
            if cases:
                self.news.add("cases")
        return before

    def reload(self, read: Callable[[], Window]) -> None:
        """Start from another window (a restart, or a back-fill that has ended).

        Facts that are kept while it is being read may be missing in it: they are added again,
        which changes nothing where they are there.
        """
        with self.lock:
            self._meanwhile = []
        try:
            window = read()
        except BaseException:
            with self.lock:
                self._meanwhile = None
            raise
        with self.lock:
            late, self._meanwhile = self._meanwhile, None
            self.window = window.extended(
                [fact for fact in late if isinstance(fact, Observation)],
                [fact for fact in late if isinstance(fact, Case)],
            )
            self.news.update((*self.window.tracks, "cases"))

    def trim(self, now: datetime, indicators: Iterable[Indicator]) -> None:
        """Drop what none of the indicators needs any more."""
        with self.lock:
            self.window = self.window.trimmed(now - KEEP, kept_since(indicators, now))

    def look(self) -> tuple[Window, set[str]]:
        """Return the window and what is new since the last look."""
        with self.lock:
            news, self.news = self.news, set()
            return self.window, news


class Measurer:
    """Holds the newest reading of every indicator in every place."""

    def __init__(self, indicators: Sequence[Indicator], scope: Scope) -> None:
        """Start without a reading."""
        self.indicators = {indicator.id: indicator for indicator in indicators}
        self.scope = scope
        self.usual: Mapping[Key, Usual] = {}
        self.filling: frozenset[str] = frozenset()  # feeds whose past is not there yet
        self.raw: dict[Key, Reading] = {}
        self._measured_at: dict[str, datetime] = {}
        self._broken: set[str] = set()  # told of already
        self._dirty = set(self.indicators)

    def due(self, now: datetime, news: set[str]) -> list[Indicator]:
        """Return the indicators to measure now."""
        for indicator in self.indicators.values():
            needs = {*indicator.quantities, *(("cases",) if indicator.needs_cases else ())}
            if news & needs:
                self._dirty.add(indicator.id)
        found = []
        for name, indicator in self.indicators.items():
            last = self._measured_at.get(name)
            pause = REMEASURE if name in self._dirty else SLIDE
            if last is None or now - last >= pause:
                found.append(indicator)
        return found

    def step(
        self, window: Window, news: set[str], feeds: Mapping[str, FeedState], now: datetime
    ) -> list[Reading]:
        """Measure what is due; return the new readings, aged and compared."""
        scope = replace(self.scope, feed_age=feeds)
        fresh: list[Reading] = []
        for indicator in self.due(now, news):
            self._measured_at[indicator.id] = now
            self._dirty.discard(indicator.id)
            found = self._measured(indicator, window, now, scope)
            if indicator.window > SHORT and self._is_filling(found):
                found = [_not_yet(reading) for reading in found]
            for reading in found:
                since = _told_last(indicator, reading, window, now)
                doubted = _doubted(indicator, since, window, now)
                dated = replace(self._held(doubted), known_at=now)
                self.raw[reading.indicator, reading.district] = dated
                fresh.append(self._finished(indicator, dated, feeds, now))
        return fresh

    def _is_filling(self, found: Sequence[Reading]) -> bool:
        """Whether a long window would lie: it rests on a feed whose past is not there yet.

        What rests on nothing yet may do so, as far as anybody knows.
        """
        carriers = {feed_id for reading in found for feed_id in reading.feeds}
        return bool(self.filling) and (not carriers or bool(carriers & self.filling))

    def _measured(
        self, indicator: Indicator, window: Window, now: datetime, scope: Scope
    ) -> list[Reading]:
        """Measure one indicator; one that fails is unknown, says so, and costs no other."""
        try:
            found = measure(indicator, window, now, scope)
        except Exception as error:  # one indicator never costs the wall
            if indicator.id not in self._broken:
                self._broken.add(indicator.id)
                log.exception("indicator fails", indicator=indicator.id)
            places = (*(district.id for district in scope.districts), CITY)
            reason = f"cannot be computed: {type(error).__name__}"
            return [_unknown(indicator, place, now, reason) for place in places]
        if indicator.id in self._broken:
            self._broken.discard(indicator.id)
            log.info("indicator works again", indicator=indicator.id)
        return found

    def restart_clock(self) -> None:
        """Measure everything at the next step: the clock was set back, or the past is there now."""
        self._measured_at.clear()

    def seed(self, readings: Iterable[Reading]) -> None:
        """Start from what was shown before a restart: values of places that still are."""
        places = {*(district.id for district in self.scope.districts), CITY}
        for reading in readings:
            is_ours = reading.indicator in self.indicators and reading.district in places
            if reading.value is not None and is_ours:
                self.raw.setdefault((reading.indicator, reading.district), reading)

    def _held(self, fresh: Reading) -> Reading:
        """Where no newer fact came, keep the last value: it grows old, it does not vanish."""
        last = self.raw.get((fresh.indicator, fresh.district))
        if fresh.value is not None or last is None or last.value is None or self.filling:
            return fresh
        if fresh.indicator in self._broken:  # its age would be that of a feed that is well
            return fresh
        if last.observed_at is None or (
            fresh.observed_at is not None and fresh.observed_at > last.observed_at
        ):
            return fresh
        return replace(last, at=fresh.at)

    def published(self, feeds: Mapping[str, FeedState], now: datetime) -> list[Reading]:
        """Return all readings as they may leave the house: aged, compared, small cells hidden."""
        aged = [
            shown(self._finished(self.indicators[reading.indicator], reading, feeds, now), feeds)
            for reading in self.raw.values()
        ]
        return suppress(aged, self.indicators)

    def hidden(self, fresh: Sequence[Reading]) -> set[tuple[str, str]]:
        """Return which of these readings may not leave the house, as (indicator, district)."""
        judged = suppress(fresh, self.indicators)
        return {(item.indicator, item.district) for item in judged if item.suppressed}

    def carriers(self) -> dict[str, set[str]]:
        """Return which indicators rest on each feed."""
        found: dict[str, set[str]] = {}
        for reading in self.raw.values():
            for feed_id in reading.feeds:
                found.setdefault(feed_id, set()).add(reading.indicator)
        return found

    def _finished(
        self,
        indicator: Indicator,
        reading: Reading,
        feeds: Mapping[str, FeedState],
        now: datetime,
    ) -> Reading:
        aged = overlay(reading, feeds, now, indicator)
        usual = self.usual.get((reading.indicator, reading.district))
        if indicator.statistic == "expected":  # its measure says what is expected
            usual = reading.usual
        if usual is None:
            return aged
        z = None if aged.value is None else robust_z(aged.value, usual, indicator)
        return replace(aged, usual=usual, z=z)


def _told_last(indicator: Indicator, reading: Reading, window: Window, now: datetime) -> Reading:
    """Say of an unknown city figure since when it is: at the newest fact of its quantities."""
    if reading.observed_at is not None or reading.district != CITY:
        return reading
    ends = [
        rows.at[-1]
        for quantity in indicator.quantities
        if len(rows := window.rows(quantity, milliseconds(now - KEEP), milliseconds(now)))
    ]
    return replace(reading, observed_at=moment(int(max(ends)))) if ends else reading


def _doubted(indicator: Indicator, reading: Reading, window: Window, now: datetime) -> Reading:
    """A figure over days of cases is uncertain while the record is younger than its window."""
    opened = window.cases.opened
    if reading.value is None or not indicator.needs_cases or not len(opened):
        return reading
    begins = moment(int(opened[0]))
    if begins is None or begins <= now - indicator.window:
        return reading
    note = f"the record begins on {begins:%Y-%m-%d}"
    return replace(
        reading,
        quality=worst(reading.quality, Quality.UNCERTAIN),
        reason=f"{reading.reason}; {note}" if reading.reason else note,
    )


def _unknown(indicator: Indicator, place: str, now: datetime, reason: str) -> Reading:
    return Reading(
        indicator=indicator.id,
        district=place,
        at=now,
        value=None,
        quality=Quality.BAD,
        reason=reason,
    )


def _not_yet(reading: Reading) -> Reading:
    """A figure over days is unknown while the days before are being filled in."""
    return replace(
        reading,
        value=None,
        num=None,
        den=None,
        n=None,
        quality=Quality.NODATA,
        reason="the past is being filled in",
    )
