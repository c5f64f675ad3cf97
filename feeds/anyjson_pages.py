"""How a JSON document is asked for: method, body, headers, and page after page. No parsing of rows.

Secrets stand as ``env:NAME`` inside the values of ``headers``, ``params`` and ``body``.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urljoin

import httpx
from pydantic import BaseModel, ConfigDict, Field

from feeds import records
from feeds.base import Visit
from feeds.decode import from_json, json_text
from feeds.errors import FeedError
from feeds.http import Document
from feeds.pointed import find
from feeds.secrets import Secret

_SECRET = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*")
_SECRETIVE = re.compile(
    r"(?:.*[-_])?(?:authorization|api[-_]?key|subscription-key|token|password|secret|cookie)|key|auth",
    re.IGNORECASE,
)


class PagesOptions(BaseModel):
    """How a document is asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Literal["GET", "POST"] = "GET"
    headers: dict[str, str] = Field(default_factory=dict)
    params: dict[str, str | int | float | bool] = Field(default_factory=dict)
    body: dict[str, Any] | tuple[Any, ...] | None = None
    token: Secret | None = None
    next: str | None = None
    cursor: str | None = None
    page: str | None = None
    first_page: int = Field(default=1, ge=0)
    offset: str | None = None
    size: str | None = None
    page_size: int | None = Field(default=None, ge=1)
    total: str | None = None
    max_pages: int = Field(default=100, ge=1, le=5_000)

    @property
    def is_paged(self) -> bool:
        """Whether there may be more than one page."""
        return bool(self.next or self.page or self.offset)

    def paging_problems(self) -> list[str]:
        """Say what does not go together."""
        found = [
            f"{table}.{name}: a secret never stands in a pack: write 'env:NAME'"
            for table, values in (("headers", self.headers), ("params", self.params))
            for name, value in values.items()
            if _SECRETIVE.fullmatch(name) and not _SECRET.search(str(value))
        ]
        if sum(bool(one) for one in (self.next, self.page, self.offset)) > 1:
            found.append("next, page and offset are three ways of paging: choose one")
        if self.cursor and not self.next:
            found.append("cursor names the parameter that takes what stands at next")
        if self.offset and not self.page_size:
            found.append("offset needs page_size, to know where a page ends")
        if self.body is not None and self.method == "GET":
            found.append("a body goes with method = 'POST'")
        if self.next and not self.next.startswith("/"):
            found.append("next is a JSON pointer: it begins with a slash")
        return found


@dataclass(frozen=True, slots=True)
class _Turn:
    """One question: where, and what the page adds to it."""

    url: str
    added: Mapping[str, str | int]
    is_link: bool = False


def fetch(visit: Visit, options: Any) -> Iterator[Document]:
    """Yield the pages; one that is ``not_modified`` where the source says that nothing changed.

    Args:
        visit: asks.
        options: :class:`PagesOptions` and :class:`feeds.pointed.RowsOptions`.

    Raises:
        FeedError: if a page cannot be had, or there are more than ``max_pages``.

    """
    seen: set[bytes] = set()
    turn: _Turn | None = _first(visit.feed.url or "", options)
    while turn is not None:
        if len(seen) == options.max_pages:
            said = f"more than max_pages = {options.max_pages} pages"
            raise FeedError(visit.feed.id, said, permanent=True)
        document = _ask(visit, options, turn)
        digest = hashlib.sha256(document.content).digest()
        if digest in seen:
            said = f"page {len(seen) + 1} repeats an earlier one: paging does not work"
            raise FeedError(visit.feed.id, said, permanent=True)
        seen.add(digest)
        yield document
        turn = None if document.not_modified else _following(options, turn, document, len(seen))


def _first(url: str, options: PagesOptions) -> _Turn:
    if options.page:
        return _Turn(url, {options.page: options.first_page, **_sized(options)})
    if options.offset:
        return _Turn(url, {options.offset: 0, **_sized(options)})
    return _Turn(url, _sized(options))


def _sized(options: PagesOptions) -> dict[str, str | int]:
    return {options.size: options.page_size} if options.size and options.page_size else {}


def _ask(visit: Visit, options: PagesOptions, turn: _Turn) -> Document:
    headers = {name: _told(value, visit) for name, value in options.headers.items()}
    if options.token:
        headers["Authorization"] = f"Bearer {visit.secret(options.token)}"
    params = {name: _told(_plain(value), visit) for name, value in options.params.items()}
    body = _told(options.body, visit)
    for name, value in turn.added.items():
        if isinstance(body, dict) and name in body:
            body = {**body, name: value}
        else:
            params[name] = str(value)
    is_post = options.method == "POST"
    is_open = not any(_SECRET.search(str(value)) for value in options.params.values())
    return visit.get(
        _with_query(turn, params),
        headers=headers,
        json=({} if body is None else body) if is_post else None,
        is_conditional=is_open and not options.is_paged and not is_post,
        accept="application/json, */*;q=0.5",
    )


def _with_query(turn: _Turn, params: Mapping[str, str]) -> str:
    """Return the URL with parameters; a link keeps its own."""
    url = httpx.URL(turn.url)
    added = {k: v for k, v in params.items() if not (turn.is_link and k in url.params)}
    return str(url.copy_merge_params(added)) if added else turn.url


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _told(value: Any, visit: Visit) -> Any:
    """Return the same with the secrets that it names."""
    if isinstance(value, str):
        return _SECRET.sub(lambda match: visit.secret(match[0]), value)
    if isinstance(value, Mapping):
        return {name: _told(item, visit) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_told(item, visit) for item in value]
    return value


def _following(options: Any, turn: _Turn, document: Document, n_pages: int) -> _Turn | None:
    """Return the next question, ``None`` where the last page was reached."""
    if not options.is_paged:
        return None
    if options.next:
        return _linked(options, turn, document)
    rows = _count(document, options)
    if rows == 0 or (options.page_size and rows < options.page_size and not options.total):
        return None
    gone = n_pages * options.page_size if options.page_size else None
    total = _total(document, options)
    if total is not None and gone is not None and gone >= total:
        return None
    if options.page:
        return _Turn(turn.url, {**turn.added, options.page: options.first_page + n_pages})
    return _Turn(turn.url, {**turn.added, options.offset: gone or 0})


def _count(document: Document, options: Any) -> int:
    try:
        written = json_text(document.content, document.charset)
        return len(find(written, options).rows)
    except ValueError:
        return 0  # said by the parser, with its reason


def _linked(options: Any, turn: _Turn, document: Document) -> _Turn | None:
    said = records.at(from_json(document.content, document.charset), options.next)
    if said in (None, "", False) or (options.page_size and _count(document, options) == 0):
        return None
    if options.cursor:
        return _Turn(turn.url, {**turn.added, options.cursor: str(said)})
    return _Turn(urljoin(document.url, str(said)), {}, is_link=True)


def _total(document: Document, options: Any) -> float | None:
    if not options.total:
        return None
    said = records.at(from_json(document.content, document.charset), options.total)
    try:
        return float(said)
    except (TypeError, ValueError):
        return None
