"""DATEX II documents piece by piece, by local names: prefixes and versions vary.

A document is read as a stream, and every piece is dropped once it was looked at, so that tens of
megabytes take little room.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Protocol
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from feeds.decode import local

PIECES = frozenset({"situation", "siteMeasurements", "measurementSiteRecord", "measurementSite"})
_PAYLOADS = frozenset({"payloadPublication", "payload"})
_ROOTS = frozenset({"d2LogicalModel", "messageContainer", *_PAYLOADS})
_TOLD = frozenset(
    {"publicationTime", "confidentiality", "informationStatus", "updateMethod", "keepAlive",
     "codedExchangeProtocol", "supplierUpdateMethod"}
)  # fmt: skip
_DECLARED = re.compile(rb"\A<\?xml[^>]*?encoding\s*=\s*[\"']([\w.:-]+)[\"']", re.IGNORECASE)
_DEEPEST = 100
_LARGEST = 300_000  # elements in one piece
_MOST = 8_000_000  # elements in one document
_MAX_INFLATED = 400_000_000


class _Source(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


@dataclass(slots=True)
class Header:
    """What a publication says of itself: its type, language and simple members."""

    type: str = ""
    language: str = ""
    told: dict[str, str] = field(default_factory=dict)

    @property
    def is_snapshot(self) -> bool:
        """Whether a publication holds all that stands, so that absence means an end."""
        methods = ("updateMethod", "supplierUpdateMethod", "codedExchangeProtocol")
        said = " ".join(self.told.get(name, "") for name in methods).lower()
        return not any(word in said for word in ("delta", "singleelement", "allelement"))


@dataclass(slots=True)
class Document:
    """A stream of pieces; ``headers`` fills while it is read."""

    body: bytes
    headers: list[Header] = field(default_factory=list)
    is_datex: bool = False
    exchange: dict[str, str] = field(default_factory=dict)

    def pieces(self) -> Iterator[tuple[Header, Element]]:
        """Yield situations, measurements and sites, each valid until the next.

        Raises:
            ValueError: if it is malformed, has a DTD or entities, or is no DATEX II.

        """
        source, encoding = _source(self.body)
        parser = ElementTree.DefusedXMLParser(
            encoding=encoding, forbid_dtd=True, forbid_entities=True, forbid_external=True
        )
        try:
            yield from self._walk(ElementTree.iterparse(source, ("start", "end"), parser))
        except (ParseError, DefusedXmlException, LookupError, zlib.error) as problem:
            raise ValueError(f"XML: {problem}"[:200]) from problem
        if not self.is_datex:
            raise ValueError("no DATEX II publication in the body")

    def _walk(self, events: Iterator[tuple[str, Any]]) -> Iterator[tuple[Header, Element]]:
        stack: list[Element] = []
        inside, count = 0, 0  # depth at which a piece began; elements in it
        for total, (event, element) in enumerate(events):
            if event == "start":
                stack.append(element)
                count += 1
                if len(stack) > _DEEPEST or (inside and count > _LARGEST) or total > 2 * _MOST:
                    raise ValueError("elements too deep or too many")
                if not inside:
                    self._open(element)
                    if local(element) in PIECES and self.headers:
                        inside, count = len(stack), 0
                continue
            if not inside:
                self._tell(element)
            elif len(stack) == inside:
                yield self.headers[-1], element
                inside = 0
            stack.pop()
            if not inside and stack:
                del stack[-1][-1]

    def _open(self, element: Element) -> None:
        name = local(element)
        self.is_datex = self.is_datex or name in _ROOTS
        kind = type_of(element)
        if name in _PAYLOADS or kind.endswith("Publication"):
            self.headers.append(Header(kind, attribute(element, "lang"), dict(self.exchange)))

    def _tell(self, element: Element) -> None:
        name, said = local(element), " ".join((element.text or "").split())
        if name in _TOLD and said:
            told = self.headers[-1].told if self.headers else self.exchange
            told[name] = said


def _source(body: bytes) -> tuple[_Source, str | None]:
    """Return the body as a stream, and its encoding where that is known better than declared."""
    if body.startswith(b"\x1f\x8b"):
        return _Inflated(body), None
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return BytesIO(body.decode("utf-16").encode()), "utf-8"
    start = max(body.find(b"<"), 0)
    bare = body[start:].rstrip(b"\x00 \r\n\t") if start or body[-1:].isspace() else body
    try:
        bare.decode("utf-8")
    except UnicodeDecodeError:
        declared = _DECLARED.match(bare)
        name = declared[1].decode().lower() if declared else "utf-8"
        return BytesIO(bare), "iso-8859-1" if name in {"utf-8", "utf8", "us-ascii"} else name
    return BytesIO(bare), "utf-8"


class _Inflated:
    """A gzip body, decompressed as it is read, up to a cap."""

    def __init__(self, body: bytes) -> None:
        self._rest = body
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._total = 0

    def read(self, size: int = -1, /) -> bytes:
        """Return some bytes more."""
        if not self._rest:
            return b""
        piece = self._inflate.decompress(self._rest, max(size, 65_536))
        if not self._total and b"<" not in piece[:1_000]:
            raise ValueError("no XML in the body")
        self._rest = self._inflate.unconsumed_tail
        self._total += len(piece)
        if self._total > _MAX_INFLATED:
            raise ValueError(f"more than {_MAX_INFLATED} bytes when decompressed")
        if not self._rest and not self._inflate.eof:
            raise ValueError("the gzip body is cut off")
        return piece


def type_of(element: Element) -> str:
    """Return the ``xsi:type`` of an element without its prefix."""
    return attribute(element, "type").rpartition(":")[2]


def attribute(element: Element, name: str) -> str:
    """Return an attribute by its local name; blank where there is none."""
    for key, value in element.items():
        if key.rpartition("}")[2] == name:
            return value.strip()
    return ""


def child(element: Element, *path: str) -> Element | None:
    """Return the first element along a path of local names."""
    found: Element | None = element
    for name in path:
        if found is None:
            return None
        found = next((part for part in found if local(part) == name), None)
    return found


def children(element: Element, name: str) -> list[Element]:
    """Return the children with a local name."""
    return [part for part in element if local(part) == name]


def within(element: Element, *names: str) -> Iterator[Element]:
    """Yield the elements below with any of these local names, in the order of the document."""
    for part in element.iter():
        if part is not element and local(part) in names:
            yield part


def said(element: Element | None, *path: str) -> str:
    """Return the text along a path without line breaks; blank where there is none."""
    found = None if element is None else child(element, *path)
    return "" if found is None else " ".join((found.text or "").split())


def spoken(element: Element | None, language: str) -> str:
    """Return a multilingual text in a language, else in the first one that there is.

    Line breaks stay: the first line of a comment is its headline.
    """
    if element is None:
        return ""
    values = [part for part in element.iter() if local(part) == "value" and part.text]
    wanted = language.lower().split("-")[0]
    chosen = [one for one in values if attribute(one, "lang").lower().split("-")[0] == wanted]
    found = (chosen if wanted and chosen else values)[:1]
    return (found[0].text or "").strip() if found else ""
