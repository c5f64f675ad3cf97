"""What the long memory of a city is to keep, and its upkeep beside the ticks."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from cities import Pack
from history import History
from history.upkeep import Done, Policy, Upkeep
from metrics.keeping import longest
from pipeline.diary import UNCHANGED_EVERY

log = structlog.get_logger("worker")

SOON = timedelta(seconds=10)  # until the next piece where much is left to do
REST = timedelta(minutes=5)


def policy_of(pack: Pack, keep: Mapping[str, timedelta | None]) -> Policy:
    """Return what a city wants of its long memory.

    What an indicator looks back on is kept that long, whatever the retention says.
    """
    look_back = longest(pack.indicators)
    return Policy(
        timezone=pack.city.timezone,
        keep=dict(keep),
        look_back=look_back,
        stands={i.id: 2 * max(UNCHANGED_EVERY, i.cadence) for i in pack.indicators},
    )


class Housekeeper:
    """Calls the upkeep of the history a piece at a time; quick again where it is behind."""

    def __init__(self, history: History, policy: Policy) -> None:
        self._history = history
        self._upkeep = Upkeep(history.engine, policy)
        self._next_at: datetime | None = None

    def step(self, now: datetime) -> Done | None:
        """Do a piece if it is time and this process writes the history; return what was done."""
        if not self._history.engine.is_writer:
            return None
        if self._next_at is not None and timedelta(0) <= self._next_at - now <= REST:
            return None
        done = self._upkeep.step(now)
        self._next_at = now + (SOON if done.is_behind else REST)
        if done.sealed is not None and done.sealed.n_before != done.sealed.n_after:
            rows = {"before": done.sealed.n_before, "after": done.sealed.n_after}
            log.info("day sealed", table=done.sealed.table, day=f"{done.sealed.day:%F}", **rows)
        if done.dropped is not None and done.dropped.n_rows:
            gone = {"before": f"{done.dropped.before:%F}", "rows": done.dropped.n_rows}
            log.info("old rows dropped", table=done.dropped.table, **gone)
        return done
