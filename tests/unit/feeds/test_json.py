"""Any JSON by pointers: nested rows, matrices, lines, pages, errors under 200, secrets."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds import FeedError, again, anyjson, poll, problems, receive
from feeds.http import Limits
from feeds.scan import find, one_by_one
from model import Delivery, Feed

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LIMITS = Limits(sleep=lambda _: None)
FLAT = {
    "site_id": "site",
    "observed_at": "at",
    "quantity": {"value": "no2"},
    "value": {"column": "v", "unit": "µg/m³"},
}
ROW = {"site": "a", "at": "2026-11-24T11:00:00Z", "v": 5}
NESTED = {
    "generated": "2026-11-24T11:30:00Z",
    "nets": {
        "north": {
            "place": {"lat": 45.5, "lon": -73.6},
            "sensors": [
                {"kind": "NO2", "at": 1795518000, "v": "12.5"},
                {"kind": "O3", "at": 1795518000, "v": "?"},
            ],
        },
        "south": {"place": None, "sensors": []},
    },
}
UP = {
    "site_id": "../@key",
    "lat": "../place/lat",
    "lon": "../place.lon",
    "observed_at": {"column": "at", "format": "epoch_s"},
    "quantity": {"column": "kind", "map": {"NO2": "no2", "O3": "o3"}},
    "value": {"column": "v", "unit": "µg/m³"},
}


def feed_of(make_feed, options, gives="observation", **more):
    feed = make_feed("json", gives, options={"columns": FLAT, **options}, **more)
    assert problems(feed) == []
    return feed


def parse(make_feed, body, **options):
    said = body if isinstance(body, bytes) else json.dumps(body).encode()
    return anyjson.parse(said, feed_of(make_feed, options), NOW)


def test_rows_know_what_stands_around_them(make_feed):
    found = parse(
        make_feed,
        NESTED,
        rows="/nets/*/sensors",
        published_at="/generated",
        columns=UP,
    )

    (one,) = found.accepted
    assert (one.site_id, one.quantity, one.value) == ("north", "no2", 12.5)
    assert (one.lat, one.lon) == (45.5, -73.6)
    assert one.observed_at == datetime(2026, 11, 24, 11, tzinfo=UTC)
    assert one.published_at == found.published_at == datetime(2026, 11, 24, 11, 30, tzinfo=UTC)
    assert [(r.line, r.field, r.reason) for r in found.rejected] == [
        (2, "value", "'?' is no number")
    ]


def test_a_refused_row_is_read_again_with_what_stood_around_it(make_feed):
    options = {"rows": "/nets/*/sensors", "columns": UP}
    refused = parse(make_feed, NESTED, **options).rejected
    mended = {**UP, "value": {"column": "v", "unit": "µg/m³", "missing": ["?"]}}
    feed = feed_of(make_feed, {**options, "columns": mended})

    same = again(feed_of(make_feed, options), refused, {}, now=NOW)
    found = again(feed, refused, {}, now=NOW)

    assert [(r.line, r.reason) for r in same.rejected] == [(2, "'?' is no number")]
    assert found.rejected == []
    assert [(o.site_id, o.quantity, o.value, o.lat) for o in found.accepted] == [
        ("north", "o3", None, 45.5)
    ]


@pytest.mark.parametrize(
    ("options", "body"),
    [
        ({}, [ROW]),
        ({}, ROW),
        ({"rows": "/a/b"}, {"a": {"b": [ROW], "c": [1, {"x": None}]}, "d": "é"}),
        ({"rows": "/a~1b"}, {"a/b": [ROW]}),
        ({"rows": "/0/x"}, [{"x": [ROW]}, {"x": []}]),
        ({"rows": "/x/*/y/*"}, {"x": [{"y": [ROW]}, {"y": None}, {}, 5]}),
        ({"rows": "/x/*"}, {"x": {"k": ROW}}),
        ({"key_as": "site"}, {"a": {"at": ROW["at"], "v": 5}}),
        ({"rows": "/d", "matrix": "/f"}, {"f": list(ROW), "d": [list(ROW.values())]}),
        (
            {"rows": "/d", "matrix": "/f"},
            {"d": [list(ROW.values())], "f": [{"name": n} for n in ROW]},
        ),
        ({"rows": "/d", "columnar": True}, {"d": {k: [v] for k, v in ROW.items()}}),
        (
            {"rows": "/x/*", "columns": {**FLAT, "site_id": "@key", "observed_at": "$/at",
                                         "value": {"column": "@value", "unit": "µg/m³"}}},
            {"x": {"a": 5}, "at": ROW["at"]},
        ),
        (
            {"columns": {**FLAT, "site_id": "/0", "observed_at": "/1",
                         "value": {"column": "2", "unit": "µg/m³"}}},
            [["a", ROW["at"], 5]],
        ),
    ],
)  # fmt: skip
def test_rows_are_found_wherever_they_stand(make_feed, options, body):
    found = parse(make_feed, body, **options)

    assert found.rejected == []
    assert [(one.site_id, one.value, one.observed_at.hour) for one in found.accepted] == [
        ("a", 5.0, 11)
    ]


def test_places_come_from_one_member(make_feed):
    rows = [{**ROW, "geo": {"type": "Point", "coordinates": [-73.6, 45.5]}}, {**ROW, "geo": "?"}]

    found = parse(make_feed, rows, location="geo")

    assert [(one.lat, one.lon) for one in found.accepted] == [(45.5, -73.6)]
    assert [(r.line, r.reason[:4]) for r in found.rejected] == [(2, "geo:")]


@pytest.mark.parametrize("between", ["\n", ",\n", "", "\n\x1e", "\r\n"])
def test_documents_after_each_other(make_feed, between):
    body = between.join(json.dumps({**ROW, "v": n}) for n in range(3)).encode()

    assert [one.value for one in parse(make_feed, body, lines=True).accepted] == [0.0, 1.0, 2.0]


def test_a_broken_line_costs_itself_only(make_feed):
    good = json.dumps(ROW)
    body = f'{good}\n{{"site": "b", "at"\n{good}\n{good[:20]}'.encode()

    found = parse(make_feed, body, lines=True, quarantine_limit=1.0)

    assert len(found.accepted) == 2
    assert [r.line for r in found.rejected] == [2, 4]


@pytest.mark.parametrize(
    ("body", "options", "says"),
    [
        (b"", {}, "is empty"),
        (b" \n", {}, "is empty"),
        (b"<html>", {}, "HTML"),
        (b"[]", {}, "no rows"),
        (b"{", {}, "Expecting value"),
        (b"[{}", {}, "missing"),
        (b"[{}] x", {}, "Extra data"),
        (b'{"a": 1}', {"rows": "/b"}, "nothing stands at /b; there are 'a'"),
        (b'{"a": 1}', {"rows": "/a"}, "stands '1', no rows"),
        (b'[{"v": NaN}]', {}, "NaN is no JSON number"),
        (b'[{"x": 1}]', {}, "no column 'at' in any row; there are 'x'"),
        (b'{"d": [[1]]}', {"rows": "/d", "matrix": "/f"}, "no names of columns"),
        (b'{"a": [1], "b": [1, 2]}', {"columnar": True}, "unequal length"),
    ],
)
def test_a_document_without_rows_is_refused(make_feed, body, options, says):
    with pytest.raises(ValueError, match=says):
        parse(make_feed, body, **options)


def test_no_rows_mean_nothing_where_the_pack_says_so(make_feed):
    assert parse(make_feed, [], empty="ok").accepted == []


def test_a_body_cut_off_anywhere_fails(make_feed):
    body = json.dumps(NESTED).encode()
    for end in range(1, len(body) - 1):
        with pytest.raises(ValueError):
            parse(make_feed, body[:end], rows="/nets/*/sensors", columns=UP)


def test_an_error_under_200_is_an_error(make_feed, answering):
    feed = feed_of(make_feed, {"rows": "/d", "error": "/error/message"})
    client = answering({"/feed": {"error": {"message": "quota  used up"}, "d": [ROW]}})

    with pytest.raises(FeedError, match="the source says: quota used up") as caught:
        poll(feed, client, {}, now=NOW, limits=LIMITS)

    assert not caught.value.permanent
    fine = answering({"/feed": {"error": None, "d": [ROW]}})
    assert len(poll(feed, fine, {}, now=NOW, limits=LIMITS).parsed.accepted) == 1


def test_secrets_go_where_they_belong_and_are_never_shown(make_feed, answering, monkeypatch):
    monkeypatch.setenv("NOISE_KEY", "sesame-1")
    options = {
        "method": "POST",
        "headers": {"X-API-Key": "env:NOISE_KEY"},
        "params": {"token": "env:NOISE_KEY", "n": 5},
        "body": {"auth": ["env:NOISE_KEY"], "q": "x"},
        "token": "env:NOISE_KEY",
    }
    client = answering({"/feed": [{**ROW, "v": "sesame-1"}, ROW]})

    found = poll(feed_of(make_feed, options), client, {}, now=NOW, limits=LIMITS)

    (asked,) = client.asked
    assert asked.method == "POST"
    assert asked.headers["X-API-Key"] == "sesame-1"
    assert asked.headers["Authorization"] == "Bearer sesame-1"
    assert dict(asked.url.params) == {"token": "sesame-1", "n": "5"}
    assert json.loads(asked.content) == {"auth": ["sesame-1"], "q": "x"}
    assert "sesame" not in repr(found.parsed) + repr(found.memory)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"headers": {"Authorization": "Bearer x"}}, "a secret never stands in a pack"),
        ({"params": {"api_key": "x"}}, "a secret never stands in a pack"),
        ({"page": "p", "offset": "o", "page_size": 5}, "choose one"),
        ({"offset": "o"}, "offset needs page_size"),
        ({"cursor": "c"}, "cursor names"),
        ({"body": {"a": 1}}, "a body goes with"),
        ({"rows": "a"}, "is no JSON pointer"),
        ({"published_at": "/a", "published_format": "dd"}, "is no date format"),
        ({"columns": {"site_id": "x"}}, "observed_at: missing"),
    ],
)
def test_wrong_options_are_told_before_anything_is_asked(make_feed, options, says):
    feed = make_feed("json", options={"columns": FLAT, **options})

    assert says in "; ".join(problems(feed))


def paged(answer):
    """Answer by the parameters of the question."""
    asked = []

    def one(request):
        asked.append(dict(request.url.params))
        return httpx.Response(200, json=answer(dict(request.url.params)))

    return httpx.Client(transport=httpx.MockTransport(one)), asked


def rows(*numbers):
    return [{**ROW, "site": f"s{n}"} for n in numbers]


@pytest.mark.parametrize(
    ("options", "answer", "n_asked"),
    [
        (
            {"page": "page", "page_size": 2, "size": "limit"},
            lambda q: {"d": rows(*range(5))[2 * int(q["page"]) - 2 :][: int(q["limit"])]},
            3,
        ),
        ({"page": "p", "first_page": 0}, lambda q: {"d": rows(*range(5))[int(q["p"]) :][:1]}, 6),
        ({"offset": "o", "page_size": 3}, lambda q: {"d": rows(*range(5))[int(q["o"]) :][:3]}, 2),
        (
            {"offset": "o", "page_size": 3, "total": "/n"},
            lambda q: {"n": "5", "d": rows(*range(5))[int(q["o"]) :][:3]},
            2,
        ),
        (
            {"next": "/next"},
            lambda q: {
                "d": rows(*range(5))[int(q.get("at", 0)) :][:2],
                "next": f"?at={int(q.get('at', 0)) + 2}" if int(q.get("at", 0)) < 4 else None,
            },
            3,
        ),
        (
            {"next": "/meta/cursor", "cursor": "after"},
            lambda q: {
                "d": rows(*range(5))[int(q.get("after", 0)) :][:4],
                "meta": {"cursor": 4 if "after" not in q else ""},
            },
            2,
        ),
    ],
)
def test_pages_are_walked_to_the_end(make_feed, options, answer, n_asked):
    client, asked = paged(answer)
    options = {"rows": "/d", "params": {"q": "x"}, **options}

    found = poll(feed_of(make_feed, options), client, {}, now=NOW, limits=LIMITS)

    assert [one.site_id for one in found.parsed.accepted] == [f"s{n}" for n in range(5)]
    assert len(asked) == n_asked
    assert all(one["q"] == "x" for one in asked)
    after = poll(feed_of(make_feed, options), client, found.memory, now=NOW, limits=LIMITS)
    assert after.not_modified


def test_paging_in_circles_and_without_end_is_refused(make_feed):
    client, _ = paged(lambda _: {"d": rows(1), "next": "/feed"})
    with pytest.raises(FeedError, match="page 2 repeats an earlier one"):
        poll(
            feed_of(make_feed, {"rows": "/d", "next": "/next"}),
            client, {}, now=NOW, limits=LIMITS,
        )  # fmt: skip

    client, _ = paged(lambda q: {"d": rows(int(q["p"]))})
    feed = feed_of(make_feed, {"rows": "/d", "page": "p", "max_pages": 3})
    with pytest.raises(FeedError, match="more than max_pages = 3"):
        poll(feed, client, {}, now=NOW, limits=LIMITS)


def test_a_page_on_another_host_is_refused(make_feed):
    client, _ = paged(lambda _: {"d": rows(1), "next": "https://evil.example/2"})

    with pytest.raises(FeedError, match="refused to ask evil"):
        poll(
            feed_of(make_feed, {"rows": "/d", "next": "/next"}),
            client, {}, now=NOW, limits=LIMITS,
        )  # fmt: skip


def test_the_same_bytes_are_read_again_only_with_another_mapping(make_feed, answering):
    client = answering({"/feed": [ROW]})
    first = poll(feed_of(make_feed, {}), client, {}, now=NOW, limits=LIMITS)
    same = poll(feed_of(make_feed, {}), client, first.memory, now=NOW, limits=LIMITS)
    other = {"columns": {**FLAT, "value": {"column": "v", "unit": "ppb"}}}
    mended = poll(feed_of(make_feed, other), client, first.memory, now=NOW, limits=LIMITS)

    assert same.not_modified
    assert same.parsed.accepted == []
    assert [one.value for one in mended.parsed.accepted] == [pytest.approx(9.41, abs=0.01)]


def test_documents_are_pushed(make_feed, monkeypatch):
    monkeypatch.setenv("PUSH", "secret-1")
    feed = feed_of(make_feed, {}, url=None, push_secret="env:PUSH")
    lines = f"{json.dumps(ROW)}\n{json.dumps(ROW)}\n".encode()

    for body, media_type, n in [
        (json.dumps(ROW).encode(), "application/json", 1),
        (lines, "application/x-ndjson", 2),
    ]:
        pushed = Delivery(feed_id="f1", body=body, received_at=NOW, media_type=media_type)
        assert len(receive(feed, pushed).accepted) == n


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(values, st.sampled_from(["", "/x", "/x/*", "/*", "/*/*", "/0", "/x/*/y", "/*/x/0"]))
@settings(deadline=None, max_examples=300)
def test_any_document_gives_facts_rejects_or_a_clear_error(value, pointer):
    feed = anyjson_feed({"rows": pointer, "quarantine_limit": 1.0})
    try:
        found = anyjson.parse(json.dumps({"x": value} if pointer[:2] == "/x" else value).encode(),
                              feed, NOW)  # fmt: skip
    except (ValueError, FeedError):
        return
    assert all(one.raw for one in found.rejected)


def anyjson_feed(options):
    return Feed(
        id="f1", kind="json", gives="observation", every=timedelta(hours=1),
        url="https://city.example", options={"columns": FLAT, **options},
    )  # fmt: skip


@given(values)
@settings(deadline=None, max_examples=300)
def test_scanning_finds_what_the_json_module_finds(value):
    text = json.dumps(value, indent=1)
    place = find(text, ())
    if isinstance(value, dict):
        assert dict(zip(place.keys, place.rows, strict=True)) == value
    elif isinstance(value, list):
        assert list(place.rows) == value
    else:
        assert place.value == value
    assert list(one_by_one(text + "\n" + text)) == [value, value]
