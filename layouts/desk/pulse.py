"""A small value that the stream changes when a panel chosen by address should be drawn anew.

The stream draws what everybody sees alike. What one reader chose is drawn by a callback, which this
value wakes: a digest of what matters, so that it changes no oftener than that.
"""

import hashlib
from collections.abc import Callable, Iterable

from dash import html

from layouts.component import LiveComponent
from layouts.ids import part
from model import Snapshot

NAME = "pulse"


def pulse_id(page: str) -> str:
    """Return the id of the pulse of a page: one for all of its scenes."""
    return part(page, NAME, "v")


def pulse(page: str, digest: Callable[[Snapshot], str]) -> LiveComponent:
    """Return the pulse of a page."""
    key = pulse_id(page)
    return LiveComponent(
        id=NAME,
        build=lambda _: html.Span(id=key, title="", hidden=True),
        props=lambda snapshot, _: {key: {"title": digest(snapshot)}},
    )


def digest(items: Iterable[object]) -> str:
    """Return a short text that changes with any of the items."""
    return hashlib.blake2s(repr(tuple(items)).encode(), digest_size=8).hexdigest()


def slow(snapshot: Snapshot, seconds: int) -> str:
    """Return a text that changes once in so many seconds."""
    return str(int(snapshot.published_at.timestamp()) // seconds)
