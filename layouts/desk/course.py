"""The recent course of a reading, asked from the history, and drawn."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from figures.theme import Figure
from figures.trend import Corrected, Fan, Level, trend
from layouts import words
from layouts.desk import values
from layouts.view import View
from model import CITY, Alert, Indicator, Quality, Reading, Snapshot

DAY, WEEK, MONTH, SEASON, YEAR = "24h", "7d", "35d", "63d", "1y"
NEAR = 0.6  # a line farther from the data than this share of their range is not drawn
ROOM = 0.08  # of the range, free above and below
SPANS: Mapping[str, tuple[timedelta, timedelta]] = {  # how far back, and one point per
    DAY: (timedelta(hours=24), timedelta(minutes=15)),
    WEEK: (timedelta(days=7), timedelta(hours=1)),
    MONTH: (timedelta(days=35), timedelta(hours=6)),
    SEASON: (timedelta(days=63), timedelta(hours=12)),
    YEAR: (timedelta(days=365), timedelta(days=1)),
}
LIVE = (DAY, WEEK)  # spans whose figure is drawn anew while the page is open
SAID = {DAY: "24 h", WEEK: "7 d", MONTH: "35 d", SEASON: "63 d", YEAR: "1 year"}
TICKS = {DAY: "%H:%M", YEAR: "%Y-%m"}


@dataclass(frozen=True, slots=True)
class Course:
    """Values by time, oldest first; ``None`` is a gap. Not ``is_known``: the history is silent."""

    times: tuple[datetime, ...] = ()
    values: tuple[float | None, ...] = ()
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()
    is_known: bool = True
    corrections: tuple[Mapping[str, Any], ...] = ()  # what was told anew, newest first
    ahead: tuple[Mapping[str, Any], ...] = ()  # what the next hours should bring
    error: Mapping[str, Any] | None = None  # how wrong such forecasts were


def ask(
    history: Callable[..., Sequence[Any]],
    indicator: Indicator,
    district: str,
    *,
    now: datetime,
    span: str = DAY,
) -> Course:
    """Return the course that the history holds; a step without a sound value is a gap."""
    back, step = SPANS[span]
    step = max(step, indicator.cadence)
    end = datetime.fromtimestamp(
        (now.timestamp() // step.total_seconds() + 1) * step.total_seconds(), now.tzinfo
    )
    start = end - step * max(1, back // step)
    try:
        rows = history(indicator.id, district=district, start=start, end=end, resolution=step)
    except Exception:  # noqa: BLE001 - a chart that cannot be drawn must not cost the page
        return Course(is_known=False)
    by_time = {row["at"]: row for row in rows}
    times = tuple(start + step * n for n in range(round((end - start) / step)))
    found = [by_time.get(at, {}) for at in times]
    return Course(
        times=times,
        values=tuple(_sound(row) for row in found),
        low=tuple(row.get("usual_low") for row in found),
        high=tuple(row.get("usual_high") for row in found),
    )


def _sound(row: Mapping[str, Any]) -> float | None:
    quality = Quality(row.get("quality") or Quality.NODATA)
    value = row.get("value")
    return None if quality.is_frozen or value is None else float(value)


def of(
    snapshot: Snapshot, indicator: str, district: str = CITY, *, span: str | None = None
) -> Course | None:
    """Return the course that the snapshot carries with its usual band, if it reaches as far back.

    ``None`` as ``span`` takes it however far it reaches.
    """
    found = snapshot.trend(indicator, district)
    if found is None or not any(value is not None for value in found.values):
        return None
    reaches = found.times[-1] - found.times[0]
    if span is not None and not 0.9 < reaches / SPANS[span][0] <= 1.0:  # noqa: PLR2004 - a step may lack
        return None
    return Course(found.times, found.values, found.low, found.high)


def ended(course: Course, reading: Reading | None) -> Course:
    """Return the course with the newest reading as its last point."""
    if reading is None or reading.value is None or reading.quality.is_frozen or not course.times:
        return course
    kept = (*course.values[:-1], reading.value)
    low, high = course.low, course.high
    if reading.usual and low and high:
        low, high = (*low[:-1], reading.usual.low), (*high[:-1], reading.usual.high)
    return replace(course, values=kept, low=low, high=high)


def spoken(course: Course, indicator: Indicator, view: View) -> str:
    """Return a course in words: from where to where, and what lacks."""
    t = view.t
    known = [value for value in course.values if value is not None]
    if not known:
        return ""
    low, high = (values.figure(value, indicator, view) for value in (min(known), max(known)))
    parts = [t("between {low} and {high}", low=low, high=high)]
    gaps = len(course.values) - len(known)
    if gaps:
        share = t.quantity(100 * gaps / len(course.values), "%")
        parts.append(t("{share} of the steps unknown", share=share))
    many = len({row["at"] for row in course.corrections})
    if many:
        parts.append(t.plural("{n} corrected (◇)", "{n} corrected (◇)", many))
    if course.ahead and course.error and course.error.get("mase") is not None:
        mase = t.number(course.error["mase"], 2)
        parts.append(t("dotted: expected, nine in ten in the fan"))
        parts.append(t("errors {mase} times those of last week’s value", mase=mase))
    return "; ".join(parts)


def draw(  # noqa: PLR0913 - what the figure is about and how it is shown
    course: Course,
    indicator: Indicator,
    view: View,
    *,
    theme: str,
    alert: Alert | None = None,
    tone: str = "",
    span: str = DAY,
) -> Figure:
    """Return the figure of a course with the limits of its alarm, or of its indicator."""
    zone = ZoneInfo(view.city.timezone)
    times = [at.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S") for at in course.times]
    levels = _levels(indicator, alert, tone, view)
    marks = _corrected(course, indicator, view, zone)
    fan = _fan(course, view, zone)
    drawn = [*course.values, *course.low, *course.high, *(mark.value for mark in marks)]
    drawn += [*fan.low, *fan.high]
    bottom, top = reach(drawn, levels)
    figure = trend(
        times,
        course.values,
        course.low,
        course.high,
        theme=theme,
        name=words.short_name(indicator, view),
        unit=values.unit(indicator, view),
        decimals=indicator.decimals,
        usual=view.t("usual"),
        levels=[level for level in levels if bottom <= level.value <= top],
        tone=tone,
        is_week=span != DAY,
        point=view.t.point,
        corrected=marks,
        fan=fan,
    )
    figure["layout"]["uirevision"] = f"{indicator.id} {span}"
    figure["layout"]["yaxis"] = {"range": [bottom, top], "nticks": 5}
    figure["layout"]["xaxis"] |= {
        "range": _ends(course, zone),
        "tickformat": TICKS.get(span, "%m-%d"),
        "hoverformat": "%Y-%m-%d %H:%M",
        "nticks": 8,
    }
    return figure


def _fan(course: Course, view: View, zone: ZoneInfo) -> Fan:
    """Return the forecast as it is drawn."""
    times = [datetime.fromisoformat(row["at"]).astimezone(zone) for row in course.ahead]
    centre, low, high = (
        tuple(row[name] for row in course.ahead) for name in ("centre", "low", "high")
    )
    wall = tuple(at.strftime("%Y-%m-%dT%H:%M:%S") for at in times)
    return Fan(wall, centre, low, high, view.t("expected"))


def _corrected(course: Course, indicator: Indicator, view: View, zone: ZoneInfo) -> list[Corrected]:
    """Return the marks of values that were corrected; the newest correction of each speaks."""
    found: dict[datetime, Corrected] = {}
    for row in course.corrections:
        if row["value"] is None or not course.times or row["at"] < course.times[0]:
            continue
        old = values.figure(row["old_value"], indicator, view) or view.t("unknown")
        text = view.t("before the correction: {value}", value=old)
        at = row["at"].astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")
        found.setdefault(row["at"], Corrected(at, row["value"], text))
    return list(found.values())


def _ends(course: Course, zone: ZoneInfo) -> list[str] | None:
    """Return the ends of the axis, with room for the last point."""
    if not course.times:
        return None
    first, last = course.times[0], course.times[-1]
    if course.ahead:
        last = max(last, datetime.fromisoformat(course.ahead[-1]["at"]))
    ends = (first, last + (last - first) / 60)
    return [at.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S") for at in ends]


def reach(values: Sequence[float | None], levels: Sequence[Level]) -> tuple[float, float]:
    """Return the range to draw: all values, and the lines that lie near them.

    >>> reach([], [])
    (0.0, 1.0)

    """
    known = [value for value in values if value is not None]
    if not known:
        return 0.0, 1.0
    bottom, top = min(known), max(known)
    near = NEAR * ((top - bottom) or abs(top) or 1.0)
    for level in levels:
        if bottom - near <= level.value <= top + near:
            bottom, top = min(bottom, level.value), max(top, level.value)
    room = ROOM * ((top - bottom) or abs(top) or 1.0)
    return (0.0 if bottom >= 0 > bottom - room else bottom - room), top + room


def _levels(indicator: Indicator, alert: Alert | None, tone: str, view: View) -> list[Level]:
    t, found = view.t, []
    if alert is not None and alert.limit is not None:
        text = t("limit {limit}", limit=words.limit(alert, indicator, view))
        found.append(Level(alert.limit, text, tone))
    else:
        limit = indicator.threshold
        named: list[tuple[str, float | None]] = []
        if limit.kind == "value":
            named = [("warning {limit}", limit.warn), ("critical {limit}", limit.crit)]
        elif limit.kind == "band":
            named = [("warning {limit}", limit.low), ("warning {limit}", limit.high)]
        found += [
            Level(value, t(word, limit=values.number(value, view)))
            for word, value in named
            if value is not None
        ]
    if indicator.target is not None:
        text = t("target {value}", value=values.number(indicator.target, view))
        found.append(Level(indicator.target, text, "target"))
    return found
