"""The demonstration stores on a real PostgreSQL: they load, they hold together, and every row is accounted for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from typer.testing import CliRunner

from avgflow.catalog.names import split
from avgflow.cli import app
from avgflow.demo import truth
from avgflow.demo.load import Loaded, NotADemonstrationStore, UnusableTruthFile, load
from avgflow.demo.stores import STORES
from avgflow.demo.world import World
from avgflow.errors import StoreUnreachable

WORLD = World(seed=7, subjects=110)
IDENTIFIERS = {
    "crm": {
        ("public.organisation", "customer_number"),
        ("public.contact", "email"),
        ("public.contact", "contact_number"),
        ("audit.contact_history", "contact_number"),
    },
    "orders": {
        ("public.customer", "customer_number"),
        ("public.customer", "email"),
        ("public.quote", "contact_number"),
        ("public.quote", "contact_email"),
        ('public."order"', "contact_number"),
        ('public."order"', "contact_email"),
    },
    "accounts": {("public.portal_account", "email"), ("public.portal_account", "contact_number")},
    "marketing": {
        ("public.subscriber", "email"),
        ("public.subscriber", "visitor_id"),
        ("public.web_visit", "visitor_id"),
        ("public.subscriber_summary", "email"),
    },
}


def ignore(phase: str, done: int, total: int) -> None:
    """Nobody watches a test."""


@pytest.fixture(scope="module")
def dsns(pg) -> Iterator[Mapping[str, str]]:
    yield {name: pg.create_database(f"demo_{name}", owner=name) for name in STORES}
    for name in STORES:
        pg.drop_database(f"demo_{name}")


@pytest.fixture(scope="module")
def loaded(dsns, tmp_path_factory) -> Loaded:
    return load(dsns, WORLD, tmp_path_factory.mktemp("demo") / "truth.jsonl", ignore)


@pytest.fixture(scope="module")
def subjects(loaded) -> list[truth.SubjectTruth]:
    return list(truth.read_subjects(loaded.truth))


def query(dsn: str, statement: str | sql.Composed, *parameters: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(statement, parameters or None).fetchall()


def keys_in(dsn: str, table: str, columns: tuple[str, ...]) -> set[tuple[str, ...]]:
    texts = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(c)) for c in columns)
    return set(query(dsn, sql.SQL("SELECT {} FROM {}").format(texts, sql.Identifier(*split(table)))))


def tables() -> list[tuple[str, str, tuple[str, ...]]]:
    return [(name, table, key) for name, store in STORES.items() for table, key in store.keys.items()]


@pytest.mark.parametrize(("store", "table", "key"), tables(), ids=lambda value: str(value))
def test_a_table_holds_as_many_rows_as_the_truth_knows(dsns, loaded, store, table, key) -> None:
    ((rows,),) = query(dsns[store], sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(*split(table))))
    assert rows == truth.read_tables(loaded.truth)[f"{store}.{table}"].rows
    assert rows > 0


def test_every_relation_of_every_store_has_an_owner_decision(dsns, loaded) -> None:
    relations = """
        SELECT format('%I.%I', n.nspname, c.relname)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
          AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    """
    for name, store in STORES.items():
        assert {relation for (relation,) in query(dsns[name], relations)} == set(store.keys)


def test_every_row_of_the_truth_is_there_and_only_once_somebodys(dsns, subjects) -> None:
    for store, table, key in tables():
        if not key:
            continue
        place = f"{store}.{table}"
        owned = [tuple(map(str, k)) for s in subjects if place in s.owned for k in s.owned[place].keys]
        shared = {tuple(map(str, k)) for s in subjects if place in s.shared for k in s.shared[place].keys}
        assert len(owned) == len(set(owned)), place
        assert not shared & set(owned), place
        assert set(owned) | shared <= keys_in(dsns[store], table, key), place


def test_rows_without_key_are_told_by_their_digest(dsns, subjects) -> None:
    busy = next(s for s in subjects if "very_much" in s.traits)
    addresses = [busy.identifiers["email"]]
    rows = query(
        dsns["marketing"],
        "SELECT event.* FROM event JOIN subscriber USING (subscriber_id) WHERE email = ANY (%s)",
        addresses,
    )
    assert len(rows) == busy.owned["marketing.public.event"].rows >= 200
    assert truth.digest(rows) == busy.owned["marketing.public.event"].sha256
    assert len(set(rows)) < len(rows)  # some are alike to the last bit


def test_all_constraints_are_there_and_hold(dsns, loaded) -> None:
    foreign_keys = {"crm": 11, "orders": 9, "accounts": 3, "marketing": 5}
    for store, number in foreign_keys.items():
        found = query(
            dsns[store],
            "SELECT convalidated FROM pg_constraint WHERE contype = 'f' AND conparentid = 0",
        )
        assert len(found) == number, store
        assert all(valid for (valid,) in found), store


@pytest.mark.parametrize("store", sorted(IDENTIFIERS))
def test_identifiers_are_indexed_in_their_normal_form(dsns, loaded, store) -> None:
    definitions = [d for (d,) in query(dsns[store], "SELECT indexdef FROM pg_indexes")]
    for table, column in IDENTIFIERS[store]:
        wanted = f"ON {table} USING btree (lower(btrim({column}, '"
        assert any(wanted in definition for definition in definitions), (table, column)


def test_every_foreign_key_column_leads_an_index(dsns, loaded) -> None:
    without = """
        SELECT c.conrelid::regclass::text, c.conname FROM pg_constraint c
        WHERE c.contype = 'f' AND NOT EXISTS (
            SELECT FROM pg_index i
            WHERE i.indrelid = c.conrelid AND (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey
        )
    """
    for dsn in dsns.values():
        assert query(dsn, without) == []


def test_the_history_of_a_contact_is_kept_by_the_database(dsns, loaded) -> None:
    with psycopg.connect(dsns["crm"]) as connection:
        (contact,) = connection.execute(
            "INSERT INTO contact (contact_number, last_name, email, created_at)"
            " VALUES ('C-1', 'Proef', 'proef@example.nl', now()) RETURNING contact_id"
        ).fetchone()
        connection.execute("UPDATE contact SET phone = '06-90000000' WHERE contact_id = %s", (contact,))
        connection.execute("DELETE FROM contact WHERE contact_id = %s", (contact,))
        kept = connection.execute(
            "SELECT operation, old_row ->> 'last_name', old_row ->> 'phone' FROM audit.contact_history"
            " WHERE contact_id = %s ORDER BY history_id",
            (contact,),
        ).fetchall()
        connection.rollback()
    assert kept == [("UPDATE", "Proef", None), ("DELETE", "Proef", "06-90000000")]


def test_the_loaded_history_looks_like_the_triggers(dsns, loaded) -> None:
    columns = "SELECT array_agg(DISTINCT key) FROM {}, jsonb_object_keys({}) key"
    ((kept,),) = query(dsns["crm"], columns.format("audit.contact_history", "old_row"))
    ((now,),) = query(dsns["crm"], columns.format("public.contact", "to_jsonb(contact)"))
    assert set(kept) == set(now)


def test_the_database_computes_what_is_generated(dsns, loaded) -> None:
    wrong = "SELECT count(*) FROM invoice WHERE total <> amount + vat OR financial_year <> date_part('year', issued_on)"
    assert query(dsns["orders"], wrong) == [(0,)]
    assert query(dsns["crm"], "SELECT count(*) FROM attachment WHERE size_bytes <> length(content)") == [(0,)]


@pytest.mark.parametrize(
    ("store", "there_is"),
    [
        ("crm", "SELECT FROM contact WHERE btrim(email) = ''"),
        ("crm", "SELECT FROM contact WHERE first_name IS NULL"),
        ("crm", "SELECT FROM contact WHERE phone = ''"),
        ("crm", "SELECT FROM contact WHERE deleted_at IS NOT NULL"),
        ("crm", "SELECT FROM contact WHERE tags = '{}'"),
        ("crm", "SELECT FROM contact WHERE jsonb_typeof(extra) = 'array'"),
        ("crm", "SELECT FROM contact WHERE extra @> '{\"saldo\": 9007199254740993}'"),
        ("crm", "SELECT FROM organisation WHERE founded_on < date '1677-09-21'"),
        (
            "crm",
            "SELECT FROM ticket t JOIN ticket p ON p.ticket_id = t.parent_ticket_id AND p.opened_by <> t.opened_by",
        ),
        ("crm", "SELECT FROM ticket WHERE subject LIKE '=cmd|%%'"),
        ("crm", "SELECT FROM attachment WHERE file_name = '../../etc/passwd'"),
        ("crm", "SELECT FROM attachment WHERE file_name IS NULL"),
        ("orders", "SELECT FROM customer WHERE risk_score = 'NaN'"),
        ("orders", "SELECT FROM payment WHERE bank_reference > 9007199254740992"),
        ("orders", "SELECT FROM payment WHERE bank_reference IS NULL"),
        ("orders", "SELECT FROM \"order\" WHERE contact_email = '  ' AND contact_name IS NOT NULL"),
        ("orders", "SELECT FROM order_line WHERE parent_line_no IS NOT NULL"),
        ("accounts", "SELECT FROM preference WHERE value IS NULL"),
        ("accounts", "SELECT FROM preference WHERE value = 'null'"),
        ("accounts", "SELECT FROM login WHERE at = '2024-10-27 02:30:00+01'"),
        ("accounts", "SELECT FROM portal_account WHERE email LIKE E'\\u00a0%%'"),
        ("marketing", "SELECT FROM survey_answer WHERE score = 'NaN'"),
        ("marketing", "SELECT FROM event_other"),
        ("marketing", "SELECT FROM subscriber WHERE email LIKE E'%%\\r\\n'"),
        ("marketing", "SELECT FROM subscriber a JOIN subscriber b ON lower(a.email) = b.email AND a.email <> b.email"),
    ],
)
def test_the_stores_are_awkward(dsns, loaded, store, there_is) -> None:
    assert query(dsns[store], there_is)


def test_numbering_goes_on_after_the_loaded_rows(dsns, loaded) -> None:
    with psycopg.connect(dsns["crm"]) as connection:
        (highest,) = connection.execute("SELECT max(employee_id) FROM employee").fetchone()
        (new,) = connection.execute(
            "INSERT INTO employee (full_name, email, team) VALUES ('Proef', 'proef@milgro.example', 'Planning')"
            " RETURNING employee_id"
        ).fetchone()
        connection.rollback()
    assert new == highest + 1


def test_a_database_with_other_tables_is_left_alone(dsns, loaded, pg) -> None:
    other = pg.create_database("demo_other", owner="crm")
    try:
        with psycopg.connect(other) as connection:
            connection.execute("CREATE TABLE public.real (id int)")
        with pytest.raises(NotADemonstrationStore, match="AIRFLOW_CONN_STORE_MARKETING"):
            load({**dsns, "marketing": other}, World(1, 1), None, ignore)
        assert query(other, "SELECT count(*) FROM public.real") == [(0,)]
        assert query(dsns["crm"], "SELECT count(*) > 50 FROM contact") == [(True,)]
    finally:
        pg.drop_database("demo_other")


def test_a_store_that_does_not_answer_is_named(dsns, loaded) -> None:
    nowhere = "postgresql://crm:x@127.0.0.1:1/crm"
    with pytest.raises(StoreUnreachable, match="'orders'"):
        load({**dsns, "orders": nowhere}, World(1, 1), None, ignore)


def test_a_truth_file_that_cannot_be_written_stops_the_load_before_it_begins(dsns, loaded, tmp_path: Path) -> None:
    with pytest.raises(UnusableTruthFile, match=r"Give the path of a file"):
        load(dsns, World(1, 1), tmp_path, ignore)
    assert query(dsns["crm"], "SELECT count(*) > 50 FROM contact") == [(True,)]


def test_the_command_loads_anew_and_says_what(dsns, loaded, tmp_path: Path) -> None:
    environment = {f"AIRFLOW_CONN_STORE_{name.upper()}": dsn for name, dsn in dsns.items()}
    file = tmp_path / "truth.jsonl"
    command = ["demo", "load", "--subjects", "5", "--seed", "3", "--truth", str(file), "--json"]
    result = CliRunner().invoke(app, command, env=environment)
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert (said["subjects"], said["seed"]) == (5, 3)
    ((contacts,),) = query(dsns["crm"], "SELECT count(*) FROM contact")
    assert said["rows"]["crm.public.contact"] == contacts == 3
    assert len(list(truth.read_subjects(file))) == 5
