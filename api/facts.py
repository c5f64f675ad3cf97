"""What stands behind a reading: the newest facts of its window, and how old open requests are.

Facts about people are never told one by one: of those only numbers leave, and no small ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from api.door import Door
from metrics import Scope, Window
from metrics.ages import Ages, age_shares
from metrics.scope import Question
from model import CITY, Indicator

LONGEST = timedelta(hours=6)  # facts that are older than this are counted by the reading alone
MOST = 25
PRIVATE = frozenset({"safety", "social", "participation"})
SEALED = frozenset({"card_spend", "card_merchants"})  # few merchants may stand behind one row
COLUMNS = (
    "feed_id",
    "site_id",
    "district_id",
    "quantity",
    "value",
    "unit",
    "quality",
    "observed_at",
    "known_at",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """The newest fact of each site since ``since``, at most ``MOST``; ``count`` there were in all.

    ``is_private``: the facts are about people, and none is told.
    """

    rows: tuple[Mapping[str, Any], ...] = ()
    count: int = 0
    sites: int = 0
    since: datetime | None = None
    is_private: bool = False


def is_private(indicator: Indicator) -> bool:
    """Whether the facts of an indicator are about people, or a few merchants' takings."""
    if not SEALED.isdisjoint(indicator.quantities):
        return True
    return indicator.is_counted or indicator.needs_cases or indicator.domain in PRIVATE


def behind(door: Door, indicator: Indicator, district: str, at: datetime) -> Behind:
    """Return the facts that a reading of ``at`` rests on, the newest first."""
    import pyarrow.compute as pc  # noqa: PLC0415 - heavy, and only this page asks for it

    if is_private(indicator):
        return Behind(is_private=True)
    if not indicator.quantities:
        return Behind()
    since = at - min(indicator.window, LONGEST)
    after = timedelta(microseconds=1)  # a window holds what came after its start, up to its end
    found = door.history.observations_table(
        since + after, at + after, quantities=indicator.quantities
    ).select(COLUMNS)
    if district != CITY:
        found = found.filter(pc.field("district_id") == district)
    newest: dict[tuple[str, ...], Mapping[str, Any]] = {}
    for row in found.sort_by([("observed_at", "descending")]).to_pylist():
        newest.setdefault((row["feed_id"], row["site_id"], row["quantity"]), _utc(row))
    return Behind(
        rows=tuple(newest.values())[:MOST],
        count=found.num_rows,
        sites=len({key[:2] for key in newest}),
        since=since,
    )


def ages(door: Door, indicator: Indicator, district: str, at: datetime) -> Ages | None:
    """Return how old the open requests of a place are; ``None`` for what counts none."""
    if not indicator.needs_cases or indicator.subject != "requests":
        return None
    pack = door.pack
    subjects = {feed.id: feed.subject for feed in pack.feeds if feed.gives == "case"}
    scope = Scope(
        districts=pack.districts.items,
        timezone=pack.city.timezone,
        services={service.name: service for service in pack.services},
        population=pack.city.population,
        subjects=subjects,
    )
    window = Window.from_columns(cases=door.history.cases_table(at))
    found = age_shares(Question(indicator, window, at, scope))
    return next((one for one in found if one.district == district), None)


def _utc(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a row with its instants in UTC, whatever zone the engine tells them in."""
    return {
        name: value.astimezone(UTC) if isinstance(value, datetime) else value
        for name, value in row.items()
    }
