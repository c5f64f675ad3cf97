"""Text of strangers made fit to be seen: nothing invisible, nothing that turns the line around.

Markup is no danger where text stays text; what is left are letters that hide or reorder others:
control characters, bidirectional overrides, lone surrogates, invisible joiners.
"""

import unicodedata

_KEPT = frozenset("\n\t")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_BLANK = frozenset({"Cc", "Zl", "Zp"})
DOTS = "…"


def raw(text: str) -> str:
    r"""Return raw text with everything that is not seen written out; line ends are line ends.

    >>> raw("a\x00b\u202ec\r\n")
    'a[U+0000]b[U+202E]c\n'

    """
    return "".join(_seen(letter) for letter in text.replace("\r\n", "\n"))


def line(text: str, most: int | None = None) -> str:
    r"""Return one line of somebody else's words: hidden letters gone, blanks single, cut at most.

    >>> line("Rue\u202e  barrée\n", 9)
    'Rue barr…'

    """
    kinds = ((letter, unicodedata.category(letter)) for letter in text)
    bare = (" " if kind in _BLANK else letter for letter, kind in kinds if _is_read(kind))
    said = " ".join("".join(bare).split())
    return said if most is None or len(said) <= most else said[: most - 1] + DOTS


def _is_read(kind: str) -> bool:
    return kind not in _HIDDEN or kind in _BLANK


def _seen(letter: str) -> str:
    if letter in _KEPT or unicodedata.category(letter) not in _HIDDEN:
        return letter
    return f"[U+{ord(letter):04X}]"
