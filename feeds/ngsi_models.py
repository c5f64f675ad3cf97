"""What the smart data models of FIWARE measure, and the codes of their units.

Docs: https://smartdatamodels.org. Units without a code are those of the models: pollutants in
µg/m³ (CO in mg/m³), shares from 0 to 1, wind in m/s. A pack overrules them by ``quantities``.
"""

from collections.abc import Mapping
from types import MappingProxyType

from feeds.wanted import Wanted

Table = Mapping[str, Wanted]

# attribute, folded → quantity and the unit where none is said
_GASES = {name: Wanted(quantity=name, unit="µg/m³") for name in ("no2", "no", "o3", "so2")}
AIR: Table = {
    **_GASES,
    "co": Wanted(quantity="co", unit="mg/m³"),
    "pm25": Wanted(quantity="pm25", unit="µg/m³"),
    "pm10": Wanted(quantity="pm10", unit="µg/m³"),
}
WEATHER: Table = {
    "temperature": Wanted(quantity="temperature", unit="°C"),
    "feelsliketemperature": Wanted(quantity="apparent_temperature", unit="°C"),
    "relativehumidity": Wanted(quantity="humidity", unit="ratio"),
    "windspeed": Wanted(quantity="wind_speed", unit="m/s"),
    "atmosphericpressure": Wanted(quantity="pressure", unit="hPa"),
    "precipitation": Wanted(quantity="precipitation", unit="mm"),
}
NOISE: Table = {"laeq": Wanted(quantity="noise", unit="dB")}
TRAFFIC: Table = {
    "averagevehiclespeed": Wanted(quantity="speed", unit="km/h"),
    "occupancy": Wanted(quantity="occupancy", unit="ratio"),
}
MEASURED: Mapping[str, Table] = MappingProxyType(
    {
        "AirQualityObserved": {**AIR, **WEATHER},
        "AirQualityMonitoring": {**AIR, **WEATHER},
        "EnvironmentObserved": {**AIR, **WEATHER, **NOISE},
        "WeatherObserved": WEATHER,
        "NoiseLevelObserved": NOISE,
        "NoisePollution": NOISE,
        "TrafficFlowObserved": TRAFFIC,
        "ItemFlowObserved": TRAFFIC,
        "CrowdFlowObserved": {"peoplecount": Wanted(quantity="footfall", unit="count")},
        "WasteContainer": {"fillinglevel": Wanted(quantity="fill_level", unit="ratio")},
        "BikeHireDockingStation": {
            "availablebikenumber": Wanted(quantity="bikes_available", unit="count"),
            "freeslotnumber": Wanted(quantity="docks_available", unit="count"),
        },
        "OffStreetParking": {},
        "OnStreetParking": {},
        "ParkingGroup": {},
        "Streetlight": {},
    }
)
COUNTED_PER_INTERVAL = frozenset({"TrafficFlowObserved", "ItemFlowObserved"})
PARKING = frozenset({"OffStreetParking", "OnStreetParking", "ParkingGroup"})
STREETLIGHT = "Streetlight"
BIKES = "BikeHireDockingStation"
OUT_OF_SERVICE = frozenset({"outofservice", "closed", "maintenance", "planned"})
CASES = frozenset({"Open311_ServiceRequest", "Open311ServiceRequest", "ServiceRequest"})
NOTICES = frozenset({"Alert"})
SEVERITIES = {
    "critical": "extreme",
    "high": "severe",
    "medium": "moderate",
    "low": "minor",
    "informational": "minor",
    "extreme": "extreme",
    "severe": "severe",
    "moderate": "moderate",
    "minor": "minor",
}

# UN/CEFACT recommendation 20
_CODES = {
    "CEL": "°C", "FAH": "°F", "KEL": "K", "KMH": "km/h", "MTS": "m/s", "HM": "mph", "KNT": "kn",
    "MTR": "m", "CMT": "cm", "MMT": "mm", "KMT": "km", "FOT": "ft", "INH": "in",
    "P1": "%", "C62": "count", "1": "count", "GQ": "µg/m³", "GP": "mg/m³", "59": "ppm",
    "61": "ppb", "HUR": "h", "MIN": "min", "SEC": "s", "C26": "ms", "DAY": "d",
    "A97": "hPa", "HPA": "hPa", "PAL": "Pa", "MBR": "mbar", "F79": "inHg", "2N": "dB",
}  # fmt: skip


def unit_of(code: str | None) -> str | None:
    """Return the unit behind a code; any other text as it is, ``None`` where nothing is said.

    >>> unit_of("GQ"), unit_of("km/h"), unit_of(" ")
    ('µg/m³', 'km/h', None)

    """
    if code is None or not code.strip():
        return None
    return _CODES.get(code.strip().upper(), code.strip())
