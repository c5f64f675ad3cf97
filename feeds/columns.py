"""The declared mapping of a table: ``[feeds.columns]`` and ``melt`` of a city pack."""

import re
from difflib import get_close_matches
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from feeds.cells import tidy
from feeds.degrees import DMS, decimal
from feeds.options import Duration
from feeds.times import ISO, check_formats, check_zone
from feeds.units import spelled
from feeds.wide import CELL, HEADER, Melt
from geodata import check_crs
from model import Feed

Scalar = str | int | float | bool

_PLACE = ("lat", "lon", "district")
NAMES: dict[str, tuple[str, ...]] = {
    "observation": ("site_id", "observed_at", "quantity", "value", "unit", *_PLACE, "quality"),
    "case": (
        "case_id", "opened_at", "closed_at", "updated_at", "due_at",
        "status", "service", "department", "channel", *_PLACE,
    ),
    "notice": (
        "notice_id", "headline", "severity", "effective", "expires", "geometry",
        "event", "area", "url", "status",
    ),
}  # fmt: skip
REQUIRED: dict[str, tuple[str, ...]] = {
    "observation": ("site_id", "observed_at", "quantity", "value"),
    "case": ("case_id", "opened_at"),
    "notice": ("notice_id", "headline", "effective"),
}
INSTANTS = frozenset(
    {"observed_at", "opened_at", "closed_at", "updated_at", "due_at", "effective", "expires"}
)
_ALL = tuple(dict.fromkeys(name for names in NAMES.values() for name in names))


class Column(BaseModel):
    """Where one canonical field comes from, and how its text is to be read.

    ``column`` may be a list: the texts are joined by one blank (a date and a time, or year, month
    and day). ``missing`` are the sentinels, beside blank. ``map`` translates texts.
    ``pattern`` cuts out what its group (or the whole of it) matches; ``whole`` undoes what
    spreadsheets do to ids (``10001.0``), ``width`` gives back their leading zeros. ``factor``
    multiplies a number before its unit is looked at.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: str | tuple[str, ...] | None = None
    value: Scalar | None = None
    format: str | tuple[str, ...] | None = None
    zone: str | None = None
    unit: str | None = None
    missing: tuple[Scalar, ...] = ()
    decimal: Literal[".", ","] = "."
    thousands: str | None = None
    map: dict[str, Scalar] | None = None
    pattern: str | None = None
    whole: bool = False
    width: int | None = Field(default=None, ge=1, le=40)
    fill: Literal["down"] | None = None
    factor: float = Field(default=1.0, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _short(cls, given: Any) -> Any:
        return {"column": given} if isinstance(given, str) else given

    @field_validator("zone")
    @classmethod
    def _is_zone(cls, zone: str | None) -> str | None:
        return None if zone is None else check_zone(zone)

    @field_validator("pattern")
    @classmethod
    def _is_pattern(cls, pattern: str | None) -> str | None:
        try:
            if pattern is not None and re.compile(pattern).groups > 1:
                raise ValueError(f"{pattern!r} has more than one group")
        except re.error as problem:
            raise ValueError(f"{pattern!r} is no pattern: {problem}") from problem
        return pattern

    @field_validator("unit")
    @classmethod
    def _is_unit(cls, unit: str | None) -> str | None:
        if unit is not None and not unit.strip():
            raise ValueError("a unit is not blank")
        return unit

    @model_validator(mode="after")
    def _whole(self) -> "Column":
        if self.column is not None and self.value is not None:
            raise ValueError("give either a column or a constant value, not both")
        if self.thousands == self.decimal:
            raise ValueError("decimal and thousands are the same character")
        check_formats([name for name in self.formats if name != DMS])
        return self

    @property
    def formats(self) -> tuple[str, ...]:
        """The date formats to try, in order; ISO 8601 unless another is declared."""
        match self.format:
            case None:
                return (ISO,)
            case str():
                return (self.format,)
        return self.format

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads."""
        if self.column is None:
            return ()
        names = (self.column,) if isinstance(self.column, str) else self.column
        return tuple(tidy(name) for name in names)


class Wanted(BaseModel):
    """Which texts of a column make a row wanted: the listed ones, or all but those of ``not``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    among: tuple[str, ...] | None = Field(default=None, alias="is")
    but: tuple[str, ...] = Field(default=(), alias="not")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, given: Any) -> Any:
        if isinstance(given, Wanted):
            return given.model_dump(by_alias=True)
        if not isinstance(given, dict):
            return {"is": _texts(given)}
        return {name: _texts(texts) for name, texts in given.items()}

    def has(self, cell: str) -> bool:
        """Whether a row with this text is wanted."""
        return cell not in self.but and (self.among is None or cell in self.among)


def _texts(given: Any) -> Any:
    """Return one text or several as a list; numbers are written as a file writes them."""
    if given is None:
        return None
    several = given if isinstance(given, list | tuple) else [given]
    return [one if isinstance(one, str) else str(one) for one in several]


class Sites(BaseModel):
    """A second table that says where the sites are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str
    id: str
    lat: str
    lon: str
    separator: str | None = None
    encoding: str | None = None
    decimal: Literal[".", ","] = "."
    format: Literal["degrees", "dms"] = "degrees"

    def degrees(self, cell: str) -> float | None:
        """Return an axis in degrees; ``None`` where it makes no sense."""
        try:
            if self.format == DMS:
                return decimal(cell)
            return float(cell.replace(",", ".") if self.decimal == "," else cell)
        except ValueError:
            return None


class Mapping(BaseModel):
    """The columns of a table and its shape: what ``file`` needs beside the file itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: dict[str, Column]
    only: dict[str, Wanted] = Field(default_factory=dict)
    crs: str | None = None
    melt: Melt | None = None
    start: str | None = None
    step: Duration | None = Field(default=None)

    @field_validator("columns")
    @classmethod
    def _known(cls, columns: dict[str, Column]) -> dict[str, Column]:
        for name in columns:
            if name not in _ALL:
                near = get_close_matches(name, _ALL, 1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise ValueError(f"{name!r} is no canonical field{hint}")
        return columns

    @field_validator("only")
    @classmethod
    def _tidied(cls, only: dict[str, Wanted]) -> dict[str, Wanted]:
        return {tidy(name): wanted for name, wanted in only.items()}

    @field_validator("crs")
    @classmethod
    def _is_crs(cls, crs: str | None) -> str | None:
        return None if crs is None else check_crs(crs)

    def spec(self, name: str) -> Column | None:
        """Return where a field comes from; a melted column gives its name or its cell."""
        spec = self.columns.get(name)
        source = self._melted(name)
        if source is None or (spec and (spec.columns or spec.value is not None)):
            return spec
        return (spec or Column()).model_copy(update={"column": source})

    def _melted(self, name: str) -> str | None:
        if self.melt is None:
            return None
        if name == "value":
            return CELL
        is_unit = name == "unit" and self.melt.to == "quantity" and name in self.columns
        return HEADER if name == self.melt.to or is_unit else None

    def problems(self, feed: Feed) -> list[str]:
        """Say what does not fit what the feed gives."""
        names = NAMES.get(feed.gives, ())
        found = [
            f"columns.{name}: a feed that gives {feed.gives}s has no such field"
            for name in self.columns
            if name not in names
        ]
        made = {"observed_at"} if self.start else set()
        found += [
            f"columns.{name}: missing, and every {feed.gives} needs it"
            for name in REQUIRED.get(feed.gives, ())
            if self.spec(name) is None and name not in made
        ]
        found += self._empty()
        found += self._placed()
        found += [
            f"columns.{name}.unit: unit {spec.unit!r} is unknown"
            for name, spec in self.columns.items()
            if spec.unit is not None and name == "value" and not spelled(spec.unit)
        ]
        return found + self._time_problems(feed)

    def _placed(self) -> list[str]:
        """A place needs both axes; degrees in minutes and seconds are for places."""
        pair = [name for name in ("lat", "lon") if name in self.columns]
        found = [f"columns.{pair[0]}: lat and lon belong together"] if len(pair) == 1 else []
        return found + [
            f"columns.{name}.format: 'dms' is for lat and lon"
            for name, spec in self.columns.items()
            if DMS in spec.formats and name not in {"lat", "lon"}
        ]

    def _empty(self) -> list[str]:
        return [
            f"columns.{name}: names neither a column nor a value"
            for name in self.columns
            if (spec := self.spec(name)) and not spec.columns and spec.value is None
        ]

    def _time_problems(self, feed: Feed) -> list[str]:
        if (self.start is None) is not (self.step is None):
            return ["start and step belong together"]
        if self.start is None:
            return []
        if feed.gives != "observation" or "observed_at" in self.columns:
            return ["start and step are for observations without a time column"]
        return ["melt over hours has its own times: leave start out"] if self._is_hourly else []

    @property
    def _is_hourly(self) -> bool:
        return self.melt is not None and self.melt.to == "hour"
