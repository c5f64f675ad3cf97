"""The documentation of a kind names every option that it has."""

from pathlib import Path

import pytest

from feeds import KINDS

DOCS = Path(__file__).parents[3] / "docs" / "feeds"


@pytest.mark.parametrize("name", KINDS)
def test_every_option_of_a_kind_is_documented(name):
    text = (DOCS / f"{name}.md").read_text(encoding="utf-8")

    of_any_table = "(file.md" in text  # the mapping of tables is described once
    known = text + (DOCS / "file.md").read_text(encoding="utf-8") if of_any_table else text

    missing = [key for key in KINDS[name].options.model_fields if f"`{key}`" not in known]

    assert missing == []
    assert "## Quality list" in text


def test_every_kind_is_listed():
    text = (DOCS / "README.md").read_text(encoding="utf-8")

    assert all(f"[`{name}`]({name}.md)" in text for name in KINDS)
