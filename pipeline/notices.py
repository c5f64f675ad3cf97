"""The notices in force: newest version each, without what was replaced or cancelled."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from model import Notice


@dataclass(slots=True)
class NoticeBoard:
    """Keeps actual notices; exercises and tests never reach the board."""

    _notices: dict[tuple[str, ...], Notice] = field(default_factory=dict)
    _gone: set[str] = field(default_factory=set)

    def take(self, notices: Iterable[Notice]) -> None:
        """Add notices; what they replace or cancel goes."""
        for notice in notices:
            if notice.status != "actual":
                continue
            self._gone.update(notice.supersedes)
            if notice.msg_type == "cancel":
                self._gone.add(notice.notice_id)
            else:
                self._notices[notice.key] = notice
        self._notices = {
            key: notice
            for key, notice in self._notices.items()
            if notice.notice_id not in self._gone
        }

    def current(self) -> tuple[Notice, ...]:
        """Return what stands, newest first."""
        return tuple(
            sorted(self._notices.values(), key=lambda notice: notice.effective, reverse=True)
        )
