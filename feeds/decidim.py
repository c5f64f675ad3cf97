"""Decidim: proposals of participatory processes, by GraphQL or from the open-data export.

Docs: https://docs.decidim.org/en/develop/develop/api/. No key. Quirks: titles are translated
objects and texts hold HTML, so neither is asked for; votes are hidden (null) while a process keeps
them secret; the export is a zip of CSV with ``;``, in which ``endorsements`` carry names: that
column is not looked at. Which counts there are differs between versions (``counts``).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from feeds import graphql, times
from feeds.base import Kind, Take, Visit
from feeds.decode import from_json
from feeds.errors import FeedError
from feeds.options import Duration, KindOptions
from feeds.packed import is_packed, is_zip, member, opened, unpack
from feeds.participation import Item, counted, total_of
from feeds.participation_table import Items, rows
from model import Feed, Parsed

_PAGE = 50
_GRAPHQL_COUNTS = ("voteCount", "totalCommentsCount")
_EXPORT_COUNTS = ("supports", "votes", "comments")
_SPACES = """{ participatoryProcesses { slug components { __typename id } } }"""
_NEEDED = ("id", "published_at")


class Options(KindOptions):
    """What a city pack may say under ``[[feeds]]`` of this kind."""

    format: Literal["graphql", "export"] = "graphql"
    processes: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    districts: dict[str, str] = Field(default_factory=dict)
    locale: str = "en"
    max_pages: int = Field(default=400, ge=1, le=5_000)
    back: Duration = timedelta(days=90)

    @field_validator("counts", "locale")
    @classmethod
    def _are_names(cls, given: Any) -> Any:
        for name in (given,) if isinstance(given, str) else given:
            if not name.replace("_", "").replace("/", "").replace("-", "").isalnum():
                raise ValueError(f"{name!r} is no name of a field")
        return given

    @property
    def counted(self) -> tuple[str, ...]:
        """The fields that count as taking part."""
        return self.counts or (_GRAPHQL_COUNTS if self.format == "graphql" else _EXPORT_COUNTS)


def parse(body: bytes, feed: Feed, fetched_at: datetime) -> Parsed:
    """Return proposals by process and day of an export, or of one page of an answer.

    A page does not name its process: its proposals stand under the feed's id.

    Raises:
        ValueError: if the body is neither, is cut off, or is refused for the most part.

    """
    options = Options.model_validate(dict(feed.options))
    found = Items(feed, fetched_at)
    if options.format == "export":
        _export(body, options, found)
    else:
        _add_page(found, 1, _page(body).rows, feed.id, options)
    found.check()
    facts, _ = counted(found.items, feed, fetched_at, {}, options.back)
    return Parsed([*facts], found.rejected)


def _export(body: bytes, options: Options, found: Items) -> None:
    names = [*_NEEDED, *options.counted, _scope(options)]

    def item(row: Mapping[str, str]) -> Item:
        if not row:
            raise ValueError("another number of cells than the header has")
        return _row(row, options, found.feed.timezone)

    for name, table in _tables(body):
        try:
            for line, row in rows(table, _NEEDED):
                if not row or not options.processes or _process(row) in options.processes:
                    found.add(line, row, item, names)
        except ValueError as problem:
            raise ValueError(f"{name}: {problem}") from problem


def _tables(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the tables of proposals of a zip, or the one table that the body is.

    Raises:
        ValueError: if the zip is broken, too large, or holds no table of proposals.

    """
    if not is_zip(body):
        yield "the export", unpack(body, "proposals.csv").body if is_packed(body) else body
        return
    with opened(body) as archive:
        names = [n for n in archive.namelist() if n.lower().endswith("proposals.csv")]
        names = [n for n in names if not n.rsplit("/", 1)[-1].startswith(".")]
        if not names:
            held = ", ".join(archive.namelist()[:12])
            raise ValueError(f"no …proposals.csv in the zip; it holds {held or 'nothing'}")
        for name in names:
            yield name, member(archive, name)


def _row(row: Mapping[str, str], options: Options, zone: str) -> Item:
    if not row["id"]:
        raise ValueError("a proposal without an id")
    at = _begin(row["published_at"], zone)
    acts = total_of(row.get(name) for name in options.counted)
    district = options.districts.get(row.get(_scope(options), ""))
    return Item(row["id"], _process(row), at, acts, district)


def _scope(options: Options) -> str:
    return f"scope/name/{options.locale}"


def _process(row: Mapping[str, str]) -> str:
    """Return the slug in ``…/processes/<slug>…``, else the number of the space."""
    parts = urlsplit(row.get("participatory_space/url", "")).path.strip("/").split("/")
    for place, part in enumerate(parts[:-1]):
        if part in {"processes", "assemblies", "initiatives", "conferences", "consultations"}:
            return parts[place + 1]
    return row.get("participatory_space/id") or "proposals"


@lru_cache(maxsize=10_000)
def _begin(written: str, zone: str) -> datetime:
    """Read ``2026-11-24T10:00:00+01:00``, or Ruby's ``2026-11-24 09:00:00 UTC``."""
    plain = written.strip()
    head, _, last = plain.rpartition(" ")
    if last == "UTC":
        plain = f"{head}Z"
    elif last[:1] in {"+", "-"}:
        plain = head + last
    return times.instant(plain, zone)


def _page(body: bytes) -> graphql.Page:
    component = graphql.data_of(body).get("component")
    return graphql.page_of((component or {}).get("proposals"))


def _add_page(
    found: Items, first: int, nodes: Sequence[Any], process: str, options: Options
) -> None:
    def item(node: Mapping[str, Any]) -> Item:
        at = _begin(node.get("publishedAt") or node["createdAt"], found.feed.timezone)
        acts = total_of(node.get(name) for name in options.counted)
        scope = ((node.get("scope") or {}).get("name") or {}).get("translation")
        return Item(str(node["id"]), process, at, acts, options.districts.get(scope or ""))

    for line, node in enumerate(nodes, first):
        found.add(line, node, item, ("id", "publishedAt", "createdAt", *options.counted))


def _query(options: Options) -> str:
    fields = ["id", "createdAt", "publishedAt", *options.counted]
    if options.districts:
        fields.append(f'scope {{ name {{ translation(locale: "{options.locale}") }} }}')
    return (
        "query($id: ID!, $after: String) { component(id: $id) { ... on Proposals {"
        f" proposals(first: {_PAGE}, after: $after) {{ pageInfo {{ hasNextPage endCursor }}"
        f" edges {{ node {{ {' '.join(fields)} }} }} }} }} }} }}"
    )


def read(visit: Visit) -> Take:
    """Read the export, or every page of proposals of every process."""
    options = Options.model_validate(dict(visit.feed.options))
    found = Items(visit.feed, visit.now)
    if options.format == "export":
        document = visit.get(visit.feed.url or "", is_conditional=True)
        if document.not_modified:
            return Take(Parsed(), not_modified=True)
        _export(document.content, options, found)
    else:
        _read_processes(visit, options, found)
    found.check()
    before = visit.memory.get("participation", {})
    facts, memory = counted(found.items, visit.feed, visit.now, before, options.back)
    return Take(Parsed([*facts], found.rejected), {"participation": memory})


def _read_processes(visit: Visit, options: Options, found: Items) -> None:
    left, query = options.max_pages, _query(options)
    components = _components(graphql.asked(visit, _SPACES), options)
    if not components:
        raise FeedError(visit.feed.id, "no process with proposals", permanent=True)
    for process, component in components:

        def ask(after: str | None, component: str = component) -> graphql.Page:
            return _page(graphql.asked(visit, query, {"id": component, "after": after}))

        n_pages = 0
        for first, nodes in graphql.every_page(visit, ask, left):
            _add_page(found, first, nodes, process, options)
            n_pages += 1
        left = max(1, left - n_pages)


def _components(body: bytes, options: Options) -> list[tuple[str, str]]:
    """Return process and id of every component of proposals."""
    spaces = graphql.data_of(body).get("participatoryProcesses")
    if not isinstance(spaces, list):
        raise TypeError(f"no list of processes: {str(from_json(body))[:100]}")
    return [
        (str(space["slug"]), str(part["id"]))
        for space in spaces
        if not options.processes or space["slug"] in options.processes
        for part in space.get("components") or ()
        if part and part.get("__typename") == "Proposals"
    ]


KIND = Kind(
    name="decidim",
    options=Options,
    read=read,
    parse=parse,
    standard="Decidim GraphQL; its open-data export (CSV)",
    gives=frozenset({"observation"}),
    measures=frozenset({"proposals", "participants"}),
)
