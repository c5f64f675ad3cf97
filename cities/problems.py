"""What is wrong with a city pack: every problem at once, each with the place where it stands."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing to mend. ``table`` is written as in the file (``[[feeds]] cases-311``)."""

    file: str
    table: str
    key: str
    text: str

    def __str__(self) -> str:
        place = " ".join(part for part in (self.file, self.table, self.key) if part)
        return f"{place}: {self.text}"


class PackError(Exception):
    """A city pack that cannot be used; ``problems`` holds every reason."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'population'?``, or nothing where no known word is near.

    >>> nearest("polulation", ["name", "population"])
    "; did you mean 'population'?"

    """
    close = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


def unknown_key(key: str, table: str, known: Iterable[str]) -> str:
    """Return the sentence for a key that no table of this name has."""
    names = sorted(known)
    hint = nearest(key, names) or f"; known are {', '.join(names)}"
    return f"unknown key {key!r} in {table}{hint}"
