"""Load a city pack: read ``city.toml``, check it against itself and the catalogue."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from cities.catalogue import indicators
from cities.dates import entries
from cities.daysoff import check_place
from cities.pack import CITY_FILE, Pack, pack_files, pack_hash
from cities.places import Places
from cities.problems import PackError, Problem, nearest, unknown_key
from cities.rules import Rules
from cities.shapes import read_districts
from cities.sources import Sources
from cities.tables import (
    CalendarTable,
    CityTable,
    DepartmentTable,
    DistrictsTable,
    SceneTable,
    ServiceTable,
)
from cities.tally import Tally
from geodata import Districts
from model import CalendarEntry, City, Department, Feed, Indicator, Rule, SceneChoice, Service

_SINGLE = ("city", "districts")
_MANY = ("feeds", "indicators", "services", "rules", "scenes", "departments", "calendar")

Raw = Mapping[str, Any]
Model = TypeVar("Model", bound=BaseModel)
Entity = TypeVar("Entity", Feed, Rule)


def load(
    folder: Path, *, roots: Sequence[Path] = (), places: Mapping[str, str] | None = None
) -> Pack:
    """Load the city pack in ``folder``.

    Args:
        folder: holds ``city.toml`` and the files that it names.
        roots: folders outside the pack that it may read; ``{data}`` stands for the first of them
            that has the path.
        places: what other placeholders of URLs stand for, such as ``demo``.

    Raises:
        PackError: naming every problem.

    """
    return read_pack(folder, Places.of(folder, roots, places))


def read_pack(folder: Path, places: Places) -> Pack:
    """Load a pack whose paths and placeholders are resolved by ``places``."""
    tally = Tally(CITY_FILE)
    raw = _toml(folder)
    _check_tables(raw, tally)
    city = tally.read(CityTable, raw.get("city", {}), "[city]")
    shapes = tally.read(DistrictsTable, raw.get("districts", {}), "[districts]")
    if city:
        _check_zone(city.timezone, "[city]", tally)
        check_place(city.country, city.region, tally)
    districts = None
    if shapes:
        with tally.noting("[districts]", "file"):
            districts = read_districts(shapes, places)
    parts = _Parts(raw, places, tally)
    feeds = parts.feeds(city) if city else ()
    on = indicators(_rows(raw, "indicators"), feeds, tally)
    rules = parts.rules(on, districts)
    departments = parts.departments()
    services = parts.services(departments)
    scenes = parts.scenes(on)
    calendar = parts.calendar()
    if tally.problems or city is None or districts is None:
        raise PackError(tally.problems)
    return Pack(
        city=_city(city, feeds, districts),
        districts=districts,
        feeds=feeds,
        indicators=on,
        services=services,
        rules=rules,
        scenes=scenes,
        departments=departments,
        calendar=calendar,
        folder=folder,
        hash=pack_hash(pack_files(folder)),
    )


def _toml(folder: Path) -> dict[str, Any]:
    path = folder / CITY_FILE
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        text = f"there is no such file in {folder}"
    except OSError as error:
        text = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError as error:
        text = f"is not UTF-8: {error.reason} at byte {error.start}"
    except tomllib.TOMLDecodeError as error:
        text = f"is not valid TOML: {error}"
    raise PackError([Problem(file=CITY_FILE, table="", key="", text=text)])


def _check_tables(raw: Raw, tally: Tally) -> None:
    for name, value in raw.items():
        if name not in (*_SINGLE, *_MANY):
            tally.note("", name, unknown_key(name, CITY_FILE, (*_SINGLE, *_MANY)))
        elif name in _MANY and not _is_tables(value):
            tally.note(f"[[{name}]]", "", f"must be written [[{name}]], once for each")
        elif name in _SINGLE and not isinstance(value, Mapping):
            tally.note(f"[{name}]", "", f"must be one table, written [{name}]")
    for name in _SINGLE:
        if name not in raw:
            tally.note(f"[{name}]", "", f"missing table [{name}]{nearest(name, raw)}")
    if not raw.get("feeds"):
        tally.note("[[feeds]]", "", "a pack needs at least one feed")


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, Mapping) for item in value)


def _rows(raw: Raw, name: str) -> list[Raw]:
    value = raw.get(name, [])
    return value if _is_tables(value) else []


def _check_zone(zone: str, table: str, tally: Tally) -> None:
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, LookupError):
        tally.note(table, "timezone", f"{zone!r} is no time zone; write one such as 'Europe/Paris'")


def _city(table: CityTable, feeds: Sequence[Feed], districts: Districts) -> City:
    counts = [item.population for item in districts.items]
    known = [count for count in counts if count is not None]
    residents = sum(known) if len(known) == len(counts) else None
    return City(
        id=table.id,
        name=table.name,
        timezone=table.timezone,
        locale=table.locale,
        is_simulated=table.simulated,
        is_replayed=any(feed.replay for feed in feeds),
        population=residents if table.population is None else table.population,
        country=table.country,
        region=table.region,
    )


class _Parts:
    """Turns the repeated tables into entities, noting problems."""

    def __init__(self, raw: Raw, places: Places, tally: Tally) -> None:
        self._raw, self._places, self._tally = raw, places, tally

    def feeds(self, city: CityTable) -> tuple[Feed, ...]:
        """Return the feeds."""
        rows = _rows(self._raw, "feeds")
        sources = Sources(city, self._places, self._tally)
        read = []
        for row in rows:
            table = f"[[feeds]] {row.get('id', '')}".strip()
            if feed := sources.read(row, table):
                _check_zone(feed.timezone, table, self._tally)
                read.append(feed)
        return self._unique(read, "feeds")

    def rules(self, on: Sequence[Indicator], districts: Districts | None) -> tuple[Rule, ...]:
        """Return the rules for the indicators that are on."""
        ids = frozenset(districts.ids) if districts else frozenset[str]()
        reader = Rules({one.id: one for one in on}, ids, self._tally)
        rows = _rows(self._raw, "rules") if districts else []
        read = [
            reader.read(row, f"[[rules]] {row.get('id', row.get('rule_id', ''))}".strip())
            for row in rows
        ]
        return self._unique([rule for rule in read if rule], "rules")

    def departments(self) -> tuple[Department, ...]:
        """Return the departments."""
        rows = self._tables(DepartmentTable, "departments")
        self._once([row.id for row in rows], "departments")
        return tuple(Department(id=row.id, name=row.name, mail=row.mail) for row in rows)

    def services(self, departments: Sequence[Department]) -> tuple[Service, ...]:
        """Return the services; each names a department that there is."""
        rows = self._tables(ServiceTable, "services")
        self._once([row.name for row in rows], "services")
        known = {one.id for one in departments}
        for row in rows:
            if known and row.department is not None and row.department not in known:
                text = f"there is no department {row.department!r}{nearest(row.department, known)}"
                self._tally.note(f"[[services]] {row.name}", "department", text)
        return tuple(
            Service(name=row.name, department=row.department, due_within=row.due_within)
            for row in rows
        )

    def scenes(self, on: Sequence[Indicator]) -> tuple[SceneChoice, ...]:
        """Return the scenes; their tiles are indicators that are on."""
        rows = self._tables(SceneTable, "scenes")
        self._once([row.id for row in rows], "scenes")
        known = {one.id for one in on}
        for row in rows:
            for tile in row.tiles:
                if tile not in known:
                    text = f"indicator {tile!r} is not on in this pack{nearest(tile, known)}"
                    self._tally.note(f"[[scenes]] {row.id}", "tiles", text)
        return tuple(
            SceneChoice(
                id=row.id,
                domain=row.domain,
                components=tuple(row.components),
                tiles=tuple(row.tiles),
                seconds=row.seconds,
                hours=row.hours,
            )
            for row in rows
        )

    def calendar(self) -> tuple[CalendarEntry, ...]:
        """Return the events of the pack."""
        rows = self._tables(CalendarTable, "calendar")
        return tuple(
            entry
            for number, row in enumerate(rows, start=1)
            for entry in entries(row, f"[[calendar]] {number}", self._places, self._tally)
        )

    def _tables(self, model: type[Model], name: str) -> list[Model]:
        read = []
        for number, row in enumerate(_rows(self._raw, name), start=1):
            label = row.get("id") or row.get("name") or number
            read.append(self._tally.read(model, row, f"[[{name}]] {label}"))
        return [table for table in read if table is not None]

    def _unique(self, items: Sequence[Entity], name: str) -> tuple[Entity, ...]:
        self._once([item.id for item in items], name)
        return tuple(items)

    def _once(self, ids: Sequence[str], name: str) -> None:
        for key in sorted({key for key in ids if ids.count(key) > 1}):
            self._tally.note(f"[[{name}]] {key}", "", "stands in more than one table")
