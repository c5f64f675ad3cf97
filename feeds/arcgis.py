"""ArcGIS FeatureServer and MapServer layers: a city's GIS, also its requests and road works.

Docs: https://developers.arcgis.com/rest/services-reference/enterprise/query-feature-service-layer/.
No key for public layers. Quirks: errors come under 200; dates are epoch milliseconds; layers are
kept in feet and asked for in degrees (``outSR=4326``), and not every server obeys; old servers
neither page nor write GeoJSON, so Esri JSON is asked for from all.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from feeds import times
from feeds.arcgis_layer import Layer
from feeds.arcgis_parse import Options, facts_of, parse, sheet_of
from feeds.arcgis_walk import Walk
from feeds.base import Again, Kind, Take, Visit
from feeds.errors import FeedError
from feeds.located import absent_columns, reread
from feeds.tabular import Refused
from model import Feed, Parsed
from model.plain import instant


def read(visit: Visit) -> Take:
    """Read the features of a layer when it was edited since the last poll."""
    options = Options.model_validate(dict(visit.feed.options))
    walk = Walk(visit, options, _layer_url(visit.feed.url or ""))
    walk.look()
    edited = walk.layer.edited
    known = dict(visit.memory.get("arcgis", {}))
    is_due = _is_due(known, options, visit.now)
    is_same = edited is not None and edited == known.get("edited")
    if is_same and not known.get("more") and not is_due:
        return Take(Parsed(), {"arcgis": known}, not_modified=True)
    _check(walk)
    begun = known if known.get("more") else {"counted": instant(visit.now)}
    walk.walk(begun)
    parsed = facts_of(walk.rows, visit.feed, visit.now, n_commas=walk.n_commas)
    published = times.posix(edited / 1000) if edited else None
    # what was edited between the parts of a long layer is read at the next turn
    mark = known.get("edited") if known.get("more") else edited
    after = {"counted": begun["counted"], **walk.state, "edited": mark, **_remembered(walk.layer)}
    return Take(replace(parsed, published_at=published), {"arcgis": after})


def _is_due(known: Mapping[str, Any], options: Options, now: datetime) -> bool:
    counted = known.get("counted")
    return counted is None or times.instant(counted) <= now - options.recount_every


def _layer_url(url: str) -> str:
    bare = url.split("?", 1)[0].rstrip("/")
    return bare.removesuffix("/query")


def _check(walk: Walk) -> None:
    """Refuse a mapping of fields that the layer does not have."""
    if walk.layer.names and (wrong := list(absent_columns(walk.options.wanted, walk.layer.names))):
        raise FeedError(walk.visit.feed.id, "; ".join(wrong), permanent=True)


def _remembered(layer: Layer) -> dict[str, Any]:
    """Return what reading refused features again needs of the metadata."""
    return {"dates": sorted(layer.dates), "is_wall_clock": layer.is_wall_clock}


def again(asked: Again) -> Parsed:
    """Read refused rows once more; those without a sound shape are whole features."""
    known = asked.memory.get("arcgis", {})
    layer = Layer(
        dates=frozenset(known.get("dates", ())), is_wall_clock=known.get("is_wall_clock", False)
    )

    def ready(rows: list[Any]) -> list[Any]:
        return [_row(row, n, asked.feed, layer) for n, row in enumerate(rows, 1)]

    return reread(asked, Options.model_validate(dict(asked.feed.options)), ready)


def _row(row: Any, line: int, feed: Feed, layer: Layer) -> Any:
    if not (isinstance(row, dict) and {"attributes", "properties"} & row.keys()):
        return row
    (made,) = sheet_of(json.dumps({"features": [row]}).encode(), feed, layer).rows
    return replace(made, line=line) if isinstance(made, Refused) else made


KIND = Kind(
    name="arcgis",
    options=Options,
    read=read,
    parse=parse,
    standard="ArcGIS REST, feature and map services",
    gives=frozenset({"observation", "case", "notice"}),
    again=again,
)
