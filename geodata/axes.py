"""Which way round coordinates stand: latitude first is a common slip of a source."""

from typing import Any

import shapely

from geodata.errors import GeoError

Sides = tuple[float, float, float, float]  # west, south, east, north in degrees


def is_off_the_diagonal(sides: Sides) -> bool:
    """Whether a place near the city cannot be confused with its swapped twin.

    Where the city lies so near to the diagonal that a place around it would pass for a swapped
    one, nothing may be swapped.
    """
    west, south, east, north = sides
    reach = 2 * max(east - west, north - south)
    return max(west, south) - min(east, north) > reach


def upright(wkt: str, sides: Sides) -> str:
    """Return a shape in longitude, latitude: swapped where only that brings it to the city.

    Args:
        wkt: well-known text.
        sides: of the city. A shape is taken as swapped when it lies wholly outside of them, and
            its twin inside of them or nearer than their own size.

    Raises:
        GeoError: if it is not well-known text.

    """
    try:
        shape: Any = shapely.from_wkt(wkt)
    except (shapely.errors.GEOSException, TypeError) as error:
        raise GeoError(f"not a shape: {str(wkt)[:80]!r}: {error}") from error
    if shape is None or shape.is_empty or not is_off_the_diagonal(sides):
        return wkt
    found = shape.bounds
    if _meets(found, sides) or not _holds(_grown(sides), _twin(found)):
        return wkt
    twin = shapely.transform(shapely.force_2d(shape), lambda points: points[:, ::-1])
    return str(shapely.to_wkt(twin, rounding_precision=-1))


def _twin(sides: Sides) -> Sides:
    return sides[1], sides[0], sides[3], sides[2]


def _grown(sides: Sides) -> Sides:
    west, south, east, north = sides
    return 2 * west - east, 2 * south - north, 2 * east - west, 2 * north - south


def _meets(one: Sides, other: Sides) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def _holds(one: Sides, other: Sides) -> bool:
    return one[0] <= other[0] and one[1] <= other[1] and one[2] >= other[2] and one[3] >= other[3]
