"""Rows that were refused: each once, bounded in number and in bytes, summed up by reason."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from model import Reject
from store import codec, keys, scripts
from store.base import Quarantined, QuarantinePage, Reason
from store.client import Clients, guarded
from store.known import Generations
from store.scripting import Script

CAP = 5_000  # refused rows kept per feed; older ones go, the total stays
CAP_BYTES = 20_000_000  # of refused rows per feed
_QUARANTINED = "quarantined"
_BATCH = 200  # rows a call: at most 3 MB
_SAMPLE = 300  # letters of raw text in a summary
_VARIES = re.compile(
    r"""(?<!\w)'(?:[^'\\]|\\.|'(?=\w))*'(?!\w) | "(?:[^"\\]|\\.)*" | (?<!\w)[-+]?\d[\w.,:%+-]*""",
    re.VERBOSE,
)


def masked(reason: str) -> str:
    """Return a reason without the values in it, so that equal troubles read alike.

    >>> masked("'abc' is no number")
    '… is no number'
    >>> masked("5 columns, 7 wanted")
    '… columns, … wanted'

    """
    return _VARIES.sub("…", reason)


def is_of(reject: Reject, reason: str | None) -> bool:
    """Whether a row was refused for this reason, as written or masked; ``None`` is any."""
    return reason is None or reason in (reject.reason, masked(reject.reason))


def summed(rejects: Iterable[Reject]) -> list[Reason]:
    """Return the reasons of rows that come oldest first, the most frequent first."""
    counts: Counter[tuple[str, str | None]] = Counter()
    newest: dict[tuple[str, str | None], Reject] = {}
    for reject in rejects:
        key = (masked(reject.reason), reject.field)
        counts[key] += 1
        if key not in newest or reject.at >= newest[key].at:
            newest[key] = reject
    return [
        Reason(reason, field, count, newest[reason, field].at, newest[reason, field].raw[:_SAMPLE])
        for (reason, field), count in counts.most_common()
    ]


class Quarantine:
    """The refused rows of all feeds."""

    def __init__(self, clients: Clients) -> None:
        self._quick = clients.quick
        self._patient = clients.patient
        self._known = Generations(clients.patient, limit=CAP * 4)
        self._add = Script(self._patient, scripts.QUARANTINE)
        self._drop = Script(self._patient, scripts.UNQUARANTINE)
        self._sums: dict[str, tuple[Any, list[Reason]]] = {}

    @guarded
    def add_rejects(self, rejects: Sequence[Reject]) -> int:
        """See ``Store``."""
        n_new = 0
        in_order = sorted(rejects, key=lambda reject: reject.feed_id)
        for feed_id, group in groupby(in_order, key=lambda reject: reject.feed_id):
            n_fresh = self._put(feed_id, list(group))
            self._patient.hincrby(keys.counters(feed_id), _QUARANTINED, n_fresh)
            n_new += n_fresh
        return n_new

    def _put(self, feed_id: str, rejects: list[Reject]) -> int:
        pairs = {codec.key_of_reject(reject): reject for reject in rejects}
        names = keys.rejects_seen(feed_id)
        known = self._known.know(names, [(key, b"1") for key in pairs])
        fresh = [key for key, is_known in zip(pairs, known, strict=True) if not is_known]
        places = [keys.rejects(feed_id), keys.rejects_size(feed_id)]
        kept = fresh[-CAP:]
        for start in range(0, len(kept), _BATCH):
            rows = [codec.dumps(pairs[key]) for key in kept[start : start + _BATCH]]
            self._add(keys=places, args=[CAP, CAP_BYTES, *rows])
        self._known.learn(names, dict.fromkeys(fresh, b"1"))
        return len(fresh)

    @guarded
    def quarantine(
        self,
        feed_id: str,
        *,
        limit: int = 100,
        before: str | None = None,
        reason: str | None = None,
    ) -> QuarantinePage:
        """See ``Store``."""
        found: list[Quarantined] = []
        for one in self._newest_first(feed_id, before, limit + 1 if reason is None else _BATCH):
            if is_of(one.reject, reason):
                found.append(one)
            if len(found) > limit:
                break
        total = self._quick.hget(keys.counters(feed_id), _QUARANTINED)
        following = found[limit - 1].id if len(found) > limit else None
        return QuarantinePage(found[:limit], following, int(total or 0))

    def _newest_first(self, feed_id: str, before: str | None, step: int) -> Iterator[Quarantined]:
        size = min(step, _BATCH)
        while True:
            newest = "+" if before is None else f"({before}"
            rows = self._quick.xrevrange(keys.rejects(feed_id), max=newest, count=size)
            for row_id, pairs in rows:
                before = row_id.decode()
                yield Quarantined(before, codec.build(Reject, codec.loads(pairs[b"r"])))
            if len(rows) < size:
                return

    @guarded
    def reasons(self, feed_id: str) -> list[Reason]:
        """See ``Store``; counted anew only when the quarantine has changed."""
        stamp = self._stamp(feed_id)
        known = self._sums.get(feed_id)
        if known is None or known[0] != stamp:
            rows = [one.reject for one in self._newest_first(feed_id, None, _BATCH)]
            known = self._sums[feed_id] = (stamp, summed(reversed(rows)))
        return list(known[1])

    def _stamp(self, feed_id: str) -> Any:
        pipe = self._quick.pipeline(transaction=False)
        pipe.xlen(keys.rejects(feed_id))
        pipe.xrange(keys.rejects(feed_id), count=1)
        pipe.xrevrange(keys.rejects(feed_id), count=1)
        length, first, last = pipe.execute()
        return length, [row_id for row_id, _ in first], [row_id for row_id, _ in last]

    @guarded
    def settle(self, feed_id: str, changes: Mapping[str, Reject | None]) -> None:
        """See ``Store``. What takes a row's place is kept before the row goes."""
        stream = keys.rejects(feed_id)
        pipe = self._patient.pipeline(transaction=False)
        for row_id in changes:
            pipe.xrange(stream, min=row_id, max=row_id)
        gone = [row for rows in pipe.execute() for row in rows]
        fresh = [reject for reject in changes.values() if reject is not None]
        if fresh:
            self._put(feed_id, fresh)
        kept = {codec.key_of_reject(reject) for reject in fresh}
        old = [codec.build(Reject, codec.loads(pairs[b"r"])) for _, pairs in gone]
        forgotten = {codec.key_of_reject(reject) for reject in old} - kept
        if gone:
            ids = [row_id for row_id, _ in gone]
            self._drop(keys=[stream, keys.rejects_size(feed_id)], args=ids)
            self._known.forget(keys.rejects_seen(feed_id), forgotten)
