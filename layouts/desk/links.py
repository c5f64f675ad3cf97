"""Links between desk pages. What a reader chose, the language too, stays in the address."""

from urllib.parse import urlencode

from layouts.view import View
from model import CITY

HOME, ALERTS, FEEDS, INDICATORS = "/", "/alerts", "/feeds", "/indicators"


def to(view: View, path: str, **query: str | int | None) -> str:
    """Return an address; empty values are left out, a language that is not the city's is kept."""
    kept = {key: value for key, value in query.items() if value not in (None, "")}
    if view.locale != view.city.locale.partition("-")[0].partition("_")[0].lower():
        kept["lang"] = view.locale
    return f"{path}?{urlencode(kept)}" if kept else path


def indicator(view: View, key: str | None, district: str = CITY) -> str:
    """Return where a number is explained."""
    if key is None:
        return to(view, INDICATORS)
    return to(view, f"{INDICATORS}/{key}", district=district)


def alert(view: View, occurrence: str, **query: str | int | None) -> str:
    """Return where an alarm is worked on."""
    return to(view, ALERTS, **query, alert=occurrence)


def feed(view: View, key: str | None, **query: str | int | None) -> str:
    """Return where a feed is explained."""
    return to(view, FEEDS, **query, feed=key)


def feeds(view: View, kept: str) -> str:
    """Return one of the lists of feeds; the worst first is the plain address."""
    return to(view, FEEDS, list=None if kept == "worst" else kept)


def asked(value: object, most: int | None = None) -> str | None:
    """Return one value of a query: the first where it stands more than once, short ones only."""
    if isinstance(value, list | tuple):
        value = value[0] if value else None
    text = str(value).strip() if value is not None else ""
    return text if 0 < len(text) <= (most or LONGEST) else None


LONGEST = 200  # no id is longer
