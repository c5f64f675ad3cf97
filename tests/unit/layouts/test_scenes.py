"""Every live scene: ids meet, values fill the tree, only the snapshot decides."""

import json
from collections import Counter

import pytest

from layouts.live import SCENES, scene_layout, scene_props, walk
from tests.unit.layouts.city import alarmed, snapshot, view

WALLS = ("overview", "headlines", "map")
STATES = {"quiet": snapshot(), "alarmed": alarmed()}


@pytest.mark.parametrize("scene", WALLS)
@pytest.mark.parametrize("state", STATES)
def test_every_id_of_the_properties_exists_once(scene: str, state: str) -> None:
    root = scene_layout(SCENES[scene], None, view())
    ids = Counter(part.id for part in walk(root) if getattr(part, "id", None))

    props = scene_props(SCENES[scene], STATES[state], view())

    assert not [key for key, count in ids.items() if count > 1]
    assert props.keys() <= ids.keys()


@pytest.mark.parametrize("scene", WALLS)
def test_every_state_names_the_same_properties_so_that_none_is_left_behind(scene: str) -> None:
    quiet = scene_props(SCENES[scene], STATES["quiet"], view())
    alarmed_ = scene_props(SCENES[scene], STATES["alarmed"], view())

    assert {key: values.keys() for key, values in quiet.items()} == {
        key: values.keys() for key, values in alarmed_.items()
    }


@pytest.mark.parametrize("scene", WALLS)
@pytest.mark.parametrize("locale", ["en", "fr"])
def test_properties_are_pure_and_plain(scene: str, locale: str) -> None:
    first = scene_props(SCENES[scene], STATES["alarmed"], view(locale))
    second = scene_props(SCENES[scene], alarmed(), view(locale))

    assert first == second
    assert json.loads(json.dumps(first)) == first
