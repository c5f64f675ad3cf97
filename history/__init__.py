"""The long memory: tables on a disk of our own or on PostgreSQL, appended to and never changed."""

from datetime import datetime
from pathlib import Path

from history.base import Engine
from history.courses import Courses
from history.delta import DeltaEngine
from history.errors import HistoryBusy, HistoryError, NotYet, TooNew
from history.moments import Moments
from history.notes import Notes
from history.places import folder_of, is_server, shown
from history.reader import Reader
from history.revisions import Revisions
from history.rows import BaselineRow, FeedRow, PackRow, Room, reading_of
from history.writer import Writer

__all__ = [
    "BaselineRow",
    "FeedRow",
    "History",
    "HistoryBusy",
    "HistoryError",
    "NotYet",
    "PackRow",
    "Room",
    "TooNew",
    "check",
    "open",
    "reading_of",
    "shown",
]


class History:
    """Questions (see ``Reader``) and appends (see ``Writer``; only where opened as a writer)."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        reader, moments, kept = Reader(engine), Moments(engine), Writer(engine)
        self.observations = reader.observations
        self.observations_table = reader.observations_table
        self.cases = reader.cases
        self.cases_table = reader.cases_table
        self.notices = reader.notices
        self.readings = reader.readings
        self.series = Courses(engine, reader.readings).series
        self.trend = reader.trend
        self.revisions = Revisions(engine).revisions
        self.baseline_rows = reader.baseline_rows
        self.alert_events = reader.alert_events
        self.feed_changes = reader.feed_changes
        self.packs = reader.packs
        self.latest = moments.latest
        self.cases_at = moments.cases_at
        self.notices_at = moments.notices_at
        self.feeds_at = moments.feeds_at
        self.events_alive = moments.events_alive
        self.pack_at = moments.pack_at
        self.state_at = moments.state_at
        self.counts = engine.counts
        self.sizes = engine.sizes
        self.is_empty = reader.is_empty
        self.append_facts = kept.append_facts
        self.append_chunk = kept.append_chunk
        self.append_readings = kept.append_readings
        self.append_alert_events = kept.append_alert_events
        self.append_feed_changes = kept.append_feed_changes
        self.append_pack = kept.append_pack
        self.last_id = kept.last_id
        self.promote = engine.promote
        self.demote = engine.demote
        self.compact = engine.compact
        self.close = engine.close

    def kept_since(self) -> dict[str, datetime]:
        """Return, by table, before which instant rows may have been dropped; else all are there."""
        return Notes(self.engine).kept_since()


def check(place: str | Path) -> None:
    """Refuse a place at which no history can be; asks nobody.

    Raises:
        NotYet: the URL names a kind of history that this version cannot use.
        HistoryError: it cannot be read, or the folder cannot be used.

    """
    if is_server(place):
        from history.postgres_address import Address  # noqa: PLC0415 - its libraries are large

        Address.of(str(place))
    else:
        folder_of(place)


def open(  # noqa: A001 - reads as history.open
    place: str | Path, *, writer: bool, guest: bool = False
) -> History:
    """Return the history at a folder, ``delta:./folder``, ``delta:///folder`` or ``postgresql://…``.

    A reader may open a history that no worker has made yet: it is empty. A ``guest`` appends
    beside the writer that made the tables (the back-fill does); it may not tidy.

    Raises:
        HistoryBusy: another process writes it.
        TooNew: a newer version of Bartizan wrote it (raised when a table is first used).
        NotYet: the URL names a kind of history that this version cannot use.

    """
    if is_server(place):
        from history.postgres import PostgresEngine  # noqa: PLC0415 - its libraries are large

        return History(PostgresEngine(str(place), writer=writer, guest=guest))
    return History(DeltaEngine(folder_of(place), writer=writer, guest=guest))
