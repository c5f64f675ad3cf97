"""Declared units to the units at rest. An unknown unit is an error that names it.

Gases in ppb or ppm become mass at 25 °C and 1013.25 hPa (24.45 L/mol), the reference conditions
of the US EPA (40 CFR 50); the EU's 20 °C would give values 1.6 % higher.
"""

from dataclasses import dataclass

_LITRES_PER_MOL = 24.45
_GRAMS_PER_MOL = {"no2": 46.0055, "no": 30.006, "o3": 48.00, "so2": 64.066, "co": 28.010}

# unit → (dimension, factor, offset): value in the dimension's base = value * factor + offset
_UNITS: dict[str, tuple[str, float, float]] = {
    "km/h": ("speed", 1.0, 0.0),
    "mph": ("speed", 1.609344, 0.0),
    "m/s": ("speed", 3.6, 0.0),
    "kn": ("speed", 1.852, 0.0),
    "m": ("length", 1.0, 0.0),
    "cm": ("length", 0.01, 0.0),
    "mm": ("length", 0.001, 0.0),
    "km": ("length", 1000.0, 0.0),
    "ft": ("length", 0.3048, 0.0),
    "in": ("length", 0.0254, 0.0),
    "µg/m³": ("concentration", 1.0, 0.0),
    "mg/m³": ("concentration", 1000.0, 0.0),
    "ng/m³": ("concentration", 0.001, 0.0),
    "°C": ("temperature", 1.0, 0.0),
    "°F": ("temperature", 5.0 / 9.0, -160.0 / 9.0),
    "K": ("temperature", 1.0, -273.15),
    "%": ("share", 1.0, 0.0),
    "ratio": ("share", 100.0, 0.0),
    "count": ("count", 1.0, 0.0),
    "s": ("duration", 1.0, 0.0),
    "ms": ("duration", 0.001, 0.0),
    "min": ("duration", 60.0, 0.0),
    "h": ("duration", 3600.0, 0.0),
    "d": ("duration", 86400.0, 0.0),
    "dB": ("level", 1.0, 0.0),
    "hPa": ("pressure", 1.0, 0.0),
    "Pa": ("pressure", 0.01, 0.0),
    "inHg": ("pressure", 33.8638866667, 0.0),
    "veh/h": ("flow", 1.0, 0.0),
    "MWh": ("energy", 1.0, 0.0),
    "kWh": ("energy", 0.001, 0.0),
    "GWh": ("energy", 1000.0, 0.0),
    "currency": ("money", 1.0, 0.0),
    "m³": ("volume", 1.0, 0.0),
    "l": ("volume", 0.001, 0.0),
    "ft³": ("volume", 0.028316846592, 0.0),
    "gal": ("volume", 0.003785411784, 0.0),  # US
}
_SPELLINGS = {
    "kmh": "km/h", "kph": "km/h", "kmph": "km/h", "km/hr": "km/h", "mi/h": "mph",
    "ug/m3": "µg/m³", "µg/m3": "µg/m³", "ug/m³": "µg/m³", "ugm-3": "µg/m³", "µgm-3": "µg/m³",
    "mg/m3": "mg/m³", "mgm-3": "mg/m³", "ng/m3": "ng/m³",
    "c": "°C", "degc": "°C", "cel": "°C", "f": "°F", "degf": "°F", "[degf]": "°F",
    "metre": "m", "meter": "m", "metres": "m", "meters": "m", "feet": "ft", "foot": "ft",
    "[ft_i]": "ft", "1": "count", "": "count", "percent": "%",
    "p1": "%", "pct": "%", "fraction": "ratio", "sec": "s", "second": "s", "seconds": "s",
    "minutes": "min", "hours": "h", "days": "d", "day": "d", "db(a)": "dB", "dba": "dB",
    "$": "currency", "€": "currency", "£": "currency", "cad": "currency", "usd": "currency",
    "eur": "currency", "gbp": "currency", "chf": "currency", "mw.h": "MWh", "kw.h": "kWh",
    "mbar": "hPa", "vehicles/h": "veh/h", "vehicle/h": "veh/h", "inches": "in", "knots": "kn",
    "m s-1": "m/s", "ms-1": "m/s", "km h-1": "km/h", "unit:degc": "°C", "wmounit:degc": "°C",
    "wmounit:percent": "%", "unit:percent": "%", "wmounit:km_h-1": "km/h", "wmounit:pa": "Pa",
    "unit:pa": "Pa", "unit:m_s-1": "m/s", "wmounit:m_s-1": "m/s", "wmounit:m": "m",
    "wmounit:mm": "mm", "m3": "m³", "cbm": "m³", "litre": "l", "liter": "l", "litres": "l",
    "liters": "l", "ft3": "ft³", "cf": "ft³", "gallon": "gal", "gallons": "gal",
}  # fmt: skip
_AT_REST = {
    "speed": "km/h",
    "bikes_available": "count",
    "docks_available": "count",
    "pm25": "µg/m³",
    "pm10": "µg/m³",
    "no2": "µg/m³",
    "no": "µg/m³",
    "o3": "µg/m³",
    "so2": "µg/m³",
    "co": "mg/m³",
    "river_level": "m",
    "flood_stage": "m",
    "customers_out": "count",
    "customers_served": "count",
    "water_customers_out": "count",
    "water_customers_served": "count",
    "water_supplied": "m³",
    "water_billed": "m³",
    "clearance": "min",
    "ksi": "count",
    "footfall": "count",
    "temperature": "°C",
    "apparent_temperature": "°C",
    "humidity": "%",
    "wind_speed": "km/h",
    "pressure": "hPa",
    "precipitation": "mm",
    "noise": "dB",
    "traffic_flow": "veh/h",
    "occupancy": "%",
    "parking_spaces": "count",
    "parking_occupied": "count",
    "fill_level": "%",
    "assets": "count",
    "assets_working": "count",
    "boardings": "count",
    "transit_delay": "s",
    "trip_operated": "count",
    "vehicles": "count",
    "trips_live": "count",
    "trips_matched": "%",
    "departures": "count",
    "timetable_left": "d",
    "probe_up": "count",
    "probe_latency": "s",
    "certificate_left": "d",
    "kev_open": "count",
    "kev_overdue": "count",
    "kev_overdue_week": "count",
    "participants": "count",
    "proposals": "count",
    "posts": "count",
    "posts_positive": "count",
    "posts_negative": "count",
    "calls_311": "count",
    "calls_311_within": "count",
    "calls_911": "count",
    "calls_911_within": "count",
    "collections_planned": "count",
    "collections_made": "count",
    "card_spend": "currency",
    "card_merchants": "count",
    "price_index": "count",
    "licences_issued": "count",
    "licences_closed": "count",
    "jobless_claims": "count",
    "units_permitted": "count",
    "rooms_available": "count",
    "rooms_sold": "count",
    "electricity": "MWh",
    "energy_expected": "MWh",
    "load_temperature": "°C",
    "ems_response": "s",
    "fire_travel": "s",
    "violent_crime": "count",
    "shelter_occupied": "count",
    "shelter_beds": "count",
    "pupils_enrolled": "count",
    "pupils_present": "count",
    "hospital_beds": "count",
    "hospital_occupied": "count",
}
_MIXING = {"ppb": 1.0, "ppm": 1000.0}


@dataclass(frozen=True, slots=True)
class Conversion:
    """``value at rest = value * factor + offset``, in ``unit``."""

    factor: float
    offset: float
    unit: str


def spelled(unit: str) -> str | None:
    """Return the one spelling that this house uses for a unit, or ``None`` if unknown.

    >>> spelled("ug/m3")
    'µg/m³'

    """
    plain = unit.strip().replace("μ", "µ")  # Greek mu and micro sign look alike
    if plain in _UNITS or plain in _MIXING:
        return plain
    folded = plain.lower().replace(" ", "")
    by_case = {name.lower(): name for name in (*_UNITS, *_MIXING)}
    return _SPELLINGS.get(folded) or by_case.get(folded)


def conversion(quantity: str, unit: str | None) -> Conversion:
    """Return how to bring a declared unit of a quantity to the unit at rest.

    A quantity outside the catalogue keeps the unit that its pack declares.

    Raises:
        ValueError: if the unit is missing, unknown, or does not measure the quantity.

    """
    goal = _AT_REST.get(quantity)
    if goal is None:
        return Conversion(1.0, 0.0, unit or "")
    if unit is None and goal != "count":
        raise ValueError(f"{quantity} needs a unit: at rest it is {goal}")
    name = spelled(unit or "")
    if name is None:
        raise ValueError(f"unit {unit!r} is unknown ({quantity} is kept in {goal})")
    dimension, factor, offset = _measure(quantity, name)
    goal_dimension, goal_factor, goal_offset = _UNITS[goal]
    if dimension != goal_dimension:
        raise ValueError(f"unit {unit!r} does not measure {quantity} (kept in {goal})")
    return Conversion(factor / goal_factor, (offset - goal_offset) / goal_factor, goal)


def _measure(quantity: str, name: str) -> tuple[str, float, float]:
    if name not in _MIXING:
        return _UNITS[name]
    if quantity not in _GRAMS_PER_MOL:
        raise ValueError(f"unit {name!r} is a share of a gas, and {quantity} is none")
    return ("concentration", _MIXING[name] * _GRAMS_PER_MOL[quantity] / _LITRES_PER_MOL, 0.0)
