"""How far a value may be believed, ordered from best to worst."""

from enum import StrEnum


class Quality(StrEnum):
    """Quality of a feed or a reading; the entry conditions stand in ``metrics.quality``."""

    GOOD = "GOOD"
    UNCERTAIN = "UNCERTAIN"
    LATE = "LATE"
    STALE = "STALE"
    NODATA = "NODATA"
    BAD = "BAD"

    @property
    def is_frozen(self) -> bool:
        """Whether alarms must hold still: nothing is known about now."""
        return self in _FROZEN

    @property
    def rank(self) -> int:
        """0 for the best quality; a larger number is worse."""
        return _ORDER.index(self)


_ORDER = tuple(Quality)
_FROZEN = frozenset({Quality.STALE, Quality.NODATA, Quality.BAD})


def worst(*qualities: Quality) -> Quality:
    """Return the worst of the given qualities; GOOD when there is none."""
    return max(qualities, key=lambda quality: quality.rank, default=Quality.GOOD)
