"""The districts on an indicator's page, by name: value, counts, quality, a fair word on each."""

from layouts import states, words
from layouts.component import Props
from layouts.desk import compare, facts, values
from layouts.desk.indicatorpanel import SCOPE, key, places
from layouts.ids import part, slot
from layouts.parts import deviation_look
from layouts.view import View
from metrics.comparing import Comparison
from model import Indicator, Reading, Snapshot


def props(indicator: Indicator, snapshot: Snapshot, fair: Comparison, view: View) -> Props:
    """Return every value of the table."""
    readings = snapshot.by_district(indicator.id)
    alarms = {
        a.district: states.look(a)
        for a in reversed(states.ranked(snapshot.alerts))
        if a.indicator == indicator.id
    }
    found: Props = {}
    told: list[bool] = []
    for n, district in enumerate(places(view)):
        name, reading = slot("dis", n), readings.get(district)
        seen = alarms.get(district)
        tone = seen.tone if seen and seen.is_active else ""
        is_told = reading is not None and (reading.suppressed or reading.value is not None)
        told.append(is_told)
        found |= _cells(name, reading, indicator, view)
        found[key(f"{name}-value")] = {
            "children": _value(reading, indicator, view),
            "className": "" if is_told else "bz-na",
        }
        found[key(f"{name}-fair")] = {"children": compare.said(fair, district, view)}
        found[part(SCOPE, name, "dev")] = deviation_look(
            reading.z if reading else None, tone, view.t
        )
    found[key("districts-sub")] = {"children": _sub(readings, told, view)}
    return found


def _cells(name: str, reading: Reading | None, indicator: Indicator, view: View) -> Props:
    """Return the counts, the quality and the usual; nothing of what is hidden or unknown."""
    is_open = reading is not None and not reading.suppressed
    counts = {
        which: view.t.brief(getattr(reading, which), 1)
        if is_open and getattr(reading, which) is not None
        else ""
        for which in ("num", "den", "n")
    }
    usual = reading.usual if reading else None
    quality = facts.quality(reading, view)
    short = view.t(values.QUALITY_WORDS[reading.quality]) if reading else view.t("no data")
    return {
        **{key(f"{name}-{which}"): {"children": text} for which, text in counts.items()},
        key(f"{name}-data"): {"children": short, "title": quality},
        key(f"{name}-usual"): {"children": words.usual_range(usual, indicator, view)},
    }


def _value(reading: Reading | None, indicator: Indicator, view: View) -> str:
    """Return a district's value without the unit, which stands in the head of the column."""
    is_plain = reading is not None and not reading.suppressed
    return (words.value(reading, indicator, view) if is_plain else "") or values.amount(
        reading, indicator, view
    )


def _sub(readings: dict[str, Reading], told: list[bool], view: View) -> str:
    """Return how many are known and how many are hidden; the order is that of names."""
    t, total = view.t, len(view.districts)
    if not total:
        return ""
    parts = [t("{n} of {of} known", n=sum(told), of=total)]
    hidden = sum(reading.suppressed for reading in readings.values())
    if hidden:
        parts.append(t.plural("{n} hidden: fewer than 5", "{n} hidden: fewer than 5", hidden))
    return ", ".join([*parts, t("by name, never by rank")])
