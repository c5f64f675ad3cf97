"""The web put together with the real pages of the demo city, asked in this process."""

import base64
import hashlib
import json
import re
from datetime import UTC, datetime

import pytest

import cities
from api.permit import Action, action_of
from house.web import Wanted, make
from layouts.live import SCENES
from tests.integration.house.conftest import ROOT

pytestmark = pytest.mark.integration

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    pack = cities.load(ROOT / "cities" / "montreal", places={"demo": "http://127.0.0.1:9"})
    found = make(
        Wanted(
            pack=pack,
            store_url="memory://",
            history_location=str(tmp_path_factory.mktemp("history")),
            secret_key="k" * 32,
            clock=lambda: datetime.now(UTC),
            max_streams=2,
            wall_distance_m=3.0,
            wall_pitch_mm=0.565,
            is_open=False,
        )
    )
    yield found
    found.hub.close()


@pytest.fixture
def client(web):
    return web.server.test_client()


def test_every_route_passes_the_permit(web):
    for rule in web.server.url_map.iter_rules():
        assert action_of(rule.endpoint) is not None, rule


def test_only_named_operations_change_anything(web):
    changing = {
        rule.endpoint
        for rule in web.server.url_map.iter_rules()
        if rule.methods - {"GET", "HEAD", "OPTIONS"}
    }

    assert {action_of(name) for name in changing} == {Action.OPERATE, Action.PUSH, Action.ASK}


@pytest.mark.parametrize("path", ["/wall", "/wall/overview"])
def test_pages_answer_before_there_is_any_data(client, path):
    answer = client.get(path, headers=HTML)

    assert answer.status_code == 200
    assert answer.mimetype == "text/html"


@pytest.mark.parametrize(
    "path", ["/nowhere", "/wall/nowhere", "/district/nowhere", "/indicators/no.such", "/../etc"]
)
def test_what_does_not_exist_is_404(client, path):
    assert client.get(path, headers=HTML).status_code == 404


@pytest.mark.parametrize("path", ["/wall", "/api/v1/snapshot", "/stream?scene=overview"])
def test_the_rewound_room_is_not_answered_with_live_data(client, path):
    joint = "&" if "?" in path else "?"

    answer = client.get(f"{path}{joint}at=2026-01-01T00:00:00Z", headers=HTML)

    assert answer.status_code == 501


def test_an_error_page_does_not_repeat_markup_from_the_address(client):
    answer = client.get("/wall/<script>alert(1)</script>", headers=HTML)

    assert answer.status_code == 404
    assert "<script>" not in answer.text


def test_a_page_names_no_other_host(client):
    text = client.get("/wall", headers=HTML).text

    hosts = set(re.findall(r"(?:src|href|url)=?\(?[\"']?(?:https?:)?//([^/\"'\s)]+)", text))
    assert hosts == set()


def test_inline_scripts_are_named_in_the_policy(client):
    answer = client.get("/wall", headers=HTML)
    policy = answer.headers["Content-Security-Policy"]
    pattern = r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>(.*?)</script>"
    inline = re.findall(pattern, answer.text, re.DOTALL)

    assert inline
    for script in inline:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy, script
    assert "unsafe-eval" not in policy


def test_every_file_that_a_page_loads_is_there_and_lasts(client):
    text = client.get("/wall", headers=HTML).text
    files = re.findall(r"<(?:script|link)[^>]*(?:src|href)=\"([^\"]+)\"", text)

    assert files
    for name in files:
        with client.get(name.replace("&amp;", "&")) as answer:
            lasting = answer.headers["Cache-Control"]
        assert answer.status_code == 200, name
        if "favicon" not in name:
            assert "immutable" in lasting, name


def test_a_callback_from_another_origin_is_refused(client):
    answer = client.post(
        "/_dash-update-component", json={}, headers={"Origin": "http://evil.example"}
    )

    assert answer.status_code == 403


def test_streams_open_for_every_scene_and_no_other(client):
    for scene in SCENES:
        answer = client.get(f"/stream?scene={scene}")
        assert answer.mimetype == "text/event-stream"
        assert answer.headers["X-Accel-Buffering"] == "no"
        assert next(answer.response).startswith(b"retry: 2000")
        answer.close()

    assert client.get("/stream?scene=nowhere").status_code == 404
    assert client.get("/stream?scene=overview&locale=xx").status_code == 404
    assert client.get("/stream").status_code == 404


def test_when_all_streams_are_taken_the_next_is_told_to_come_back(client):
    held = [client.get("/stream?scene=overview") for _ in range(2)]

    refused = client.get("/stream?scene=overview")
    held[0].close()
    after = client.get("/stream?scene=overview")

    assert refused.status_code == 503
    assert refused.headers["Retry-After"] == "5"
    assert after.status_code == 200
    for answer in (held[1], after):
        answer.close()


def test_readiness_says_what_is_missing(client):
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert json.loads(answer.text)["reasons"] == ["tick: nothing published yet"]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8050", 200),
        ("127.0.0.1:8050", 200),
        ("[::1]:8050", 200),
        ("rebound.example:8050", 421),
        ("127.0.0.1.rebound.example", 421),
    ],
)
def test_a_house_on_loopback_answers_to_its_own_names_only(client, host, status):
    assert client.get("/healthz", headers={"Host": host}).status_code == status
