import brotli
import pytest
from flask import Flask, Response

from house import headers

BIG = "x" * 5000


@pytest.fixture
def client():
    server = Flask("test", static_folder=None)
    made = []

    def text(**_: str) -> Response:
        made.append(1)
        return Response(BIG, mimetype="text/javascript")

    for rule in ("/assets/<name>", "/_dash-component-suites/p/<name>", "/page"):
        server.add_url_rule(rule, rule, text)
    server.add_url_rule("/json", "json", lambda: Response(BIG, mimetype="application/geo+json"))
    server.add_url_rule(
        "/stream", "stream", lambda: Response(iter([BIG.encode()]), mimetype="text/event-stream")
    )
    headers.install(server)
    headers.allow_scripts(server, ["'sha256-abc='"])
    return server.test_client()


def test_pages_load_nothing_from_elsewhere_and_run_no_foreign_script(client):
    policy = client.get("/page").headers["Content-Security-Policy"]

    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'self'"
    assert rules["script-src"] == "'self' 'sha256-abc='"
    assert rules["connect-src"] == "'self'"
    assert rules["frame-ancestors"] == "'none'"
    assert "unsafe-eval" not in policy
    assert "http" not in policy


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/assets/live.js?m=123.4", "public, max-age=31536000, immutable"),
        ("/assets/live.js", "no-cache"),
        ("/assets/plex.woff2", "public, max-age=86400"),
        ("/_dash-component-suites/p/a.v4_4_1m17.min.js", "public, max-age=31536000, immutable"),
        ("/page", "no-cache"),
        ("/assets/missing/x?m=1", "no-cache"),
    ],
)
def test_what_is_named_after_its_content_lasts(client, path, expected):
    assert client.get(path).headers["Cache-Control"] == expected


@pytest.mark.parametrize("path", ["/page", "/json", "/assets/live.js?m=1"])
def test_text_is_compressed_for_those_who_can_read_it(client, path):
    asked = client.get(path, headers={"Accept-Encoding": "br"})
    plain = client.get(path)

    assert brotli.decompress(asked.data).decode() == plain.text == BIG
    assert asked.headers["Vary"] == "Accept-Encoding"


def test_a_file_is_compressed_once(client, monkeypatch):
    seen = []
    original = brotli.compress
    monkeypatch.setattr(brotli, "compress", lambda *a, **k: seen.append(1) or original(*a, **k))

    for _ in range(3):
        client.get("/assets/live.js?m=1", headers={"Accept-Encoding": "br"})
        client.get("/page", headers={"Accept-Encoding": "br"})

    assert len(seen) == 1 + 3, "the file once, the page each time"


def test_a_stream_is_never_compressed(client):
    answer = client.get("/stream", headers={"Accept-Encoding": "br, gzip"})

    assert "Content-Encoding" not in answer.headers
