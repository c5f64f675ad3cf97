"""What left a complete list of alerts is over, once a second poll says so too."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from feeds.base import Visit
from model import Notice, Parsed
from model.plain import fact_from_plain, fact_to_plain, instant


@dataclass(frozen=True, slots=True)
class Change:
    """The notices that are over, and what to remember of the others."""

    over: list[Notice] = field(default_factory=list)
    memory: Mapping[str, Any] = field(default_factory=dict)


def compared(parsed: Parsed, index: Mapping[str, Any], visit: Visit) -> Change:
    """Compare a list with the one before it; what is absent for the second time is over."""
    named = {one.notice_id for one in parsed.accepted if isinstance(one, Notice)}
    replaced = {
        name for one in parsed.accepted if isinstance(one, Notice) for name in one.supersedes
    }
    here = {
        one.notice_id: _remembered(one)
        for one in parsed.accepted
        if isinstance(one, Notice) and one.status == "actual" and one.msg_type != "cancel"
    }
    until = instant(visit.now)
    known = named | replaced
    over = {
        name: plain
        for name, plain in index.get("leaving", {}).items()
        if name not in known and plain["expires"] > until
    }
    leaving = {
        name: plain
        for name, plain in index.get("listed", {}).items()
        if name not in known and name not in over and plain["expires"] > until
    }
    memory = {"listed": here, "leaving": leaving}
    return Change([_cancelled(plain, visit) for plain in over.values()], memory)


def confirmed(index: Mapping[str, Any], visit: Visit) -> Change:
    """Return what is over because the same list was sent again."""
    over = [_cancelled(plain, visit) for plain in index["leaving"].values()]
    return Change(over, {"leaving": {}})


def _remembered(notice: Notice) -> dict[str, Any]:
    return fact_to_plain(replace(notice, geometry=None, supersedes=(), districts=()))


def _cancelled(plain: Mapping[str, Any], visit: Visit) -> Notice:
    notice = fact_from_plain(plain)
    if not isinstance(notice, Notice):
        raise TypeError("a list of alerts holds notices")
    return replace(notice, msg_type="cancel", fetched_at=visit.now)
