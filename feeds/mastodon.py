"""Mastodon: how much is posted under tags, hour by hour, and in what tone.

Docs: https://docs.joinmastodon.org/methods/timelines/#tag. Limit: 300 requests in five minutes.
Quirks: some instances want a token; posts are HTML; an instance sees only what reached it. Posts,
authors and links are looked at and forgotten.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from pydantic import Field, field_validator

from feeds import times
from feeds.base import Kind, Take, Visit
from feeds.decode import from_json, raw
from feeds.http import Document
from feeds.opinion import KEPT, OpinionOptions, Said, Tally
from feeds.secrets import Secret
from model import Feed, Parsed, Reject

_LIMIT = 40
_FULL = 20  # some servers give no more on a page
_LINK = re.compile(r'<([^<>]{1,2000})>\s*;\s*rel="?(\w+)"?')
_BAD = (LookupError, ValueError, TypeError, AttributeError)


class Options(OpinionOptions):
    """What a city pack may say under ``[[feeds]]`` of this kind."""

    tags: tuple[str, ...] = Field(min_length=1, max_length=20)
    token: Secret | None = None
    local: bool = False
    bots: bool = False
    max_pages: int = Field(default=10, ge=1, le=100)

    @field_validator("tags")
    @classmethod
    def _bare(cls, tags: tuple[str, ...]) -> tuple[str, ...]:
        bare = tuple(tag.removeprefix("#").strip() for tag in tags)
        if not all(bare):
            raise ValueError("a tag is not blank")
        return bare


def parse(body: bytes, feed: Feed, fetched_at: datetime) -> Parsed:
    """Return posts, and those of good and bad tone, by hour (counts) of one page of a timeline.

    Raises:
        TypeError: if it is no list of posts.

    """
    options = Options.model_validate(dict(feed.options))
    tally, rejected = Tally.of(feed, options, fetched_at, {}), list[Reject]()
    _count(_posts(body), options.tags[0], tally, rejected)
    return Parsed([*tally.facts(options.tags[:1])], rejected, skipped=tally.skipped)


def _posts(body: bytes) -> list[Any]:
    document = from_json(body)
    if not isinstance(document, list):
        said = document.get("error") if isinstance(document, dict) else None
        raise TypeError(f"no list of posts: {said or type(document).__name__}")
    return document


def _count(posts: list[Any], tag: str, tally: Tally, rejected: list[Reject]) -> None:
    options = tally.options
    for line, post in enumerate(posts, 1):
        try:
            is_bot = bool((post.get("account") or {}).get("bot"))
            if post.get("reblog") or post.get("visibility", "public") != "public":
                tally.skip("repeated, or not public")
            elif is_bot and not getattr(options, "bots", False):
                tally.skip("by a bot")
            else:
                tally.add(_said(post, tag))
        except _BAD as problem:
            rejected.append(_reject(tally, line, tag, post, problem))


def _said(post: Mapping[str, Any], tag: str) -> Said:
    if not isinstance(post["content"], str):
        raise TypeError("content is no text")
    spoken = post.get("language")
    return Said(
        id=str(post.get("uri") or post["id"]),
        at=times.instant(post["created_at"]),
        text=f"{post.get('spoiler_text') or ''} {post['content']}",
        language=spoken if isinstance(spoken, str) else None,
        source=tag,
    )


def _reject(tally: Tally, line: int, tag: str, post: Any, problem: Exception) -> Reject:
    """Refuse a post without repeating anything that was said in it, or by whom."""
    shown = {"created_at": post.get("created_at")} if isinstance(post, dict) else None
    said = str(problem)[:100] if isinstance(problem, ValueError) else type(problem).__name__
    return Reject(
        feed_id=tally.feed.id,
        line=line,
        reason=f"a post under #{tag} cannot be read: {said}",
        raw=raw(shown),
        at=tally.now,
    )


def read(visit: Visit) -> Take:
    """Read what is new under every tag; the first time what is not older than two days."""
    options = Options.model_validate(dict(visit.feed.options))
    tally = Tally.of(visit.feed, options, visit.now, visit.memory.get("opinion", {}))
    newest: dict[str, str] = dict(visit.memory.get("newest", {}))
    rejected: list[Reject] = []
    for tag in options.tags:
        if tag in newest:
            newest[tag] = _forward(visit, options, tag, newest[tag], (tally, rejected))
        elif first := _backward(visit, options, tag, (tally, rejected)):
            newest[tag] = first
    memory = {"opinion": tally.memory(), "newest": newest}
    return Take(Parsed([*tally.facts(options.tags)], rejected, skipped=tally.skipped), memory)


Counts = tuple[Tally, list[Reject]]


def _forward(visit: Visit, options: Options, tag: str, after: str, counts: Counts) -> str:
    """Count what came after a post, oldest page first; return the newest post's id."""
    asked = {"min_id": after}
    for _ in range(options.max_pages):
        page = _ask(visit, options, tag, asked)
        posts = _posts(page.content)
        _count(posts, tag, *counts)
        after = _id(posts, 0) or after
        if len(posts) < _FULL:
            break
        asked = _linked(page, "prev") or {"min_id": after}
    return after


def _backward(visit: Visit, options: Options, tag: str, counts: Counts) -> str | None:
    """Count from now back to two days ago; return the newest post's id."""
    newest: str | None = None
    asked: dict[str, str] = {}
    for _ in range(options.max_pages):
        page = _ask(visit, options, tag, asked)
        posts = _posts(page.content)
        _count(posts, tag, *counts)
        newest = newest or _id(posts, 0)
        last = _id(posts, -1)
        if len(posts) < _FULL or last is None or _is_old(posts[-1], visit.now):
            break
        asked = _linked(page, "next") or {"max_id": last}
    return newest


def _ask(visit: Visit, options: Options, tag: str, asked: Mapping[str, str]) -> Document:
    url = f"{(visit.feed.url or '').rstrip('/')}/api/v1/timelines/tag/{quote(tag, safe='')}"
    headers = {}
    if options.token:
        headers["Authorization"] = f"Bearer {visit.secret(options.token)}"
    local = {"local": "true"} if options.local else {}
    return visit.get(
        url, {"limit": str(_LIMIT), **local, **asked}, headers=headers, accept="application/json"
    )


def _linked(page: Document, relation: str) -> dict[str, str]:
    """Return where a Link header says that the newer (prev) or older (next) page begins."""
    for url, name in _LINK.findall(page.headers.get("link", "")):
        if name == relation:
            asked = dict(parse_qsl(urlsplit(url).query))
            return {key: asked[key] for key in ("min_id", "max_id", "since_id") if key in asked}
    return {}


def _id(posts: list[Any], place: int) -> str | None:
    post = posts[place] if posts else None
    return str(post["id"]) if isinstance(post, dict) and post.get("id") else None


def _is_old(post: Any, now: datetime) -> bool:
    try:
        return times.instant(post["created_at"]) < now - KEPT
    except _BAD:
        return False


KIND = Kind(
    name="mastodon",
    options=Options,
    read=read,
    parse=parse,
    standard="Mastodon API v1, tag timelines",
    gives=frozenset({"observation"}),
    measures=frozenset({"posts", "posts_positive", "posts_negative"}),
)
