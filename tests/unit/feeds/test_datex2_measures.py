"""DATEX II measurements and the table of sites; documents written after the standard."""

import gzip
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from feeds import Limits, again, datex2, datex2_xml, poll, problems

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LIMITS = Limits(sleep=lambda _: None)
SITES = "https://data.road.example/sites.xml.gz"
T = "2026-11-24T11:58:00Z"


def publication(kind, *pieces, head=""):
    return (
        '<d2LogicalModel xmlns="http://datex2.eu/schema/2/2_0"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f'<payloadPublication lang="nl" xsi:type="{kind}"><publicationTime>2026-11-24T11:59:00Z'
        f"</publicationTime>{head}{''.join(pieces)}</payloadPublication></d2LogicalModel>"
    ).encode()


def measured(*sites, head=""):
    return publication("MeasuredDataPublication", *sites, head=head)


def site(name, *values, time=T):
    return (
        f'<siteMeasurements><measurementSiteReference id="{name}" version="1"/>'
        f"<measurementTimeDefault>{time}</measurementTimeDefault>{''.join(values)}"
        "</siteMeasurements>"
    )


def flow(index, value, about="", attributes=""):
    return (
        f'<measuredValue index="{index}"><measuredValue><basicData xsi:type="TrafficFlow">'
        f"<vehicleFlow {attributes}>{about}<vehicleFlowRate>{value}</vehicleFlowRate></vehicleFlow>"
        "</basicData></measuredValue></measuredValue>"
    )


def speed(index, value, about="", attributes=""):
    return (
        f'<measuredValue index="{index}"><measuredValue><basicData xsi:type="TrafficSpeed">'
        f"<averageVehicleSpeed {attributes}>{about}<speed>{value}</speed></averageVehicleSpeed>"
        "</basicData></measuredValue></measuredValue>"
    )


def index(number, kind, lane="", vehicles="<vehicleType>anyVehicle</vehicleType>"):
    where = f"<specificLane>{lane}</specificLane>" if lane else ""
    return (
        f'<measurementSpecificCharacteristics index="{number}"><measurementSpecificCharacteristics>'
        f"<period>60.0</period>{where}<specificMeasurementValueType>{kind}"
        "</specificMeasurementValueType><specificVehicleCharacteristics>"
        f"{vehicles}</specificVehicleCharacteristics></measurementSpecificCharacteristics>"
        "</measurementSpecificCharacteristics>"
    )


def listed(name, *indices, lat=52.1, lon=5.2):
    return (
        f'<measurementSiteRecord id="{name}" version="1">{"".join(indices)}'
        '<measurementSiteLocation xsi:type="Point"><pointByCoordinates><pointCoordinates>'
        f"<latitude>{lat}</latitude><longitude>{lon}</longitude></pointCoordinates>"
        "</pointByCoordinates></measurementSiteLocation></measurementSiteRecord>"
    )


def table(*records):
    inner = f"<measurementSiteTable id='t'>{''.join(records)}</measurementSiteTable>"
    return publication("MeasurementSiteTablePublication", inner)


TWO_LANES = listed(
    "A",
    index(1, "trafficFlow", "lane1"),
    index(2, "trafficSpeed", "lane1"),
    index(3, "trafficFlow", "lane2"),
    index(4, "trafficSpeed", "lane2"),
    index(5, "trafficFlow", "lane1", "<lengthCharacteristic/>"),
)


def feed_of(make_feed, **options):
    return make_feed("datex2", "observation", options=options)


def values(parsed):
    return {(one.site_id, one.quantity): one.value for one in parsed.accepted}


def with_table(make_feed, records, body, **options):
    feed = feed_of(make_feed, **options)
    known = datex2.sites_of(table(*records), feed, NOW)
    return datex2.parse(body, feed, NOW, table=known)


def test_a_site_gives_its_values_in_units_at_rest(make_feed):
    body = measured(site("A", flow(1, 900), speed(2, 87.5)))

    found = datex2.parse(body, feed_of(make_feed), NOW)

    assert values(found) == {("A", "traffic_flow"): 900.0, ("A", "speed"): 87.5}
    one = found.accepted[0]
    assert (one.unit, one.observed_at) == ("veh/h", datetime(2026, 11, 24, 11, 58, tzinfo=UTC))
    assert one.published_at == datetime(2026, 11, 24, 11, 59, tzinfo=UTC)
    assert found.accepted[1].unit == "km/h"


def test_lanes_are_added_up_and_speeds_weighed_by_flow(make_feed):
    body = measured(site("A", flow(1, 600), speed(2, 100), flow(3, 200), speed(4, 80), flow(5, 77)))

    found = with_table(make_feed, [TWO_LANES], body)

    assert values(found) == {("A", "traffic_flow"): 800.0, ("A", "speed"): 95.0}
    assert (found.accepted[0].lat, found.accepted[0].lon) == (52.1, 5.2)


def test_the_whole_carriageway_is_believed_before_its_lanes(make_feed):
    record = listed(
        "A",
        index(1, "trafficFlow", "lane1"),
        index(2, "trafficFlow", "allLanesCompleteCarriageway"),
    )

    found = with_table(make_feed, [record], measured(site("A", flow(1, 10), flow(2, 33))))

    assert values(found) == {("A", "traffic_flow"): 33.0}


def test_a_lane_without_data_leaves_the_flow_unknown_and_the_speed_known(make_feed):
    error = "<dataError>true</dataError>"
    body = measured(site("A", flow(1, 60, error), speed(2, 50), flow(3, 20), speed(4, -1)))

    found = with_table(make_feed, [TWO_LANES], body)

    assert values(found) == {("A", "traffic_flow"): None, ("A", "speed"): 50.0}


@pytest.mark.parametrize(
    "value",
    [
        flow(1, 0, "<dataError>true</dataError>"),
        flow(1, -1),
        flow(1, 0, attributes='numberOfInputValuesUsed="0"'),
        speed(1, -1, attributes='numberOfInputValuesUsed="0"'),
        speed(1, "NaN"),
        speed(1, ""),
    ],
)
def test_what_means_no_data_is_missing(make_feed, value):
    found = datex2.parse(measured(site("A", value)), feed_of(make_feed), NOW)

    assert [one.value for one in found.accepted] == [None]


def test_no_vehicle_is_zero_where_it_was_counted(make_feed):
    body = measured(site("A", flow(1, 0, attributes='numberOfInputValuesUsed="12"')))

    assert values(datex2.parse(body, feed_of(make_feed), NOW)) == {("A", "traffic_flow"): 0.0}


def test_without_a_table_several_indices_stay_apart(make_feed):
    body = measured(site("A", flow(1, 5), flow(2, 6), speed(3, 50)))

    assert values(datex2.parse(body, feed_of(make_feed), NOW)) == {
        ("A:1", "traffic_flow"): 5.0,
        ("A:2", "traffic_flow"): 6.0,
        ("A", "speed"): 50.0,
    }


def test_version_3_says_physical_quantity_and_nests_its_time(make_feed):
    body = b"""<d2:payload xmlns:d2="urn:d2" xmlns:roa="urn:roa" xmlns:com="urn:com"
     xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="roa:MeasuredDataPublication">
    <com:publicationTime>2026-11-24T11:59:00Z</com:publicationTime><roa:siteMeasurements>
    <roa:measurementSiteReference id="B"/><roa:measurementTimeDefault><com:timeValue>
    2026-11-24T12:58:00+01:00</com:timeValue></roa:measurementTimeDefault>
    <roa:physicalQuantity index="1" xsi:type="roa:SingleQuantity">
    <roa:basicData xsi:type="roa:TrafficConcentration"><roa:occupancy><com:percentage>12.5
    </com:percentage></roa:occupancy></roa:basicData></roa:physicalQuantity>
    </roa:siteMeasurements></d2:payload>"""

    (one,) = datex2.parse(body, feed_of(make_feed), NOW).accepted

    assert (one.site_id, one.quantity, one.value, one.unit) == ("B", "occupancy", 12.5, "%")
    assert one.observed_at == datetime(2026, 11, 24, 11, 58, tzinfo=UTC)


@pytest.mark.parametrize(
    ("piece", "said"),
    [
        (site("A", flow(1, "many")), "could not convert"),
        (site("A", flow(1, 5), time="soon"), "no ISO 8601"),
        (site("A", flow(1, 5), time=" "), "measurementTimeDefault is missing"),
        ("<siteMeasurements/>", "measurementSiteReference is missing"),
    ],
)
def test_sites_that_make_no_sense_are_refused_and_the_others_kept(make_feed, piece, said):
    found = datex2.parse(measured(piece, site("B", flow(1, 7))), feed_of(make_feed), NOW)

    assert values(found) == {("B", "traffic_flow"): 7.0}
    assert (said in found.rejected[0].reason, found.rejected[0].line) == (True, 1)


def test_only_wanted_quantities_and_sites_in_the_box_are_kept(make_feed):
    records = [listed("A"), listed("far", lat=48)]
    body = measured(site("A", flow(1, 5), speed(2, 50)), site("far", flow(1, 5)), site("?"))

    found = with_table(make_feed, records, body, box=[5.0, 52.0, 5.5, 52.5], quantities=["speed"])

    assert values(found) == {("A", "speed"): 50.0}
    assert found.skipped == {"elsewhere": 2}


def test_restricted_measurements_are_not_kept(make_feed):
    head = "<headerInformation><confidentiality>internalUse</confidentiality></headerInformation>"

    found = datex2.parse(measured(site("A", flow(1, 5)), head=head), feed_of(make_feed), NOW)

    assert found.accepted == []
    assert "internalUse" in found.rejected[0].reason


def test_the_table_is_fetched_once_a_day(make_feed):
    asked = []
    bodies = {
        "/feed": gzip.compress(measured(site("A", flow(1, 10), flow(3, 5))), mtime=0),
        "/sites.xml.gz": gzip.compress(table(TWO_LANES), mtime=0),
    }

    def answer(request):
        asked.append(request.url.path)
        return httpx.Response(200, content=bodies[request.url.path])

    client = httpx.Client(transport=httpx.MockTransport(answer))
    feed = feed_of(make_feed, sites=SITES)
    first = poll(feed, client, {}, now=NOW, limits=LIMITS)
    second = poll(feed, client, first.memory, now=NOW + timedelta(hours=23), limits=LIMITS)
    poll(feed, client, second.memory, now=NOW + timedelta(hours=24), limits=LIMITS)

    assert values(first.parsed) == {("A", "traffic_flow"): 15.0}
    assert second.not_modified
    assert asked.count("/sites.xml.gz") == 2
    assert first.memory["datex2"]["sites"]["table"] == {
        "A": "52.1 5.2 1=lane1 2=lane1 3=lane2 4=lane2"
    }


def test_a_table_in_the_same_document_is_used(make_feed):
    both = (
        b'<messageContainer xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        b'<payload xsi:type="MeasurementSiteTablePublication"><measurementSiteTable>'
        + TWO_LANES.replace("Record", "").encode()
        + b'</measurementSiteTable></payload><payload xsi:type="MeasuredDataPublication">'
        + site("A", flow(1, 10), flow(3, 5)).encode()
        + b"</payload></messageContainer>"
    )

    assert values(datex2.parse(both, feed_of(make_feed), NOW)) == {("A", "traffic_flow"): 15.0}


def test_a_bomb_in_gzip_stops_at_the_cap(make_feed, monkeypatch):
    monkeypatch.setattr(datex2_xml, "_MAX_INFLATED", 1_000_000)
    bomb = gzip.compress(b"<d2LogicalModel>" + b" " * 2_000_000, 9, mtime=0)

    with pytest.raises(ValueError, match="decompressed"):
        datex2.parse(bomb, feed_of(make_feed), NOW)


def test_declarations_that_cannot_work_are_refused(make_feed):
    assert "observations" in problems(make_feed("datex2", "notice", options={"sites": SITES}))[0]


def test_refused_measurements_are_read_again(make_feed):
    bad = datex2.parse(measured(site("A", flow(1, 5), time="")), feed_of(make_feed), NOW).rejected

    found = again(feed_of(make_feed), bad, {}, now=NOW)

    assert (found.accepted, found.rejected[0].line) == ([], 1)
