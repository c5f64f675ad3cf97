"""The schema of the store: older data are changed, newer data are refused."""

from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

from store import keys
from store.client import Clients, guarded
from store.errors import Unsupported

VERSION = 1
STEPS: Mapping[int, Callable[[Any], None]] = {}  # by version: what makes the next of it

P = ParamSpec("P")
T = TypeVar("T")


class Gate:
    """Lets calls through once the store is known to be of our schema."""

    def __init__(self, clients: Clients) -> None:
        self._client = clients.quick
        self._is_known = False

    def before(self, call: Callable[P, T]) -> Callable[P, T]:
        """Return a call that looks at the schema before it goes through for the first time.

        Raises:
            Unsupported: (the call) a newer version of Bartizan wrote the store.

        """

        def checked(*args: P.args, **kwargs: P.kwargs) -> T:
            if not self._is_known:
                self._check()
            return call(*args, **kwargs)

        return checked

    @guarded
    def _check(self) -> None:
        self._client.set(keys.SCHEMA, VERSION, nx=True)  # a new store, or one from before there was
        found = int(self._client.get(keys.SCHEMA))  # a number: that is the first schema
        if found > VERSION:
            raise Unsupported(
                f"the store has schema {found}, this version of Bartizan knows up to {VERSION}: "
                "use a newer one"
            )
        for version in range(found, VERSION):  # each step may run twice
            STEPS[version](self._client)
            self._client.set(keys.SCHEMA, version + 1)
        self._is_known = True
