"""The queries of the jobs: one text each, in DuckDB's dialect, for every engine."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

_SQL = Path(__file__).parent / "sql"


@cache
def template(name: str) -> str:
    """Return one named query with its places in braces."""
    return (_SQL / f"{name}.sql").read_text("utf-8")


def fill(name: str, **places: str) -> str:
    """Return a query with its tables and lists."""
    sql = template(name)
    for place, text in places.items():
        sql = sql.replace("{" + place + "}", text)
    return sql


def texts(values: Iterable[str]) -> str:
    """Return texts as SQL says them, separated by commas; of none, what equals nothing.

    >>> texts(["it's", "b"])
    "'it''s', 'b'"

    """
    quoted = ["'" + value.replace("'", "''") + "'" for value in values]
    return ", ".join(quoted) or "null"
