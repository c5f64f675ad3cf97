"""A call to the demo and its answer, as the routes see them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from demo.incidents import World

JSON = "application/json; charset=utf-8"
XML = "application/xml; charset=utf-8"


@dataclass(frozen=True)
class Reply:
    """One HTTP answer; ``hang_s`` is how long a dying feed lets its reader wait before it."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    hang_s: float = 0.0


@dataclass(frozen=True)
class Call:
    """One request as the routes see it. ``origin`` is scheme, host and port; ``now`` seconds."""

    world: World
    origin: str
    path: str
    query: str
    now: int
    prefix: str = ""

    @property
    def options(self) -> dict[str, str]:
        """The query by name; the last value wins."""
        found = parse_qs(self.query, keep_blank_values=True)
        return {name: values[-1] for name, values in found.items()}


def missing(call: Call) -> Reply:
    """Say that there is nothing at the path."""
    return problem(404, f"there is nothing at {call.path}")


def problem(status: int, detail: str) -> Reply:
    """Say what went wrong (RFC 9457)."""
    body = json.dumps({"status": status, "detail": detail}, ensure_ascii=False).encode()
    return Reply(status, body, "application/problem+json; charset=utf-8")


def as_json(value: Any, *, status: int = 200) -> Reply:
    """Return a value as JSON."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Reply(status, body)
