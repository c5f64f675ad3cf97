"""The examples in the docstrings hold."""

import doctest
from types import ModuleType

import pytest

from store import admission, codec, known


@pytest.mark.parametrize("module", [admission, codec, known])
def test_examples_hold(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0
