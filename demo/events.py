"""What happens once, at one place: events, drawn in blocks of days so that any span can be asked.

A root of events has a datastream per place; an observation is one event, its result the figure
(persons, minutes).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from demo.almanac import DAY
from demo.incidents import World
from demo.noise import Floats, Ints

BLOCK = 32  # days


@dataclass(frozen=True)
class Events:
    """Columns of equal length: instant (s), place (row of its root) and figure of each event."""

    at: Ints
    row: Ints
    value: Floats

    @staticmethod
    def joined(parts: "list[Events]") -> "Events":
        """Return all events of some parts, in their order."""
        return Events(
            np.concatenate([np.zeros(0, np.int64), *(part.at for part in parts)]),
            np.concatenate([np.zeros(0, np.int64), *(part.row for part in parts)]),
            np.concatenate([np.zeros(0), *(part.value for part in parts)]),
        )

    def where(self, mask: "np.ndarray") -> "Events":
        """Return the events for which ``mask`` holds."""
        return Events(self.at[mask], self.row[mask], self.value[mask])


@dataclass(frozen=True)
class Happening:
    """Events of one kind at ``places`` places.

    ``block`` gives those of the ``BLOCK`` days from ``BLOCK * number`` days after 1970 (UTC); an
    event may end up to a day outside of its block.
    """

    block: Callable[[World, int], Events]
    places: Callable[[], int]

    def between(self, world: World, first: int, last: int) -> Events:
        """Return the events in [first, last]."""
        low, high = (first - DAY) // (BLOCK * DAY), (last + DAY) // (BLOCK * DAY)
        found = Events.joined([self.block(world, number) for number in range(low, high + 1)])
        return found.where((found.at >= first) & (found.at <= last))

    def times(self, world: World, first: int, last: int) -> Ints:
        """Return the instants in [first, last] at which something happened, oldest first."""
        return np.unique(self.between(world, first, last).at)

    def draw(self, world: World, at: Ints) -> Floats:
        """Return the figures, shape (places, instants); NaN where nothing happened."""
        table = np.full((self.places(), at.size), np.nan)
        if at.size:
            found = self.between(world, int(at.min()), int(at.max()))
            order = np.argsort(at)
            spot = np.searchsorted(at[order], found.at)
            known = spot < at.size
            hit = np.zeros(len(spot), np.bool_)
            hit[known] = at[order][spot[known]] == found.at[known]
            table[found.row[hit], order[spot[hit]]] = found.value[hit]
        return table
