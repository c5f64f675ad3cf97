"""The city's own digital services, looked at from outside; and status pages after Statuspage.

A service that is down is a fact, not a failure of the feed. Only when nothing at all can be
reached it is our own network that is doubted. Docs of status pages:
https://support.atlassian.com/statuspage/docs/what-are-the-different-apis-under-statuspage/.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from feeds import times
from feeds.base import Kind, Take, Visit
from feeds.decode import from_json, raw
from feeds.errors import FeedError
from feeds.options import Duration, KindOptions
from feeds.statuspage_probe import Look, Question, look, side_by_side
from model import Feed, Observation, Parsed, Reject

_STATES: Mapping[str, float | None] = {
    "operational": 1.0,
    "degraded_performance": 1.0,
    "partial_outage": 0.0,
    "major_outage": 0.0,
    "under_maintenance": None,  # taken down on purpose: neither up nor down
}
_SUMMARY = "/api/v2/summary.json"
_DAY = timedelta(days=1)


class Target(BaseModel):
    """One service: where it is, and what answer is good."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1)
    url: str
    method: Literal["GET", "HEAD"] = "GET"
    format: Literal["page", "statuspage"] = "page"
    expect: int | tuple[int, ...] = ()
    text: str | None = None
    timeout: Duration | None = None
    components: tuple[str, ...] = ()
    lat: float | None = None
    lon: float | None = None
    district: str | None = None

    @model_validator(mode="after")
    def _whole(self) -> "Target":
        parts = urlsplit(self.url)
        if "{" not in self.url and (parts.scheme not in {"http", "https"} or not parts.hostname):
            raise ValueError(f"{self.url!r} is no http or https address")
        if parts.username or parts.password:
            raise ValueError("url: a name or password never stands in a pack")
        if self.text is not None and self.method == "HEAD":
            raise ValueError("text needs method = 'GET'")
        if self.components and self.format != "statuspage":
            raise ValueError("components are for format = 'statuspage'")
        if (self.lat is None) is not (self.lon is None):
            raise ValueError("lat and lon belong together")
        return self

    @property
    def address(self) -> str:
        """What is asked."""
        if self.format == "statuspage" and not self.url.endswith(".json"):
            return self.url.rstrip("/") + _SUMMARY
        return self.url


class Options(KindOptions):
    """What a city pack may say under ``[[feeds]]`` of this kind."""

    targets: tuple[Target, ...] = Field(min_length=1, max_length=500)
    timeout: Duration = timedelta(seconds=10)
    deadline: Duration = timedelta(seconds=45)
    at_once: int = Field(default=8, ge=1, le=64)
    reference: str | None = None

    @field_validator("targets")
    @classmethod
    def _distinct(cls, targets: tuple[Target, ...]) -> tuple[Target, ...]:
        names = [target.id for target in targets]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"more than one target is called {twice[0]!r}")
        return targets

    def problems(self, feed: Feed) -> list[str]:
        """Say what does not fit this feed."""
        return ["url: the addresses stand in targets"] if feed.url else []

    def addresses(self) -> tuple[str, ...]:
        """Return what may be asked."""
        reference = (self.reference,) if self.reference else ()
        return (*(target.url for target in self.targets), *reference)

    def is_polled(self, feed: Feed) -> bool:
        """Whether there is something to ask: always."""
        return bool(self.targets) or bool(feed.url)


@dataclass(slots=True)
class _Facts:
    """Gathers what one round told."""

    feed: Feed
    at: datetime
    parsed: Parsed = field(default_factory=Parsed)
    troubles: dict[str, str] = field(default_factory=dict)

    def add(self, target: Target, site: str, quantity: str, value: float | None) -> None:
        self.parsed.accepted.append(
            Observation(
                feed_id=self.feed.id,
                site_id=site,
                quantity=quantity,
                value=value,
                unit={"probe_latency": "s", "certificate_left": "d"}.get(quantity, "count"),
                observed_at=self.at,
                fetched_at=self.at,
                lat=target.lat,
                lon=target.lon,
                district_id=target.district,
            )
        )

    def refuse(self, line: int, reason: str, row: Any) -> None:
        self.parsed.rejected.append(
            Reject(feed_id=self.feed.id, line=line, reason=reason[:300], raw=raw(row), at=self.at)
        )


def parse(body: bytes, feed: Feed, fetched_at: datetime, target: Target | None = None) -> Parsed:
    """Return ``probe_up`` (1, 0; ``None`` under maintenance) per component of a status page.

    Raises:
        ValueError: if the body is no summary of a status page.

    """
    document = from_json(body)
    rows = document["components"]
    if not isinstance(rows, list) or not rows:
        raise ValueError("no components on the status page")
    target = target or Target(id=feed.id, url="https://status.invalid")
    facts = _Facts(feed, fetched_at)
    seen: set[str] = set()
    for line, row in enumerate(rows, 1):
        try:
            _component(row, target, facts, seen)
        except (LookupError, ValueError, TypeError, AttributeError) as problem:
            facts.refuse(line, f"{type(problem).__name__}: {problem}", row)
    changed = (document.get("page") or {}).get("updated_at")
    published = times.instant(changed) if isinstance(changed, str) else None
    return Parsed(facts.parsed.accepted, facts.parsed.rejected, published)


def _component(row: Any, target: Target, facts: _Facts, seen: set[str]) -> None:
    name, mark = str(row["name"]).strip(), str(row["id"])
    if row.get("group") is True:
        return
    if target.components and name not in target.components and mark not in target.components:
        return
    state = row["status"]
    if state not in _STATES:
        raise ValueError(f"status {state!r} is none of {', '.join(_STATES)}")
    if not name or mark in seen:
        raise ValueError("a component without a name, or listed twice")
    seen.add(mark)
    facts.add(target, f"{target.id}/{name}", "probe_up", _STATES[state])


def read(visit: Visit) -> Take:
    """Look at every target, side by side.

    Raises:
        FeedError: if nothing can be reached, not even what is elsewhere.

    """
    options = Options.model_validate(dict(visit.feed.options))
    questions = [_question(target, options) for target in options.targets]
    looks = side_by_side(
        lambda question: look(question, visit.get),
        questions,
        at_once=options.at_once,
        within_s=options.deadline.total_seconds(),
    )
    known = [one or _LATE for one in looks]
    _doubt_ourselves(visit, options, known)
    facts = _Facts(visit.feed, visit.now)
    for line, (target, seen) in enumerate(zip(options.targets, known, strict=True), 1):
        _tell(target, seen, facts, line)
    _tell_troubles(options.targets, facts, visit.memory.get("troubles", {}))
    return Take(facts.parsed, {"troubles": facts.troubles})


_LATE = Look(is_up=False, trouble="no answer before the deadline of all targets", is_lost=True)


def _question(target: Target, options: Options) -> Question:
    is_page = target.format == "page"
    expect = (target.expect,) if isinstance(target.expect, int) else target.expect
    return Question(
        url=target.address,
        method=target.method if is_page else "GET",
        expect=expect,
        text=target.text,
        timeout_s=(target.timeout or options.timeout).total_seconds(),
        keeps_body=not is_page,
    )


def _doubt_ourselves(visit: Visit, options: Options, looks: Iterable[Look]) -> None:
    """Refuse a round in which nothing answered and it is more likely us than all of them."""
    asked = [one for one in looks if one.is_up is not None]
    if not asked or not all(one.is_lost for one in asked):
        return
    if options.reference is None:
        is_us = all(one.is_ours for one in asked)
        told = "no name is found and no network reached"
    else:
        question = Question(url=options.reference, timeout_s=options.timeout.total_seconds())
        is_us = look(question, visit.get).is_lost
        told = "no target answers, and neither does the reference"
    if is_us:
        said = f"we cannot see out: {told} ({asked[0].trouble})"
        raise FeedError(visit.feed.id, said, permanent=False)


def _tell(target: Target, seen: Look, facts: _Facts, line: int) -> None:
    if seen.trouble:
        facts.troubles[target.id] = seen.trouble
    if target.format == "statuspage":
        if seen.is_up:
            _tell_page(target, seen, facts, line)
        return
    facts.add(target, target.id, "probe_up", None if seen.is_up is None else float(seen.is_up))
    if seen.seconds is not None:
        facts.add(target, target.id, "probe_latency", round(seen.seconds, 4))
    if seen.valid_until is not None:
        left = (seen.valid_until - facts.at) / _DAY
        facts.add(target, target.id, "certificate_left", round(left, 3))


def _tell_page(target: Target, seen: Look, facts: _Facts, line: int) -> None:
    try:
        page = parse(seen.body, facts.feed, facts.at, target)
    except (LookupError, ValueError, TypeError, AttributeError) as problem:
        facts.troubles[target.id] = f"no status page ({problem})"[:300]
        return
    facts.parsed.accepted.extend(page.accepted)
    for one in page.rejected:
        facts.refuse(line, f"{target.id}: {one.reason}", one.raw)


def _tell_troubles(targets: Iterable[Target], facts: _Facts, before: Mapping[str, str]) -> None:
    """Say what is wrong with a target when it begins, or becomes something else; not each round."""
    for line, target in enumerate(targets, 1):
        trouble = facts.troubles.get(target.id)
        if trouble and before.get(target.id) != trouble:
            facts.refuse(line, f"{target.id}: {trouble}", {"id": target.id, "url": target.url})


KIND = Kind(
    name="statuspage",
    options=Options,
    read=read,
    parse=parse,
    standard="HTTP, TLS; Statuspage API v2 (summary.json)",
    gives=frozenset({"observation"}),
    measures=frozenset({"probe_up", "probe_latency", "certificate_left"}),
)
