"""What an answer of api.weather.gov holds, told by its content."""

from typing import Any

_ALERT = frozenset({"event", "severity", "messageType", "areaDesc"})
_WORDS = {
    "forecast": "a forecast, and what is to come is no fact",
    "point": "a point of the grid",
    "zone": "a zone",
    "unknown": "nothing that is known here",
}


def what(document: Any) -> str:
    """Return what a GeoJSON answer of the US National Weather Service is about.

    One of ``alerts``, ``observations``, ``forecast``, ``stations``, ``point``, ``zone``,
    ``nothing`` (a collection without features) and ``unknown``.
    """
    if not isinstance(document, dict):
        return "unknown"
    features = document.get("features")
    if isinstance(features, list) and "Feature" in str(document.get("type")):
        kinds = [_kind(one) for one in features]
        known = [one for one in kinds if one != "unknown"]
        return (known or kinds or ["nothing"])[0]
    return _kind(document)


def refusal(found: str, wanted: str) -> str:
    """Say in words that an answer is about something else."""
    return f"this answer of the weather service holds {_WORDS.get(found, found)}; read are {wanted}"


def rows(document: Any) -> list[Any]:
    """Return the features of an answer, which may be a single one."""
    return list(document["features"]) if "features" in document else [document]


def _kind(feature: Any) -> str:
    about = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(about, dict):
        return "unknown"
    said = str(about.get("@type", "")).rpartition(":")[2]
    if said == "Alert" or len(_ALERT & about.keys()) >= len(_ALERT) - 1:
        return "alerts"
    if "station" in about and ("timestamp" in about or "rawMessage" in about):
        return "observations"
    if "periods" in about or said == "Gridpoint" or "validTimes" in about:
        return "forecast"
    if "stationIdentifier" in about:
        return "stations"
    if said == "Point" or "forecastHourly" in about:
        return "point"
    return "zone" if said == "Zone" or "Zone" in str(about.get("@type")) else "unknown"
