"""Whether a vulnerability may concern an asset: by vendor and product, and why.

The catalogue says nothing of versions, so a match never means "is vulnerable". Names are compared
as sets of words without case, accents, numbers and words that say nothing (server, software, inc).
Equal sets are a match; where one holds the other, or where the catalogue only says "Multiple
Products", the match is possible. The other way round a vendor may stand in the product's name.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Listed = tuple[str, str]  # vendor, product
Match = Literal["", "possible", "named"]
Words = frozenset[str]

_WORD = re.compile(r"[^\W_]+")
_SPLIT = re.compile(r",|;|&|\band\b|\bor\b|\(|\)", re.IGNORECASE)
_FIRM = frozenset(
    _WORD.findall(
        "inc corp corporation ltd llc gmbh ag sa co company foundation project technologies "
        "systems software networks group the"
    )
)
_VAGUE = frozenset(
    _WORD.findall(
        "server servers software product products multiple series device devices suite platform "
        "application applications client edition enterprise standard professional community "
        "version for of the and with services operating system systems"
    )
)
_EVERYTHING = frozenset({"multiple", "various", "several", "all"})


@dataclass(frozen=True, slots=True)
class Index:
    """The products of a catalogue by the words in their names: a match shares one of the firm."""

    by_word: Mapping[str, frozenset[Listed]]

    @classmethod
    def of(cls, listed: Iterable[Listed]) -> "Index":
        """Return the index of vendors and products."""
        found: dict[str, set[Listed]] = {}
        for pair in listed:
            for word in _words(f"{pair[0]} {pair[1]}"):
                found.setdefault(word, set()).add(pair)
        return cls({word: frozenset(pairs) for word, pairs in found.items()})

    def matches(self, vendor: str, product: str) -> list[tuple[Match, Listed]]:
        """Return what a product meets, in the order of names."""
        near = {pair for word in _firm(vendor) for pair in self.by_word.get(word, ())}
        ways = ((match(vendor, product, *pair), pair) for pair in sorted(near))
        return [way for way in ways if way[0]]


def match(vendor: str, product: str, listed_vendor: str, listed_product: str) -> Match:
    """Return how an asset's product meets a product of the catalogue.

    >>> match("Microsoft Corporation", "Windows Server 2019", "Microsoft", "Windows")
    'named'
    >>> match("Cisco", "IOS XE", "Cisco", "IOS")
    'possible'

    """
    firm, listed_firm = _firm(vendor), _firm(listed_vendor)
    if not (firm <= listed_firm or listed_firm <= firm):
        return _renamed(firm, product, listed_product)
    if _EVERYTHING & set(_words(listed_product)):
        return "possible"
    found: Match = ""
    for mine in _names(product, firm | listed_firm):
        for theirs in _names(listed_product, firm | listed_firm):
            if mine == theirs:
                return "named"
            if mine <= theirs or theirs <= mine:
                found = "possible"
    return found


def _renamed(firm: Words, product: str, listed_product: str) -> Match:
    """A firm that was bought lives on in the names of its products."""
    theirs = frozenset(_words(listed_product))
    mine = frozenset(_words(product)) - _VAGUE
    return "possible" if firm and firm <= theirs and mine & theirs else ""


@lru_cache(maxsize=10_000)
def _firm(vendor: str) -> Words:
    words = frozenset(_words(vendor))
    return (words - _FIRM) or words


@lru_cache(maxsize=50_000)
def _names(product: str, firm: Words) -> tuple[Words, ...]:
    """Return the names in a product's name: the whole, and the parts of a list."""
    parts = [product, *_SPLIT.split(product)]
    named = (_core(part, firm) for part in parts)
    return tuple(dict.fromkeys(name for name in named if name))


def _core(name: str, firm: Words) -> Words:
    words = frozenset(_words(name))
    core = frozenset(word for word in words - _VAGUE - firm if not word[0].isdigit())
    return core or (words - _VAGUE) or words


def _words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", name.lower())
    return _WORD.findall("".join(letter for letter in plain if not unicodedata.combining(letter)))
