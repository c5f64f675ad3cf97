"""The examples in the docstrings hold."""

import doctest
from types import ModuleType

import pytest

from history import columns, hours, marks, places


@pytest.mark.parametrize("module", [columns, hours, marks, places])
def test_examples_hold(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0
