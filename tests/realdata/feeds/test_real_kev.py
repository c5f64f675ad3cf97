"""The catalogue of August 2025, against assets as a city has them."""

import json
from datetime import UTC, datetime

import pytest

from feeds import kev
from feeds.kev_assets import Asset
from feeds.kev_catalogue import Entry, catalogue
from model import Observation, Quality

pytestmark = pytest.mark.realdata
AT = datetime(2025, 8, 26, 12, 0, tzinfo=UTC)


@pytest.fixture
def body(records):
    return (records / "cyber/cisa_kev.json").read_bytes()


def test_every_entry_is_read(make_feed, body):
    found = catalogue(body, make_feed("kev", "observation"), AT)

    assert len(found.entries) == json.loads(body)["count"] == 1404
    assert found.rejected == []
    assert found.released_at == datetime(2025, 8, 25, 17, 4, 19, 979600, tzinfo=UTC)
    first = found.entries[0]
    assert first == Entry(
        cve="CVE-2025-48384",
        vendor="Git",
        product="Git",
        title="Git Link Following Vulnerability",
        added=first.added,
        due=first.due,
    )
    assert (first.added.isoformat(), first.due.isoformat()) == ("2025-08-25", "2025-09-15")


def test_assets_meet_what_their_names_say(make_feed, body):
    rows = json.loads(body)["vulnerabilities"]
    assets = [
        Asset("web", "Apache Software Foundation", "Tomcat 9"),
        Asset("fw", "Palo Alto", "PAN-OS"),
        Asset("git", "Git", "Git"),
        Asset("own", "City IT", "Permit Portal"),
        Asset("inside", "Roundcube", "Webmail", is_exposed=False),
    ]
    feed = make_feed("kev", "observation", options={"assets": "a.csv", "possible": False})

    found = kev.parse(body, feed, AT, assets)

    counts = {(o.site_id, o.quantity): o.value for o in found.accepted}
    named = {
        "web": [r for r in rows if (r["vendorProject"], r["product"]) == ("Apache", "Tomcat")],
        "fw": [r for r in rows if r["product"] == "PAN-OS"],
        "inside": [r for r in rows if r["vendorProject"] == "Roundcube"],
    }
    assert counts["web", "kev_open"] == len(named["web"]) == 5
    assert counts["web", "kev_overdue"] == sum(r["dueDate"] < "2025-08-26" for r in named["web"])
    assert counts["fw", "kev_open"] >= len(named["fw"]) == 10
    assert counts["inside", "kev_open"] == len(named["inside"])
    assert ("inside", "kev_overdue") not in counts
    assert (counts["git", "kev_open"], counts["git", "kev_overdue"]) == (1, 0)
    assert counts["own", "kev_open"] == 0


def test_the_first_fact_in_full(make_feed, body):
    feed = make_feed("kev", "observation", options={"assets": "a.csv"})

    found = kev.parse(body, feed, AT, [Asset("git", "Git", "Git")])

    assert found.accepted[0] == Observation(
        feed_id="f1",
        site_id="git",
        quantity="kev_open",
        value=1.0,
        unit="count",
        observed_at=AT,
        fetched_at=AT,
        published_at=datetime(2025, 8, 25, 17, 4, 19, 979600, tzinfo=UTC),
        quality=Quality.GOOD,
    )


@pytest.mark.parametrize("share", [0.1, 0.5, 0.999])
def test_a_catalogue_that_is_cut_off_is_refused(make_feed, body, share):
    with pytest.raises(ValueError, match=r"."):
        kev.parse(body[: int(share * len(body))], make_feed("kev", "observation"), AT)
