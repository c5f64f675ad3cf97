"""One scene in one locale as it was last drawn: what a tick changes, and the whole of it."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Protocol

import structlog

from model import Snapshot
from push.frames import Mark, Props, body, difference, frame, merged

log = structlog.get_logger("push")


class Component(Protocol):
    """What the hub needs of a live component: its name and its pure function."""

    @property
    def id(self) -> str:
        """Name of the component in its scene."""

    @property
    def props(self) -> Callable[[Snapshot, Any], Props]:
        """Return the properties of every part for one snapshot."""


class Scene(Protocol):
    """What the hub needs of a scene."""

    @property
    def components(self) -> Sequence[Component]:
        """The live components in drawing order."""


class Drawing:
    """The last properties of a scene, kept so that only differences travel.

    A component that raises is left out: its tiles keep their values and turn late, stale and
    empty by their own deadlines, and the other components live on. It is logged when it breaks
    and when it recovers, never in between.
    """

    def __init__(self, name: str, scene: Scene, view: Any) -> None:
        """Start with nothing drawn."""
        self.mark: Mark | None = None
        self._name = name
        self._scene = scene
        self._view = view
        self._props: dict[str, dict[str, Any]] = {}
        self._broken: set[str] = set()
        self._body: bytes | None = None

    @property
    def broken(self) -> frozenset[str]:
        """Components that could not be drawn at the last tick."""
        return frozenset(self._broken)

    def advance(self, snapshot: Snapshot, build: str, now: datetime) -> bytes:
        """Draw a snapshot; return the frame that leads there from the last one.

        The frame is full when nothing was drawn before or the store started anew.
        """
        before, mark = self.mark, Mark(snapshot.version, snapshot.published_at, build)
        drawn = merged(self._draw(snapshot))
        changed = difference(self._props, drawn)
        self._props = merged((self._props, changed))
        self.mark = mark
        if changed:
            self._body = None
        if before is None or _epoch(before.version) != _epoch(mark.version):
            return self.whole(now)
        return frame(mark, body(changed), prev=before.version, sent_at=now)

    def whole(self, now: datetime) -> bytes:
        """Return a full frame of the last snapshot for a screen that has just come.

        Raises:
            ValueError: if nothing has been drawn yet.

        """
        if self.mark is None:
            raise ValueError(f"nothing drawn yet of {self._name}")
        if self._body is None:
            self._body = body(self._props)
        return frame(self.mark, self._body, prev=None, sent_at=now)

    def _draw(self, snapshot: Snapshot) -> Iterator[Props]:
        for component in self._scene.components:
            try:
                props = component.props(snapshot, self._view)
                body(props)  # what cannot be sent is broken here, not in the frame of all
            except Exception as error:
                if component.id not in self._broken:
                    log.exception(
                        "component broken", drawing=self._name, part=component.id, error=repr(error)
                    )
                self._broken.add(component.id)
                continue
            if component.id in self._broken:
                self._broken.discard(component.id)
                log.info("component recovered", drawing=self._name, part=component.id)
            yield props


def _epoch(version: str) -> str:
    return version.rpartition("-")[0]
