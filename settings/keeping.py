"""For how long the long memory keeps what: the settings ``RETENTION_*``."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings

FOR_EVER = "forever"
_UNITS = {"d": 1, "w": 7, "y": 366}
_AUDIT_DAYS = 400  # a year, and time to look back on it


def days(text: str) -> timedelta | None:
    """Read how long something is kept; ``None`` is for ever.

    >>> days("2w"), days("forever")
    (datetime.timedelta(days=14), None)

    Raises:
        ValueError: if it is no such text.

    """
    if text == FOR_EVER:
        return None
    found = re.fullmatch(r"([1-9]\d{0,4})([dwy])", text)
    if found is None:
        raise ValueError(f"use days, weeks or years such as 400d, 60w, 5y, or {FOR_EVER}")
    return timedelta(days=int(found[1]) * _UNITS[found[2]])


def _at_least(least: int, reason: str) -> AfterValidator:
    def check(text: str) -> str:
        kept = days(text)
        if kept is not None and kept < timedelta(days=least):
            raise ValueError(f"{reason}: use at least {least}d, or {FOR_EVER}")
        return text

    return AfterValidator(check)


class Retention(BaseSettings):
    """How long each kind of row stays in the long memory."""

    keep_observations: Annotated[
        str, _at_least(36, "indicators look back that far, and further where they say so")
    ] = Field(
        default="400d",
        validation_alias="RETENTION_OBSERVATIONS",
        description="How long observations are kept: days, weeks or years (`400d`, `60w`, `5y`) "
        "or `forever`. Never shorter than an indicator looks back.",
    )
    keep_readings: Annotated[
        str, _at_least(64, "what is usual is read from the readings of eight weeks")
    ] = Field(
        default="400d",
        validation_alias="RETENTION_READINGS",
        description="How long every single reading is kept. They stay as hours and days.",
    )
    keep_hourly: Annotated[str, _at_least(64, "hours stand for readings of eight weeks")] = Field(
        default="5y",
        validation_alias="RETENTION_HOURLY",
        description="How long readings by the hour are kept.",
    )
    keep_daily: Annotated[
        str | None, AfterValidator(lambda text: text if text is None else _year(text))
    ] = Field(
        default=None,
        validation_alias="RETENTION_DAILY",
        description="How long readings by the day are kept. Unset: for ever.",
    )
    keep_alerts: Annotated[str, _at_least(_AUDIT_DAYS, "the audit of alarms covers a year")] = (
        Field(
            default="400d",
            validation_alias="RETENTION_ALERTS",
            description="How long the audit of alarms and the states of feeds are kept, at least "
            "`400d`. What a live alarm needs stays longer.",
        )
    )
    keep_notices: Annotated[str, _at_least(36, "cancelled notices are remembered")] = Field(
        default="400d",
        validation_alias="RETENTION_NOTICES",
        description="How long notices are kept after their end.",
    )
    keep_cases: Annotated[str, _at_least(120, "measures compare months of cases")] = Field(
        default="800d",
        validation_alias="RETENTION_CASES",
        description="How long cases are kept after they were closed. Open ones always stay.",
    )

    @property
    def keep(self) -> dict[str, timedelta | None]:
        """How long the rows of each table of the long memory stay; ``None`` is for ever."""
        return {
            "observations": days(self.keep_observations),
            "readings": days(self.keep_readings),
            "readings_hourly": days(self.keep_hourly),
            "readings_daily": days(self.keep_daily or FOR_EVER),
            "alert_events": days(self.keep_alerts),
            "feed_changes": days(self.keep_alerts),
            "notices": days(self.keep_notices),
            "cases": days(self.keep_cases),
        }


def _year(text: str) -> str:
    kept = days(text)
    if kept is not None and kept < timedelta(days=_AUDIT_DAYS):
        raise ValueError(f"days are for charts of years: use at least {_AUDIT_DAYS}d")
    return text
