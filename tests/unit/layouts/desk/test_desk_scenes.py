"""Every desk scene: ids meet, values fill the tree, only the snapshot decides."""

import json
from collections import Counter

import pytest

from layouts.component import scene_layout, scene_props, walk
from layouts.desk.pages import DESKS
from tests.unit.layouts.city import alarmed, doubtful, snapshot, view

SCENES = (
    "home",
    "alerts",
    "alerts-2",
    "alerts-unack",
    "alerts-closed",
    "feeds",
    "feeds-domain",
    "feeds-all",
    "indicators",
    "indicator",
)
STATES = {"quiet": snapshot(), "alarmed": alarmed(), "doubtful": doubtful()}


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("state", STATES)
def test_every_id_of_the_properties_exists_once(scene: str, state: str) -> None:
    root = scene_layout(DESKS[scene], None, view())
    ids = Counter(part.id for part in walk(root) if getattr(part, "id", None))

    props = scene_props(DESKS[scene], STATES[state], view())

    assert not [key for key, count in ids.items() if count > 1]
    assert props.keys() <= ids.keys()


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("state", ["alarmed", "doubtful"])
def test_every_state_names_the_same_properties_so_that_none_is_left_behind(
    scene: str, state: str
) -> None:
    quiet = scene_props(DESKS[scene], STATES["quiet"], view())
    other = scene_props(DESKS[scene], STATES[state], view())

    assert {key: values.keys() for key, values in quiet.items()} == {
        key: values.keys() for key, values in other.items()
    }


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("locale", ["en", "fr"])
def test_properties_are_pure_and_plain(scene: str, locale: str) -> None:
    first = scene_props(DESKS[scene], STATES["alarmed"], view(locale))
    second = scene_props(DESKS[scene], alarmed(), view(locale))

    assert first == second
    assert json.loads(json.dumps(first)) == first


@pytest.mark.parametrize("scene", SCENES)
def test_a_desk_without_a_snapshot_is_an_empty_shell_that_claims_nothing(scene: str) -> None:
    root = scene_layout(DESKS[scene], None, view())

    assert getattr(root, "data-live") == "dead"
    assert not hasattr(root, "data-version")
