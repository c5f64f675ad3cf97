"""The notices in force: newest version each, without what was replaced or cancelled."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from model import Notice

REMEMBERED = timedelta(days=7)  # how long what is over, replaced or cancelled is still known


@dataclass(slots=True)
class NoticeBoard:
    """Keeps actual notices; exercises and tests never reach the board.

    What was cancelled is remembered, for it may arrive after its cancellation. ``forget`` keeps
    the board from growing for ever.
    """

    _notices: dict[tuple[str, ...], Notice] = field(default_factory=dict)
    _gone: dict[str, datetime] = field(default_factory=dict)  # notice id → when we heard of it

    def take(self, notices: Iterable[Notice]) -> None:
        """Add notices; what they replace or cancel goes."""
        for notice in notices:
            if notice.status != "actual":
                continue
            self._gone.update(dict.fromkeys(notice.supersedes, notice.fetched_at))
            if notice.msg_type == "cancel":
                self._gone[notice.notice_id] = notice.fetched_at
            else:
                self._notices[notice.key] = notice
        self._notices = {
            key: notice
            for key, notice in self._notices.items()
            if notice.notice_id not in self._gone
        }

    def forget(self, now: datetime) -> None:
        """Drop what was over, or gone, a week ago."""
        before = now - REMEMBERED
        self._gone = {name: at for name, at in self._gone.items() if at >= before}
        self._notices = {
            key: notice
            for key, notice in self._notices.items()
            if notice.expires is None or notice.expires >= before
        }

    def current(self) -> tuple[Notice, ...]:
        """Return what stands, newest first."""
        return tuple(
            sorted(self._notices.values(), key=lambda notice: notice.effective, reverse=True)
        )
