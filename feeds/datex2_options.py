"""What a city pack may say of a DATEX II feed, and which records it may see."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Annotated, Literal
from xml.etree.ElementTree import Element

from pydantic import AfterValidator, Field

from feeds.datex2_xml import Header, said
from feeds.options import Duration, KindOptions
from feeds.secrets import Secret
from model import Feed

Box = tuple[float, float, float, float]
Confidentiality = Literal[
    "internalUse",
    "restrictedToAuthorities",
    "restrictedToAuthoritiesAndTrafficOperators",
    "restrictedToAuthoritiesTrafficOperatorsAndPublishers",
    "restrictedToAuthoritiesTrafficOperatorsAndVms",
]
_OPEN = frozenset({"", "norestriction"})


def _ordered(box: Box) -> Box:
    west, south, east, north = box
    if not (west < east and south < north):
        raise ValueError("a box is [west, south, east, north]")
    return box


class Options(KindOptions):
    """What a city pack may say under ``[[feeds]]`` of this kind."""

    language: str | None = None
    audience: tuple[Confidentiality, ...] = ()
    box: Annotated[Box, AfterValidator(_ordered)] | None = None
    areas: tuple[str, ...] = ()
    sites: str | None = None
    sites_every: Duration = timedelta(days=1)
    quantities: tuple[str, ...] = Field(default=())
    key: Secret | None = None
    key_header: str = "X-API-Key"
    key_param: str | None = None

    def problems(self, feed: Feed) -> list[str]:
        """Say what does not fit this feed."""
        found = KindOptions.problems(self, feed)
        if feed.gives == "notice" and (self.sites or self.quantities):
            found.append("sites and quantities are for a feed that gives observations")
        return found

    def addresses(self) -> tuple[str, ...]:
        """Return the URL of the table of sites."""
        return (self.sites,) if self.sites else ()

    def tongue(self, header: Header) -> str:
        """Return the language to choose."""
        return self.language or header.language

    def restriction(self, header: Header, *parts: Element | None) -> str | None:
        """Return the confidentiality that keeps a record from this city, if one does.

        The publication says it for all, a situation for its records, a record for itself.
        """
        words = [header.told.get("confidentiality", "")]
        for part in parts:
            words.append(said(part, "headerInformation", "confidentiality"))
            words.append(said(part, "confidentialityOverride"))
        last = next((word for word in reversed(words) if word), "")
        return None if last.lower() in _OPEN or last in self.audience else last

    def is_near(self, parts: Iterable[Sequence[Sequence[float]]], text: str) -> bool:
        """Whether something lies in the box, or is named after a wanted area.

        Args:
            parts: points, lines and outer rings, each of pairs of longitude, latitude.
            text: what it is called.

        """
        if self.box is None and not self.areas:
            return True
        folded = text.casefold()
        if any(area.casefold() in folded for area in self.areas):
            return True
        return self.box is not None and any(_touches(part, self.box) for part in parts)


def _touches(part: Sequence[Sequence[float]], box: Box) -> bool:
    """Whether a segment's own box meets the box: a long line may cross it between two corners."""
    west, south, east, north = box
    for (x0, y0), (x1, y1) in zip(part, [*part[1:], part[-1]], strict=True):
        is_beside = max(x0, x1) < west or min(x0, x1) > east
        is_above = max(y0, y1) < south or min(y0, y1) > north
        if not (is_beside or is_above):
            return True
    return False
