"""A good body of a kind, written after its standard, and how to have it read."""

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

import feeds
from feeds.http import Limits
from model import Delivery, Feed, Parsed, Reject

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
AT = "2026-11-24T11:00:00Z"
URL = "https://city.example/feed"
LIMITS = Limits(sleep=lambda _: None, max_documents=60, deadline=timedelta(minutes=1))
SECRET = "s3cr3t-Qx77-never-seen"


@dataclass(frozen=True)
class Sample:
    """One kind, and what it makes of one body.

    ``make`` writes a body of so many rows. The body answers ``at`` (a path, or every path where
    ``None``), the others come from ``beside``; ``otherwise`` may answer a request first.
    ``count`` is how many facts the good body of ``n`` rows gives.
    """

    kind: str
    make: Callable[[int], bytes]
    count: int
    gives: str = "observation"
    options: Mapping[str, Any] = field(default_factory=dict)
    at: str | None = None
    beside: Mapping[str, bytes] = field(default_factory=dict)
    otherwise: Callable[[httpx.Request], bytes | None] = lambda _: None
    known: Callable[[Feed], Mapping[str, Any]] = lambda _: {}  # what parse is given beside
    more: Mapping[str, Any] = field(default_factory=dict)
    media_type: str = "application/octet-stream"
    n: int = 3
    is_pushed: bool = False  # brought to us; else asked for
    topic: str = ""
    env: str | None = None  # the variable of its secret
    is_clocked: bool = False  # tells of the moment in which it was asked
    is_beside: bool = False  # read beside what is parsed, such as a list of places
    is_packed: bool = False  # compressed: grows in rows, not in bytes
    whole: str = ""  # why a body that was cut off may count as a whole one
    alone: str = ""  # why a bad row may cost others

    @cached_property
    def body(self) -> bytes:
        return self.make(self.n)

    @cached_property
    def feed(self) -> Feed:
        about = {
            "id": "f1",
            "kind": self.kind,
            "gives": self.gives,
            "every": timedelta(minutes=5),
            "url": URL,
            "options": self.options,
            "timezone": "America/Toronto",
            "push_secret": "env:INSULT_PUSH" if self.is_pushed and self.kind != "mqtt" else None,
        }
        return Feed(**{**about, **self.more})

    def answer(self, body: bytes) -> Callable[[httpx.Request], httpx.Response]:
        def answer(request: httpx.Request) -> httpx.Response:
            path = request.url.path
            found = self.otherwise(request)
            if found is None:
                found = self.beside.get(path)
            if found is not None:
                return httpx.Response(200, content=found)
            if self.at is None or path == self.at:
                return httpx.Response(200, content=body, headers={"content-type": self.media_type})
            return httpx.Response(404)

        return answer

    def hear(
        self, body: bytes | None = None, *, now: datetime = NOW, memory: Any = None
    ) -> tuple[Parsed, dict[str, Any]]:
        """Return what a body tells, and what is remembered of it."""
        body = self.body if body is None else body
        if self.is_pushed:
            delivery = Delivery(
                feed_id="f1",
                body=body,
                received_at=now,
                media_type=self.media_type,
                topic=self.topic,
            )
            return feeds.receive(self.feed, delivery), {}
        return self.ask(self.answer(body), now=now, memory=memory)

    def ask(
        self, answer: Callable[..., httpx.Response], *, now: datetime = NOW, memory: Any = None
    ) -> tuple[Parsed, dict[str, Any]]:
        with httpx.Client(transport=httpx.MockTransport(answer)) as client:
            found = feeds.poll(self.feed, client, memory or {}, now=now, limits=LIMITS)
        return found.parsed, found.memory

    def parse(self, body: bytes) -> Parsed:
        """Parse a body without asking for it."""
        kind = feeds.KINDS[self.kind]
        if self.is_pushed or self.is_beside:
            return self.hear(body)[0]
        return kind.parse(body, self.feed, NOW, **self.beside_parse)

    @cached_property
    def beside_parse(self) -> Mapping[str, Any]:
        return self.known(self.feed)

    def again(self, rejects: list[Reject], memory: Mapping[str, Any] | None = None) -> Parsed:
        return feeds.again(self.feed, rejects, memory or {}, now=NOW)

    @property
    def can_again(self) -> bool:
        return feeds.KINDS[self.kind].again is not None

    @cached_property
    def is_json(self) -> bool:
        try:
            json.loads(self.body)
        except ValueError:
            return False
        return True

    @property
    def is_xml(self) -> bool:
        return self.body.lstrip()[:1] == b"<"

    @property
    def is_text(self) -> bool:
        try:
            self.body.decode()
        except UnicodeDecodeError:
            return False
        return True


def as_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def filed(text: str, suffix: str = ".csv") -> str:
    """Write a file that a feed needs beside its body; return its path."""
    folder = tempfile.gettempdir()
    name = f"bartizan-insults-{os.getuid()}-{os.getpid()}-{abs(hash(text))}{suffix}"
    path = Path(folder) / name
    path.write_text(text, encoding="utf-8")
    return str(path)
