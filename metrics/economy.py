"""How busy the streets are."""

from datetime import timedelta

from metrics.counters import against_usual
from metrics.scope import Question
from model import Indicator, Reading, Threshold

FOOTFALL = Indicator(
    id="eco.footfall",
    title="Footfall against the same hour of other weeks",
    short="Footfall index",
    unit="index",
    direction="band",
    domain="economy",
    cadence=timedelta(hours=1),
    window=timedelta(hours=3),
    time_aggregation="sum of the newest complete hour",
    district_aggregation="ratio of sums",
    definition=(
        "People counted in the newest hour, as a share of what is usual for this hour of this "
        "weekday: 100 is usual. Usual is the median of the same hour, by city time, over up to 8 "
        "weeks before, counter by counter; counters without a past are left out."
    ),
    numerator="people counted in the newest hour",
    denominator="people usually counted in this hour, at the same counters",
    source="the city's counters",
    decimals=0,
    threshold=Threshold(kind="band", low=85.0, crit_low=70.0),
    target=100.0,
    normal=(90.0, 110.0),
    quantities=("footfall",),
    look_back=timedelta(days=63),
)


def footfall(question: Question) -> list[Reading]:
    """Return people now ÷ people usually, by district, in percent."""
    return against_usual(question, "footfall", nobody="no counter reported within 3 hours")
