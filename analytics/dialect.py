"""From DuckDB's dialect, in which every question is written, to Spark's."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sqlglot
from sqlglot import exp


def to_spark(sql: str, values: Mapping[str, Any]) -> str:
    """Return a question as Spark reads it, with its values in the text.

    Instants keep their microseconds, and seconds since 1970 are numbers with a fraction.

    >>> since = datetime(2026, 3, 1, tzinfo=UTC)
    >>> to_spark('select "at" from t where "at" >= $since', {"since": since})
    "SELECT `at` FROM t WHERE `at` >= CAST('2026-03-01T00:00:00+00:00' AS TIMESTAMP)"

    """
    tree = sqlglot.parse_one(sql, read="duckdb")
    filled = tree.transform(
        lambda node: _literal(values[node.name]) if isinstance(node, exp.Placeholder) else node
    )
    return filled.transform(_function).sql(dialect="spark", comments=False)


def _function(node: exp.Expression) -> exp.Expression:
    """Return what Spark has in the place of seconds since 1970."""
    if isinstance(node, exp.Extract) and node.name.upper() == "EPOCH":
        return exp.Paren(
            this=exp.Div(this=_micros(node.expression), expression=_number(1e6), typed=True)
        )
    if isinstance(node, exp.UnixToTime):
        return exp.Anonymous(this="timestamp_seconds", expressions=[node.this])
    return node


def _micros(at: exp.Expression) -> exp.Expression:
    """Return the microseconds since 1970 of an instant, or those between two of them."""
    inner = at.unnest()
    if isinstance(inner, exp.Sub):
        return exp.Paren(
            this=exp.Sub(this=_micros(inner.this), expression=_micros(inner.expression))
        )
    return exp.Anonymous(this="unix_micros", expressions=[inner])


def _literal(value: Any) -> exp.Expression:
    if isinstance(value, datetime):
        text = exp.Literal.string(value.astimezone(UTC).isoformat())
        return exp.Cast(this=text, to=exp.DataType.build("timestamptz"))
    if isinstance(value, int | float):
        return _number(float(value))
    return exp.Literal.string(str(value))


def _number(value: float) -> exp.Expression:
    return exp.Cast(this=exp.Literal.number(repr(value)), to=exp.DataType.build("double"))
