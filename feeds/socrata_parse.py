"""Rows of a Socrata portal to facts, and what the portal says of a data set.

Quirks: numbers are texts; a row without a value has no member; times without ``Z`` are local;
errors may come under 200; points are GeoJSON, or latitude and longitude texts in old columns.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field, field_validator

from feeds.decode import from_json
from feeds.errors import FeedError
from feeds.located import located, root_of
from feeds.melt import needed, spread
from feeds.options import Duration
from feeds.records import MappedOptions, parse_rows
from feeds.secrets import Secret
from model import Feed, Parsed

ID = re.compile(r"[a-z0-9]{4}-[a-z0-9]{4}")
_COMPUTED = (":@computed_region", "@computed_region")
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")


class Options(MappedOptions):
    """What a city pack may say under ``[[feeds]]`` of this kind."""

    dataset: str | None = None
    where: str | None = None
    select: str | None = None
    location: str | None = None
    token: Secret | None = None
    since: Duration | None = None
    incremental: bool = True
    overlap: Duration = timedelta(minutes=10)
    recount_every: Duration = timedelta(days=1)
    page_size: int = Field(default=1_000, ge=1, le=50_000)
    max_rows: int = Field(default=100_000, ge=1)

    @field_validator("dataset")
    @classmethod
    def _is_id(cls, dataset: str | None) -> str | None:
        if dataset is not None and not ID.fullmatch(dataset):
            raise ValueError(f"{dataset!r} is no data set's id, such as 'fhrw-4uyv'")
        return dataset

    def problems(self, feed: Feed) -> list[str]:
        """Say what does not fit this feed."""
        found = MappedOptions.problems(self, feed)
        if self.dataset is None and feed.url and not ID.search(feed.url):
            found.append("dataset: missing, and the url names none")
        district = self.columns.get("district")
        if district and any(root_of(name).startswith(_COMPUTED) for name in district.columns):
            found.append(
                "columns.district: a computed region holds internal ids, not districts: leave it"
                " out, and the place decides"
            )
        if self.since is not None and not self.incremental:
            found.append("since: needs incremental = true")
        return found

    @property
    def wanted(self) -> tuple[str, ...]:
        """The columns of the data set that the mapping reads."""
        extra = {self.location} if self.location else set()
        return tuple(sorted({root_of(name) for name in needed(self) | extra}))

    @property
    def selection(self) -> str:
        """What is asked for: only what the mapping reads, and what orders the rows."""
        system = ":id,:updated_at" if self.incremental else ":id"
        if self.select:
            return f"{system},{self.select}"
        plain = all(_PLAIN.fullmatch(name) for name in self.wanted)
        return ",".join([system, *self.wanted]) if plain and not spread(self) else ":*,*"


def parse(body: bytes, feed: Feed, fetched_at: datetime) -> Parsed:
    """Return the facts of one page of rows.

    Raises:
        ValueError: if it is no list of rows, or a mapped column stands in none.
        FeedError: if more rows than ``quarantine_limit`` were refused.

    """
    return facts_of(rows_of(body, feed), feed, fetched_at)


def rows_of(body: bytes, feed: Feed, charset: str | None = None) -> list[Any]:
    """Return the rows of an answer.

    Raises:
        FeedError: with what the portal says instead, or ``ValueError`` for anything else.

    """
    document = from_json(body, charset)
    if isinstance(document, dict) and (document.get("error") or document.get("message")):
        said = str(document.get("message") or document.get("error"))[:300]
        raise FeedError(feed.id, f"the portal says: {said}", permanent=True)
    if not isinstance(document, list):
        raise ValueError("no list of rows")  # noqa: TRY004 - the body is malformed, not our call
    return document


def facts_of(rows: list[Any], feed: Feed, fetched_at: datetime) -> Parsed:
    """Return the facts of rows; none of none."""
    options = Options.model_validate(dict(feed.options))
    if not rows:
        return Parsed()
    return parse_rows(located(rows, options.location, feed), feed, options, fetched_at)


@dataclass(frozen=True, slots=True)
class About:
    """What the portal says of a data set: when its rows last changed (epoch), and its columns."""

    changed: int | None = None
    columns: tuple[str, ...] = ()


def about(body: bytes) -> About:
    """Read the metadata of a data set; what is missing or strange is left out."""
    document = from_json(body)
    if not isinstance(document, dict):
        return About()
    changed = document.get("rowsUpdatedAt")
    names = [
        str(item["fieldName"])
        for item in document.get("columns") or []
        if isinstance(item, dict) and item.get("fieldName")
    ]
    is_epoch = isinstance(changed, int) and not isinstance(changed, bool) and changed > 0
    return About(changed if is_epoch else None, tuple(names))
