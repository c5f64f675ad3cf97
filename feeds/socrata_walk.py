"""The pages of a Socrata data set, by ``:updated_at, :id``, so that none is skipped.

A page begins at the ``:updated_at`` at which the last one ended, after as many rows of that very
instant as were read: rows that change in between come later once more. A poll that reaches
``max_rows`` goes on from there at the next one. Data sets without ``:updated_at`` are counted off.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from feeds import times
from feeds.base import Visit
from feeds.errors import FeedError
from feeds.socrata_parse import Options, rows_of
from model.plain import instant

_UPDATED = ":updated_at"
_NO_VERSION_3 = ("HTTP 404", "HTTP 405", "HTTP 501")


@dataclass(slots=True)
class Walk:
    """Asks for pages; ``state`` is what to remember afterwards."""

    visit: Visit
    options: Options
    base: str
    dataset: str
    state: dict[str, Any] = field(default_factory=dict)
    is_version_3: bool = field(init=False)

    def __post_init__(self) -> None:
        self.is_version_3 = self.options.token is not None

    def rows(self, known: Mapping[str, Any]) -> list[Any]:
        """Return the rows from where the state says, in order, at most about ``max_rows``.

        Raises:
            FeedError: if the portal sends one page again and again.

        """
        cursor, offset = known.get("cursor"), int(known.get("offset", 0))
        rows: list[Any] = []
        before: list[Any] = []
        more = True
        while more and len(rows) < self.options.max_rows:
            page, more = self._page(cursor, offset)
            if more and page == before:
                raise FeedError(
                    self.visit.feed.id, "the portal sends the same page again", permanent=True
                )
            rows += page
            before = page
            if self.options.incremental:
                cursor, offset = _after(page, cursor, offset)
            else:
                offset += len(page)
        self.state = {"cursor": cursor, "offset": offset, "more": more}
        return rows

    def _page(self, cursor: str | None, offset: int) -> tuple[list[Any], bool]:
        """Return one page, and whether there may be another."""
        if self.is_version_3:
            try:
                return self._page_3(cursor, offset)
            except FeedError as failure:
                if not failure.reason.startswith(_NO_VERSION_3):
                    raise
                self.is_version_3 = False
        params = {
            "$select": self.options.selection,
            "$order": self._order,
            "$limit": str(self.options.page_size),
            "$offset": str(offset),
        }
        if condition := self._condition(cursor):
            params["$where"] = condition
        url = f"{self.base}/resource/{self.dataset}.json"
        found = self._asked(url, params=params)
        return found, len(found) >= self.options.page_size

    def _page_3(self, cursor: str | None, offset: int) -> tuple[list[Any], bool]:
        """Ask version 3, which counts whole pages: what was read of one is cut off."""
        size = self.options.page_size
        condition = self._condition(cursor)
        where = f" WHERE {condition}" if condition else ""
        body = {
            "query": f"SELECT {self.options.selection}{where} ORDER BY {self._order}",
            "page": {"pageNumber": offset // size + 1, "pageSize": size},
            "includeSynthetic": True,
        }
        found = self._asked(f"{self.base}/api/v3/views/{self.dataset}/query.json", json=body)
        return found[offset % size :], len(found) >= size

    def _asked(self, url: str, **how: Any) -> list[Any]:
        token = self.options.token
        headers = {"X-App-Token": self.visit.secret(token)} if token else {}
        document = self.visit.get(url, headers=headers, accept="application/json", **how)
        return rows_of(document.content, self.visit.feed, document.charset)

    @property
    def _order(self) -> str:
        return ":updated_at,:id" if self.options.incremental else ":id"

    def _condition(self, cursor: str | None) -> str:
        parts = [f"({self.options.where})"] if self.options.where else []
        if cursor and self.options.incremental:
            parts.append(f"{_UPDATED} >= '{cursor}'")
        return " AND ".join(parts)


def _after(page: list[Any], cursor: str | None, offset: int) -> tuple[str | None, int]:
    """Return where the next page begins: an instant, and how many of its rows were read."""
    moments = [_moment(row) for row in page]
    if not moments or moments[-1] is None:
        return cursor, offset + len(page)
    last = moments[-1]
    if cursor is not None and times.instant(cursor) == last:
        return cursor, offset + len(page)
    ties = next((n for n, at in enumerate(reversed(moments)) if at != last), len(moments))
    return instant(last), ties


def _moment(row: Any) -> datetime | None:
    """Return when a row was updated, if it says so; epochs are what the oldest servers write."""
    said = row.get(_UPDATED) if isinstance(row, dict) else None
    try:
        return times.instant(said) if isinstance(said, str) else times.posix(said)
    except (ValueError, TypeError, ArithmeticError):
        return None
