"""Where a history may live."""

from pathlib import Path

import pytest

import history
from history.places import folder_of


@pytest.mark.parametrize("url", ["postgresql://host/db", "clickhouse://host"])
def test_other_servers_are_refused_by_name(url: str) -> None:
    with pytest.raises(history.NotYet, match=r"delta:"):
        folder_of(url)


def test_folders_and_delta_urls_are_the_same() -> None:
    here = Path.cwd() / "var" / "history"

    assert folder_of("var/history") == folder_of("delta:./var/history") == here
    assert folder_of(Path("var/history")) == here
    assert folder_of("delta:///srv/h") == Path("/srv/h")


def test_a_folder_that_deltalake_cannot_use_is_refused_at_once() -> None:
    with pytest.raises(history.HistoryError, match="cannot use %"):
        folder_of("/srv/100%/h")
