"""Parts of the twin in memory: quarantine and inboxes."""

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence

from model import Delivery, Reject
from store import codec, inbox, quarantine
from store.base import Quarantined, QuarantinePage, Reason, Waiting
from store.errors import InboxFull


class MemoryQuarantine:
    """The refused rows of all feeds."""

    def __init__(self, counters: dict[str, dict[str, int]]) -> None:
        self._counters = counters
        self._rows: dict[str, dict[int, Reject]] = defaultdict(dict)
        self._last = 0

    def add_rejects(self, rejects: Sequence[Reject]) -> int:
        """See ``Store``."""
        fresh = [reject for reject in rejects if self._put(reject)]
        for reject in fresh:
            self._counters[reject.feed_id]["quarantined"] += 1
        return len(fresh)

    def _put(self, reject: Reject) -> bool:
        rows, key = self._rows[reject.feed_id], codec.key_of_reject(reject)
        if any(codec.key_of_reject(old) == key for old in rows.values()):
            return False
        self._last += 1
        rows[self._last] = codec.build(Reject, codec.loads(codec.dumps(reject)))
        while len(rows) > 1 and (len(rows) > quarantine.CAP or _size(rows) > quarantine.CAP_BYTES):
            del rows[min(rows)]
        return True

    def quarantine(
        self,
        feed_id: str,
        *,
        limit: int = 100,
        before: str | None = None,
        reason: str | None = None,
    ) -> QuarantinePage:
        """See ``Store``."""
        found = [
            Quarantined(f"{number}-0", reject)
            for number, reject in sorted(self._rows[feed_id].items(), reverse=True)
            if (before is None or number < _number(before)) and quarantine.is_of(reject, reason)
        ]
        following = found[limit - 1].id if len(found) > limit else None
        total = self._counters[feed_id]["quarantined"]
        return QuarantinePage(found[:limit], following, total)

    def reasons(self, feed_id: str) -> list[Reason]:
        """See ``Store``."""
        return quarantine.summed(self._rows[feed_id].values())

    def settle(self, feed_id: str, changes: Mapping[str, Reject | None]) -> None:
        """See ``Store``."""
        for name in changes:
            self._rows[feed_id].pop(_number(name), None)
        for reject in changes.values():
            if reject is not None:
                self._put(reject)


class MemoryInboxes:
    """What was pushed or heard."""

    def __init__(self, changed: threading.Condition) -> None:
        self._changed = changed
        self._boxes: dict[str, dict[str, Delivery]] = defaultdict(dict)
        self._last = 0

    def deliver(self, delivery: Delivery) -> str:
        """See ``Store``."""
        with self._changed:
            box = self._boxes[delivery.feed_id]
            size = sum(len(one.body) for one in box.values()) + len(delivery.body)
            if len(box) >= inbox.CAP or (box and size > inbox.CAP_BYTES):
                raise InboxFull(delivery.feed_id)
            self._last += 1
            box[f"{self._last}-0"] = delivery
            self._changed.notify_all()
            return f"{self._last}-0"

    def deliveries(self, feed_id: str, count: int = 100) -> list[tuple[str, Delivery]]:
        """See ``Store``."""
        with self._changed:
            return list(self._boxes[feed_id].items())[:count]

    def drop_deliveries(self, feed_id: str, ids: list[str]) -> None:
        """See ``Store``."""
        with self._changed:
            for name in ids:
                self._boxes[feed_id].pop(name, None)

    def waiting(self, block_ms: int = 0) -> dict[str, Waiting]:
        """See ``Store``."""
        with self._changed:
            self._changed.wait_for(lambda: any(self._boxes.values()), block_ms / 1000)
            return {
                feed_id: Waiting(len(box), sum(len(one.body) for one in box.values()))
                for feed_id, box in self._boxes.items()
                if box
            }


def _number(name: str) -> int:
    return int(name.partition("-")[0])


def _size(rows: Mapping[int, Reject]) -> int:
    return sum(len(codec.dumps(reject)) for reject in rows.values())
