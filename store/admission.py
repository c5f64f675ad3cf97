"""Admission: only what says something new goes on its way.

A fact is a duplicate where the newest known version of its key says exactly the same, apart from
when it was published and heard. Facts are added first and remembered second: a crash in between
adds one twice at the next poll, which history sees through, and loses none.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Protocol

from model import Fact
from store import codec, keys
from store.client import guarded
from store.known import Generations


class _Adder(Protocol):
    def add_facts(self, facts: Sequence[Fact], *, shard: int = 0) -> None: ...


class Admission:
    """The door through which facts come in."""

    def __init__(self, client: Any, shards: _Adder, n_shards: int = 1) -> None:
        self._known = Generations(client)
        self._shards = shards
        self._n_shards = n_shards

    def admit(self, facts: Sequence[Fact]) -> list[Fact]:
        """See ``Store``. Shard by shard: where one cannot be written, the others are done."""
        known = self.seen(facts)
        fresh = [fact for fact, is_known in zip(facts, known, strict=True) if not is_known]
        for shard, mine in by_shard(fresh, self._n_shards).items():
            self._shards.add_facts(mine, shard=shard)
            self.mark_seen(mine)
        return fresh

    @guarded
    def seen(self, facts: Sequence[Fact]) -> list[bool]:
        """See ``Store``."""
        answers = [False] * len(facts)
        for feed_id, places in _by_feed(facts).items():
            pairs = [_pair(facts[at]) for at in places]
            before = self._known.know(keys.seen(feed_id), pairs)
            for at, is_known in zip(places, within(pairs, before), strict=True):
                answers[at] = is_known
        return answers

    @guarded
    def mark_seen(self, facts: Sequence[Fact]) -> None:
        """See ``Store``."""
        for feed_id, places in _by_feed(facts).items():
            self._known.learn(keys.seen(feed_id), dict(_pair(facts[at]) for at in places))


def by_shard(facts: Sequence[Fact], n_shards: int) -> dict[int, list[Fact]]:
    """Share facts out, all versions of one natural key to one shard, whoever does it."""
    if n_shards == 1:
        return {0: list(facts)} if facts else {}
    shares: dict[int, list[Fact]] = defaultdict(list)
    for fact in facts:
        shares[int.from_bytes(codec.key_of(fact), "big") % n_shards].append(fact)
    return shares


def within(pairs: Sequence[tuple[bytes, bytes]], before: Sequence[bool]) -> list[bool]:
    """Correct what was known before a batch by what the batch itself says earlier.

    >>> within([(b"k", b"1"), (b"k", b"1"), (b"k", b"2"), (b"k", b"1")], [True] * 2 + [False, True])
    [True, True, False, False]

    """
    newest: dict[bytes, bytes] = {}
    answers = []
    for (key, content), was_known in zip(pairs, before, strict=True):
        answers.append(newest[key] == content if key in newest else was_known)
        newest[key] = content
    return answers


def _pair(fact: Fact) -> tuple[bytes, bytes]:
    return codec.key_of(fact), codec.content_of(fact)


def _by_feed(facts: Sequence[Fact]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = defaultdict(list)
    for at, fact in enumerate(facts):
        places[fact.feed_id].append(at)
    return places
