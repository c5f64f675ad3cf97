"""The pages of a datastore, by what came back: portals lower a limit without saying so.

Where a poll ended at ``max_rows``, the next one begins one row before: is that still the row at
which we stopped, the rest follows; else rows have moved, and everything is read anew.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from zlib import crc32

from feeds.base import Visit
from feeds.ckan_parse import Options, Page, page_of

_ODS_LAST = 10_000  # offset + limit of OpenDataSoft's records; beyond it there are exports


@dataclass(slots=True)
class Walk:
    """Asks for pages of one resource; ``state`` is what to remember afterwards."""

    visit: Visit
    options: Options
    resource_id: str
    state: dict[str, Any] = field(default_factory=dict)
    odd: str | None = None

    def rows(self, known: Mapping[str, Any]) -> list[Any]:
        """Return the rows after those that the state says were read.

        A portal that sends one page again and again is left alone, and told of in ``odd``.
        """
        offset = int(known.get("offset", 0)) if self._still_there(known) else 0
        rows: list[Any] = []
        before: list[Any] | None = None
        more = True
        while more and len(rows) < self.options.max_rows:
            page = self.page(offset, self.options.size)
            if page.rows and page.rows == before:
                said = "" if page.total is None else f" of {page.total}"
                self.odd = f"the portal sends the same page again: {len(rows)}{said} rows read"
                more = False
                break
            rows += page.rows
            before = page.rows
            offset += len(page.rows)
            more = bool(page.rows) and (page.total is None or offset < page.total)
            if page.total is not None and page.total > _ODS_LAST and self._is_ods:
                rows, offset, more = self._exported(), page.total, False
        last = _print(rows[-1]) if rows else known.get("last")
        self.state = {"offset": offset, "last": last, "more": more}
        return rows

    def _still_there(self, known: Mapping[str, Any]) -> bool:
        offset = int(known.get("offset", 0))
        if not offset:
            return False
        rows = self.page(offset - 1, 1).rows
        return bool(rows) and _print(rows[0]) == known.get("last")

    @property
    def _is_ods(self) -> bool:
        return self.options.dialect == "opendatasoft"

    def page(self, offset: int, size: int, order: str | None = None) -> Page:
        """Ask for rows from an offset on."""
        url, params = _QUESTIONS[self.options.dialect](self, offset, size)
        if order:
            params["sort"] = order
        return self.ask(url, params)

    def ask(self, url: str, params: Mapping[str, str]) -> Page:
        """Ask for anything that holds rows."""
        document = self.visit.get(
            url, params, headers=headers(self.visit, self.options), accept="application/json"
        )
        return page_of(document.content, self.visit.feed, document.charset)

    def _exported(self) -> list[Any]:
        """Return all rows of a data set that is too long for pages."""
        params = {"limit": "-1", **_ods_conditions(self.options)}
        return self.ask(f"{ods_url(self.visit, self.resource_id)}/exports/json", params).rows


def headers(visit: Visit, options: Options) -> dict[str, str]:
    """Return the header with the token, as the dialect wants it."""
    if options.token is None:
        return {}
    prefix = "Apikey " if options.dialect == "opendatasoft" else ""
    return {"Authorization": prefix + visit.secret(options.token)}


def base(visit: Visit) -> str:
    """Return the portal's address."""
    return (visit.feed.url or "").rstrip("/")


def ods_url(visit: Visit, name: str) -> str:
    """Return the address of a data set of OpenDataSoft."""
    return f"{base(visit)}/api/explore/v2.1/catalog/datasets/{quote(name, safe='')}"


Question = tuple[str, dict[str, str]]


def _ckan(walk: Walk, offset: int, size: int) -> Question:
    params = {
        "resource_id": walk.resource_id,
        "limit": str(size),
        "offset": str(offset),
        "sort": "_id asc",
    }
    if walk.options.filters:
        params["filters"] = json.dumps(walk.options.filters, ensure_ascii=False)
    return f"{base(walk.visit)}/api/3/action/datastore_search", params


def _ods(walk: Walk, offset: int, size: int) -> Question:
    params = {"limit": str(size), "offset": str(offset), **_ods_conditions(walk.options)}
    return f"{ods_url(walk.visit, walk.resource_id)}/records", params


def _ods_conditions(options: Options) -> dict[str, str]:
    parts = [f"({options.where})"] if options.where else []
    for name, wanted in options.filters.items():
        values = wanted if isinstance(wanted, tuple) else (wanted,)
        parts.append(f"{name} in ({', '.join(json.dumps(v, ensure_ascii=False) for v in values)})")
    found = {"where": " and ".join(parts)} if parts else {}
    return {**found, "order_by": options.order} if options.order else found


def _dkan(walk: Walk, offset: int, size: int) -> Question:
    params = {
        "limit": str(size),
        "offset": str(offset),
        "count": "true",
        "schema": "false",
        "keys": "true",
    }
    for n, (name, wanted) in enumerate(walk.options.filters.items()):
        params[f"conditions[{n}][property]"] = name
        if isinstance(wanted, tuple):
            params[f"conditions[{n}][operator]"] = "in"
            params |= {f"conditions[{n}][value][{i}]": str(v) for i, v in enumerate(wanted)}
        else:
            params[f"conditions[{n}][value]"] = str(wanted)
    if walk.options.order:
        params["sorts[0][property]"] = walk.options.order
        params["sorts[0][order]"] = "asc"
    return f"{base(walk.visit)}/api/1/datastore/query/{quote(walk.resource_id)}", params


_QUESTIONS: dict[str, Callable[[Walk, int, int], Question]] = {
    "ckan": _ckan,
    "opendatasoft": _ods,
    "dkan": _dkan,
}


def _print(row: Any) -> str:
    """Return what a row is known by: its ``_id``, else a short print of it."""
    if isinstance(row, Mapping) and "_id" in row:
        return str(row["_id"])
    return f"{crc32(json.dumps(row, sort_keys=True, default=str).encode()):08x}"
