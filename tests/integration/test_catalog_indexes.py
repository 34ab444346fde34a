"""Which indexes a search of rows wants, and which of them serve it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from catalog_lab import CLIENTS, clients, only

from avgflow.catalog.check import Checked
from avgflow.catalog.drift import DriftKind, Severity, refuse_unsafe


@pytest.mark.parametrize(
    "index",
    [
        "CREATE INDEX client_number ON client (number);",
        "CREATE INDEX client_number ON client (lower(number));",
        "CREATE INDEX client_number ON client (lower(btrim(number)));",
        "CREATE INDEX client_number ON client (lower(btrim(number, E' \\t\\r\\n\\u00a0'))) WHERE left_on IS NULL;",
        "CREATE INDEX client_number ON client (left_on, lower(btrim(number, E' \\t\\r\\n\\u00a0')));",
        "",
    ],
)
def test_an_identifier_without_its_index_is_advice(found: Callable[..., Checked], index: str) -> None:
    statements = CLIENTS + "DROP INDEX client_number;" + index
    drift = only(found(statements, clients()), DriftKind.MISSING_INDEX)
    assert drift.severity is Severity.ADVICE
    assert drift.statement == (r"CREATE INDEX CONCURRENTLY ON public.client (lower(btrim(number, E' \t\r\n\u00a0')));")
    assert drift.statement in drift.message
    refuse_unsafe([drift])
    assert found(statements + drift.statement.replace("CONCURRENTLY ", ""), clients()).drifts == ()


def test_names_of_people_are_looked_up_through_an_index(found: Callable[..., Checked]) -> None:
    catalog = clients()
    catalog["tables"]["public.client"]["columns"]["name"] = {"category": "identification"}
    catalog["tables"]["public.client"]["people"] = ["name"]
    statements = CLIENTS + "ALTER TABLE client ADD name text;"
    drift = only(found(statements, catalog), DriftKind.MISSING_INDEX)
    assert "names of people are looked up in name" in drift.message
    assert found(statements + (drift.statement or "").replace("CONCURRENTLY ", ""), catalog).drifts == ()


def test_a_reference_without_an_index_is_advice(found: Callable[..., Checked]) -> None:
    statements = CLIENTS + 'ALTER TABLE "order" DROP CONSTRAINT order_pkey, ADD PRIMARY KEY (line, client_id);'
    drift = only(found(statements, clients()), DriftKind.MISSING_INDEX)
    assert drift.statement == 'CREATE INDEX CONCURRENTLY ON public."order" (client_id);'


def test_awkward_names_and_types_get_statements_that_work(found: Callable[..., Checked]) -> None:
    statements = 'CREATE SCHEMA "My Schema";'
    statements += 'CREATE TABLE "My Schema"."Table" ("Id" int PRIMARY KEY, "user" uuid, "a b" text);'
    catalog = clients()
    catalog["tables"] = {
        '"My Schema"."Table"': {
            "title": {"nl": "a", "en": "b"},
            "key": ["Id"],
            "subject": [{"user": "identifier"}, {"a b": "identifier"}],
            "classes": [{"class": "R1"}],
            "columns": {
                "Id": "none",
                "user": {"category": "account", "identifier": "account"},
                "a b": {"category": "contact", "identifier": "email"},
            },
        }
    }
    drifts = found(statements, catalog).drifts
    assert [drift.kind for drift in drifts] == [DriftKind.MISSING_INDEX] * 2
    made = "".join((drift.statement or "").replace("CONCURRENTLY ", "") for drift in drifts)
    assert found(statements + made, catalog).drifts == ()


def test_a_composite_reference_wants_its_columns_first_in_any_order(found: Callable[..., Checked]) -> None:
    catalog = clients()
    catalog["tables"]["public.part"] = {
        "title": {"nl": "a", "en": "b"},
        "subject": {"line": 'shop.public."order".line', "client_id": 'shop.public."order".client_id'},
        "classes": [{"class": "R3"}],
        "columns": {"client_id": "none", "line": "none", "extra": "none"},
    }
    part = CLIENTS + "CREATE TABLE part (client_id bigint, line int, extra int);"
    assert found(part + "CREATE INDEX ON part (client_id, line, extra);", catalog).drifts == ()
    drift = only(found(part + "CREATE INDEX ON part (client_id, extra, line);", catalog), DriftKind.MISSING_INDEX)
    assert drift.statement == "CREATE INDEX CONCURRENTLY ON public.part (line, client_id);"


def test_a_partitioned_table_is_indexed_as_a_whole(found: Callable[..., Checked]) -> None:
    catalog = clients()
    catalog["tables"]["public.event"] = {
        "title": {"nl": "a", "en": "b"},
        "subject": {"client_id": "shop.public.client.client_id"},
        "classes": [{"class": "R9"}],
        "columns": {"client_id": "none", "at": "none"},
    }
    statements = CLIENTS + (
        "CREATE TABLE event (client_id bigint, at date) PARTITION BY RANGE (at);"
        "CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');"
    )
    drift = only(found(statements, catalog), DriftKind.MISSING_INDEX)
    assert drift.statement == "CREATE INDEX ON public.event (client_id);"
    assert found(statements + drift.statement, catalog).drifts == ()


@pytest.mark.parametrize(
    "index",
    [
        "",
        "CREATE INDEX client_left_on ON client (email, left_on);",
        "CREATE INDEX client_left_on ON client (left_on) WHERE number IS NULL;",
        "CREATE INDEX client_left_on ON client (date_trunc('month', left_on::timestamp));",
        "CREATE INDEX client_left_on ON client USING hash (left_on);",
    ],
)
def test_the_date_of_a_term_without_an_index_is_advice(found: Callable[..., Checked], index: str) -> None:
    statements = CLIENTS + "DROP INDEX client_left_on;" + index
    drift = only(found(statements, clients()), DriftKind.MISSING_INDEX)
    assert drift.severity is Severity.ADVICE
    assert drift.message.startswith("rows past their term are searched by left_on without an index that serves it.")
    assert drift.statement == "CREATE INDEX CONCURRENTLY ON public.client (left_on);"
    assert found(statements + drift.statement.replace("CONCURRENTLY ", ""), clients()).drifts == ()


@pytest.mark.parametrize("index", ["(left_on, number)", "USING brin (left_on)", "(left_on DESC)"])
def test_an_index_that_starts_with_the_date_of_a_term_serves_it(found: Callable[..., Checked], index: str) -> None:
    statements = CLIENTS + f"DROP INDEX client_left_on; CREATE INDEX ON client {index};"
    assert found(statements, clients()).drifts == ()


def test_columns_that_lapse_before_their_row_are_searched_by_their_date_too(found: Callable[..., Checked]) -> None:
    catalog = clients()
    catalog["tables"]["public.client"]["lapses"] = [
        {"class": "R2", "term": "audio", "term_from": "spoke_at", "sweep": {"number": "NULL"}}
    ]
    catalog["tables"]["public.client"]["columns"]["spoke_at"] = "none"
    statements = CLIENTS + "ALTER TABLE client ADD spoke_at timestamptz;"
    drift = only(found(statements, catalog), DriftKind.MISSING_INDEX)
    assert drift.statement == "CREATE INDEX CONCURRENTLY ON public.client (spoke_at);"


def test_a_date_that_is_searched_for_two_classes_is_advised_once(found: Callable[..., Checked]) -> None:
    catalog = clients()
    by_number = {"class": "R3", "when": "number IS NOT NULL", "term_from": "left_on"}
    catalog["tables"]["public.client"]["classes"].insert(0, by_number)
    only(found(CLIENTS + "DROP INDEX client_left_on;", catalog), DriftKind.MISSING_INDEX)


def test_a_view_needs_no_index(found: Callable[..., Checked]) -> None:
    catalog = clients()
    catalog["tables"]["public.seen"] = {
        "title": {"nl": "a", "en": "b"},
        "kind": "view",
        "key": ["email"],
        "subject": {"email": "identifier"},
        "classes": [{"class": "R1"}],
        "columns": {"email": {"category": "contact", "identifier": "email"}},
    }
    assert found(CLIENTS + "CREATE VIEW seen AS SELECT email FROM client;", catalog).drifts == ()
