import pytest

from feeds.decode import from_json


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (rb'"caf\u00e9"', "café"),
        (rb'"\ud83d\ude00"', "\U0001f600"),
        (rb'"\ud83d"', "\ufffd"),
        (rb'"\uDE00x"', "\ufffdx"),
        (rb'"\ud83d\ud83d\ude00"', "\ufffd\U0001f600"),
    ],
)
def test_half_a_surrogate_pair_costs_one_letter_and_not_the_body(body, expected):
    found = from_json(body)

    assert found == expected
    found.encode()  # so the store can hold it
