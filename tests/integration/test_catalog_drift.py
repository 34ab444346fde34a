"""The catalog against a real PostgreSQL: what is named when the two part ways, and how long it takes."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

import pytest
from catalog_lab import CLIENTS, clients, only

from avgflow.catalog import check
from avgflow.catalog.check import Checked
from avgflow.catalog.drift import CatalogDrift, DriftKind, Severity, refuse_unsafe
from avgflow.catalog.load import load
from avgflow.catalog.models import Store
from avgflow.settings import INCLUDE

STORES = ["accounts", "crm", "marketing", "orders"]


def test_a_catalog_that_fits_is_clean(found: Callable[..., Checked]) -> None:
    checked = found(CLIENTS, clients())
    assert checked.drifts == ()
    refuse_unsafe(checked.drifts)


def test_an_unknown_table_is_unsafe(found: Callable[..., Checked]) -> None:
    drift = only(found(CLIENTS + 'CREATE TABLE public."client__Audit" (x int);', clients()), DriftKind.UNKNOWN_TABLE)
    assert str(drift).startswith('shop.public."client__Audit": unknown table')
    assert drift.severity is Severity.UNSAFE
    with pytest.raises(CatalogDrift, match="avgflow catalog check"):
        refuse_unsafe([drift])


def test_nobodys_table_is_left_out_only_by_name(found: Callable[..., Checked]) -> None:
    catalog = clients()
    statements = CLIENTS + "CREATE TABLE public.alembic_version (version_num text PRIMARY KEY);"
    only(found(statements, catalog), DriftKind.UNKNOWN_TABLE)
    catalog["tables"]["public.alembic_version"] = {
        "title": {"nl": "Versie", "en": "Version"},
        "key": ["version_num"],
        "subject": "none",
        "columns": {"version_num": "none"},
    }
    assert found(statements, catalog).drifts == ()


def test_an_unknown_column_is_unsafe(found: Callable[..., Checked]) -> None:
    drift = only(found(CLIENTS + 'ALTER TABLE client ADD "BirthDate" date;', clients()), DriftKind.UNKNOWN_COLUMN)
    assert 'column "BirthDate" is not in the catalog' in drift.message
    assert drift.severity is Severity.UNSAFE


def test_a_missing_table_and_a_missing_column_are_unsafe(found: Callable[..., Checked]) -> None:
    catalog = clients()
    catalog["tables"]["public.client"]["columns"]["nickname"] = {"category": "identification"}
    catalog["tables"]["public.ghost"] = {
        "title": {"nl": "a", "en": "b"},
        "subject": "none",
        "columns": {},
    }
    drifts = found(CLIENTS, catalog).drifts
    assert {(str(d.table), d.kind, d.severity) for d in drifts} == {
        ("public.client", DriftKind.MISSING_COLUMN, Severity.UNSAFE),
        ("public.ghost", DriftKind.MISSING_TABLE, Severity.UNSAFE),
    }


def test_a_view_that_is_called_a_table(found: Callable[..., Checked]) -> None:
    catalog = clients()
    catalog["tables"]["public.seen"] = {
        "title": {"nl": "a", "en": "b"},
        "subject": "none",
        "columns": {"email": "none"},
    }
    drift = only(found(CLIENTS + "CREATE VIEW seen AS SELECT email FROM client;", catalog), DriftKind.WRONG_KIND)
    assert "Write kind: view." in drift.message


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (["line"], "nothing in the database makes line unique; its primary key is client_id, line"),
        ([], "Write key: [client_id, line]."),
    ],
)
def test_a_wrong_key(found: Callable[..., Checked], key: list[str], words: str) -> None:
    catalog = clients()
    catalog["tables"]['public."order"']["key"] = key
    assert words in only(found(CLIENTS, catalog), DriftKind.WRONG_KEY).message


def test_a_unique_index_serves_as_key_but_a_partial_one_does_not(found: Callable[..., Checked]) -> None:
    catalog = clients()
    catalog["tables"]["public.kept"] = {
        "title": {"nl": "a", "en": "b"},
        "kind": "materialized view",
        "key": ["client_id"],
        "subject": "none",
        "columns": {"client_id": "none"},
    }
    kept = CLIENTS + "CREATE MATERIALIZED VIEW kept AS SELECT client_id FROM client;"
    assert found(f"{kept} CREATE UNIQUE INDEX k ON kept (client_id);", catalog).drifts == ()
    only(found(f"{kept} CREATE UNIQUE INDEX k ON kept (client_id) WHERE client_id > 0;", catalog), DriftKind.WRONG_KEY)
    only(found(kept, catalog), DriftKind.WRONG_KEY)


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ("invoiced_at IS NOT NULL", 'column "invoiced_at" does not exist'),
        ("invoiced_on IS NOT", "syntax error"),
        ("line", "must be type boolean"),
        ("invoiced_on > 'yesterdayish'", "invalid input syntax for type date"),
    ],
)
def test_a_condition_that_the_database_rejects(found: Callable[..., Checked], when: str, words: str) -> None:
    catalog = clients()
    catalog["tables"]['public."order"']["classes"][0]["when"] = when
    drift = only(found(CLIENTS, catalog), DriftKind.REJECTED_CONDITION)
    assert words in drift.message
    assert when in drift.message
    assert drift.severity is Severity.UNSAFE


def test_every_rejected_condition_is_named_and_the_good_ones_are_not(found: Callable[..., Checked]) -> None:
    catalog = clients()
    catalog["tables"]['public."order"']["classes"].insert(0, {"class": "R5", "when": "nothing = 1"})
    catalog["tables"]["public.client"]["subject"][1] = {
        "columns": {"number": "identifier"},
        "when": "number LIKE '50%' AND kind = 'x'",
    }
    messages = [drift.message for drift in found(CLIENTS, catalog).drifts]
    assert len(messages) == 2
    assert all("does not exist" in message for message in messages)


def test_a_condition_with_per_cents_and_colons_is_accepted(found: Callable[..., Checked]) -> None:
    catalog = clients()
    catalog["tables"]["public.client"]["classes"][0]["when"] = "email LIKE '%:x%' AND left_on::text <> ':y'"
    assert found(CLIENTS, catalog).drifts == ()


def demonstration(name: str) -> tuple[str, Store]:
    """The schema of a demonstration store, and its catalog."""
    schema = (INCLUDE / "demo" / "schema" / f"{name}.sql").read_text(encoding="utf-8")
    return "DROP SCHEMA public;" + schema, load(INCLUDE / "catalog").stores[name]


@pytest.mark.parametrize("name", STORES)
def test_the_demonstration_stores_are_as_their_catalog_says(database: Callable[[str], Any], name: str) -> None:
    schema, store = demonstration(name)
    with database(schema) as connection:
        assert [str(drift) for drift in check.check_whole(connection, store).drifts] == []


@pytest.mark.parametrize("name", STORES)
def test_a_check_is_quick_enough_to_precede_every_run(database: Callable[[str], Any], name: str) -> None:
    schema, store = demonstration(name)
    with database(schema) as connection:
        check.check(connection, store)
        times = []
        for _ in range(5):
            began = perf_counter()
            check.check(connection, store)
            times.append(perf_counter() - began)
    assert min(times) < 0.050
