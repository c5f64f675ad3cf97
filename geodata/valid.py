"""Valid areas from whatever a file calls a polygon."""

from typing import Any

import shapely


def area_of(shape: Any) -> Any:
    """Return the valid polygonal part of a shape; ``None`` where there is none.

    Self-crossing rings are repaired by structure: exterior rings bound area, holes exclude it.
    """
    if shape is None or shape.is_empty:
        return None
    valid = shape if shape.is_valid else shapely.make_valid(shape, method="structure")
    parts = [part for part in _flat(valid) if part.geom_type == "Polygon" and part.area > 0]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else shapely.union_all(parts)


def _flat(shape: Any) -> list[Any]:
    parts = shapely.get_parts(shape)
    return [inner for part in parts for inner in shapely.get_parts(part)]
