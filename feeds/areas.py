"""Where a kind may be asked for what lies in an area: a circle or a box."""

from math import asin, cos, radians, sin, sqrt

from feeds.options import KindOptions

Box = tuple[float, float, float, float]  # west, south, east, north

_EARTH_KM = 6371.0
_KM_PER_DEGREE = 111.195
_POLE, _TURN = 90.0, 180.0


class AreaOptions(KindOptions):
    """The options of a kind that reads what lies in a circle or a box."""

    area: tuple[float, float, float] | None = None
    bbox: Box | None = None

    def area_problems(self, farthest_km: float = 1000.0) -> list[str]:
        """Say what is wrong with the area, if one is declared."""
        if self.area and self.bbox:
            return ["say either area or bbox"]
        if self.area:
            lat, lon, km = self.area
            if abs(lat) > _POLE or abs(lon) > _TURN:
                return [f"area: [{lat:g}, {lon:g}] is no latitude and longitude"]
            if not 0 < km <= farthest_km:
                return [f"area: the radius is above 0 and at most {farthest_km:g} km"]
        if self.bbox:
            west, south, east, north = self.bbox
            if not (-_TURN <= west < east <= _TURN and -_POLE <= south < north <= _POLE):
                return ["bbox: write [west, south, east, north] in degrees"]
        return []

    @property
    def box(self) -> Box | None:
        """The box, or the one around the circle; ``None`` where neither is declared."""
        if self.bbox or not self.area:
            return self.bbox
        lat, lon, km = self.area
        up = km / _KM_PER_DEGREE
        across = up / max(cos(radians(lat)), 0.01)
        return (
            max(lon - across, -_TURN),
            max(lat - up, -_POLE),
            min(lon + across, _TURN),
            min(lat + up, _POLE),
        )

    def holds(self, lat: float, lon: float) -> bool:
        """Whether a place lies in the area; everything does where none is declared."""
        if self.bbox:
            west, south, east, north = self.bbox
            return west <= lon <= east and south <= lat <= north
        return not self.area or distance(self.area[0], self.area[1], lat, lon) <= self.area[2]


def distance(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Return the distance of two places on a sphere, in km.

    >>> round(distance(0, 0, 0, 1), 1)
    111.2

    """
    up, across = radians(other_lat - lat) / 2, radians(other_lon - lon) / 2
    shape = sin(up) ** 2 + cos(radians(lat)) * cos(radians(other_lat)) * sin(across) ** 2
    return 2 * _EARTH_KM * asin(min(1.0, sqrt(shape)))
