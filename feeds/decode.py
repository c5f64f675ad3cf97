"""Bytes to text, JSON and XML, as dirty as cities send them."""

import json
import re
from typing import Any
from xml.etree.ElementTree import Element

from defusedxml import ElementTree

_HTML = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b",
    re.IGNORECASE | re.DOTALL,
)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_DECLARED = re.compile(rb"\A<\?xml[^>]*?encoding\s*=\s*[\"']([\w.:-]+)[\"']", re.IGNORECASE)
_HIGH, _LOW = r"\\u[dD][89abAB][0-9a-fA-F]{2}", r"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_HALF = re.compile(rf"{_HIGH}(?!{_LOW})|(?<!{_HIGH}){_LOW}")
RAW_LIMIT = 16_000


def charset_of(content_type: str | None) -> str | None:
    """Return the charset that a Content-Type header declares, or ``None``."""
    match = _CHARSET.search(content_type or "")
    return match[1] if match else None


def looks_like_html(body: bytes) -> bool:
    """Whether a body is a web page: a log-in, an error or a firewall's answer."""
    return bool(_HTML.match(body[:4_096]))


def text(body: bytes, declared: str | None = None) -> str:
    """Decode UTF-8 (with or without BOM), then the declared charset, then latin-1.

    UTF-8 comes first because wrong declarations are common and UTF-8 is hard to hit by chance.

    >>> text("Brébeuf".encode("latin-1"))
    'Brébeuf'

    """
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", errors="replace")
    for charset in ("utf-8-sig", declared):
        try:
            if charset:
                return body.decode(charset)
        except (UnicodeDecodeError, LookupError):
            continue
    return body.decode("latin-1")


def from_json(body: bytes, declared: str | None = None) -> Any:
    """Parse JSON; ``ValueError`` says where it breaks. NaN and Infinity are refused.

    Half a surrogate pair, as sources that cut texts by length send it, becomes U+FFFD: as text
    it could be written nowhere, and would cost the whole body.
    """
    return json.loads(json_text(body, declared), parse_constant=_no_constant)


def json_text(body: bytes, declared: str | None = None) -> str:
    """Return JSON as text, half surrogate pairs replaced."""
    return _HALF.sub(r"\\ufffd", text(body, declared))


def json_decoder() -> json.JSONDecoder:
    """Return a decoder that refuses NaN and Infinity."""
    return json.JSONDecoder(parse_constant=_no_constant)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def from_xml(body: bytes, declared: str | None = None) -> Element:
    """Parse XML without entities or DTDs; what stands before the first ``<`` is skipped.

    Raises:
        ValueError: if it is malformed, or uses a DTD or entities.

    """
    start = body.find(b"<")
    if start < 0:
        raise ValueError("no XML in the body")
    document = body[start:].rstrip(b"\x00 \r\n\t")
    try:
        return _parsed(document if _DECLARED.match(document) else text(document, declared))
    except ValueError:
        if not _DECLARED.match(document):
            raise
    return _parsed(text(document, declared))  # the declaration was wrong


def _parsed(document: bytes | str) -> Element:
    try:
        root: Element = ElementTree.fromstring(document, forbid_dtd=True)
    except (ElementTree.ParseError, LookupError) as problem:
        raise ValueError(f"XML: {problem}") from problem
    return root


def local(element: Element) -> str:
    """Return an element's name without its namespace.

    >>> local(Element("{urn:x}alert"))
    'alert'

    """
    tag: Any = element.tag  # a comment or instruction has a function here
    return tag.rsplit("}", 1)[-1] if isinstance(tag, str) else ""


def raw(value: Any) -> str:
    """Return at most 16 kB of what a refused row looked like."""
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return shown.encode()[:RAW_LIMIT].decode(errors="ignore")
