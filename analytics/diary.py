"""How far a job got, in a file: one that was cut off goes on where it was."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analytics.files import FOLDER

FILE = "remeasure.json"


@dataclass(slots=True)
class Progress:
    """The job under way: its name, what was asked, and how many parts are done."""

    path: Path
    job: str
    asked: dict[str, Any]
    done: int = 0

    @classmethod
    def of(cls, data: Path, asked: dict[str, Any], *, job: str) -> "Progress":
        """Return the progress of the same question if it was cut off; else that of a new job.

        Args:
            data: the house's folder.
            asked: all that decides the answer, JSON-ready.
            job: name of a new job, never used before.

        """
        path = data / FOLDER / FILE
        try:
            kept = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            kept = {}
        if kept.get("asked") == asked:
            return cls(path, str(kept["job"]), asked, int(kept["done"]))
        return cls(path, job, asked)

    def note(self, done: int) -> None:
        """Remember that the first ``done`` parts are written."""
        self.done = done
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self.path.with_suffix(".new")
        text = json.dumps({"job": self.job, "asked": self.asked, "done": done})
        fresh.write_text(text, "utf-8")
        fresh.replace(self.path)

    def end(self) -> None:
        """Forget the job: it is done."""
        self.path.unlink(missing_ok=True)
