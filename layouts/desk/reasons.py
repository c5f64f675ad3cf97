"""Why a number is as it is: what was corrected, how good the days were, what facts stand behind.

Read from the history once, when the page is asked for, and dated; the stream does not touch it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts.context import Facts, PageContext
from layouts.desk import course, goodness, links, values
from layouts.desk.goodness import Day
from layouts.parts import aria
from layouts.view import View
from metrics.ages import Ages
from model import CITY, Indicator, Quality, Snapshot

SHOWN = 12  # corrections in the table
TITLES = ("What was revised", "How good the data were", "The facts behind it")
BANDS = ("to half", "to the whole", "to twice", "beyond twice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """What was read, and when. ``None`` where the history did not answer."""

    read_at: datetime
    corrections: Sequence[Mapping[str, Any]] | None = ()
    days: Sequence[Day] | None = ()
    facts: Facts | None = None
    ages: Ages | None = None


def ask(
    indicator: Indicator, district: str, span: str, context: PageContext, snapshot: Snapshot
) -> Reasons:
    """Ask the history for all of it; what it cannot answer is left out, and the page says so."""
    now = snapshot.published_at
    return Reasons(
        read_at=now,
        corrections=corrections(indicator, district, span, context, snapshot),
        days=_tried(
            lambda: goodness.ask(
                context.history, indicator, district, now=now, timezone=snapshot.city.timezone
            )
        ),
        facts=_tried(lambda: context.facts(indicator.id, district, now)),
        ages=_tried(lambda: context.ages(indicator.id, district, now)),
    )


def corrections(
    indicator: Indicator, district: str, span: str, context: PageContext, snapshot: Snapshot
) -> Sequence[Mapping[str, Any]] | None:
    """Return what readings of a span said before; ``None`` where the history is silent."""
    end = snapshot.published_at
    start = end - course.SPANS[span][0]
    found: Sequence[Mapping[str, Any]] | None = _tried(
        lambda: context.corrections(indicator.id, district=district, start=start, end=end)
    )
    return found


def ahead(
    indicator: Indicator, district: str, span: str, context: PageContext
) -> Mapping[str, Any]:
    """Return what the next hours should bring; only of the city, and beside a short course."""
    if district != CITY or span != course.DAY:
        return {}
    return _tried(lambda: context.forecast(indicator.id)) or {}


def _tried(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except Exception:  # noqa: BLE001 - a silent history must not cost the page
        return None


def cards(found: Reasons, indicator: Indicator, district: str, view: View) -> list[Component]:
    """Return the cards under the page."""
    insides = (
        _revised(found, indicator, district, view),
        _days(found, view),
        _facts(found, indicator, view),
    )
    return [_card(title, some, view) for title, some in zip(TITLES, insides, strict=True)]


def _card(title: str, inside: Sequence[Component], view: View) -> html.Section:
    return html.Section(
        [html.H3(view.t(title), className="bz-card__title"), *inside],
        className="bz-card bz-reason",
    )


def _note(text: str) -> html.P:
    return html.P(text, className="bz-reason__note")


def _table(heads: Sequence[tuple[str, str]], rows: Sequence[Component], label: str) -> html.Div:
    head = html.Tr([html.Th(text, className=look, scope="col") for text, look in heads])
    return html.Div(
        html.Table(
            [html.Thead(head), html.Tbody(list(rows))],
            className="bz-table bz-table--dense bz-reason__table",
        ),
        className="bz-reason__scroll",
        tabIndex=0,
        role="region",
        **aria(label),
    )


def _revised(found: Reasons, indicator: Indicator, district: str, view: View) -> list[Component]:
    t = view.t
    if found.corrections is None:
        return [_note(t("The history does not answer."))]
    if indicator.is_counted and district != CITY:
        return [_note(t("Of figures about people only the city’s corrections are told."))]
    if not found.corrections:
        return [_note(t("No reading of this span was corrected."))]
    heads = (
        (t("Reading of"), ""),
        (t("said"), "is-num"),
        (t("says"), "is-num"),
        (t("corrected"), ""),
    )
    rows: list[Component] = [
        html.Tr(
            [
                html.Td(values.stamp(row["at"], view)),
                html.Td(_value(row["old_value"], indicator, view), className="is-num is-dim"),
                html.Td(html.B(_value(row["value"], indicator, view)), className="is-num"),
                html.Td(values.stamp(row["known_at"], view), className="is-dim"),
            ]
        )
        for row in found.corrections[:SHOWN]
    ]
    many = len(found.corrections)
    text = t.plural("{n} correction in this span.", "{n} corrections in this span.", many)
    if many > SHOWN:
        text += " " + t("The newest {n} are shown.", n=SHOWN)
    return [_table(heads, rows, t("What was revised")), _note(text)]


def _value(value: float | None, indicator: Indicator, view: View) -> str:
    return values.figure(value, indicator, view) or view.t("unknown")


def _days(found: Reasons, view: View) -> list[Component]:
    t = view.t
    if found.days is None:
        return [_note(t("The history does not answer."))]
    heads = (
        (t("Day"), ""),
        ("", "bz-reason__bars"),
        (t("good"), "is-num"),
        (t("uncertain"), "is-num"),
        (t("late"), "is-num"),
        (t("missing"), "is-num"),
    )
    rows: list[Component] = [_day(day, view) for day in found.days]
    text = t(
        "Share of the hours of each day, city time; missing: no value, not believed, or a gap."
    )
    return [_table(heads, rows, t("How good the data were")), _note(text)]


def _day(day: Day, view: View) -> html.Tr:
    shares = (day.good, day.uncertain, day.late, day.missing)
    bar = html.Span(
        [
            html.I(className=f"bz-good__p bz-good__p--{name}", style={"--w": f"{share:.4f}"})
            for name, share in zip(("good", "unsure", "late", "none"), shares, strict=True)
        ],
        className="bz-good",
        role="img",
        **aria(view.t("{share} good", share=view.t.quantity(day.good * 100, "%"))),
    )
    return html.Tr(
        [
            html.Td(view.t.date(day.noon, view.city.timezone)),
            html.Td(bar),
            *(
                html.Td(
                    view.t.quantity(share * 100, "%"),
                    className="is-num" if share else "is-num is-dim",
                )
                for share in shares
            ),
        ]
    )


def _facts(found: Reasons, indicator: Indicator, view: View) -> list[Component]:
    t = view.t
    facts = found.facts
    told = [*_ages(found.ages, view)]
    if facts is None:
        return [*told, _note(t("The history does not answer."))]
    if facts.is_private:
        text = t(
            "These facts are about people, so none is shown by itself: only their number, and that "
            "from 5 on."
        )
        return [*told, _note(text)]
    if not indicator.quantities:
        return [*told, _note(t("It is computed from the states of the feeds."))]
    if not facts.rows:
        return [*told, _note(t("No fact of its window is kept."))]
    heads = (
        (t("Site"), ""),
        (t("measured"), ""),
        (t("value"), "is-num"),
        (t("data"), ""),
        (t("known"), ""),
    )
    rows: list[Component] = [_fact(row, view) for row in facts.rows]
    text = t(
        "{n} facts of {sites} sites since {clock}; the newest of each site, read at {read}.",
        n=t.number(facts.count),
        sites=t.number(facts.sites),
        clock=values.stamp(facts.since, view) if facts.since else "",
        read=t.clock(found.read_at, view.city.timezone, seconds=True),
    )
    return [*told, _table(heads, rows, t("The facts behind it")), _note(text)]


def _fact(row: Mapping[str, Any], view: View) -> html.Tr:
    zone = view.city.timezone
    unit = str(row.get("unit") or "")
    value = row["value"]
    text = view.t("unknown") if value is None else f"{view.t.brief(value, 2)}\xa0{unit}".strip()
    known = row.get("known_at")
    quality = str(row.get("quality") or "")
    word = values.QUALITY_WORDS.get(Quality(quality)) if quality in Quality.__members__ else quality
    return html.Tr(
        [
            html.Td(
                html.A(html.Bdi(row["site_id"]), href=links.feed(view, row["feed_id"])),
                title=f"{row['feed_id']}: {row['quantity']}",
            ),
            html.Td(view.t.clock(row["observed_at"], zone, seconds=True)),
            html.Td(html.B(text), className="is-num"),
            html.Td(view.t(word or ""), className="is-dim"),
            html.Td(view.t.clock(known, zone, seconds=True) if known else "", className="is-dim"),
        ]
    )


def _ages(found: Ages | None, view: View) -> list[Component]:
    """Return how old the open requests are, by multiples of the time that each may take."""
    t = view.t
    if found is None:
        return []
    title = html.H4(t("Age of the open requests, in times allowed"), className="bz-reason__head")
    if found.is_hidden:
        return [title, _note(t("fewer than 5, not shown"))]
    if found.shares is None:
        return [title, _note(t("No open request has a due date."))]
    bars = [
        html.Div(
            [
                html.Dt(t(word)),
                html.Dd(
                    [
                        html.I(
                            className=f"bz-agebar bz-agebar--{n}", style={"--w": f"{share:.4f}"}
                        ),
                        html.B(t.quantity(share * 100, "%")),
                    ]
                ),
            ]
        )
        for n, (word, share) in enumerate(zip(BANDS, found.shares, strict=True), 1)
    ]
    more = [t.plural("{n} open with a due date", "{n} open with a due date", found.count or 0)]
    if found.undated:
        more.append(t.plural("{n} without", "{n} without", found.undated))
    if found.p90 is not None:
        more.append(t("90 % are younger than {n} days", n=t.number(found.p90, 1)))
    return [title, html.Dl(bars, className="bz-ages"), _note("; ".join(more) + ".")]
