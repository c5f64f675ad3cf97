"""Decidim and Consul: counts by process and day, and nobody's name; bodies are our own."""

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from feeds import FeedError, Limits, consul, decidim, poll, problems

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ZONE = "Europe/Madrid"
DAY = timedelta(days=1)


def days(found, quantity="proposals"):
    """Counts by site and local day, without zeros."""
    return {
        (o.site_id, (o.observed_at + timedelta(hours=2)).strftime("%m-%d")): o.value
        for o in found.accepted
        if o.quantity == quantity and o.value
    }


class Server:
    """Answers questions by what they ask for; the last one is kept."""

    def __init__(self, answer):
        self.answer, self.asked = answer, []

    def poll(self, feed, memory=None, now=NOW):
        def handle(request):
            self.asked.append(json.loads(request.content) if request.content else None)
            found = self.answer(self.asked[-1])
            return found if isinstance(found, httpx.Response) else httpx.Response(200, json=found)

        client = httpx.Client(transport=httpx.MockTransport(handle))
        kept = json.loads(json.dumps(memory or {}))
        one = poll(feed, client, kept, now=now, limits=Limits(attempts=1))
        return one.parsed, one.memory


# -- Consul


def proposal(number, votes=0, at="2026-11-23 10:00:00 +0100", **more):
    node = {"id": str(number), "public_created_at": at, "cached_votes_up": votes}
    return node | {"comments_count": 0} | more


def connection(nodes, after=None):
    info = {"hasNextPage": after is not None, "endCursor": after}
    return {"pageInfo": info, "edges": [{"node": node} for node in nodes]}


def served(nodes, size=25, collection="proposals"):
    def answer(question):
        begin = int(question["variables"]["after"] or 0)
        rest = len(nodes) > begin + size
        page = connection(nodes[begin : begin + size], str(begin + size) if rest else None)
        return {"data": {collection: page}}

    return answer


def consul_feed(make_feed, **options):
    return make_feed("consul", timezone=ZONE, every=DAY, options=options)


def test_every_page_is_read_and_proposals_counted_by_local_day(make_feed):
    nodes = [proposal(n) for n in range(60)]
    nodes.append(proposal(99, at="2026-11-23 23:30:00 UTC"))  # half past midnight in Madrid
    server = Server(served(nodes))

    found, _ = server.poll(consul_feed(make_feed))

    assert days(found) == {("proposals", "11-23"): 60, ("proposals", "11-24"): 1}
    assert [one["variables"]["after"] for one in server.asked] == [None, "25", "50"]
    assert "first: 25" in server.asked[0]["query"]
    first = found.accepted[0]
    assert (first.unit, first.observed_at) == ("count", datetime(2026, 11, 22, 23, tzinfo=UTC))


def test_nobody_is_asked_for(make_feed):
    server = Server(served([proposal(1)]))
    server.poll(consul_feed(make_feed, districts={"Centro": "01"}))

    query = server.asked[0]["query"]
    assert "geozone { name }" in query
    assert not any(word in query for word in ("author", "title", "description", "username"))


def test_participants_are_what_the_totals_have_grown_by(make_feed):
    feed, nodes = consul_feed(make_feed), [proposal(1, 10), proposal(2, 5, comments_count=1)]
    first, memory = Server(served(nodes)).poll(feed)
    grown = [proposal(1, 13), proposal(2, 4, comments_count=3)]
    grown.append(proposal(3, 7, at="2026-11-24 13:30:00 +0100"))
    second, memory = Server(served(grown)).poll(feed, memory, NOW + timedelta(hours=1))
    later = [proposal(1, 14), *grown[1:]]
    third, memory = Server(served(later)).poll(feed, memory, NOW + timedelta(hours=2))
    fourth, _ = Server(served(later)).poll(feed, memory, NOW + DAY)

    assert days(first, "participants") == {}
    assert days(second, "participants") == {("proposals", "11-24"): 3 + 1 + 7}
    assert days(third, "participants") == {("proposals", "11-24"): 12}
    told = [o for o in fourth.accepted if o.quantity == "participants"]
    assert [(o.value, o.observed_at.day) for o in told] == [(0, 24)]


def test_an_old_proposal_that_appears_brings_no_votes_of_today(make_feed):
    feed = consul_feed(make_feed)
    _, memory = Server(served([proposal(1, 10)])).poll(feed)
    old = proposal(2, 900, at="2026-03-01 10:00:00 +0100")

    found, _ = Server(served([proposal(1, 10), old])).poll(feed, memory, NOW + DAY)

    assert days(found, "participants") == {}


def test_counts_that_are_not_told_are_unknown(make_feed):
    nodes = [proposal(1, None, comments_count=None)]
    feed = consul_feed(make_feed)
    _, memory = Server(served(nodes)).poll(feed)

    found, _ = Server(served(nodes)).poll(feed, memory, NOW + DAY)

    assert not [o for o in found.accepted if o.quantity == "participants"]


def test_a_geozone_stands_for_a_district(make_feed):
    nodes = [proposal(1, geozone={"name": "Centro"}), proposal(2, geozone={"name": "Else"})]

    found, _ = Server(served(nodes)).poll(consul_feed(make_feed, districts={"Centro": "d1"}))

    assert days(found) == {("proposals/d1", "11-23"): 1, ("proposals", "11-23"): 1}
    assert {o.district_id for o in found.accepted if o.site_id == "proposals/d1"} == {"d1"}


def test_debates_are_counted_beside(make_feed):
    def answer(question):
        name = "debates" if "debates(" in question["query"] else "proposals"
        return {"data": {name: connection([proposal(1, cached_votes_total=3)])}}

    found, _ = Server(answer).poll(consul_feed(make_feed, collections=["proposals", "debates"]))

    assert days(found) == {("proposals", "11-23"): 1, ("debates", "11-23"): 1}


@pytest.mark.parametrize(
    "node",
    [
        None,
        7,
        [],
        {},
        proposal(None) | {"public_created_at": None},
        proposal(1, "21,5"),
        proposal(1, -3),
        proposal(1, 10**30),
        proposal(1, True),
        proposal(1, [1]),
        proposal(1, at="yesterday"),
        proposal(1, geozone="Centro"),
    ],
)
def test_an_odd_node_costs_itself_and_shows_nobody(make_feed, node):
    if isinstance(node, dict):
        node = node | {"title": "Jo Secret", "public_author": {"username": "jo"}}
    nodes = [node, proposal(8), proposal(9)]

    found, _ = Server(served(nodes)).poll(consul_feed(make_feed))

    assert days(found)["proposals", "11-23"] == 2
    assert len(found.rejected) == 1
    assert "jo" not in repr(found).lower().replace("model.facts", "")


@pytest.mark.parametrize(
    "body",
    [
        {"errors": [{"message": "Query has complexity of 3000"}]},
        {"data": None},
        {"data": {}},
        {"data": {"proposals": []}},
        {"data": {"proposals": {"edges": "x"}}},
        {"data": {"proposals": connection([None, None])}},
        [],
        "text",
        httpx.Response(500),
        httpx.Response(200, content=b"<html><body>log in</body></html>"),
    ],
)
def test_an_answer_that_is_none_fails_the_poll(make_feed, body):
    with pytest.raises(FeedError):
        Server(lambda _: body).poll(consul_feed(make_feed))


def test_pages_in_a_circle_and_without_end_are_left(make_feed):
    with pytest.raises(FeedError, match="circle"):
        Server(lambda _: {"data": {"proposals": connection([proposal(1)], "a")}}).poll(
            consul_feed(make_feed)
        )
    with pytest.raises(FeedError, match="max_pages = 2"):
        Server(served([proposal(n) for n in range(99)])).poll(consul_feed(make_feed, max_pages=2))


def test_a_list_that_shrank_to_a_rest_is_not_believed(make_feed):
    feed = consul_feed(make_feed)
    _, memory = Server(served([proposal(n) for n in range(10)])).poll(feed)

    with pytest.raises(FeedError, match="10 were listed, and now 4"):
        Server(served([proposal(n) for n in range(4)])).poll(feed, memory, NOW + DAY)


EXPORT = (
    '"id";"title";"description";"cached_votes_up";"created_at";"retired_at"\n'
    '"1";"Jo wrote";"<p>a;b\n""c""</p>";"15";"23/11/2026";""\n'
    '"2";"B";"x";"0";"24/11/2026";""\n'
)


def export_feed(make_feed, **options):
    return consul_feed(make_feed, format="export", date_format="%d/%m/%Y", **options)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_an_export_is_counted_by_its_declared_dates(make_feed, encoding):
    body = EXPORT.replace("B", "É").encode(encoding)

    found = consul.parse(body, export_feed(make_feed), NOW)

    assert days(found) == {("proposals", "11-23"): 1, ("proposals", "11-24"): 1}
    assert "Jo" not in repr(found)


def test_votes_of_an_export_grow_from_poll_to_poll(make_feed):
    feed = export_feed(make_feed)
    serve = lambda text: Server(lambda _: httpx.Response(200, text=text))  # noqa: E731 - short
    _, memory = serve(EXPORT).poll(feed)

    grown = EXPORT.replace('"15"', '"21"') + '"3";"C";"y";"4";"24/11/2026";""\n'
    found, _ = serve(grown).poll(feed, memory, NOW + timedelta(hours=3))

    assert days(found, "participants") == {("proposals", "11-24"): 10}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ('"3";"Jo";"y"', "another number of cells"),
        ('"3";"Jo";"y";"1";"2026-11-24";""', "no day as %d/%m/%Y"),
        ('"3";"Jo";"y";"1";"31/13/2026";""', "no day as"),
        ('"3";"Jo";"y";"many";"24/11/2026";""', "is no count"),
        ('"";"Jo";"y";"1";"24/11/2026";""', "without an id"),
    ],
)
def test_an_odd_row_of_an_export_costs_itself(make_feed, row, reason):
    found = consul.parse((EXPORT + row + "\n").encode(), export_feed(make_feed), NOW)

    assert days(found)["proposals", "11-24"] == 1
    assert reason in found.rejected[0].reason
    assert "Jo" not in repr(found)


@pytest.mark.parametrize(
    "body", ["", "id;x\n1;2\n", EXPORT[:-30], EXPORT[:90], "<html>", "id;created_at\n1;x\n2;y\n"]
)
def test_an_export_that_is_none_or_cut_off_is_refused(make_feed, body):
    with pytest.raises(ValueError, match=r"."):
        consul.parse(body.encode(), export_feed(make_feed), NOW)


@pytest.mark.parametrize(
    "options",
    [
        {"columns": {"votos": "x"}},
        {"date_format": "d/m/Y"},
        {"collections": ["people"]},
        {"max_pages": 0},
    ],
)
def test_options_of_consul_that_are_none_are_told(make_feed, options):
    assert problems(make_feed("consul", options=options))


# -- Decidim

SPACES = {
    "data": {
        "participatoryProcesses": [
            {"slug": "plan", "components": [{"__typename": "Proposals", "id": "7"},
                                            {"__typename": "Meetings", "id": "8"}]},
            {"slug": "budget", "components": [{"__typename": "Proposals", "id": "9"}]},
            {"slug": "empty", "components": []},
        ]
    }
}  # fmt: skip


def thing(number, votes=0, at="2026-11-23T10:00:00+01:00", **more):
    node = {"id": str(number), "createdAt": at, "publishedAt": at, "voteCount": votes}
    return node | {"totalCommentsCount": 0} | more


def decidim_answer(by_component):
    def answer(question):
        if "participatoryProcesses" in question["query"]:
            return SPACES
        nodes = by_component[question["variables"]["id"]]
        begin = int(question["variables"]["after"] or 0)
        after = str(begin + 2) if len(nodes) > begin + 2 else None
        return {"data": {"component": {"proposals": connection(nodes[begin : begin + 2], after)}}}

    return answer


def decidim_feed(make_feed, **options):
    return make_feed("decidim", timezone=ZONE, every=DAY, options=options)


def test_proposals_are_counted_by_process_over_all_pages(make_feed):
    draft = thing(6, publishedAt=None, createdAt="2026-11-20T10:00:00Z")
    server = Server(decidim_answer({"7": [thing(n) for n in range(5)], "9": [draft]}))

    found, _ = server.poll(decidim_feed(make_feed))

    assert days(found) == {("plan", "11-23"): 5, ("budget", "11-20"): 1}
    assert len(server.asked) == 1 + 3 + 1
    query = server.asked[1]["query"]
    assert not any(word in query for word in ("author", "title", "body", "name"))


def test_hidden_votes_are_unknown_and_comments_still_count(make_feed):
    feed = decidim_feed(make_feed, processes=["plan"])
    _, memory = Server(decidim_answer({"7": [thing(1, None)]})).poll(feed)

    found, _ = Server(decidim_answer({"7": [thing(1, None, totalCommentsCount=4)]})).poll(
        feed, memory, NOW + timedelta(hours=1)
    )

    assert days(found, "participants") == {("plan", "11-24"): 4}


def test_a_scope_stands_for_a_district(make_feed):
    nodes = [thing(1, scope={"name": {"translation": "Gràcia"}}), thing(2, scope=None)]
    server = Server(decidim_answer({"7": nodes, "9": []}))

    found, _ = server.poll(decidim_feed(make_feed, districts={"Gràcia": "06"}, locale="ca"))

    assert days(found) == {("plan/06", "11-23"): 1, ("plan", "11-23"): 1}
    assert 'translation(locale: "ca")' in server.asked[1]["query"]


@pytest.mark.parametrize(
    "body",
    [
        {"errors": [{"message": "Field 'voteCount' doesn't exist on type 'Proposal'"}]},
        {"data": {"participatoryProcesses": None}},
        {"data": {"participatoryProcesses": []}},
        {"data": {"participatoryProcesses": [7]}},
        {
            "data": {
                "participatoryProcesses": SPACES["data"]["participatoryProcesses"],
                "component": None,
            }
        },
    ],
)
def test_a_platform_that_answers_otherwise_fails_the_poll(make_feed, body):
    with pytest.raises(FeedError):
        Server(lambda _: body).poll(decidim_feed(make_feed))


def test_one_page_is_parsed_without_a_network(make_feed):
    page = {"data": {"component": {"proposals": connection([thing(1), thing(1)])}}}

    found = decidim.parse(json.dumps(page).encode(), decidim_feed(make_feed), NOW)

    assert days(found) == {("f1", "11-23"): 1}


TABLE = (
    "id;participatory_space/id;participatory_space/url;scope/name/es;title/es;body/es;supports;"
    "endorsements/total_count;endorsements/user_endorsements;comments;published_at\n"
    '1;3;https://x.example/processes/plan;Centro;Hola;"<p>a;\nb</p>";4;1;Jo Secret;2;'
    "2026-11-23 10:00:00 UTC\n"
    "2;3;https://x.example/processes/plan?locale=es;;B;b;0;0;;1;2026-11-24 09:00:00 +0100\n"
    "3;5;;;C;c;;0;;;2026-11-22T10:00:00Z\n"
)


def packed(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def test_the_export_is_a_zip_of_which_proposals_are_counted(make_feed):
    body = packed({"x-open-data-proposals.csv": TABLE, "x-open-data-users.csv": "id;name\n1;Jo\n"})
    feed = decidim_feed(make_feed, format="export", locale="es", districts={"Centro": "d1"})

    found = decidim.parse(body, feed, NOW)

    assert days(found) == {("plan/d1", "11-23"): 1, ("plan", "11-24"): 1, ("5", "11-22"): 1}
    assert found.rejected == []
    assert "Jo" not in repr(found)


def test_the_export_may_be_the_table_itself_and_be_narrowed(make_feed):
    feed = decidim_feed(make_feed, format="export", processes=["plan"])

    found = decidim.parse(TABLE.encode(), feed, NOW)

    assert days(found) == {("plan", "11-23"): 1, ("plan", "11-24"): 1}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"PK\x03\x04 broken",
        packed({"a.csv": "id\n1\n"}),
        packed({"x-proposals.csv": "id;x\n1;2\n"}),
        packed({"x-proposals.csv": TABLE})[:-30],
        packed({"x-proposals.csv": TABLE}).replace(
            b"PK\x01\x02\x14\x03\x14", b"PK\x01\x02\x14\x03\xf4"
        ),
        packed({"x-proposals.csv": "id;published_at\n" + "0" * 60_000_000}),
    ],
)
def test_an_export_that_is_none_broken_or_a_bomb_is_refused(make_feed, body):
    with pytest.raises(ValueError, match=r"."):
        decidim.parse(body, decidim_feed(make_feed, format="export"), NOW)


def test_an_unchanged_export_says_nothing_new(make_feed):
    feed = decidim_feed(make_feed, format="export")

    def answer(request):
        if request.headers.get("if-none-match"):
            return httpx.Response(304)
        return httpx.Response(200, content=TABLE.encode(), headers={"etag": '"1"'})

    client = httpx.Client(transport=httpx.MockTransport(answer))
    first = poll(feed, client, {}, now=NOW)
    second = poll(feed, client, first.memory, now=NOW + DAY)

    assert second.not_modified
    assert second.memory["participation"] == first.memory["participation"]


@pytest.mark.parametrize(
    "options", [{"counts": ["voteCount } evil {"]}, {"locale": 'en") x'}, {"format": "xml"}]
)
def test_options_of_decidim_that_are_none_are_told(make_feed, options):
    assert problems(make_feed("decidim", options=options))
