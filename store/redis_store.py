"""The store on a Redis or Valkey server: the parts, put together."""

from store import keys
from store.admission import Admission
from store.client import connect, guarded
from store.crew import Crew
from store.desk import Desk, Locks
from store.feeds import FeedRecords
from store.inbox import Inboxes
from store.quarantine import Quarantine
from store.replicas import Replicas
from store.shards import IDLE_MS, Shards
from store.snapshots import Snapshots
from store.version import Gate


class RedisStore:
    """Keeps the promises of ``store.base.Store``; what each method does is written there."""

    def __init__(
        self,
        url: str,
        *,
        shards: int = 1,
        wait_replicas: int | None = None,
        idle_ms: int = IDLE_MS,
    ) -> None:
        self._clients = connect(url)
        replicas = Replicas(self._clients, wait_replicas)
        feeds = FeedRecords(self._clients)
        refused = Quarantine(self._clients)
        inboxes = Inboxes(self._clients, replicas)
        streams = Shards(self._clients, replicas, refused.add_rejects, idle_ms)
        admission = Admission(self._clients.patient, streams, shards)
        snapshots = Snapshots(self._clients)
        desk = Desk(self._clients)
        self.close = self._clients.close
        self.add_facts = streams.add_facts
        self.read_facts = streams.read_facts
        self.ack = streams.ack
        self.backlog = streams.backlog
        self.shards = streams.shards
        self.admit = admission.admit
        self.seen = admission.seen
        self.mark_seen = admission.mark_seen
        gate = Gate(self._clients)  # worker and web ask for these before anything else
        self.epoch = gate.before(snapshots.epoch)
        self.publish = snapshots.publish
        self.latest = gate.before(snapshots.latest)
        self.head = gate.before(snapshots.head)
        self.ticks = snapshots.ticks
        self.submit = desk.submit
        self.take_commands = desk.take_commands
        self.answer = desk.answer
        self.save_records = desk.save_records
        self.records = desk.records
        self.save_memory = feeds.save_memory
        self.memory = feeds.memory
        self.save_feed_states = feeds.save_feed_states
        self.feed_states = feeds.feed_states
        self.feed_note = feeds.feed_note
        self.add_rejects = refused.add_rejects
        self.quarantine = refused.quarantine
        self.reasons = refused.reasons
        self.settle = refused.settle
        self.deliver = inboxes.deliver
        self.deliveries = inboxes.deliveries
        self.drop_deliveries = inboxes.drop_deliveries
        self.waiting = inboxes.waiting
        self.count = feeds.count
        self.counters = feeds.counters
        self.lock = Locks(self._clients).lock
        self._bind(Crew(self._clients))

    def _bind(self, crew: Crew) -> None:
        self.beat = crew.beat
        self.leave = crew.leave
        self.workers = crew.workers
        self.tell = crew.tell
        self.tell_kept = crew.tell_kept
        self.told = crew.told
        self.told_kept = crew.told_kept
        self.plan_poll = crew.plan_poll
        self.planned_poll = crew.planned_poll

    @guarded
    def ping(self) -> None:
        """See ``Store``."""
        self._clients.quick.exists(keys.HEAD)  # of a cluster: the very node that people wait for
