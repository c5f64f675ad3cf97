"""What a screen needs to know that does not change from tick to tick."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, TypeVar

from geodata import Districts
from layouts import capacity, mapfit
from layouts.capacity import Wall
from layouts.mapfit import MapFit
from model import CITY, City, District, Feed, Indicator, Rule, SceneChoice
from texts import Translator, translator

Made = TypeVar("Made")

TILES = 12
MAP_INDICATOR = "srv.new"


class Pack(Protocol):
    """The part of a city pack that screens read."""

    @property
    def city(self) -> City:
        """The city itself."""
        ...

    @property
    def districts(self) -> Districts:
        """Its shapes."""
        ...

    @property
    def indicators(self) -> Sequence[Indicator]:
        """Those switched on, in order."""
        ...

    @property
    def scenes(self) -> Sequence[SceneChoice]:
        """What the pack wants on a scene."""
        ...

    @property
    def feeds(self) -> Sequence[Feed]:
        """Its sources."""
        ...

    @property
    def rules(self) -> Sequence[Rule]:
        """Its alert rules."""
        ...


@dataclass(frozen=True, kw_only=True)
class View:
    """One city as one kind of reader sees it. ``maps`` holds a fitted map per scene that has one.

    ``t`` speaks the reader's language. ``is_open`` means that the house listens beyond this machine
    without sign-in, which every page then says. ``build`` names the running version.
    """

    city: City
    districts: Mapping[str, District]
    indicators: Mapping[str, Indicator]
    scenes: Mapping[str, SceneChoice]
    feeds: Mapping[str, Feed]
    rules: Mapping[str, Rule]
    maps: Mapping[str, MapFit]
    t: Translator
    wall: Wall
    is_open: bool = False
    build: str = ""
    memo: dict[str, tuple[Any, Any]] = field(default_factory=dict, compare=False, repr=False)

    def remembered(self, name: str, key: Any, make: Callable[[], Made]) -> Made:
        """Return what was made for this key at the last tick, else make it now.

        For parts that are dear to draw and rarely change. ``name`` says whose it is; only the
        newest of a name is kept.
        """
        kept = self.memo.get(name)
        if kept is None or kept[0] != key:
            kept = self.memo[name] = (key, make())
        made: Made = kept[1]
        return made

    @cached_property
    def tiles(self) -> tuple[Indicator, ...]:
        """The headline indicators in their fixed order: as the pack says, else as it lists them."""
        for scene in ("overview", "headlines"):
            chosen = self.scenes[scene].tiles if scene in self.scenes else ()
            known = [self.indicators[key] for key in chosen if key in self.indicators]
            if known:
                return tuple(known[:TILES])
        return tuple(self.indicators.values())[:TILES]

    @cached_property
    def map_indicator(self) -> Indicator | None:
        """What the wall's map shows: new requests, else the first one that districts have."""
        if MAP_INDICATOR in self.indicators:
            return self.indicators[MAP_INDICATOR]
        local = (i for i in self.indicators.values() if "city" not in i.district_aggregation)
        return next(local, None)

    @cached_property
    def has_residents(self) -> bool:
        """Whether rates per resident can be told at all."""
        return any(district.population for district in self.districts.values())

    @property
    def locale(self) -> str:
        """The reader's language."""
        return self.t.locale

    def place(self, district: str) -> str:
        """Return the short name of a district; the city and unknown ids in words."""
        if district == CITY:
            return self.t("City")
        known = self.districts.get(district)
        return known.short if known else district


def make_view(  # noqa: PLR0913 - one keyword per setting that a screen obeys
    pack: Pack,
    *,
    locale: str | None = None,
    wall_distance_m: float = 3.0,
    wall_pitch_mm: float = 0.565,
    wall_width_px: int | None = None,
    is_open: bool = False,
    build: str = "",
) -> View:
    """Build the view of a city; slow (it draws the maps), so done once per pack and locale."""
    return View(
        city=pack.city,
        districts={item.id: item for item in pack.districts.items},
        indicators={item.id: item for item in pack.indicators},
        scenes={item.id: item for item in pack.scenes},
        feeds={item.id: item for item in pack.feeds},
        rules={item.id: item for item in pack.rules},
        maps=mapfit.fit_all(pack.districts),
        t=translator(locale or pack.city.locale),
        wall=capacity.wall(wall_distance_m, wall_pitch_mm, wall_width_px),
        is_open=is_open,
        build=build,
    )
