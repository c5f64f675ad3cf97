"""Shared by the tests of this room: a moment, feeds, and clients that answer without a network."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from feeds import Limits
from model import Feed

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def make_feed() -> Callable[..., Feed]:
    def make(kind: str, gives: str = "observation", **about: Any) -> Feed:
        known: dict[str, Any] = {
            "id": "f1",
            "kind": kind,
            "gives": gives,
            "every": timedelta(minutes=5),
            "url": None if "path" in about else "https://city.example/feed",
        }
        return Feed(**{**known, **about})

    return make


@pytest.fixture
def answering() -> Callable[[Mapping[str, Any]], httpx.Client]:
    """Answer by path and query, or by path; what is not listed is a 404. Requests are kept."""

    def make(answers: Mapping[str, Any]) -> httpx.Client:
        asked: list[httpx.Request] = []

        def answer(request: httpx.Request) -> httpx.Response:
            asked.append(request)
            raw = request.url.raw_path.decode()
            found = answers.get(raw, answers.get(request.url.path))
            if callable(found):
                found = found(request)
            if found is None:
                return httpx.Response(404, text="not here")
            if isinstance(found, httpx.Response):
                return found
            if isinstance(found, bytes | str):
                return httpx.Response(200, content=found)
            return httpx.Response(200, json=found)

        client = httpx.Client(transport=httpx.MockTransport(answer))
        client.asked = asked  # type: ignore[attr-defined]  # for the tests' eyes
        return client

    return make


class Waits:
    """A clock that moves only by sleeping."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.time = 0.0

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds

    def limits(self, **more: Any) -> Limits:
        return Limits(sleep=self.sleep, clock=lambda: self.time, **more)


@pytest.fixture
def waits() -> Waits:
    return Waits()
