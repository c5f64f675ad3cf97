"""The documentation of a kind names every option; the table of kinds says what is so."""

import tomllib
from pathlib import Path

import pytest

from feeds import KINDS

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs" / "feeds"


@pytest.mark.parametrize("name", KINDS)
def test_every_option_of_a_kind_is_documented(name):
    text = (DOCS / f"{name}.md").read_text(encoding="utf-8")

    of_any_table = "(file.md" in text  # the mapping of tables is described once
    known = text + (DOCS / "file.md").read_text(encoding="utf-8") if of_any_table else text

    missing = [key for key in KINDS[name].options.model_fields if f"`{key}`" not in known]

    assert missing == []
    assert "## Quality list" in text


def table():
    """Return the cells of the table of kinds, by kind."""
    lines = (DOCS / "README.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "](" in line]
    return {row[0].split("`")[1]: row for row in rows if row[0].startswith("[`")}


def comes_by(kind):
    if kind.listen:
        return "connection"
    return "poll, push" if kind.receive else "poll"


def test_every_kind_is_listed_once_with_its_ways_in_and_what_it_gives():
    told = {name: (row[0], row[2], row[3]) for name, row in table().items()}
    order = ("observation", "case", "notice")

    assert told == {
        name: (
            f"[`{name}`]({name}.md)",
            comes_by(kind),
            ", ".join(f"{gives}s" for gives in order if gives in kind.gives),
        )
        for name, kind in KINDS.items()
    }
    assert all(row[1] for row in table().values())


def test_the_table_knows_what_the_demo_serves():
    pack = tomllib.loads((ROOT / "cities" / "montreal" / "city.toml").read_text(encoding="utf-8"))
    served = {feed["kind"] for feed in pack["feeds"]}

    assert {name for name, row in table().items() if row[5] == "yes"} == served
    assert {row[5] for row in table().values()} == {"yes", "–"}


def test_the_table_claims_captures_only_where_a_test_reads_them():
    folder = ROOT / "tests" / "realdata"
    files = [*folder.rglob("*.py"), *folder.rglob("city.toml")]
    read = "".join(path.read_text(encoding="utf-8") for path in files)

    claimed = {name for name, row in table().items() if row[4] != "–"}

    assert claimed == {name for name in KINDS if f'"{name}"' in read}
