"""Where the readings of a page can be had as files."""

from urllib.parse import urlencode

from layouts.component import Props
from layouts.desk.course import DAY, SPANS, YEAR
from layouts.desk.indicatorpanel import EXPORTS, key
from model import CITY, Indicator, Snapshot
from model.plain import instant

STEPS = {DAY: None, "7d": None, YEAR: "1d"}


def props(indicator: Indicator, district: str, span: str, snapshot: Snapshot) -> Props:
    """Return the addresses: of the place and span that is shown; shapes come for all districts."""
    start = (snapshot.published_at - SPANS[span][0]).replace(microsecond=0)
    asked = {"indicator": indicator.id, "start": instant(start)}
    found: Props = {}
    for kind, _ in EXPORTS:
        query = dict(asked)
        if kind == "geojson":
            query = {"indicator": indicator.id}
        else:
            query["district"] = district or CITY
            query |= {"resolution": step} if (step := STEPS.get(span, "1h")) else {}
        found[key(f"file-{kind}")] = {"href": f"/api/v1/readings.{kind}?{urlencode(query)}"}
    return found
