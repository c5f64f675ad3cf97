"""Works and notices: which kind, which first, whom to believe, and what of them a map shows."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from layouts import mapalarms, noticekey, notices
from layouts.component import scene_props, walk
from layouts.desk import noticelist
from layouts.desk.home import HOME
from layouts.live import SCENES
from layouts.noticemarks import DESK_SLOTS, WALL_SLOTS, Layer, place
from model import Notice, Snapshot
from tests.unit.layouts.desk import montreal
from tests.unit.layouts.desk.montreal import NOW, announced

VIEW = montreal.works_view()


def notice(feed: str = "road-works", **more: object) -> Notice:
    made = Notice(
        feed_id=feed, notice_id="n", headline="x", effective=NOW - timedelta(hours=1),
        fetched_at=NOW, expires=NOW + timedelta(hours=1), geometry="POINT (-73.6 45.55)",
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]  # a test names real fields


def showing(*some: Notice, silent: frozenset[str] = frozenset()) -> Snapshot:
    return replace(announced(silent=silent), notices=some)


@pytest.mark.parametrize(
    ("feed", "event", "headline", "kind"),
    [
        ("road-works", "work-zone", "Resurfacing", "works"),
        ("road-works", None, "Rue X", "works"),
        ("road-works", "detour", "Rue X", "closure"),
        ("road-works", "work zone", "Rue X: work zone, all lanes closed", "closure"),
        ("road-works", "work zone", "Rue X: work zone, some lanes closed", "works"),
        ("road-events", "RoadClosed", "Rue X", "closure"),
        ("road-events", "Accident", "Rue X fermée", "incident"),
        ("road-events", "AbnormalTraffic", "queue", "incident"),
        ("road-events", "MaintenanceWorks", "x", "works"),
        ("transit-alerts", "DETOUR", "Bus 24", "transit"),
        ("public-alerts", "road closure", "Road closed", "alert"),
        ("gone-feed", None, "Street fair", "alert"),
        ("gone-feed", None, "Chantier rue X", "works"),
    ],
)
def test_a_kind_is_told_by_feed_and_event(
    feed: str, event: str | None, headline: str, kind: str
) -> None:
    assert notices.kind(notice(feed, event=event, headline=headline), VIEW) == kind


def test_the_most_severe_comes_first_then_the_kind_that_stops_most() -> None:
    standing = notices.standing(announced(), VIEW)

    severity = [notices.SEVERITIES.index(one.notice.severity) for one in standing]
    assert severity == sorted(severity)
    assert [one.kind for one in standing[:2]] == ["closure", "alert"]


@pytest.mark.parametrize("status", ["exercise", "test", "draft", "system"])
def test_what_is_no_emergency_never_looks_like_one(status: str) -> None:
    shot = showing(notice(status=status, severity="extreme"), notice(notice_id="m"))

    placed = Layer("overview", WALL_SLOTS).placed(shot, VIEW, VIEW.maps["overview"])
    props = scene_props(HOME, shot, VIEW)

    assert [one.notice.notice_id for one in placed.marks[0].members] == ["m"]
    assert notices.standing(shot, VIEW)[-1].notice.status == status
    said = str(props["home-notices01-head"]["children"])
    assert said.isupper() or said.split(":", maxsplit=1)[0].isupper()
    assert props["home-notices01-root"]["className"] == "is-done"


def test_a_notice_of_a_silent_feed_is_doubtful_and_says_as_of_when() -> None:
    shot = showing(notice(), silent=frozenset({"road-works"}))

    mark = Layer("home", DESK_SLOTS, is_desk=True).props(shot, VIEW, VIEW.maps["home"])
    one = notices.standing(shot, VIEW)[0]

    assert one.is_doubtful
    assert "is-doubtful" in mark["home-note-mark00"]["className"]
    assert "Road works, silent, as of 13:15" in mark["home-note-title00"]["children"]
    key = noticekey.props("home", Layer("home", 9).placed(shot, VIEW, VIEW.maps["home"]), VIEW)
    assert key["home-notekey-works-n"]["children"].endswith("feed silent")


def test_what_lies_outside_the_map_is_left_out_and_counted() -> None:
    shot = announced()

    placed = place(notices.standing(shot, VIEW), VIEW.maps["overview"], WALL_SLOTS)
    said = noticekey.props("overview", placed, VIEW)["overview-notekey-rest"]["children"]

    assert (placed.outside, placed.everywhere) == (1, 1)
    assert said == "notices: + 1 more, 1 outside"


def test_a_wall_shows_the_foremost_and_counts_the_rest() -> None:
    placed = place(notices.standing(announced(n=500), VIEW), VIEW.maps["overview"], WALL_SLOTS)

    shown = sum(len(mark.members) for mark in placed.marks)
    assert len(placed.marks) == WALL_SLOTS
    assert shown + placed.more == placed.counts.total()
    assert {"closure", "alert", "incident"} <= {m.members[0].kind for m in placed.marks}


@pytest.mark.parametrize("n", [0, 60, 500, 3000])
def test_a_desk_shows_all_within_its_slots(n: int) -> None:
    placed = place(notices.standing(announced(n=n), VIEW), VIEW.maps["home"], DESK_SLOTS)

    assert len(placed.marks) <= DESK_SLOTS
    assert placed.more == 0
    assert sum(len(mark.members) for mark in placed.marks) == placed.counts.total()


def test_nothing_is_drawn_anew_while_nothing_changes() -> None:
    layer = Layer("home", DESK_SLOTS, is_desk=True)
    first = layer.props(announced(n=200), VIEW, VIEW.maps["home"])

    again = layer.props(
        replace(announced(n=200), published_at=NOW + timedelta(seconds=1)), VIEW, VIEW.maps["home"]
    )

    assert again is first


def test_a_changed_notice_or_a_feed_that_falls_silent_is_drawn_at_the_next_tick() -> None:
    layer = Layer("home", DESK_SLOTS, is_desk=True)
    fit = VIEW.maps["home"]
    first = layer.props(showing(notice()), VIEW, fit)

    moved = layer.props(
        showing(notice(geometry="POINT (-73.7 45.5)", fetched_at=NOW + timedelta(minutes=1))),
        VIEW,
        fit,
    )
    silent = layer.props(showing(notice(), silent=frozenset({"road-works"})), VIEW, fit)

    assert moved["home-note-sign00"] != first["home-note-sign00"]
    assert silent["home-note-mark00"] != first["home-note-mark00"]


@pytest.mark.parametrize("scene", ["overview", "map", "home"])
@pytest.mark.parametrize("locale", ["en", "fr"])
def test_notices_are_plain_properties_of_parts_that_exist(scene: str, locale: str) -> None:
    view = montreal.works_view(locale)
    built = {
        part.id
        for component in SCENES[scene].components
        for part in walk(component.build(view))
        if getattr(part, "id", None)
    }

    props = scene_props(SCENES[scene], announced(n=100), view)
    quiet = scene_props(SCENES[scene], showing(), view)

    assert props.keys() <= built
    assert json.loads(json.dumps(props)) == props
    assert {k: v.keys() for k, v in props.items()} == {k: v.keys() for k, v in quiet.items()}


def test_alarms_are_drawn_above_notices_and_their_words_keep_clear_of_the_signs() -> None:
    fit = VIEW.maps["overview"]
    layer = Layer("overview", WALL_SLOTS)
    placed = layer.placed(announced(), VIEW, fit)
    ids = [
        getattr(part, "id", "") or "" for part in walk(SCENES["overview"].components[2].build(VIEW))
    ]

    alarms = mapalarms.place(announced(), VIEW, fit, placed.boxes)

    calls = [mark.callout.box for mark in alarms.marks if mark.callout]
    assert calls
    assert not any(call.meets(sign) for call in calls for sign in placed.boxes)
    assert ids.index("overview-note-sign11") < ids.index("overview-map-line-a00")


def test_the_list_tells_place_end_and_source_and_is_told_by_district_too() -> None:
    shot = announced()
    district = next(one for one in notices.standing(shot, VIEW) if one.kind == "closure")
    where = district.notice.districts[0]

    props = scene_props(HOME, shot, VIEW)
    some = noticelist.listed(shot, VIEW, where)

    assert props["home-notices00-head"]["children"] == "Boulevard Gouin closed at rue Salaberry"
    assert props["home-notices00-link"]["href"] == "https://roads.example/c1"
    text = props["home-notices00-text"]["children"]
    assert text.startswith("Closure, severe, ")
    assert text.endswith("until 18:02, Traffic centre")
    assert district in some
    assert len(some) < len(notices.standing(shot, VIEW))


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "data:text/html,x", "//evil.example", "ftp://x.example/", "", None,
        "https://", "http://[", "https://x.example/" + "a" * 3000, "https://x.example/\u202e",
    ],
)  # fmt: skip
def test_only_an_address_of_the_web_becomes_a_link(url: str | None) -> None:
    assert noticelist.web_address(url) is None


def test_a_headline_with_hidden_letters_is_shown_without_them() -> None:
    one = notices.standing(showing(notice(headline="Rue\u202e \x00barrée\n" + "x" * 500)), VIEW)[0]

    said = notices.headline(one, VIEW)

    assert said.startswith("Rue barrée xxx")
    assert len(said) == notices.HEADLINE_MOST
