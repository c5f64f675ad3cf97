"""What stands on an indicator's page for one place: words and numbers, ready to be shown."""

from collections.abc import Sequence

from cities import is_served
from layouts import words
from layouts.desk import values
from layouts.view import View
from metrics.airtables import newest
from model import Indicator, Reading, Snapshot, Threshold

Pairs = list[tuple[str, str]]
FORMULAS = {
    "proportion": "numerator ÷ denominator",
    "rate": "numerator ÷ denominator",
    "expected": "numerator ÷ denominator, against its own past",
    "p90": "90th percentile of all cases, pooled",
    "p50": "median of all cases, pooled",
}


def usual(reading: Reading | None, indicator: Indicator, view: View) -> str:
    """Return the usual range with the weeks behind it."""
    known = reading.usual if reading else None
    if known is None:
        return view.t("not known yet")
    span = words.usual_range(known, indicator, view)
    weeks = view.t.plural("from {n} week", "from {n} weeks", known.weeks)
    if known.weeks < words.FULL_WEEKS:
        weeks = view.t("only {weeks}", weeks=weeks)
    return f"{span} ({weeks})"


def counted(reading: Reading | None, name: str, view: View) -> str:
    """Return numerator, denominator or n; small cells are never told."""
    if reading is not None and reading.suppressed:
        return view.t("fewer than 5")
    value = getattr(reading, name) if reading else None
    return values.number(value, view)


def window(reading: Reading | None, indicator: Indicator, view: View) -> str:
    """Return how far back a reading looks, and until when."""
    length = view.t.every(indicator.window)
    if reading is None:
        return length
    clock = view.t.clock(reading.at, view.city.timezone, seconds=True)
    return view.t("{length} to {clock}", length=length, clock=clock)


def coverage(reading: Reading | None, view: View) -> str:
    """Return how much of what should report did."""
    if reading is None or reading.coverage is None:
        return view.t("not stated")
    return view.t.quantity(reading.coverage * 100, "%")


def quality(reading: Reading | None, view: View) -> str:
    """Return the quality, and why it is not good."""
    if reading is None:
        return view.t("no data")
    word = view.t(values.QUALITY_WORDS[reading.quality])
    why = values.reason(reading.reason, view)
    return view.t("{word}: {why}", word=word, why=why) if why else word


def definition(indicator: Indicator, view: View) -> Pairs:
    """Return how the figure is made, as label and text."""
    t = view.t
    pairs = [
        *formula(indicator, view),
        (t("Numerator"), t(indicator.numerator)),
        (t("Denominator"), t(indicator.denominator)),
        (t("Over time"), t(indicator.time_aggregation)),
        (t("Over districts"), t(indicator.district_aggregation)),
        (t("Window"), t.every(indicator.window)),
        (t("Measured every"), t.every(indicator.cadence)),
        (t("Smallest n"), t.number(indicator.min_n)),
    ]
    if indicator.is_counted:
        pairs.append((t("Small cells"), t("fewer than 5 are not shown")))
    table = newest(indicator.option("table", ""))
    if table is not None:
        at = f"{table.effective:%Y-%m}"
        pairs.append((t("Table"), t("{title}, in force since {at}", title=table.title, at=at)))
    return pairs


def formula(indicator: Indicator, view: View) -> Pairs:
    """Return how numerator and denominator make the value, where they do."""
    t = view.t
    message = FORMULAS.get(indicator.statistic)
    if message is None:
        return []
    unit = values.unit(indicator, view)
    return [(t("Formula"), f"{t(message)}, {unit}" if unit else t(message))]


def papers(indicator: Indicator, view: View) -> Pairs:
    """Return limits, target, owner and where the definition comes from."""
    t = view.t
    better = {"lower": "lower", "higher": "higher", "band": "inside the range"}
    pairs = [
        (t("Better"), t(better.get(indicator.direction, indicator.direction))),
        (t("Limits"), limits(indicator.threshold, indicator, view)),
        (t("Target"), words.target(indicator, view)[1] or t("none set")),
        *([(t("Ordinarily"), view.t.span(*indicator.normal, 2))] if indicator.normal else []),
        (t("Owner"), indicator.owner or t("not stated")),
        (t("Source"), t(indicator.source)),
    ]
    if indicator.standard:
        pairs.append((t("Standard"), indicator.standard))
    return pairs


def limits(limit: Threshold, indicator: Indicator, view: View) -> str:
    """Return when the figure worries, in words."""
    t = view.t
    if limit.kind == "band":
        return t.listing(
            [
                *_outside("warning outside {low} to {high}", limit.low, limit.high, view),
                *_outside(
                    "critical outside {low} to {high}", limit.crit_low, limit.crit_high, view
                ),
            ]
        ) or t("none set")
    if limit.kind == "funnel":
        return t("warning outside the 95 % limits of its own n, critical outside the 99.8 % limits")
    units = {
        "usual_ratio": t("times the usual"),
        "z": t("robust sd"),
        "plan": t("% of the plan"),
    }
    unit = units.get(limit.kind, values.unit(indicator, view))
    found = []
    for word, value in (("warning at {limit}", limit.warn), ("critical at {limit}", limit.crit)):
        if value is not None:
            found.append(t(word, limit=f"{values.number(value, view)}\xa0{unit}".strip()))
    return t.listing(found) or t("none set")


def _outside(message: str, low: float | None, high: float | None, view: View) -> Sequence[str]:
    if low is None and high is None:
        return []
    dots = "…"
    first = values.number(low, view) if low is not None else dots
    last = values.number(high, view) if high is not None else dots
    return [view.t(message, low=first, high=last)]


def feeds(
    reading: Reading | None, snapshot: Snapshot | None, indicator: Indicator, view: View
) -> list[str]:
    """Return the feeds behind a reading; else those that carried it, else those that could."""
    if snapshot is None:
        return []
    if reading is not None and reading.feeds:
        return list(reading.feeds)
    carried = [feed.id for feed in snapshot.feeds if indicator.id in feed.indicators]
    return carried or view.remembered(f"served {indicator.id}", 0, lambda: _able(indicator, view))


def _able(indicator: Indicator, view: View) -> list[str]:
    return [feed.id for feed in view.feeds.values() if is_served(indicator, [feed])]
