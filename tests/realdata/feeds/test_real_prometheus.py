"""Every recorded exposition, read and counted."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from feeds import prometheus
from model import Observation

pytestmark = pytest.mark.realdata


def read(make_feed, records, now, name, quantities):
    body = (records / "wire/prometheus" / f"textfile_{name}.prom").read_bytes()
    feed = make_feed("prometheus", "observation", options={"quantities": quantities})
    return prometheus.parse(body, feed, now)


def test_a_time_of_2015_stays_one(make_feed, records, now):
    quantities = {
        "metric_with_custom_timestamp": {"quantity": "vehicles", "site": None},
        "normal_metric": {"quantity": "footfall"},
    }

    found = read(make_feed, records, now, "client_side_timestamp__metrics", quantities)

    assert found.rejected == []
    assert found.accepted == [
        Observation(
            feed_id="f1",
            site_id="f1",
            quantity="vehicles",
            value=1.0,
            unit="count",
            observed_at=datetime(2015, 9, 2, 14, 59, 37, 284000, tzinfo=UTC),
            fetched_at=now,
        ),
        Observation(
            feed_id="f1",
            site_id="f1",
            quantity="footfall",
            value=2.0,
            unit="count",
            observed_at=now,
            fetched_at=now,
        ),
    ]


def test_a_summary_is_chosen_by_its_quantile(make_feed, records, now):
    name = 'event_duration_seconds_total{quantile="0.99"}'
    quantities = {name: {"quantity": "probe_latency", "unit": "s", "site": "baz"}}

    found = read(make_feed, records, now, "different_metric_types__metrics", quantities)

    assert found.rejected == []
    assert {o.site_id: o.value for o in found.accepted} == {
        "inner_eval": 4.35e-06,
        "prepare_time": 2.2083e-05,
        "result_append": 6.53e-06,
        "result_sort": 4.08e-06,
    }


def test_label_sets_that_differ_cost_only_the_series_without_a_site(make_feed, records, now):
    quantities = {
        "http_requests_total": {"quantity": "requests", "site": "handler", "join": "sum"},
        "go_goroutines": {"quantity": "routines", "site": "foo"},
    }

    found = read(make_feed, records, now, "inconsistent_metrics__metrics", quantities)

    by_site = {o.site_id: o.value for o in found.accepted if o.quantity == "requests"}
    assert len(by_site) == 11
    assert by_site["query_range"] == 15663 + 40 + 3
    assert by_site["static"] == 1647 + 2
    reasons = Counter(one.reason for one in found.rejected)
    assert reasons == {
        "no label 'handler' says which site this is": 3,
        "no label 'foo' says which site this is": 1,
    }
    assert [one.line for one in found.rejected] == [5, 8, 16, 24]


def test_series_of_a_file_are_told_apart(make_feed, records, now):
    quantities = {"events_total": {"quantity": "events", "site": "foo"}}

    found = read(make_feed, records, now, "metrics_merge_different_help__a", quantities)

    assert {o.site_id: o.value for o in found.accepted} == {"bar": 10.0, "baz": 20.0}
    assert found.rejected == []
