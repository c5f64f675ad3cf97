"""Named SQL: one file per question, in a portable subset of DuckDB's dialect."""

from functools import cache
from pathlib import Path
from typing import Any

_SQL = Path(__file__).parent / "sql"


@cache
def template(name: str) -> str:
    """Return one named query; its places in braces are filled by ``fill``."""
    return (_SQL / f"{name}.sql").read_text("utf-8")


def fill(name: str, **places: str) -> str:
    """Return a query with its tables and conditions."""
    sql = template(name)
    for place, text in places.items():
        sql = sql.replace("{" + place + "}", text)
    return sql


def one_of(column: str, values: Any, marks: dict[str, Any]) -> str:
    """Return a condition that ``column`` is one of ``values`` (None: any); fills ``marks``."""
    if values is None:
        return "1 = 1"
    names = []
    for at, value in enumerate(values):
        marks[f"{column}_{at}"] = value
        names.append(f"${column}_{at}")
    return f"{column} in ({', '.join(names)})" if names else "1 = 0"
