"""Foreign keys without an index on the side that refers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from catalog_lab import CLIENTS, ORDER_IS_UNIQUE, VISITS, VISITS_REFER, clients, with_visits

from avgflow.catalog import check
from avgflow.catalog.check import Checked
from avgflow.catalog.drift import refuse_unsafe
from avgflow.catalog.models import Store


@pytest.fixture
def advised(database: Callable[[str], Any]) -> Callable[[str, dict[str, Any]], list[str]]:
    """The statements that `catalog check` advises on a database in which some SQL was run."""

    def _advised(statements: str, catalog: dict[str, Any]) -> list[str]:
        with database(statements) as connection:
            drifts = check.check_whole(connection, Store.model_validate(catalog)).drifts
        refuse_unsafe(drifts)
        return [drift.statement or "" for drift in drifts]

    return _advised


@pytest.mark.parametrize(
    "index",
    [
        "",
        "CREATE INDEX ON visit (line);",
        "CREATE INDEX ON visit (line, at, client_id);",
        "CREATE INDEX ON visit (line, client_id) WHERE at IS NOT NULL;",
        "CREATE INDEX ON visit USING brin (line, client_id);",
    ],
)
def test_a_foreign_key_without_an_index_is_named_with_the_statement_that_makes_it(
    advised: Callable[..., list[str]], index: str
) -> None:
    statements = VISITS + ORDER_IS_UNIQUE + VISITS_REFER + index
    (statement,) = advised(statements, with_visits())
    assert statement == "CREATE INDEX CONCURRENTLY ON public.visit (line, client_id);"
    assert advised(statements + statement.replace("CONCURRENTLY ", ""), with_visits()) == []


@pytest.mark.parametrize(
    "index",
    [
        "CREATE INDEX ON visit (line, client_id);",
        "CREATE INDEX ON visit (client_id, line, at);",
        "ALTER TABLE visit ADD PRIMARY KEY (client_id, line, at);",
    ],
)
def test_an_index_that_starts_with_the_columns_of_a_foreign_key_serves_it(
    advised: Callable[..., list[str]], index: str
) -> None:
    catalog = with_visits()
    catalog["tables"]["public.visit"]["key"] = ["client_id", "line", "at"] if "PRIMARY" in index else []
    assert advised(VISITS + ORDER_IS_UNIQUE + VISITS_REFER + index, catalog) == []


def test_a_hash_index_serves_a_foreign_key_of_one_column(advised: Callable[..., list[str]]) -> None:
    statements = VISITS + "ALTER TABLE visit ADD FOREIGN KEY (client_id) REFERENCES client;"
    assert len(advised(statements, with_visits())) == 1
    assert advised(statements + "CREATE INDEX ON visit USING hash (client_id);", with_visits()) == []


def test_a_foreign_key_of_a_partitioned_table_is_indexed_as_a_whole(advised: Callable[..., list[str]]) -> None:
    statements = CLIENTS + (
        "CREATE TABLE visit (client_id bigint REFERENCES client, line int, at date) PARTITION BY RANGE (at);"
        "CREATE TABLE visit_1 PARTITION OF visit FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');"
    )
    (statement,) = advised(statements, with_visits())
    assert statement == "CREATE INDEX ON public.visit (client_id);"
    assert advised(statements + statement, with_visits()) == []


def test_an_index_that_serves_the_search_and_a_foreign_key_is_advised_once(advised: Callable[..., list[str]]) -> None:
    statements = CLIENTS + 'ALTER TABLE "order" DROP CONSTRAINT order_pkey, ADD PRIMARY KEY (line, client_id);'
    assert advised(statements, clients()) == ['CREATE INDEX CONCURRENTLY ON public."order" (client_id);']


def test_a_request_does_not_wait_for_advice_on_foreign_keys(found: Callable[..., Checked]) -> None:
    assert found(VISITS + ORDER_IS_UNIQUE + VISITS_REFER, with_visits()).drifts == ()
