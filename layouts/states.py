"""Quality and alarm state to words and classes: one grammar for tiles, cards, rows and the map.

Filled asks, outlined is in hand, hatched must not be acted on (``docs/screens.md``).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from model import Alert, Quality

UNACK, ACK, RECOVERING, HELD = "is-unack", "is-ack", "is-recovering", "is-held"
RETURNED, LATCHED, SHELVED, UNKNOWN = "is-ret", "is-latched", "is-shelved", "is-unknown"

# what Alert.shown says → class, word
SHOWN = {
    "UNACK": (UNACK, "NEW"),
    "NEW": (UNACK, "NEW"),
    "ACKED": (ACK, "ACK"),
    "CLRU": (RECOVERING, "RECOVERING"),
    "CLRA": (RECOVERING, "RECOVERING"),
    "RTNU": (RETURNED, "RETURNED"),
    "LATU": (LATCHED, "LATCHED"),
    "LATA": (LATCHED, "LATCHED"),
    "HELD": (HELD, "HELD"),
    "SHELVED": (SHELVED, "SHELVED"),
    "INHIBITED": (SHELVED, "INHIBITED"),
    "OOS": (SHELVED, "OUT OF SERVICE"),
    "UNKNOWN": (UNKNOWN, "UNKNOWN"),
}
UNACKED = frozenset({"UNACK", "CLRU", "RTNU", "LATU"})  # process states that nobody has taken
_ORDER = (UNACK, RECOVERING, HELD, ACK, LATCHED, RETURNED, SHELVED, UNKNOWN)
_SYMBOLS = {"SHELVED": ("s", "S"), "INHIBITED": ("i", "i"), "OOS": ("oos", "✕")}
_ACTIVE = frozenset({UNACK, ACK, RECOVERING, HELD, LATCHED})

_QUALITY = {
    Quality.GOOD: "",
    Quality.UNCERTAIN: "is-uncertain",
    Quality.LATE: "is-late",
    Quality.STALE: "is-stale",
    Quality.NODATA: "is-nodata",
    Quality.BAD: "is-bad",
}


@dataclass(frozen=True, slots=True)
class Look:
    """How an alarm looks: tone (p1, p2, p3, dq, s, i, oos), state class, word, symbol's letter."""

    tone: str
    state: str
    word: str
    letter: str

    @property
    def is_active(self) -> bool:
        """Whether it is an alarm that stands now and is not put aside."""
        return self.state in _ACTIVE

    @property
    def symbol(self) -> str:
        """The classes of its symbol."""
        return f"bz-sym bz-sym--{self.tone} {self.state}"


def look(alert: Alert) -> Look:
    """Return how an alarm looks. A feed's alarm carries the diamond of unknown data."""
    state, word = SHOWN.get(alert.shown, (UNKNOWN, alert.shown))
    if alert.shown in _SYMBOLS:
        tone, letter = _SYMBOLS[alert.shown]
        return Look(tone, state, word, letter)
    if alert.feed is not None or alert.priority not in (1, 2, 3):
        return Look("dq", state, word, "?")
    return Look(f"p{alert.priority}", state, word, str(alert.priority))


def is_unacked(alert: Alert) -> bool:
    """Whether the alarm asks for a person who has not come yet and is not put aside."""
    return alert.state in UNACKED and look(alert).state != SHELVED


def is_listed(alert: Alert) -> bool:
    """Whether the alarm belongs in the banner; what is merely unknown shows on its tile."""
    return look(alert).state != UNKNOWN and alert.priority > 0


def ranked(alerts: Sequence[Alert]) -> list[Alert]:
    """Return alarms for the banner: unacknowledged by priority, newest first, then the rest."""

    def rank(alert: Alert) -> tuple[int, int, int, float]:
        seen = look(alert)
        asks = 0 if seen.state == UNACK else 1
        put_aside = int(seen.state in (SHELVED, RETURNED))
        since = alert.raised_at.timestamp() if alert.raised_at else 0.0
        return put_aside, asks, alert.priority * 10 + _ORDER.index(seen.state), -since

    return sorted((alert for alert in alerts if is_listed(alert)), key=rank)


def quality_class(quality: Quality) -> str:
    """Return the class that a quality adds to a tile or a row."""
    return _QUALITY[quality]


def initials(name: str | None) -> str:
    """Return the initials of a person for a small box.

    >>> initials("Julie Roy"), initials(None)
    ('JR', '')

    """
    words = (name or "").replace(".", " ").split()
    return "".join(word[0] for word in words[:2]).upper() if len(words) > 1 else (name or "")[:2]
