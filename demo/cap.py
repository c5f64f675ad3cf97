"""CAP 1.2 documents (OASIS) and their Atom index, for the warnings of the simulated city."""

from functools import lru_cache
from xml.etree import ElementTree as ET

import shapely

from demo.clock import city, utc
from demo.districts import ward, wards
from demo.sites import RIVERSIDE
from demo.warnings import Message

CAP = "urn:oasis:names:tc:emergency:cap:1.2"
ATOM = "http://www.w3.org/2005/Atom"
SENDER = "demo@bartizan.example"
_SENDER_NAME = ("Demo city (simulated)", "Ville de démonstration (simulée)")
_LANGUAGES = ("en-CA", "fr-CA")

ET.register_namespace("", ATOM)
ET.register_namespace("cap", CAP)


def document(message: Message, url: str) -> bytes:
    """Return one CAP alert as XML, English and French."""
    alert = ET.Element("alert", {"xmlns": CAP})
    _put(alert, "identifier", message.identifier)
    _put(alert, "sender", SENDER)
    _put(alert, "sent", _time(message.sent))
    _put(alert, "status", "Actual")
    _put(alert, "msgType", message.msg_type)
    _put(alert, "source", "Simulated data")
    _put(alert, "scope", "Public")
    if message.chain:
        _put(alert, "references", _references(message))
    for number, language in enumerate(_LANGUAGES):
        _info(alert, message, number, language, url)
    return _bytes(alert)


def index(messages: list[Message], base: str, *, now: int) -> bytes:
    """Return the Atom index, newest first; ``base`` is the URL of the folder of documents."""
    feed = ET.Element(f"{{{ATOM}}}feed")
    _put(feed, f"{{{ATOM}}}id", "urn:bartizan:demo:alerts")
    _put(feed, f"{{{ATOM}}}title", "Warnings of the demo city (simulated)")
    newest = messages[0].sent if messages else now // 86400 * 86400
    _put(feed, f"{{{ATOM}}}updated", utc(newest))
    author = ET.SubElement(feed, f"{{{ATOM}}}author")
    _put(author, f"{{{ATOM}}}name", _SENDER_NAME[0])
    link = {"rel": "self", "type": "application/atom+xml", "href": f"{base}/alerts.atom"}
    ET.SubElement(feed, f"{{{ATOM}}}link", link)
    for message in messages:
        _entry(feed, message, f"{base}/{message.identifier}.xml")
    return _bytes(feed)


def _entry(feed: ET.Element, message: Message, url: str) -> None:
    entry = ET.SubElement(feed, f"{{{ATOM}}}entry")
    _put(entry, f"{{{ATOM}}}id", f"urn:bartizan:demo:{message.identifier}")
    _put(entry, f"{{{ATOM}}}title", _headline(message, 0))
    _put(entry, f"{{{ATOM}}}updated", utc(message.sent))
    _put(entry, f"{{{ATOM}}}published", utc(message.sent))
    _put(entry, f"{{{ATOM}}}summary", message.hazard.text[0])
    ET.SubElement(
        entry,
        f"{{{ATOM}}}link",
        {"rel": "alternate", "type": "application/cap+xml", "href": url},
    )
    for name, value in (
        ("identifier", message.identifier),
        ("sender", SENDER),
        ("sent", _time(message.sent)),
        ("status", "Actual"),
        ("msgType", message.msg_type),
        ("event", message.hazard.event[0]),
        ("urgency", message.hazard.urgency),
        ("severity", message.hazard.severity),
        ("certainty", "Likely"),
        ("effective", _time(message.sent)),
        ("expires", _time(message.expires)),
        ("areaDesc", _area_name(0, is_riverside=message.is_riverside)),
    ):
        _put(entry, f"{{{CAP}}}{name}", value)


def _info(alert: ET.Element, message: Message, number: int, language: str, url: str) -> None:
    hazard = message.hazard
    info = ET.SubElement(alert, "info")
    _put(info, "language", language)
    _put(info, "category", hazard.category)
    _put(info, "event", hazard.event[number])
    _put(info, "responseType", "AllClear" if message.msg_type == "Cancel" else hazard.response)
    _put(info, "urgency", "Past" if message.msg_type == "Cancel" else hazard.urgency)
    _put(info, "severity", hazard.severity)
    _put(info, "certainty", "Observed" if message.msg_type == "Update" else "Likely")
    _put(info, "effective", _time(message.sent))
    _put(info, "onset", _time(message.onset))
    _put(info, "expires", _time(message.expires))
    _put(info, "senderName", _SENDER_NAME[number])
    _put(info, "headline", _headline(message, number))
    _put(info, "description", hazard.text[number])
    _put(info, "instruction", hazard.instruction[number])
    _put(info, "web", url)
    area = ET.SubElement(info, "area")
    _put(area, "areaDesc", _area_name(number, is_riverside=message.is_riverside))
    for polygon in _polygons(message.is_riverside):
        _put(area, "polygon", polygon)


def _headline(message: Message, number: int) -> str:
    ended = (" has ended", " levé")[number] if message.msg_type == "Cancel" else ""
    return message.hazard.event[number] + ended


def _area_name(number: int, *, is_riverside: bool) -> str:
    if is_riverside:
        return ", ".join(ward(district).name for district in RIVERSIDE)
    return ("Island of Montréal", "Île de Montréal")[number]


@lru_cache(maxsize=2)
def _polygons(is_riverside: bool) -> tuple[str, ...]:  # noqa: FBT001 - a cache key, not an option
    """Return outlines as CAP wants them: ``lat,lon lat,lon …``, closed, coarse."""
    chosen = [w.shape for w in wards() if not is_riverside or w.id in RIVERSIDE]
    whole = shapely.simplify(
        shapely.unary_union([shapely.buffer(s, 0.0015) for s in chosen]), 0.001
    )
    parts = getattr(whole, "geoms", (whole,))
    rings = [shapely.get_coordinates(shapely.get_exterior_ring(part)).tolist() for part in parts]
    return tuple(" ".join(f"{lat:.4f},{lon:.4f}" for lon, lat in ring) for ring in rings)


def _references(message: Message) -> str:
    return " ".join(f"{SENDER},{name},{_time(sent)}" for name, sent in message.chain)


def _time(at: int) -> str:
    """Return an instant as CAP wants it: with a numeric offset, never ``Z``."""
    return city(at)


def _put(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = text


def _bytes(root: ET.Element) -> bytes:
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))
