"""How many alarms asked for a person: the load meter."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from model import AlarmLoad, AlertEvent

BUCKET = timedelta(minutes=10)
BUCKETS = 24  # four hours


def load_meter(events: Iterable[AlertEvent], now: datetime) -> AlarmLoad:
    """Count annunciated events: per 10 minutes over four hours, last hour, last day.

    Windows end at ``now`` and hold it, but not their start. An event given twice counts once;
    one from the future does not count. Source: ISA-18.2 / IEC 62682 (about 1 in 10 minutes is
    likely acceptable, 10 is a flood).
    """
    ages = [now - at for at in {e.event_id: e.at for e in events if e.annunciated}.values()]
    ages = [age for age in ages if age >= timedelta(0)]
    counts = [0] * BUCKETS
    for age in ages:
        if age < BUCKET * BUCKETS:
            counts[BUCKETS - 1 - age // BUCKET] += 1
    return AlarmLoad(
        per_10_min=tuple(counts),
        last_10_min=counts[-1],
        last_hour=sum(age < timedelta(hours=1) for age in ages),
        last_day=sum(age < timedelta(days=1) for age in ages),
    )
