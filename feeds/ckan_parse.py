"""Answers of CKAN, OpenDataSoft and DKAN to facts; the three look alike and are not.

Quirks: every value may be a text; times are local and have no zone; an error may come under 200,
as ``{"success": false}`` or as a page for people.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import Field, ValidationError

from feeds import file
from feeds.columns import Scalar
from feeds.decode import from_json
from feeds.errors import FeedError
from feeds.located import located
from feeds.options import Duration
from feeds.records import MappedOptions, parse_rows
from feeds.secrets import Secret
from model import Feed, Parsed

_ROWS = {"ckan": "records", "opendatasoft": "results", "dkan": "results"}
_TOTALS = {"ckan": "total", "opendatasoft": "total_count", "dkan": "count"}


class Options(MappedOptions):
    """What a city pack may say under ``[[feeds]]`` of this kind."""

    dialect: Literal["ckan", "opendatasoft", "dkan"] = "ckan"
    resource_id: str | None = None
    package: str | None = None
    resource_name: str | None = None
    resource_format: str | None = None
    filters: dict[str, Scalar | tuple[Scalar, ...]] = Field(default_factory=dict)
    where: str | None = None
    order: str | None = None
    location: str | None = None
    token: Secret | None = None
    appends: bool = False
    recount_every: Duration = timedelta(days=1)
    page_size: int | None = Field(default=None, ge=1, le=32_000)
    max_rows: int = Field(default=100_000, ge=1)
    file: dict[str, Any] = Field(default_factory=dict)

    def problems(self, feed: Feed) -> list[str]:
        """Say what does not fit this feed."""
        found = MappedOptions.problems(self, feed)
        if (self.resource_id is None) is (self.package is None):
            found.append("give either resource_id or package")
        if self.package and self.dialect != "ckan":
            found.append(f"package: dialect {self.dialect!r} needs resource_id")
        if self.where and self.dialect != "opendatasoft":
            found.append(f"where: dialect {self.dialect!r} has filters only")
        if self.order and self.dialect == "ckan":
            found.append("order: rows of a CKAN datastore always come by _id")
        try:
            file.Options.model_validate(self.as_file(feed))
        except ValidationError as failure:
            found += [f"file: {one['loc']}: {one['msg']}" for one in failure.errors()]
        return found

    def as_file(self, feed: Feed) -> dict[str, Any]:
        """Return the options for a resource that is a file only."""
        shared = {k: v for k, v in feed.options.items() if k in MappedOptions.model_fields}
        return {**shared, **self.file}

    @property
    def size(self) -> int:
        """How many rows to ask for at once."""
        most = {"ckan": 32_000, "opendatasoft": 100, "dkan": 500}[self.dialect]
        usual = {"ckan": 1_000, "opendatasoft": 100, "dkan": 500}[self.dialect]
        return min(self.page_size or usual, most)


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and how many there are in all; ``None`` where that is not known for sure."""

    rows: list[Any]
    total: int | None


def parse(body: bytes, feed: Feed, fetched_at: datetime) -> Parsed:
    """Return the facts of one answer.

    Raises:
        ValueError: if it holds no rows, or a mapped column stands in none.
        FeedError: if the portal reports an error, or too many rows were refused.

    """
    return facts_of(page_of(body, feed).rows, feed, fetched_at)


def facts_of(rows: list[Any], feed: Feed, fetched_at: datetime) -> Parsed:
    """Return the facts of rows; none of none."""
    options = Options.model_validate(dict(feed.options))
    if not rows:
        return Parsed()
    return parse_rows(located(rows, options.location, feed), feed, options, fetched_at)


def page_of(body: bytes, feed: Feed, charset: str | None = None) -> Page:
    """Return the rows of an answer; an export is nothing but rows.

    Raises:
        FeedError: with what the portal says instead, or ``ValueError`` for anything else.

    """
    options = Options.model_validate(dict(feed.options))
    document = from_json(body, charset)
    if isinstance(document, list):
        return Page(document, len(document))
    result = unwrapped(document, feed) if options.dialect == "ckan" else document
    name = _ROWS[options.dialect]
    if not isinstance(result, Mapping) or not isinstance(result.get(name), list):
        raise FeedError(feed.id, f"no {name} in the answer{_complaint(document)}", permanent=True)
    total = result.get(_TOTALS[options.dialect])
    is_sure = type(total) is int and not result.get("total_was_estimated")
    return Page(result[name], total if is_sure else None)


def unwrapped(document: Any, feed: Feed) -> Any:
    """Return the result of a CKAN action.

    Raises:
        FeedError: if it did not succeed; with what the portal says.

    """
    if not isinstance(document, Mapping) or document.get("success") is not True:
        raise FeedError(feed.id, f"no success{_complaint(document)}", permanent=True)
    return document.get("result")


def _complaint(document: Any) -> str:
    if not isinstance(document, Mapping):
        return ""
    said = document.get("error") or document.get("message") or document.get("error_code")
    if isinstance(said, Mapping):
        said = said.get("message") or json.dumps(said, ensure_ascii=False)
    return f": the portal says: {str(said)[:300]}" if said else ""
