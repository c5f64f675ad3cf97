"""Metrics as exposed, by query and as alerts; bodies written after the documentation."""

import json
import tracemalloc
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import parser as reference

from feeds import FeedError, Limits, again, poll, problems, prometheus
from feeds.prometheus_parse import Reading, Selector
from model import Notice, Quality

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
T = int(NOW.timestamp())
HEAT = {"heat_celsius": {"quantity": "temperature", "unit": "°C", "site": "room"}}
BODY = """# HELP heat_celsius How warm it is.
# TYPE heat_celsius gauge
heat_celsius{room="a"} 21.5
heat_celsius{room="b"} 7.07e+01
other_total 3
"""


def read(make_feed, body, quantities=None, **more):
    raw = body.encode() if isinstance(body, str) else body
    options = {"quantities": HEAT if quantities is None else quantities} | more.pop("options", {})
    return prometheus.parse(raw, make_feed("prometheus", options=options), NOW, **more)


def values(found):
    return {(o.site_id, o.quantity): o.value for o in found.accepted}


def test_a_metric_gives_a_value_per_site_as_old_as_the_poll(make_feed):
    found = read(make_feed, BODY)

    first = found.accepted[0]
    assert values(found) == {("a", "temperature"): 21.5, ("b", "temperature"): 70.7}
    assert (first.unit, first.observed_at, first.quality) == ("°C", NOW, Quality.GOOD)
    assert found.rejected == []


def test_a_time_of_its_own_counts_even_when_it_is_years_old(make_feed):
    found = read(make_feed, 'heat_celsius{room="a"} 1 1441205977284\n')

    assert found.accepted[0].observed_at == datetime(2015, 9, 2, 14, 59, 37, 284000, tzinfo=UTC)


@pytest.mark.parametrize("written", ["NaN", "+Inf", "-Inf", "nan"])
def test_what_is_no_number_counts_nothing(make_feed, written):
    found = read(make_feed, f'heat_celsius{{room="a"}} {written}\n')

    assert values(found) == {("a", "temperature"): None}


def test_openmetrics_has_seconds_exemplars_and_an_end(make_feed):
    body = (
        "# TYPE heat_celsius gauge\n# UNIT heat_celsius celsius\n"
        'heat_celsius{room="a"} 20 1795521540.5 # {trace_id="x"} 0.3 1795521540\n# EOF\n'
    )

    found = read(make_feed, body)
    told = read(make_feed, body, media_type="application/openmetrics-text; version=1.0.0")

    assert found.accepted == told.accepted
    assert found.accepted[0].observed_at == datetime(2026, 11, 24, 11, 59, 0, 500000, tzinfo=UTC)


def test_openmetrics_without_its_end_is_cut_off(make_feed):
    with pytest.raises(ValueError, match="cut off"):
        read(make_feed, BODY, media_type="application/openmetrics-text")


def test_the_last_line_without_its_end_may_be_half_a_number(make_feed):
    found = read(make_feed, 'heat_celsius{room="a"} 21\nheat_celsius{room="b"} 12')

    assert values(found) == {("a", "temperature"): 21}
    assert "cut off" in found.rejected[0].reason
    assert found.rejected[0].line == 2


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('heat_celsius{room="a"} warm', "'warm' is no number"),
        ('heat_celsius{room="a"} 1_000', "no number"),
        ('heat_celsius{room="a"} 21,5', "no number"),
        ('heat_celsius{room="a} 1', "not a line"),
        ('heat_celsius{room="a",room="b"} 1', "stands twice"),
        ("heat_celsius{room=a} 1", "are no labels"),
        ('heat_celsius{room="a"} 1 soon', "no number"),
        ('heat_celsius{room="a"} 1 99999999999999999', "no POSIX time"),
        ('heat_celsius{room="a"}', "not a line"),
        ('heat_celsius{house="a"} 1', "no label 'room'"),
        ("heat_celsius 1", "no label 'room'"),
        (f'heat_celsius{{room="{"x" * 70_000}"}} 1', "not a line"),
    ],
)
def test_a_bad_line_costs_itself(make_feed, line, reason):
    found = read(make_feed, f'{line}\nheat_celsius{{room="z"}} 4\n')

    assert values(found) == {("z", "temperature"): 4}
    assert len(found.rejected) == 1
    assert reason in found.rejected[0].reason


def test_labels_are_unescaped_and_may_be_odd(make_feed):
    body = 'heat_celsius {a="}{,=" , room="x\\"y\\\\z\\n", } 5\n'

    assert values(read(make_feed, body)) == {('x"y\\z\n', "temperature"): 5}


def test_a_quoted_name_is_read(make_feed):
    quantities = {"heat.celsius": HEAT["heat_celsius"]}

    found = read(make_feed, '{"heat.celsius",room="a"} 5\n', quantities)

    assert values(found) == {("a", "temperature"): 5}


def test_a_longer_name_is_another_metric(make_feed):
    with pytest.raises(ValueError, match="there are heat_celsius1"):
        read(make_feed, "heat_celsius1 5\n")


@pytest.mark.parametrize(
    "body", ['{"status": "success"}', "[1, 2]\n", "<a>\n", "1,2,3\n4,5,6\n", "# EOF\n", "\x00\x01"]
)
def test_another_format_is_refused_as_a_whole(make_feed, body):
    with pytest.raises(ValueError, match=r"no exposition|none of the metrics|cut off"):
        read(make_feed, body)


def test_matchers_choose_series_as_in_promql(make_feed):
    body = "".join(
        f'http_total{{code="{code}",host="{host}"}} {n}\n'
        for n, (code, host) in enumerate([("200", "a"), ("503", "a"), ("500", "b"), ("404", "b")])
    )
    quantities = {
        'http_total{code=~"5..", host!="b"}': {"quantity": "x", "unit": "", "site": "host"}
    }

    assert values(read(make_feed, body, quantities)) == {("a", "x"): 1}


@pytest.mark.parametrize("key", ['up{a="}', "up{a}", 'up{a=~"("}', '{a="b"}', 'up{a="b"'])
def test_a_selector_that_is_none_is_told_by_the_check(make_feed, key):
    feed = make_feed("prometheus", options={"quantities": {key: {"quantity": "vehicles"}}})

    assert problems(feed)


def test_series_of_one_site_need_a_label_or_a_join(make_feed):
    body = 'jobs{room="a",n="1"} 2\njobs{room="a",n="2"} 3\njobs{room="a",n="1"} 2\n'
    wanted = {"quantity": "vehicles", "site": "room"}

    alone = read(make_feed, body, {"jobs": wanted})
    joined = read(make_feed, body, {"jobs": wanted | {"join": "sum"}})

    assert values(alone) == {("a", "vehicles"): 2}
    assert "declare a label" in alone.rejected[0].reason
    assert values(joined) == {("a", "vehicles"): 5}
    assert joined.rejected == []


def test_one_series_with_two_values_keeps_the_first(make_feed):
    found = read(make_feed, 'heat_celsius{room="a"} 1\nheat_celsius{room="a"} 2\n')

    assert values(found) == {("a", "temperature"): 1}
    assert "line 1 with another value" in found.rejected[0].reason


def counted(make_feed, bodies, **wanted):
    """Poll a feed once a minute."""
    options = {"quantities": {"cars_total": {"quantity": "traffic_flow", "unit": "veh/h"} | wanted}}
    feed = make_feed("prometheus", options=options, every=timedelta(minutes=1))
    memory, found = {}, []
    for minute, body in enumerate(bodies):
        client = httpx.Client(
            transport=httpx.MockTransport(lambda _, b=body: httpx.Response(200, text=b))
        )
        one = poll(
            feed, client, json.loads(json.dumps(memory)), now=NOW + minute * timedelta(minutes=1)
        )
        memory = one.memory
        found.append([o.value for o in one.parsed.accepted])
    return found


def test_a_counter_needs_two_polls_and_survives_a_restart(make_feed):
    bodies = [f"cars_total {n}\n" for n in (100, 130, 10, 10)]

    assert counted(make_feed, bodies, rate="1h") == [[], [1800], [600], [0]]


def test_an_increase_counts_what_came_since_the_last_poll(make_feed):
    bodies = [
        'cars_total{l="1"} 5\ncars_total{l="2"} 1\n',
        'cars_total{l="1"} 8\ncars_total{l="2"} 2\n',
    ]
    bodies.append(bodies[1] + 'cars_total{l="3"} 50\n')

    assert counted(make_feed, bodies, increase=True) == [[], [4], [0]]


def test_a_rate_over_a_long_pause_is_not_made_up(make_feed):
    feed = make_feed(
        "prometheus",
        every=timedelta(minutes=1),
        options={"quantities": {"c": {"quantity": "boardings", "increase": True}}},
    )

    found = prometheus.parse(
        b"c 9\n", feed, NOW, before={"boardings " + _series(): (1, "2026-11-24T11:50:00Z")}
    )

    assert found.accepted == []


def _series():
    reading = Reading({"c"}, "f1", NOW)
    return next(iter(reading.samples("c 9\n"))).series


def test_too_many_series_are_refused(make_feed):
    body = "".join(f'heat_celsius{{room="{n}"}} 1\n' for n in range(11))

    with pytest.raises(FeedError, match="max_series = 10") as caught:
        read(make_feed, body, options={"max_series": 10})

    assert caught.value.permanent


def test_a_large_body_is_read_in_bounded_memory_and_time(make_feed):
    body = (b'noise_total{a="b",c="d"} 1234567\n' * 600_000) + b'heat_celsius{room="a"} 1\n'
    feed = make_feed("prometheus", options={"quantities": HEAT})

    tracemalloc.start()
    found = prometheus.parse(body, feed, NOW)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert values(found) == {("a", "temperature"): 1}
    assert peak < 8 * len(body)


NAMES = st.from_regex(r"[a-z_:][a-z0-9_:]{0,5}", fullmatch=True)
LABELS = st.dictionaries(
    st.from_regex(r"[a-z][a-z0-9_]{0,3}", fullmatch=True),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=6),
    max_size=3,
)


@given(
    NAMES,
    LABELS,
    st.floats(allow_nan=False, allow_infinity=False),
    st.none() | st.integers(0, 4 * 10**12),
)
def test_lines_are_read_as_the_reference_parser_reads_them(name, labels, value, at):
    quoted = {k: v.replace("\\", "\\\\").replace('"', '\\"') for k, v in labels.items()}
    inside = ",".join(f'{key}="{text}"' for key, text in quoted.items())
    line = f"{name}{{{inside}}} {value!r}" + ("" if at is None else f" {at}")

    (mine,) = Reading({name}, "f", NOW).samples(line + "\n")

    (family,) = reference.text_string_to_metric_families(line + "\n")
    theirs = family.samples[0]
    assert (mine.name, mine.labels, mine.value) == (theirs.name, theirs.labels, theirs.value)
    assert mine.at.timestamp() == pytest.approx(T if at is None else theirs.timestamp, abs=1e-3)


@given(st.text(max_size=60))
def test_no_line_does_harm(line):
    reading = Reading({"up"}, "f", NOW)
    try:
        list(reading.samples(f"up{line}\nup 1\n"))
    except ValueError:
        return
    assert all(one.feed_id == "f" for one in reading.rejected)


# -- queries


def vector(*rows, **more):
    result = [{"metric": labels, "value": [T - 30.5, value]} for labels, value in rows]
    data = {"resultType": "vector", "result": result}
    return {"status": "success", "data": data} | more


QUERIES = {
    "queries": {"lag": "max by (service) (lag_seconds)"},
    "quantities": {"lag": {"quantity": "probe_latency", "unit": "s", "site": "service"}},
}


def query(make_feed, answering, body, **options):
    client = answering({"/feed/api/v1/query": body})
    feed = make_feed("prometheus", options=QUERIES | options)
    found = poll(feed, client, {}, now=NOW, limits=Limits(sleep=lambda _: None))
    return found.parsed, client.asked


def test_a_query_is_asked_and_its_vector_read(make_feed, answering):
    found, asked = query(make_feed, answering, vector(({"service": "web"}, "0.25")))

    assert asked[0].url.params["query"] == "max by (service) (lag_seconds)"
    assert values(found) == {("web", "probe_latency"): 0.25}
    assert found.accepted[0].observed_at == datetime(2026, 11, 24, 11, 59, 29, 500000, tzinfo=UTC)


def test_a_scalar_is_the_site_of_the_feed(make_feed, answering):
    body = {"status": "success", "data": {"resultType": "scalar", "result": [T, "NaN"]}}
    quantities = {"lag": {"quantity": "probe_latency", "unit": "ms"}}

    found, _ = query(make_feed, answering, body, quantities=quantities)

    assert values(found) == {("f1", "probe_latency"): None}


def test_a_warning_makes_the_answer_doubtful(make_feed, answering):
    body = vector(({"service": "web"}, "1"), warnings=["a store did not answer"])

    found, _ = query(make_feed, answering, body)

    assert found.accepted[0].quality is Quality.UNCERTAIN
    assert "a store did not answer" in found.rejected[0].reason


@pytest.mark.parametrize(
    "row",
    [
        {"metric": {"service": "a"}, "histogram": [T, {}]},
        {"metric": None, "value": [T, "1"]},
        {"metric": {"service": "a"}, "value": [T, "21,5"]},
        {"metric": {"service": "a"}, "value": ["soon", "1"]},
        {"metric": {}, "value": [T, "1"]},
        7,
        None,
    ],
)
def test_a_bad_row_of_an_answer_costs_itself(make_feed, answering, row):
    body = vector(({"service": "web"}, "1"))
    body["data"]["result"].insert(0, row)

    found, _ = query(make_feed, answering, body)

    assert values(found) == {("web", "probe_latency"): 1}
    assert len(found.rejected) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"status": "error", "errorType": "bad_data", "error": "parse error"},
        {"status": "success", "data": {"resultType": "matrix", "result": []}},
        {"status": "success"},
        [],
        "nonsense",
        httpx.Response(422, json={"status": "error", "error": "too many samples"}),
    ],
)
def test_a_query_that_fails_fails_the_poll(make_feed, answering, body):
    with pytest.raises(FeedError):
        query(make_feed, answering, body)


@pytest.mark.parametrize(
    ("options", "header"),
    [
        ({"bearer": "env:PROM_KEY"}, "Bearer s3cret"),
        ({"user": "me", "password": "env:PROM_KEY"}, "Basic bWU6czNjcmV0"),
    ],
)
def test_secrets_are_sent_and_never_shown(make_feed, answering, monkeypatch, options, header):
    monkeypatch.setenv("PROM_KEY", "s3cret")
    _, asked = query(make_feed, answering, vector(({"service": "w"}, "1")), **options)

    with pytest.raises(FeedError) as caught:
        query(make_feed, answering, httpx.Response(403, text="no s3cret here"), **options)

    assert asked[0].headers["authorization"] == header
    assert "s3cret" not in caught.value.reason


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"quantities": HEAT, "user": "me"},
        {"quantities": HEAT, "user": "me", "password": "env:A", "bearer": "env:B"},
        {"quantities": HEAT, "bearer": "s3cret"},
        {"quantities": HEAT, "queries": {"a": "up"}},
        {"quantities": {"a": {"quantity": "speed"}}},
        {"quantities": {"a": {"quantity": "vehicles", "rate": "1h", "increase": True}}},
        {"quantities": {"a": {"quantity": "vehicles", "lat": "lat"}}},
        {"severities": {"p1": "awful"}, "quantities": HEAT},
    ],
)
def test_contradictions_are_told_before_anything_is_asked(make_feed, options):
    assert problems(make_feed("prometheus", options=options))


def test_refused_lines_are_read_again_after_the_mapping_was_mended(make_feed):
    lost = read(make_feed, 'heat_celsius{house="a"} 1\nheat_celsius{room="b"} 2\n').rejected
    mended = {"heat_celsius": HEAT["heat_celsius"] | {"site": "house"}}

    found = again(make_feed("prometheus", options={"quantities": mended}), lost, {}, now=NOW)

    assert values(found) == {("a", "temperature"): 1}


# -- alerts

FIRING = {
    "labels": {"alertname": "Down", "severity": "critical", "instance": "web:80"},
    "annotations": {"summary": "The web is down"},
    "state": "firing",
    "activeAt": "2026-11-24T11:27:12.60602144+01:00",
    "value": "1e+00",
}


def alerts(make_feed, answering, bodies, path="/feed/api/v1/alerts", **options):
    feed = make_feed("prometheus", gives="notice", options=options)
    memory, found = {}, []
    for minute, body in enumerate(bodies):
        one = poll(feed, answering({path: body}), json.loads(json.dumps(memory)),
                   now=NOW + minute * timedelta(minutes=1))  # fmt: skip
        memory = one.memory
        found.append(one.parsed)
    return found


def listed(*rows):
    return {"status": "success", "data": {"alerts": list(rows)}}


def test_what_fires_is_a_notice_until_it_is_gone(make_feed, answering):
    pending = FIRING | {"state": "pending"}

    first, second, third = alerts(
        make_feed, answering, [listed(FIRING, pending), listed(), listed()]
    )

    (notice,) = first.accepted
    assert isinstance(notice, Notice)
    assert (notice.headline, notice.severity, notice.event) == ("The web is down", "severe", "Down")
    assert notice.effective == datetime(2026, 11, 24, 10, 27, 12, 606021, tzinfo=UTC)
    assert notice.expires is None
    (gone,) = second.accepted
    assert gone.key == notice.key
    assert (gone.expires, gone.msg_type) == (NOW + timedelta(minutes=1), "update")
    assert third.accepted == []


def test_what_fires_anew_is_another_notice(make_feed, answering):
    later = FIRING | {"activeAt": "2026-11-24T12:00:30Z"}

    found = alerts(make_feed, answering, [listed(FIRING), listed(), listed(later)])

    assert found[0].accepted[0].key != found[2].accepted[0].key


def test_the_alertmanager_is_asked_for_what_is_active(make_feed, answering):
    row = {
        "labels": {"alertname": "Disk", "severity": "P1"},
        "annotations": {},
        "startsAt": "2026-11-24T11:00:00Z",
        "endsAt": "2026-11-24T12:04:00Z",
        "status": {"state": "active"},
    }
    silenced = row | {"status": {"state": "suppressed"}}

    (found,) = alerts(
        make_feed, answering, [[row, silenced]], "/feed/api/v2/alerts",
        alerts="alertmanager", severities={"p1": "extreme"},
    )  # fmt: skip

    assert [(n.headline, n.severity) for n in found.accepted] == [("Disk", "extreme")]


@pytest.mark.parametrize(
    "row", [7, None, {}, {"labels": {}, "state": "firing"}, FIRING | {"activeAt": "?"}]
)
def test_a_bad_alert_costs_itself(make_feed, answering, row):
    (found,) = alerts(make_feed, answering, [listed(row, FIRING)])

    assert len(found.accepted) == 1
    assert len(found.rejected) <= 1


def test_a_selector_without_braces_is_a_name():
    assert Selector.of("up") == Selector("up")


def test_an_alert_whose_words_are_blank_is_refused_alone(make_feed, answering, now):
    alert = {"state": "firing", "activeAt": "2026-11-24T10:00:00Z", "value": "1"}
    blank = alert | {"labels": {"alertname": "\u00a0"}, "annotations": {"summary": "\u2003"}}
    good = alert | {"labels": {"alertname": "Down"}, "annotations": {}}
    said = {"status": "success", "data": {"alerts": [blank, good]}}
    feed = make_feed("prometheus", "notice", url="https://city.example")

    found = poll(feed, answering({"/api/v1/alerts": said}), {}, now=now).parsed

    assert [one.headline for one in found.accepted] == ["Down"]
    assert len(found.rejected) == 1
