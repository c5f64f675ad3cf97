"""Exposition of metrics, text 0.0.4 and OpenMetrics 1.0, line by line.

Only lines of wanted metrics are read: a host tells thousands. A line that cannot be read costs
itself; the parsers of the client library refuse the whole body then (the tests compare with them).
"""

import hashlib
import io
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite

from feeds import times
from feeds.decode import raw
from model import Reject

_NAME = re.compile(r"[a-zA-Z_:][\w:]*", re.ASCII)
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_LABELS = rf'\{{((?:[^"{{}}]|{_QUOTED})*+)\}}'
_LINE = re.compile(
    rf"([a-zA-Z_:][\w:]*+)?+(?:\s*{_LABELS}\s*|\s+)(\S+)(?:\s+([^\s#]\S*))?\s*(?:#.*)?", re.ASCII
)
_PAIR = re.compile(
    rf"\s*(?:([a-zA-Z_][\w]*|{_QUOTED})\s*=\s*({_QUOTED})|({_QUOTED}))\s*(?:,|$)", re.ASCII
)
_MATCHER = re.compile(rf"\s*([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*({_QUOTED})\s*(?:,|$)", re.ASCII)
_ESCAPE = re.compile(r"\\([\\n\"])")
_LONGEST_LINE = 65_536
_SHOWN = 12
_REMEMBERED = 100_000
EOF = "# EOF"


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of one series. ``value`` is ``None`` for NaN and the infinities."""

    name: str
    labels: Mapping[str, str]
    value: float | None
    at: datetime
    line: int
    raw: str

    @property
    def series(self) -> str:
        """A short key of the series, the same at every poll."""
        written = repr((self.name, sorted(self.labels.items())))
        return hashlib.sha256(written.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Selector:
    """A metric and what its labels must be, as in PromQL: ``name{code=~"5.."}``."""

    name: str
    matchers: tuple[tuple[str, str, str], ...] = ()

    @classmethod
    def of(cls, written: str) -> "Selector":
        """Read a selector.

        Raises:
            ValueError: if it is none.

        """
        name, brace, inside = written.strip().partition("{")
        if not brace:
            return cls(name)
        if not name.strip() or not inside.rstrip().endswith("}"):
            raise ValueError(f'{written!r} is no metric such as up or up{{job="web"}}')
        inside = inside.rstrip()[:-1]
        found: list[tuple[str, str, str]] = []
        place = 0
        while inside[place:].strip():
            match = _MATCHER.match(inside, place)
            if match is None:
                raise ValueError(f'{inside[place:]!r} is no matcher such as code=~"5.."')
            found.append((match[1], match[2], _unquoted(match[3])))
            place = match.end()
        for _, sign, text in found:
            if sign in {"=~", "!~"}:
                _compiled(text)
        return cls(name.strip(), tuple(found))

    def fits(self, sample: Sample) -> bool:
        """Whether a sample is meant; a label that is absent counts as blank."""
        return sample.name == self.name and all(
            _fits(sample.labels.get(label, ""), sign, text) for label, sign, text in self.matchers
        )


def _fits(value: str, sign: str, text: str) -> bool:
    is_equal = value == text if sign in {"=", "!="} else bool(_compiled(text).fullmatch(value))
    return is_equal is (sign in {"=", "=~"})


def _compiled(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as problem:
        raise ValueError(f"{text!r} is no regular expression: {problem}") from problem


@dataclass(slots=True)
class Reading:
    """Reads the wanted lines of one body, and keeps what it refused."""

    wanted: Collection[str]
    feed_id: str
    fetched_at: datetime
    is_open: bool = False
    rejected: list[Reject] = field(default_factory=list)
    known: dict[str, None] = field(default_factory=dict)

    def samples(self, body: str) -> Iterator[Sample]:
        """Yield the samples of wanted metrics.

        Raises:
            ValueError: if the body is no exposition, is cut off, or has none of them.

        """
        if self.is_open and not body.rstrip().endswith(EOF):
            raise ValueError("the body is cut off: OpenMetrics ends with # EOF")
        n_found = n_odd = 0
        for number, line in enumerate(io.StringIO(body), 1):
            written = line.strip()
            if not written or written.startswith("#"):
                continue
            name = self._name(written)
            if name is None:
                n_odd += 1
            elif name in self.wanted:
                n_found += 1
                if not line.endswith("\n"):
                    self._refuse(number, "cut off: the last line ends without a line feed", written)
                elif sample := self._sample(number, written):
                    yield sample
        if n_odd > len(self.known):
            raise ValueError("this is no exposition of metrics")
        if not n_found:
            there = ", ".join(list(self.known)[:_SHOWN]) or "none"
            raise ValueError(
                f"none of the metrics {sorted(self.wanted)} is there; there are {there}"
            )

    def _name(self, line: str) -> str | None:
        match = _NAME.match(line)
        name = match[0] if match else None
        if line.startswith("{"):  # since 2024 a name may be quoted inside the braces
            quoted = _PAIR.match(line, 1)
            name = _unquoted(quoted[3]) if quoted and quoted[3] else None
        if name is not None and len(self.known) < _REMEMBERED:
            self.known[name] = None
        return name

    def _sample(self, number: int, line: str) -> Sample | None:
        try:
            return self._read(number, line)
        except ValueError as problem:
            self._refuse(number, str(problem), line)
            return None

    def _read(self, number: int, line: str) -> Sample:
        match = _LINE.fullmatch(line) if len(line) <= _LONGEST_LINE else None
        if match is None:
            raise ValueError("not a line of name, labels, value and time")
        labels = _labels(match[2] or "")
        name = match[1] or labels.pop("__name__", "")
        return Sample(name, labels, number_of(match[3]), self._at(match[4]), number, raw(line))

    def _at(self, written: str | None) -> datetime:
        """Return a sample's own time (ms, in OpenMetrics s), else that of the poll."""
        if written is None:
            return self.fetched_at
        return times.posix(_plain(written) / (1 if self.is_open else 1000))

    def _refuse(self, line: int, reason: str, text: str) -> None:
        self.rejected.append(
            Reject(
                feed_id=self.feed_id, line=line, reason=reason, raw=raw(text), at=self.fetched_at
            )
        )


def number_of(written: str) -> float | None:
    """Return a value; ``None`` for NaN and the infinities, which count nothing.

    Raises:
        ValueError: if it is no number.

    """
    value = _plain(written)
    return value if isfinite(value) else None


def _plain(written: str) -> float:
    if "_" in written:
        raise ValueError(f"{written[:60]!r} is no number")
    try:
        return float(written)
    except ValueError:
        raise ValueError(f"{written[:60]!r} is no number") from None


def _labels(written: str) -> dict[str, str]:
    found: dict[str, str] = {}
    place = 0
    while written[place:].strip():
        match = _PAIR.match(written, place)
        if match is None:
            raise ValueError(f"{written[place : place + 60]!r} are no labels")
        name = "__name__" if match[3] else match[1]
        name = _unquoted(name) if name.startswith('"') else name
        if name in found:
            raise ValueError(f"label {name!r} stands twice")
        found[name] = _unquoted(match[3] or match[2])
        place = match.end()
    return found


def _unquoted(written: str) -> str:
    return _ESCAPE.sub(lambda m: "\n" if m[1] == "n" else m[1], written[1:-1])
