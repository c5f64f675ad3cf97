"""How much of a whole was as it should be: calls in time, bins emptied, rooms sold.

Two quantities of one site and instant make a pair: a whole and the part of it. Sums of parts
are divided by sums of wholes; a site that told only one of the two counts on neither side.
"""

from dataclasses import dataclass, replace

import numpy as np

from metrics.cells import UNKNOWN, Cells, nothing, readings
from metrics.columns import DAY, HOUR, NONE, UNPLACED, Bools, Floats, Ints, span
from metrics.grouping import Groups, total
from metrics.rollup import chosen, pick, tell, windows
from metrics.scope import Question
from metrics.series import SITE_BITS
from metrics.sites import fit, share
from model import Reading

ONLY_CITY = "only for the whole city"
_EXPECTED_PERIODS = 7  # a site that has been silent for so many of its periods is not expected
_SHORTEST = HOUR  # periods of coverage: quicker reports of one hour count as one


@dataclass(frozen=True, slots=True)
class Pairs:
    """Wholes and their parts. All arrays have the same length; ordered by time."""

    at: Ints
    site: Ints
    group: Groups
    whole: Floats
    part: Floats

    def __len__(self) -> int:
        return len(self.at)

    def where(self, mask: Bools) -> "Pairs":
        """Return some of the pairs."""
        return Pairs(
            self.at[mask], self.site[mask], self.group[mask], self.whole[mask], self.part[mask]
        )


def share_of(
    question: Question, whole: str, part: str, *, nobody: str, is_city_only: bool = False
) -> list[Reading]:
    """Return parts ÷ wholes by district, in percent, over the window up to the newest report.

    ``nobody`` is the reason where nothing was reported in time. A slow source's window ends with
    its newest period, not in the days that it has not told of yet.
    """
    spans = windows(question.indicator)
    pairs = pairs_of(question, whole, part, span(spans[-1]))
    end = int(pairs.at.max(initial=NONE))
    if end <= question.now - _patience(question, pairs):
        return nothing(question, nobody)
    if is_city_only:
        pairs = replace(pairs, group=np.full(len(pairs), UNPLACED, np.intp))
    sound = pairs.where(pairs.part <= pairs.whole)
    age = _age(question, sound, end)
    parts = [sound.where(age < span(window)) for window in spans]
    size = question.scope.size
    wholes = [total(one.group, size, one.whole) for one in parts]
    level = chosen(question.indicator, wholes)
    count = pick(wholes, level)
    cells = Cells(
        num=pick([total(one.group, size, one.part) for one in parts], level),
        den=count,
        n=np.round(count).astype(np.int64),
        observed=np.full(size + 1, end, np.int64),
        scale=100.0,
        coverage=_coverage(question, sound, end, level),
        because="nothing was due within the window",
        feeds=feeds_of(question, pairs.site),
    )
    _tell_impossible(cells, pairs, size)
    tell(cells, question, level)
    if is_city_only:
        keep_city(cells)
    return readings(question, cells)


def pairs_of(question: Question, whole: str, part: str, back: int) -> Pairs:
    """Return the pairs of the last ``back`` ms before the newest report that may be used."""
    window, now = question.window, question.now
    reach = back + int(question.delays().max(initial=0)) + span(question.indicator.window)
    wholes, parts = (window.rows(name, now - reach, now) for name in (whole, part))
    wholes, parts = wholes.where(fit(wholes, whole)), parts.where(fit(parts, part))
    _, mine, yours = np.intersect1d(
        (wholes.at << SITE_BITS) | wholes.site,
        (parts.at << SITE_BITS) | parts.site,
        assume_unique=True,
        return_indices=True,
    )
    group = question.scope.groups(window, wholes.district[mine])
    return Pairs(wholes.at[mine], wholes.site[mine], group, wholes.value[mine], parts.value[yours])


def keep_city(cells: Cells) -> None:
    """Leave the city's figure alone, for what has no meaning by district."""
    for figures in (cells.num, cells.den, cells.coverage):
        if figures is not None:
            figures[:-1] = np.nan
    cells.n[:-1] = UNKNOWN
    cells.observed[:-1] = NONE
    last = len(cells.n) - 1
    cells.notes = {place: notes for place, notes in cells.notes.items() if place == last}
    why = cells.because if isinstance(cells.because, str) else cells.because[last]
    cells.because = [ONLY_CITY] * last + [why]


def feeds_of(question: Question, site: Ints) -> tuple[str, ...]:
    """Return the feeds that these sites belong to."""
    codes = np.unique(question.window.feed_codes[np.unique(site)])
    return tuple(sorted(str(question.window.feeds.names[code]) for code in codes.tolist()))


def _patience(question: Question, pairs: Pairs) -> int:
    """Return how old the newest report may be: the window, or its feed's own slowness."""
    slow = question.delays()[pairs.site]
    return max(span(question.indicator.window), int(slow.max(initial=0)))


def _coverage(question: Question, pairs: Pairs, end: int, level: Ints) -> Floats:
    """Return the share of expected reports, by district and for the city.

    Counted in periods of the feed, an hour at least. A site that has told nothing in its last
    seven periods is not expected.
    """
    step = np.maximum(question.steps(), _SHORTEST)
    spans = np.array([span(window) for window in windows(question.indicator)])
    place = np.where(pairs.group >= 0, level[pairs.group], level[-1])
    age, size = _age(question, pairs, end), question.scope.size
    district = _share_of_periods(pairs, age, spans[place], step, size)
    city = _share_of_periods(pairs, age, np.full(len(pairs), spans[level[-1]]), step, size)
    return np.append(district[:-1], city[-1])


def _age(question: Question, pairs: Pairs, end: int) -> Ints:
    """Return the age of reports and half a period: days of 23 and 25 hours count as days."""
    age: Ints = end - pairs.at + question.steps()[pairs.site] // 2
    return age


def _share_of_periods(pairs: Pairs, age: Ints, back: Ints, step: Ints, size: int) -> Floats:
    site = pairs.site
    mine = age < back
    period = age[mine] // step[site[mine]]
    seen = np.unique(period * np.int64(1 << SITE_BITS) + site[mine]) & ((1 << SITE_BITS) - 1)
    last = age < np.maximum(_EXPECTED_PERIODS * step[site], DAY)
    there, first = np.unique(site[last], return_index=True)
    group, whole = pairs.group[last][first], back[last][first] // step[there]
    expected = total(group, size, np.maximum(whole, 1))
    home = np.full(len(step), -1, np.intp)
    home[site] = pairs.group
    return share(total(home[seen], size), expected)


def _tell_impossible(cells: Cells, pairs: Pairs, size: int) -> None:
    left_out = total(pairs.group, size, pairs.part > pairs.whole)
    for some in np.unique(left_out[left_out > 0]).tolist():
        cells.note(left_out == some, f"{int(some)} left out: more than the whole")
