"""The examples in the docstrings hold."""

import doctest
from types import ModuleType

import pytest

from history import columns, courses, dialect, hours, marks, places, postgres_copy, postgres_tables


@pytest.mark.parametrize(
    "module", [columns, courses, dialect, hours, marks, places, postgres_copy, postgres_tables]
)
def test_examples_hold(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0
