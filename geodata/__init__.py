"""District shapes: which district a point lies in, and their geometry for the browser. Pure."""

from geodata.build import build
from geodata.districts import Districts
from geodata.errors import GeoError
from geodata.names import SHORT_LENGTH, clean_name, short_names
from geodata.project import check_crs, is_wgs84, shapes_in_wgs84, to_wgs84
from geodata.svg import DistrictShape, MapShape
from geodata.trace import Trace, trace

__all__ = [
    "SHORT_LENGTH",
    "DistrictShape",
    "Districts",
    "GeoError",
    "MapShape",
    "Trace",
    "build",
    "check_crs",
    "clean_name",
    "is_wgs84",
    "shapes_in_wgs84",
    "short_names",
    "to_wgs84",
    "trace",
]
