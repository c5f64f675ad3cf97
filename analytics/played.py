"""A rule played over recorded readings, place by place."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import numpy as np
import pyarrow as pa

from alerts.backtest import Backtest, backtest
from alerts.course import NEVER, QUALITIES, Course
from alerts.verdict import Detection, detection
from analytics.engines import Engine
from analytics.questions import fill, texts
from history import History
from history.schemas import READINGS
from model import Rule
from model.plain import entity, plain

NAMES = [quality.value for quality in QUALITIES]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """When, as told at which time, and how soon somebody acknowledges (``None``: nobody does)."""

    since: datetime
    until: datetime
    acked_after: timedelta | None
    is_corrected: bool = False  # the readings as they stand now, not as the room saw them


def play(rule: Rule, places: Sequence[str], span: Span, engine: Engine) -> list[Backtest]:
    """Return the back-test of every place that has readings, by name of the place."""
    sql = fill(
        "course",
        readings=engine.relation(READINGS, span.since, span.until),
        order="desc" if span.is_corrected else "asc",
        districts=texts(places),
    )
    values = {"indicator": rule.indicator or "", "since": span.since, "until": span.until}
    told = engine.by_group(partial(played, rule, span), "district", sql, values)
    found = [entity(Backtest, json.loads(text)) for text in told]
    return sorted(found, key=lambda some: some.scope)


def played(rule: Rule, span: Span, rows: pa.Table) -> str:
    """Play the rule over the readings of one place; the answer is JSON, to travel anywhere."""
    found = backtest(
        rule,
        course_of(rows.sort_by("at")),
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
