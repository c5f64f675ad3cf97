"""Writes that are not called done before a replica has them.

Replication is asynchronous: a master that dies takes what only it knew along. What somebody was
told is kept (an admitted fact, a delivery that was accepted) waits for replicas first.
"""

import logging
from collections.abc import Callable
from typing import Any

import redis

from store.client import Clients
from store.errors import StoreDown

WAIT_MS = 1000
QUICK_WAIT_MS = 300  # well under what the quick client waits for an answer

_log = logging.getLogger(__name__)


class Replicas:
    """How many replicas must have a write.

    ``wanted`` None: one, under Sentinels and in clusters, as long as the master has any that
    follows it; a number: so many, always, and nothing is accepted without them.
    """

    def __init__(self, clients: Clients, wanted: int | None = None) -> None:
        self._clients = clients
        self._is_strict = wanted is not None
        self._wanted = wanted if wanted is not None else int(clients.kind != "single")
        self._is_told = False

    def write(
        self, key: str, send: Callable[[Any], object], *, is_quick: bool = False
    ) -> list[Any]:
        """Send commands on keys of one hash tag in a pipeline; return their answers.

        Raises:
            StoreDown: no replica confirmed in time; it may or may not have been written.
            redis.RedisError: whatever a command was answered.

        """
        wait_ms = QUICK_WAIT_MS if is_quick else WAIT_MS

        def ask(node: Any) -> list[Any]:
            pipe = node.pipeline(transaction=False)
            send(pipe)
            if self._wanted:
                pipe.execute_command("WAIT", self._wanted, wait_ms)
            answers: list[Any] = pipe.execute(raise_on_error=False)
            for answer in answers:
                if isinstance(answer, Exception):
                    raise answer
            return answers

        answers = self._clients.at_node(key, ask, is_quick=is_quick)
        if self._wanted and int(answers.pop()) < self._wanted:
            self._doubt(key, wait_ms, is_quick=is_quick)
        return answers

    def _doubt(self, key: str, wait_ms: int, *, is_quick: bool) -> None:
        """Raise unless we may go on without replicas, because there are none."""
        reason = f"fewer than {self._wanted} replicas confirmed within {wait_ms} ms"
        if self._is_strict or self._clients.at_node(key, _has_replicas, is_quick=is_quick):
            raise StoreDown(reason)
        if not self._is_told:
            self._is_told = True
            _log.warning("the master has no replica: what is accepted now dies with it")


def _has_replicas(node: Any) -> bool:
    """Whether a replica follows the master (one that still loads everything does not yet)."""
    try:
        info = node.info("replication")
    except redis.ResponseError:  # not permitted: then take it for granted
        return True
    count = int(info.get("connected_slaves", 0))
    return any(info.get(f"slave{n}", {}).get("state") == "online" for n in range(count))
