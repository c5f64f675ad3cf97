"""GraphQL, as far as platforms of participation need it: one question, and Relay's pages."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from feeds.base import Visit
from feeds.decode import from_json
from feeds.errors import FeedError


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of one page, and where the next begins; ``None`` at the end."""

    rows: list[Any]
    after: str | None


def asked(visit: Visit, query: str, variables: Mapping[str, Any] | None = None) -> bytes:
    """Return the answer to a question put to the feed's URL."""
    body = {"query": query, "variables": dict(variables or {})}
    return visit.get(visit.feed.url or "", json=body, accept="application/json").content


def data_of(body: bytes) -> Mapping[str, Any]:
    """Return the ``data`` of an answer.

    Raises:
        TypeError: if there are none, with what the server says of it.

    """
    document = from_json(body)
    data = document.get("data")
    if not isinstance(data, dict):
        raise TypeError(f"no data: {_told(document)}")
    return data


def _told(document: Mapping[str, Any]) -> str:
    errors = document.get("errors")
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        return str(errors[0].get("message", errors[0]))[:300]
    return "the answer says nothing of why"


def page_of(connection: Any) -> Page:
    """Return a page of a Relay connection.

    Raises:
        TypeError: if it is none.

    """
    if not isinstance(connection, dict) or not isinstance(connection.get("edges"), list):
        raise TypeError("no page of a connection (edges, pageInfo)")
    rows = [edge.get("node") if isinstance(edge, dict) else None for edge in connection["edges"]]
    info = connection.get("pageInfo") or {}
    return Page(rows, info.get("endCursor") if info.get("hasNextPage") else None)


def every_page(
    visit: Visit, ask: Callable[[str | None], Page], most: int
) -> Iterator[tuple[int, list[Any]]]:
    """Yield the rows of all pages with the number of the first.

    Raises:
        FeedError: if there are more pages than ``most``, or a cursor that stands still.

    """
    after, first = None, 1
    seen: set[str] = set()
    for _ in range(most):
        page = ask(after)
        yield first, page.rows
        first, after = first + len(page.rows), page.after
        if after is None:
            return
        if after in seen:
            raise FeedError(visit.feed.id, "the pages turn in a circle", permanent=True)
        seen.add(after)
    raise FeedError(
        visit.feed.id,
        f"more than max_pages = {most} pages: raise it, or read the export",
        permanent=True,
    )
