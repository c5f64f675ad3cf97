import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.odata import Compare, Joined, QueryError, bounds, holds, read_query

from .conftest import instant

SPEC_QUERY = (
    "$select=name,@iot.id&$expand=Locations($select=location),Datastreams($select=name,"
    "unitOfMeasurement;$expand=ObservedProperty($select=name),Observations($orderby=phenomenonTime"
    " desc;$top=1;$select=phenomenonTime,result))&$top=100"
)


def test_a_dashboards_query_is_read_in_all_its_depth():
    query = read_query(SPEC_QUERY)

    assert query.select == ("name", "@iot.id")
    assert query.top == 100
    assert query.expand["Locations"].select == ("location",)
    inner = query.expand["Datastreams"]
    assert inner.select == ("name", "unitOfMeasurement")
    newest = inner.expand["Observations"]
    assert (newest.orderby, newest.top) == ((("phenomenonTime", True),), 1)


def test_a_path_expands_through_its_parts():
    query = read_query("$expand=Datastreams/Observations($top=3),Locations")

    assert query.expand["Datastreams"].expand["Observations"].top == 3
    assert "Locations" in query.expand


def test_percent_signs_and_plus_are_decoded_and_an_offset_survives():
    query = read_query("%24filter=phenomenonTime%20gt%202026-01-01T00:00:00+05:00&$top=2")

    assert query.where == Compare("phenomenonTime", "gt", instant("2026-01-01T00:00:00+05:00"))


def test_and_binds_closer_than_or_and_brackets_win():
    flat = read_query("$filter=result gt 1 or result lt 5 and result ne 3").where
    nested = read_query("$filter=(result gt 1 or result lt 5) and not result eq 3").where

    assert isinstance(flat, Joined)
    assert flat.word == "or"
    assert isinstance(nested, Joined)
    assert nested.word == "and"
    values = np.array([0.0, 3.0, 7.0])
    assert holds(nested, lambda _: values).tolist() == [True, False, True]


def test_texts_may_hold_quotes_brackets_and_marks():
    query = read_query("$filter=name eq 'Rue d''Arc; (a,b)'&$expand=Things($filter=name eq 'x;)')")

    assert query.where == Compare("name", "eq", "Rue d'Arc; (a,b)")
    assert query.expand["Things"].where == Compare("name", "eq", "x;)")


@pytest.mark.parametrize(
    "text",
    [
        "$filter=result gt",
        "$filter=result gt 1 result lt 2",
        "$filter=(result gt 1",
        "$filter=result like 3",
        "$top=-1",
        "$top=x",
        "$count=maybe",
        "$orderby=result up",
        "$expand=Things($top=1",
        "$expand=Things)",
        "$nonsense=1",
    ],
)
def test_a_malformed_option_is_refused(text):
    with pytest.raises(QueryError):
        read_query(text)


@given(
    low=st.integers(0, 2_000_000_000),
    span=st.integers(0, 10_000_000),
    probes=st.lists(st.integers(0, 2_100_000_000), min_size=1, max_size=20),
    is_open=st.booleans(),
)
def test_bounds_never_cut_off_what_the_filter_would_keep(low, span, probes, is_open):
    words = ("gt", "lt") if is_open else ("ge", "le")
    node = Joined(
        "and",
        (
            Compare("phenomenonTime", words[0], low),
            Compare("phenomenonTime", words[1], low + span),
            Joined("or", (Compare("result", "gt", 1.0), Compare("phenomenonTime", "eq", 5))),
        ),
    )

    first, last = bounds(node, "phenomenonTime")

    at = np.array(probes)
    columns = {"phenomenonTime": at, "result": np.full(at.size, 2.0)}
    kept = at[holds(node, columns.__getitem__)]
    assert ((kept >= first) & (kept <= last)).all()
