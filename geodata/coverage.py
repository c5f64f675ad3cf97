"""Simplify districts together: neighbours keep one shared border, without gaps.

Source: coverage simplification (Visvalingam–Whyatt on shared edges) of GEOS 3.12 and later.
"""

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

Shapes = NDArray[Any]


def cover(shapes: Shapes, width: float) -> Shapes:
    """Return the districts as an exact coverage: borders shared, nothing covered twice.

    Districts as published often overlap a little or leave slivers. Slivers narrower than
    ``width`` are closed and an overlap goes to the smaller district. Where that would empty a
    district or open a gap wider than ``width``, the shapes stay as they are.

    Args:
        shapes: n valid polygons in a plane.
        width: in the plane's unit.

    """
    if shapely.coverage_is_valid(shapes):
        return shapes
    clean = _array(
        shapely.coverage_clean(shapes, gap_width=width, merge_strategy="min_area")  # type: ignore[attr-defined]  # in shapely 2.2, not yet in its stubs
    )
    return clean if is_faithful(shapes, clean, width) else shapes


def simplify(coverage: Shapes, tolerance: float) -> Shapes:
    """Return the districts with fewer points, without gaps that were not there before.

    Args:
        coverage: n valid polygons, best from :func:`cover`.
        tolerance: in the plane's unit; details smaller than it may go. Where a border moved by
            more than twice as much, the districts stay as they are.

    """
    simple = _array(shapely.coverage_simplify(coverage, tolerance))
    return simple if is_faithful(coverage, simple, 2 * tolerance) else coverage


def is_faithful(before: Shapes, after: Shapes, width: float) -> bool:
    """Whether every district is still there and no ground wider than ``width`` was lost."""
    if len(after) != len(before) or shapely.is_empty(after).any():
        return False
    if not (shapely.is_valid(after).all() and np.isin(shapely.get_type_id(after), (3, 6)).all()):
        return False
    lost = shapely.difference(shapely.union_all(before), shapely.union_all(after))
    return bool(shapely.area(shapely.buffer(lost, -width)) <= width**2)


def _array(shapes: Any) -> Shapes:
    return np.asarray(shapes, dtype=object)
