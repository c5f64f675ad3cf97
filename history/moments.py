"""The room rewound: what was true at an instant, by what was known then or by what is known now."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from history import schemas
from history.base import Engine
from history.columns import rows
from history.queries import fill, one_of
from history.rows import QUALITIES, FeedRow, PackRow, Room, event_of, notice_of, reading_of, typed
from model import AlertEvent, Case, Notice, Reading

Known = Literal["then", "now"]

BACK = timedelta(days=15)  # the slowest indicators are read once a week
_CANCELLED = timedelta(days=31)  # a cancellation that is over still cancels
_ALWAYS = datetime(9999, 1, 1, tzinfo=UTC)


class Moments:
    """Questions about one instant. Each answer depends on its arguments and the tables alone."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def latest(
        self,
        at: datetime,
        *,
        known_at: datetime | None = None,
        indicators: Sequence[str] | None = None,
        back: timedelta = BACK,
    ) -> list[Reading]:
        """Return the newest reading of every indicator and place at ``at``, by these two.

        What was last read longer than ``back`` before is not told. With ``known_at`` the newest
        version known by then counts.
        """
        values: dict[str, Any] = {"since": at - back, "at": at, "known_at": known_at or _ALWAYS}
        wanted = one_of("indicator", indicators, values)
        source = self._engine.relation(schemas.READINGS, at - back, at)
        sql = fill("latest", readings=source, indicators=wanted)
        return [reading_of(row) for row in rows(self._engine.ask(sql, values))]

    def cases_at(self, at: datetime, *, known_at: datetime | None = None) -> list[Case]:
        """Return the cases that were open at an instant, as they stood: what closed later is open.

        With ``known_at`` by what was known then: a case of which we heard later is missing.
        """
        values = {"at": at, "known_at": known_at or _ALWAYS}
        sql = fill("cases_at", cases=self._engine.relation(schemas.CASES))
        return [
            replace(Case(**row), status="open", closed_at=None)
            for row in rows(self._engine.ask(sql, values))
        ]

    def notices_at(self, at: datetime, *, known_at: datetime | None = None) -> list[Notice]:
        """Return the notices in force at an instant: not yet over, replaced or cancelled."""
        values = {"at": at, "since": at - _CANCELLED, "known_at": known_at or _ALWAYS}
        sql = fill("notices_at", notices=self._engine.relation(schemas.NOTICES))
        return in_force([notice_of(row) for row in rows(self._engine.ask(sql, values))], at)

    def feeds_at(self, at: datetime) -> list[FeedRow]:
        """Return how every feed was doing at an instant."""
        sql = fill("feeds_at", feed_changes=self._engine.relation(schemas.FEED_CHANGES))
        found = rows(self._engine.ask(sql, {"at": at}))
        return [FeedRow(**typed(row, state=QUALITIES)) for row in found]

    def events_alive(self, at: datetime) -> list[AlertEvent]:
        """Return the audit of each key that was not calm at an instant, by key and number.

        It begins with an occurrence before, so that it leads ``alerts.replay`` to the record that
        the whole audit leads to.
        """
        source = self._engine.relation(schemas.ALERT_EVENTS)
        sql = fill("alert_events_alive", alert_events=source)
        return [event_of(row) for row in rows(self._engine.ask(sql, {"at": at}))]

    def pack_at(self, at: datetime) -> PackRow | None:
        """Return the city pack that was in force at an instant."""
        sql = fill("packs_at", packs=self._engine.relation(schemas.PACKS))
        found = rows(self._engine.ask(sql, {"at": at}))
        return next(
            (PackRow(row["hash"], json.loads(row["files"]), row["known_at"]) for row in found), None
        )

    def state_at(self, t: datetime, *, known: Known = "then") -> Room:
        """Return the room at ``t``.

        ``then``: by what was known at ``t``, the room as it was seen. ``now``: by what is known by
        now, the room as it truly was; late facts and corrections are in it. The audit, the states
        of feeds and the pack are our own and the same in both.
        """
        known_at = t if known == "then" else None
        return Room(
            at=t,
            known=known,
            readings=tuple(self.latest(t, known_at=known_at)),
            cases=tuple(self.cases_at(t, known_at=known_at)),
            notices=tuple(self.notices_at(t, known_at=known_at)),
            feeds=tuple(self.feeds_at(t)),
            events=tuple(self.events_alive(t)),
            pack=self.pack_at(t),
        )


def in_force(notices: Iterable[Notice], at: datetime) -> list[Notice]:
    """Return the notices of the public that stand at an instant; exercises and tests never do."""
    actual = [notice for notice in notices if notice.status == "actual"]
    gone = {name for notice in actual for name in notice.supersedes}
    return [
        notice
        for notice in actual
        if notice.msg_type != "cancel"
        and notice.notice_id not in gone
        and notice.effective <= at
        and (notice.expires is None or notice.expires > at)
    ]
