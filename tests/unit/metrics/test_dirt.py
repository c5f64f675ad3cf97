"""Whatever facts come, in whatever order, every indicator answers, and in plain finite numbers."""

import math
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics import INDICATORS, Window, measure
from metrics.privacy import suppress
from model import CITY, Indicator, Observation, Quality
from tests.unit.metrics.cast import HOUR, NOW, scope, seen

SOME = [
    one
    for one in INDICATORS.values()
    if one.id.startswith(("eco.", "saf.", "soc."))
    or one.id in {"srv.call30", "srv.waste", "par.sentiment"}
]
values = st.one_of(
    st.none(),
    st.sampled_from([0.0, 1.0, -1.0, 1e12, 1e300, math.inf, -math.inf, math.nan, 37.5]),
    st.floats(0, 500),
)
ages = st.one_of(st.integers(-48, 24 * 40), st.integers(0, 24 * 1_200), st.integers(0, 6))


def facts_of(indicator: Indicator) -> st.SearchStrategy[list[Observation]]:
    return st.lists(
        st.builds(
            lambda quantity, value, age, site, place, quality, minute: seen(
                value,
                quantity=quantity,
                site=site,
                district=place,
                quality=quality,
                at=NOW - age * HOUR + timedelta(minutes=minute),
            ),
            st.sampled_from(indicator.quantities),
            values,
            ages,
            st.sampled_from(["a", "b", "c"]),
            st.sampled_from(["north", "south", None, "elsewhere"]),
            st.sampled_from(list(Quality)),
            st.sampled_from([0, 0, 0, 15, 59]),
        ),
        max_size=60,
    )


@pytest.mark.parametrize("indicator", SOME, ids=lambda one: one.id)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_no_dirt_stops_a_measure_or_makes_a_number_that_is_none(
    indicator: Indicator, data: st.DataObject
) -> None:
    facts = data.draw(facts_of(indicator))
    mixed = data.draw(st.permutations(facts))

    found = measure(indicator, Window.build(facts), NOW, scope())
    again = measure(indicator, Window.build([]).extended(mixed), NOW, scope())

    assert [one.district for one in found] == ["north", "south", CITY]
    for one in found:
        for number in (one.value, one.num, one.den, one.coverage):
            assert number is None or (type(number) is float and math.isfinite(number))
        assert one.n is None or (type(one.n) is int and one.n >= 0)
        assert (one.value is None) == (one.quality is Quality.NODATA)
        assert one.value is not None or one.reason
    if len({(f.site_id, f.quantity, f.observed_at) for f in facts}) == len(facts):
        assert found == again
    assert len(suppress(found, INDICATORS)) == 3
