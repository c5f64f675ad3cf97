"""Values to the few words beside them: amounts, limits, usual ranges, targets, deviations."""

from datetime import datetime, timedelta

from layouts.view import View
from metrics.baseline import word
from model import Alert, Indicator, Quality, Reading, Snapshot, Usual

QUIET_UNITS = frozenset({"", "ratio", "index"})  # a number without a unit says as much
PER_RESIDENTS = "per 100 000"  # a plain count where no district's population is known
FULL_WEEKS = 6  # a usual that rests on fewer says so

SIGNS = {"high": "≥", "low": "≤"}
BETTER = {"lower": "≤", "higher": "≥"}


def verdict(reading: Reading | None) -> str:
    """Return the message that says how far from usual a value is."""
    if reading is None or (reading.z is None and reading.usual is None):
        return "no usual yet"
    return word(reading.z)


def short_name(indicator: Indicator, view: View) -> str:
    """Return an indicator's short name; where it ends in a window, with the city's own."""
    text = view.t(indicator.short)
    head, _, tail = text.rpartition(", ")
    if head and indicator.is_counted and any(letter.isdigit() for letter in tail):
        return f"{head}, {view.t.every(indicator.window)}"
    return text


def brief_name(indicator: Indicator, view: View) -> str:
    """Return an indicator's short name up to its first comma: ``River``, where space is scarce."""
    return view.t(indicator.short).partition(",")[0]


def decimals(indicator: Indicator, view: View) -> int:
    """Return how many decimals a number has; a plain count has none."""
    is_count = indicator.unit == PER_RESIDENTS and not view.has_residents
    return 0 if is_count else indicator.decimals


def value(reading: Reading | None, indicator: Indicator, view: View) -> str:
    """Return the number alone; uncertain ones are rounded and marked, small cells are not shown."""
    if reading is None or reading.value is None:
        return "<5" if reading and reading.suppressed else ""
    if reading.quality is Quality.UNCERTAIN:
        return "~" + view.t.compact(reading.value, max(0, decimals(indicator, view) - 1))
    return view.t.compact(reading.value, decimals(indicator, view))


def unit(reading: Reading | None, indicator: Indicator, view: View) -> str:
    """Return the unit; nothing beside a number that is not shown, or where it says nothing."""
    is_shown = reading is not None and reading.value is not None
    return unit_word(indicator, view) if is_shown else ""


def unit_word(indicator: Indicator, view: View) -> str:
    """Return an indicator's unit in words that do not break inside a number; "" for none."""
    if indicator.unit in QUIET_UNITS:
        return ""
    if indicator.unit == PER_RESIDENTS and not view.has_residents:
        return view.t("requests")
    return view.t(indicator.unit).replace("0 0", "0\u202f0")


def amount(reading: Reading | None, indicator: Indicator, view: View) -> str:
    """Return number and unit; nothing where the value is unknown."""
    text, word = value(reading, indicator, view), unit(reading, indicator, view)
    return f"{text}\xa0{word}" if text and word else text


def usual(known: Usual | None, indicator: Indicator, view: View) -> tuple[str, str]:
    """Return label and range of what is usual; few weeks are said, none as well."""
    if known is None:
        return view.t("no usual yet"), ""
    label = view.t("usual on days off") if known.basis else view.t("usual")
    if known.weeks < FULL_WEEKS:
        label = view.t.plural("usual of {n} week", "usual of {n} weeks", known.weeks)
    return label, usual_range(known, indicator, view)


def usual_range(known: Usual | None, indicator: Indicator, view: View) -> str:
    """Return the range alone, without digits that a wall cannot use."""
    if known is None:
        return ""
    places = decimals(indicator, view) if known.high - known.low < 10 else 0  # noqa: PLR2004 - two digits say enough
    return view.t.span(known.low, known.high, places)


def target(indicator: Indicator, view: View) -> tuple[str, str]:
    """Return label and target; nothing where the city set none."""
    if indicator.target is None:
        return "", ""
    sign = BETTER.get(indicator.direction)
    number = view.t.brief(indicator.target, max(indicator.decimals, 2))
    return view.t("target"), f"{sign}\xa0{number}" if sign else number


def limit(alert: Alert, indicator: Indicator | None, view: View) -> str:
    """Return the limit that an alarm's value met; a value at the limit breaches."""
    if alert.limit is None:
        return ""
    sign = SIGNS.get(alert.direction)
    if sign is None and alert.value is not None:
        sign = "≥" if alert.value >= alert.limit else "≤"
    number = view.t.brief(alert.limit, max(indicator.decimals if indicator else 2, 2))
    return f"{sign or '≥'}\xa0{number}"


def alarm_value(alert: Alert, indicator: Indicator | None, view: View) -> str:
    """Return an alarm's value with its unit; that of a feed is the age of its data."""
    if alert.feed and alert.value is not None:
        return view.t("{length} old", length=view.t.duration(alert.value))
    if alert.value is None:
        return ""
    if indicator is None:
        return view.t.brief(alert.value, 2)
    text = view.t.short(alert.value, decimals(indicator, view))
    unit_text = unit_word(indicator, view)
    return f"{text}\xa0{unit_text}" if unit_text else text


def every(reading: Reading | None, indicator: Indicator, snapshot: Snapshot) -> timedelta:
    """Return how often new facts are due: the slowest feed's cadence, else the indicator's."""
    feeds = set(reading.feeds) if reading else set()
    due = [feed.due_every for feed in snapshot.feeds if feed.id in feeds]
    return max(due, default=indicator.cadence)


def since(at: datetime | None, view: View, *, now: datetime) -> str:
    """Return the sentence for a value that is gone: since when there is none."""
    if at is None:
        return view.t("nothing yet")
    return view.t("nothing since {clock}", clock=view.t.moment(at, view.city.timezone, now=now))
