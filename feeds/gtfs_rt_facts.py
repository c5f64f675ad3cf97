"""What was heard of the trips of one poll, as observations."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from feeds.gtfs_rt_message import Refused
from feeds.gtfs_rt_trips import Hearing
from feeds.gtfs_timetable import Run, Timetable
from model import Fact, Feed, Observation, Quality, Reject

_ENOUGH = 0.5  # share of trips that the timetable must know before a missing one is missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """How a hearing becomes facts.

    ``published_at`` is ``None`` where the feed says no time of its own. ``routes`` are those that
    stood in real time lately: only their trips can be missing. ``counted`` are those that had
    vehicles: without any now, they have 0. ``is_whole`` is false where a part was not to be had.
    """

    feed: Feed
    fetched_at: datetime
    published_at: datetime | None
    margin: timedelta
    routes: Collection[str] = ()
    counted: Collection[str] = ()
    is_whole: bool = True

    def facts(self, hearing: Hearing) -> list[Fact]:
        """Return all observations of a hearing."""
        found: list[Fact] = []
        if hearing.timetable is not None:
            found += self._delays(hearing, hearing.timetable)
            found += self._operated(hearing, hearing.timetable)
        found += self._counts(hearing)
        if (share := hearing.share) is not None:
            value = round(100 * share, 1)
            found.append(self._fact(hearing.at, self.feed.id, "trips_matched", value, "%"))
        return found

    def _delays(self, hearing: Hearing, timetable: Timetable) -> list[Observation]:
        found = []
        for late in hearing.late:
            one = self._fact(late.at, site(timetable, late.run), "transit_delay", late.delay, "s")
            found.append(_placed(one, timetable, late.row))
        return found

    def _operated(self, hearing: Hearing, timetable: Timetable) -> list[Observation]:
        """Return 1 or 0 for what should be under way, where real time can be judged by it."""
        share = hearing.share
        if not self.is_whole or not hearing.runs or share is None or share < _ENOUGH:
            return []
        routes = hearing.routes | set(self.routes)
        loose = Counter((r.trip, r.day) for r, is_on in hearing.runs.items() if is_on)
        found = []
        for run in timetable.under_way(hearing.at, self.margin):
            if timetable.route_of[run.trip] not in routes:
                continue
            is_on = hearing.runs.get(run, False)
            if not run.is_exact:  # any of its repetitions will do
                is_on = loose[run.trip, run.day] > 0
                loose[run.trip, run.day] -= 1
            name = site(timetable, run)
            one = self._fact(hearing.at, name, "trip_operated", float(is_on), "count")
            found.append(_placed(one, timetable, timetable.row_at(run, hearing.at)))
        return found

    def _counts(self, hearing: Hearing) -> list[Observation]:
        """Return vehicles per route; where the feed has none at all, trips per route."""
        has_vehicles = bool(hearing.vehicles or self.counted)
        counts = hearing.vehicles if has_vehicles else hearing.live
        quantity = "vehicles" if has_vehicles else "trips_live"
        names = sorted({*counts, *(self.counted if self.is_whole else ())})
        return [
            self._fact(hearing.at, name, quantity, float(counts[name]), "count") for name in names
        ]

    def _fact(
        self, at: datetime, site_id: str, quantity: str, value: float, unit: str
    ) -> Observation:
        return Observation(
            feed_id=self.feed.id,
            site_id=site_id,
            quantity=quantity,
            value=value,
            unit=unit,
            observed_at=at,
            fetched_at=self.fetched_at,
            published_at=self.published_at,
            quality=Quality.UNCERTAIN if self.published_at is None else Quality.GOOD,
        )


def rejects(
    feed: Feed, fetched_at: datetime, at: datetime, refused: Iterable[Refused]
) -> list[Reject]:
    """Return refused entities; the instant of their message is kept to read them again."""
    return [
        Reject(
            feed_id=feed.id,
            line=one.line,
            reason=one.reason,
            raw=one.raw,
            at=fetched_at,
            field=one.name,
            context=at.isoformat(),
        )
        for one in refused
    ]


def site(timetable: Timetable, run: Run) -> str:
    """Return the name of a run: its trip, its service day, and its start where it repeats."""
    start = ""
    if run.start is not None:
        start = f"T{run.start // 3600:02}:{run.start // 60 % 60:02}:{run.start % 60:02}"
    return f"{timetable.trip_ids[run.trip]}@{run.day.isoformat()}{start}"


def _placed(one: Observation, timetable: Timetable, row: int | None) -> Observation:
    if row is None:
        return one
    lat, lon = timetable.stops.place(int(timetable.rows.stop[row]))
    return replace(one, lat=lat, lon=lon)
