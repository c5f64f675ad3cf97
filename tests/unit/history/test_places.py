"""Where a history may live."""

from pathlib import Path

import pytest

import history
from history.places import folder_of, is_server, shown
from history.postgres_address import Address


@pytest.mark.parametrize("url", ["clickhouse://host", "mysql://host/db"])
def test_other_servers_are_refused_by_name(url: str) -> None:
    with pytest.raises(history.NotYet, match=r"delta:.*postgresql:"):
        folder_of(url)


def test_folders_and_delta_urls_are_the_same() -> None:
    here = Path.cwd() / "var" / "history"

    assert folder_of("var/history") == folder_of("delta:./var/history") == here
    assert folder_of(Path("var/history")) == here
    assert folder_of("delta:///srv/h") == Path("/srv/h")
    assert not is_server("var/history")
    assert not is_server(Path("postgresql:"))


def test_a_folder_that_deltalake_cannot_use_is_refused_at_once() -> None:
    with pytest.raises(history.HistoryError, match="cannot use %"):
        folder_of("/srv/100%/h")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:s3cret@host/db",
        "postgres://me:s3cret@host:5432/db",
        "postgresql://me:a@s3cret@host/db",
        "postgresql://me:s3cret/x@host/db",
        "postgresql://me:s3cret#x?@host/db",
        "postgresql://me@host/db?password=s3cret&sslmode=require",
        "postgresql://me@host/db?sslmode=require&SSLPASSWORD=s3cret",
        "postgresql://me@host/db?passfile=/s3cret",
    ],
)
def test_no_password_is_shown(url: str) -> None:
    assert "s3cret" not in shown(url)
    assert "@host" in shown(url)
    assert shown(url).endswith(("db", "***", "sslmode=require"))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:s3cret@x@host/db",
        "postgresql://me:s3cret@host:port/db?nonsense=s3cret",
        "postgresql://me:%zzs3cret@host/db",
        "postgresql://me:x@host/db?s3cret",
    ],
)
def test_an_address_that_cannot_be_read_is_told_without_its_secret(url: str) -> None:
    with pytest.raises(history.HistoryError, match="no address of PostgreSQL") as caught:
        history.open(url, writer=False)

    assert "s3cret@" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_schema_is_ours_and_all_else_is_libpqs() -> None:
    found = Address.of("postgresql://me:p%40ss@one,two:5433/db?sslmode=require&schema=city_2")

    assert found.schema == "city_2"
    assert found.options["password"] == "p@ss"
    assert found.options["sslmode"] == "require"
    assert "schema" not in found.options
    assert found.hosts == 2
    assert Address.of("postgresql://one/db").schema == "bartizan"


def test_histories_of_two_schemas_have_locks_of_their_own() -> None:
    one, other = (Address.of(f"postgresql://h/db?schema={name}") for name in "ab")

    assert len({one.key("writer"), other.key("writer"), one.key("tables")}) == 3
    assert one.key("writer") == Address.of("postgresql://elsewhere/db?schema=a").key("writer")
