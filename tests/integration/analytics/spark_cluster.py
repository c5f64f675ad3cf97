"""A real Apache Spark cluster for tests: one master and two workers, from the wheel."""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

WORKERS = 2
START_S = 60.0
_PR_SET_PDEATHSIG = 1
_QUIET = """rootLogger.level = error
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %p %c{1}: %m%n
"""
_FAST = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"  # a JVM that lives for a minute
# Two drivers find room at once, each with an executor on each worker.
_SMALL = f"""spark.executor.memory 600m
spark.executor.extraJavaOptions {_FAST}
spark.driver.extraJavaOptions {_FAST}
spark.executor.cores 1
spark.cores.max 2
spark.sql.shuffle.partitions 2
spark.driver.memory 600m
"""


@dataclass
class Cluster:
    """Running processes; ``url`` is what ``ANALYTICS_URL`` takes."""

    folder: Path
    url: str = ""
    web: str = ""
    processes: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """What its processes, and drivers that use it, need."""
        return {
            "SPARK_CONF_DIR": str(self.folder / "conf"),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_PUBLIC_DNS": "127.0.0.1",
            "SPARK_WORKER_DIR": str(self.folder / "work"),
            "SPARK_LOCAL_DIRS": str(self.folder / "scratch"),
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_DAEMON_JAVA_OPTS": _FAST,
            "PYSPARK_PYTHON": sys.executable,
        }

    def stop(self) -> None:
        """End every process that was started here, with the executors below them."""
        for process in reversed(self.processes):
            os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def run(self, kind: str, *arguments: str) -> None:
        """Start a daemon of Spark in the foreground."""
        import pyspark  # noqa: PLC0415 - large, and not needed where the tests are skipped

        program = Path(pyspark.__file__).parent / "bin" / "spark-class"
        log = (self.folder / f"{kind.rpartition('.')[2]}-{len(self.processes)}.log").open("wb")
        with log:
            process = subprocess.Popen(
                [str(program), f"org.apache.spark.deploy.{kind}", *arguments],
                env={**os.environ, **self.environment},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_die_with_us,  # noqa: PLW1509 - one call, no lock is taken
            )
        self.processes.append(process)

    def workers(self) -> int:
        """Return how many workers the master knows; 0 while it does not answer."""
        try:
            with urllib.request.urlopen(f"{self.web}/json/", timeout=5) as answer:
                return int(json.load(answer)["aliveworkers"])
        except OSError:
            return 0

    def wait(self, count: int) -> None:
        """Wait until so many workers have come."""
        until = time.monotonic() + START_S
        while self.workers() < count:
            dead = [process.args for process in self.processes if process.poll() is not None]
            if dead or time.monotonic() > until:
                logs = "\n".join(path.read_text() for path in sorted(self.folder.glob("*.log")))
                raise RuntimeError(f"the Spark cluster does not start: {dead}\n{logs}")
            time.sleep(0.1)


def start() -> Cluster:
    """Start a cluster; it is up when both workers have come to their master."""
    folder = Path(tempfile.mkdtemp(prefix="bz-spark-"))
    (folder / "conf").mkdir()
    (folder / "conf" / "log4j2.properties").write_text(_QUIET)
    (folder / "conf" / "spark-defaults.conf").write_text(_SMALL)
    port, web = _free_port(), _free_port()
    cluster = Cluster(folder, f"spark://127.0.0.1:{port}", f"http://127.0.0.1:{web}")
    try:
        ports = ("--port", str(port), "--webui-port", str(web))
        cluster.run("master.Master", "--host", "127.0.0.1", *ports)
        for _ in range(WORKERS):
            size = ("--cores", "2", "--memory", "1400m", "--webui-port", "0")
            cluster.run("worker.Worker", "--host", "127.0.0.1", *size, cluster.url)
        cluster.wait(WORKERS)
    except BaseException:
        cluster.stop()
        raise
    return cluster


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with_us() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
