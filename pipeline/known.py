"""What a worker knows of the city, whether it leads or not: so it can lead the next moment."""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from metrics.lateness import Touched
from metrics.window import Window
from model import Fact, Notice
from pipeline.measuring import Stock
from pipeline.notices import REMEMBERED, NoticeBoard
from pipeline.revising import Reviser
from pipeline.rooms import Rooms
from pipeline.window import load_window

LATELY = timedelta(seconds=60)  # longer than it takes until somebody leads again


@dataclass(slots=True)
class Known:
    """Facts, notices, and which late facts came lately: those the last leader may have missed."""

    rooms: Rooms
    reviser: Reviser  # says what late facts touch
    stock: Stock = field(default_factory=Stock)
    board: NoticeBoard = field(default_factory=NoticeBoard)
    is_loaded: bool = False
    _lately: deque[tuple[datetime, Touched]] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def load(self, now: datetime) -> None:
        """Read from the history what is known; what is kept meanwhile is not lost."""
        rooms = self.rooms
        self.stock.reload(lambda: load_window(rooms.history, now, rooms.pack.indicators))
        self.recall(now)
        self.is_loaded = True

    def recall(self, now: datetime) -> None:
        """Read the notices, and cancellations that ran out."""
        with self._lock:
            self.board.take(self.rooms.history.notices(now - REMEMBERED))

    def trim(self, now: datetime) -> None:
        """Forget what no indicator needs any more, and notices that are long over."""
        self.stock.trim(now, self.rooms.pack.indicators)
        with self._lock:
            self.board.forget(now)

    def take(self, facts: Sequence[Fact]) -> Window:
        """Take facts that were kept; return what was known before."""
        before = self.stock.take(facts)
        with self._lock:
            self.board.take(fact for fact in facts if isinstance(fact, Notice))
        return before

    def remember(self, before: Window, facts: Sequence[Fact], now: datetime) -> None:
        """Remember for a while which hours late facts touch (where another worker leads)."""
        found = self.reviser.touches(before, facts)
        while self._lately and self._lately[0][0] < now - LATELY:
            self._lately.popleft()
        if found:
            self._lately.append((now, found))

    def lately(self) -> Touched:
        """Return what was remembered, and forget it."""
        found = Touched()
        while self._lately:
            found = found.joined(self._lately.popleft()[1])
        return found
