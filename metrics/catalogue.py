"""The catalogue as a page for readers: ``docs/indicators.md``."""

from collections.abc import Iterable
from datetime import timedelta

from metrics.airtables import TABLES
from model import Indicator, Threshold

_HEAD = """# Indicators

Written by `python -m metrics` from the catalogue in `metrics/`; a test holds it current.
A city pack switches indicators on under `[[indicators]]` and may set its own thresholds, target,
owner, weight and options.

Every reading carries numerator, denominator, n, quality, coverage, the newest fact behind it and,
where it is doubtful, a reason. What is unknown has no value; it is never zero.

| quality of a reading | when |
|---|---|
| GOOD | on time, at least 90 % of the expected reports, n large enough |
| UNCERTAIN | 50–90 % of the expected reports, n too small, a short record, doubtful values |
| LATE, STALE, NODATA | older than 1.5, 3, 10 cadences of its feed; if daily: 2 h, 1, 3 d overdue |
| BAD | under 50 % of the expected reports, or a time in the future |

Impossible values, values that their source calls bad and sensors that repeat one value for more
than ten cadences are left out, and the reading says how many. A site is expected while it has
reported in the last 7 days.

Figures about people's requests are hidden where they rest on fewer than 5 cases, and with them as
many neighbours as it takes to keep the hidden ones hidden.
"""


_BETTER = {"lower": "lower", "higher": "higher", "band": "inside the range"}
_COLUMNS = "| id | title | unit | better | measured every | warn / crit | target |"
_STATISTICS = {
    "proportion": "a share of cases; districts are compared by funnel",
    "rate": "a count per exposure; districts are compared by funnel",
    "expected": "a count against what its own past leads to expect",
    "p90": "a 90th percentile: shown from 30 cases, judged from 50",
    "p50": "a median: shown from 10 cases, judged from 20",
    "sentiment": "net tone: shown from 50 posts, judged from 100",
}


def document(indicators: Iterable[Indicator]) -> str:
    """Return the whole page as Markdown."""
    some = list(indicators)
    domains = list(dict.fromkeys(indicator.domain for indicator in some))
    lines = [_HEAD]
    for domain in domains:
        mine = [indicator for indicator in some if indicator.domain == domain]
        lines += [f"**{domain.capitalize()}**", "", _COLUMNS, "|---|---|---|---|---|---|---|"]
        lines += [*[_row(indicator) for indicator in mine], ""]
    for domain in domains:
        lines += [f"## {domain.capitalize()}", ""]
        for indicator in some:
            lines += _section(indicator) if indicator.domain == domain else []
    lines += ["## Air quality tables", ""]
    lines += [
        f"- `{table.id}`: {table.title}, in force since {table.effective:%B %Y}. {table.citation}."
        for table in TABLES.values()
    ]
    lines += ["", "A table is never edited; a revision is a new table with its own name.", ""]
    return "\n".join(lines)


def _row(indicator: Indicator) -> str:
    return (
        f"| [`{indicator.id}`](#{indicator.id.replace('.', '')}) | {indicator.title} "
        f"| {indicator.unit} | {indicator.direction} | {_words(indicator.cadence)} "
        f"| {_limits(indicator.threshold)} | {_number(indicator.target)} |"
    )


def _section(indicator: Indicator) -> list[str]:
    facts = [
        ("Formula", _formula(indicator)),
        ("Numerator", indicator.numerator),
        ("Denominator", indicator.denominator),
        ("Over time", indicator.time_aggregation),
        ("Over districts", indicator.district_aggregation),
        ("Better", _BETTER.get(indicator.direction, indicator.direction)),
        ("Measured every", _words(indicator.cadence)),
        ("Window", _words(indicator.window)),
        ("Wider, where few", ", then ".join(_words(one) for one in indicator.roll_up)),
        ("Smallest n", str(indicator.min_n)),
        ("Judged as", _STATISTICS.get(indicator.statistic, "")),
        (
            "Warning / critical",
            f"{_limits(indicator.threshold)} (kind `{indicator.threshold.kind}`)",
        ),
        ("Target", _number(indicator.target) if indicator.target is not None else "the city's own"),
        ("Usually between", _range(indicator.normal)),
        ("Shown", f"as *{indicator.short}*, {_decimals(indicator.decimals)}"),
        ("Owner", indicator.owner or "the city says who"),
        ("Weight in the score", f"{indicator.weight:g}"),
        ("Public", "" if indicator.is_public else "no"),
        ("Needs", _needs(indicator)),
        ("Looks back", _words(indicator.look_back) if indicator.look_back else ""),
        ("Small cells", "hidden under 5" if indicator.is_counted else "not about people"),
        ("Options", ", ".join(f"`{name}` = `{value}`" for name, value in indicator.options)),
        ("Source", indicator.source),
        ("Standard", indicator.standard),
    ]
    return [
        f"### {indicator.id}",
        "",
        f"**{indicator.title}** ({indicator.unit}). {indicator.definition}",
        "",
        *[f"- {name}: {value}" for name, value in facts if value],
        "",
        *_example(indicator),
        "",
    ]


def _formula(indicator: Indicator) -> str:
    """Return how numerator and denominator make the value, where they do."""
    if indicator.statistic in ("proportion", "rate"):
        return f"numerator ÷ denominator, as {indicator.unit}"
    if indicator.statistic == "expected":
        return (
            f"numerator ÷ denominator, as {indicator.unit}, against what its past leads to expect"
        )
    if indicator.statistic in ("p50", "p90"):
        share = "50th" if indicator.statistic == "p50" else "90th"
        return f"{share} percentile of the cases that the numerator names; they are pooled"
    return ""


def _example(indicator: Indicator) -> list[str]:
    """Return what a city pack would write to set the limits that stand here."""
    limit = indicator.threshold
    numbers = [
        (name, getattr(limit, name))
        for name in ("warn", "crit", "low", "high", "crit_low", "crit_high", "plan")
    ]
    known = [f"{name} = {value:g}" for name, value in numbers if value is not None]
    lines = ["```toml", "[[indicators]]", f'id = "{indicator.id}"']
    if limit.kind == "value":
        lines += known
    else:
        keys = ", ".join([f'kind = "{limit.kind}"', *known])
        lines.append(f"threshold = {{ {keys} }}")
    if indicator.target is not None:
        lines.append(f"target = {indicator.target:g}")
    return [*lines, "```"]


def _decimals(count: int) -> str:
    return {0: "whole numbers", 1: "one decimal"}.get(count, f"{count} decimals")


def _needs(indicator: Indicator) -> str:
    if indicator.needs_cases:
        return f"cases of feeds with the subject `{indicator.subject}`"
    return ", ".join(f"`{quantity}`" for quantity in indicator.quantities) or "the feeds' states"


def _limits(threshold: Threshold) -> str:
    match threshold.kind:
        case "band":
            warn = _outside(threshold.low, threshold.high)
            return f"{warn} / {_outside(threshold.crit_low, threshold.crit_high)}"
        case "usual_ratio":
            return f"{_number(threshold.warn)} / {_number(threshold.crit)} × usual"
        case "z":
            return f"z {_number(threshold.warn)} / {_number(threshold.crit)}"
        case "funnel":
            return "outside 95 % / 99.8 % of its own n"
        case "plan":
            return f"< {_number(threshold.warn)} / {_number(threshold.crit)} % of the plan"
        case "burn":
            return f"{_number(threshold.warn)} / {_number(threshold.crit)} × budget"
        case _:
            return f"{_number(threshold.warn)} / {_number(threshold.crit)}"


def _outside(low: float | None, high: float | None) -> str:
    parts = [f"< {low:g}" if low is not None else "", f"> {high:g}" if high is not None else ""]
    return " or ".join(part for part in parts if part) or "–"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"


def _range(band: tuple[float, float] | None) -> str:
    return "" if band is None else f"{band[0]:g} and {band[1]:g}"


def _words(duration: timedelta) -> str:
    minutes = duration // timedelta(minutes=1)
    if minutes % 1440 == 0:
        return f"{minutes // 1440} d"
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"
