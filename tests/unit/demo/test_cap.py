"""CAP 1.2 (OASIS): required elements in their order, references, two languages, swapped axes."""

import re

import pytest
from defusedxml.ElementTree import fromstring

from demo import cap
from demo import warnings as notices
from demo.incidents import World, started

from .conftest import SEED, instant

START = instant("2026-11-24T15:00:00+00:00")
FLOODED = World(SEED, (started("flood", START, seed=SEED),), has_programme=False)
NS = {"c": cap.CAP, "a": cap.ATOM}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d")  # the schema's pattern: no Z

ALERT_ORDER = ["identifier", "sender", "sent", "status", "msgType", "source", "scope"]
ALERT_ORDER += ["references", "info"]
INFO_ORDER = ["language", "category", "event", "responseType", "urgency", "severity", "certainty"]
INFO_ORDER += ["effective", "onset", "expires", "senderName", "headline", "description"]
INFO_ORDER += ["instruction", "web", "area"]
WORDS = {
    "status": {"Actual"},
    "msgType": {"Alert", "Update", "Cancel"},
    "scope": {"Public"},
    "category": {"Met"},
    "urgency": {"Immediate", "Expected", "Future", "Past"},
    "severity": {"Extreme", "Severe", "Moderate", "Minor"},
    "certainty": {"Observed", "Likely", "Possible"},
    "responseType": {"Prepare", "Evacuate", "AllClear", "Shelter", "Monitor"},
}


def weather_messages():
    calm = World(SEED, has_programme=False)
    year = range(instant("2026-01-01T00:00:00+00:00"), instant("2026-12-31T00:00:00+00:00"), 86400)
    found = {m.identifier: m for now in year for m in notices.known(calm, now=now)}
    return list(found.values())


WEATHER = weather_messages()


def flood_messages():
    return notices.known(FLOODED, now=START + 2 * 3600)


def names(element):
    seen = []
    for child in element:
        name = child.tag.rpartition("}")[2]
        assert child.tag == f"{{{cap.CAP}}}{name}"
        if not seen or seen[-1] != name:
            seen.append(name)
    return seen


@pytest.mark.parametrize("message", [*flood_messages(), *WEATHER[:6]], ids=lambda m: m.identifier)
def test_a_document_follows_the_schema(message):
    alert = fromstring(cap.document(message, "http://h/x.xml"))

    assert alert.tag == f"{{{cap.CAP}}}alert"
    assert names(alert) == [n for n in ALERT_ORDER if n != "references" or message.chain]
    assert not re.search(r"[\s,<&]", alert.findtext("c:identifier", None, NS))
    infos = alert.findall("c:info", NS)
    assert [info.findtext("c:language", None, NS) for info in infos] == ["en-CA", "fr-CA"]
    for info in infos:
        assert names(info) == INFO_ORDER
    for element in alert.iter():
        name = element.tag.rpartition("}")[2]
        if name in WORDS:
            assert element.text in WORDS[name], name
        if name in {"sent", "effective", "onset", "expires"}:
            assert TIME.fullmatch(element.text), name


def test_a_polygon_is_closed_and_says_latitude_first():
    alert = fromstring(cap.document(flood_messages()[0], "http://h/x.xml"))

    polygons = alert.findall("c:info/c:area/c:polygon", NS)
    assert polygons
    for polygon in polygons:
        pairs = [tuple(map(float, pair.split(","))) for pair in polygon.text.split()]
        assert len(pairs) >= 4
        assert pairs[0] == pairs[-1]
        assert all(45.3 < lat < 45.8 and -74.1 < lon < -73.4 for lat, lon in pairs)


def test_a_flood_is_warned_of_updated_and_cancelled_each_naming_the_ones_before():
    chain = sorted(flood_messages(), key=lambda m: m.sent)

    assert [m.msg_type for m in chain] == ["Alert", "Update", "Cancel"]
    assert [m.sent - START for m in chain] == [120, 16 * 60, 60 * 60]
    last = fromstring(cap.document(chain[-1], "http://h/x.xml"))
    references = last.findtext("c:references", None, NS).split()
    assert [r.split(",")[1] for r in references] == [m.identifier for m in chain[:-1]]
    for reference, earlier in zip(references, chain, strict=False):
        document = fromstring(cap.document(earlier, "http://h/x.xml"))
        assert reference.split(",")[0] == document.findtext("c:sender", None, NS)
        assert reference.split(",")[2] == document.findtext("c:sent", None, NS)


def test_a_message_is_unknown_before_it_is_sent():
    assert notices.known(FLOODED, now=START + 119) == []
    assert len(notices.known(FLOODED, now=START + 120)) == 1
    assert notices.named(FLOODED, "nobody", now=START + 120) is None


def test_the_weather_brings_some_warnings_a_year_each_ended_by_a_cancel():
    alerts = [m for m in WEATHER if m.msg_type == "Alert"]

    assert 8 < len(alerts) < 80
    assert len({m.hazard.event for m in alerts}) >= 3
    cancels = {(m.hazard.event, m.onset) for m in WEATHER if m.msg_type == "Cancel"}
    began = {(m.hazard.event, m.onset) for m in alerts}
    assert len(began - cancels) <= 1
    heat = [m for m in alerts if m.hazard.event[0] == "Heat warning"]
    assert all(instant("2026-05-15T00:00:00+00:00") < m.sent for m in heat)


def test_the_index_lists_every_message_with_its_document():
    messages = flood_messages()

    feed = fromstring(cap.index(messages, "http://h/cap", now=START))

    assert feed.tag == f"{{{cap.ATOM}}}feed"
    for name in ("id", "title", "updated", "author/a:name"):
        assert feed.findtext(f"a:{name}", None, NS)
    entries = feed.findall("a:entry", NS)
    assert len(entries) == 3
    for entry, message in zip(entries, messages, strict=True):
        assert entry.find("a:link", NS).get("href") == f"http://h/cap/{message.identifier}.xml"
        assert entry.findtext("c:msgType", None, NS) == message.msg_type
        assert entry.findtext("a:updated", None, NS).endswith("Z")


def test_an_index_of_nothing_is_still_a_feed():
    feed = fromstring(cap.index([], "http://h/cap", now=START))

    assert feed.findall("a:entry", NS) == []
    assert feed.findtext("a:updated", None, NS) == "2026-11-24T00:00:00Z"
