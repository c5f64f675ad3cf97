"""Topic patterns with named parts: ``city/+site/+quantity``."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_NAME = re.compile(r"\+([a-z][a-z0-9_]*)?")
_SHARE = 2  # levels of "$share/<group>" before the topic itself
_LONGEST = 65_535  # bytes, by the standard


@dataclass(frozen=True, slots=True)
class Pattern:
    """What to subscribe to, and how to take a topic apart."""

    filter: str
    shape: re.Pattern[str]

    def parts(self, topic: str) -> Mapping[str, str] | None:
        """Return the named parts of a topic; ``None`` where it does not fit."""
        match = self.shape.fullmatch(topic)
        return None if match is None else match.groupdict()


def pattern(written: str) -> Pattern:
    """Return a pattern.

    >>> pattern("city/+site/+quantity").parts("city/school/pm25")
    {'site': 'school', 'quantity': 'pm25'}

    Raises:
        ValueError: if it is none.

    """
    levels = written.split("/")
    if not written or "\0" in written or len(written.encode()) > _LONGEST:
        raise ValueError(f"topics: {written[:80]!r} is no topic")
    plain, shapes = [], []
    for place, level in enumerate(levels):
        name = _NAME.fullmatch(level)
        if level == "#" and place == len(levels) - 1:
            plain.append("#")
            shapes.append(".*")
        elif name:
            plain.append("+")
            shapes.append(f"(?P<{name[1]}>[^/]*)" if name[1] else "[^/]*")
        elif "+" in level or "#" in level:
            raise ValueError(f"topics: {level!r} in {written!r}: a wildcard stands alone")
        else:
            plain.append(level)
            shapes.append(re.escape(level))
    if levels[0] == "$share":
        shapes = shapes[_SHARE:]
    try:
        return Pattern("/".join(plain), re.compile("/".join(shapes), re.DOTALL))
    except re.error as problem:
        raise ValueError(f"topics: {written!r}: {problem}") from problem
