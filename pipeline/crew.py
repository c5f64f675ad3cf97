"""The workers of one house: who lives, what each kept, and what each knows of feeds."""

import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from model import Fact
from model.plain import instant
from pipeline.leading import RENEW_EVERY_S, Lead
from pipeline.sharedbook import BookKeeping
from pipeline.troubles import Troubles
from store import Place, Store, StoreError

HEAR_EVERY_S = 0.25
TELL_EVERY_S = 0.5


@dataclass(slots=True)
class Members:
    """Who else works on this house; one process alone knows of nobody."""

    store: Store
    name: str
    others: frozenset[str] = frozenset()
    note: dict[str, Any] = field(default_factory=dict)

    def join(self, now: datetime) -> None:
        """Say that we are there: from now on the others tell us what they keep."""
        self.note = {"pid": os.getpid(), "since": instant(now)}
        self.beat()

    def beat(self, *, leads: bool = False, writes: bool = False) -> bool:
        """Say that we live; return whether the others thought us gone meanwhile."""
        self.note |= {"leads": leads, "writes": writes}
        is_known, found = self.store.beat(self.name, self.note)
        self.others = frozenset(found) - {self.name}
        return not is_known

    def asked(self, feed_id: str, until: datetime) -> None:
        """Tell the others that a feed was asked, and when it is due again."""
        if self.others:
            self.store.plan_poll(feed_id, self.name, until)

    def pause(self, feed_id: str, now: datetime, longest: timedelta) -> timedelta | None:
        """Return how long a feed is not due because another worker asked it."""
        plan = self.store.planned_poll(feed_id) if self.others else None
        if plan is None or plan[0] not in self.others or not now < plan[1] <= now + longest:
            return None
        return plan[1] - now


@dataclass(slots=True)
class Crew:
    """Keeps this worker in touch with the others, on two threads: beating, and listening.

    ``on_kept`` takes facts that another worker kept; ``on_missed`` is called where some were
    missed: the history has them.
    """

    members: Members
    lead: Lead
    keeping: BookKeeping
    shards: Callable[[], Iterable[int]]
    on_kept: Callable[[list[Fact]], None]
    on_missed: Callable[[], None]
    troubles: Troubles
    _places: dict[int, Place] = field(default_factory=dict)
    _has_missed: bool = False

    def join(self, now: datetime) -> None:
        """Be one of the workers: what the history has from now on is told us."""
        self.members.join(now)
        self._beat()
        for shard in self.shards():
            self._places[shard] = self.members.store.told_kept(shard, None).place

    def beating(self, stop: threading.Event) -> None:
        """Say that we live and lead, until told to stop."""
        while True:
            self.troubles.attempt("crew", self._beat)
            if stop.wait(RENEW_EVERY_S):
                return

    def _beat(self) -> None:
        self.lead.keep()
        writes = self.lead.history.engine.is_writer
        if self.members.beat(leads=self.lead.is_held, writes=writes):
            self._has_missed = True

    def listening(self, stop: threading.Event) -> None:
        """Hear what others kept and booked, tell what we booked, until told to stop."""
        turn = 0
        while not stop.wait(HEAR_EVERY_S):
            turn += 1
            if self.members.others or self._has_missed:
                self.troubles.attempt("hearing", self.hear)
            if turn % int(TELL_EVERY_S / HEAR_EVERY_S) == 0:
                self.troubles.attempt("telling", self.keeping.tell)

    def hear(self) -> None:
        """Take what others kept and booked since the last time."""
        for shard in self.shards():
            self._hear_kept(shard)
        self.keeping.hear()
        if self._has_missed:
            self._has_missed = False
            try:
                self.on_missed()
            except BaseException:
                self._has_missed = True
                raise

    def _hear_kept(self, shard: int) -> None:
        told = self.members.store.told_kept(shard, self._places.get(shard, Place("0-0", 0)))
        self._places[shard] = told.place
        self._has_missed = self._has_missed or not told.is_whole
        for by, facts in told.items:
            if by != self.members.name:
                self.on_kept(facts)

    def leave(self) -> None:
        """Say what is left to say, and that we end."""
        self.keeping.last_words()
        try:
            self.members.store.leave(self.members.name)
        except StoreError:
            return
