"""What a kind is, and how one poll of a feed runs.

A kind is a parser and a declaration. ``read`` asks for documents through ``visit.get`` and hands
their bytes to the kind's pure ``parse``. HTTP, retries and caps stand in ``feeds.http``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import httpx
from pydantic import ValidationError

from feeds.errors import FeedError
from feeds.http import Document, Fetcher, Limits
from feeds.options import KindOptions
from model import Fact, Feed, Observation, Parsed, Quality

Get = Callable[..., Document]
Parser = Callable[..., Parsed]
LIMITS = Limits()
_SKEW = timedelta(seconds=60)
_MALFORMED = (
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)


@dataclass(frozen=True, slots=True)
class Visit:
    """What a reader needs for one poll. ``memory`` is what the last good poll left."""

    feed: Feed
    memory: Mapping[str, Any]
    now: datetime
    get: Get


@dataclass(frozen=True, slots=True)
class Take:
    """What a reader brings back: facts, and what to remember for the next poll."""

    parsed: Parsed
    memory: Mapping[str, Any] = field(default_factory=dict)
    not_modified: bool = False


Reader = Callable[[Visit], Take]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of source: its options, how to read it, how to parse it, after which standard."""

    name: str
    options: type[KindOptions]
    read: Reader
    parse: Parser
    standard: str
    gives: frozenset[str]


@dataclass(frozen=True, slots=True)
class Poll:
    """One poll of a feed. ``memory`` is JSON-able; keep it once the facts are kept."""

    parsed: Parsed
    memory: dict[str, Any]
    not_modified: bool
    n_bytes: int


def problems(kind: Kind, feed: Feed) -> list[str]:
    """Say everything that is wrong with a feed's options, without reading it."""
    try:
        options = kind.options.model_validate(dict(feed.options))
    except ValidationError as failure:
        return [_told(item["loc"], item["msg"]) for item in failure.errors()]
    found = options.problems(feed)
    if feed.gives not in kind.gives:
        known = " or ".join(sorted(kind.gives))
        found.append(f"gives = {feed.gives!r}: kind {kind.name!r} gives {known}")
    return found


def _told(place: tuple[int | str, ...], message: str) -> str:
    where = ".".join(str(part) for part in place)
    said = message.removeprefix("Value error, ")
    return f"{where}: {said}" if where else said


def poll_kind(  # noqa: PLR0913 - the five of the contract, and the kind
    kind: Kind,
    feed: Feed,
    client: httpx.Client,
    memory: Mapping[str, Any],
    *,
    now: datetime,
    limits: Limits = LIMITS,
) -> Poll:
    """Read a feed once. See :func:`feeds.poll`."""
    if wrong := problems(kind, feed):
        raise FeedError(feed.id, "; ".join(wrong), permanent=True)
    remembered = dict(memory)
    fetch = Fetcher(
        feed.id,
        client,
        feed.url,
        limits,
        {url: dict(said) for url, said in remembered.pop("http", {}).items()},
    )
    try:
        take = kind.read(Visit(feed, remembered, now, fetch))
    except _MALFORMED as problem:
        said = f"{type(problem).__name__}: {problem}"[:300]
        raise FeedError(feed.id, f"malformed body ({said})", permanent=True) from problem
    after = {**remembered, **take.memory, "http": fetch.validators}
    kept = [_doubted(fact, now) for fact in take.parsed.accepted if not _is_to_come(fact, now)]
    parsed = replace(take.parsed, accepted=kept)
    return Poll(parsed, after, take.not_modified, fetch.n_bytes)


def _is_to_come(fact: Fact, now: datetime) -> bool:
    """Whether a fact only says that nothing is known yet of a later hour, as wide tables do."""
    return isinstance(fact, Observation) and fact.value is None and fact.observed_at > now


def _doubted(fact: Fact, now: datetime) -> Fact:
    """Mark a measurement that claims to come from the future: its clock cannot be trusted."""
    if isinstance(fact, Observation) and fact.observed_at > now + _SKEW:
        return replace(fact, quality=Quality.BAD)
    return fact
