"""Names of districts: repaired, and shortened to fit a tile on the wall."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from itertools import takewhile

SHORT_LENGTH = 20  # characters of a name on a wall tile

# What councils and wards call themselves; it says nothing where every neighbour says it too.
_COUNCIL = re.compile(
    r"^(?:NC|CC)\s+|[\s,-]+(?:(?:neighbou?rhood|community)(?:\s+development)?\s+council"
    r"|council|NC|NDC|CC)$",
    re.IGNORECASE,
)
_SMALL = frozenset(
    (
        *(
            "a",
            "al",
            "an",
            "and",
            "area",
            "at",
            "au",
            "aux",
            "d",
            "da",
            "das",
            "de",
            "del",
            "des",
            "di",
            "do",
        ),
        *("dos", "du", "e", "el", "et", "for", "in", "l", "la", "le", "les", "of", "on", "the"),
        *("to", "und", "y"),
    )
)
_BRIEF: Mapping[str, str] = {
    "saint": "St",
    "sainte": "Ste",
    "north": "N",
    "south": "S",
    "east": "E",
    "west": "W",
    "northeast": "NE",
    "northwest": "NW",
    "southeast": "SE",
    "southwest": "SW",
    "mount": "Mt",
    "heights": "Hts",
    "park": "Pk",
    "historic": "Hist",
    "central": "Ctr",
    "center": "Ctr",
    "centre": "Ctr",
    "community": "Comm",
    "district": "Dist",
    "village": "Vlg",
    "greater": "Gtr",
}
_WORDS = re.compile(r"[^\W_]+(?:['’][^\W_]+)*", re.UNICODE)
_ACRONYM = re.compile(r"\(([A-ZÀ-Þ]{3,12})\)")
_BREAK = re.compile(r"[\s/,–—-]+")
_CP1252 = {
    code: char
    for code in range(0x80, 0xA0)
    if (char := bytes([code]).decode("cp1252", "ignore"))  # five codes are unassigned
}


def clean_name(raw: str) -> str:
    r"""Return a name without stray blanks and control characters, composed (NFC).

    Windows punctuation that was read as Latin-1 (an en dash as U+0096) is put right.

    >>> clean_name("  Saint-Paul\x96Émard ")
    'Saint-Paul–Émard'

    """
    text = unicodedata.normalize("NFC", raw.translate(_CP1252))
    visible = "".join(" " if unicodedata.category(char) in {"Cc", "Zs"} else char for char in text)
    return " ".join(visible.split())


def folded(name: str) -> str:
    """Return a name without case, accents and punctuation, to compare it by.

    >>> folded("Côte-des-Neiges") == folded("COTE DES NEIGES")
    True

    """
    plain = unicodedata.normalize("NFKD", clean_name(name)).casefold()
    return "".join(char for char in plain if char.isalnum())


def short_names(names: Mapping[str, str]) -> dict[str, str]:
    """Return a name of at most 20 characters for each id, no two alike.

    Args:
        names: the full name of each district by its id.

    Returns:
        The short name of each id: without the words that every council carries, in mixed case,
        abbreviated at word boundaries, with the id where two would be the same.

    >>> short_names({"1": "WILSHIRE CENTER - KOREATOWN NC", "2": "LA-32 NC"})
    {'1': 'Wilshire Center', '2': 'LA-32'}

    """
    found = {key: _short(name) for key, name in names.items()}
    for short in {short for short, count in Counter(found.values()).items() if count > 1}:
        group = {key: names[key] for key, other in found.items() if other == short}
        found.update(_told_apart(group))
    taken: set[str] = set()
    for key, short in found.items():
        found[key] = short if short.casefold() not in taken else _numbered(short, key, taken)
        taken.add(found[key].casefold())
    return found


def _short(name: str) -> str:
    bare = _bare(name)
    if len(bare) > SHORT_LENGTH and (acronym := _ACRONYM.search(name)):
        return acronym.group(1)
    if len(bare) > SHORT_LENGTH:
        bare = re.sub(r"\s*\([^)]*\)", "", bare) or bare
    brief = _abbreviated(bare)
    if len(brief) <= SHORT_LENGTH:
        return brief
    return max(_cut(bare, SHORT_LENGTH), _cut(brief, SHORT_LENGTH), key=len)


def _bare(name: str) -> str:
    """Return a name without what every council carries, in mixed case."""
    bare = _COUNCIL.sub("", name).strip(" ,-") or name
    if bare.isupper() and len(bare) > 3:  # noqa: PLR2004 - WATTS, but not CBD
        bare = _WORDS.sub(lambda match: _mixed(match, bare), bare)
    return bare


def _told_apart(group: Mapping[str, str]) -> dict[str, str]:
    """Return shorter names of districts that begin alike: the common words as initials."""
    words = {key: _bare(name).split() for key, name in group.items()}
    columns = zip(*words.values(), strict=False)
    same = len(list(takewhile(lambda column: len(set(column)) == 1, columns)))
    if not same:
        return {}
    return {
        key: _short("".join(f"{word[0]}." for word in some[:same]) + " " + " ".join(some[same:]))
        for key, some in words.items()
        if len(some) > same
    }


def _mixed(match: re.Match[str], whole: str) -> str:
    """Return one word of an all-capitals name in mixed case."""
    word, start, end = match.group(), match.start(), match.end()
    if start and word.casefold() in _SMALL and end < len(whole) and whole[start - 1] == " ":
        return word.lower()
    beside_digit = whole[end : end + 2].strip("- ").isdigit() or any(c.isdigit() for c in word)
    is_initial = end < len(whole) and whole[end] == "." and len(word) == 1
    if is_initial or (beside_digit and len(word) <= 3):  # noqa: PLR2004 - LA-32, 9TH
        return word
    return word[:1].upper() + word[1:].lower()


def _abbreviated(name: str) -> str:
    """Shorten the known words from the left, only as many as are needed."""
    done = name
    for word in _WORDS.findall(name):
        if len(done) <= SHORT_LENGTH:
            break
        brief = _BRIEF.get(word.casefold())
        if brief:
            done = re.sub(rf"\b{re.escape(word)}\b", brief, done, count=1)
    return done


def _cut(name: str, length: int) -> str:
    """Cut after the last whole word that fits, dropping a dangling small word."""
    ends = [match.start() for match in _BREAK.finditer(name) if 0 < match.start() <= length]
    short = name if len(name) <= length else name[: ends[-1]] if ends else name[: length - 1] + "…"
    words = _BREAK.split(short)
    while len(words) > 1 and words[-1].casefold() in _SMALL:
        short = short[: -len(words.pop())].rstrip(" ,/–—-")
    return short


def _numbered(short: str, key: str, taken: set[str]) -> str:
    """Return the name with the id behind it; the id alone where even that is taken."""
    tail = f" {key}"
    room = SHORT_LENGTH - len(tail)
    if room > 0 and (marked := _cut(short, room) + tail).casefold() not in taken:
        return marked
    return key[:SHORT_LENGTH]
