"""Small parts that every screen shares: symbols, bars, sparklines, ages, links.

Each has a builder for the tree (ids where the values live) and, where it is live, a function that
gives the values of those ids. Classes are those of ``assets/bartizan.css``.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

import dash_svg as svg
from dash import html

from figures.svg import Spark
from layouts.component import Props
from layouts.ids import part
from model import CITY, Reading
from texts import Translator

DEV_REACH = 4.0  # robust sd at the ends of a deviation bar
DEV_LOUD = 2.0
HIDDEN: dict[str, Any] = {"aria-hidden": "true"}
SPARK_PARTS = ("band", "edge", "target", "limit", "line", "dot")


def ms(at: datetime | None) -> int | None:
    """Return an instant as epoch milliseconds; ``None`` stays ``None``."""
    return None if at is None else round(at.timestamp() * 1000)


def classes(*names: str) -> str:
    """Return class names joined, the empty ones left out."""
    return " ".join(name for name in names if name)


def aria(label: str, **more: Any) -> dict[str, Any]:
    """Return attributes with a spoken label."""
    return {"aria-label": label, **more}


def indicator_href(indicator: str | None, district: str = CITY) -> str:
    """Return where a number is explained."""
    if indicator is None:
        return "/indicators"
    return f"/indicators/{quote(indicator)}?district={quote(district)}"


def alert_href(occurrence: str) -> str:
    """Return where an alarm is worked on."""
    return f"/alerts?id={quote(occurrence)}"


def age(at: datetime | None = None, *, form: str = "short", **attributes: Any) -> html.Time:
    """Return an empty element whose text ``live.js`` writes: how long ago ``at`` was.

    ``form`` is short (18 min), clock (4:12, 3 h 58) or words (1 min 38 s).
    """
    return html.Time(**{"data-age": form, "data-at": ms(at), **attributes})


def told(what: str) -> html.Time:
    """Return an empty element that ``live.js`` fills while a display is not live."""
    attributes: dict[str, Any] = {"data-told": what}
    return html.Time(**attributes)


def symbol(tone: str, state: str, letter: str) -> html.Span:
    """Return an alarm's symbol: shape and letter say the same as the hue."""
    return html.Span(html.B(letter), className=classes(f"bz-sym bz-sym--{tone}", state))


def icon(name: str) -> html.I:
    """Return an icon of the set, drawn as a mask in the colour of the text."""
    return html.I(className=f"bz-i bz-i--{name}", **HIDDEN)


def deviation(scene: str, component: str) -> html.Div:
    """Return a deviation bar: right is better, the shaded middle is usual."""
    return html.Div(
        html.I(className="bz-dev__bar"),
        id=part(scene, component, "dev"),
        className="bz-dev",
        role="img",
    )


def deviation_look(z: float | None, tone: str, t: Translator) -> dict[str, Any]:
    """Return class, length and spoken label of a deviation bar; no bar where z is unknown."""
    if z is None:
        return {"className": "bz-dev is-none", "style": {"--z": 0}, "aria-label": t("no usual yet")}
    length = max(-DEV_REACH, min(DEV_REACH, z))
    clip = "is-clip-l" if z < -DEV_REACH else "is-clip-r" if z > DEV_REACH else ""
    loud = "is-out" if abs(z) >= DEV_LOUD else ""
    return {
        "className": classes("bz-dev", clip, loud, f"bz-dev--{tone}" if tone else ""),
        "style": {"--z": round(length, 2)},
        "aria-label": t("{z} robust sd from usual", z=t.number(z, 1)),
    }


def spark(scene: str, component: str, *, width: float = 134, height: float = 62) -> svg.Svg:
    """Return an empty sparkline; its paths are filled by :func:`spark_props`."""
    return svg.Svg(
        [
            svg.Path(
                id=part(scene, component, f"spark-{name}"), d="", className=f"bz-spark__{name}"
            )
            for name in SPARK_PARTS
        ],
        id=part(scene, component, "spark"),
        className="bz-spark",
        viewBox=f"0 0 {width:g} {height:g}",
        role="img",
        **HIDDEN,
    )


def spark_props(scene: str, component: str, drawn: Spark, *, tone: str, is_last: bool) -> Props:
    """Return the paths of a sparkline; only an alarm colours its end and its limit."""
    props: Props = {
        part(scene, component, f"spark-{name}"): {"d": getattr(drawn, name)} for name in SPARK_PARTS
    }
    tail = f"bz-spark__dot--{tone}" if tone else ""
    props[part(scene, component, "spark-dot")]["className"] = classes("bz-spark__dot", tail)
    limit = f"bz-spark__limit--{tone or 'n'}"
    props[part(scene, component, "spark-limit")]["className"] = f"bz-spark__limit {limit}"
    props[part(scene, component, "spark")] = {
        "className": classes("bz-spark", "is-last" if is_last else "")
    }
    return props


def reading_data(
    reading: Reading | None, indicator: str | None = None, district: str | None = None
) -> dict[str, Any]:
    """Return what a tile carries about its reading, for ``live.js``, tests and the curious.

    ``indicator`` and ``district`` name it where there may be no reading yet.
    """
    return {
        "data-indicator": reading.indicator if reading else indicator,
        "data-district": reading.district if reading else district,
        "data-quality": reading.quality.value if reading else "NODATA",
        "data-observed-at": ms(reading.observed_at) if reading else None,
        "data-late-at": ms(reading.late_at) if reading else None,
        "data-stale-at": ms(reading.stale_at) if reading else None,
        "data-nodata-at": ms(reading.nodata_at) if reading else None,
    }


def texts(scene: str, component: str, words: Mapping[str, str]) -> Props:
    """Return the text children of named parts."""
    return {part(scene, component, name): {"children": text} for name, text in words.items()}
