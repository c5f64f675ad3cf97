"""What a kind is, and how one poll of a feed runs.

A kind is a parser and a declaration. ``read`` asks for documents through ``visit.get`` and hands
their bytes to the kind's pure ``parse``. HTTP, retries and caps stand in ``feeds.http``.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

import httpx
from pydantic import ValidationError

from feeds import secrets
from feeds.decode import raw
from feeds.doors import Doors, is_host
from feeds.errors import FeedError
from feeds.http import Fetcher, Limits
from feeds.options import KindOptions
from model import Case, Delivery, Fact, Feed, Notice, Observation, Parsed, Quality, Reject

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
    """What a reader needs for one poll. ``memory`` is what the last good poll left.

    ``get`` is a :class:`feeds.http.Fetcher`: it GETs or POSTs within the doors of the feed.
    ``secret`` turns ``env:NAME`` into the secret; what it gave is covered in errors and rejects.
    """

    feed: Feed
    memory: Mapping[str, Any]
    now: datetime
    get: Fetcher
    secret: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Take:
    """What a reader brings back: facts, and what to remember for the next poll."""

    parsed: Parsed
    memory: Mapping[str, Any] = field(default_factory=dict)
    not_modified: bool = False


@dataclass(frozen=True, slots=True)
class Again:
    """Refused rows to be read once more, after a mapping was mended.

    ``memory`` is what the last good poll left, such as where stations are.
    """

    feed: Feed
    rejects: Sequence[Reject]
    memory: Mapping[str, Any]
    now: datetime


class Listener(Protocol):
    """A lasting connection, such as to a broker; it mends itself until stopped."""

    def stop(self) -> None:
        """End it; what was received is delivered first."""


@dataclass(frozen=True, slots=True)
class Ear:
    """What a listener needs. ``deliver`` returns once a message is kept, and may raise.

    ``tell`` takes the reason of a trouble, or ``None`` when the connection stands. ``is_trial``:
    somebody only looks; nothing may be left behind or taken from who listens in earnest.
    """

    feed: Feed
    deliver: Callable[[Delivery], None]
    tell: Callable[[str | None], None]
    clock: Callable[[], datetime]
    secret: Callable[[str], str]
    is_trial: bool = False


Reader = Callable[[Visit], Take]
Receiver = Callable[[Delivery, Feed], Parsed]
Rereader = Callable[[Again], Parsed]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of source: its options, how to read it, how to parse it, after which standard.

    ``receive`` parses what is pushed, ``listen`` keeps a connection open, ``again`` reads refused
    rows from their raw text; ``None`` where the kind has no such thing. ``receive`` and ``again``
    may raise ``ValueError`` for a body that is malformed as a whole. ``measures`` are quantities
    that it gives without their being named in a pack.
    """

    name: str
    options: type[KindOptions]
    read: Reader
    parse: Parser
    standard: str
    gives: frozenset[str]
    receive: Receiver | None = None
    listen: Callable[[Ear], Listener] | None = None
    again: Rereader | None = None
    measures: frozenset[str] = frozenset()


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
    found = [*options.problems(feed), *_push_problems(kind, feed)]
    if any(_has_password(url) for url in (feed.url or "", *options.addresses())):
        found.append("url: a name or password never stands in a pack")
    found += [
        f"hosts: {host!r} is no host: write 'cdn.example', 'api.example:8443' or '*.example'"
        for host in feed.hosts
        if not is_host(host)
    ]
    if feed.gives not in kind.gives:
        known = " or ".join(sorted(kind.gives))
        found.append(f"gives = {feed.gives!r}: kind {kind.name!r} gives {known}")
    return found


def _has_password(url: str) -> bool:
    try:
        return "@" in urlsplit(url).netloc
    except ValueError:  # it is no address at all: said where it is asked
        return False


def _push_problems(kind: Kind, feed: Feed) -> list[str]:
    if feed.push_secret is None:
        return []
    if kind.receive is None:
        return [f"push_secret: nothing can be pushed to kind {kind.name!r}"]
    try:
        secrets.reference(feed.push_secret)
    except ValueError as problem:
        return [f"push_secret: {problem}"]
    return []


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
    remembered = dict(memory)
    options = kind.options.model_validate(dict(feed.options))
    fetch = Fetcher(
        feed.id,
        client,
        Doors.of(feed, options.addresses()),
        limits,
        {url: dict(said) for url, said in remembered.pop("http", {}).items()},
    )
    with guarded(feed) as secret:
        take = kind.read(Visit(feed, remembered, now, fetch, secret))
        parsed = secret.covered(sifted(take.parsed, now))
    after = {**remembered, **take.memory, "http": fetch.validators}
    return Poll(parsed, after, take.not_modified, fetch.n_bytes)


@dataclass(slots=True)
class guarded:  # noqa: N801 - used as a context
    """Turns what a malformed body raises into ``FeedError``, with every secret covered."""

    feed: Feed
    used: set[str] = field(default_factory=set)

    def __call__(self, name: str) -> str:
        """Return the secret behind ``env:NAME``."""
        found = secrets.reveal(self.feed.id, name)
        self.used.add(found)
        return found

    def covered(self, parsed: Parsed) -> Parsed:
        """Return the same with secrets covered in refused rows."""
        return replace(parsed, rejected=self._covered(parsed.rejected)) if self.used else parsed

    def _covered(self, rejects: Iterable[Reject]) -> list[Reject]:
        return [
            replace(
                one,
                raw=secrets.hidden(one.raw, self.used),
                reason=secrets.hidden(one.reason, self.used),
            )
            for one in rejects
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, problem: BaseException | None, __: object) -> None:
        if isinstance(problem, FeedError) and self.used:
            raise FeedError(
                self.feed.id,
                secrets.hidden(problem.reason, self.used),
                permanent=problem.permanent,
                retry_after=problem.retry_after,
                rejects=tuple(self._covered(problem.rejects)),
            ) from None
        if isinstance(problem, _MALFORMED):
            said = secrets.hidden(f"{type(problem).__name__}: {problem}"[:300], self.used)
            cause = None if self.used else problem
            raise FeedError(self.feed.id, f"malformed body ({said})", permanent=True) from cause


def sifted(parsed: Parsed, now: datetime) -> Parsed:
    """Return the same without the hours to come, the future doubted, the nameless refused."""
    kept = [_doubted(fact, now) for fact in parsed.accepted if not _is_to_come(fact, now)]
    nameless = [fact for fact in kept if not _is_named(fact)]
    if not nameless:
        return replace(parsed, accepted=kept)
    refused = [_nameless(fact, now) for fact in nameless]
    named = [fact for fact in kept if _is_named(fact)]
    return replace(parsed, accepted=named, rejected=[*parsed.rejected, *refused])


def _is_named(fact: Fact) -> bool:
    """Whether a fact says what it is about; blanks of any kind are no name."""
    match fact:
        case Observation():
            return _is_name(fact.site_id)
        case Case():
            return _is_name(fact.case_id)
        case Notice():
            return _is_name(fact.notice_id) and _is_name(fact.headline)


def _is_name(text: object) -> bool:
    return isinstance(text, str) and bool(text.strip())  # a library may give bytes for broken text


def _nameless(fact: Fact, now: datetime) -> Reject:
    """Refuse what has no name; what it says else is kept with it."""
    what = {Observation: "a site", Case: "a case"}.get(type(fact), "a notice")
    return Reject(
        feed_id=fact.feed_id, line=0, reason=f"{what} without a name", raw=raw(repr(fact)), at=now
    )


def _is_to_come(fact: Fact, now: datetime) -> bool:
    """Whether a fact only says that nothing is known yet of a later hour, as wide tables do."""
    return isinstance(fact, Observation) and fact.value is None and fact.observed_at > now


def _doubted(fact: Fact, now: datetime) -> Fact:
    """Mark a measurement that claims to come from the future: its clock cannot be trusted."""
    if isinstance(fact, Observation) and fact.observed_at > now + _SKEW:
        return replace(fact, quality=Quality.BAD)
    return fact
