"""Whether the house is alive, whether it is ready, and its own figures for Prometheus."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import orjson
from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from api.door import Door
from api.problems import problem
from model import Quality, Snapshot
from store import StoreError

FRESH = timedelta(seconds=5)  # the worker publishes every second


def blueprint(door: Door) -> Blueprint:
    """Return ``/healthz``, ``/readyz`` and ``/metrics``."""
    routes = Blueprint("health", __name__)
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(_Own(door))

    @routes.get("/healthz")
    def healthz() -> Response:
        return Response("ok\n", mimetype="text/plain")

    @routes.get("/readyz")
    def readyz() -> Response:
        reasons, work = list(doubts(door)), _work(door)
        if reasons:
            why = "; ".join(reasons)
            return problem(503, "not ready", why, ready=False, reasons=reasons, **work)
        told = {"ready": True, "reasons": [], "notes": list(notes(door)), **work}
        return Response(orjson.dumps(told), mimetype="application/json")

    @routes.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    return routes


def doubts(door: Door) -> Iterable[str]:
    """Say why the house is not ready: no store, no history, no fresh tick."""
    if reason := _failure(door.store.ping):
        yield f"store: {reason}"
    elif reason := _failure(lambda: _judge_tick(door)):
        yield f"tick: {reason}"
    if reason := _failure(door.history.is_empty):
        yield f"history: {reason}"


def notes(door: Door) -> Iterable[str]:
    """Say what does not keep the house from being ready and needs somebody soon."""
    used = _disk(door)
    if used.get("level"):
        yield f"disk: {used['used']:.0%} full"


def _disk(door: Door) -> dict[str, Any]:
    """Return what the worker last saw of the disk."""
    try:
        return door.store.memory("disk")
    except StoreError:
        return {}


def _work(door: Door) -> dict[str, Any]:
    """Say who works and who leads, and which shards have facts that are not kept yet."""
    try:
        workers, backlog = door.store.workers(), _backlog(door)
    except StoreError:
        return {}
    return {
        "workers": [one.name for one in workers],
        "leader": next((one.name for one in workers if one.note.get("leads")), None),
        "backlog": {str(shard): sum(found) for shard, found in backlog.items() if any(found)},
    }


def _backlog(door: Door) -> dict[int, tuple[int, int]]:
    """Return the entries of each shard that wait, and that somebody is keeping just now."""
    found = {shard: door.store.backlog(shard=shard) for shard in door.store.shards()}
    return {shard: (one.waiting, one.pending) for shard, one in found.items()}


def _judge_tick(door: Door) -> None:
    head = door.store.head()
    if head is None:
        raise LookupError("nothing published yet")
    age = door.clock() - head.published_at
    if age > FRESH:
        raise TimeoutError(f"the last one is {age.total_seconds():.0f} s old")


def _failure(attempt: Callable[[], Any]) -> str | None:
    try:
        attempt()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the reason
        return str(error) or type(error).__name__
    return None


class _Own(Collector):
    """Our own figures, read when they are asked for."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def collect(self) -> Iterable[Metric]:
        """Yield the stream hub's figures, then those of the newest snapshot."""
        yield from self._streams()
        try:
            snapshot = self._door.store.latest()
        except StoreError:
            snapshot = None
        yield _gauge("store_up", "1 where the store answers with a snapshot.", int(bool(snapshot)))
        yield from self._inboxes()
        yield from self._crew()
        if used := _disk(self._door):
            text = "Used share of the disk on which the memories lie, 0 to 1."
            yield _gauge("disk_used_ratio", text, used["used"])
        if snapshot is not None:
            yield from self._snapshot(snapshot)

    def describe(self) -> Iterable[Metric]:
        """Name nothing in advance: the store need not be there at the start."""
        return ()

    def _streams(self) -> Iterable[Metric]:
        stats = self._door.stream_stats()
        yield _gauge("streams", "Open streams of this process.", stats.streams)
        yield _gauge("components_broken", "Live components that cannot be drawn.", stats.broken)
        yield _count("frames", "Frames sent.", stats.frames)
        yield _count("frame_bytes", "Bytes of frames sent.", stats.sent_bytes)
        yield _count("streams_dropped", "Streams ended because too slow.", stats.dropped)
        yield _count("streams_refused", "Streams refused: all taken.", stats.refused)
        yield _count("ticks", "Ticks drawn.", stats.ticks)
        yield _count("tick_draw_seconds", "Seconds spent drawing ticks.", stats.tick_seconds)

    def _inboxes(self) -> Iterable[Metric]:
        """Yield what was pushed or heard and waits for the worker; 0 where nothing does."""
        try:
            waiting = self._door.store.waiting()
        except StoreError:
            return
        count = GaugeMetricFamily("bartizan_inbox", "Deliveries that wait.", labels=["feed"])
        size = GaugeMetricFamily("bartizan_inbox_bytes", "Their bytes.", labels=["feed"])
        feeds = {feed.id for feed in self._door.pack.feeds if feed.push_secret}
        for feed_id in sorted(feeds | waiting.keys()):
            found = waiting.get(feed_id)
            count.add_metric([feed_id], found.count if found else 0)
            size.add_metric([feed_id], found.size if found else 0)
        yield count
        yield size

    def _crew(self) -> Iterable[Metric]:
        """Yield how many work, how many lead (one), and what lies in each shard."""
        try:
            workers, backlog = self._door.store.workers(), _backlog(self._door)
        except StoreError:
            return
        leading = sum(bool(one.note.get("leads")) for one in workers)
        yield _gauge("workers", "Workers that live.", len(workers))
        yield _gauge("workers_leading", "Workers that lead: one.", leading)
        waiting = GaugeMetricFamily("bartizan_shard_waiting", "Entries unread.", labels=["shard"])
        pending = GaugeMetricFamily("bartizan_shard_pending", "Entries in work.", labels=["shard"])
        for shard, (n_waiting, n_pending) in backlog.items():
            waiting.add_metric([str(shard)], n_waiting)
            pending.add_metric([str(shard)], n_pending)
        yield waiting
        yield pending

    def _snapshot(self, snapshot: Snapshot) -> Iterable[Metric]:
        age_s = (self._door.clock() - snapshot.published_at).total_seconds()
        yield _gauge("snapshot_age_seconds", "Age of the newest snapshot.", age_s)
        yield _by_state("feeds", "Feeds by state.", (feed.state for feed in snapshot.feeds))
        yield _by_state(
            "readings", "Readings by quality.", (item.quality for item in snapshot.readings)
        )
        rows = GaugeMetricFamily("bartizan_feed_age_seconds", "Age of the data.", labels=["feed"])
        rejected = CounterMetricFamily("bartizan_feed_rejected", "Rows refused.", labels=["feed"])
        for feed in snapshot.feeds:
            if feed.last_observed_at is not None:
                seen = (self._door.clock() - feed.last_observed_at).total_seconds()
                rows.add_metric([feed.id], seen)
            rejected.add_metric([feed.id], feed.rejected)
        yield rows
        yield rejected
        yield _gauge("alerts", "Live alerts.", len(snapshot.alerts))


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"bartizan_{name}", text, value=value)


def _count(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(f"bartizan_{name}", text, value=value)


def _by_state(name: str, text: str, found: Iterable[Quality]) -> Metric:
    counts = dict.fromkeys(Quality, 0)
    for state in found:
        counts[state] += 1
    family = GaugeMetricFamily(f"bartizan_{name}", text, labels=["state"])
    for state, count in counts.items():
        family.add_metric([state.value], count)
    return family
