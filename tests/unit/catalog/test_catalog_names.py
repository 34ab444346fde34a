"""Names of tables and columns: what is read is what is written, whatever stands in them (fides#5072, #3688)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avgflow.catalog.names import ColumnName, TableName, split

PARTS = st.text(min_size=1).filter(lambda part: "\x00" not in part)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("public.contact", TableName("public", "contact")),
        ('public."order"', TableName("public", "order")),
        ('"My Schema"."a.b"', TableName("My Schema", "a.b")),
        ('public."say ""hi"""', TableName("public", 'say "hi"')),
        ("public.with__double__underscores", TableName("public", "with__double__underscores")),
    ],
)
def test_a_table_is_read(written: str, name: TableName) -> None:
    assert TableName.parse(written) == name


@pytest.mark.parametrize(
    "written", ["", ".", "a", "a.", ".a", "a..b", "a.b.c", 'a."', 'a."b"c', "a.b c", "a.1b", 'a.""']
)
def test_what_is_no_table(written: str) -> None:
    with pytest.raises(ValueError, match="is not a"):
        TableName.parse(written)


@given(PARTS, PARTS, PARTS, PARTS)
def test_printed_names_are_read_back(store: str, schema: str, table: str, column: str) -> None:
    name = ColumnName(store, TableName(schema, table), column)
    assert ColumnName.parse(str(name)) == name
    assert TableName.parse(str(name.table)) == name.table
    assert split(str(name)) == (store, schema, table, column)


def test_a_name_is_printed_as_sql_wants_it() -> None:
    names = ["public.order", 'public."order"', 'public."Mixed"', "public.order_line"]
    assert [str(TableName.parse(name)) for name in names] == [
        'public."order"',
        'public."order"',
        'public."Mixed"',
        "public.order_line",
    ]
