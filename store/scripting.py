"""Scripts that follow the data: to a new master, which has never seen them, as well."""

from collections.abc import Sequence
from hashlib import sha1
from typing import Any

import redis


class Script:
    """A Lua script at a client; sent whole only where a server does not know it yet.

    Unlike redis-py's own it loads nothing on other nodes of a cluster, one of which may be away.
    """

    def __init__(self, client: Any, text: str) -> None:
        self._client = client
        self.text = text
        self._digest = sha1(text.encode(), usedforsecurity=False).hexdigest()

    def __call__(self, keys: Sequence[Any], args: Sequence[Any] = ()) -> Any:
        """Run it over keys of one hash tag."""
        return self.at(self._client, keys, args)

    def at(self, client: Any, keys: Sequence[Any], args: Sequence[Any]) -> Any:
        """Run it at another client."""
        try:
            return client.evalsha(self._digest, len(keys), *keys, *args)
        except redis.exceptions.NoScriptError:
            return client.eval(self.text, len(keys), *keys, *args)
