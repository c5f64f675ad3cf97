"""What the city delivers: calls answered, bins emptied, permits decided."""

from datetime import timedelta

from metrics.punctuality import due_cohort
from metrics.scope import Question
from metrics.shares import share_of
from model import Indicator, Reading, Threshold

_DAY = timedelta(days=1)

CALLS_30 = Indicator(
    id="srv.call30",
    title="Calls to 311 answered within 30 seconds",
    short="311 calls in 30 s",
    unit="%",
    direction="higher",
    domain="services",
    cadence=timedelta(minutes=15),
    window=timedelta(hours=1),
    roll_up=(_DAY, 7 * _DAY),
    time_aggregation="ratio of sums",
    district_aggregation="city only",
    definition=(
        "Share of the calls to 311 of the last hour that somebody answered within 30 seconds. "
        "Where fewer than 30 calls came it is the last 24 hours or 7 days, and the reading says "
        "so. Calls given up before are calls that were not answered in time, where the exchange "
        "counts them."
    ),
    numerator="calls answered within 30 seconds",
    denominator="calls",
    source="the city's telephone exchange",
    standard="Boston CityScore",
    decimals=1,
    min_n=30,
    statistic="proportion",
    threshold=Threshold(warn=90.0, crit=75.0),
    target=95.0,
    normal=(90.0, 97.0),
    quantities=("calls_311", "calls_311_within"),
)

WASTE = Indicator(
    id="srv.waste",
    title="Waste collections on schedule, 7 days",
    short="Collections on time",
    unit="%",
    direction="higher",
    domain="services",
    cadence=_DAY,
    window=7 * _DAY,
    time_aggregation="ratio of sums",
    district_aggregation="ratio of sums",
    definition=(
        "Of the collections planned for the last 7 days that are reported, the share made on "
        "their day. What is made a day late is a miss."
    ),
    numerator="collections made on their day",
    denominator="collections planned",
    source="the city's collection rounds",
    standard="ISO 37120-16",
    decimals=1,
    min_n=30,
    statistic="proportion",
    threshold=Threshold(warn=97.0, crit=93.0),
    target=99.0,
    normal=(97.0, 100.0),
    quantities=("collections_planned", "collections_made"),
)

PERMITS = Indicator(
    id="srv.permits",
    title="Permit reviews done when due",
    short="Permits on time",
    unit="%",
    direction="higher",
    domain="services",
    cadence=_DAY,
    window=28 * _DAY,
    time_aggregation="ratio of sums",
    district_aggregation="ratio of sums",
    definition=(
        "Of the permit reviews that fell due in the last 28 days, the share decided by then. A "
        "review still open past its due date is a miss; one not yet due does not count. Permits "
        "are cases of feeds with the subject `permits`; they count in no figure about requests "
        "for service."
    ),
    numerator="reviews due in the period and decided by their due date",
    denominator="reviews due in the period",
    source="due-cohort form of the service level, as in Boston's CityScore",
    standard="Boston CityScore",
    decimals=1,
    min_n=30,
    statistic="proportion",
    threshold=Threshold(warn=85.0, crit=70.0),
    target=90.0,
    normal=(85.0, 95.0),
    is_counted=True,
    needs_cases=True,
    subject="permits",
)


def calls_in_time(question: Question) -> list[Reading]:
    """Return calls to 311 answered within 30 s ÷ calls, for the city, in percent."""
    return share_of(
        question,
        "calls_311",
        "calls_311_within",
        nobody="no calls to 311 were reported in time",
        is_city_only=True,
    )


def collections(question: Question) -> list[Reading]:
    """Return collections made ÷ planned, in percent."""
    nobody = "no collections were reported within 7 days"
    return share_of(question, "collections_planned", "collections_made", nobody=nobody)


def permits(question: Question) -> list[Reading]:
    """Return reviews decided by their due date ÷ reviews due in the period, in percent."""
    return due_cohort(question)
