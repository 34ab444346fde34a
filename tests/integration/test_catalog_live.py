"""What is read of a real PostgreSQL: everything that can hold rows, under the names that it has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from catalog_lab import AWKWARD

from avgflow.catalog import live
from avgflow.catalog.live import LiveSchema
from avgflow.catalog.names import TableName


@pytest.fixture
def awkward(database: Callable[[str], Any]) -> LiveSchema:
    with database(AWKWARD) as connection:
        return live.read(connection)


def test_everything_that_holds_rows_is_read_and_partitions_belong_to_their_table(awkward: LiveSchema) -> None:
    assert {str(name): table.kind for name, table in awkward.tables.items()} == {
        'public."order"': "table",
        '"My Schema"."Mixed__Case.dot"': "table",
        "public.measured": "table",
        "public.bare": "table",
        "public.event": "partitioned table",
        "public.seen": "view",
        "public.kept": "materialized view",
    }


def test_names_types_and_keys_survive(awkward: LiveSchema) -> None:
    mixed = awkward.tables[TableName("My Schema", "Mixed__Case.dot")]
    assert mixed.types == {"Id": "uuid", 'say "hi"': "character varying(40)", "double__under": "character(3)"}
    assert mixed.primary_key == ("Id", "double__under")
    order = awkward.tables[TableName("public", "order")]
    assert list(order.columns) == ["select", "group", "50%:off"]
    assert order.primary_key == ("select",)
    assert awkward.tables[TableName("public", "bare")].columns == {}


def test_columns_say_what_can_be_written(awkward: LiveSchema) -> None:
    columns = awkward.tables[TableName("public", "measured")].columns
    assert list(columns) == ["measured_id", "parent_id", "at", "span", "tags", "total"]
    assert columns["at"].type == "timestamp with time zone"
    assert columns["tags"].type == "text[]"
    assert [name for name, column in columns.items() if column.generated] == ["measured_id", "total"]
    assert [name for name, column in columns.items() if column.nullable] == ["parent_id", "span", "total"]


def test_foreign_keys_name_both_sides(awkward: LiveSchema) -> None:
    (key,) = awkward.tables[TableName("public", "measured")].foreign_keys
    assert (key.columns, key.target, key.target_columns) == (
        ("parent_id",),
        TableName("public", "measured"),
        ("measured_id",),
    )
    assert key.on_delete == "NO ACTION"


def test_an_empty_database_is_an_empty_schema(database: Callable[[str], Any]) -> None:
    with database("SELECT 1") as connection:
        assert live.read(connection).tables == {}
