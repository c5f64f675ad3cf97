"""Which readings were told anew: what was said before, what is said now, and since when."""

from datetime import UTC, datetime
from typing import Any

from history import schemas
from history.base import Engine
from history.columns import rows
from history.queries import fill, one_of

MOST = 200
_ALWAYS = datetime(9999, 1, 1, tzinfo=UTC)


class Revisions:
    """The corrections of readings."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def revisions(  # noqa: PLR0913 - all but the first are options by name
        self,
        indicator: str,
        *,
        district: str | None = None,
        start: datetime,
        end: datetime,
        known_at: datetime | None = None,
        most: int = MOST,
    ) -> list[dict[str, Any]]:
        """Return the corrections of readings of ``[start, end)``, the newest reading first.

        Rows hold ``indicator, district, at``, ``value, num, n, quality, known_at`` as corrected
        and the same with ``old_`` as they stood before; a reading that was corrected twice has two
        rows. The same value told again is no correction.
        """
        values: dict[str, Any] = {
            "indicator": indicator,
            "start": start,
            "end": end,
            "known_at": known_at or _ALWAYS,
        }
        wanted = one_of("district", None if district is None else [district], values)
        source = self._engine.relation(schemas.READINGS, start, end)
        sql = fill("revisions", readings=source, districts=wanted, most=str(int(most)))
        return rows(self._engine.ask(sql, values))
