"""How large the type of a wall must be, and how much then fits on it.

One rem is body text at 20 arc minutes for the farthest seat: ``2·D·tan(10′) / (cap·pitch)`` device
px, where ``cap`` is the cap height of IBM Plex Sans in em (0.698) and the pitch is the distance of
two pixels. Source: ISO 9241-303 and NUREG-0700 for the angles; the cap height is measured.
"""

import math
from dataclasses import dataclass

CAP = 0.698
LAYOUT_PX = 1920  # every wall is laid out as if it were this wide
UHD_PX = 3840
FHD_FROM_MM = 0.6  # panels at least this coarse are full HD, finer ones ultra HD
OVERVIEW_ROOT = 22.0  # px at 1920: the one-scene overview is drawn for this size
SPLIT_ROOT = 39.0  # px at 1920: so are the two scenes
_SLACK = 1.05  # a twentieth above a scene's size still fits


@dataclass(frozen=True, slots=True, kw_only=True)
class Wall:
    """A wall as seen from its farthest seat. ``root`` is 1 rem in px of a 1920-wide layout."""

    distance_m: float
    pitch_mm: float
    needed: float

    @property
    def is_split(self) -> bool:
        """Whether the overview does not fit and becomes two scenes."""
        return self.needed > OVERVIEW_ROOT * _SLACK

    @property
    def root(self) -> float:
        """The size that is used: never below what the scene is drawn for."""
        base = SPLIT_ROOT if self.is_split else OVERVIEW_ROOT
        return round(min(max(base, self.needed), base * _SLACK), 2)

    @property
    def legible_to_m(self) -> float:
        """How far the seats may be at the size that is used."""
        return self.distance_m * self.root / self.needed

    @property
    def is_legible(self) -> bool:
        """Whether the farthest seat can read it."""
        return self.needed <= SPLIT_ROOT * _SLACK


def wall(distance_m: float, pitch_mm: float, width_px: int | None = None) -> Wall:
    """Return what a wall needs.

    Args:
        distance_m: from the farthest seat to the screen.
        pitch_mm: between two pixels.
        width_px: of the panel that shows one browser window. Unset, it follows from the pitch:
            from 0.6 mm up the panel is taken for full HD (1920), below for ultra HD (3840).

    Raises:
        ValueError: if a length is not positive.

    >>> wall(3, 0.565).is_split, wall(3, 0.634).is_split
    (False, True)

    """
    if not (distance_m > 0 and pitch_mm > 0 and (width_px is None or width_px > 0)):
        raise ValueError("distance, pitch and width of a wall must be above 0")
    width = width_px or (LAYOUT_PX if pitch_mm >= FHD_FROM_MM else UHD_PX)
    device = 2 * distance_m * 1000 * math.tan(math.radians(10 / 60)) / (CAP * pitch_mm)
    return Wall(distance_m=distance_m, pitch_mm=pitch_mm, needed=device * LAYOUT_PX / width)
