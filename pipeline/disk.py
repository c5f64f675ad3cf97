"""How full the disk is on which the memories lie: said before it is too late."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from history import History
from pipeline.rooms import Rooms
from store import Store

log = structlog.get_logger("worker")

NOTE = "disk"  # where the store remembers it for the web; no feed may have this id
LEVELS = (0.8, 0.9)
BACK = 0.02  # so far below a level, and it is left again


def used_of(place: Path) -> float:
    """Return the share of a disk that is used, 0–1, of what this user may use at all.

    Raises:
        OSError: there is no such place.

    """
    found = shutil.disk_usage(place)
    return found.used / (found.used + found.free)


@dataclass(slots=True)
class DiskWatch:
    """Looks at the disks under some places; the fullest counts. Each crossing is told once."""

    store: Store
    places: Sequence[Path]
    look: Callable[[Path], float] = used_of
    used: float | None = None
    level: float | None = None

    @classmethod
    def of(cls, rooms: Rooms) -> "DiskWatch":
        """Watch where the memories of a city lie, as far as that is on this machine."""
        return cls(rooms.store, [rooms.data, *_folders(rooms.history)])

    def step(self) -> None:
        """Look once, and tell the store for everybody who shows it."""
        self.used = max(self.look(place) for place in self.places if place.exists())
        level = max((each for each in LEVELS if self._is_over(each, self.used)), default=None)
        if (level or 0) > (self.level or 0):
            log.warning("the disk fills up", used=round(self.used, 3), level=level)
        elif level != self.level:
            log.info("the disk has room again", used=round(self.used, 3))
        self.level = level
        self.store.save_memory(NOTE, {"used": round(self.used, 4), "level": level})

    def _is_over(self, level: float, used: float) -> bool:
        was_over = self.level is not None and self.level >= level
        return used >= (level - BACK if was_over else level)

    def shown(self) -> float | None:
        """Return the share to show people, in hundredths, or ``None`` where there is room."""
        return None if self.level is None or self.used is None else int(self.used * 100) / 100


def _folders(history: History) -> list[Path]:
    folder = getattr(history.engine, "folder", None)
    return [folder] if isinstance(folder, Path) else []
