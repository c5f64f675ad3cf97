"""What a city pack may say of a file."""

from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field

from feeds.columns import Mapping, Sites
from feeds.options import Duration
from feeds.pointed import RowsOptions
from feeds.records import MappedOptions
from model import Feed

Format = Literal["csv", "tsv", "xlsx", "geojson", "json", "jsonl", "parquet", "shapefile"]
_WILD = frozenset("*?[")


class Options(MappedOptions, RowsOptions):
    """What a city pack may say under ``[[feeds]]`` of this kind."""

    format: Format | None = None
    encoding: str | None = None
    separator: str | None = Field(default=None, min_length=1, max_length=1)
    header: bool | tuple[str, ...] = True
    skip: int = Field(default=0, ge=0)
    skip_after: int = Field(default=0, ge=0)
    short_rows: Literal["refuse", "blank"] = "refuse"
    sheet: str | int | None = None
    layer: str | None = None
    sites: Sites | None = None
    watch: bool | None = None
    match: str = "*"
    settle: Duration = timedelta(seconds=10)

    def problems(self, feed: Feed) -> list[str]:
        """Say what does not fit this feed."""
        is_given = feed.url or feed.path or feed.push_secret
        found = [] if is_given else ["kind 'file' needs a path or a url"]
        if "/" in self.match or "**" in self.match:
            found.append("match: a pattern of names in the watched folder, without slashes")
        if self.watch and not feed.path:
            found.append("watch: there is no path to a folder")
        if self.watch and feed.path and any(sign in str(Path(feed.path).parent) for sign in _WILD):
            found.append("watch: one folder is watched; only its last part may hold a wildcard")
        if self.watch and feed.replay:
            found.append("watch: a recording is read where it lies")
        if self.watch and self.start:
            found.append("start: every file that arrives would begin at the same time")
        return found + Mapping.problems(self, feed)
