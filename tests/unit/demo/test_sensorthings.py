"""SensorThings answers: shapes of OGC 18-088, and pages that lose and repeat nothing."""

import json
from collections import Counter

import pytest

from demo import archive
from demo.archive import ROOTS, streams
from demo.incidents import World, started
from demo.odata import QueryError
from demo.sensorthings import TOP_MAX, answer, context_for

from .conftest import SEED, instant
from .test_odata import SPEC_QUERY

NOW = instant("2026-11-24T15:03:10+00:00")
BASE = "http://h/sta"


def ask(root, path, query="", *, now=NOW, world=None):
    context = context_for(
        world or World(SEED, has_programme=False),
        root,
        now=now,
        base=f"{BASE}/{root}/v1.1",
        frozen=f"FROZEN/{root}/v1.1",
    )
    return answer(context, path, query)


def walk(root, path, query):
    found, pages = [], 0
    while True:
        page = ask(root, path, query)
        found += page["value"]
        pages += 1
        link = page.get("@iot.nextLink")
        if link is None:
            return found, pages
        assert link.startswith(f"FROZEN/{root}/v1.1/{path}?")
        query = link.partition("?")[2]


def test_the_root_lists_the_eight_entity_sets():
    found = {item["name"]: item["url"] for item in ask("air", "")["value"]}

    assert set(found) == {
        *("Things", "Locations", "HistoricalLocations", "Datastreams", "Sensors"),
        *("ObservedProperties", "Observations", "FeaturesOfInterest"),
    }
    assert found["Things"] == f"{BASE}/air/v1.1/Things"


REQUIRED = {  # mandatory properties, OGC 18-088, section 8.2
    "Things": {"name", "description"},
    "Locations": {"name", "description", "encodingType", "location"},
    "HistoricalLocations": {"time"},
    "Datastreams": {"name", "description", "unitOfMeasurement", "observationType"},
    "Sensors": {"name", "description", "encodingType", "metadata"},
    "ObservedProperties": {"name", "definition", "description"},
    "Observations": {"phenomenonTime", "result", "resultTime"},
    "FeaturesOfInterest": {"name", "description", "encodingType", "feature"},
}


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("kind", REQUIRED)
def test_every_entity_has_what_the_standard_demands(root, kind):
    for entity in ask(root, kind, "$top=300")["value"]:
        assert REQUIRED[kind] <= set(entity)
        assert entity["@iot.selfLink"] == f"{BASE}/{root}/v1.1/{kind}('{entity['@iot.id']}')"
        assert any(name.endswith("@iot.navigationLink") for name in entity)


@pytest.mark.parametrize("root", ROOTS)
def test_every_self_and_navigation_link_leads_somewhere(root):
    kinds = [kind for kind in REQUIRED if kind != "HistoricalLocations"]
    for kind in kinds:
        entity = ask(root, kind, "$top=1")["value"][0]
        for name, link in entity.items():
            if name.endswith(("selfLink", "navigationLink")):
                path = link.removeprefix(f"{BASE}/{root}/v1.1/")
                assert ask(root, path) is not None, link


def test_one_call_serves_a_dashboard():
    body = ask("traffic", "Things", SPEC_QUERY)

    assert len(body["value"]) == 80
    for thing in body["value"]:
        assert set(thing) == {"name", "@iot.id", "Locations", "Datastreams"}
        (stream,) = thing["Datastreams"]
        assert stream["ObservedProperty"] == {"name": "speed"}
        assert stream["unitOfMeasurement"]["symbol"] == "km/h"
        (newest,) = stream["Observations"]
        assert newest["phenomenonTime"] in {"2026-11-24T15:00:00Z", "2026-11-24T14:55:00Z"}
        assert isinstance(newest["result"], float)
        assert stream["Observations@iot.nextLink"].startswith("FROZEN/traffic/v1.1/Datastreams('")
        lon, lat = thing["Locations"][0]["location"]["coordinates"]
        assert -74.0 < lon < -73.4
        assert 45.4 < lat < 45.72


def test_the_newest_observation_is_there_however_long_the_feed_was_dead():
    start = instant("2026-11-24T05:00:00+00:00")
    dead = World(SEED, (started("deadfeed", start, seed=SEED, minutes=603),), has_programme=False)

    query = "$orderby=phenomenonTime desc;$top=1"
    body = ask("traffic", "Datastreams", f"$expand=Observations({query})", world=dead)

    found = {s["Observations"][0]["phenomenonTime"] for s in body["value"]}
    assert found <= {"2026-11-24T04:55:00Z", "2026-11-24T04:50:00Z"}


def test_an_observation_is_unknown_until_it_is_published():
    at = instant("2026-11-24T15:00:00+00:00")
    query = "$orderby=phenomenonTime desc&$top=1"

    def newest(now):
        return ask("river", "Observations", query, now=now)["value"][0]["phenomenonTime"]

    assert newest(at + 14) == "2026-11-24T14:59:00Z"
    assert newest(at + 15) == "2026-11-24T15:00:00Z"


def test_the_archive_is_native_for_two_days_and_hourly_before():
    query = "$filter=phenomenonTime ge 2026-11-21T15:00:00Z&$top=10000&$select=phenomenonTime"
    path = "Datastreams('river-verdun.river_level')/Observations"

    times = [row["phenomenonTime"] for row in ask("river", path, query)["value"]]

    old = [text for text in times if text < "2026-11-22T15:00:00Z"]
    assert old[0] == "2026-11-21T15:00:00Z"
    assert len(old) == 24
    assert len(times) - 24 == 48 * 60 + 3
    assert all(text.endswith(":00:00Z") for text in old)


def test_a_value_at_a_full_hour_is_the_same_in_both_halves_of_the_archive():
    path = "Observations('traffic-182-1.speed@{}')"
    at = instant("2026-11-24T12:00:00+00:00")

    early = ask("traffic", path.format(at), now=at + 3600)
    late = ask("traffic", path.format(at), now=at + 30 * 86400)

    assert early["result"] == late["result"]
    assert early["phenomenonTime"] == late["phenomenonTime"]


@pytest.mark.parametrize("top", [7, 1000, TOP_MAX])
def test_a_walk_along_the_links_meets_each_observation_exactly_once(top):
    window = "phenomenonTime gt 2026-11-22T10:00:00Z and phenomenonTime le 2026-11-22T18:00:00Z"
    whole = ask("traffic", "Observations", f"$filter={window}&$top=0&$count=true")

    found, pages = walk("traffic", "Observations", f"$filter={window}&$top={top}&$select=@iot.id")

    ids = [row["@iot.id"] for row in found]
    assert len(ids) == len(set(ids)) == whole["@iot.count"]
    assert pages == -(-len(ids) // top)
    instants = 5 + 3 * 12 + 1  # hourly 11…15 h (split at 15 h), then every five minutes
    assert 0.97 * 80 * instants < len(ids) <= 80 * instants


@pytest.mark.parametrize("order", ["phenomenonTime desc", "result asc,phenomenonTime desc"])
def test_a_walk_in_another_order_meets_the_same_observations(order):
    window = "phenomenonTime gt 2026-11-24T12:00:00Z"

    by_time, _ = walk("air", "Observations", f"$filter={window}&$top=13")
    ordered, _ = walk("air", "Observations", f"$filter={window}&$top=13&$orderby={order}")

    assert Counter(row["@iot.id"] for row in ordered) == Counter(row["@iot.id"] for row in by_time)
    key = order.split(maxsplit=1)[0].split(",")[0].split()[0]
    values = [row[key] for row in ordered]
    assert values == sorted(values, reverse=order.endswith("Time desc") and key != "result")


def test_expanded_observations_have_their_own_pages():
    inner = "$filter=phenomenonTime gt 2026-11-24T10:00:00Z;$orderby=phenomenonTime asc;$top=50"
    thing = ask(
        "river", "Things('river-rdp')", f"$expand=Datastreams($expand=Observations({inner}))"
    )
    stream = thing["Datastreams"][0]
    path, _, query = stream["Observations@iot.nextLink"].partition("?")

    rest, _ = walk("river", path.removeprefix("FROZEN/river/v1.1/"), query)

    times = [row["phenomenonTime"] for row in stream["Observations"] + rest]
    assert times == sorted(set(times))
    assert (times[0], times[-1]) == ("2026-11-24T10:01:00Z", "2026-11-24T15:02:00Z")
    assert len(times) == 302


def test_things_are_paged_and_counted():
    found, pages = walk("power", "Things", "$top=25&$count=true&$orderby=@iot.id desc")

    assert pages == 3
    ids = [row["@iot.id"] for row in found]
    assert ids == sorted(ids, reverse=True)
    assert len(set(ids)) == 58
    assert ask("power", "Things", "$count=true&$top=1")["@iot.count"] == 58


def test_filters_reach_through_relations():
    query = "$filter=Thing/@iot.id eq 'air-182' and ObservedProperty/name ne 'o3'"

    found = ask("air", "Datastreams", query)["value"]

    assert {row["@iot.id"] for row in found} == {f"air-182.{n}" for n in ("pm25", "pm10", "no2")}
    rows = ask("air", "Observations", "$filter=Datastream/id eq 'air-82.o3' and result gt 0&$top=3")
    assert all(row["@iot.id"].startswith("air-82.o3@") for row in rows["value"])


def test_a_counted_hour_is_an_interval_that_ends_where_it_is_due():
    row = ask("footfall", "Observations", "$orderby=phenomenonTime desc&$top=1")["value"][0]

    assert row["phenomenonTime"] == "2026-11-24T14:00:00Z/2026-11-24T15:00:00Z"
    assert row["resultTime"] == "2026-11-24T15:02:00Z"


def test_observations_can_be_had_as_a_compact_array():
    plain = ask("air", "Observations", "$top=5")["value"]
    compact = ask("air", "Observations", "$top=5&$resultFormat=dataArray")["value"][0]

    assert compact["dataArray@iot.count"] == 5
    at = compact["components"].index("result")
    assert [row[at] for row in compact["dataArray"]] == [row["result"] for row in plain]


@pytest.mark.parametrize(
    "path",
    [
        "Nothing",
        "Things('nobody')",
        "Things('air-182')/Nothing",
        "Things('air-182')/Datastreams('air-13.o3')",
        "Observations('air-182.o3@17')",
        "Observations('air-182.o3@1795532401')",
        "Things/Datastreams",
        "Things('air-182')/name/more",
    ],
)
def test_a_path_to_nothing_finds_nothing(path):
    assert ask("air", path) is None


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("Things", "$expand=Observations"),
        ("Things", "$filter=colour eq 'red'"),
        ("Observations", "$filter=colour eq 'red'"),
        ("Observations", "$orderby=colour"),
    ],
)
def test_what_an_entity_does_not_have_is_refused(path, query):
    with pytest.raises(QueryError):
        ask("air", path, query)


def test_properties_can_be_asked_alone():
    assert ask("air", "Things('air-182')/name") == {"name": "Air Saint-Jacques"}


def test_a_hundred_days_hold_no_more_than_the_archive_keeps():
    path = "Datastreams('air-182.o3')/Observations"
    first = ask("air", path, "$top=1&$orderby=phenomenonTime")["value"][0]

    age = NOW - instant(first["phenomenonTime"].replace("Z", "+00:00"))
    assert 91 * 86400 < age <= 92 * 86400


def test_the_same_question_gets_the_same_bytes():
    query = "$filter=phenomenonTime gt 2026-11-20T00:00:00Z&$top=500&$expand=Datastream"

    first = json.dumps(ask("air", "Observations", query))
    archive._block.cache_clear()
    streams.cache_clear()

    assert json.dumps(ask("air", "Observations", query)) == first
