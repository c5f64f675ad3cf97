"""The tables of history: columns, units and partitions.

Every table carries ``observed_at`` (when it was true) and ``known_at`` (when we knew), both UTC
with microseconds. Rows are never changed: a correction is a new row with a later ``known_at``.
"""

from dataclasses import dataclass

import pyarrow as pa

VERSION = 2  # 1 had no roll-ups, no upkeep, and notices without is_end_assumed

_TEXT = pa.string()
_REAL = pa.float64()
_INT = pa.int64()
_AT = pa.timestamp("us", "UTC")
_TEXTS = pa.list_(pa.string())


@dataclass(frozen=True, slots=True)
class Shape:
    """One table. ``month`` names the instant whose month parts it into folders, if any.

    ``added`` names the columns that tables of an older schema lack: they read as missing.
    """

    name: str
    columns: pa.Schema
    month: str | None = None
    added: tuple[str, ...] = ()

    @property
    def schema(self) -> pa.Schema:
        """The columns with the partition."""
        if self.month is None:
            return self.columns
        return self.columns.append(pa.field("month", _TEXT))


def _columns(texts: str, reals: str, instants: str, **other: pa.DataType) -> pa.Schema:
    fields = [(name, _TEXT) for name in texts.split()]
    fields += [(name, _REAL) for name in reals.split()]
    fields += [(name, _AT) for name in instants.split()]
    return pa.schema([*fields, *other.items()])


OBSERVATIONS = Shape(
    "observations",
    _columns(
        "feed_id site_id quantity unit quality district_id",
        "value lat lon",
        "observed_at published_at fetched_at known_at",
    ),
    month="observed_at",
)
CASES = Shape(
    "cases",
    _columns(
        "feed_id case_id status service department channel district_id",
        "lat lon",
        "opened_at closed_at updated_at due_at published_at fetched_at observed_at known_at",
    ),
)
NOTICES = Shape(
    "notices",
    _columns(
        "feed_id notice_id headline severity status msg_type event geometry area url",
        "",
        "effective expires published_at fetched_at observed_at known_at",
        supersedes=_TEXTS,
        districts=_TEXTS,
        is_end_assumed=pa.bool_(),
    ),
    added=("is_end_assumed",),
)
READINGS = Shape(
    "readings",
    _columns(
        "indicator district quality reason site",
        "value num den z coverage usual_centre usual_low usual_high usual_spread",
        "at observed_at known_at",
        n=_INT,
        usual_weeks=_INT,
        feeds=_TEXTS,
    ),
    month="at",
)
ALERT_EVENTS = Shape(
    "alert_events",
    _columns(
        "event_id key rule occurrence kind outcome from_state to_state actor quality reason "
        "comment rule_version",
        "value limit",
        "at observed_at known_at",
        seq=_INT,
        priority=_INT,
        annunciated=pa.bool_(),
        suppressed=_TEXTS,
    ),
)
FEED_CHANGES = Shape(
    "feed_changes",
    _columns(
        "id kind state last_error",
        "",
        "state_since last_observed_at last_fetched_at last_error_at observed_at known_at",
        accepted=_INT,
        rejected=_INT,
        failures=_INT,
    ),
)
PACKS = Shape("packs", _columns("hash files", "", "observed_at known_at"))

_ROLLED = _columns(
    "indicator district quality reason",
    "mean low high bad stood value num den usual_centre usual_low usual_high",
    "at last_at observed_at known_at",
    n=_INT,
    readings=_INT,
)
# One row per indicator, place and hour (or day of the city) that has readings; ``at`` is its start.
# mean, low, high: of sound readings, the mean weighed by the seconds that each stood.
# stood: seconds of the span for which a reading stood; bad: the share of them that was frozen.
# readings: how many; value, num, den, n, quality … : those of the last, which was at ``last_at``.
# known_at: when it was worked out; the newest version counts.
READINGS_HOURLY = Shape("readings_hourly", _ROLLED, month="at")
READINGS_DAILY = Shape("readings_daily", _ROLLED, month="at")
# What upkeep has done: ``task`` (seal, drop, roll) on a table, with the instant that it is about.
UPKEEP = Shape("upkeep", _columns("task table", "", "at observed_at known_at", rows=_INT))

SHAPES = (
    OBSERVATIONS,
    CASES,
    NOTICES,
    READINGS,
    READINGS_HOURLY,
    READINGS_DAILY,
    ALERT_EVENTS,
    FEED_CHANGES,
    PACKS,
    UPKEEP,
)
