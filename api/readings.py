"""``/api/v1/readings``: an indicator's past, by district and instant, as JSON or CSV."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Response, request

from api import words
from api.asked import instant, known_names, number, period
from api.door import Door
from api.problems import bad_parameter
from model import CITY, Indicator, Reading

USUAL = timedelta(days=1)
RESOLUTIONS = {
    "5m": timedelta(minutes=5),
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST = 100_000
PARAMETERS = (
    "indicator",
    "district",
    "start",
    "end",
    "resolution",
    "known_at",
    "limit",
    "cursor",
)
UNCHANGED_EVERY = timedelta(minutes=5)  # a reading that does not change is written this often
HIDDEN = {
    "value": None,
    "num": None,
    "den": None,
    "n": None,
    "usual_low": None,
    "usual_centre": None,
    "usual_high": None,
    "suppressed": True,
}
Row = Mapping[str, Any]


def answer_readings(door: Door, kind: str) -> Response:
    """Return the rows that are asked for; CSV says where it goes on in a ``Link`` header."""
    known_names(*PARAMETERS)
    indicator, district = _indicator(door), _district(door)
    limit = number("limit", usual=10_000, most=MOST)
    skip = number("cursor", usual=0, most=10_000_000)
    rows = _rows(door, indicator, district)
    more = str(skip + limit) if len(rows) > skip + limit else None
    chosen = [words.row(row) for row in rows[skip : skip + limit]]
    answer = _csv(chosen) if kind == "csv" else _json(chosen, more)
    answer.headers["Cache-Control"] = "no-store"
    if more is not None:
        asked = request.args.copy()
        asked["cursor"] = more
        query = urlencode(list(asked.items(multi=True)))
        answer.headers["Link"] = f'<{request.path}?{query}>; rel="next"'
    return answer


def _indicator(door: Door) -> Indicator:
    name = request.args.get("indicator", "")
    known = {item.id: item for item in door.pack.indicators}
    if name not in known:
        bad_parameter("indicator", f"{name!r} is none of {', '.join(known)}")
    return known[name]


def _district(door: Door) -> str | None:
    name = request.args.get("district")
    if name not in (None, CITY, *door.pack.districts.ids):
        bad_parameter("district", f"no district {name!r}; use an id of /api/v1/districts, or city")
    return name


def _rows(door: Door, indicator: Indicator, district: str | None) -> Sequence[Row]:
    start, end = period(door.clock(), USUAL)
    resolution = request.args.get("resolution")
    if resolution is not None and resolution not in RESOLUTIONS:
        bad_parameter("resolution", f"{resolution!r} is none of {', '.join(RESOLUTIONS)}")
    if resolution and "start" not in request.args:
        start = _floored(start, RESOLUTIONS[resolution])
    return public(
        door,
        indicator,
        district=district,
        start=start,
        end=end,
        resolution=RESOLUTIONS[resolution] if resolution else None,
        known_at=instant("known_at"),
    )


def _floored(at: datetime, step: timedelta) -> datetime:
    """Return the start of the step that holds an instant: quarters and hours, not odd minutes."""
    return at - (at - EPOCH) % step


def public(  # noqa: PLR0913 - each is a condition of its own
    door: Door,
    indicator: Indicator,
    *,
    district: str | None = None,
    start: datetime,
    end: datetime,
    resolution: timedelta | None = None,
    known_at: datetime | None = None,
) -> Sequence[Row]:
    """Return rows of the history as they may leave the house: small cells hidden at each instant.

    A small cell is found by its neighbours too, and by what stood when the span began. So all
    districts are read, from earlier on, before any is hidden.
    """
    if not indicator.is_counted:
        return door.history.readings(
            indicator.id,
            district=district,
            start=start,
            end=end,
            resolution=resolution,
            known_at=known_at,
        )
    before = 2 * max(UNCHANGED_EVERY, indicator.cadence)
    if resolution:
        before = resolution * math.ceil(before / resolution)  # the steps stay where they were
    rows = door.history.readings(
        indicator.id,
        district=None,
        start=start - before,
        end=end,
        resolution=resolution,
        known_at=known_at,
    )
    hidden = door.suppress([_reading(row) for row in rows], {indicator.id: indicator})
    return [
        {**row, **HIDDEN} if reading.suppressed else row
        for row, reading in zip(rows, hidden, strict=True)
        if row["at"] >= start and district in (None, row["district"])
    ]


def _reading(row: Row) -> Reading:
    """Return what of a row says whether it is a small cell."""
    names = ("indicator", "district", "at", "value", "num", "den", "n")
    return Reading(**{name: row.get(name) for name in names})  # type: ignore[arg-type]  # as written


def _json(rows: list[dict[str, Any]], more: str | None) -> Response:
    return Response(orjson.dumps(words.page(rows, more)), mimetype="application/json")


def _csv(rows: list[dict[str, Any]]) -> Response:
    text = io.StringIO()
    table = csv.DictWriter(text, (*words.ROW, "suppressed"), lineterminator="\r\n")
    table.writeheader()
    table.writerows(rows)
    answer = Response(text.getvalue(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="readings.csv"'
    return answer
