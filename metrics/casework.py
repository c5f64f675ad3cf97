"""What all indicators about cases share: the load at an instant, its age and its deadlines."""

from collections.abc import Mapping
from datetime import timedelta

import numpy as np

from metrics.caseload import Caseload
from metrics.cells import Cells
from metrics.columns import DAY, HOUR, NONE, Bools, Floats, Ints, span
from metrics.grouping import Groups
from metrics.scope import Question
from metrics.window import Window
from model import FeedState, Service

REQUESTS = "requests"  # the subject of a feed that names none
_SKEW = 60_000  # a clock may be a minute wrong


def load_of(question: Question) -> Caseload | None:
    """Return the cases as they stood at the instant; ``None`` where none was known."""
    own, now = question.window.own, question.now
    cases, name = _cases(question), f"load {question.indicator.subject}"
    known = own.get(name)
    if known is None or known[0] != now or known[1] is not cases:  # many ask for one instant
        known = own[name] = (now, cases, cases.until(now))
    load: Caseload = known[2]
    return load if len(load) else None


def no_cases(question: Question) -> str:
    """Return why nothing is known where there is no case."""
    subject = question.indicator.subject
    what = "request for service" if subject == REQUESTS else f"case with the subject {subject!r}"
    return f"no {what} is known"


def groups_of(question: Question, load: Caseload) -> Groups:
    """Return the district of each case of :func:`load_of` as a place in the scope."""
    window, scope = question.window, question.scope
    cases, name = _cases(question), f"groups {question.indicator.subject}"
    known = window.own.get(name)
    if known is None or known[0] is not scope or known[1] is not cases:
        known = window.own[name] = (scope, cases, scope.groups(window, cases.district))
    groups: Groups = known[2][: len(load)]
    return groups


def feeds_of(question: Question, load: Caseload) -> tuple[str, ...]:
    """Return the feeds that brought these cases."""
    return _told(question, load)[0]


def observed(question: Question, load: Caseload) -> Ints:
    """Return how far the record reaches, the same for all districts.

    A quiet district is not an old one: the age of a count of cases is that of its feed, where
    the feed's state is of this time, else of the newest thing that any case tells.
    """
    told = [
        round(feed.last_observed_at.timestamp() * 1000)
        for feed in _feeds(question, load)
        if feed.last_observed_at is not None
    ]
    now = question.now
    usable = [at for at in told if at <= now + _SKEW]
    instant = max(usable) if usable and len(usable) == len(told) else _told(question, load)[1]
    return np.full(question.scope.size + 1, instant, np.int64)


def judge_record(
    cells: Cells, question: Question, start: int, window: timedelta, where: Bools | None = None
) -> None:
    """Doubt all figures, or some, whose record (from ``start``, ms) is younger than a window."""
    age = question.now - start
    if age < span(window) - HOUR:
        every = np.ones(question.scope.size + 1, np.bool_) if where is None else where
        cells.doubt(every, f"the record reaches back {_words(age)} of {_words(span(window))}")


def first_closure(load: Caseload, otherwise: int) -> int:
    """Return the instant of the first known closure."""
    closed = load.closed[(load.closed != NONE) & (load.closed >= load.opened)]
    return int(closed.min(initial=otherwise))


def record_start(load: Caseload) -> int:
    """Return from when both openings and closures are known.

    A source that is new to us tells at once of all that is open, however old, but of closures
    only from some day on. Where it never tells of one, its first opening must do.
    """
    first, never = int(load.opened[0]), int(np.iinfo(np.int64).max)
    closure = first_closure(load, never)
    return first if closure == never else max(first, closure)


def allowed(question: Question, load: Caseload) -> Floats:
    """Return how long each case of :func:`load_of` may take, in ms; NaN where nobody has said.

    Its own due date counts first, then ``due_within`` of its service.
    """
    window, services = question.window, question.scope.services
    cases, name = _cases(question), f"allowed {question.indicator.subject}"
    known = window.own.get(name)
    if known is None or known[0] is not services or known[1] is not cases:
        known = window.own[name] = (services, cases, _limits(window, cases, services))
    limits: Floats = known[2][: len(load)]
    return limits


def _cases(question: Question) -> Caseload:
    """Return the cases of the indicator's subject, however they stand.

    Permits that wait are no requests for service, and the other way round.
    """
    window, subjects = question.window, question.scope.subjects
    subject, name = question.indicator.subject, f"cases {question.indicator.subject}"
    known = window.own.get(name)
    if known is None or known[0] != subjects:
        feeds = [str(feed) for feed in window.feeds.names]
        is_ours = np.array([subjects.get(feed, REQUESTS) == subject for feed in feeds], np.bool_)
        every = window.cases
        mine = every if is_ours.all() else every.take(is_ours[every.feed])
        known = window.own[name] = (subjects, mine)
    cases: Caseload = known[1]
    return cases


def _limits(window: Window, cases: Caseload, services: Mapping[str, Service]) -> Floats:
    names = [str(name) for name in window.services.names]
    limits = [services[n].due_within if n in services else None for n in names]
    table = np.array([np.nan if x is None else float(span(x)) for x in limits] + [np.nan])
    is_own = cases.due != NONE
    own = np.where(is_own, cases.due, cases.opened) - cases.opened
    return np.where(is_own, own.astype(np.float64), table[cases.service])


def timeless(load: Caseload) -> Bools:
    """Return which cases tell no duration: closed before opened, or nobody knows when."""
    is_closed = load.closed != NONE
    mask: Bools = is_closed & (load.is_vague | (load.closed < load.opened))
    return mask


def _feeds(question: Question, load: Caseload) -> list[FeedState]:
    known = question.scope.feed_age
    return [known[name] for name in feeds_of(question, load) if name in known]


def _told(question: Question, load: Caseload) -> tuple[tuple[str, ...], int]:
    """Return who told of these cases, and the newest thing told; kept for all who ask at once."""
    own, name = question.window.own, f"told {question.indicator.subject}"
    known = own.get(name)
    if known is None or known[0] is not load:
        names = question.window.feeds.names
        codes = np.flatnonzero(np.bincount(load.feed))
        feeds = tuple(sorted(str(names[code]) for code in codes.tolist()))
        columns = (load.opened, load.closed, load.updated)
        newest = max(int(part[part <= question.now].max(initial=NONE)) for part in columns)
        known = own[name] = (load, feeds, newest)
    feeds, newest = known[1:]
    return feeds, newest


def _words(duration: int) -> str:
    if duration < 2 * DAY:
        return f"{max(0, duration) / HOUR:.0f} h"
    return f"{duration / DAY:.0f} d"
