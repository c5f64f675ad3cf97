"""Consul Democracy: proposals and debates, by GraphQL or from the CSV that a city exports.

Docs: https://docs.consuldemocracy.org/tech_docs/features/graphql. No key. Quirks: at most 25
records a page; times are text, rounded to the hour for privacy; exports write days as d/m/Y, and
descriptions hold HTML. Authors, titles and texts are not asked for.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

from pydantic import Field, field_validator

from feeds import graphql, times
from feeds.base import Kind, Take, Visit
from feeds.cells import objects
from feeds.options import Duration, KindOptions
from feeds.participation import Item, counted, total_of
from feeds.participation_table import Items, rows
from feeds.times import check_formats
from model import Feed, Parsed

_PAGE = 25  # the server gives no more
_COUNTS = {
    "proposals": ("cached_votes_up", "comments_count"),
    "debates": ("cached_votes_total", "comments_count"),
}
_COLUMNS = {
    "id": "id",
    "at": "created_at",
    "votes": "cached_votes_up",
    "comments": "comments_count",
    "area": "geozone",
}
_NEEDED = ("id", "at")


class Options(KindOptions):
    """What a city pack may say under ``[[feeds]]`` of this kind."""

    format: Literal["graphql", "export"] = "graphql"
    collections: tuple[Literal["proposals", "debates"], ...] = ("proposals",)
    process: str = "proposals"
    columns: dict[str, str] = Field(default_factory=dict)
    date_format: str = "iso"
    districts: dict[str, str] = Field(default_factory=dict)
    max_pages: int = Field(default=400, ge=1, le=5_000)
    back: Duration = timedelta(days=90)

    @field_validator("columns")
    @classmethod
    def _known(cls, columns: dict[str, str]) -> dict[str, str]:
        for name in columns:
            if name not in _COLUMNS:
                raise ValueError(f"{name!r} is none of {', '.join(_COLUMNS)}")
        return {name: column.strip().lower() for name, column in columns.items()}

    @field_validator("date_format")
    @classmethod
    def _is_format(cls, written: str) -> str:
        check_formats([written])
        return written

    @property
    def named(self) -> Mapping[str, str]:
        """The columns of an export by what they mean."""
        return _COLUMNS | self.columns


def parse(
    body: bytes, feed: Feed, fetched_at: datetime, *, collection: str = "proposals"
) -> Parsed:
    """Return proposals by day of one export, or of one page of an answer.

    Raises:
        ValueError: if the body is neither, is cut off, or is refused for the most part.

    """
    found, _ = _items(body, feed, fetched_at, collection)
    found.check()
    options = Options.model_validate(dict(feed.options))
    facts, _ = counted(found.items, feed, fetched_at, {}, options.back)
    return Parsed([*facts], found.rejected)


def _items(body: bytes, feed: Feed, at: datetime, collection: str) -> tuple[Items, str | None]:
    options = Options.model_validate(dict(feed.options))
    found = Items(feed, at)
    if options.format == "export":
        _export(body, options, found)
        return found, None
    page = graphql.page_of(graphql.data_of(body).get(collection))
    _add_page(found, 1, page.rows, collection, options)
    return found, page.after


def _export(body: bytes, options: Options, found: Items) -> None:
    named = options.named

    def item(row: Mapping[str, str]) -> Item:
        if not row:
            raise ValueError("another number of cells than the header has")
        at = _begin(row[named["at"]], options.date_format, found.feed.timezone)
        if not row[named["id"]]:
            raise ValueError("an entry without an id")
        acts = total_of([row.get(named["votes"]), row.get(named["comments"])])
        area = options.districts.get(row.get(named["area"], ""))
        return Item(row[named["id"]], options.process, at, acts, area)

    for line, row in rows(body, [named[name] for name in _NEEDED]):
        found.add(line, row, item, named.values())


@lru_cache(maxsize=10_000)
def _begin(written: str, date_format: str, zone: str) -> datetime:
    """Return the instant that a day, or a time of it, means in a zone."""
    if date_format == "iso":
        return times.instant(written, zone)
    at = times.instants(times.parse(objects([written]), [date_format], zone))[0]
    if at is None:
        raise ValueError(f"{written[:40]!r} is no day as {date_format}")
    return at


def _add_page(
    found: Items, first: int, nodes: list[Any], collection: str, options: Options
) -> None:
    shown = ("id", "public_created_at", *_COUNTS[collection])
    for line, node in enumerate(nodes, first):
        found.add(line, node, lambda row: _item(row, collection, options, found.feed), shown)


def _item(node: Mapping[str, Any], collection: str, options: Options, feed: Feed) -> Item:
    at = times.instant(_instant(node["public_created_at"]), feed.timezone)
    acts = total_of([node.get(name) for name in _COUNTS[collection]])
    area = node.get("geozone") or {}
    district = options.districts.get(str(area.get("name", "")))
    return Item(str(node["id"]), collection, at, acts, district)


def _instant(written: str) -> str:
    """Return Ruby's way to write a time in ISO 8601.

    >>> _instant("2026-11-24 10:00:00 +0100"), _instant("2026-11-24 09:00:00 UTC")
    ('2026-11-24 10:00:00+0100', '2026-11-24 09:00:00Z')

    """
    head, _, zone = written.strip().rpartition(" ")
    if zone == "UTC":
        return f"{head}Z"
    return head + zone if zone[:1] in {"+", "-"} else written.strip()


def _query(collection: str, options: Options) -> str:
    fields = ["id", "public_created_at", *_COUNTS[collection]]
    if options.districts and collection == "proposals":
        fields.append("geozone { name }")
    return (
        f"query($after: String) {{ {collection}(first: {_PAGE}, after: $after) {{"
        f" pageInfo {{ hasNextPage endCursor }} edges {{ node {{ {' '.join(fields)} }} }} }} }}"
    )


def read(visit: Visit) -> Take:
    """Read the export, or every page of every collection."""
    options = Options.model_validate(dict(visit.feed.options))
    found = Items(visit.feed, visit.now)
    if options.format == "export":
        document = visit.get(visit.feed.url or "", accept="text/csv, */*;q=0.5")
        _export(document.content, options, found)
    else:
        for collection in options.collections:
            _read_collection(visit, collection, options, found)
    found.check()
    before = visit.memory.get("participation", {})
    facts, memory = counted(found.items, visit.feed, visit.now, before, options.back)
    return Take(Parsed([*facts], found.rejected), {"participation": memory})


def _read_collection(visit: Visit, collection: str, options: Options, found: Items) -> None:
    query = _query(collection, options)

    def ask(after: str | None) -> graphql.Page:
        body = graphql.asked(visit, query, {"after": after})
        return graphql.page_of(graphql.data_of(body).get(collection))

    for first, nodes in graphql.every_page(visit, ask, options.max_pages):
        _add_page(found, first, nodes, collection, options)


KIND = Kind(
    name="consul",
    options=Options,
    read=read,
    parse=parse,
    standard="Consul Democracy GraphQL; its exports as CSV",
    gives=frozenset({"observation"}),
    measures=frozenset({"proposals", "participants"}),
)
