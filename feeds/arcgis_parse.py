"""Features of an ArcGIS server, Esri JSON or GeoJSON, to facts.

Quirks: dates are epoch milliseconds; values may be codes; texts are padded with blanks; a comma
may stand before a closing bracket; coordinates may come in another system than was asked for.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pydantic import Field

from feeds import geojson
from feeds.arcgis_layer import Layer, complain, layer_of
from feeds.arcgis_shapes import Projection, geometry, projection
from feeds.decode import from_json, raw, text
from feeds.errors import FeedError
from feeds.located import drawn
from feeds.melt import needed, spread
from feeds.options import Duration
from feeds.records import MappedOptions, parse_rows
from feeds.secrets import Secret
from feeds.tabular import Refused
from feeds.times import EPOCH_MS, EPOCH_S
from model import Feed, Parsed, Reject

_COMMAS = re.compile(r'"(?:\\.|[^"\\])*+(?:"|\Z)|,(?=\s*[\]}])', re.DOTALL)
_CODE = re.compile(r"EPSG:[\d.]*:?(\d{4,6})", re.IGNORECASE)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BROKEN = (AttributeError, ValueError, TypeError, LookupError, ArithmeticError, RecursionError)


class Options(MappedOptions):
    """What a city pack may say under ``[[feeds]]`` of this kind."""

    where: str = "1=1"
    labels: bool = False
    dates: Literal["auto", "utc", "local"] = "auto"
    token: Secret | None = None
    recount_every: Duration = timedelta(days=1)
    page_size: int | None = Field(default=None, ge=1)
    max_rows: int = Field(default=100_000, ge=1)

    @property
    def needs_place(self) -> bool:
        """Whether the place has to come from the geometry."""
        return not {"lat", "lon"} <= self.columns.keys() and "geometry" not in self.columns

    @property
    def wanted(self) -> tuple[str, ...]:
        """The fields that the mapping reads; all when every column is melted."""
        return () if spread(self) else tuple(sorted(needed(self)))


@dataclass(slots=True)
class Sheet:
    """The rows of one answer, their ids, and whether the server has more of them."""

    rows: list[Any] = field(default_factory=list)
    ids: list[Any] = field(default_factory=list)
    is_cut: bool = False
    n_commas: int = 0


def parse(body: bytes, feed: Feed, fetched_at: datetime, *, layer: Layer | None = None) -> Parsed:
    """Return the facts of one answer.

    Args:
        body: the answer to a query.
        feed: its options hold the mapping.
        fetched_at: when it was read.
        layer: the metadata; without, what the answer itself says of its fields.

    Raises:
        ValueError: if it holds no features, or a mapped column stands in none.
        FeedError: if the server reports an error, or too many rows were refused.

    """
    sheet = sheet_of(body, feed, layer)
    return facts_of(sheet.rows, feed, fetched_at, n_commas=sheet.n_commas)


def facts_of(rows: list[Any], feed: Feed, fetched_at: datetime, *, n_commas: int = 0) -> Parsed:
    """Return the facts of rows; none of none."""
    options = Options.model_validate(dict(feed.options))
    parsed = parse_rows(rows, feed, options, fetched_at) if rows else Parsed()
    if n_commas:
        reason = f"{n_commas} commas before a closing bracket; the rest was read without them"
        odd = Reject(feed_id=feed.id, line=0, reason=reason, raw="", at=fetched_at)
        parsed.rejected.insert(0, odd)
    return parsed


def lenient(body: bytes, charset: str | None = None) -> tuple[Any, int]:
    """Parse JSON, if need be without the commas that stand before a closing bracket.

    >>> lenient(b'{"a": [1, 2,], "b": ",]"}')
    ({'a': [1, 2], 'b': ',]'}, 1)

    """
    try:
        return from_json(body, charset), 0
    except ValueError:
        said = text(body, charset)
        mended = _COMMAS.sub(lambda match: "" if match[0] == "," else match[0], said)
        if len(mended) == len(said):
            raise
        return from_json(mended.encode()), len(said) - len(mended)


def sheet_of(
    body: bytes, feed: Feed, layer: Layer | None = None, charset: str | None = None
) -> Sheet:
    """Return the rows of one answer, dates and labels put right, and where they are.

    Raises:
        ValueError: if it holds no features.
        FeedError: if the server reports an error, or sends coordinates that cannot be read.

    """
    document, n_commas = lenient(body, charset)
    complain(document, feed.id)
    features = document.get("features") if isinstance(document, Mapping) else None
    if not isinstance(features, list):
        raise ValueError("no features")  # noqa: TRY004 - the body is malformed, not our call
    options = Options.model_validate(dict(feed.options))
    known = layer or layer_of({"fields": document.get("fields")}, feed.id)
    reader = _Reader(feed, options, known, _bring(document, options, feed.id))
    rows = [reader.row(one, line) for line, one in enumerate(features, 1)]
    ids = [_id(one, known) for one in features]
    more = document.get("properties")
    is_cut = document.get("exceededTransferLimit") is True or (
        isinstance(more, Mapping) and more.get("exceededTransferLimit") is True
    )
    return Sheet(rows, ids, is_cut, n_commas)


def _bring(document: Mapping[str, Any], options: Options, feed_id: str) -> Projection | None:
    has_shapes = any(isinstance(f, Mapping) and f.get("geometry") for f in document["features"])
    if not (has_shapes and options.needs_place):
        return None
    try:
        if document.get("type") == "FeatureCollection":
            return projection(_named(document.get("crs")))
        return projection(document.get("spatialReference"))
    except ValueError as problem:
        raise FeedError(feed_id, str(problem), permanent=True) from problem


def _named(crs: Any) -> dict[str, int]:
    """Return the code in a ``crs`` member of GeoJSON, which by RFC 7946 has none."""
    match = _CODE.search(json.dumps(crs)) if crs else None
    return {"wkid": int(match[1])} if match else {}


def _id(feature: Any, layer: Layer) -> Any:
    if not isinstance(feature, Mapping):
        return None
    about = feature.get("attributes") or feature.get("properties")
    found = about.get(layer.oid) if isinstance(about, Mapping) else None
    return feature.get("id") if found is None else found


@dataclass(frozen=True, slots=True)
class _Reader:
    """Makes rows of features."""

    feed: Feed
    options: Options
    layer: Layer
    bring: Projection | None

    def row(self, feature: Any, line: int) -> Any:
        """Return a feature as a row, or why it is refused."""
        try:
            about = feature.get("attributes")
            is_esri = about is not None
            about = dict(about if is_esri else feature.get("properties") or {})
            row = self._told(about)
            if not self.options.needs_place:
                return row
            shape = feature.get("geometry")
            if is_esri:
                shape = geometry(shape, self.bring)
            elif shape and self.bring:
                shape = {**shape, "coordinates": _brought(shape["coordinates"], self.bring)}
            return drawn(row, geojson.shape(shape), self.feed)
        except _BROKEN as problem:
            return Refused(line, f"geometry: {problem}"[:200], raw(feature))

    def _told(self, about: dict[str, Any]) -> dict[str, Any]:
        """Return attributes with dates as ISO 8601 and, if asked for, labels for codes."""
        kind = about.get(self.layer.type_field) if self.layer.type_field else None
        for name in self.layer.dates & about.keys() - self._epochs:
            about[name] = self._date(about[name])
        if self.options.labels:
            return {name: self.layer.label(name, value, kind) for name, value in about.items()}
        return about

    @property
    def _epochs(self) -> frozenset[str]:
        """The fields whose mapping says that they are epochs: they stay."""
        return frozenset(
            name
            for spec in self.options.columns.values()
            if {EPOCH_MS, EPOCH_S} & set(spec.formats)
            for name in spec.columns
        )

    def _date(self, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return value  # old servers write texts
        try:
            at = _EPOCH + timedelta(milliseconds=value)
        except (OverflowError, ValueError):
            return value
        is_local = self.options.dates == "local" or (
            self.options.dates == "auto" and self.layer.is_wall_clock
        )
        return at.replace(tzinfo=None).isoformat() + ("" if is_local else "Z")


def _brought(coordinates: Any, bring: Projection) -> Any:
    if coordinates and isinstance(coordinates[0], int | float):
        return list(bring(coordinates[0], coordinates[1]))
    return [_brought(part, bring) for part in coordinates]
