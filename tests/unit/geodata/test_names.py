"""Short names for tiles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.names import SHORT_LENGTH, clean_name, folded, short_names


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("LINCOLN HEIGHTS NC", "Lincoln Heights"),
        ("NC WESTCHESTER/PLAYA", "Westchester/Playa"),
        ("GREATER VALLEY GLEN COUNCIL", "Greater Valley Glen"),
        ("PARK MESA HEIGHTS CC", "Park Mesa Heights"),
        ("Silver Lake Neighborhood Council", "Silver Lake"),
        ("VOICES OF 90037", "Voices of 90037"),
        ("LA-32 NC", "LA-32"),
        ("P.I.C.O. NC", "P.I.C.O."),
        ("SUNLAND-TUJUNGA NC", "Sunland-Tujunga"),
        ("ST. MARY'S", "St. Mary's"),
        ("CBD", "CBD"),
        ("Financial District", "Financial District"),
        ("WILSHIRE CENTER - KOREATOWN NC", "Wilshire Center"),
        ("NORTH HOLLYWOOD NORTHEAST NC", "N Hollywood NE"),
        ("COMMUNITY AND NEIGHBORS FOR NINTH DISTRICT UNITY (CANNDU)", "CANNDU"),
        ("Rivière-des-Prairies–Pointe-aux-Trembles", "Rivière-des-Prairies"),
        ("Llanfairpwllgwyngyllgogerychwyrndrobwll", "Llanfairpwllgwyngyl…"),
    ],
)
def test_a_name_is_shortened_at_its_words(name: str, short: str) -> None:
    assert short_names({"1": name}) == {"1": short}


def test_names_that_begin_alike_keep_what_tells_them_apart() -> None:
    names = {
        "1": "EMPOWERMENT CONGRESS NORTH AREA NDC",
        "2": "EMPOWERMENT CONGRESS SOUTHWEST AREA NDC",
    }

    assert short_names(names) == {"1": "E.C. North Area", "2": "E.C. Southwest Area"}


def test_names_that_are_the_same_get_their_id() -> None:
    assert short_names({"7": "Centre", "8": "Centre"}) == {"7": "Centre", "8": "Centre 8"}


@given(
    st.dictionaries(
        st.text("0123456789", min_size=1, max_size=4), st.text(max_size=60), max_size=12
    )
)
def test_short_names_fit_and_no_two_are_alike(names: dict[str, str]) -> None:
    short = short_names({key: clean_name(name) or key for key, name in names.items()})

    assert short.keys() == names.keys()
    assert all(0 < len(name) <= SHORT_LENGTH for name in short.values())
    assert len({name.casefold() for name in short.values()}) == len(short)


def test_windows_punctuation_read_as_latin_1_is_put_right() -> None:
    assert (
        clean_name("Saint-Henri\x96Petite-Bourgogne\x96Pointe")
        == "Saint-Henri–Petite-Bourgogne–Pointe"
    )
    assert clean_name("\x91quoted\x92") == "‘quoted’"


def test_letters_are_composed_and_blanks_are_single() -> None:
    assert clean_name("Montre\u0301al \u00a0 Est\n") == "Montréal Est"


def test_folding_forgets_case_accents_and_punctuation() -> None:
    assert folded("L'Île-des-Sœurs") == folded("L’ILE DES SŒURS")
    assert folded("St. Mary's") != folded("St. Mark's")
