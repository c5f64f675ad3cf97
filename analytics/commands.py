"""The jobs as commands: what was asked for, checked; the job, told; an exit code."""

import argparse
import difflib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import history
from alerts import is_moving
from alerts.verdict import load_of
from analytics import told
from analytics.arguments import changes
from analytics.diary import Progress
from analytics.errors import AnalyticsError
from analytics.opening import asking, opened
from analytics.played import Span, Tried, past_of, play
from analytics.remeasure import Sum, Wanted, oldest, remeasure
from analytics.rollup import Rolling
from cities import Pack
from history import History
from metrics import INDICATORS, Scope
from model import CITY, FeedState, Indicator, Quality, Rule
from model.plain import instant

GOOD, BAD_INPUT = 0, 1
BACK = timedelta(days=90)  # of a back-test without --since
_LIMITS = {"warn", "crit", "low", "high", "crit_low", "crit_high"}
BEFORE = timedelta(hours=2)  # readings needed before a roll-up


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What a job needs of the house.

    ``place`` is where the history is, ``now`` the present; ``stands`` says by indicator for how
    long a reading counts in roll-ups where no other follows. ``say`` tells of the work and its
    result, ``complain`` why it cannot be done.
    """

    pack: Pack
    scope: Scope
    stands: Mapping[str, timedelta]
    place: str
    data: Path
    url: str | None
    now: datetime
    say: Callable[[str], None]
    complain: Callable[[str], None]


def run(wanted: argparse.Namespace, house: House) -> int:
    """Do one job; return the exit code: 0 done, 1 it cannot be done (and it was said why)."""
    jobs = {"remeasure": _remeasure, "rollup": _rollup, "backtest": _backtest}
    try:
        span = _span(wanted, house)
        kept = history.open(house.place, writer=False, guest=wanted.call != "backtest")
        try:
            if kept.is_empty():
                raise AnalyticsError(f"the history at {history.shown(house.place)} is empty")
            jobs[wanted.call](wanted, house, kept, span)
        finally:
            kept.close()
    except (AnalyticsError, history.HistoryError) as error:
        house.complain(str(error))
        return BAD_INPUT
    except KeyboardInterrupt:
        house.complain("cut off; what was written stays, and the same command goes on from there")
        return BAD_INPUT
    return GOOD


def _span(wanted: argparse.Namespace, house: House) -> tuple[datetime, datetime]:
    until = house.now if wanted.until is None else _moment(wanted.until, house)
    since = until - BACK if wanted.since is None else _moment(wanted.since, house)
    for name, at in (("--since", since), ("--until", until)):
        if at > house.now:
            raise AnalyticsError(f"{name} {instant(at)} lies in the future")
    if since >= until:
        raise AnalyticsError(f"--since {instant(since)} is not before --until {instant(until)}")
    return since, until


def _moment(at: date | datetime, house: House) -> datetime:
    """Return an instant; a day begins at midnight of the city."""
    return at if isinstance(at, datetime) else datetime.combine(at, time(), house.scope.zone)


def _remeasure(
    wanted: argparse.Namespace, house: House, kept: History, span: tuple[datetime, datetime]
) -> None:
    chosen = _indicators(wanted.indicator, house.pack.indicators)
    job = Wanted(
        indicators=tuple(chosen),
        scope=replace(house.scope, feed_age=_states(house.pack)),
        since=span[0],
        until=span[1],
        known_at=house.now,
        is_fine=wanted.recorded,
    )
    progress = Progress.of(house.data, _asked(job, house, wanted), job=instant(house.now))
    if progress.done:
        house.say(f"going on with the job of {progress.job}: {progress.done} weeks are done")
    whole = (oldest(job), span[1])
    done = Sum()
    with opened(house.url, kept, house.data, span=whole, name="remeasure") as (engine, files):
        house.say(f"measuring {len(chosen)} indicators again, on {engine.name}")
        for done in remeasure(job, kept, engine=engine, files=files, progress=progress):
            house.say(told.measured(done))
    progress.end()
    house.say(f"done: {done.measured} readings measured, {done.written} were others and written")


def _asked(job: Wanted, house: House, wanted: argparse.Namespace) -> dict[str, Any]:
    """Return all that decides what a job writes; without ``--until`` it ends when it began."""
    return {
        "since": instant(job.since),
        "until": instant(job.until) if wanted.until is not None else None,
        "indicators": [indicator.id for indicator in job.indicators],
        "recorded": job.is_fine,
        "pack": house.pack.hash,
        "history": history.shown(house.place),
    }


def _indicators(names: Sequence[str], known: Sequence[Indicator]) -> list[Indicator]:
    able = {i.id: i for i in known if _rests_on_facts(i)}
    for name in names:
        if name in INDICATORS and not _rests_on_facts(INDICATORS[name]):
            raise AnalyticsError(f"{name} tells of the feeds' states, which cannot be had again")
        _known("indicator", name, able)
    return [able[name] for name in dict.fromkeys(names)] or list(able.values())


def _rests_on_facts(indicator: Indicator) -> bool:
    return bool(indicator.quantities) or indicator.needs_cases


def _known(what: str, name: str, known: Iterable[str]) -> None:
    found = list(known)
    if name not in found:
        near = difflib.get_close_matches(name, found, 1, 0.4)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise AnalyticsError(f"no {what} {name} in this pack{hint}")


def _rollup(
    _: argparse.Namespace, house: House, kept: History, span: tuple[datetime, datetime]
) -> None:
    whole = (span[0] - BEFORE, span[1])
    written = 0
    with asking(house.url, kept, house.data, span=whole, name="rollup") as engine:
        house.say(f"rolling up, on {engine.name}")
        rolling = Rolling(kept.engine, engine, house.scope.zone, house.stands)
        for some in rolling.over(*span, now=house.now):
            written += some.written
            house.say(f"{some.table} up to {instant(some.until)}: {some.written} rows")
    house.say(f"done: {written} rows were others and written")


def _backtest(
    wanted: argparse.Namespace, house: House, kept: History, span: tuple[datetime, datetime]
) -> None:
    rules = {rule.id: rule for rule in house.pack.rules if rule.kind != "missing"}
    _known("rule", wanted.rule, rules)
    changed = changes(wanted)
    rule = replace(rules[wanted.rule], **changed)
    if is_moving(rule) and changed.keys() & _LIMITS:
        rule = replace(rule, kind="threshold")
    if rule.kind == "funnel":
        raise AnalyticsError(
            f"the limits of {rule.id} come from all districts at once: give fixed ones (--warn)"
        )
    indicators = {indicator.id: indicator for indicator in house.pack.indicators}
    tried = Tried(rule=rule, indicator=indicators.get(rule.indicator or ""))
    asked = Span(
        since=span[0],
        until=span[1],
        acked_after=wanted.ack_after,
        is_corrected=wanted.known == "now",
    )
    with asking(house.url, kept, house.data, span=span, name="backtest") as engine:
        found = play(tried, _places(rule, house), asked, engine)
    if not found:
        raise AnalyticsError(f"no reading of {rule.indicator} in that span")
    past = {some.scope: past_of(kept, some) for some in found}
    load = load_of(found, start=span[0], end=span[1])
    if wanted.json:
        plain = told.plainly(rule, changed, found, past=past, load=load)
        house.say(json.dumps(plain, ensure_ascii=False))
        return
    for line in told.played(rule, found, past=past, load=load):
        house.say(line)


def _places(rule: Rule, house: House) -> list[str]:
    if rule.scope == "city":
        return [CITY]
    return list(rule.districts) or [district.id for district in house.scope.districts]


def _states(pack: Pack) -> dict[str, FeedState]:
    """Return the feeds as a past hour may know them: their cadence, not their present age."""
    return {
        feed.id: FeedState(
            id=feed.id,
            kind=feed.kind,
            name=feed.name,
            gives=feed.gives,
            state=Quality.GOOD,
            due_every=feed.every,
            latency=feed.latency,
        )
        for feed in pack.feeds
    }
