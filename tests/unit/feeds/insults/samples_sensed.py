"""Bodies of sensors: bicycles, air, weather, brokers."""

from typing import Any

from feeds.openaq_parse import QUANTITIES, network

from .sample import AT, NOW, Sample, as_json

NO2 = {"quantity": "no2", "unit": "µg/m³"}
WARM = {"quantity": "temperature", "unit": "°C"}
SEEN = int(NOW.timestamp()) - 60
KEY = {"key": "env:INSULT_KEY"}
AREA = {"area": [45.5, -73.6, 20]}


def stations(n: int) -> bytes:
    return as_json(
        {
            "last_updated": SEEN,
            "ttl": 60,
            "version": "2.3",
            "data": {
                "stations": [
                    {
                        "station_id": f"é{i}",
                        "is_installed": True,
                        "is_renting": True,
                        "is_returning": True,
                        "num_bikes_available": 3,
                        "num_docks_available": 9,
                        "last_reported": SEEN - 60,
                    }
                    for i in range(n)
                ]
            },
        }
    )


def places(n: int) -> bytes:
    some = [{"station_id": f"é{i}", "lat": 45.5, "lon": -73.6, "name": "é"} for i in range(n)]
    return as_json({"last_updated": SEEN, "data": {"stations": some}})


GBFS = {
    "data": {
        "en": {
            "feeds": [
                {"name": "station_status", "url": "https://city.example/status"},
                {"name": "station_information", "url": "https://city.example/information"},
            ]
        }
    }
}


def things(n: int) -> bytes:
    return as_json(
        {
            "value": [
                {
                    "@iot.id": f"t{i}",
                    "name": "é",
                    "Locations": [{"location": {"type": "Point", "coordinates": [-73.6, 45.5]}}],
                    "Datastreams": [
                        {
                            "@iot.id": f"d{i}",
                            "ObservedProperty": {"name": "NO2"},
                            "unitOfMeasurement": {"symbol": "µg/m³"},
                            "Observations": [{"phenomenonTime": AT, "result": 21.5}],
                        }
                    ],
                }
                for i in range(n)
            ]
        }
    )


def arrays(n: int) -> bytes:
    def stream(i: int) -> dict[str, Any]:
        array = {
            "components": ["id", "phenomenonTime", "result"],
            "dataArray@iot.count": 1,
            "dataArray": [[1, AT, 12.5]],
        }
        return {
            "@iot.id": f"d{i}",
            "ObservedProperty": {"name": "NO2"},
            "unitOfMeasurement": {"symbol": "µg/m³"},
            "Observations": [array],
        }

    rows = [{"@iot.id": f"é{i}", "name": "é", "Datastreams": [stream(i)]} for i in range(n)]
    return as_json({"value": rows})


def observations(n: int) -> bytes:
    return as_json(
        [
            {"phenomenonTime": AT, "result": 21.5, "Datastream": {"@iot.id": f"é{i}"}}
            for i in range(n)
        ]
    )


def air_ld(i: int) -> dict[str, Any]:
    return {
        "id": f"urn:ngsi-ld:AirQualityObserved:é{i}",
        "type": "AirQualityObserved",
        "dateObserved": {"type": "Property", "value": {"@type": "DateTime", "@value": AT}},
        "NO2": {"type": "Property", "value": 40, "unitCode": "GQ"},
        "location": {
            "type": "GeoProperty",
            "value": {"type": "Point", "coordinates": [-73.6, 45.5]},
        },
    }


def air_v2(i: int) -> dict[str, Any]:
    return {
        "id": f"é{i}",
        "type": "AirQualityObserved",
        "dateObserved": {"type": "DateTime", "value": AT, "metadata": {}},
        "NO2": {
            "type": "Number",
            "value": 40,
            "metadata": {"unitCode": {"type": "Text", "value": "GQ"}},
        },
        "location": {
            "type": "geo:json",
            "value": {"type": "Point", "coordinates": [-73.6, 45.5]},
            "metadata": {},
        },
    }


def air_plain(i: int) -> dict[str, Any]:
    return {
        "id": f"é{i}",
        "type": "AirQualityObserved",
        "dateObserved": AT,
        "NO2": 40,
        "location": {"type": "Point", "coordinates": [-73.6, 45.5]},
    }


def notification(n: int) -> bytes:
    rows = [air_ld(i) for i in range(n)]
    return as_json({"id": "urn:1", "type": "Notification", "notifiedAt": AT, "data": rows})


def messages(n: int) -> bytes:
    return b"\n".join(as_json({"temp": 21.5, "at": AT, "name": f"é{i}"}) for i in range(n))


def uplink(n: int) -> bytes:
    return as_json(
        {
            "end_device_ids": {"device_id": "é"},
            "received_at": AT,
            "uplink_message": {
                "f_port": 1,
                "decoded_payload": {"temp": 21.5, **{f"x{i}": i for i in range(n)}},
                "locations": {"user": {"latitude": 45.5, "longitude": -73.6}},
            },
        }
    )


def location(i: int) -> dict[str, Any]:
    return {
        "id": i + 1,
        "name": "é",
        "isMobile": False,
        "isMonitor": True,
        "coordinates": {"latitude": 45.5, "longitude": -73.6},
        "datetimeLast": {"utc": AT},
        "sensors": [
            {"id": 100 + i, "parameter": {"id": 2, "name": "pm25", "units": "µg/m³"}},
        ],
    }


def answered(rows: list[Any]) -> bytes:
    return as_json({"meta": {"page": 1, "limit": 1000, "found": len(rows)}, "results": rows})


def latest(n: int) -> bytes:
    return answered(
        [
            {
                "datetime": {"utc": AT, "local": "é"},
                "value": 12.5,
                "coordinates": {"latitude": 45.5, "longitude": -73.6},
                "sensorsId": 100 + i % 60_000,
                "locationsId": 1,
            }
            for i in range(n)
        ]
    )


def one_station() -> dict[str, Any]:
    measured = enumerate(("pm25", "pm10", "no2"))
    return location(0) | {
        "sensors": [
            {"id": 100 + i, "parameter": {"id": 2 + i, "name": name, "units": "µg/m³"}}
            for i, name in measured
        ]
    }


def _network(_: Any) -> dict[str, Any]:
    return {"known": network([location(i) for i in range(60_000)], frozenset(QUANTITIES.values()))}


def airnow(n: int) -> bytes:
    return as_json(
        [
            {
                "Latitude": 45.5,
                "Longitude": -73.6,
                "UTC": "2026-11-24T11:00",
                "Parameter": "PM2.5",
                "Unit": "UG/M3",
                "Value": 14.2,
                "RawConcentration": 12.5,
                "SiteName": "é",
                "AgencyName": "Agency",
                "FullAQSCode": f"{100_000_000 + i}",
                "IntlAQSCode": f"840{100_000_000 + i}",
            }
            for i in range(n)
        ]
    )


def purple(n: int) -> bytes:
    fields = [
        "sensor_index", "last_seen", "latitude", "longitude", "confidence",
        "pm2.5_cf_1_a", "pm2.5_cf_1_b", "humidity",
    ]  # fmt: skip
    rows = [[i + 1, SEEN, 45.5, -73.6, 100, 29.0, 31.0, 50] for i in range(n)]
    return as_json(
        {"time_stamp": SEEN + 30, "data_time_stamp": SEEN + 10, "fields": fields, "data": rows}
    )


def citizens(n: int) -> bytes:
    return as_json(
        [
            {
                "id": 1000 + i,
                "timestamp": "2026-11-24 11:58:02",
                "location": {
                    "id": i,
                    "latitude": "45.5",
                    "longitude": "-73.6",
                    "country": "é",
                    "indoor": 0,
                },
                "sensor": {"id": i, "sensor_type": {"id": 14, "name": "SDS011"}},
                "sensordatavalues": [{"id": 1, "value_type": "P2", "value": "9.50"}],
            }
            for i in range(n)
        ]
    )


def weather(n: int) -> bytes:
    return as_json(
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "id": f"https://city.example/stations/K{i}/observations/x",
                    "type": "Feature",
                    "geometry": {"type": "Point", "coordinates": [-118.38, 33.94]},
                    "properties": {
                        "station": f"https://city.example/stations/K{i}é",
                        "timestamp": "2026-11-24T11:53:00+00:00",
                        "temperature": {
                            "unitCode": "wmoUnit:degC",
                            "value": 22.8,
                            "qualityControl": "V",
                        },
                    },
                }
                for i in range(n)
            ],
        }
    )


MQTT = {"url": "mqtt://broker.example"}
THINGS = {"quantities": {"NO2": NO2}}
AIR = {"types": ["AirQualityObserved"]}
SAMPLES: dict[str, Sample] = {
    "gbfs": Sample(
        "gbfs", stations, 6, at="/status",
        beside={"/feed": as_json(GBFS), "/information": places(3)},
    ),
    "gbfs-places": Sample(
        "gbfs", places, 6, at="/information",
        beside={"/feed": as_json(GBFS), "/status": stations(3)},
        alone="a broken list of places costs the places, and is told", is_beside=True,
    ),
    "sensorthings": Sample("sensorthings", things, 3, options=THINGS),
    "sensorthings-array": Sample("sensorthings", arrays, 3, options=THINGS),
    "sensorthings-pushed": Sample(
        "sensorthings", observations, 3, is_pushed=True,
        options={"quantities": {f"é{i}": NO2 for i in range(3)}, "site": "datastream"},
    ),
    "ngsi-ld": Sample(
        "ngsi", lambda n: as_json([air_ld(i) for i in range(n)]), 3, options=AIR,
        more={"url": "https://city.example/ngsi-ld/v1"}, at="/ngsi-ld/v1/entities",
    ),
    "ngsi-v2": Sample(
        "ngsi", lambda n: as_json([air_v2(i) for i in range(n)]), 3,
        options=AIR | {"token": "env:INSULT_KEY"}, env="INSULT_KEY",
        more={"url": "https://city.example/v2"}, at="/v2/entities",
    ),
    "ngsi-plain": Sample(
        "ngsi", lambda n: as_json([air_plain(i) for i in range(n)]), 3,
        options=AIR | {"format": "keyValues"},
        more={"url": "https://city.example/v2"}, at="/v2/entities",
    ),
    "ngsi-pushed": Sample(
        "ngsi", notification, 3, options=AIR, is_pushed=True,
        more={"url": "https://city.example/v2"},
    ),
    "mqtt": Sample(
        "mqtt", messages, 3, is_pushed=True, topic="city/x", media_type="mqtt", more=MQTT,
        options={"topics": ["city/+site"], "values": {"/temp": WARM}, "time": "/at",
                 "site": "/name"},
        whole="several messages in a row, cut off between two, are fewer messages",
        alone="one delivery is one message, or several that cannot be told apart when one breaks",
    ),
    "mqtt-uplink": Sample(
        "mqtt", uplink, 1, is_pushed=True, topic="v3/app@t/devices/é/up", media_type="mqtt",
        more=MQTT, options={"preset": "tts", "values": {"/temp": WARM}},
    ),
    "openaq": Sample(
        "openaq", latest, 3, options=KEY | AREA, env="INSULT_KEY", known=_network,
        at="/feed/locations/1/latest", beside={"/feed/locations": answered([one_station()])},
    ),
    "openaq-stations": Sample(
        "openaq", lambda n: answered([location(i) for i in range(n)]), 1, options=KEY | AREA,
        env="INSULT_KEY", at="/feed/locations",
        otherwise=lambda request: latest(1) if request.url.path.endswith("/latest") else None,
        alone="a station that is not known has no values", n=1, is_beside=True,
    ),
    "airnow": Sample(
        "airnow", airnow, 3, options=KEY | {"bbox": [-74.0, 45.0, -73.0, 46.0]}, env="INSULT_KEY"
    ),
    "purpleair": Sample(
        "purpleair", purple, 3, options=KEY | AREA | {"quantities": ["pm25"]}, env="INSULT_KEY"
    ),
    "sensor-community": Sample("sensor-community", citizens, 3, options=AREA),
    "nws": Sample("nws", weather, 3, options={"stations": ["K0"], "quantities": ["temperature"]}),
}  # fmt: skip
