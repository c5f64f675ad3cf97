"""What history answers with where no noun of the model fits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class BaselineRow:
    """Mean of a reading in one hour of one past week; ``week`` is that week's Monday."""

    indicator: str
    district: str
    week: date
    value: float


@dataclass(frozen=True, slots=True)
class PackRow:
    """A city pack that came into force at ``known_at``: its hash and its files' hashes."""

    hash: str
    files: Mapping[str, str]
    known_at: datetime
