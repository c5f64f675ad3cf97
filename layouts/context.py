"""What pages read: handed in by the root, so that layouts know neither store nor history."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from layouts.view import View
from model import AlertEvent, Reject, Snapshot


def _no_events(_: datetime) -> Sequence[AlertEvent]:
    return ()


def _no_clock() -> datetime:
    raise LookupError("this page context was given no clock")


@dataclass(frozen=True, kw_only=True)
class PageContext:
    """What pages read. ``latest`` and the others may answer with nothing; no page fails by it.

    ``view`` gives the view of a locale, or the city's own for ``None``. ``history`` returns rows
    of readings, ``audit`` the events of an occurrence, ``rejects`` the refused rows of a feed,
    ``events`` the whole audit since an instant. ``clock`` gives the present to commands of people.
    """

    latest: Callable[[], Snapshot | None]
    view: Callable[[str | None], View]
    history: Callable[..., Sequence[Any]]
    audit: Callable[[str], Sequence[AlertEvent]]
    rejects: Callable[[str], Sequence[Reject]]
    events: Callable[[datetime], Sequence[AlertEvent]] = _no_events
    clock: Callable[[], datetime] = _no_clock
