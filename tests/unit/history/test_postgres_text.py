"""What goes to PostgreSQL as text, and comes back."""

import math
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import history
from history import queries
from history.dialect import to_postgres
from history.postgres_copy import body, table
from history.postgres_tables import bounds, indexes
from history.schemas import NOTICES, SHAPES, Shape

SMALL = Shape(
    "small",
    pa.schema(
        [
            ("text", pa.string()),
            ("real", pa.float64()),
            ("whole", pa.int64()),
            ("at", pa.timestamp("us", "UTC")),
            ("is_so", pa.bool_()),
        ]
    ),
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "text": st.none() | TEXTS,
                "real": st.none() | st.floats(),
                "whole": st.none() | st.integers(-(2**63), 2**63 - 1),
                "at": st.none() | st.datetimes(timezones=st.just(UTC)),
                "is_so": st.none() | st.booleans(),
            }
        )
    )
)
def test_a_csv_of_ours_reads_back_the_same(rows: list[dict[str, object]]) -> None:
    data = pa.Table.from_pylist(rows, schema=SMALL.columns)

    text = body(data, SMALL).replace(b"true", b"t").replace(b"false", b"f")
    if any(word in str(row["text"]) for row in rows for word in ("true", "false")):
        return  # the words that stand for flags would be changed in texts too
    found = table(text, SMALL.columns)

    assert found.schema == data.schema
    for one, other in zip(found.to_pydict().values(), data.to_pydict().values(), strict=True):
        for left, right in zip(one, other, strict=True):
            is_nan = isinstance(left, float) and math.isnan(left)
            assert left == right or (is_nan and math.isnan(right))


def test_the_empty_text_is_not_missing() -> None:
    found = table(b'"",,,,\n,1.5,,2026-03-02 12:00:00.000001+00,t\n', SMALL.columns).to_pylist()

    assert [row["text"] for row in found] == ["", None]
    assert found[1]["at"] == datetime(2026, 3, 2, 12, 0, 0, 1, tzinfo=UTC)
    assert (found[0]["is_so"], found[1]["is_so"]) == (None, True)


def test_nothing_answers_with_its_columns() -> None:
    assert table(b"", NOTICES.columns).schema == NOTICES.columns


def test_lists_of_texts_come_from_arrays() -> None:
    columns = pa.schema([("feeds", pa.list_(pa.string()))])

    found = table(b'"{a,""b,c"",NULL}"\n{}\n\n', columns)

    assert found["feeds"].to_pylist() == [["a", "b,c", None], [], None]


def test_names_of_values_keep_their_places() -> None:
    said = to_postgres("select $w1 as a, $w10 as b from t where c = $w1 and d like '%x'")

    assert said.names == ("w1", "w10", "w1")
    assert said.texts[-1].endswith("LIKE '%x'")


@pytest.mark.parametrize("sql", ["select from where", "select 1; select 2", "select 'a"])
def test_a_question_that_is_wrong_is_told(sql: str) -> None:
    with pytest.raises(history.HistoryError, match="cannot be put to PostgreSQL"):
        to_postgres(sql)


def test_every_question_can_be_put_to_postgresql() -> None:
    names = sorted(path.stem for path in queries._SQL.glob("*.sql"))
    assert len(names) > 20
    for name in names:
        places = dict.fromkeys(("rows", "at", "readings", "rollups", "weeks"), "t")
        sql = queries.fill(name, **places).replace("{most}", "5")
        text = sql.replace("{", '"').replace("}", '"')  # what is left stands for a name
        assert to_postgres(text).texts


@given(st.integers(1, 9999), st.integers(1, 12))
def test_a_month_ends_where_the_next_begins(year: int, month: int) -> None:
    first, after = bounds(f"{year:04}-{month:02}")
    following = f"{year:04}-{month + 1:02}" if month < 12 else f"{year + 1:04}-01"

    assert first.startswith(f"{year:04}-{month:02}-01 ")
    assert bounds(following)[0] == after


def test_indexes_name_columns_that_exist() -> None:
    for shape in SHAPES:
        for index in indexes(shape):
            assert set(index) <= set(shape.columns.names), shape.name
