"""A rule played over recorded readings, place by place."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import Any

import numpy as np
import pyarrow as pa

from alerts import applied, is_moving
from alerts.backtest import Backtest, backtest
from alerts.course import NEVER, QUALITIES, SIDES, Course
from alerts.verdict import Detection, detection
from analytics.engines import Engine
from analytics.questions import fill, texts
from history import History
from history.schemas import READINGS
from metrics.levels import Limits, limits
from model import CITY, Indicator, Reading, Rule, Usual
from model.plain import entity, plain

_ANY = datetime(1970, 1, 1, tzinfo=UTC)
NAMES = [quality.value for quality in QUALITIES]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """When, as told at which time, and how soon somebody acknowledges (``None``: nobody does)."""

    since: datetime
    until: datetime
    acked_after: timedelta | None
    is_corrected: bool = False  # the readings as they stand now, not as the room saw them


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A rule, and the indicator whose thresholds it follows where its limits move."""

    rule: Rule
    indicator: Indicator | None = None


def play(tried: Tried, places: Sequence[str], span: Span, engine: Engine) -> list[Backtest]:
    """Return the back-test of every place that has readings, by name of the place.

    Limits that move come from what each reading said was usual. Readings before the first that
    said so are not judged; between two of them the last limits hold, as they do in the house.
    """
    rule = tried.rule
    sql = fill(
        "course",
        readings=engine.relation(READINGS, span.since, span.until),
        order="desc" if span.is_corrected else "asc",
        districts=texts(places),
    )
    values = {"indicator": rule.indicator or "", "since": span.since, "until": span.until}
    told = engine.by_group(partial(played, tried, span), "district", sql, values)
    found = [entity(Backtest, json.loads(text)) for text in told]
    return sorted(found, key=lambda some: some.scope)


def played(tried: Tried, span: Span, rows: pa.Table) -> str:
    """Play the rule over the readings of one place; the answer is JSON, to travel anywhere."""
    ordered = rows.sort_by("at")
    course = course_of(ordered)
    if is_moving(tried.rule) and tried.indicator is not None:
        course = _limited(course, tried.rule, limits_by_row(tried.indicator, ordered))
    found = backtest(
        tried.rule,
        course,
        scope=rows["district"][0].as_py(),
        end=span.until,
        acked_after=span.acked_after,
    )
    return json.dumps(plain(found))


def course_of(rows: pa.Table) -> Course:
    """Return readings in the order of time as a course."""
    codes = {name: code for code, name in enumerate(NAMES)}
    kinds = rows["quality"].combine_chunks().dictionary_encode()
    place = np.array([codes[name] for name in kinds.dictionary.to_pylist()], np.int8)
    return Course(
        at=_micros(rows["at"]),
        value=rows["value"].to_numpy().astype(np.float64),
        quality=place[kinds.indices.to_numpy()],
        observed_at=_micros(rows["observed_at"]),
    )


def limits_by_row(indicator: Indicator, rows: pa.Table) -> list[Limits | None]:
    """Return the limits that hold for each reading, by what it said was usual."""
    names = ("centre", "low", "high", "spread", "weeks")
    usuals = zip(*(rows[f"usual_{name}"].to_pylist() for name in names), strict=True)

    @cache
    def told(usual: tuple[Any, ...]) -> Limits | None:
        blank = Reading(indicator=indicator.id, district=CITY, at=_ANY, value=None)
        known = None not in usual
        return limits(
            indicator,
            replace(blank, usual=Usual(**dict(zip(names, usual, strict=True))) if known else None),
        )

    return [told(usual) for usual in usuals]


def _limited(course: Course, rule: Rule, by_row: Sequence[Limits | None]) -> Course:
    """Return the course from where limits are known, with those of each sample."""
    rows, last = [], None
    for found in by_row:
        last = found if applied(rule, found) is not None else last
        rows.append([_number(last, side) for side in SIDES])
    kept = np.array(rows, np.float64).reshape(-1, len(SIDES))
    first = next((place for place, row in enumerate(kept) if not np.isnan(row).all()), len(kept))
    return Course(
        at=course.at[first:],
        value=course.value[first:],
        quality=course.quality[first:],
        observed_at=course.observed_at[first:],
        limits=kept[first:],
    )


def _number(found: Limits | None, side: str) -> float:
    value = getattr(found, side, None)
    return np.nan if value is None else float(value)


def past_of(history: History, found: Backtest) -> Detection:
    """Compare a back-test with what the room itself recorded of the rule in that place."""
    key = f"{found.rule}:{found.scope}"
    spans: dict[str, list[datetime | None]] = {}
    for line in history.alert_events(key=key):
        if line.occurrence is None or line.outcome != "applied":
            continue
        if line.occurrence not in spans:
            spans[line.occurrence] = [line.at, None]
        elif line.kind == "T_OFF":
            spans[line.occurrence][1] = line.at
        elif line.from_state is not line.to_state and line.to_state == "NORM":
            spans[line.occurrence][1] = spans[line.occurrence][1] or line.at
    past = [
        (since, until)
        for since, until in spans.values()
        if since is not None and since >= found.start and since <= found.end
    ]
    return detection(found.occurrences, past)


def _micros(column: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return instants as microseconds since 1970; ``NEVER`` where there is none."""
    whole = column.cast(pa.timestamp("us")).to_numpy().astype("datetime64[us]").astype(np.int64)
    return np.where(np.isnat(whole.view("datetime64[us]")), NEVER, whole)
