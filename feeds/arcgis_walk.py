"""The features of a layer: by pages, by lists of ids, or by ids that grow.

A server that pages is asked for offsets. One that does not is asked for all ids, which no limit
cuts, and then for some at a time by POST. One that ignores that question too is asked for
spans of ids. A poll that reaches ``max_rows`` goes on at the next one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from feeds.arcgis_layer import Layer, complain, layer_of
from feeds.arcgis_parse import Options, Sheet, lenient, sheet_of
from feeds.base import Visit
from feeds.errors import FeedError
from feeds.tabular import Refused

_MOST_IDS = 500
_LONG = 1_500  # a longer question is POSTed
_PLAIN = re.compile(r"\w+")
_JSON = "application/json"


@dataclass(slots=True)
class Walk:
    """Asks one layer; ``state`` is what to remember, ``rows`` gathers what was read."""

    visit: Visit
    options: Options
    url: str
    layer: Layer = field(default_factory=Layer)
    state: dict[str, Any] = field(default_factory=dict)
    rows: list[Any] = field(default_factory=list)
    n_commas: int = 0

    def look(self) -> None:
        """Read the layer's metadata."""
        document, _ = lenient(*self._asked(self.url, {"f": "json"}))
        self.layer = layer_of(document, self.visit.feed.id)

    def walk(self, known: Mapping[str, Any]) -> None:
        """Read the features after those that the state says were read.

        Raises:
            FeedError: if the server does not answer as any ArcGIS server does.

        """
        if self.layer.can_page:
            self._by_pages(known)
        else:
            self._by_ids(known)

    def _by_pages(self, known: Mapping[str, Any]) -> None:
        offset = int(known.get("offset", 0))
        if offset and not self._still_there(offset, known.get("last")):
            offset = 0
        before: list[Any] | None = None
        more, last = True, known.get("last")
        while more and len(self.rows) < self.options.max_rows:
            sheet = self._sheet(self._paged(offset, self._size))
            if sheet.rows and sheet.rows == before:
                raise self._error("the server sends the same page again")
            self._take(sheet)
            before = sheet.rows
            offset += len(sheet.rows)
            last = sheet.ids[-1] if sheet.ids else last
            more = sheet.is_cut or len(sheet.rows) >= self._size
        self.state = {"offset": offset, "last": last, "more": more}

    def _paged(self, offset: int, size: int) -> dict[str, str]:
        order = {"orderByFields": self.layer.oid} if self.layer.oid else {}
        paging = {"resultOffset": str(offset), "resultRecordCount": str(size)}
        return {"where": self.options.where, **order, **paging}

    def _still_there(self, offset: int, last: Any) -> bool:
        """Whether the feature at which the last poll stopped stands where it stood."""
        sheet = self._sheet(self._paged(offset - 1, 1))
        return bool(sheet.ids) and last is not None and sheet.ids[0] == last

    def _by_ids(self, known: Mapping[str, Any]) -> None:
        document, _ = lenient(
            *self._asked(
                f"{self.url}/query",
                {"f": "json", "where": self.options.where, "returnIdsOnly": "true"},
            )
        )
        complain(document, self.visit.feed.id)
        ids = document.get("objectIds", ()) if isinstance(document, Mapping) else ()
        if ids == ():  # the question was ignored
            self._by_spans(known.get("last"))
            return
        last = known.get("last")
        todo = sorted(one for one in ids or [] if last is None or one > last)
        while todo and len(self.rows) < self.options.max_rows:
            chunk, todo = todo[: self._chunk], todo[self._chunk :]
            sheet = self._sheet({"objectIds": ",".join(map(str, chunk))}, is_long=True)
            self._take(sheet)
            got = set(sheet.ids)
            if sheet.is_cut and len(got) < len(chunk):  # what is left of the chunk comes next
                todo = sorted([*(one for one in chunk if one not in got), *todo])
            is_done = not todo or todo[0] > chunk[-1]
            last = chunk[-1] if is_done else _before(todo[0], chunk, last)
        self.state = {"last": last, "more": bool(todo)}

    def _by_spans(self, last: Any) -> None:
        """Ask for spans of ids so narrow that no limit, which is not told, cuts the answer.

        A span without features may lie in a gap: whether there is anything beyond it is asked too.
        """
        start = -1 if last is None else int(last)
        cap = width = max(len(self._span(start).rows), 1)
        more = True
        while more and len(self.rows) < self.options.max_rows:
            sheet = self._span(start, start + width)
            n = len(sheet.rows)
            if n >= cap and width > cap:
                width = max(width // 2, cap)
                continue
            self._take(replace(sheet, is_cut=False))
            start += width
            width = 2 * width if 2 * n < cap else width
            more = n > 0 or bool(self._span(start).rows)
        self.state = {"last": start, "more": more}

    def _span(self, start: int, end: int | None = None) -> Sheet:
        """Ask for the ids after ``start``, up to ``end``; the server may stop where it likes."""
        oid = self.layer.oid
        upto = "" if end is None else f" AND {oid} <= {end}"
        sheet = self._sheet({"where": f"({self.options.where}) AND {oid} > {start}{upto}"})
        fits = all(
            isinstance(one, int) and start < one and (end is None or one <= end)
            for one in sheet.ids
        )
        if oid is None or not fits or len(set(sheet.ids)) < len(sheet.ids):
            raise self._error("the server neither pages, nor lists ids, nor tells them apart")
        return sheet

    @property
    def _size(self) -> int:
        return min(self.options.page_size or self.layer.size, self.layer.size)

    @property
    def _chunk(self) -> int:
        return min(self._size, _MOST_IDS)

    def _take(self, sheet: Sheet) -> None:
        if sheet.is_cut and not sheet.rows:
            raise self._error("the server says that there is more, and sends nothing")
        n = len(self.rows)
        self.rows += [
            replace(row, line=row.line + n) if isinstance(row, Refused) else row
            for row in sheet.rows
        ]
        self.n_commas += sheet.n_commas

    def _sheet(self, question: Mapping[str, str], *, is_long: bool = False) -> Sheet:
        params = {
            "f": "json",
            "outFields": self._fields,
            "outSR": "4326",
            "returnGeometry": str(self.options.needs_place).lower(),
            **question,
        }
        if self.layer.is_wall_clock:
            params["timeReferenceUnknownClient"] = "true"
        body, charset = self._asked(f"{self.url}/query", params, is_long=is_long)
        return sheet_of(body, self.visit.feed, self.layer, charset)

    @property
    def _fields(self) -> str:
        """Only what the mapping reads, unless a name is too odd for a list."""
        extra = [self.layer.oid, self.layer.type_field if self.options.labels else None]
        names = dict.fromkeys([*self.options.wanted, *(name for name in extra if name)])
        is_plain = self.options.wanted and all(_PLAIN.fullmatch(name) for name in names)
        return ",".join(names) if is_plain else "*"

    def _asked(
        self, url: str, params: dict[str, str], *, is_long: bool = False
    ) -> tuple[bytes, str | None]:
        """Ask by GET; by POST where a token is shown, so that no address holds it, or if long."""
        if self.options.token:
            params = {**params, "token": self.visit.secret(self.options.token)}
            is_long = True
        if is_long or sum(map(len, params.values())) > _LONG:
            document = self.visit.get(url, form=params, accept=_JSON)
        else:
            document = self.visit.get(url, params, accept=_JSON)
        return document.content, document.charset

    def _error(self, reason: str) -> FeedError:
        return FeedError(self.visit.feed.id, reason, permanent=True)


def _before(first: Any, chunk: list[Any], last: Any) -> Any:
    """Return the last id before one that is still to come."""
    return max((one for one in chunk if one < first), default=last)
