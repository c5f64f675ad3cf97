"""The catalogues: French is complete, places agree, numbers and ages follow the locale."""

import ast
import string
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layouts.states import SHOWN
from layouts.walls import WALLS
from metrics import INDICATORS
from metrics.baseline import word
from texts import LOCALES, load, translator
from texts.catalogue import CatalogueError, _add

ROOT = Path(__file__).resolve().parents[3]
ROOMS = ("layouts", "figures", "callbacks")
CALLS = {"t", "parts", "plural"}


def said(path: Path) -> Iterator[tuple[str, ...]]:
    """Yield every literal message of a module: one text, or singular and plural."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
        if name not in CALLS or not texts or not isinstance(texts[0], str):
            continue
        yield (texts[0], str(texts[1])) if name == "plural" else (texts[0],)


def messages() -> set[tuple[str, ...]]:
    found = {
        message
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
        for message in said(path)
    }
    found |= {(word_,) for _, word_ in SHOWN.values()} | {
        (scene.title,) for scene in WALLS.values()
    }
    found |= {(word(z),) for z in (None, 0.0, 2.5, -2.5, 4.0, -4.0, 9.0, -9.0)}
    found |= {
        (text,)
        for one in INDICATORS.values()
        for text in (one.title, one.short, one.unit, one.definition, one.numerator, one.denominator)
        if text
    }
    return found


@pytest.mark.parametrize("locale", LOCALES)
def test_every_message_on_a_screen_is_in_the_catalogue(locale: str) -> None:
    known = load(locale)

    missing = [
        message
        for message in sorted(messages())
        if message[0] not in (known.plural if len(message) > 1 else known.plain)
    ]

    assert missing == []


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_a_translation_keeps_every_place() -> None:
    french = load("fr")

    wrong = {key: text for key, text in french.plain.items() if places(key) != places(text)}

    assert wrong == {}
    assert {key for key, forms in french.plural.items() if len(forms) != 2} == set()


def test_short_names_fit_a_tile_in_every_language() -> None:
    long = {
        translator(locale)(one.short)
        for locale in LOCALES
        for one in INDICATORS.values()
        if len(translator(locale)(one.short)) > 20
    }

    assert long == set()


def test_two_translations_of_one_message_are_refused(tmp_path: Path) -> None:
    known = {"City": "Ville"}

    with pytest.raises(CatalogueError, match="translated twice"):
        _add(known, "City", "Cité", tmp_path / "other.po")


@pytest.mark.parametrize(
    ("locale", "value", "decimals", "text"),
    [
        ("en", 1234567.891, 1, "1\u202f234\u202f567.9"),
        ("fr", 1234567.891, 1, "1\u202f234\u202f567,9"),
        ("en", -0.04, 1, "0.0"),
        ("fr", -12.5, 1, "−12,5"),
        ("en", None, 1, ""),
        ("en", float("nan"), 1, ""),
    ],
)
def test_numbers_follow_the_locale(
    locale: str, value: float | None, decimals: int, text: str
) -> None:
    assert translator(locale).number(value, decimals) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (172_800, "2 j")],
)
def test_an_age_is_rounded_down_to_one_unit(seconds: int, text: str) -> None:
    assert translator("fr").duration(seconds).replace("\xa0", " ") == text


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_a_number_on_a_tile_stays_short_and_never_turns_into_zero_by_compacting(
    value: float,
) -> None:
    text = translator("en").compact(value, 2)

    if abs(value) < 1e12:
        assert len(text) <= 8
    if abs(value) >= 1:
        assert any(digit in "123456789" for digit in text)


def test_a_moment_of_another_day_is_a_date() -> None:
    now = datetime(2026, 4, 23, 18, 0, tzinfo=UTC)
    t = translator("en")

    assert t.moment(now - timedelta(hours=3), "America/Montreal", now=now) == "11:00"
    assert t.moment(now - timedelta(days=3), "America/Montreal", now=now) == "2026-04-20"


def test_an_unknown_locale_speaks_english_and_a_region_its_language() -> None:
    assert translator("de").locale == "en"
    assert translator("fr-CA").locale == "fr"
