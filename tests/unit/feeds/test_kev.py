"""Known exploited vulnerabilities against a list of assets; the catalogue is our own."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from feeds import FeedError, Limits, kev, kev_assets, poll, problems
from feeds.kev_match import match
from model import Quality

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LIST = """asset,vendor,product,exposed,owner,version,cpe,patched
portal,Example Soft Inc.,Web Portal 3,yes,web team,3.1,,
mail,Mailer,Mail Server,no,,,,
vpn,,,yes,,,cpe:2.3:a:granite_networks:granite_vpn:9.1:*:*:*:*:*:*:*,
"""


def entry(cve, vendor="Example Soft", product="Web Portal", due="2026-12-01", **more):
    return {
        "cveID": cve,
        "vendorProject": vendor,
        "product": product,
        "vulnerabilityName": f"{product} Injection",
        "dateAdded": "2026-11-01",
        "dueDate": due,
    } | more


def catalogue(*entries, **more):
    return {
        "title": "t",
        "dateReleased": "2026-11-23T17:04:19.9796Z",
        "count": len(entries),
        "vulnerabilities": list(entries),
    } | more


@pytest.fixture
def make(make_feed, tmp_path):
    def build(assets=LIST, gives="observation", **options):
        path = tmp_path / "assets.csv"
        path.write_text(assets, encoding="utf-8")
        return make_feed("kev", gives=gives, options={"assets": str(path)} | options)

    return build


def read(feed, *entries, now=NOW, **more):
    body = Path(feed.options["assets"]).read_bytes()
    assets, _ = kev_assets.read(body, feed, now)
    return kev.parse(json.dumps(catalogue(*entries, **more)).encode(), feed, now, assets)


def counts(found):
    return {(o.site_id, o.quantity.removeprefix("kev_")): o.value for o in found.accepted}


def test_a_remark_may_stand_before_the_header(make):
    found = read(make(f"# what we run, as of today\n\n{LIST}"), entry("CVE-2026-0001"))

    assert counts(found)["portal", "open"] == 1


def test_every_asset_has_its_counts_and_only_exposed_ones_are_overdue(make):
    found = read(
        make(),
        entry("CVE-2026-0001", due="2026-11-25"),
        entry("CVE-2026-0002", due="2026-11-20"),
        entry("CVE-2026-0003", due="2026-11-10"),
        entry("CVE-2026-0004", "Mailer", "Mail Server", due="2026-11-10"),
    )

    assert counts(found) == {
        ("portal", "open"): 3,
        ("portal", "overdue"): 2,
        ("portal", "overdue_week"): 1,
        ("mail", "open"): 1,
        ("vpn", "open"): 0,
        ("vpn", "overdue"): 0,
        ("vpn", "overdue_week"): 0,
    }
    first = found.accepted[0]
    assert (first.unit, first.observed_at, first.quality) == ("count", NOW, Quality.GOOD)
    assert first.published_at == datetime(2026, 11, 23, 17, 4, 19, 979600, tzinfo=UTC)


def test_all_may_count_as_overdue(make):
    found = read(make(overdue="all"), entry("CVE-2026-0004", "Mailer", "Mail", due="2026-11-10"))

    assert counts(found)["mail", "overdue_week"] == 1


@pytest.mark.parametrize(
    ("now", "overdue", "week"),
    [
        ("2026-12-01T23:59:00-05:00", 0, 0),
        ("2026-12-02T00:00:00-05:00", 1, 0),
        ("2026-12-08T23:59:00-05:00", 1, 0),
        ("2026-12-09T00:00:00-05:00", 1, 1),
    ],
)
def test_a_day_ends_where_the_city_is(make, now, overdue, week):
    feed = replace(make(), timezone="America/Montreal")

    found = counts(read(feed, entry("CVE-1", due="2026-12-01"), now=datetime.fromisoformat(now)))

    assert (found["portal", "overdue"], found["portal", "overdue_week"]) == (overdue, week)


def test_the_city_may_allow_its_own_number_of_days(make):
    found = counts(read(make(due="14d"), entry("CVE-1", due="2027-01-01", dateAdded="2026-11-01")))

    assert (found["portal", "overdue"], found["portal", "overdue_week"]) == (1, 1)


@pytest.mark.parametrize(
    ("patched", "n_open"),
    [
        ("", 2),
        ("cve-2026-0001", 1),
        ("CVE-2026-0001; CVE-2026-0002", 0),
        ("2026-10-31", 2),
        ("2026-11-01", 1),
        ("2026-11-01 CVE-2026-0002", 0),
    ],
)
def test_what_was_mended_is_not_open(make, patched, n_open):
    listed = f'asset,vendor,product,patched\nportal,Example Soft,Web Portal,"{patched}"\n'

    found = read(
        make(listed), entry("CVE-2026-0001"), entry("CVE-2026-0002", dateAdded="2026-11-05")
    )

    assert counts(found)["portal", "open"] == n_open


def test_one_unmended_product_of_an_asset_keeps_a_vulnerability_open(make):
    listed = "asset,vendor,product,patched\n"
    listed += "a,Example Soft,Web Portal,CVE-1111-1111\na,Example Soft,Web Portal,\n"

    assert counts(read(make(listed), entry("CVE-1111-1111")))["a", "open"] == 1


@pytest.mark.parametrize(
    ("mine", "listed", "how"),
    [
        (("Microsoft Corporation", "Windows Server 2019"), ("Microsoft", "Windows"), "named"),
        (("microsoft", "EXCHANGE"), ("Microsoft", "Exchange Server"), "named"),
        (("Palo Alto", "PAN-OS 11.1"), ("Palo Alto Networks", "PAN-OS"), "named"),
        (("Cisco", "Threat Defense"), ("Cisco", "ASA (A) and Threat Defense (FTD)"), "named"),
        (("Cisco Systems", "ASA"), ("Cisco", "Adaptive Security Appliance (ASA)"), "named"),
        (("Mozilla", "Thunderbird"), ("Mozilla", "Firefox, Firefox ESR, and Thunderbird"), "named"),
        (("Cisco", "IOS XE"), ("Cisco", "IOS"), "possible"),
        (("Cisco", "IOS XE"), ("Cisco", "IOS XR"), ""),
        (("Apple", "macOS"), ("Apple", "Multiple Products"), "possible"),
        (("Zimbra", "Collaboration"), ("Synacor", "Zimbra Collaboration Suite (ZCS)"), "possible"),
        (("Oracle", "Database"), ("Oracle", "WebLogic Server"), ""),
        (("Acme", "Windows"), ("Microsoft", "Windows"), ""),
        (("Société Générale Logiciel", "Régie"), ("societe generale logiciel", "regie"), "named"),
        (("Veeam", "Backup & Replication"), ("Veeam", "Backup and Replication"), "named"),
    ],
)  # fmt: skip
def test_a_match_is_as_sure_as_the_names(mine, listed, how):
    assert match(*mine, *listed) == how


def test_possible_matches_may_be_left_out(make):
    listed = "asset,vendor,product\nr1,Cisco,IOS XE\n"
    one = entry("CVE-1", "Cisco", "IOS")

    assert counts(read(make(listed), one))["r1", "open"] == 1
    assert counts(read(make(listed, possible=False), one))["r1", "open"] == 0


def test_notices_say_what_where_until_when_and_how_sure(make):
    listed = "asset,vendor,product,exposed,owner\nr1,Cisco,IOS XE,yes,jo@city.example\n"

    found = read(make(listed, gives="notice"), entry("CVE-2026-7", "Cisco", "IOS"))

    (notice,) = found.accepted
    assert notice.headline == (
        "r1: IOS Injection (CVE-2026-7), due 2026-12-01,"
        " possibly: the products' names agree in part"
    )
    assert (notice.severity, notice.event, notice.area) == ("minor", "CVE-2026-7", "r1")
    assert notice.effective == datetime(2026, 11, 1, tzinfo=UTC)
    assert "jo@city.example" not in repr(found)


def test_an_old_catalogue_is_doubted(make):
    found = read(make(), entry("CVE-1"), dateReleased="2026-09-01T00:00:00Z")

    assert {o.quality for o in found.accepted} == {Quality.UNCERTAIN}


@pytest.mark.parametrize(
    "row",
    [
        None,
        7,
        [],
        {},
        entry("CVE-9", dueDate="01/12/2026"),
        entry("CVE-9", dueDate=None),
        entry(""),
        entry("CVE-9", product=" "),
        entry("CVE-2026-0001", due="2026-12-02"),
    ],
)
def test_a_garbled_entry_costs_itself(make, row):
    found = read(make(), entry("CVE-2026-0001"), entry("CVE-2026-0002"), row)

    assert counts(found)["portal", "open"] == 2
    assert [one.line for one in found.rejected] == [3]


def test_the_same_entry_twice_counts_once(make):
    found = read(make(), entry("CVE-1"), entry("CVE-1"))

    assert counts(found)["portal", "open"] == 1
    assert found.rejected == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        catalogue(),
        catalogue(entry("CVE-1"), count=2),
        catalogue(*[{"cveID": "CVE-1"}] * 3),
        {"vulnerabilities": "none"},
    ],
)
def test_a_catalogue_that_is_none_or_cut_off_is_refused(make, body):
    with pytest.raises((ValueError, LookupError, TypeError)):
        kev.parse(json.dumps(body).encode(), make(), NOW)


def test_a_small_miscount_is_said(make):
    found = read(make(), *(entry(f"CVE-{n}") for n in range(20)), count=21)

    assert counts(found)["portal", "open"] == 20
    assert "has 20" in found.rejected[0].reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "no column 'asset'"),
        ("name,vendor\na,b\n", "no column 'asset'"),
        ("asset,vendor,product\n", "holds none"),
        ("asset,vendor,product,exposed\na,b,c,perhaps\n", "holds none"),
    ],
)
def test_a_list_that_is_none_is_refused(make, body, reason):
    with pytest.raises(ValueError, match=reason):
        kev_assets.read(body.encode(), make(), NOW)


def test_a_bad_line_of_the_list_costs_itself(make):
    body = (
        "\ufeffAsset;Vendor;Product;Exposed;Patched\r\n# a remark\r\n\r\n"
        "a;b;c;perhaps;\r\nd;;;;\r\ne;f;g;oui;soon\r\nok;é;h;non;\r\n"
    )

    assets, rejected = kev_assets.read(body.encode(), make(), NOW)

    assert [(one.id, one.vendor, one.is_exposed) for one in assets] == [("ok", "é", False)]
    assert [one.line for one in rejected] == [4, 5, 6]


# -- polls


class Server:
    def __init__(self, *entries):
        self.entries, self.asked, self.version = list(entries), [], "1"

    def answer(self, request):
        self.asked.append(request)
        if request.headers.get("if-none-match") == self.version:
            return httpx.Response(304)
        return httpx.Response(200, json=catalogue(*self.entries), headers={"etag": self.version})

    def poll(self, feed, memory, now=NOW):
        client = httpx.Client(transport=httpx.MockTransport(self.answer))
        found = poll(
            feed, client, json.loads(json.dumps(memory)), now=now, limits=Limits(attempts=1)
        )
        return found.parsed, found.memory


def test_an_unchanged_catalogue_still_falls_due(make):
    server, feed = (
        Server(entry("CVE-1", due="2026-11-24"), entry("CVE-2", "Other", "Thing")),
        make(),
    )

    first, memory = server.poll(feed, {})
    second, _ = server.poll(feed, memory, NOW + timedelta(days=2))

    assert counts(first)["portal", "overdue"] == 0
    assert counts(second)["portal", "overdue"] == 1
    assert second.published_at == first.published_at
    assert [len(memory["kev"]["entries"]), memory["kev"]["n"]] == [1, 2]


def test_a_changed_list_is_matched_with_the_whole_catalogue(make):
    server, feed = Server(entry("CVE-1"), entry("CVE-2", "Other", "Thing")), make()
    _, memory = server.poll(feed, {})

    found, _ = server.poll(make(LIST + "x,Other,Thing,,,,,\n"), memory)

    assert counts(found)["x", "open"] == 1
    assert "if-none-match" not in server.asked[1].headers


def test_a_catalogue_that_shrank_to_a_rest_is_not_believed(make):
    server, feed = Server(*(entry(f"CVE-{n}") for n in range(10))), make()
    _, memory = server.poll(feed, {})
    server.entries, server.version = server.entries[:4], "2"

    with pytest.raises(FeedError, match="shrank from 10 to 4"):
        server.poll(feed, memory)


def test_a_notice_ends_when_it_was_mended(make):
    server, feed = Server(entry("CVE-2026-0001")), make(gives="notice")
    _, memory = server.poll(feed, {})

    feed = make(LIST.replace("3.1,,", "3.1,,CVE-2026-0001"), gives="notice")
    found, _ = server.poll(feed, memory)
    (ended,) = found.accepted

    assert (ended.notice_id, ended.expires) == ("CVE-2026-0001/portal", NOW)


def test_a_list_that_is_not_there_fails_the_poll(make_feed):
    feed = make_feed("kev", options={"assets": "/nowhere/assets.csv"})

    with pytest.raises(FeedError, match=r"assets\.csv: No such file"):
        Server(entry("CVE-1")).poll(feed, {})


@pytest.mark.parametrize(
    "options", [{}, {"assets": "a", "due": "soon"}, {"assets": "a", "overdue": "some"}]
)
def test_options_that_are_none_are_told(make_feed, options):
    assert problems(make_feed("kev", options=options))
