"""The road back: commands of people, the records they act upon, and the locks."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Self

import redis

from model import Command, Outcome
from store import codec, keys, scripts
from store.base import Lock, Versioned
from store.client import BLOCK_MS, QUICK_S, Clients, guarded
from store.errors import Conflict, Fenced, StoreSilent
from store.scripting import Script
from store.shards import lacks_group, make_group

_EXPIRY_S = 86_400  # how long an outcome can be asked for again
_CONSUMER = "worker"


class Desk:
    """Commands, outcomes and records."""

    def __init__(self, clients: Clients) -> None:
        self._quick = clients.quick
        self._patient = clients.patient
        self._submit = Script(self._quick, scripts.SUBMIT)
        self._withdraw = Script(self._quick, scripts.WITHDRAW)
        self._answer = Script(self._patient, scripts.ANSWER)
        self._save = Script(self._patient, scripts.SAVE)
        self._take = Script(self._patient, scripts.TAKE)
        self._cursor = "0"
        self._took_under = ""

    @guarded
    def submit(self, command: Command, timeout_s: float = 5.0) -> Outcome:
        """See ``Store``."""
        deadline = time.monotonic() + timeout_s
        name = command.command_id
        places = [keys.command(name), keys.COMMANDS, keys.answer(name)]
        reply = self._submit(keys=places, args=[codec.dumps(command), _EXPIRY_S])
        while reply is None:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                args = [keys.DESK]
                raise StoreSilent(name, is_taken=not self._withdraw(keys=places[:2], args=args))
            if self._patient.blpop(keys.bell(name), max(0.01, min(left_s, BLOCK_MS / 1000))):
                self._quick.lpush(keys.bell(name), "1")  # others may wait for the same outcome
                self._quick.expire(keys.bell(name), 60)
            reply = self._quick.get(keys.answer(name))
        return codec.build(Outcome, codec.loads(reply))

    @guarded
    def take_commands(self, block_ms: int = 0, *, fence: Lock | None = None) -> list[Command]:
        """See ``Store``."""
        token = _token(fence)
        if token != self._took_under:
            self._took_under, self._cursor = token, "0"
        deadline = time.monotonic() + block_ms / 1000
        while True:
            rows, last = self._look(fence)
            if self._cursor != ">":
                self._cursor = rows[-1][0].decode() if rows else ">"
                if not rows:
                    continue
            left_ms = int((deadline - time.monotonic()) * 1000)
            if rows or left_ms <= 0:
                return _commands(rows)
            self._patient.xread({keys.COMMANDS: last}, count=1, block=min(left_ms, BLOCK_MS))

    def _look(self, fence: Lock | None) -> tuple[list[Any], bytes]:
        """Return the rows after the cursor, and where new ones begin."""
        places = [keys.COMMANDS, _lock_key(fence)]
        args = [_token(fence), keys.DESK, _CONSUMER, self._cursor, 100]
        try:
            rows, last = _fenced(lambda: self._take(keys=places, args=args))
        except redis.ResponseError as error:
            if not lacks_group(error):
                raise
            make_group(self._patient, keys.COMMANDS, keys.DESK)
            rows, last = _fenced(lambda: self._take(keys=places, args=args))
        return rows, last

    @guarded
    def answer(self, outcome: Outcome) -> None:
        """See ``Store``."""
        name = outcome.command_id
        places = [keys.command(name), keys.answer(name), keys.bell(name), keys.COMMANDS]
        self._answer(keys=places, args=[keys.DESK, codec.dumps(outcome), _EXPIRY_S])

    @guarded
    def save_records(
        self,
        changes: Mapping[str, Mapping[str, Any] | None],
        *,
        expected: Mapping[str, int] | None = None,
        answers: Sequence[Outcome] = (),
        fence: Lock | None = None,
    ) -> dict[str, int]:
        """See ``Store``."""
        places = [keys.RECORDS, keys.VERSIONS, _lock_key(fence)]
        places.append(keys.COMMANDS)
        for outcome in answers:
            name = outcome.command_id
            places += [keys.command(name), keys.answer(name), keys.bell(name)]
        wanted = expected or {}
        args: list[Any] = [_token(fence), keys.DESK, _EXPIRY_S, len(changes)]
        for key, body in changes.items():
            args += [key, wanted.get(key, ""), b"" if body is None else codec.dumps(body)]
        args += [codec.dumps(outcome) for outcome in answers]
        reply = _fenced(lambda: self._save(keys=places, args=args))
        if reply[0] == b"conflict":
            raise Conflict([key.decode() for key in reply[1:]])
        return dict(zip(changes, reply[1:], strict=True))

    @guarded
    def records(self) -> dict[str, Versioned]:
        """See ``Store``."""
        pipe = self._patient.pipeline(transaction=True)
        pipe.hgetall(keys.RECORDS)
        pipe.hgetall(keys.VERSIONS)
        bodies, versions = pipe.execute()
        return {
            key.decode(): Versioned(int(versions[key]), codec.loads(body))
            for key, body in bodies.items()
        }


class Locks:
    """Leases on names."""

    def __init__(self, clients: Clients) -> None:
        self._r = clients.quick
        self._take = Script(self._r, scripts.LOCK)

    @guarded
    def lock(
        self, name: str, *, ttl: timedelta = timedelta(seconds=10), is_forced: bool = False
    ) -> "Lease | None":
        """See ``Store``."""
        ttl_ms = int(ttl.total_seconds() * 1000)
        places = [keys.lock(name), keys.FENCE, keys.last_lock(name)]
        token = self._take(keys=places, args=[ttl_ms, int(is_forced)])
        return None if token is None else Lease(self._r, name, int(token), ttl_ms)


class Lease:
    """A lock that is ours until its time runs out."""

    def __init__(self, client: Any, name: str, token: int, ttl_ms: int) -> None:
        self.name = name
        self.token = token
        self._ttl_ms = ttl_ms
        self._places = [keys.lock(name), keys.last_lock(name)]
        self._renew = Script(client, scripts.RENEW)
        self._release = Script(client, scripts.RELEASE)

    @guarded
    def renew(self) -> bool:
        """See ``Lock``."""
        return bool(self._renew(keys=self._places, args=[self.token, self._ttl_ms]))

    @guarded
    def release(self) -> None:
        """See ``Lock``."""
        self._release(keys=self._places, args=[self.token])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def _token(fence: Lock | None) -> str:
    return "" if fence is None else str(fence.token)


def _lock_key(fence: Lock | None) -> str:
    return keys.lock(fence.name if fence else "none")


def _fenced(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except redis.ResponseError as error:
        if "FENCED" in str(error):
            raise Fenced("the lock has passed to another worker") from error
        raise


def _commands(rows: Sequence[Any]) -> list[Command]:
    return [codec.build(Command, codec.loads(pairs[1])) for _, pairs in rows if pairs]


__all__ = ["QUICK_S", "Desk", "Lease", "Locks"]
