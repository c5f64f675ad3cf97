"""The real web over a real store, with a small worker: snapshots of the test, the real engine."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from werkzeug.serving import BaseWSGIServer, make_server

import alerts
import cities
import history
import store as stores
from alerts import Record
from house import web
from model import AlertEvent, Command, Outcome, Reject, Snapshot
from store import embedded
from tests.unit.layouts.desk import montreal

EVERY_S = 0.5


def utc() -> datetime:
    return datetime.now(UTC)


@dataclass
class Desks:
    """A house on a free port. ``made`` builds the snapshot of an instant; a test may swap it."""

    folder: Path
    made: Callable[[datetime], Snapshot] | None = None
    pack: cities.Pack | None = None
    is_open: bool = False
    records: dict[str, Record] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    port: int = 0
    stop_worker: threading.Event = field(default_factory=threading.Event)

    def start(self, port: int) -> str:
        self.valkey = embedded.start(self.folder / "store")
        self.store = stores.open(self.valkey.url)
        if self.made is None:
            self.show(montreal.busy(now=utc()))
        self.history = history.open(self.folder / "history", writer=True)
        self._raise()
        self.web = web.make(
            web.Wanted(
                pack=self.pack or montreal.pack(),
                store_url=self.valkey.url,
                history_location=str(self.folder / "history"),
                secret_key="only for this test",
                clock=utc,
                max_streams=32,
                wall_distance_m=3.0,
                wall_pitch_mm=0.565,
                is_open=self.is_open,
            )
        )
        self.port = port
        self.work()
        self.serve()
        return self.url

    def show(self, snapshot: Snapshot) -> None:
        """Publish this snapshot from now on; only its instant moves."""
        self.made = lambda now: replace(snapshot, published_at=now)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def serve(self) -> None:
        self.server: BaseWSGIServer = make_server(
            "127.0.0.1", self.port, self.web.server, threaded=True
        )
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def silence(self) -> None:
        """Stop the web server, as if its machine had gone."""
        self.server.shutdown()
        self.server.server_close()
        self.web.hub.close()

    def work(self) -> None:
        """Publish twice a second and obey commands, until told to rest."""
        self.stop_worker = threading.Event()
        self._thread = threading.Thread(target=self._work, args=(self.stop_worker,), daemon=True)
        self._thread.start()

    def rest(self) -> None:
        self.stop_worker.set()
        self._thread.join(10)

    def stop(self) -> None:
        self.rest()
        self.silence()
        self.history.close()
        self.store.close()
        self.valkey.stop()

    def _raise(self) -> None:
        """Two alarms that the real engine raised, with their audit in the real history."""
        now, lines = utc(), list[AlertEvent]()
        for key, scope, value, minutes in (
            ("river.district", "64", 101.3, 4.2),
            ("services.overdue", alerts_city(), 16.2, 190.0),
        ):
            record, events = montreal.raised(key, scope, value, minutes=minutes, now=now)
            self.records[record.key] = record
            lines += events
        self.history.append_alert_events(lines)
        self.store.add_rejects(refused(now))

    def _work(self, told: threading.Event) -> None:
        while not told.wait(EVERY_S):
            now = utc()
            for command in self.store.take_commands():
                self.store.answer(self._obey(command.occurrence, command, now))
            assert self.made
            snapshot = self.made(now)
            mine = tuple(
                seen
                for record in self.records.values()
                if (seen := alerts.view(montreal.rule(record.rule), record, now))
            )
            keys = {alert.key for alert in mine}
            kept = tuple(a for a in snapshot.alerts if a.key not in keys) if snapshot.alerts else ()
            shown = (*mine, *kept) if snapshot.alerts else ()
            self.store.publish(replace(snapshot, alerts=shown))

    def _replay(self, command: Command) -> Outcome:
        """Read the quarantine again as a mended mapping would: two rows stay refused."""
        reason = dict(command.body).get("reason")
        rows = self.store.quarantine("traffic", limit=1000, reason=reason).items
        done = {row.id: None for row in rows[2:]}
        self.store.settle("traffic", done)
        body = (("read", str(len(rows))), ("accepted", str(len(done))), ("refused", "2"))
        status = "applied" if done else "noop"
        return Outcome(command_id=command.command_id, status=status, body=body)

    def _obey(self, occurrence: str, command: Command, now: datetime) -> Outcome:
        if occurrence.startswith("feed:"):
            self.asked.append((command.call, command.by))
            if command.call == "replay":
                return self._replay(command)
            return Outcome(command_id=command.command_id, status="applied")
        for key, record in self.records.items():
            if occurrence in (record.occurrence, record.last_occurrence):
                moved, lines, outcome = alerts.command(
                    montreal.rule(record.rule), record, command, now
                )
                self.records[key] = moved
                self.history.append_alert_events(lines)
                return outcome
        return Outcome(command_id=command.command_id, status="unknown", reason="no such alert")


def refused(now: datetime) -> list[Reject]:
    """Rows that a feed of strangers may bring: ordinary ones, and those that mean harm."""
    common = {"feed_id": "traffic", "field": "speed", "reason": "speed is a sentinel"}
    plain = [
        Reject(
            line=n,
            raw=f'{{"id": {n}, "speed": -1, "jamFactor": -1}}',
            at=now - timedelta(minutes=n),
            **common,
        )
        for n in range(1, 31)
    ]
    harm = [
        "<script>window.harmed = true</script><img src=x onerror='window.harmed = true'>",
        "name,\u202egnp.exe\u202c,\x00\x1b[31mred\x07,\u200bhidden",
        "x" * 16_000,
        "{{7*7}} ${7*7} javascript:alert(1)",
        "a,b\r\nc,d\ttab",
    ]
    return [
        *plain,
        *(
            Reject(
                feed_id="traffic",
                line=100 + n,
                reason="not JSON: <b>bold</b>" if n == 0 else "not JSON",
                raw=raw,
                at=now,
                context="id,speed" if n == 1 else "",
            )
            for n, raw in enumerate(harm)
        ),
    ]


def alerts_city() -> str:
    return "city"


HOUR = timedelta(hours=1)
