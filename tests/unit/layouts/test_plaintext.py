"""Text of strangers: whatever hides or reorders letters is written out or taken away."""

import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from layouts import plaintext


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=200))
def test_no_hidden_letter_is_left_in_raw_text_and_it_can_be_sent(text: str) -> None:
    shown = plaintext.raw(text)

    assert all(
        unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} or letter in "\n\t"
        for letter in shown
    )
    assert json.loads(json.dumps(shown)) == shown
    shown.encode()


def test_overrides_and_controls_are_written_out_and_markup_is_left_alone() -> None:
    assert plaintext.raw("a\u202eb\x00\x1b[31m") == "a[U+202E]b[U+0000][U+001B][31m"
    assert plaintext.raw("<script>x</script>") == "<script>x</script>"
    assert plaintext.raw("a\r\nb\tc") == "a\nb\tc"


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=200), st.integers(1, 50))
def test_a_line_is_one_line_of_at_most_so_many_letters(text: str, most: int) -> None:
    said = plaintext.line(text, most)

    assert len(said) <= most
    assert "\n" not in said
    assert "\u202e" not in said
    said.encode()
