"""A house for browser tests: the real layouts and script, snapshots pushed by the test."""

import json
import logging
import queue
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dash import Dash, page_container
from flask import Flask, Response, request
from werkzeug.serving import BaseWSGIServer, make_server

from layouts.live import SCENES, scene_props
from layouts.pages import PageContext, register
from layouts.view import View
from model import Snapshot
from tests.unit.layouts.city import view

logging.getLogger("werkzeug").setLevel(logging.ERROR)
ASSETS = Path(__file__).resolve().parents[3] / "assets"
Props = dict[str, dict[str, Any]]


def csp(app: Dash) -> str:
    hashes = " ".join(f"'{one.strip(chr(39))}'" for one in app.csp_hashes())
    return (
        f"default-src 'self'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; worker-src 'self' blob:; connect-src 'self'; font-src 'self'; "
        "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; report-uri /csp-report"
    )


@dataclass
class House:
    """A web process whose every frame is the test's. ``pitch`` chooses the wall."""

    pitch: float = 0.565
    build: str = "b1"
    snapshot: Snapshot | None = None
    latest: dict[tuple[str, str], tuple[str, Props]] = field(default_factory=dict)
    listeners: list[tuple[str, str, queue.SimpleQueue[str | None]]] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    is_silent: bool = False
    port: int = 0
    fulls: int = 0
    server: BaseWSGIServer | None = None
    _turn: threading.RLock = field(default_factory=threading.RLock)

    def start(self) -> str:
        if not self.port:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.port = probe.getsockname()[1]
        self.server = make_server("127.0.0.1", self.port, self._app(), threaded=True)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        threading.Thread(target=self._tick, args=(self.server,), daemon=True).start()
        return self.url

    def _tick(self, server: BaseWSGIServer) -> None:
        """Say twice a second that nothing has changed, as the worker's ticks do."""
        while self.server is server:
            with (
                self._turn
            ):  # a frame must not get its number from one snapshot, its props of another
                if self.snapshot is not None and not self.is_silent:
                    for scene, locale, line in list(self.listeners):
                        line.put(self.frame(scene, locale))
            time.sleep(0.5)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """End every stream and stop listening, as a killed server would."""
        server, self.server = self.server, None
        for _, _, line in self.listeners:
            line.put(None)
        self.listeners.clear()
        self.latest.clear()
        if server:
            server.shutdown()
            server.server_close()

    def push(self, snapshot: Snapshot, *, published_at: float | None = None) -> None:
        """Publish a snapshot to every open stream; the first frame of a scene is full."""
        with self._turn:
            self.snapshot = snapshot
            for scene, locale, line in list(self.listeners):
                line.put(self.frame(scene, locale, published_at=published_at))
            for key in {(scene, locale) for scene, locale, _ in self.listeners}:
                self.latest[key] = (snapshot.version, self._props(*key))

    def say(self, text: str) -> None:
        """Send one raw event to every stream."""
        for _, _, line in list(self.listeners):
            line.put(text)

    def frame(
        self, scene: str, locale: str, *, full: bool = False, published_at: float | None = None
    ) -> str:
        assert self.snapshot is not None
        props = self._props(scene, locale)
        prev, old = self.latest.get((scene, locale), (None, {}))
        is_full = full or prev is None
        sent = props if is_full else changes(old, props)
        now = time.time() * 1000
        self.fulls += is_full
        return encode(
            {
                "v": self.snapshot.version,
                "prev": prev,
                "full": is_full,
                "sent_at": now,
                "published_at": now if published_at is None else published_at,
                "build": self.build,
                "props": sent,
            }
        )

    def _props(self, scene: str, locale: str) -> Props:
        assert self.snapshot is not None
        return scene_props(SCENES[scene], self.snapshot, self.view(locale))

    def view(self, locale: str | None) -> View:
        return replace(view(locale or "en", pitch=self.pitch), build=self.build)

    def _app(self) -> Flask:
        app = Dash(
            "house",
            assets_folder=str(ASSETS),
            use_pages=True,
            pages_folder="",
            update_title=None,
        )
        register(
            app,
            PageContext(
                latest=lambda: self.snapshot,
                view=self.view,
                history=lambda *_, **__: [],
                audit=lambda _: [],
            ),
        )
        app.layout = page_container
        server: Flask = app.server

        @server.after_request
        def strict(answer: Response) -> Response:
            answer.headers["Content-Security-Policy"] = csp(
                app
            )  # pages add theirs at the first call
            return answer

        @server.post("/csp-report")
        def report() -> str:
            self.reports.append(request.get_data(as_text=True))
            return ""

        @server.get("/healthz")
        def healthz() -> str:
            return "ok"

        @server.get("/stream")
        def stream() -> Response:
            scene, locale = request.args["scene"], request.args.get("locale", "en")
            return Response(self._events(scene, locale), mimetype="text/event-stream")

        return server

    def _events(self, scene: str, locale: str) -> Iterator[str]:
        line: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        entry = (scene, locale, line)
        with self._turn:
            if self.snapshot is not None:
                self.latest.setdefault(
                    (scene, locale), (self.snapshot.version, self._props(scene, locale))
                )
                line.put(self.frame(scene, locale, full=True))
            self.listeners.append(entry)
        try:
            yield "retry: 2000\n\n"
            while (text := line.get()) is not None:
                yield text
        finally:
            if entry in self.listeners:
                self.listeners.remove(entry)


def encode(frame: dict[str, Any]) -> str:
    return f"event: frame\nid: {frame['v']}\ndata: {json.dumps(frame)}\n\n"


def changes(old: Props, new: Props) -> Props:
    found = {}
    for key, values in new.items():
        differ = {name: item for name, item in values.items() if old.get(key, {}).get(name) != item}
        if differ or key not in old:
            found[key] = differ
    return found


def utc() -> datetime:
    return datetime.now(UTC)
