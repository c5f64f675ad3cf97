"""Which past hours a batch of facts changes: late ones, and those that correct what was known.

A fact is late where it became known longer after it was observed than its feed normally takes.
It corrects where its key was known already. What is neither belongs to the present, which is
measured anyway.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from metrics.caseload import Caseload
from metrics.columns import HOUR, NONE, UNPLACED, Bools, Ints
from metrics.intake import Requested, from_cases, from_observations
from metrics.series import SITE_BITS
from metrics.window import Window
from model import Case, Observation

CASES = "cases"  # the need that all indicators about cases share
_OTHERWISE = 15 * 60_000  # a feed of which nobody says how late it may be


@dataclass(frozen=True, slots=True)
class Touched:
    """Hours (their starts, ms since 1970) that facts change, by quantity or ``cases``.

    ``standing_from``: from here on what was open at each moment is another than was known;
    ``None`` where no case says so.
    """

    hours: Mapping[str, frozenset[int]] = field(default_factory=dict)
    standing_from: int | None = None

    def __bool__(self) -> bool:
        """Whether anything is touched."""
        return bool(self.hours)

    def joined(self, other: "Touched") -> "Touched":
        """Return what either touches."""
        names = {*self.hours, *other.hours}
        none: frozenset[int] = frozenset()
        both = {name: self.hours.get(name, none) | other.hours.get(name, none) for name in names}
        since = [at for at in (self.standing_from, other.standing_from) if at is not None]
        return Touched(both, min(since) if since else None)


def touched(
    known: Window,
    observations: Sequence[Observation],
    cases: Sequence[Case],
    allowed: Mapping[str, int],
) -> Touched:
    """Return the past hours that new facts change.

    Args:
        known: what was known before these facts.
        observations: each with its ``known_at``.
        cases: each with its ``known_at``.
        allowed: by feed id, how long after the event a fact may be known and still be on time
            (ms).

    """
    found = _by_observations(known, observations, allowed) if observations else Touched()
    return found.joined(_by_cases(known, from_cases(cases), allowed)) if cases else found


def _by_observations(
    known: Window, observations: Sequence[Observation], allowed: Mapping[str, int]
) -> Touched:
    seen = from_observations(observations)
    slack = np.array([allowed.get(feed, _OTHERWISE) for feed, _ in seen.sites], np.int64)
    is_late = seen.known - seen.at > slack[seen.site]
    site = known.sites.of(seen.sites)[seen.site].astype(np.int64)
    hours: dict[str, frozenset[int]] = {}
    for code, quantity in enumerate(seen.quantities):
        mine = seen.quantity == code
        corrects = _is_known(known, quantity, seen.at[mine], site[mine])
        changed = seen.at[mine][is_late[mine] | corrects]
        if len(changed):
            hours[quantity] = _hours(changed)
    return Touched(hours)


def _is_known(known: Window, quantity: str, at: Ints, site: Ints) -> Bools:
    rows = known.rows(quantity, int(at.min()) - 1, int(at.max()))
    if not len(rows):
        return np.zeros(len(at), np.bool_)
    keys, mine = (rows.at << SITE_BITS) | rows.site, (at << SITE_BITS) | site
    place = np.minimum(np.searchsorted(keys, mine), len(keys) - 1)
    is_there: Bools = (keys[place] == mine) & (site >= 0)
    return is_there


def _by_cases(known: Window, asked: Requested, allowed: Mapping[str, int]) -> Touched:
    new = asked.load
    slack = np.array([allowed.get(feed, _OTHERWISE) for feed in asked.feeds], np.int64)[new.feed]
    old, is_there = _before(known.cases, new)
    services = np.append(known.services.of(asked.services), UNPLACED)[new.service]
    districts = np.append(known.districts.of(asked.districts), UNPLACED)[new.district]
    moved = ~is_there | (
        (old.opened != new.opened)
        | (old.due != new.due)
        | (old.service != services)
        | (old.district != districts)
    )
    was_closed = np.where(is_there, old.closed, NONE)
    ended = was_closed != new.closed
    changes = ((new.opened, moved), (new.closed, ended), (was_closed, ended))
    at = np.concatenate([instants[mask] for instants, mask in changes])
    bound = np.concatenate([(new.known - slack)[mask] for _, mask in changes])
    late = at[(at != NONE) & (at < bound)]
    return Touched({CASES: _hours(late)}, int(late.min())) if len(late) else Touched()


def _before(known: Caseload, new: Caseload) -> tuple[Caseload, Bools]:
    """Return the known version of each new case, and for which cases there is one."""
    if not len(known):
        return new, np.zeros(len(new), np.bool_)
    order = np.argsort(known.ident, kind="stable")
    ordered = known.ident[order]
    place = np.minimum(np.searchsorted(ordered, new.ident), len(ordered) - 1)
    return known.take(order[place]), ordered[place] == new.ident


def _hours(at: Ints) -> frozenset[int]:
    return frozenset((np.unique(at // HOUR) * HOUR).tolist())
