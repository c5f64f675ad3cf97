"""How much of a whole was as it should be: calls in time, bins emptied, rooms sold.

Two quantities of one site and instant make a pair: a whole and the part of it. Sums of parts
are divided by sums of wholes; a site that told only one of the two counts on neither side.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from metrics.cells import UNKNOWN, Cells, nothing, readings
from metrics.columns import DAY, HOUR, NONE, UNPLACED, Bools, Floats, Ints, span
from metrics.grouping import Groups, total
from metrics.rollup import chosen, pick, tell, windows
from metrics.scope import Question
from metrics.series import FARTHEST, SITE_BITS
from metrics.sites import fit, share
from model import Reading

ONLY_CITY = "only for the whole city"
_EXPECTED_PERIODS = 7  # a site that has been silent for so many of its periods is not expected
_AMPLE = 2  # times the smallest n: then no wider window is read
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
    pairs = _enough(question, whole, part, is_city_only=is_city_only)
    end = int(pairs.at.max(initial=NONE))
    if end <= question.now - _patience(question, pairs):
        return nothing(question, nobody)
    size = question.scope.size
    sound = pairs.where(pairs.part <= pairs.whole)
    parts = _by_window(question, sound, end)
    wholes = [total(one.group, size, one.whole) for one in parts]
    level = chosen(question.indicator, wholes)
    count = pick(wholes, level)
    cells = Cells(
        num=pick([total(one.group, size, one.part) for one in parts], level),
        den=count,
        n=np.round(count).astype(np.int64),
        observed=np.full(size + 1, end, np.int64),
        scale=100.0,
        coverage=_coverage(question, sound, end, np.array([span(one) for one in spans])[level]),
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
    first = _newest(question, whole) - back - DAY
    wholes, parts = (window.rows(name, first, now) for name in (whole, part))
    wholes, parts = wholes.where(fit(wholes, whole)), parts.where(fit(parts, part))
    ours, theirs = ((rows.at << SITE_BITS) | rows.site for rows in (wholes, parts))
    place = np.minimum(np.searchsorted(theirs, ours), max(0, len(parts) - 1))
    both = theirs[place] == ours if len(parts) else np.zeros(len(ours), np.bool_)
    mine, yours = np.flatnonzero(both), place[both]
    group = question.scope.groups(window, wholes.district[mine])
    return Pairs(wholes.at[mine], wholes.site[mine], group, wholes.value[mine], parts.value[yours])


def _enough(question: Question, whole: str, part: str, *, is_city_only: bool) -> Pairs:
    """Return the pairs of the narrowest window in which every place has enough, else the widest.

    Where only the city counts, all pairs stand outside of every district.
    """
    indicator, spans = question.indicator, windows(question.indicator)
    least = span(_EXPECTED_PERIODS * indicator.cadence)
    pairs = pairs_of(question, whole, part, max(span(spans[0]), least))
    for narrow, wider in pairwise(spans):
        end = int(pairs.at.max(initial=NONE))
        count = pairs.whole[pairs.at > end - span(narrow)].sum()
        if is_city_only and count > indicator.min_n * _AMPLE:
            break
        pairs = pairs_of(question, whole, part, max(span(wider), least))
    if is_city_only:
        return replace(pairs, group=np.full(len(pairs), UNPLACED, np.intp))
    return pairs


def _by_window(question: Question, pairs: Pairs, end: int) -> list[Pairs]:
    """Return the pairs of each of the indicator's windows, narrow to wide."""
    age = _age(question, pairs, end)
    return [pairs.where(age < span(window)) for window in windows(question.indicator)]


def _newest(question: Question, quantity: str) -> int:
    """Return the instant of the newest report that was there at the time, told or not."""
    track, found = question.window.tracks.get(quantity), -FARTHEST
    for block in (track.base, track.tail) if track else ():
        _, high = block.bounds(question.now, question.now)
        if high:
            found = max(found, int(block.key[high - 1]) >> SITE_BITS)
    return found


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


def _coverage(question: Question, pairs: Pairs, end: int, spans: Ints) -> Floats:
    """Return the share of expected reports, by district and for the city.

    Counted in periods of the feed, an hour at least. A site that has told nothing in its last
    seven periods is not expected.
    """
    step = np.maximum(question.steps(), _SHORTEST)
    age, size = _age(question, pairs, end), question.scope.size
    district = _share_of_periods(pairs, age, np.append(spans, spans[-1])[pairs.group], step, size)
    city = _share_of_periods(pairs, age, np.full(len(pairs), spans[-1]), step, size)
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
