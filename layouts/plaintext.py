"""Text of strangers made fit to be seen: nothing invisible, nothing that turns the line around.

Markup is no danger where text stays text; what is left are letters that hide or reorder others:
control characters, bidirectional overrides, lone surrogates, invisible joiners.
"""

import unicodedata

_KEPT = frozenset("\n\t")
_PICTURES = 0x2400  # the block of pictures of control characters
_DELETE = 0x7F
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_BLANK = frozenset({"Cc", "Zl", "Zp"})
DOTS = "…"


def raw(text: str) -> str:
    r"""Return raw text with everything that is not seen written out.

    >>> raw("a\x00b\u202ec")
    'a␀b⟨U+202E⟩c'

    """
    return "".join(_seen(letter) for letter in text)


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
    code = ord(letter)
    if letter in _KEPT or unicodedata.category(letter) not in _HIDDEN:
        return letter
    if code < ord(" "):
        return chr(_PICTURES + code)
    return "␡" if code == _DELETE else f"⟨U+{code:04X}⟩"
