"""Bodies of requests, warnings and road works."""

from typing import Any

from feeds import datex2

from .sample import NOW, Sample, as_json

ALERT = """<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>A{n}</identifier>
<sender>s@city.example</sender><sent>2026-11-24T06:00:00-05:00</sent><status>Actual</status>
<msgType>Alert</msgType><scope>Public</scope><info><event>Flood</event><urgency>Immediate</urgency>
<severity>Severe</severity><headline>Inondation à l’île é</headline>
<effective>2026-11-24T06:00:00-05:00</effective><expires>2026-11-24T23:00:00-05:00</expires>
<area><areaDesc>é</areaDesc><polygon>45,-73 46,-73 46,-72 45,-73</polygon></area></info></alert>"""


def requests(n: int) -> bytes:
    return as_json(
        [
            {
                "service_request_id": f"{i}",
                "status": "open",
                "service_name": "Nid-de-poule, côté é",
                "service_code": "201",
                "requested_datetime": "2026-11-24T05:00:00-05:00",
                "updated_datetime": "2026-11-24T05:30:00-05:00",
                "lat": 45.5,
                "long": -73.6,
            }
            for i in range(n)
        ]
    )


def requests_xml(n: int) -> bytes:
    rows = "".join(
        f"""<request><service_request_id>{i}</service_request_id><status>open</status>
  <service_name>Nid-de-poule, côté é</service_name><service_code>201</service_code>
  <requested_datetime>2026-11-24T05:00:00-05:00</requested_datetime><updated_datetime/>
  <lat>45.5</lat><long>-73.6</long></request>\n"""
        for i in range(n)
    )
    head = '<?xml version="1.0" encoding="utf-8"?>\n'
    return f"{head}<service_requests>{rows}</service_requests>".encode()


def atom(n: int) -> bytes:
    entries = "".join(f"<entry><content>{ALERT.format(n=i)}</content></entry>" for i in range(n))
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    return f'{head}<feed xmlns="http://www.w3.org/2005/Atom">{entries}</feed>'.encode()


def edxl(n: int) -> bytes:
    wrapped = "".join(
        "<contentObject><xmlContent><embeddedXMLContent>"
        f"{ALERT.format(n=i)}</embeddedXMLContent></xmlContent></contentObject>"
        for i in range(n)
    )
    return (
        '<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0">'
        f"<distributionStatus>Actual</distributionStatus>{wrapped}</EDXLDistribution>"
    ).encode()


def nws_alerts(n: int) -> bytes:
    square = [[-118.0, 34.0], [-117.0, 34.0], [-117.0, 35.0], [-118.0, 34.0]]
    return as_json(
        {
            "type": "FeatureCollection",
            "updated": "2026-11-24T11:58:00+00:00",
            "features": [
                {
                    "id": f"https://city.example/alerts/A{i}",
                    "type": "Feature",
                    "geometry": {"type": "Polygon", "coordinates": [square]},
                    "properties": {
                        "id": f"A{i}",
                        "areaDesc": "Malibu é",
                        "geocode": {"SAME": ["006037"], "UGC": ["CAZ041"]},
                        "affectedZones": [],
                        "references": [],
                        "sent": "2026-11-24T02:00:00-08:00",
                        "effective": "2026-11-24T02:00:00-08:00",
                        "expires": "2026-11-24T18:00:00-08:00",
                        "ends": "2026-11-26T10:00:00-08:00",
                        "status": "Actual",
                        "messageType": "Alert",
                        "severity": "Severe",
                        "event": "Flood Watch",
                        "sender": "w@noaa.example",
                        "headline": "Flood Watch issued é",
                    },
                }
                for i in range(n)
            ],
        }
    )


def works(n: int) -> bytes:
    return as_json(
        {
            "feed_info": {"version": "4.2", "update_date": "2026-11-24T11:58:00Z"},
            "type": "FeatureCollection",
            "features": [
                {
                    "id": f"e{i}",
                    "type": "Feature",
                    "properties": {
                        "core_details": {
                            "data_source_id": "1",
                            "event_type": "work-zone",
                            "road_names": ["I-80", "Rue é"],
                            "direction": "northbound",
                            "update_date": "2026-11-24T10:00:00Z",
                        },
                        "start_date": "2026-11-20T06:00:00Z",
                        "end_date": "2026-12-20T05:00:00Z",
                        "vehicle_impact": "some-lanes-closed",
                        "beginning_cross_street": "1st Avenue",
                    },
                    "geometry": {
                        "type": "LineString",
                        "coordinates": [[-93.7, 41.6], [-93.8, 41.7]],
                    },
                }
                for i in range(n)
            ],
        }
    )


def works_2(n: int) -> bytes:
    return as_json(
        {
            "road_event_feed_info": {"version": "2.0", "update_date": "2026-11-24T11:58:00Z"},
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": {
                        "road_event_id": f"e{i}",
                        "road_name": "Rue é",
                        "direction": "undefined",
                        "start_date": "2026-11-20T06:00:00",
                        "end_date": "2026-12-20T06:00:00",
                        "start_date_accuracy": "estimated",
                        "event_status": "active",
                        "vehicle_impact": "all-lanes-closed",
                    },
                    "geometry": {"type": "MultiPoint", "coordinates": [[-93.7, 41.6]]},
                }
                for i in range(n)
            ],
        }
    )


XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def situations(n: int) -> bytes:
    records = [
        f"""<situationRecord id="r{i}" version="1" xsi:type="Accident">
<situationRecordCreationTime>2026-11-24T08:00:00Z</situationRecordCreationTime>
<situationRecordVersionTime>2026-11-24T09:30:00Z</situationRecordVersionTime>
<severity>high</severity><validity><validityStatus>active</validityStatus>
<validityTimeSpecification><overallStartTime>2026-11-24T10:00:00+02:00</overallStartTime>
</validityTimeSpecification></validity><generalPublicComment><comment><values>
<value lang="en">Road é.</value></values></comment></generalPublicComment>
<groupOfLocations xsi:type="Point"><pointByCoordinates><pointCoordinates>
<latitude>60.17</latitude><longitude>24.94</longitude></pointCoordinates></pointByCoordinates>
</groupOfLocations><accidentType>earlierAccident</accidentType></situationRecord>"""
        for i in range(n)
    ]
    some = "".join(
        f"""<situation id="s{i}" version="1">
<headerInformation><confidentiality>noRestriction</confidentiality>
<informationStatus>real</informationStatus></headerInformation>
{"".join(records[i : i + 10])}</situation>"""
        for i in range(0, n, 10)
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<d2LogicalModel xmlns="http://datex2.eu/schema/2/2_0" modelBaseVersion="2" {XSI}><exchange/>
<payloadPublication lang="fi" xsi:type="SituationPublication">
<publicationTime>2026-11-24T11:59:00Z</publicationTime>{some}
</payloadPublication></d2LogicalModel>""".encode()


def situations_3(n: int) -> bytes:
    some = "".join(
        f"""<sit:situation id="s{i}"><sit:overallSeverity>highest</sit:overallSeverity>
<sit:headerInformation><com:informationStatus>real</com:informationStatus></sit:headerInformation>
<sit:situationRecord id="r{i}" version="2" xsi:type="sit:MaintenanceWorks">
<sit:situationRecordCreationTime>2026-11-24T09:00:00Z</sit:situationRecordCreationTime>
<sit:situationRecordVersionTime>2026-11-24T09:30:00Z</sit:situationRecordVersionTime>
<sit:severity>high</sit:severity><sit:validity><com:validityStatus>active</com:validityStatus>
<com:validityTimeSpecification><com:overallStartTime>2026-11-24T08:00:00Z</com:overallStartTime>
<com:overallEndTime>2026-11-25T08:00:00Z</com:overallEndTime></com:validityTimeSpecification>
</sit:validity><sit:generalPublicComment><sit:comment><com:values><com:value lang="de">Straße é
</com:value></com:values></sit:comment></sit:generalPublicComment>
<sit:locationReference xsi:type="loc:PointLocation"><loc:pointByCoordinates><loc:pointCoordinates>
<loc:latitude>48.1</loc:latitude><loc:longitude>11.5</loc:longitude></loc:pointCoordinates>
</loc:pointByCoordinates></sit:locationReference></sit:situationRecord></sit:situation>"""
        for i in range(n)
    )
    base = "http://datex2.eu/schema/3"
    return f"""<?xml version="1.0"?><mc:messageContainer xmlns:mc="{base}/messageContainer"
 xmlns:sit="{base}/situation" xmlns:com="{base}/common" xmlns:loc="{base}/locationReferencing"
 {XSI}><mc:payload lang="de" xsi:type="sit:SituationPublication">
<com:publicationTime>2026-11-24T11:59:00Z</com:publicationTime>{some}</mc:payload>
</mc:messageContainer>""".encode()


def publication(kind: str, pieces: str) -> bytes:
    return (
        f'<d2LogicalModel xmlns="http://datex2.eu/schema/2/2_0" {XSI}>'
        f'<payloadPublication lang="nl" xsi:type="{kind}"><publicationTime>2026-11-24T11:59:00Z'
        f"</publicationTime>{pieces}</payloadPublication></d2LogicalModel>"
    ).encode()


def measured(n: int) -> bytes:
    def value(index: int, kind: str, outer: str, inner: str, number: float) -> str:
        return (
            f'<measuredValue index="{index}"><measuredValue><basicData xsi:type="{kind}"><{outer}>'
            f"<{inner}>{number}</{inner}></{outer}></basicData></measuredValue></measuredValue>"
        )

    return publication(
        "MeasuredDataPublication",
        "".join(
            f'<siteMeasurements><measurementSiteReference id="é{i}" version="1"/>'
            "<measurementTimeDefault>2026-11-24T11:58:00Z</measurementTimeDefault>"
            + value(1, "TrafficFlow", "vehicleFlow", "vehicleFlowRate", 900)
            + value(2, "TrafficSpeed", "averageVehicleSpeed", "speed", 87.5)
            + "</siteMeasurements>"
            for i in range(n)
        ),
    )


def sites(n: int) -> bytes:
    def index(number: int, kind: str) -> str:
        return (
            f'<measurementSpecificCharacteristics index="{number}">'
            "<measurementSpecificCharacteristics><period>60.0</period>"
            f"<specificMeasurementValueType>{kind}</specificMeasurementValueType>"
            "<specificVehicleCharacteristics><vehicleType>anyVehicle</vehicleType>"
            "</specificVehicleCharacteristics></measurementSpecificCharacteristics>"
            "</measurementSpecificCharacteristics>"
        )

    records = "".join(
        f'<measurementSiteRecord id="é{i}" version="1">{index(1, "trafficFlow")}'
        f'{index(2, "trafficSpeed")}<measurementSiteLocation xsi:type="Point"><pointByCoordinates>'
        "<pointCoordinates><latitude>52.1</latitude><longitude>5.2</longitude></pointCoordinates>"
        "</pointByCoordinates></measurementSiteLocation></measurementSiteRecord>"
        for i in range(n)
    )
    table = f"<measurementSiteTable id='t'>{records}</measurementSiteTable>"
    return publication("MeasurementSiteTablePublication", table)


def _table(feed: Any) -> dict[str, Any]:
    return {"table": datex2.sites_of(sites(3), feed, NOW)}


SITES = {"sites": "https://city.example/sites"}
SAMPLES: dict[str, Sample] = {
    "open311-json": Sample("open311", requests, 3, "case"),
    "open311-xml": Sample("open311", requests_xml, 3, "case", options={"format": "xml"}),
    "cap-atom": Sample("cap", atom, 3, "notice"),
    "cap-edxl": Sample("cap", edxl, 3, "notice"),
    "cap-nws": Sample(
        "cap", nws_alerts, 3, "notice", more={"url": "https://city.example/alerts/active"}
    ),
    "wzdx-4": Sample("wzdx", works, 3, "notice"),
    "wzdx-2": Sample("wzdx", works_2, 3, "notice"),
    "wzdx-pushed": Sample("wzdx", works, 3, "notice", is_pushed=True),
    "datex2-2": Sample("datex2", situations, 3, "notice"),
    "datex2-3": Sample("datex2", situations_3, 3, "notice"),
    "datex2-pushed": Sample("datex2", situations_3, 3, "notice", is_pushed=True),
    "datex2-measured": Sample(
        "datex2", measured, 6, options=SITES, at="/feed", beside={"/sites": sites(3)}, known=_table
    ),
    "datex2-sites": Sample(
        "datex2", sites, 6, options=SITES, at="/sites", beside={"/feed": measured(3)},
        alone="a broken table of sites costs the places of what is measured, and is told",
        is_beside=True,
    ),
}  # fmt: skip
