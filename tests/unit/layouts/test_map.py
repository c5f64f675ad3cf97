"""The map: classes that hold still, hatch for what is unknown, call-outs clear of the title."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layouts import callouts, limits, mapalarms
from layouts.capacity import wall
from layouts.live import SCENES, scene_props
from layouts.mapfit import CARDS, Box, fit
from model import Quality, Snapshot, Threshold
from tests.unit.layouts.city import INDICATORS, alarmed, alert, districts, snapshot, view

NEW = next(one for one in INDICATORS if one.id == "srv.new")


def drawn(shot: Snapshot) -> dict[str, dict[str, object]]:
    return scene_props(SCENES["overview"], shot, view())


def classes(shot: Snapshot) -> list[str]:
    return [
        str(values["className"]).rpartition("--")[2]
        for key, values in drawn(shot).items()
        if key.startswith("overview-map-d")
    ]


@given(st.floats(1e-6, 1e9))
def test_limits_rise_and_are_round(scale: float) -> None:
    found = limits.spread(scale * step for step in (0.85, 1.3, 1.9, 2.8))

    assert list(found) == sorted(set(found))
    assert found[0] <= scale * 1.2
    assert found[-1] >= scale * 2


def test_limits_do_not_move_with_the_values_of_one_tick() -> None:
    calm = snapshot()
    storm = replace(
        calm,
        readings=tuple(
            replace(one, value=one.value * 3) if one.value and one.district != "city" else one
            for one in calm.readings
        ),
    )

    assert limits.limits(NEW, calm) == limits.limits(NEW, storm)


def test_a_pack_may_fix_the_limits_and_thresholds_of_another_kind_are_not_limits() -> None:
    fixed = replace(NEW, options=(("limits", "10, 20, 40, 80"),))
    ratio = replace(
        NEW, normal=(5.0, 12.0), threshold=Threshold(kind="usual_ratio", warn=1.25, crit=1.5)
    )

    assert limits.limits(fixed, snapshot()) == (10, 20, 40, 80)
    assert limits.limits(ratio, snapshot()) == limits.limits(NEW, snapshot())


def test_without_any_value_there_are_no_classes_and_every_district_is_hatched() -> None:
    bare = replace(snapshot(), readings=(), trends=())

    assert limits.limits(NEW, bare) == ()
    assert set(classes(bare)) == {"na"}


def test_a_district_without_a_sound_value_is_hatched_never_the_lowest_class() -> None:
    shot = snapshot()
    doubtful = replace(
        shot,
        readings=tuple(
            replace(one, quality=Quality.STALE) if one.district in ("102", "63") else one
            for one in shot.readings
            if one.district != "11"
        ),
    )

    assert classes(shot).count("na") == 1
    assert classes(doubtful).count("na") == 4
    assert drawn(doubtful)["overview-map-limit-na"]["children"] == "fewer than 5, or no data"


def test_an_unacknowledged_alarm_has_a_call_out_clear_of_title_scale_and_others() -> None:
    found = view().maps["overview"]
    many = replace(
        snapshot(),
        alerts=tuple(
            alert("inf.power", "UNACK", 2, district=one.id, value=2.6, limit=2)
            for one in districts().items[:6]
        ),
    )

    placed = mapalarms.place(many, view(), found)

    boxes = [one.callout.box for one in placed.marks if one.callout]
    assert len(boxes) == 6
    assert all(found.card.holds(box) for box in boxes)
    assert not any(box.meets(kept) for box in boxes for kept in found.kept)
    assert not any(a.meets(b) for n, a in enumerate(boxes) for b in boxes[n + 1 :])


def test_an_alarm_in_hand_is_marked_in_its_district_without_words() -> None:
    placed = mapalarms.place(alarmed(), view(), view().maps["overview"])

    held = next(one for one in placed.marks if one.alert.shown == "HELD")
    assert held.callout is None
    assert {one.alert.shown for one in placed.marks} == {"UNACK", "HELD"}


def test_a_call_out_stands_still_while_its_alarm_does() -> None:
    found = view().maps["map"]

    first = callouts.place(found, "64", ("Sainte-Geneviève", "River 101 %"), ())
    again = callouts.place(found, "64", ("Sainte-Geneviève", "River 101 %"), ())

    assert first == again


@pytest.mark.parametrize("scene", CARDS)
def test_the_city_fits_its_card_and_leaves_the_title_free(scene: str) -> None:
    found = fit(districts(), CARDS[scene])

    left, top = found.dx, found.dy
    land = Box(left, top, left + found.shape.width, top + found.shape.height)
    assert found.card.holds(land)
    assert found.covered(found.head) == 0 or not CARDS[scene].head_width


@pytest.mark.parametrize(
    ("distance", "pitch", "width", "is_split", "root"),
    [
        (3, 0.565, None, False, 22.13),  # 98 in UHD: 44 device px
        (3, 0.634, None, True, 39.4),  # 55 in full HD
        (3, 1.2, None, False, 22.0),  # P1.2 LED: the formula asks for 21
        (3, 0.317, None, True, 39.4),  # 55 in UHD is as large as 55 in full HD
        (6, 0.565, None, True, 40.95),
        (3, 0.565, 1920, True, 40.95),
    ],
)
def test_the_wall_of_each_panel(
    distance: float, pitch: float, width: int | None, *, is_split: bool, root: float
) -> None:
    found = wall(distance, pitch, width)

    assert (found.is_split, found.root) == (is_split, pytest.approx(root, abs=0.05))
    assert found.root >= min(found.needed, 22)


def test_a_wall_too_far_away_says_how_far_it_reads() -> None:
    far = wall(10, 0.565)

    assert not far.is_legible
    assert far.legible_to_m < 10


@pytest.mark.parametrize("wrong", [(0, 0.5), (3, 0), (3, -1)])
def test_a_wall_of_no_size_is_refused(wrong: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="above 0"):
        wall(*wrong)
