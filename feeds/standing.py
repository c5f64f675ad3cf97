"""Notices that stand for as long as their source lists them, and end when it no longer does.

A list of what is wrong now says nothing of what has become right. So what stood at the last poll
is remembered, and what is gone is told once more, with its end.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from model import Notice
from model.plain import entity, plain


def settled(
    listed: Iterable[Notice], before: Mapping[str, Any], now: datetime
) -> tuple[list[Notice], dict[str, Any]]:
    """Return the notices to tell, and what to remember of those that stand.

    Args:
        listed: what the source lists now.
        before: what the last call returned to be remembered.
        now: becomes the end of what is no longer listed.

    """
    standing = {notice.notice_id: notice for notice in listed}
    gone = [entity(Notice, about) for name, about in before.items() if name not in standing]
    ended = [
        replace(one, msg_type="update", fetched_at=now, expires=max(now, one.effective))
        for one in gone
    ]
    return [*standing.values(), *ended], {name: plain(one) for name, one in standing.items()}
