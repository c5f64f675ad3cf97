"""What a file of readings says of itself: definition, source, licence, period, filters."""

from dataclasses import dataclass
from functools import cached_property

from api.door import Door
from api.past import Wanted
from model import Feed, Indicator
from model.plain import instant
from store import StoreError

READINGS = "readings"  # the table of the history
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class About:
    """One export: the city, what was asked, when, and what each indicator means."""

    door: Door
    asked: Wanted

    @cached_property
    def pairs(self) -> Pairs:
        """Everything, as label and text."""
        city = self.door.pack.city
        told: list[tuple[str, str]] = [
            ("city", city.name),
            ("city time zone", city.timezone),
            *self.filters,
            ("exported_at", instant(self.door.clock())),
            ("complete_since", self.complete_since or "not stated"),
        ]
        if city.is_simulated:
            told.append(("note", "simulated data of a demonstration city"))
        for indicator in self.asked.indicators:
            told += self._indicator(indicator)
        told.append(("small cells", "figures about fewer than 5 cases are empty, suppressed"))
        return tuple(told)

    @property
    def filters(self) -> Pairs:
        """What was asked for."""
        asked = self.asked
        step = asked.resolution
        return (
            ("indicator", ", ".join(one.id for one in asked.indicators)),
            ("district", asked.district or "all"),
            ("start", instant(asked.start)),
            ("end", instant(asked.end)),
            ("resolution", f"{step.total_seconds():g} s" if step else "every reading"),
            ("known_at", instant(asked.known_at) if asked.known_at else "now"),
        )

    @cached_property
    def complete_since(self) -> str | None:
        """Since when the history keeps all of it; ``None`` where the span does not reach behind."""
        since = self.door.history.kept_since().get(READINGS)
        return instant(since) if since is not None and self.asked.start < since else None

    def district(self, key: str) -> str:
        """Return the name of a district, or nothing."""
        return self._names.get(key, "")

    @cached_property
    def _names(self) -> dict[str, str]:
        return {item.id: item.name for item in self.door.pack.districts.items}

    def _indicator(self, indicator: Indicator) -> list[tuple[str, str]]:
        facts = (
            ("title", indicator.title),
            ("unit", indicator.unit),
            ("definition", indicator.definition),
            ("numerator", indicator.numerator),
            ("denominator", indicator.denominator),
            ("over time", indicator.time_aggregation),
            ("over districts", indicator.district_aggregation),
            ("source", indicator.source),
            ("standard", indicator.standard),
            ("owner", indicator.owner),
        )
        told = [(f"{indicator.id}: {name}", text) for name, text in facts if text]
        for feed in self._feeds(indicator):
            licence = feed.licence or "not stated"
            told.append((f"{indicator.id}: feed", f"{feed.name or feed.id}; licence: {licence}"))
        return told

    def _feeds(self, indicator: Indicator) -> list[Feed]:
        """Return the feeds that carry an indicator now."""
        try:
            snapshot = self.door.store.latest()
        except StoreError:  # the past can be told all the same
            return []
        behind = {
            f.id for f in (snapshot.feeds if snapshot else ()) if indicator.id in f.indicators
        }
        return [feed for feed in self.door.pack.feeds if feed.id in behind]


def about(door: Door, asked: Wanted) -> About:
    """Return what an export says of itself."""
    return About(door, asked)
