"""What people triggered, kept in a small file so that a restart remembers it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any

from demo.incidents import Incident, World, started


class Ledger:
    """The incidents that were triggered; the only thing of the demo that changes.

    Thread-safe. With a file, every change is written to it at once (to a new file, then renamed).
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = Lock()
        self._incidents = _read(path) if path is not None and path.exists() else ()

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """All triggered incidents, oldest first."""
        return self._incidents

    def start(self, wish: Mapping[str, Any], world: World, *, at: int) -> Incident:
        """Start what is wished: ``kind``, and maybe ``minutes``, ``place`` and ``mode``.

        Raises:
            ValueError: if the wish makes no sense, or one of its kind is going on.

        """
        kind, minutes = str(wish.get("kind")), wish.get("minutes")
        if minutes is not None and type(minutes) is not int:
            raise ValueError(f"minutes must be a whole number, not {minutes!r}")
        place, mode = str(wish.get("place") or ""), str(wish.get("mode") or "")
        with self._lock:
            if any(item.kind == kind and item.covers(at) for item in self._incidents):
                raise ValueError(f"{kind} is already going on; stop it first")
            incident = started(kind, at, seed=world.seed, minutes=minutes, place=place)
            incident = replace(incident, mode=mode)
            self._keep((*self._incidents, incident))
            return incident

    def stop(self, kind: str, *, at: int) -> tuple[Incident, ...]:
        """Stop what goes on of a kind; returns what was stopped, maybe nothing."""
        with self._lock:
            acting = tuple(i for i in self._incidents if i.kind == kind and i.covers(at))
            ended = {item: Incident.of({**item.plain(), "stopped": at}) for item in acting}
            if ended:
                self._keep(tuple(ended.get(item, item) for item in self._incidents))
            return tuple(ended.values())

    def _keep(self, incidents: tuple[Incident, ...]) -> None:
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._path.with_suffix(".new")
            body = {"incidents": [incident.plain() for incident in incidents]}
            fresh.write_text(json.dumps(body, indent=1), encoding="utf-8")
            fresh.replace(self._path)
        self._incidents = incidents


def _read(path: Path) -> tuple[Incident, ...]:
    try:
        body: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return tuple(Incident.of(row) for row in body["incidents"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is not a list of incidents: {error}") from error
