"""Sentences, numbers, dates and durations of one locale."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date

from texts.catalogue import LOCALES, Messages, load

MINUS = "−"
THIN = "\u202f"  # narrow no-break space: inside thousands
HARD = "\xa0"  # no-break space: before units
_COMPACT = 10_000
_SAME_DAY = timedelta(hours=20)


@dataclass(frozen=True, slots=True)
class Translator:
    """Speaks one locale. ``t("{n} stale", n=3)``; an unknown message is said in English."""

    locale: str
    messages: Messages

    def __call__(self, message: str, /, **values: Any) -> str:
        """Return the sentence with its places filled; numbers among them are written plainly."""
        text = self.messages.plain.get(message, message)
        return text.format(**self._words(values)) if values else text

    def plural(self, one: str, many: str, n: int, /, **values: Any) -> str:
        """Return the sentence for ``n`` things; ``{n}`` stands for the number."""
        form = int(Locale.parse(self.locale).plural_form(n) != "one")
        forms = self.messages.plural.get(one, (one, many))
        return forms[form].format(**self._words({"n": n, **values}))

    def parts(self, message: str, place: str, /, **values: Any) -> tuple[str, str]:
        """Return what stands before and after ``{place}``, which somebody else fills."""
        text = self.messages.plain.get(message, message)
        before, _, after = text.partition("{" + place + "}")
        words = self._words(values)
        return before.format(**words), after.format(**words)

    def number(self, value: float | None, decimals: int = 0) -> str:
        r"""Return a number: real minus, thin space in thousands, comma or point by locale.

        ``None`` is the caller's to say; here it is an empty text, never a zero.

        >>> translator("fr").number(-1234.56, 1)
        '−1\u202f234,6'

        """
        if value is None or not math.isfinite(value):
            return ""
        text = f"{abs(value):,.{decimals}f}".replace(",", THIN)
        sign = MINUS if value < 0 and any(digit in "123456789" for digit in text) else ""
        return sign + text.replace(".", self.point)

    def brief(self, value: float | None, decimals: int = 0) -> str:
        """Return a number without closing zeros: limits, targets, ranges."""
        text = self.number(value, decimals)
        return text.rstrip("0").rstrip(self.point) if self.point in text else text

    def compact(self, value: float | None, decimals: int = 0) -> str:
        r"""Return a number that fits a tile: three digits say enough, 12 345 becomes 12.3 k.

        >>> translator("en").compact(12345), translator("en").compact(183.04, 1)
        ('12.3\xa0k', '183')

        """
        if value is None:
            return ""
        size = abs(value)
        for factor, sign in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
            if size >= max(factor, _COMPACT):
                scaled = value / factor
                return self.number(scaled, _digits(scaled, 1)) + HARD + sign
        return self.number(value, _digits(value, decimals))

    def short(self, value: float | None, decimals: int = 0) -> str:
        """Return :meth:`compact` without closing zeros; empty where there is no value."""
        if value is None or abs(value) >= _COMPACT:
            return self.compact(value, decimals)
        return self.brief(value, decimals)

    def span(self, low: float | None, high: float | None, decimals: int = 0) -> str:
        """Return a range without closing zeros; a dash between negative numbers stands apart.

        Where both ends read alike it is one number.
        """
        if low is None or high is None:
            return ""
        first, last = self.short(low, decimals), self.short(high, decimals)
        if first == last:
            return first
        return f"{first} – {last}" if last.startswith(MINUS) else f"{first}–{last}"

    def quantity(self, value: float | None, unit: str = "", decimals: int = 0) -> str:
        """Return a number with its unit, never broken between them; no unit where there is none."""
        text = self.number(value, decimals)
        word = self(unit) if unit else ""
        return text + HARD + word if text and word else text

    def duration(self, length: timedelta | float) -> str:
        """Return a length of time in one unit, rounded down: 22 s, 18 min, 8 h, 3 d."""
        seconds = length.total_seconds() if isinstance(length, timedelta) else length
        seconds = max(0, int(seconds))
        for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
            if seconds >= size * (2 if unit == "d" else 1):
                return f"{seconds // size}{HARD}{self(unit)}"
        return f"{seconds}{HARD}s"

    def every(self, length: timedelta) -> str:
        """Return a cadence exactly, in its largest whole unit: 15 min, 90 s, 1 h, 1 d."""
        seconds = int(length.total_seconds())
        for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
            if seconds >= size and seconds % size == 0:
                return f"{seconds // size}{HARD}{self(unit)}"
        return f"{seconds}{HARD}s"

    def clock(self, at: datetime, timezone: str, *, seconds: bool = False) -> str:
        """Return the city's wall clock, 24 h."""
        return at.astimezone(ZoneInfo(timezone)).strftime("%H:%M:%S" if seconds else "%H:%M")

    def date(self, at: datetime, timezone: str) -> str:
        """Return weekday and ISO date in city time: Thu 2026-04-23."""
        local = at.astimezone(ZoneInfo(timezone))
        weekday = format_date(local, "EEE", locale=self.locale).removesuffix(".")
        return f"{weekday} {local:%Y-%m-%d}"

    def moment(self, at: datetime, timezone: str, *, now: datetime) -> str:
        """Return the clock, or the ISO date where the clock alone could mean another day."""
        if now - at < _SAME_DAY:
            return self.clock(at, timezone)
        return f"{at.astimezone(ZoneInfo(timezone)):%Y-%m-%d}"

    def weekday(self, at: datetime, timezone: str) -> str:
        """Return the full name of the weekday in city time."""
        return format_date(at.astimezone(ZoneInfo(timezone)), "EEEE", locale=self.locale)

    def listing(self, items: Sequence[str]) -> str:
        """Return items joined by commas."""
        return ", ".join(items)

    @property
    def point(self) -> str:
        """The decimal mark."""
        return "," if self.locale == "fr" else "."

    def _words(self, values: dict[str, Any]) -> dict[str, Any]:
        return {
            key: self.brief(value, 2)
            if isinstance(value, int | float) and not isinstance(value, bool)
            else value
            for key, value in values.items()
        }


def _digits(value: float, decimals: int) -> int:
    """Return how many decimals leave three digits, of those that the value has."""
    return min(decimals, 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else decimals)  # noqa: PLR2004 - three digits


@cache
def translator(locale: str) -> Translator:
    """Return the translator of a locale; regions fall back to their language, others to English.

    >>> translator("fr_CA").locale
    'fr'

    """
    language = locale.replace("-", "_").partition("_")[0].lower()
    known = language if language in LOCALES else LOCALES[0]
    return Translator(known, load(known))
