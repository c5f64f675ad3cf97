"""The fast codec says exactly what ``model.plain`` says."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from typing import Any, get_args, get_origin, get_type_hints

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import (
    Alert,
    AlertEvent,
    Case,
    Command,
    Fact,
    FeedState,
    Notice,
    Observation,
    Outcome,
    Reading,
    Reject,
    Trend,
    Usual,
)
from model.plain import entity, fact_from_plain, fact_to_plain, plain
from store import codec

EAST = timezone(timedelta(hours=-5))
instants = st.integers(0, 4 * 10**9).map(lambda s: datetime.fromtimestamp(s, UTC)) | st.integers(
    0, 4 * 10**9
).map(lambda s: datetime.fromtimestamp(s, EAST) + timedelta(microseconds=7))
texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
numbers = st.floats(allow_nan=False, allow_infinity=False)


durations = st.integers(0, 10**6).map(lambda s: timedelta(seconds=s))
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    datetime: instants,
    timedelta: durations,
    str: texts,
    float: numbers,
    int: st.integers(-(2**53), 2**53),
    bool: st.booleans(),
    type(None): st.none(),
}


def of(kind: type[Any]) -> st.SearchStrategy[Any]:
    """An entity with every field drawn."""
    hints = get_type_hints(kind)
    return st.builds(kind, **{name: drawn(hints[name]) for name in kind.__dataclass_fields__})


def drawn(hint: Any) -> st.SearchStrategy[Any]:
    inside = get_args(hint)
    if hint in PLAIN:
        return PLAIN[hint]
    if get_origin(hint) is tuple and inside[-1] is Ellipsis:
        return st.lists(drawn(inside[0]), max_size=3).map(tuple)
    if get_origin(hint) is tuple:
        return st.tuples(*map(drawn, inside))
    if inside:
        return st.one_of(*map(drawn, inside))
    return st.sampled_from(hint) if issubclass(hint, Enum) else of(hint)


facts = of(Observation) | of(Case) | of(Notice)
entities = st.one_of(
    *(
        of(kind)
        for kind in (Reading, FeedState, AlertEvent, Command, Outcome, Reject, Trend, Alert, Usual)
    )
)


@given(fact=facts)
def test_facts_survive_the_wire(fact: Fact) -> None:
    rows = orjson.loads(codec.dump_facts([fact]))

    assert fact_from_plain(rows[0]) == fact
    assert codec.build_fact(dict(rows[0])) == fact
    assert codec.build_fact(fact_to_plain(fact)) == fact


@given(value=entities)
def test_entities_survive_and_look_like_plain(value: Any) -> None:
    row = orjson.loads(codec.dumps(value))

    assert row == orjson.loads(orjson.dumps(plain(value))) or _has_zone(value)
    assert entity(type(value), row) == value
    assert codec.build(type(value), row) == value


def _has_zone(value: Any) -> bool:
    """An instant in another zone is written as such by one codec and in UTC by the other."""
    return b"-05:00" in codec.dumps(value)


@given(fact=facts, at=instants)
def test_when_a_fact_was_heard_is_no_part_of_it(fact: Fact, at: datetime) -> None:
    again = replace(fact, fetched_at=at, known_at=at)

    assert codec.key_of(again) == codec.key_of(fact)
    assert codec.content_of(again) == codec.content_of(fact)


def test_another_value_is_another_content() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    one = Observation(
        feed_id="f", site_id="s", quantity="q", value=0.0, unit="u", observed_at=at, fetched_at=at
    )

    assert codec.content_of(one) != codec.content_of(replace(one, value=None))
    assert codec.key_of(one) == codec.key_of(replace(one, value=None))
    assert codec.key_of(one) != codec.key_of(replace(one, site_id="t"))


def test_unknown_keys_are_ignored_and_missing_ones_are_not() -> None:
    row = {"command_id": "c", "status": "applied", "later": 1}

    assert codec.build(Outcome, row) == Outcome(command_id="c", status="applied")
    with pytest.raises(TypeError):
        codec.build(Outcome, {"status": "applied"})
