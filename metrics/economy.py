"""How busy the streets and the hotels are, and how much electricity the city draws."""

from datetime import timedelta

import numpy as np

from metrics.cells import Cells, nothing, readings
from metrics.columns import DAY, HOUR, Floats, Ints, span
from metrics.counters import against_usual
from metrics.energy import Model, hourly, kind_of, model_of, temperatures
from metrics.grouping import Groups, total
from metrics.scope import Question
from metrics.shares import feeds_of, share_of
from metrics.sites import expectation, share
from model import Indicator, Reading, Threshold

_DAY = timedelta(days=1)
_HALF = 0.5  # of the sites: an hour that fewer have told of is not there yet
_NO_MODEL = "nothing is expected: 4 weeks of load and temperature are not there yet"
_MARGIN = 2.0  # °C beyond what the fit has seen

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

HOTELS = Indicator(
    id="eco.hotel",
    title="Hotel rooms sold, 7 nights",
    short="Hotel occupancy",
    unit="%",
    direction="band",
    domain="economy",
    cadence=_DAY,
    window=7 * _DAY,
    time_aggregation="ratio of sums",
    district_aggregation="city only",
    definition=(
        "Rooms sold as a share of the rooms on offer, over the newest 7 nights that are reported. "
        "Seven nights, for weekends and weekdays differ. What is ordinary changes with the season."
    ),
    numerator="rooms sold",
    denominator="rooms on offer",
    source="the hotels' association",
    standard="ISO 37120-5",
    decimals=1,
    min_n=100,
    threshold=Threshold(kind="band", low=50.0, crit_low=35.0),
    target=70.0,
    normal=(50.0, 85.0),
    quantities=("rooms_available", "rooms_sold"),
)

ENERGY = Indicator(
    id="eco.energy",
    title="Electricity against weather and hour of the week",
    short="Electricity use",
    unit="%",
    direction="band",
    domain="economy",
    cadence=timedelta(hours=1),
    window=timedelta(hours=3),
    time_aggregation="sum of 3 hours",
    district_aggregation="ratio of sums",
    definition=(
        "Electricity drawn in the newest 3 hours against what weather and hour of the week lead "
        "to expect, in percent of it: 0 is as expected. For each metering site a level for every "
        "hour of working days, Saturdays and Sundays, and slopes for heating below 18 °C and "
        "cooling above, are fitted to the last 8 weeks (Huber's M-estimator). Where 4 weeks of "
        "load and temperature are not there, the source's own expectation counts, if it gives one. "
        "Holidays are not told apart."
    ),
    numerator="electricity drawn within 3 hours",
    denominator="electricity expected in them",
    source="the electricity network; Huber (1964), Ann. Math. Statist. 35, 73-101",
    standard="ISO 37120-7",
    decimals=1,
    threshold=Threshold(kind="band", low=-7.0, high=7.0, crit_low=-12.0, crit_high=12.0),
    target=0.0,
    normal=(-5.0, 5.0),
    quantities=("electricity", "load_temperature", "energy_expected"),
    look_back=timedelta(days=63),
)


def footfall(question: Question) -> list[Reading]:
    """Return people now ÷ people usually, by district, in percent."""
    return against_usual(question, "footfall", nobody="no counter reported within 3 hours")


def hotels(question: Question) -> list[Reading]:
    """Return rooms sold ÷ rooms on offer, for the city, in percent."""
    return share_of(
        question,
        "rooms_available",
        "rooms_sold",
        nobody="no night was reported within 7 days",
        is_city_only=True,
    )


def electricity(question: Question) -> list[Reading]:
    """Return electricity drawn against what was to be expected, in percent of it."""
    sites, hours, loads = _recent(question)
    if not len(hours):
        return nothing(question, "no electricity was reported in time")
    home, expected_sites = expectation(question, "electricity")
    group, end = home[sites], int(hours[-1]) * HOUR
    model, warmth = model_of(question), temperatures(question, int(hours[0] - 1) * HOUR, end)
    expected = _by_model(question, model, sites, hours, warmth)
    theirs = _by_source(question, sites, hours)
    is_theirs = ~np.isfinite(expected)
    expected = np.where(is_theirs, theirs, expected)
    both = np.isfinite(loads) & np.isfinite(expected)
    cells = _cells(question, group, np.where(both, loads, 0.0), np.where(both, expected, 0.0), end)
    count = total(group, question.scope.size, both.sum(axis=1))
    cells.n = count.astype(np.int64)
    periods = span(question.indicator.window) // HOUR
    cells.coverage = share(count, expected_sites * periods)
    cells.because = np.where(expected_sites > 0, _NO_MODEL, "no meter reports from here").tolist()
    cells.feeds = feeds_of(question, sites)
    used = total(group, question.scope.size, np.asarray((both & is_theirs).any(axis=1))) > 0
    cells.note(used, "expected by the source itself")
    if model is not None and _is_beyond(model, warmth):
        cells.doubt(count > 0, "colder or warmer than any hour of the last 8 weeks")
    return readings(question, cells)


def _recent(question: Question) -> tuple[Ints, Ints, Floats]:
    """Return the loads of the newest hours that half of the sites have told of."""
    late = int(question.delays().max(initial=0)) if len(question.delays()) else 0
    back = span(question.indicator.window)
    first = question.now - max(back, min(late, DAY)) - back
    sites, hours, loads = hourly(question, "electricity", first, question.now)
    told = np.flatnonzero(np.isfinite(loads).sum(axis=0) >= _HALF * max(1, len(sites)))
    if not len(told):
        return sites, hours[:0], loads[:, :0]
    end = int(told[-1])
    mine = (hours <= hours[end]) & (hours > hours[end] - back // HOUR)
    return sites, hours[mine], loads[:, mine]


def _by_model(
    question: Question, model: Model | None, sites: Ints, hours: Ints, warmth: dict[int, float]
) -> Floats:
    """Return what the fits expect, shape (sites, hours); NaN where they cannot say."""
    found = np.full((len(sites), len(hours)), np.nan)
    if model is None:
        return found
    zone = question.scope.timezone
    for column, hour in enumerate(hours.tolist()):
        if hour in warmth:
            found[:, column] = model.expected(sites, kind_of(hour, zone), warmth[hour])
    return np.where(found > 0, found, np.nan)


def _by_source(question: Question, sites: Ints, hours: Ints) -> Floats:
    """Return what the source itself expects, shape (sites, hours); NaN where it says nothing."""
    found = np.full((len(sites), len(hours)), np.nan)
    first = (int(hours[0]) - 1) * HOUR
    theirs, then, values = hourly(question, "energy_expected", first, int(hours[-1]) * HOUR)
    _, mine, yours = np.intersect1d(sites, theirs, return_indices=True)
    _, column, other = np.intersect1d(hours, then, return_indices=True)
    found[np.ix_(mine, column)] = values[np.ix_(yours, other)]
    return found


def _cells(question: Question, group: Groups, drawn: Floats, expected: Floats, end: int) -> Cells:
    size = question.scope.size
    return Cells(
        num=total(group, size, drawn.sum(axis=1)),
        den=total(group, size, expected.sum(axis=1)),
        n=np.zeros(size + 1, np.int64),
        observed=np.full(size + 1, end, np.int64),
        scale=100.0,
        shift=-100.0,
    )


def _is_beyond(model: Model, warmth: dict[int, float]) -> bool:
    seen = list(warmth.values())
    coldest, warmest = model.coldest - _MARGIN, model.warmest + _MARGIN
    return bool(seen) and (min(seen) < coldest or max(seen) > warmest)
