import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from push.frames import Mark, body, difference, frame, merged

AT = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.lists(st.integers())
DRAWINGS = st.dictionaries(
    st.sampled_from("abcd"), st.dictionaries(st.sampled_from("xyz"), VALUES, min_size=1)
)


@given(DRAWINGS, DRAWINGS)
def test_old_plus_difference_shows_everything_new(old, new):
    shown = merged((old, difference(old, new)))

    for part, props in new.items():
        for name, value in props.items():
            assert shown[part][name] == value


@given(DRAWINGS, DRAWINGS)
def test_applying_a_difference_twice_changes_nothing(old, new):
    changed = difference(old, new)
    once = merged((old, changed))

    assert merged((once, changed)) == once


@given(DRAWINGS)
def test_nothing_is_sent_when_nothing_changed(drawing):
    assert difference(drawing, drawing) == {}


@given(DRAWINGS, DRAWINGS)
def test_a_difference_holds_only_what_changed(old, new):
    for part, props in difference(old, new).items():
        for name, value in props.items():
            assert part not in old or name not in old[part] or old[part][name] != value


def test_merging_leaves_the_layers_alone():
    first = {"a": {"x": 1}}

    merged((first, {"a": {"x": 2}}))

    assert first == {"a": {"x": 1}}


def test_a_frame_is_one_event_with_the_fields_of_the_contract():
    mark = Mark("7-12", AT, "b1")

    text = frame(mark, body({"a": {"x": None}}), prev="7-11", sent_at=AT).decode()

    lines = text.split("\n")
    assert lines[:2] == ["event: frame", "id: 7-12"]
    assert text.endswith("\n\n")
    assert text.count("\n\n") == 1
    assert json.loads(lines[2].removeprefix("data: ")) == {
        "v": "7-12",
        "prev": "7-11",
        "full": False,
        "sent_at": 1767323045678,
        "published_at": 1767323045678,
        "build": "b1",
        "props": {"a": {"x": None}},
    }


def test_a_line_break_in_a_value_does_not_break_the_event():
    text = frame(Mark("1-1", AT, ""), body({"a": {"x": "one\n\ntwo"}}), prev=None, sent_at=AT)

    assert text.count(b"\n\n") == 1


def test_what_is_not_plain_is_refused():
    with pytest.raises(TypeError):
        body({"a": {"x": object()}})
