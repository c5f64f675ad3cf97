"""The pages of indicators in every state: what is known, what is not, and why."""

import dataclasses
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import plotly.graph_objects as go
import pytest
from dash.development.base_component import Component
from shapely.geometry import box

from figures.funnel import Limit, Point, funnel
from geodata import build
from layouts.component import walk
from layouts.context import PageContext
from layouts.desk import compare, course, goodness, scorepanel
from layouts.desk.catalogue import catalogue_page, unmeasured, why_not
from layouts.desk.course import SPANS, YEAR, Course
from layouts.desk.districtrows import props as district_props
from layouts.desk.files import props as file_props
from layouts.desk.indicator import fresh, indicator_page
from layouts.desk.indicatorpanel import EXPORTS, FIGURE, key, places
from layouts.desk.pages import is_known
from layouts.view import View, make_view
from metrics.ages import Ages
from metrics.funnel import Count
from metrics.funnel import funnel as judged
from model import (
    CITY,
    CityScore,
    Contribution,
    DomainScore,
    Movement,
    Quality,
    Snapshot,
)
from tests.unit.layouts.desk import montreal
from tests.unit.layouts.desk.montreal import NOW, busy, desk_view, pack, reading

VIEW = desk_view()
HOUR = timedelta(hours=1)
NOTHING = SimpleNamespace(rows=(), count=0, sites=0, since=None, is_private=False)
LONG = "Saint-" + "Très-Long-Nom-de-District-" * 8
ARABIC = "حي الملك عبد العزيز"


def context(snapshot: Snapshot | None = None, **more: Any) -> PageContext:
    known: dict[str, Any] = {
        "latest": lambda: snapshot,
        "view": lambda _: VIEW,
        "history": lambda *_, **__: [],
        "audit": lambda _: [],
        "facts": lambda *_: SimpleNamespace(
            rows=(), count=0, sites=0, since=None, is_private=False
        ),
        "ages": lambda *_: None,
    }
    return PageContext(**(known | more))


def page(
    snapshot: Snapshot | None = None,
    name: str = "srv.new",
    *,
    view: View = VIEW,
    query: dict[str, str | None] | None = None,
    **more: Any,
) -> Component:
    return indicator_page(context(snapshot or busy(), **more), view, name, query or {})


def said(root: Component) -> str:
    """Return all texts of a page, in order."""
    found: list[str] = []

    def read(node: Any) -> None:
        if isinstance(node, str | int | float):
            found.append(str(node))
        elif isinstance(node, list | tuple):
            for one in node:
                read(one)
        elif isinstance(node, Component):
            read(getattr(node, "children", None))

    read(root)
    return " ".join(found)


def part(root: Component, name: str) -> Component:
    return next(one for one in walk(root) if getattr(one, "id", None) == name)


def classes(one: Component) -> list[str]:
    return str(getattr(one, "className", "")).split()


def with_reading(**more: Any) -> Snapshot:
    snapshot = busy()
    kept = tuple(r for r in snapshot.readings if (r.indicator, r.district) != ("srv.new", CITY))
    made = replace(reading("srv.new", 28.0), **more)
    return replace(snapshot, readings=(made, *kept))


@pytest.mark.parametrize(
    ("more", "look", "words"),
    [
        ({}, "", ("28", "480", "per 100")),
        ({"quality": Quality.LATE, "reason": "its feed is late"}, "is-late", ("late",)),
        ({"quality": Quality.STALE}, "is-stale", ("stale",)),
        ({"quality": Quality.UNCERTAIN}, "is-uncertain", ("~28",)),
        ({"value": None, "quality": Quality.NODATA}, "is-nodata", ("unknown", "no data")),
        ({"quality": Quality.BAD, "reason": "under 50 %"}, "is-bad", ("not believed",)),
        (
            {"value": None, "num": None, "den": None, "n": None, "suppressed": True},
            "",
            ("fewer than 5",),
        ),
    ],
)
def test_the_head_says_how_good_a_value_is(
    more: dict[str, Any], look: str, words: tuple[str, ...]
) -> None:
    found = page(with_reading(**more))

    assert look in str(getattr(part(found, key("root")), "className", ""))
    text = said(part(found, key("root")))
    for word in words:
        assert word in text


def test_a_hidden_reading_tells_no_number_anywhere_in_its_row() -> None:
    shown = said(page())
    props = district_props(
        VIEW.indicators["srv.new"],
        busy(),
        compare.compared(VIEW.indicators["srv.new"], busy(), VIEW),
        VIEW,
    )
    n = places(VIEW).index("12")

    assert props[key(f"dis{n:02d}-value")]["children"] == "fewer than 5"
    for which in ("num", "den", "n"):
        assert props[key(f"dis{n:02d}-{which}")]["children"] == ""
    assert "1 hidden: fewer than 5" in shown


def test_districts_stand_by_name_and_never_by_rank() -> None:
    names = [VIEW.districts[one].name for one in places(VIEW)]

    assert names == sorted(names, key=str.casefold)
    assert "by name, never by rank" in said(page())


def test_without_snapshot_and_history_the_page_still_stands() -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise OSError("gone")

    empty = indicator_page(context(None), VIEW, "srv.new", {})
    dead = page(history=broken, corrections=broken, facts=broken, ages=broken)

    assert "New requests for service" in said(empty)
    assert said(dead).count("The history does not answer.") >= 3


@pytest.mark.parametrize("span", [*SPANS, "9y"])
def test_every_span_is_asked_in_steps_that_a_chart_can_hold(span: str) -> None:
    asked: list[dict[str, Any]] = []

    def history(_: str, **conditions: Any) -> list[Any]:
        asked.append(conditions)
        return []

    page(query={"span": span}, name="eco.footfall", history=history)

    steps = [(one["end"] - one["start"]) / one["resolution"] for one in asked]
    assert all(step <= 366 for step in steps)


def test_a_long_span_is_drawn_once_and_kept_while_the_rest_is_fresh() -> None:
    indicator, snapshot = VIEW.indicators["srv.new"], busy()

    day = fresh(indicator, CITY, "24h", context(snapshot), snapshot, VIEW)
    year = fresh(indicator, CITY, YEAR, context(snapshot), snapshot, VIEW)

    assert FIGURE in day
    assert FIGURE not in year
    assert key("value") in year


def corrected(hours: int, old: float | None, new: float | None) -> dict[str, Any]:
    at = NOW - HOUR * hours
    return {"at": at, "old_value": old, "value": new, "known_at": at + 2 * HOUR, "district": CITY}


def test_what_was_revised_is_marked_in_the_course_and_told_in_a_table() -> None:
    rows = [corrected(3, 21.0, 24.0), corrected(5, None, 22.0)]

    found = page(corrections=lambda *_, **__: rows)

    figure: Any = part(found, FIGURE).figure  # type: ignore[attr-defined]  # a graph
    marks = [one for one in figure["data"] if one.get("marker", {}).get("symbol") == "diamond"]
    assert len(marks) == 1
    assert [text.split(": ")[1][:2] for text in marks[0]["customdata"]] == ["21", "un"]
    text = said(found)
    assert "2 corrections in this span." in text
    assert "2 corrected (◇)" in text


def test_corrections_of_people_in_a_district_are_not_told() -> None:
    found = page(query={"district": "14"}, corrections=lambda *_, **__: [])

    assert "only the city’s corrections are told" in said(found)


def test_no_correction_is_said() -> None:
    assert "No reading of this span was corrected." in said(page())


def test_facts_about_people_are_not_listed() -> None:
    private = SimpleNamespace(rows=(), count=0, sites=0, since=None, is_private=True)

    assert "about people" in said(page(facts=lambda *_: private))


def test_facts_are_listed_with_site_time_value_quality_and_when_known() -> None:
    row = {
        "feed_id": "traffic",
        "site_id": "\u202e<b>7</b>",
        "quantity": "speed",
        "value": 31.25,
        "unit": "km/h",
        "quality": "UNCERTAIN",
        "observed_at": NOW,
        "known_at": NOW + timedelta(seconds=20),
    }
    facts = SimpleNamespace(rows=(row,), count=5, sites=1, since=NOW - HOUR, is_private=False)

    text = said(page(name="mob.tti", facts=lambda *_: facts))

    assert "31.25\xa0km/h" in text
    assert "14:02:07" in text
    assert "14:02:27" in text
    assert "uncertain" in text
    assert "5 facts of 1 sites" in text


def test_ages_of_open_requests_add_up_in_words_and_bars() -> None:
    ages = Ages(CITY, (0.5, 0.25, 0.15, 0.1), 400, 20, 31.5)
    hidden = Ages("14", None, None, None, None, is_hidden=True)

    text = said(page(name="srv.backlog", ages=lambda *_: ages))

    for word in ("50\xa0%", "25\xa0%", "15\xa0%", "10\xa0%", "400 open", "20 without", "31.5"):
        assert word in text
    assert "fewer than 5, not shown" in said(page(name="srv.backlog", ages=lambda *_: hidden))


def test_days_count_gaps_and_late_hours() -> None:
    start = NOW - timedelta(days=8)
    rows = []
    for n in range(24 * 9):
        at = (start + HOUR * n).replace(minute=0, second=0, microsecond=0)
        quality = "STALE" if at.day == 22 and at.hour < 12 else "GOOD"
        if at.day != 21:
            rows.append({"at": at, "value": 1.0, "quality": quality})

    days = goodness.ask(
        lambda *_, **__: rows, VIEW.indicators["srv.new"], CITY, now=NOW, timezone="UTC"
    )

    by_day = {day.noon.day: day for day in days}
    assert list(by_day) == [24, 23, 22, 21, 20, 19, 18]
    assert (by_day[21].missing, by_day[20].good, by_day[22].late) == (1.0, 1.0, 0.5)
    assert all(abs(day.good + day.uncertain + day.late + day.missing - 1) < 1e-9 for day in days)


def test_the_funnel_says_in_words_who_is_apart() -> None:
    indicator = VIEW.indicators["srv.overdue"]
    rows = [
        reading(
            "srv.overdue",
            100 * k / n,
            district=one,
            num=float(k),
            den=float(n),
            n=n,
            usual=None,
            z=None,
        )
        for one, (k, n) in zip(
            places(VIEW), [(90, 200), *[(26, 200)] * 55, (2, 8), (26, 200)], strict=True
        )
    ]
    snapshot = replace(busy(), readings=tuple(rows))

    found = compare.compared(indicator, snapshot, replace(VIEW, memo={}))
    props = compare.props(found, indicator, VIEW)

    assert compare.said(found, places(VIEW)[0], VIEW) == "clearly above"
    assert compare.said(found, places(VIEW)[1], VIEW) == "within chance"
    assert compare.said(found, places(VIEW)[56], VIEW) == "too few"
    assert VIEW.districts[places(VIEW)[0]].name in props[compare.key("said")]["children"]
    assert "1 has too few to judge." in props[compare.key("said")]["children"]
    go.Figure(props[compare.FIGURE]["figure"])


def test_where_chance_cannot_be_told_the_page_says_why() -> None:
    assert "no count of cases stands behind this number" in said(page(name="mob.tti"))


def test_a_funnel_figure_is_valid_with_and_without_limits() -> None:
    points = [Point("a", 10, 0.5, "inside", "a"), Point("b", 30, 0.9, "clearly", "b")]
    limits = [Limit(n, 0.1, 0.2, 0.8, 0.85) for n in (10, 20, 30)]

    for theme in ("dark", "light"):
        go.Figure(funnel(points, limits, 0.5, theme=theme))
        bare = funnel(points, [], 0.5, theme=theme)
        go.Figure(bare)
        assert not [one for one in bare["data"] if one["mode"] == "lines"]


def test_limits_of_the_figure_are_those_of_the_judgement() -> None:
    counts = [Count(str(n), 0.2 * n, n) for n in (50, 100, 200, 400, 800)]
    found = judged(counts, "proportion")

    assert found is not None
    drawn = compare._limits(list(found.places), 100.0)
    assert [limit.n for limit in drawn] == [50, 100, 200, 400, 800]
    assert all(limit.far_low <= limit.low < 20.0 < limit.high <= limit.far_high for limit in drawn)


def a_city(count: int, names: tuple[str, ...] = ()) -> View:
    """A view of a made-up city of squares."""
    side = max(1, round(count**0.5))
    squares = [
        box(-73.7 + 0.01 * (n % side), 45.5 + 0.01 * (n // side), -73.69 + 0.01 * (n % side),
            45.51 + 0.01 * (n // side))
        for n in range(count)
    ]  # fmt: skip
    frame = gpd.GeoDataFrame(
        {
            "key": [f"d{n}" for n in range(count)],
            "name": [names[n] if n < len(names) else f"District {n}" for n in range(count)],
        },
        geometry=squares,
        crs=4326,
    )
    made = build(frame, id="key", name="name")
    names_ = ("city", "indicators", "scenes", "feeds", "rules")
    kept = {name: getattr(pack(), name) for name in names_}
    return make_view(SimpleNamespace(**kept, districts=made), locale="en", build="b1")


@pytest.mark.parametrize("count", [1, 100])
def test_a_city_of_one_district_and_one_of_a_hundred_have_their_pages(count: int) -> None:
    view = a_city(count, (LONG, ARABIC))
    readings = tuple(montreal.reading("srv.new", 20.0 + n, district=f"d{n}") for n in range(count))
    snapshot = replace(busy(), readings=readings, alerts=(), notices=())

    found = page(snapshot, view=view, query={"district": "d0"})

    text = said(found)
    assert LONG in text
    assert f"{count} of {count} known" in text
    if count > 1:
        assert ARABIC in text


def test_files_are_those_of_the_place_and_span_that_is_shown() -> None:
    found = file_props(VIEW.indicators["srv.new"], "14", "35d", busy())

    links = {kind: found[key(f"file-{kind}")]["href"] for kind, _ in EXPORTS}
    assert links["csv"].startswith("/api/v1/readings.csv?indicator=srv.new&start=2026-10-20")
    assert "district=14" in links["xlsx"]
    assert "resolution=1h" in links["parquet"]
    assert links["geojson"] == "/api/v1/readings.geojson?indicator=srv.new"


def test_bands_are_drawn_without_crossing_a_gap() -> None:
    times = tuple(NOW + HOUR * n for n in range(5))
    drawn = Course(times, (1, 2, None, 2, 1), (0, 0, None, 0, 0), (3, 3, None, 3, 3))

    figure = course.draw(drawn, VIEW.indicators["srv.new"], VIEW, theme="light")

    fills = [one for one in figure["data"] if one.get("fill") == "tonexty"]
    assert [len(one["x"]) for one in fills] == [2, 2]
    go.Figure(figure)


def test_the_catalogue_holds_every_indicator_and_why_some_are_not_measured() -> None:
    few = replace(VIEW, indicators=dict(list(VIEW.indicators.items())[:3]), memo={})
    root = catalogue_page(context(busy()), few, {"q": "river", "state": "absent"})

    rows = [one for one in walk(root) if "bz-irow" in classes(one)]
    absent = [one for one in rows if "is-absent" in classes(one)]
    assert len(rows) - len(absent) == 3
    assert len(absent) == len(unmeasured(few)) > 30
    assert "not measured here" in said(absent[0])
    assert part(root, "indicators-bar-q").value == "river"  # type: ignore[attr-defined]


def test_what_lacks_is_named_by_quantity_or_by_kind_of_case() -> None:
    bare = replace(VIEW, feeds={}, memo={})
    by_id = VIEW.indicators

    assert why_not(by_id["mob.tti"], bare) == "no feed brings speed"
    assert why_not(by_id["srv.new"], bare) == "no feed brings cases about requests"
    assert "not switched it on" in why_not(by_id["mob.tti"], VIEW)


SCORE = CityScore(
    at=NOW,
    score=71.4,
    shown=71,
    low=65.6,
    high=74.2,
    coverage=0.912,
    domains=(
        DomainScore(domain="mobility", weight=0.5, coverage=0.64, known=2, total=4),
        DomainScore(
            domain="environment",
            weight=0.5,
            score=49.0,
            shown=49,
            low=44.0,
            high=52.0,
            coverage=1.0,
            known=4,
            total=4,
            is_capped=True,
        ),
    ),
    weakest=("env.river", "mob.tti", "srv.overdue"),
    moved=Movement(
        since=NOW - timedelta(days=1),
        points=-7.9,
        low=-12.0,
        high=-3.0,
        is_clear=True,
        contributions=(
            Contribution(term="env.river", points=-6.4),
            Contribution(term="inf.power", points=-2.2),
            Contribution(term="left", points=-0.3),
            Contribution(term="eco.footfall", points=1.4),
            Contribution(term="srv.sla", points=-0.4),
        ),
    ),
)


def scored(score: CityScore | None) -> str:
    root = catalogue_page(context(replace(busy(), score=score)), VIEW)
    panel = part(root, "indicators-score-root")
    assert ("is-none" in panel.className) == (score is None)  # type: ignore[attr-defined]
    return said(panel)


def test_the_score_stands_with_interval_coverage_and_the_weakest() -> None:
    text = scored(SCORE)

    assert "71 65 to 75, coverage 91\xa0%" in text.replace("  ", " ")
    assert "weakest: River, Travel time" in text
    assert "n/a" in text
    assert "coverage 64\xa0%" in text
    assert "capped by an alarm" in text
    assert "71.4" not in text


def test_no_score_is_no_panel() -> None:
    scored(None)


def test_what_moved_the_score_adds_up() -> None:
    assert SCORE.moved is not None
    parts = scorepanel.shares(SCORE.moved)

    assert sum(points for _, points in parts) == -8
    assert parts[0] in (("env.river", -6), ("env.river", -7))
    assert len(parts) <= scorepanel.PARTS + 1


def test_an_unclear_change_is_not_told_as_one() -> None:
    assert SCORE.moved is not None
    unclear = replace(SCORE, moved=replace(SCORE.moved, low=-3.2, high=1.1, is_clear=False))

    text = scored(unclear)

    assert "no clear change since yesterday (−4 to +2)" in text
    assert "−8" not in text


def test_every_page_is_plain_data() -> None:
    """What a page holds can be sent: no dataclass slipped into a property."""
    root = page(corrections=lambda *_, **__: [corrected(3, 21.0, 24.0)])

    for one in walk(root):
        for name in one._prop_names:
            assert not dataclasses.is_dataclass(getattr(one, name, None)), name


def test_what_is_clear_for_one_figure_is_only_perhaps_among_all() -> None:
    place = judged(
        [Count("a", 40, 100), *[Count(f"b{n}", 20, 100) for n in range(9)]], "proportion"
    )
    assert place is not None
    first = place.places[0]

    assert compare.verdict(replace(first, is_discovery=True)) == "clearly above"
    assert compare.verdict(replace(first, is_discovery=False)) == "perhaps above"


def test_the_next_hours_are_drawn_as_a_fan_with_their_error() -> None:
    items = [
        {
            "at": (NOW + HOUR * n).isoformat(),
            "centre": 20.0 + n,
            "low": 15.0 + n,
            "high": 25.0 + n,
        }
        for n in range(1, 25)
    ]
    told = {"items": items, "error": {"mase": 0.812}}

    found = page(forecast=lambda _: told)
    local = page(query={"district": "14"}, forecast=lambda _: told)

    figure: Any = part(found, FIGURE).figure  # type: ignore[attr-defined]  # a graph
    dotted = [one for one in figure["data"] if one.get("line", {}).get("dash") == "dot"]
    assert len(dotted) == 1
    assert dotted[0]["y"][0] == 21.0
    assert "errors 0.81 times" in said(found)
    go.Figure(figure)
    assert "errors" not in said(local)


def test_a_forecast_that_cannot_be_made_costs_nothing() -> None:
    def broken(_: str) -> Any:
        raise ValueError("no record")

    assert "New requests for service" in said(page(forecast=broken))


def test_an_indicator_that_is_not_measured_has_a_page_that_says_why() -> None:
    few = replace(VIEW, indicators=dict(list(VIEW.indicators.items())[:3]), feeds={}, memo={})

    page = said(indicator_page(context(busy()), few, "saf.911", {}))

    assert "not measured here" in page
    assert "calls_911" in page
    assert is_known(["indicators", "saf.911"], few)
    assert not is_known(["indicators", "no.such"], few)
