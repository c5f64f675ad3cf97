"""From DuckDB's dialect, in which every question is written, to PostgreSQL's."""

import re
from dataclasses import dataclass
from functools import lru_cache

import sqlglot
from sqlglot.errors import SqlglotError

from history.errors import HistoryError

_NAME = re.compile(r"\$([a-z]\w*)")
_PLACE = re.compile(r"__([a-z]\w*?)__")


@dataclass(frozen=True, slots=True)
class Said:
    """A question in another dialect: text and names of values in turn, text at both ends."""

    texts: tuple[str, ...]
    names: tuple[str, ...]


@lru_cache(maxsize=512)
def to_postgres(sql: str) -> Said:
    """Return a question with ``$name`` for its values as PostgreSQL reads it.

    >>> to_postgres('select "at" from t where a > $since order by "at" desc').texts[1]
    ' ORDER BY "at" DESC NULLS LAST'

    Raises:
        HistoryError: if the question is wrong.

    """
    named = _NAME.sub(r"__\1__", sql)  # read as columns: their names pass through unchanged
    try:
        (told,) = sqlglot.transpile(named, read="duckdb", write="postgres")
    except (SqlglotError, ValueError) as error:
        raise HistoryError(f"a question to history cannot be put to PostgreSQL: {error}") from error
    parts = _PLACE.split(told)
    return Said(tuple(parts[::2]), tuple(parts[1::2]))
