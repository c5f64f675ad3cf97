"""The 58 electoral districts of Montréal: name, population, shape and points inside.

Shapes: ``plotly.data.election_geojson()`` (ships with plotly, WGS84). Populations are estimated
from the votes of ``plotly.data.election()`` (2013), which is enough for a simulation.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import plotly.data
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from demo.noise import Floats, uniform

_RESIDENTS_PER_VOTE = 4.35
_VOTES_UNKNOWN = 6500  # De Lorimier is spelt otherwise in the table of votes
_NAMES = {
    "21": "Anjou Ouest",
    "22": "Anjou Est",
    "23": "Anjou Centre",
    "41": "Du Canal",
    "72": "Maisonneuve–Longue-Pointe",
    "161": "Saint-Henri–Petite-Bourgogne–Pointe-Saint-Charles",
    "162": "Saint-Paul–Émard",
    "171": "Champlain–L'Île-des-Sœurs",
}
_BOROUGHS = (
    "Ahuntsic-Cartierville",
    "Anjou",
    "Côte-des-Neiges–Notre-Dame-de-Grâce",
    "Lachine",
    "LaSalle",
    "L'Île-Bizard–Sainte-Geneviève",
    "Mercier–Hochelaga-Maisonneuve",
    "Montréal-Nord",
    "Outremont",
    "Pierrefonds-Roxboro",
    "Le Plateau-Mont-Royal",
    "Rivière-des-Prairies–Pointe-aux-Trembles",
    "Rosemont–La Petite-Patrie",
    "Saint-Laurent",
    "Saint-Léonard",
    "Le Sud-Ouest",
    "Verdun",
    "Ville-Marie",
    "Villeray–Saint-Michel–Parc-Extension",
)


@dataclass(frozen=True)
class Ward:
    """One district with its shape (WGS84) and estimated population."""

    id: str
    name: str
    borough: str
    population: int
    shape: BaseGeometry


@cache
def wards() -> tuple[Ward, ...]:
    """Return the districts, ordered by their number."""
    votes = plotly.data.election()
    total = dict(zip(votes["district"], votes["total"], strict=True))
    found = [_ward(feature, total) for feature in plotly.data.election_geojson()["features"]]
    return tuple(sorted(found, key=lambda ward: int(ward.id)))


@cache
def ward(district_id: str) -> Ward:
    """Return one district; ``KeyError`` where there is none of that id."""
    return {ward.id: ward for ward in wards()}[district_id]


@cache
def points(district_id: str, label: str, n: int = 64) -> Floats:
    """Return ``n`` fixed points inside a district as rows of longitude, latitude.

    The points depend on the district and the label alone, never on the seed: places do not move.
    """
    whole = ward(district_id).shape
    inner = shapely.buffer(whole, -0.0002)
    area = whole if inner.is_empty else inner
    west, south, east, north = area.bounds
    tries = np.arange(n * 40, dtype=np.int64)
    lon = west + (east - west) * uniform("place", label, district_id, "lon", tries)
    lat = south + (north - south) * uniform("place", label, district_id, "lat", tries)
    inside = shapely.contains_xy(area, lon, lat)
    chosen = np.column_stack([lon[inside], lat[inside]]).round(5)[:n]
    return np.asarray(np.resize(chosen, (n, 2)))


def _ward(feature: dict[str, Any], votes: dict[str, int]) -> Ward:
    number = str(feature["id"])
    full = str(feature["properties"]["district"])
    population = int(votes.get(full, _VOTES_UNKNOWN) * _RESIDENTS_PER_VOTE // 100 * 100)
    return Ward(
        id=number,
        name=_NAMES.get(number, full.split("-", 1)[-1]),
        borough=_BOROUGHS[int(number) // 10 - 1],
        population=population,
        shape=shapely.make_valid(shape(feature["geometry"])),
    )
