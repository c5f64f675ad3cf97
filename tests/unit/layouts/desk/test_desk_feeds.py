"""The feeds' desk: three orders, the last day, what a feed freezes, and what was refused."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from layouts.component import scene_layout, scene_props, walk
from layouts.context import NoRows, PageContext
from layouts.desk import feedhours, feedlists, feedquarantine, feedsum, lineage
from layouts.desk.feedquarantine import Chosen
from layouts.desk.feeds import FEEDS, feed_page, panel_props, scene_id
from model import FeedState, Quality, Reject, Snapshot
from tests.unit.layouts.desk import montreal
from tests.unit.layouts.desk.montreal import NOW, busy, calm, desk_view

VIEW = desk_view()


@dataclass(frozen=True)
class Row:
    id: str
    reject: Reject


@dataclass(frozen=True)
class Why:
    reason: str
    field: str | None
    count: int
    last_at: datetime
    sample: str


@dataclass(frozen=True)
class Page:
    items: tuple[Row, ...]
    next: str | None = None
    total: int = 0


def reject(raw: str, reason: str = "not JSON", **more: object) -> Reject:
    made = Reject(feed_id="traffic", line=7, reason=reason, raw=raw, at=NOW)
    return replace(made, **more)  # type: ignore[arg-type]  # a test names real fields


def context(**more: object) -> PageContext:
    known: dict[str, object] = {
        "latest": busy,
        "view": lambda locale: desk_view(locale or "en"),
        "history": lambda *_, **__: [],
        "audit": lambda _: [],
    }
    return PageContext(**(known | more))  # type: ignore[arg-type]  # names are right


def shown(query: dict[str, str | None], **more: object) -> dict[str, dict[str, object]]:
    some = context(**more)
    return panel_props(query, some, some.latest(), VIEW)


def texts(query: dict[str, str | None], **more: object) -> str:
    """Return all words of the page as an address asks for it."""
    root = feed_page(context(**more), VIEW, query)
    return "\n".join(
        part.children for part in walk(root) if isinstance(getattr(part, "children", None), str)
    )


def row_names(kept: str, shot: Snapshot) -> list[object]:
    props = scene_props(FEEDS[scene_id(kept)], shot, VIEW)
    return [v["children"] for k, v in props.items() if k.endswith("-name") and v["children"]]


def test_the_worst_comes_first_and_all_keeps_the_packs_order() -> None:
    assert row_names("worst", busy())[0] == "Traffic speeds"
    assert row_names("all", busy()) == [feed.name for feed in busy().feeds]


def test_by_domain_every_feed_stands_under_one_heading() -> None:
    props = scene_props(FEEDS["feeds-domain"], busy(), VIEW)

    heads = [v["children"] for k, v in props.items() if k.endswith("-domain") and v["children"]]
    assert heads == list(dict.fromkeys(heads))
    assert {"Mobility", "Environment", "Services", "Works and notices"} <= set(heads)
    assert sorted(map(str, row_names("domain", busy()))) == sorted(f.name for f in busy().feeds)


def test_a_long_list_of_the_worst_says_how_many_good_ones_it_leaves_out() -> None:
    many = tuple(
        replace(calm().feeds[0], id=f"f{n}", name=f"f{n}") for n in range(feedlists.MOST + 9)
    )
    pack = replace(montreal.pack(), feeds=montreal.pack().feeds * 4)
    view = replace(VIEW, feeds={f"f{n}": pack.feeds[0] for n in range(len(many))}, memo={})

    props = scene_props(FEEDS["feeds"], replace(calm(), feeds=many), view)

    assert props["feeds-bar-more"] == {"children": "9 more, all good", "href": "/feeds?list=all"}
    worse = (*many[:-1], replace(many[-1], state=Quality.NODATA))
    shot = replace(calm(), feeds=worse)
    assert scene_props(FEEDS["feeds"], shot, view)["feeds-row00-name"]["children"] == many[-1].id


def test_a_row_keeps_the_list_in_its_address() -> None:
    props = scene_props(FEEDS["feeds-all"], busy(), VIEW)

    assert props["feeds-all-row00-open"]["href"] == "/feeds?list=all&feed=requests"


def test_the_last_day_is_summed_and_the_share_of_good_time_is_never_rounded_up() -> None:
    shot = busy()
    one = replace(shot.feeds[0], good_share=0.99999)
    nearly = replace(shot, feeds=(one, *shot.feeds[1:]))

    day = feedsum.day_props({}, shot, VIEW)
    props = scene_props(FEEDS["feeds"], nearly, VIEW)

    counted = sum(feedsum.day(feed, NOW)[0] for feed in shot.feeds)
    assert day["feeds-sum-accepted"]["children"] == VIEW.t.compact(counted)
    assert "rejected" in str(day["feeds-sum-accepted-more"]["children"])
    assert props["feeds-sum-share"]["children"] != "100\xa0%"


def test_where_nothing_was_measured_nothing_is_claimed() -> None:
    bare = replace(
        busy(),
        feeds=tuple(replace(f, good_share=None, hours=(), answer_s=None) for f in busy().feeds),
    )

    props = scene_props(FEEDS["feeds"], bare, VIEW)
    panel = shown({"feed": "traffic"}, latest=lambda: bare)

    assert props["feeds-sum-share"]["children"] == "unknown"
    assert panel["feeds-sum-accepted-word"]["children"] == "rows accepted so far"
    assert panel["feed-detail-took"]["children"] == "not measured yet"
    assert panel["feed-hours-said"]["children"] == "No hour has been counted yet."


def test_hours_that_stand_beside_the_snapshot_are_drawn() -> None:
    states = {feed.id: feed for feed in busy().feeds}
    bare = replace(busy(), feeds=tuple(replace(feed, hours=()) for feed in busy().feeds))

    panel = shown({"feed": "traffic"}, latest=lambda: bare, feed_states=lambda: states)

    assert panel["feed-hours-a"]["d"]
    assert "accepted and" in str(panel["feed-hours-said"]["children"])


def test_an_hour_without_an_answer_is_a_gap() -> None:
    feed = next(one for one in busy().feeds if one.id == "traffic")

    found = feedhours.rows(feed, NOW)

    assert len(found) == 48
    assert [n for n, (_, a, _) in enumerate(found) if a is None] == [26, 27, 47]


@pytest.mark.parametrize(
    ("pushed", "text"),
    [(True, "none: its source pushes to us"), (False, "none: we listen, its source speaks")],
)
def test_a_feed_that_is_not_asked_says_so_and_cannot_be_retried(pushed: bool, text: str) -> None:
    feeds = tuple(replace(f, is_polled=False, is_pushed=pushed) for f in busy().feeds)

    panel = shown({"feed": "traffic"}, latest=lambda: replace(busy(), feeds=feeds))

    assert panel["feed-detail-next"]["children"] == text
    assert panel["feed-form-poll"]["disabled"] is True
    assert panel["feed-form-poll"]["title"] == text


def test_a_feed_freezes_its_indicators_and_the_rules_that_judge_them() -> None:
    feed = next(one for one in busy().feeds if one.id == "traffic")

    found = lineage.lineage(feed, busy(), VIEW)
    props = lineage.props(feed, busy(), VIEW)

    assert [one.id for one in found.indicators] == ["mob.tti"]
    assert {rule.indicator for rule in found.rules} == {"mob.tti"}
    assert str(props["feed-lineage-rule00"]["children"]).startswith("ACK: ")
    assert props["feed-lineage-said"]["children"] == "Unknown now: 1 indicator, 2 rules."
    assert str(props["feed-lineage-edges"]["d"]).count("M") == 1 + len(found.rules)


def test_more_than_there_is_room_for_is_counted() -> None:
    feed = replace(busy().feeds[0], indicators=tuple(VIEW.indicators))

    found = lineage.lineage(feed, busy(), VIEW)

    assert found.left == lineage.INDICATORS
    assert len(found.indicators) + found.more_indicators == len(VIEW.indicators)
    assert found.right <= lineage.RULES


def test_rows_that_are_drawn_already_are_not_sent_again() -> None:
    rows = Page((Row("9-1", reject("x" * 16_000)),))

    full = shown({"feed": "traffic"}, quarantine=lambda *_, **__: rows)
    other = shown({"feed": "traffic"}, quarantine=lambda *_, **__: Page((Row("9-2", reject("y")),)))
    lean = feedquarantine.without_rows(full)

    assert full[feedquarantine.MARK] != other[feedquarantine.MARK]
    assert lean.keys() < full.keys()
    assert len(str(lean)) < 16_000
    assert "feed-quar-rows" in lean


def test_a_feed_that_was_never_refused_a_row_says_so() -> None:
    said = texts({"feed": "bikes"})

    assert feedquarantine.NEVER in said


def test_a_quarantine_that_is_empty_again_does_not_claim_that_nothing_was_ever_refused() -> None:
    said = texts({"feed": "traffic"})

    assert feedquarantine.GONE in said
    assert feedquarantine.NEVER not in said


def test_a_store_that_is_silent_is_said_and_costs_the_quarantine_alone() -> None:
    def broken(*_: object, **__: object) -> object:
        raise OSError("gone")

    said = texts({"feed": "traffic"}, quarantine=broken, feed_states=broken)

    assert "Quarantine: the store does not answer" in said
    assert "HTTP 503 from the source" in said


def test_refused_rows_are_shown_whole_with_reasons_and_pages() -> None:
    raw = '{"speed": -1}' + "x" * 16_000
    asked: dict[str, object] = {}

    def quarantine(feed: str, **more: object) -> Page:
        asked.update(more, feed=feed)
        return Page((Row("9-1", reject(raw, field="speed")),), next="9-1", total=400)

    panel = shown(
        {"feed": "traffic", "reason": "not JSON", "before": "12-0", "list": "all"},
        quarantine=quarantine,
        causes=lambda _: [Why("not JSON", "speed", 31, NOW, raw[:80])],
    )

    assert asked == {"feed": "traffic", "limit": 10, "before": "12-0", "reason": "not JSON"}
    assert panel["feed-quar-row00-raw"]["children"] == raw
    assert panel["feed-quar-why00"]["className"] == "is-on"
    assert panel["feed-quar-title"]["children"] == "Quarantine, 31 rows kept, 400 refused ever"
    older = str(panel["feed-quar-older"]["href"])
    assert older == "/feeds?list=all&reason=not+JSON&before=9-1&feed=traffic"
    assert panel["feed-form-replay-word"]["children"] == "Replay these rows"
    assert panel["feed-form-replay"]["disabled"] is False


@pytest.mark.parametrize("before", ["", "x" * 80, "1 OR 1", "../..", "<b>"])
def test_a_page_that_is_none_is_the_first(before: str) -> None:
    seen: list[object] = []

    def quarantine(_: str, **more: object) -> NoRows:
        seen.append(more["before"])
        return NoRows()

    shown({"feed": "traffic", "before": before}, quarantine=quarantine)

    assert seen == [None]


def test_hostile_text_stays_text_with_everything_hidden_written_out() -> None:
    raw = "<script>alert(1)</script>\u202egnp\x00"
    why = "<img src=x onerror=alert(1)>\u202e" + "y" * 900

    props = feedquarantine.props(
        "traffic",
        Chosen(
            causes=[Why(why, "a\u202eb", 1, NOW, raw)],
            page=Page((Row("1-0", reject(raw, why, field="a\nb", context="h\x07")),)),
        ),
        1,
        busy(),
        VIEW,
    )

    said = "".join(str(v.get("children", "")) for v in props.values())
    assert "\u202e" not in said
    assert "\x00" not in said
    assert "\x07" not in said
    assert "<script>alert(1)</script>[U+202E]gnp[U+0000]" in said
    assert len(str(props["feed-quar-why00-reason"]["children"])) <= feedquarantine.REASON_MOST
    assert all("javascript" not in str(v.get("href", "")) for v in props.values())


@pytest.mark.parametrize("kept", feedlists.WORDS)
def test_every_list_is_a_page_of_its_own_that_names_its_parts_once(kept: str) -> None:
    root = feed_page(context(), VIEW, {"feed": "traffic", "list": kept})

    ids = [part.id for part in walk(root) if getattr(part, "id", None)]
    assert len(ids) == len(set(ids))
    assert getattr(root, "data-scene") == scene_id(kept)


def test_a_list_that_does_not_exist_is_the_first_and_a_feed_that_does_not_says_so() -> None:
    root = feed_page(context(), VIEW, {"list": "nonsense", "feed": "nobody"})

    assert getattr(root, "data-scene") == "feeds"
    assert "There is no such feed." in texts({"feed": "nobody"})


def test_a_page_without_a_snapshot_is_an_empty_shell() -> None:
    root = feed_page(context(latest=lambda: None), VIEW, {"feed": "traffic"})

    assert getattr(root, "data-live") == "dead"


def test_a_quiet_page_names_the_same_properties_as_a_busy_one() -> None:
    feed = FeedState(
        id="traffic", kind="x", name="x", gives="observation", state=Quality.NODATA,
        due_every=timedelta(minutes=5),
    )  # fmt: skip
    rows = Page((Row("1-0", reject("a")),), next="1-0", total=9)
    full = shown(
        {"feed": "traffic"},
        quarantine=lambda *_, **__: rows,
        causes=lambda _: [Why("not JSON", None, 1, NOW, "a")],
    )
    bare = shown({"feed": "traffic"}, latest=lambda: replace(busy(), feeds=(feed,)))

    assert {k: v.keys() for k, v in full.items()} == {k: v.keys() for k, v in bare.items()}


def test_scenes_of_every_list_are_drawn_empty_too() -> None:
    for scene in FEEDS.values():
        assert scene_layout(scene, None, VIEW)
