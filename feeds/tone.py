"""The tone of a short text, by counting words: good, bad, or neither.

Transparent rather than clever. Irony, context and new words escape it; it is wrong about a third
of single posts, and useful only over many. The languages are those of ``tone_words``; a text in
another, or in none that is declared, is neither.
"""

import html
import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from feeds.tone_words import DENIAL, NEGATIVE, POSITIVE

_TAG = re.compile(r"<[^<>]{0,2000}>")
_APOSTROPHE = re.compile(r"['’`]")
_WORD = re.compile(r"[^\W\d_]+")
_REACH = 3  # words: how far a denial reaches
_ELISIONS = frozenset({"l", "d", "n", "j", "s", "c", "m", "t", "qu"})
_LONGEST = 20_000  # letters


@dataclass(frozen=True, slots=True)
class _Words:
    exact: frozenset[str]
    stems: tuple[str, ...]

    @classmethod
    def of(cls, written: str) -> "_Words":
        words = written.split()
        stems = tuple(word[:-1] for word in words if word.endswith("*"))
        return cls(frozenset(word for word in words if not word.endswith("*")), stems)

    def __contains__(self, word: str) -> bool:
        return word in self.exact or word.startswith(self.stems)


def plain(written: str) -> str:
    """Return a text without mark-up.

    >>> plain("<p>Great&nbsp;<b>day</b></p>").split()
    ['Great', 'day']

    """
    return html.unescape(_TAG.sub(" ", written[:_LONGEST]))


def words(written: str, language: str = "") -> list[str]:
    """Return the words of a text in lower case, without accents.

    >>> words("L'été n'est PAS fini, don't!", "fr")
    ['ete', 'est', 'pas', 'fini', 'don', 't']

    """
    folded = unicodedata.normalize("NFKD", written.lower())
    bare = "".join(letter for letter in folded if not unicodedata.combining(letter))
    if language == "fr":
        found = _WORD.findall(_APOSTROPHE.sub(" ", bare))
        return [
            word for n, word in enumerate(found) if word not in _ELISIONS or n + 1 == len(found)
        ]
    return _WORD.findall(_APOSTROPHE.sub("", bare))


def tone(written: str, language: str | None) -> int:
    """Return 1 for a good tone, -1 for a bad one, 0 for neither.

    A denial up to three words before turns a word round.

    >>> tone("The new park is beautiful", "en"), tone("not good at all", "en"), tone("ok", "en")
    (1, -1, 0)

    """
    spoken = (language or "").lower().replace("_", "-").split("-")[0]
    if spoken not in POSITIVE:
        return 0
    good, bad, denial = _lists(spoken)
    score, denied = 0, -_REACH - 1
    for place, word in enumerate(words(plain(written), spoken)):
        if word in denial:
            denied = place
            continue
        weight = (word in good) - (word in bad)
        score += -weight if place - denied <= _REACH else weight
    return (score > 0) - (score < 0)


@cache
def _lists(language: str) -> tuple[_Words, _Words, _Words]:
    return (
        _Words.of(POSITIVE[language]),
        _Words.of(NEGATIVE[language]),
        _Words.of(DENIAL[language]),
    )
