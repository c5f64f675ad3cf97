"""Numbers as desks say them: more room than a wall, so words where a wall has signs."""

import re
from datetime import datetime

from layouts import states, words
from layouts.view import View
from metrics.baseline import word
from model import CITY, Alert, Indicator, Quality, Reading, Snapshot

REACH = 2.0  # robust sd beyond which a value is not as usual

QUALITY_WORDS = {
    Quality.GOOD: "good",
    Quality.UNCERTAIN: "uncertain",
    Quality.LATE: "late",
    Quality.STALE: "stale",
    Quality.NODATA: "no data",
    Quality.BAD: "not believed",
}


UNSAID = frozenset({"ratio", "index"})  # units that say nothing beside a number


def amount(reading: Reading | None, indicator: Indicator, view: View) -> str:
    """Return value and unit, or in words why there is none."""
    if reading is not None and reading.suppressed:
        return view.t("fewer than 5")
    text, word = words.value(reading, indicator, view), unit(indicator, view)
    return f"{text}\xa0{word}".rstrip() if text else view.t("unknown")


def unit(indicator: Indicator, view: View) -> str:
    """Return the unit as it stands beside a number; empty where a number needs none."""
    if not indicator.unit or indicator.unit in UNSAID:
        return ""
    return words.unit_word(indicator, view)


def number(value: float | None, view: View, decimals: int = 2) -> str:
    """Return a bare number, or the word for a missing one."""
    return view.t("unknown") if value is None else view.t.brief(value, decimals)


def figure(value: float | None, indicator: Indicator | None, view: View) -> str:
    """Return a value of an indicator with its unit; empty where there is none."""
    if value is None:
        return ""
    if indicator is None:
        return view.t.brief(value, 2)
    text = view.t.short(value, words.decimals(indicator, view))
    return f"{text}\xa0{unit(indicator, view)}".rstrip()


def verdict(reading: Reading | None, view: View) -> str:
    """Return in words how far from usual a reading is."""
    if reading is None:
        return ""
    if reading.suppressed:
        return view.t("fewer than 5: not compared")
    if reading.quality.is_frozen or reading.value is None:
        return view.t("unknown now")
    return view.t("no usual yet") if reading.usual is None else view.t(word(reading.z))


def is_unusual(reading: Reading | None) -> bool:
    """Whether a reading is beyond two robust sd, and known now."""
    return (
        reading is not None
        and reading.z is not None
        and abs(reading.z) >= REACH
        and reading.value is not None
        and not reading.quality.is_frozen
    )


def look(reading: Reading | None) -> str:
    """Return the class of a reading's quality; what is missing is no data."""
    if reading is None:
        return "is-nodata"
    if reading.value is None and not reading.suppressed and reading.quality is not Quality.BAD:
        return "is-nodata"
    return states.quality_class(reading.quality)


def place(alert: Alert, view: View) -> str:
    """Return the full name of where an alarm is; a feed's alarm is at its feed."""
    if alert.feed is not None:
        return view.t("Feed")
    return district(alert.district, view)


def district(key: str, view: View) -> str:
    """Return the full name of a district."""
    known = view.districts.get(key)
    return view.t("City") if key == CITY else known.name if known else key


def subject(alert: Alert, view: View, *, is_short: bool = False) -> str:
    """Return what an alarm is about: its indicator's name, its feed's, else its rule's title."""
    indicator = view.indicators.get(alert.indicator or "")
    if indicator is not None:
        return view.t(indicator.short if is_short else indicator.title)
    feed = view.feeds.get(alert.feed or "")
    return (feed.name or feed.id) if feed else view.t(alert.title)


def reason(text: str | None, view: View) -> str:
    """Return why something is as it is, each part in the reader's language where it is known.

    Reasons come from the pure rooms as English sentences with numbers in them; a translation has
    places (``{a}``, ``{b}``) where the numbers stand.
    """
    return "; ".join(_said(part, view) for part in (text or "").split("; ") if part)


def _said(text: str, view: View) -> str:
    numbers = _NUMBER.findall(text)
    names = iter(_PLACES)
    pattern = _NUMBER.sub(lambda found: "{" + next(names, found.group()) + "}", text)
    if text in view.t.messages.plain or pattern not in view.t.messages.plain:
        return view.t(text)
    return view.t(pattern, **dict(zip(_PLACES, numbers, strict=False)))


_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_PLACES = ("a", "b", "c", "d")


def moment(at: datetime | None, view: View, snapshot: Snapshot, *, seconds: bool = False) -> str:
    """Return the clock of an instant today, the date and clock of an older one."""
    if at is None:
        return view.t("never")
    zone = view.city.timezone
    if view.t.date(at, zone) == view.t.date(snapshot.published_at, zone):
        return view.t.clock(at, zone, seconds=seconds)
    return stamp(at, view, seconds=seconds)


def stamp(at: datetime | None, view: View, *, seconds: bool = False) -> str:
    """Return date and clock in city time."""
    if at is None:
        return view.t("never")
    zone = view.city.timezone
    return f"{view.t.date(at, zone)}, {view.t.clock(at, zone, seconds=seconds)}"
