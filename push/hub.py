"""The hub: hears a tick, draws each watched scene once, hands the same bytes to every screen.

Free of any web framework. One background thread per web process, started by the first screen, so
that it never crosses a fork. When the store is silent there are no frames: screens see it by
their own clock. When it returns the hub goes on by itself.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, Full, Queue
from time import perf_counter
from typing import Any, Protocol

import structlog

from model import Snapshot
from push.drawing import Drawing, Scene
from push.frames import HEARTBEAT, OPENING

log = structlog.get_logger("push")

QUEUE_LENGTH = 8  # frames that a slow screen may lag behind before it must start again
HEARTBEAT_S = 10.0
SILENCE_S = 1.0  # how long to wait for a tick before looking at the head ourselves
RETRY_S = 1.0


class Head(Protocol):
    """The short description of the newest snapshot."""

    @property
    def version(self) -> str:
        """Its version."""


class Ticks(Protocol):
    """What the hub needs of the store."""

    def latest(self) -> Snapshot | None:
        """Return the newest snapshot."""

    def head(self) -> Head | None:
        """Return the newest snapshot's head."""

    def ticks(self, timeout_s: float = 1.0) -> Iterator[Head | None]:
        """Yield a head for each snapshot published, ``None`` after ``timeout_s`` of silence."""


class TooManyStreams(Exception):  # noqa: N818 - it names the state, and the answer is 503
    """Every thread that may hold a stream holds one."""


class UnknownScene(Exception):  # noqa: N818 - it names the state, and the answer is 404
    """No scene has this name, or no such locale."""


@dataclass(frozen=True, slots=True)
class Stats:
    """What the hub did since it started; ``tick_seconds`` sums the drawing of all scenes."""

    streams: int = 0
    frames: int = 0
    sent_bytes: int = 0
    dropped: int = 0
    refused: int = 0
    ticks: int = 0
    tick_seconds: float = 0.0
    broken: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a hub runs: ``build`` of the layout, ``clock`` for ``sent_at``, cap and heartbeat."""

    build: str
    clock: Callable[[], datetime]
    max_streams: int
    heartbeat_s: float = HEARTBEAT_S


class Stream:
    """The frames for one screen; iterate it to the end, then close it."""

    def __init__(self, leave: Callable[["Stream"], None], heartbeat_s: float) -> None:
        """Start empty; ``leave`` tells the hub that the screen has gone."""
        self._queue: Queue[bytes | None] = Queue(QUEUE_LENGTH)
        self._leave = leave
        self._heartbeat_s = heartbeat_s
        self._ended = threading.Event()

    def offer(self, frame: bytes) -> bool:
        """Queue one frame; ``False`` and the end of the stream where the screen is too slow."""
        try:
            self._queue.put_nowait(frame)
        except Full:
            self.end()
            return False
        return True

    def end(self) -> None:
        """Let the iteration stop at once, with frames left or not."""
        self._ended.set()
        try:
            self._queue.put_nowait(None)  # wakes a reader that waits; a full queue needs none
        except Full:
            return

    def close(self) -> None:
        """Leave the hub; harmless when done twice."""
        self._leave(self)

    def __iter__(self) -> Iterator[bytes]:
        """Yield the opening, then frames, and a comment after each silence."""
        try:
            yield OPENING
            while not self._ended.is_set():
                try:
                    frame = self._queue.get(timeout=self._heartbeat_s)
                except Empty:
                    yield HEARTBEAT
                    continue
                if frame is None or self._ended.is_set():
                    return
                yield frame
        finally:
            self.close()


class Hub:
    """Streams by scene and locale, fed from one thread."""

    def __init__(
        self,
        store: Ticks,
        scenes: Mapping[str, Scene],
        views: Mapping[str, Any],
        options: Options,
    ) -> None:
        """Take the scenes by name and the views by locale; nothing starts yet."""
        self._store = store
        self._scenes = scenes
        self._views = views
        self._build = options.build
        self._clock = options.clock
        self._max_streams = options.max_streams
        self._heartbeat_s = options.heartbeat_s
        self._lock = threading.Lock()
        self._streams: dict[Stream, tuple[str, str]] = {}
        self._drawings: dict[tuple[str, str], Drawing] = {}
        self._snapshot: Snapshot | None = None
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()
        self._counts = dict.fromkeys(("frames", "sent_bytes", "dropped", "refused", "ticks"), 0)
        self._tick_seconds = 0.0

    def subscribe(self, scene: str, locale: str) -> Stream:
        """Open a stream whose first frame is full (none while the store holds no snapshot).

        Raises:
            UnknownScene: if there is no such scene or locale.
            TooManyStreams: if the cap is reached, or the house is closing.

        """
        if scene not in self._scenes or locale not in self._views:
            raise UnknownScene(scene)
        newest = None if self._is_listening() else self._newest()
        with self._lock:
            if self._closed.is_set() or len(self._streams) >= self._max_streams:
                self._counts["refused"] += 1
                raise TooManyStreams
            self._start()
            if newest is not None and self._is_newer(newest):
                self._publish(newest)
            stream = Stream(self._forget, self._heartbeat_s)
            self._streams[stream] = (scene, locale)
            self._greet(stream, (scene, locale))
        return stream

    def close(self) -> None:
        """End every stream and the thread; no stream is opened afterwards."""
        self._closed.set()
        with self._lock:
            for stream in self._streams:
                stream.end()

    def stats(self) -> Stats:
        """Return what was done so far."""
        with self._lock:
            broken = sum(len(drawing.broken) for drawing in self._drawings.values())
            return Stats(
                streams=len(self._streams),
                tick_seconds=self._tick_seconds,
                broken=broken,
                **self._counts,
            )

    def _is_listening(self) -> bool:
        with self._lock:
            return self._snapshot is not None and bool(self._streams)

    def _is_newer(self, snapshot: Snapshot) -> bool:
        known = self._snapshot
        return known is None or (
            known.version != snapshot.version and known.published_at <= snapshot.published_at
        )

    def _newest(self) -> Snapshot | None:
        try:
            return self._store.latest()
        except Exception:  # noqa: BLE001 - a silent store is a state, told by missing frames
            return None

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._listen, name="push-hub", daemon=True)
            self._thread.start()

    def _greet(self, stream: Stream, audience: tuple[str, str]) -> None:
        if self._snapshot is None:
            return
        drawing = self._drawing(audience)
        now = self._clock()
        if drawing.mark is None or drawing.mark.version != self._snapshot.version:
            drawing.advance(self._snapshot, self._build, now)
        self._send(stream, drawing.whole(now))

    def _drawing(self, audience: tuple[str, str]) -> Drawing:
        if audience not in self._drawings:
            scene, locale = audience
            self._drawings[audience] = Drawing(
                f"{scene}/{locale}", self._scenes[scene], self._views[locale]
            )
        return self._drawings[audience]

    def _send(self, stream: Stream, frame: bytes) -> bool:
        if not stream.offer(frame):
            self._counts["dropped"] += 1
            return False
        self._counts["frames"] += 1
        self._counts["sent_bytes"] += len(frame)
        return True

    def _forget(self, stream: Stream) -> None:
        with self._lock:
            self._streams.pop(stream, None)

    def _publish(self, snapshot: Snapshot) -> None:
        """Draw a snapshot for every watched audience; the lock is held."""
        started = perf_counter()
        self._snapshot = snapshot
        frames: dict[tuple[str, str], bytes] = {}
        now = self._clock()
        for audience in set(self._streams.values()):
            frames[audience] = self._drawing(audience).advance(snapshot, self._build, now)
        self._counts["ticks"] += 1
        self._tick_seconds += perf_counter() - started
        for stream, audience in list(self._streams.items()):
            if not self._send(stream, frames[audience]):
                del self._streams[stream]

    def _listen(self) -> None:
        is_broken = False
        while not self._closed.is_set():
            try:
                for head in self._store.ticks(timeout_s=SILENCE_S):
                    if self._closed.is_set():
                        return
                    self._hear(head)
                    if is_broken:
                        is_broken = False
                        log.info("ticks heard again")
            except Exception as error:  # noqa: BLE001 - whatever broke, the wall must come back
                if not is_broken:
                    log.warning("ticks lost", error=repr(error))
                is_broken = True
            self._closed.wait(RETRY_S)

    def _hear(self, head: Head | None) -> None:
        """Publish what the head announces; after a silence, look for a tick that was lost."""
        if not self._streams:
            return
        found = head or self._store.head()
        if found is None or (self._snapshot and self._snapshot.version == found.version):
            return
        snapshot = self._store.latest()
        if snapshot is None:
            return
        with self._lock:
            if self._snapshot is None or self._snapshot.version != snapshot.version:
                self._publish(snapshot)
