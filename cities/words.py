"""How a pack writes durations and hours."""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(min|[smhdw])")
_WHOLE = re.compile(r"(?:\d+(?:\.\d+)?\s*(?:min|[smhdw])\s*)+")


def duration(value: Any) -> timedelta:
    """Read ``"5m"``, ``"1h 30m"``, ``"3d"`` or a number of seconds.

    Raises:
        ValueError: if it is neither, or negative.

    >>> duration("1h 30m")
    datetime.timedelta(seconds=5400)

    """
    if isinstance(value, timedelta):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return timedelta(seconds=value)
    text = value.strip() if isinstance(value, str) else ""
    if not _WHOLE.fullmatch(text):
        raise ValueError(
            f'{value!r} is no duration; write seconds or a text such as "30s", "5m", "1h", "3d"'
        )
    return timedelta(seconds=sum(float(n) * _SECONDS[unit] for n, unit in _PART.findall(text)))


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("must be longer than zero")
    return value


Duration = Annotated[timedelta, BeforeValidator(duration)]
Cadence = Annotated[Duration, AfterValidator(_positive)]

HOURS = r"^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$"
