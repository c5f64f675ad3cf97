"""A cluster's client that asks nobody before its first call, and starts over where it is lost."""

import random
import threading
from collections.abc import Callable
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.exceptions import RedisClusterException
from redis.retry import Retry

from store.address import Host

_RETRIES = 1  # the nodes are asked for the topology in between


class Cluster:
    """Stands for ``redis.cluster.RedisCluster``, which asks for the topology when it is made.

    Where the topology that it knows leads nowhere any more (all nodes have moved), the next call
    starts over from the hosts of the URL.
    """

    def __init__(self, hosts: tuple[Host, ...], **options: Any) -> None:
        self._hosts = hosts
        self._options = options
        self._lock = threading.Lock()
        self._client: Any = None

    def __getattr__(self, name: str) -> Any:
        """Give a method of the client, which forgets a topology that is of no use."""
        found = getattr(self._made(), name)
        if not callable(found):
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            return self._tried(lambda: found(*args, **kwargs))

        return call

    def pubsub(self, **options: Any) -> Any:
        """Return a subscription at any node: every node hears what is told at another."""
        client = self._made()
        nodes = client.get_nodes()
        if not nodes:
            raise redis.ConnectionError("no node of the cluster is known")
        return client.pubsub(node=random.choice(nodes), **options)  # noqa: S311 - no secret

    def pipeline(self, transaction: bool | None = None) -> Any:  # noqa: FBT001 - as in redis-py
        """Return a pipeline; with ``transaction`` all its keys must share a hash tag."""
        pipe: Any = self._tried(lambda: self._made().pipeline(transaction=transaction))
        execute = pipe.execute
        pipe.execute = lambda: self._tried(execute)
        return pipe

    def node_of(self, key: str) -> Any:
        """Return the client of the node that owns a key."""
        client = self._made()
        return self._tried(lambda: client.get_redis_connection(client.get_node_from_key(key)))

    def refresh(self) -> None:
        """Ask for the topology again."""
        self._tried(self._made().nodes_manager.initialize)

    def close(self) -> None:
        """Give all connections back."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _tried(self, act: Callable[[], Any]) -> Any:
        try:
            return act()
        except RedisClusterException as error:
            with self._lock:
                self._client = None  # not closed: other threads may still wait for an answer
            raise redis.ConnectionError(f"the cluster cannot be used: {error}") from error

    def _made(self) -> Any:
        with self._lock:
            if self._client is None:
                node: Any = ClusterNode  # redis-py does not type it
                nodes = [node(host, port) for host, port in self._hosts]
                try:
                    self._client = RedisCluster(
                        startup_nodes=nodes,
                        retry=Retry(NoBackoff(), _RETRIES),
                        require_full_coverage=False,
                        reinitialize_steps=1,
                        **self._options,
                    )
                except (RedisClusterException, IndexError) as error:  # IndexError: no primaries
                    raise redis.ConnectionError(
                        f"no host of the cluster answers: {error}"
                    ) from error
            return self._client
