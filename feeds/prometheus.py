"""Prometheus: metrics of machines and services, as exposed or by query, and the alerts on them.

Docs: https://prometheus.io/docs/instrumenting/exposition_formats/ and
https://prometheus.io/docs/prometheus/latest/querying/api/. Quirks: a sample without a time is as
old as the poll, one with a time may be years old; a query answers with the instant it was asked
for, so what looks fresh may be five minutes old; NaN and the infinities count nothing.
"""

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import Field, field_validator

from feeds import prometheus_alerts
from feeds.base import Again, Kind, Take, Visit
from feeds.decode import text
from feeds.errors import FeedError
from feeds.options import KindOptions
from feeds.prometheus_answers import Answer, answer
from feeds.prometheus_counts import Counters, Counting, Wanted
from feeds.prometheus_parse import EOF, Reading, Sample, Selector
from feeds.secrets import Secret
from feeds.standing import settled
from model import Feed, Parsed, Quality

_ACCEPT = "text/plain;version=0.0.4, application/openmetrics-text;version=1.0.0;q=0.5, */*;q=0.1"
_OPEN = "application/openmetrics-text"


class Options(KindOptions):
    """What a city pack may say under ``[[feeds]]`` of this kind."""

    quantities: dict[str, Wanted] = Field(default_factory=dict)
    queries: dict[str, str] = Field(default_factory=dict)
    alerts: Literal["prometheus", "alertmanager"] = "prometheus"
    severities: dict[str, str] = Field(default_factory=dict)
    bearer: Secret | None = None
    user: str | None = None
    password: Secret | None = None
    max_series: int = Field(default=10_000, ge=1)

    @field_validator("quantities")
    @classmethod
    def _readable(cls, quantities: dict[str, Wanted]) -> dict[str, Wanted]:
        for name in quantities:
            Selector.of(name)
        return quantities

    @field_validator("severities")
    @classmethod
    def _known(cls, severities: dict[str, str]) -> dict[str, str]:
        return prometheus_alerts.checked(severities)

    def problems(self, feed: Feed) -> list[str]:
        """Say what does not fit this feed."""
        found = KindOptions.problems(self, feed)
        if (self.user is None) is not (self.password is None):
            found.append("user and password belong together")
        if self.user and self.bearer:
            found.append("say either bearer, or user and password")
        if feed.gives == "observation" and not self.quantities:
            found.append("quantities: missing; say what each metric or query means")
        if feed.gives == "notice" and (self.quantities or self.queries):
            found.append("a feed that gives notices has no quantities and no queries")
        if self.queries:
            found += [f"queries.{n}: no quantity says what it means" for n in self.queries
                      if n not in self.quantities]  # fmt: skip
            found += [f"quantities.{n}: no such query" for n in self.quantities
                      if n not in self.queries]  # fmt: skip
        return found


def parse(
    body: bytes,
    feed: Feed,
    fetched_at: datetime,
    *,
    media_type: str = "",
    before: Counters | None = None,
) -> Parsed:
    """Return the observations of an exposition, or the notices of a list of alerts.

    Args:
        body: the answer.
        feed: its options say what the metrics mean.
        fetched_at: when it was read: the time of samples without one of their own.
        media_type: tells OpenMetrics from text 0.0.4; else ``# EOF`` at the end does.
        before: counters of the poll before, by series; rates need them.

    Raises:
        ValueError: if the body is no exposition, is cut off, or has no wanted metric.
        FeedError: if there are more series than ``max_series``.

    """
    options = Options.model_validate(dict(feed.options))
    if feed.gives == "notice":
        return prometheus_alerts.parse(body, feed, fetched_at, options.severities)
    counting = Counting(feed, fetched_at, before or {})
    rejected = _exposed(text(body), options, counting, media_type)
    return Parsed(list(counting.accepted), [*rejected, *counting.rejected])


def _exposed(said: str, options: Options, counting: Counting, media_type: str) -> list[Any]:
    selectors = {Selector.of(name): wanted for name, wanted in options.quantities.items()}
    is_open = media_type.startswith(_OPEN) if media_type else said.rstrip().endswith(EOF)
    reading = Reading(
        {one.name for one in selectors}, counting.feed.id, counting.fetched_at, is_open
    )
    chosen: dict[Selector, list[Sample]] = {one: [] for one in selectors}
    n_series = 0
    for sample in reading.samples(said):
        for selector in selectors:
            if selector.fits(sample):
                chosen[selector].append(sample)
                n_series += 1
        if n_series > options.max_series:
            raise _too_many(counting.feed, chosen, options.max_series)
    for selector, samples in chosen.items():
        counting.add(selectors[selector], samples)
    return reading.rejected


def _too_many(feed: Feed, chosen: Mapping[Selector, list[Sample]], limit: int) -> FeedError:
    most = max(chosen, key=lambda one: len(chosen[one]))
    return FeedError(
        feed.id,
        f"more than max_series = {limit} series, most of them of {most.name}: narrow it by labels",
        permanent=True,
    )


def read(visit: Visit) -> Take:
    """Read the exposition, the answers to the queries, or the alerts."""
    options = Options.model_validate(dict(visit.feed.options))
    headers = _headers(visit, options)
    if visit.feed.gives == "notice":
        return _alerts(visit, options, headers)
    before = visit.memory.get("counters", {})
    counting = Counting(visit.feed, visit.now, before)
    if options.queries:
        rejected = _queried(visit, options, counting, headers)
    else:
        found = visit.get(visit.feed.url or "", headers=headers, accept=_ACCEPT)
        said = text(found.content, found.charset)
        rejected = _exposed(said, options, counting, found.headers.get("content-type", ""))
    parsed = Parsed(list(counting.accepted), [*rejected, *counting.rejected])
    return Take(parsed, {"counters": counting.after})


def _headers(visit: Visit, options: Options) -> dict[str, str]:
    if options.bearer:
        return {"Authorization": f"Bearer {visit.secret(options.bearer)}"}
    if options.user and options.password:
        pair = f"{options.user}:{visit.secret(options.password)}"
        return {"Authorization": "Basic " + b64encode(pair.encode()).decode()}
    return {}


def _queried(
    visit: Visit, options: Options, counting: Counting, headers: Mapping[str, str]
) -> list[Any]:
    rejected: list[Any] = []
    base = (visit.feed.url or "").rstrip("/")
    for name, query in options.queries.items():
        found = visit.get(
            f"{base}/api/v1/query", {"query": query}, headers=headers, accept="application/json"
        )
        said: Answer = answer(found.content, name, visit.feed.id, visit.now)
        if len(said.samples) > options.max_series:
            raise _too_many(visit.feed, {Selector(name): said.samples}, options.max_series)
        counting.quality = Quality.UNCERTAIN if said.is_partial else Quality.GOOD
        counting.add(options.quantities[name], said.samples)
        rejected += said.rejected
    return rejected


def _alerts(visit: Visit, options: Options, headers: Mapping[str, str]) -> Take:
    base = (visit.feed.url or "").rstrip("/")
    if options.alerts == "prometheus":
        found = visit.get(f"{base}/api/v1/alerts", headers=headers, accept="application/json")
    else:
        asked = {"active": "true", "silenced": "false", "inhibited": "false"}
        found = visit.get(
            f"{base}/api/v2/alerts", asked, headers=headers, accept="application/json"
        )
    parsed = prometheus_alerts.parse(found.content, visit.feed, visit.now, options.severities)
    notices = prometheus_alerts.notices(parsed)
    told, standing = settled(notices, visit.memory.get("standing", {}), visit.now)
    return Take(Parsed(list(told), parsed.rejected), {"standing": standing})


def again(lost: Again) -> Parsed:
    """Read refused lines once more; rates need the poll before, and are not made up later."""
    if lost.feed.gives == "notice":
        raise ValueError("alerts are asked for again at the next poll")
    return parse("".join(f"{one.raw}\n" for one in lost.rejects).encode(), lost.feed, lost.now)


KIND = Kind(
    name="prometheus",
    options=Options,
    read=read,
    parse=parse,
    standard="Prometheus text 0.0.4, OpenMetrics 1.0, HTTP API v1; Alertmanager API v2",
    gives=frozenset({"observation", "notice"}),
    again=again,
)
