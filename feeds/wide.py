"""Wide tables as a pack declares them: one column per hour, site, quantity or time."""

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from feeds.cells import tidy

HEADER = "@header"  # the pseudo-column that holds a melted column's name
CELL = "@value"  # the pseudo-column that holds a melted cell
_HOUR = re.compile(r"\{hour(:[^{}]*)?\}")


class Melt(BaseModel):
    """A wide table: one column per hour, site or quantity.

    ``columns`` is a pattern with ``{hour}`` (1–24 is the hour's end, 24 the next midnight), a list
    of columns, or ``*`` for all but ``id``. ``to`` says what a column's name means; the name is
    to be had as the column ``@header`` too, such as to join a year and a month. ``valid`` is
    the pattern of the flag column, ``valid_is`` its good values; else the cell counts as missing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: str | tuple[str, ...]
    id: tuple[str, ...] = ()
    to: Literal["hour", "site_id", "quantity", "observed_at"] = "hour"
    hours: tuple[int, int] = (1, 24)
    valid: str | None = None
    valid_is: str | tuple[str, ...] = "V"

    @field_validator("columns", "id", "valid")
    @classmethod
    def _tidied(cls, names: Any) -> Any:
        if isinstance(names, tuple):
            return tuple(tidy(name) for name in names)
        return names if names is None else tidy(names)

    @model_validator(mode="after")
    def _whole(self) -> "Melt":
        has_hour = isinstance(self.columns, str) and bool(_HOUR.search(self.columns))
        if has_hour is not (self.to == "hour"):
            raise ValueError(
                "melt over hours needs columns = 'H{hour:02d}'; other columns need"
                " to = 'site_id', 'quantity' or 'observed_at'"
            )
        if not has_hour and isinstance(self.columns, str) and self.columns != "*":
            raise ValueError("melt.columns is a pattern with {hour}, a list of columns, or '*'")
        if self.valid and not has_hour:
            raise ValueError("melt.valid goes with columns that hold {hour}")
        if has_hour:
            self.named(self.columns if isinstance(self.columns, str) else "", 1)
        low, high = self.hours
        if not 0 <= low <= high <= 24:  # noqa: PLR2004 - the hours of a day
            raise ValueError("melt.hours lie within 0 and 24")
        return self

    @staticmethod
    def named(pattern: str, hour: int) -> str:
        """Return the column of one hour."""
        return _HOUR.sub(lambda match: format(hour, (match[1] or ":")[1:]), pattern)

    @property
    def good(self) -> frozenset[str]:
        """The flags of a valid cell."""
        return frozenset([self.valid_is] if isinstance(self.valid_is, str) else self.valid_is)
