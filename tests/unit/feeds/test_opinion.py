"""RSS, Atom and Mastodon: counts by hour and tone, and nobody's words; texts are our own."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds import FeedError, Limits, mastodon, poll, problems, rss
from feeds.tone import tone
from feeds.tone_words import NEGATIVE, POSITIVE

NOW = datetime(2026, 11, 24, 12, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)


def counts(found):
    """(posts, good, bad) by site and hour; hours in which nobody said anything are left out."""
    by_hour = {}
    for one in found.accepted:
        key = (one.site_id, one.observed_at.strftime("%d %H"))
        by_hour.setdefault(key, []).append(one.value)
    return {key: tuple(some) for key, some in by_hour.items() if some[0]}


# -- tone


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Great new bike lane, love it", "en", 1),
        ("The bus is late and dirty", "en-CA", -1),
        ("Council meets on Monday", "en", 0),
        ("This is not good at all", "en", -1),
        ("I can't complain", "en", 1),
        ("It isn't safe", "en", -1),
        ("nice but dirty", "en", 0),
        ("Le parc est magnifique, merci", "fr", 1),
        ("C’est pas mal", "fr_CA", 1),
        ("Ce n’est pas bon", "fr", -1),
        ("L'été, quelle chaleur pénible", "fr", -1),
        ("Bravo à l'équipe", "fr", 1),
        ("Una plaza preciosa, gracias", "es", 1),
        ("No es bueno, qué vergüenza", "es", -1),
        ("Great", "de", 0),
        ("Great", None, 0),
        ("", "en", 0),
        ("<p>Great <a href='x'>#terrible</a></p>", "en", 0),
        ("<p class='awful'>Great</p>", "en", 1),
    ],
)  # fmt: skip
def test_words_make_the_tone(text, language, expected):
    assert tone(text, language) == expected


@pytest.mark.parametrize("language", POSITIVE)
def test_no_word_is_good_and_bad(language):
    assert not set(POSITIVE[language].split()) & set(NEGATIVE[language].split())
    assert all(w == w.lower() and w.isascii() for w in POSITIVE[language].split())
    assert all(w == w.lower() and w.isascii() for w in NEGATIVE[language].split())


@given(st.text(max_size=200), st.sampled_from(["en", "fr", "es", "xx"]))
def test_any_text_has_a_tone(text, language):
    assert tone(text, language) in {-1, 0, 1}


# -- RSS and Atom


def item(number, at="Tue, 24 Nov 2026 10:05:00 GMT", title="Great park", **more):
    date = f"<pubDate>{at}</pubDate>" if at else ""
    extra = "".join(f"<{key}>{value}</{key}>" for key, value in more.items())
    return (
        f"<item><title>{title}</title><guid>g{number}</guid>{date}"
        f"<author>jo@city.example</author><link>https://x.example/{number}</link>{extra}</item>"
    )


def channel(*items, language="en"):
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>News</title>'
        f"<language>{language}</language>{''.join(items)}</channel></rss>"
    )


def read_rss(make_feed, body, **options):
    raw = body.encode() if isinstance(body, str) else body
    return rss.parse(raw, make_feed("rss", options=options), NOW)


def test_items_count_by_hour_and_tone(make_feed):
    body = channel(
        item(1),
        item(2, title="Dirty streets"),
        item(3, at="Tue, 24 Nov 2026 06:59:59 -0500", title="Council"),
    )

    found = read_rss(make_feed, body)

    assert counts(found) == {("f1", "24 10"): (2, 1, 1), ("f1", "24 11"): (1, 0, 0)}
    first = found.accepted[0]
    assert (first.quantity, first.unit) == ("posts", "count")
    assert first.observed_at == datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert "jo@" not in repr(found)
    assert "park" not in repr(found)
    assert "x.example" not in repr(found)


def test_atom_is_read_and_updated_stands_in_for_published(make_feed):
    body = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="fr"><title>N</title>
      <entry><id>1</id><title xml:lang="fr">Merci, le parc est superbe</title>
        <updated>2026-11-24T12:30:00+02:00</updated></entry></feed>"""

    assert counts(read_rss(make_feed, body)) == {("f1", "24 10"): (1, 1, 0)}


def test_what_is_left_out_is_counted_with_its_reason(make_feed):
    body = channel(
        item(1),
        item(1),
        item(2, at=None),
        item(3, at="someday"),
        item(4, at="Sat, 21 Nov 2026 10:00:00 GMT"),
        item(5, at="Tue, 24 Nov 2026 20:00:00 GMT"),
    )

    found = read_rss(make_feed, body)

    assert counts(found) == {("f1", "24 10"): (1, 1, 0)}
    assert found.rejected == []
    assert found.skipped == {
        "counted before": 1,
        "without a time": 2,
        "older than 48 hours": 1,
        "in the future": 1,
    }


def test_the_language_is_the_items_the_lists_or_the_packs(make_feed):
    french = item(1, title="Quelle honte", **{"dc:language": "fr"}).replace(
        "<item>", '<item xmlns:dc="http://purl.org/dc/elements/1.1/">'
    )

    assert counts(read_rss(make_feed, channel(french)))["f1", "24 10"] == (1, 0, 1)
    unknown = channel(item(1), language="tlh")
    assert counts(read_rss(make_feed, unknown))["f1", "24 10"] == (1, 0, 0)
    silent = channel(item(1)).replace("<language>en</language>", "")
    assert counts(read_rss(make_feed, silent))["f1", "24 10"] == (1, 0, 0)
    assert counts(read_rss(make_feed, silent, language="en"))["f1", "24 10"] == (1, 1, 0)


def test_words_choose_and_topics_name(make_feed):
    body = channel(
        item(1, title="The BUS is late in Montréal"),
        item(2, title="Busy day in Montreal"),
        item(3, title="Snow removal in Montréal"),
        item(4, title="Elsewhere the bus runs"),
    )

    found = read_rss(
        make_feed, body, words=["montreal"], topics={"transit": ["bus"], "snow": ["snow removal"]}
    )

    assert counts(found) == {
        ("transit", "24 10"): (1, 0, 1),
        ("f1", "24 10"): (1, 0, 0),
        ("snow", "24 10"): (1, 0, 0),
    }
    assert found.skipped == {"none of the words": 1}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_any_charset_is_read(make_feed, encoding):
    body = channel(item(1, title="Père Noël, great")).encode(encoding)

    assert counts(read_rss(make_feed, body)) == {("f1", "24 10"): (1, 1, 0)}


def test_what_is_not_well_formed_is_read_as_far_as_it_goes(make_feed):
    body = channel(item(1, title="Great &nbsp; & good"), item(2))

    found = read_rss(make_feed, body)

    assert counts(found)["f1", "24 10"][0] == 2
    assert "not well-formed, read as far as it goes" in found.skipped


@pytest.mark.parametrize(
    "body",
    [
        "",
        "nonsense",
        "/etc/passwd",
        "https://x.example/",
        "<html><body>x</body></html>",
        "{}",
        "<other></other>",
        channel(item(1))[:-10],
        channel(item(1))[:150],
        '<!DOCTYPE a [<!ENTITY b "c">]>' + channel(item(1)),
        '<!DOCTYPE a [<!entity b SYSTEM "file:///etc/passwd">]>' + channel(item(1, title="&b;")),
        channel(item(1, title="x" * 3_100_000)),
    ],
)
def test_what_is_no_list_cut_off_or_dangerous_is_refused(make_feed, body):
    with pytest.raises(ValueError, match=r"RSS|entities|larger"):
        read_rss(make_feed, body)


def polled(feed, answer, memory=None, now=NOW):
    client = httpx.Client(transport=httpx.MockTransport(answer))
    kept = json.loads(json.dumps(memory or {}))
    found = poll(feed, client, kept, now=now, limits=Limits(attempts=1))
    return found.parsed, found.memory


def test_a_late_item_changes_the_count_of_its_hour_and_nothing_counts_twice(make_feed):
    feed = make_feed("rss")
    serve = lambda *items: lambda _: httpx.Response(200, text=channel(*items))  # noqa: E731 - short
    _, memory = polled(feed, serve(item(1)))
    late = item(2, at="Tue, 24 Nov 2026 10:50:00 GMT", title="Ugly")

    found, memory = polled(feed, serve(late, item(1)), memory, NOW + HOUR)
    same, memory = polled(feed, serve(late, item(1)), memory, NOW + 2 * HOUR)

    assert counts(found) == {("f1", "24 10"): (2, 1, 1)}
    assert counts(same) == {}
    told = sorted({o.observed_at.hour for o in same.accepted})
    assert told == [13, 14]
    assert all(o.value == 0 for o in same.accepted)


def test_an_unchanged_list_says_that_nobody_said_anything(make_feed):
    def answer(request):
        if request.headers.get("if-none-match"):
            return httpx.Response(304)
        return httpx.Response(200, text=channel(item(1)), headers={"etag": '"1"'})

    _, memory = polled(make_feed("rss"), answer)
    found, _ = polled(make_feed("rss"), answer, memory, NOW + HOUR)

    assert [(o.quantity, o.value) for o in found.accepted[-3:]] == [
        ("posts", 0),
        ("posts_positive", 0),
        ("posts_negative", 0),
    ]


def test_memory_holds_two_days_of_hashes_and_no_words(make_feed):
    feed = make_feed("rss")
    serve = lambda *items: lambda _: httpx.Response(200, text=channel(*items))  # noqa: E731 - short
    _, memory = polled(feed, serve(item(1)))
    _, later = polled(feed, serve(item(1)), memory, NOW + timedelta(hours=45))
    _, gone = polled(feed, serve(item(1)), later, NOW + timedelta(hours=49))

    assert len(memory["opinion"]["seen"]["2026-11-24T10"]) == 1
    assert "g1" not in json.dumps(memory)
    assert "park" not in json.dumps(memory)
    assert later["opinion"]["seen"] == memory["opinion"]["seen"]
    assert gone["opinion"]["seen"] == gone["opinion"]["counts"] == {}


# -- Mastodon


def post(number, minutes=10, content="<p>Great <b>park</b></p>", **more):
    at = NOW - timedelta(minutes=minutes)
    return {
        "id": str(number),
        "created_at": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "language": "en",
        "visibility": "public",
        "content": content,
        "spoiler_text": "",
        "reblog": None,
        "url": "https://social.example/@jo/1",
        "account": {"acct": "jo", "bot": False},
    } | more


class Instance:
    """Serves posts as Mastodon does: newest first, by min_id or max_id."""

    def __init__(self, posts, *, has_link=True, size=40):
        self.posts, self.has_link, self.size, self.asked = posts, has_link, size, []

    def __call__(self, request):
        asked = request.url.params
        self.asked.append(request)
        found = sorted(self.posts, key=lambda one: int(one["id"]))
        if "min_id" in asked:
            page = [p for p in found if int(p["id"]) > int(asked["min_id"])][: self.size]
        else:
            high = int(asked.get("max_id", 10**18))
            page = [p for p in found if int(p["id"]) < high][-self.size :]
        page = page[::-1]
        headers = {}
        if page and self.has_link:
            base = "https://city.example/feed/api/v1/timelines/tag/x?limit=40"
            headers["link"] = (
                f'<{base}&max_id={page[-1]["id"]}>; rel="next", '
                f'<{base}&min_id={page[0]["id"]}>; rel="prev"'
            )
        return httpx.Response(200, json=page, headers=headers)


def tag_feed(make_feed, **options):
    return make_feed("mastodon", options={"tags": ["#montreal"]} | options)


def test_posts_count_by_hour_and_tone_and_show_nobody(make_feed):
    posts = [post(1), post(2, 30, "<p>Awful noise</p>"), post(3, 5, spoiler_text="Terrible!")]
    instance = Instance(posts)

    found, memory = polled(tag_feed(make_feed), instance)

    assert counts(found) == {("montreal", "24 12"): (2, 1, 0), ("montreal", "24 11"): (1, 0, 1)}
    assert instance.asked[0].url.path == "/feed/api/v1/timelines/tag/montreal"
    assert instance.asked[0].url.params["limit"] == "40"
    for hidden in ("jo", "park", "noise", "social.example"):
        assert hidden not in repr(found)
        assert hidden not in json.dumps(memory)


@pytest.mark.parametrize("has_link", [True, False])
def test_only_what_is_new_is_asked_for_page_by_page(make_feed, has_link):
    feed = tag_feed(make_feed)
    _, memory = polled(feed, Instance([post(1)], has_link=has_link))
    many = Instance([post(n) for n in range(1, 101)], has_link=has_link)

    found, memory = polled(feed, many, memory)
    again, _ = polled(feed, many, memory)

    assert counts(found) == {("montreal", "24 12"): (100, 100, 0)}
    assert [r.url.params["min_id"] for r in many.asked] == ["1", "41", "81", "100"]
    assert [o.value for o in again.accepted] == [100, 100, 0]


@pytest.mark.parametrize("has_link", [True, False])
def test_the_first_poll_goes_two_days_back(make_feed, has_link):
    posts = [post(1000 - n, n * 60) for n in range(200)]
    instance = Instance(posts, has_link=has_link)

    found, memory = polled(tag_feed(make_feed), instance)

    assert len(instance.asked) == 2
    assert sum(some[0] for some in counts(found).values()) == 49
    assert memory["newest"] == {"montreal": "1000"}


def test_pages_are_capped_and_the_rest_comes_next_time(make_feed):
    feed = tag_feed(make_feed, max_pages=1)
    _, memory = polled(feed, Instance([post(1)]))
    many = Instance([post(n) for n in range(1, 101)])

    _, memory = polled(feed, many, memory)
    found, _ = polled(feed, many, memory)

    assert counts(found)["montreal", "24 12"][0] == 81


def test_a_post_with_two_tags_counts_once(make_feed):
    instance = Instance([post(1)])

    found, _ = polled(tag_feed(make_feed, tags=["montreal", "mtl"]), instance)

    assert counts(found) == {("montreal", "24 12"): (1, 1, 0)}
    assert found.skipped == {"counted before": 1}


def test_bots_and_what_is_not_public_are_left_out(make_feed):
    posts = [
        post(1, account={"bot": True}),
        post(2, visibility="unlisted"),
        post(3, reblog={"id": "9"}),
        post(4),
    ]

    found, _ = polled(tag_feed(make_feed), Instance(posts))
    bots, _ = polled(tag_feed(make_feed, bots=True), Instance(posts))

    assert counts(found)["montreal", "24 12"][0] == 1
    assert found.skipped == {"by a bot": 1, "repeated, or not public": 2}
    assert counts(bots)["montreal", "24 12"][0] == 2


@pytest.mark.parametrize(
    "row",
    [
        None,
        7,
        "jo",
        [],
        {},
        post(2, created_at="yesterday"),
        post(2, created_at=None),
        post(2, content=None),
        post(2, content=["jo"]),
        post(2, account="jo"),
    ],
)
def test_an_odd_post_costs_itself_and_repeats_nothing(make_feed, row):
    body = json.dumps([row, post(1)]).encode()

    found = mastodon.parse(body, tag_feed(make_feed), NOW)

    assert counts(found) == {("montreal", "24 12"): (1, 1, 0)}
    assert [one.line for one in found.rejected] == [1]
    assert "jo" not in repr(found.rejected)
    assert "park" not in repr(found.rejected)


@pytest.mark.parametrize("language", [7, None, "zxx", ["en"]])
def test_an_odd_language_is_neither_good_nor_bad(make_feed, language):
    body = json.dumps([post(1, language=language)]).encode()

    assert counts(mastodon.parse(body, tag_feed(make_feed), NOW))["montreal", "24 12"] == (1, 0, 0)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, json={"error": "This method requires an authenticated user"}),
        httpx.Response(200, json={}),
        httpx.Response(200, text="[{"),
        httpx.Response(401, json={"error": "no"}),
        httpx.Response(429, headers={"retry-after": "300"}),
    ],
)
def test_a_timeline_that_is_none_fails_the_poll(make_feed, answer):
    with pytest.raises(FeedError):
        polled(tag_feed(make_feed), lambda _: answer)


def test_a_token_is_sent_and_never_shown(make_feed, monkeypatch):
    monkeypatch.setenv("SOCIAL", "s3cret-token")
    instance = Instance([post(1)])
    feed = tag_feed(make_feed, token="env:SOCIAL", local=True)

    polled(feed, instance)
    with pytest.raises(FeedError) as caught:
        polled(feed, lambda _: httpx.Response(403, text="bad s3cret-token"))

    assert instance.asked[0].headers["authorization"] == "Bearer s3cret-token"
    assert instance.asked[0].url.params["local"] == "true"
    assert "s3cret-token" not in caught.value.reason


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("mastodon", {}),
        ("mastodon", {"tags": []}),
        ("mastodon", {"tags": ["#"]}),
        ("mastodon", {"tags": ["a"], "token": "plain"}),
        ("rss", {"words": [""]}),
        ("rss", {"topics": {"a": []}}),
        ("rss", {"topics": {"a": ["!"]}}),
        ("rss", {"tags": ["a"]}),
    ],
)
def test_options_that_are_none_are_told(make_feed, kind, options):
    assert problems(make_feed(kind, options=options))
