"""Work done side by side, each piece with a deadline; what hangs is left behind."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

AT_ONCE = 6
_LOOK_S = 0.05

Answer = TypeVar("Answer")


@dataclass(slots=True)
class _Piece(Generic[Answer]):
    work: Callable[[], Answer]
    limit_s: float
    began: float | None = None
    answer: Answer | None = None
    error: BaseException | None = None
    done: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        try:
            self.answer = self.work()
        except BaseException as error:  # noqa: BLE001 - raised again by who waits
            self.error = error
        self.done.set()

    @property
    def is_late(self) -> bool:
        return self.began is not None and time.monotonic() - self.began > self.limit_s


def side_by_side(
    works: Sequence[Callable[[], Answer]], limits_s: Sequence[float]
) -> list[Answer | None]:
    """Return each work's answer in order; ``None`` for one that took longer than its limit.

    Raises:
        Exception: whatever a work raised.

    """
    pieces = [_Piece(work, limit_s) for work, limit_s in zip(works, limits_s, strict=True)]
    waiting, running = list(pieces), list[_Piece[Answer]]()
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            piece = waiting.pop(0)
            piece.began = time.monotonic()
            threading.Thread(target=piece.run, daemon=True).start()
            running.append(piece)
        running[0].done.wait(_LOOK_S)
        running = [piece for piece in running if not (piece.done.is_set() or piece.is_late)]
    for piece in pieces:
        if piece.done.is_set() and piece.error is not None:
            raise piece.error
    return [piece.answer if piece.done.is_set() else None for piece in pieces]
