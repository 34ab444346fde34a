"""The catalog against a real PostgreSQL: what is read, what is named when the two part ways, and how long it takes."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection

from avgflow.catalog import check, live
from avgflow.catalog.check import Checked
from avgflow.catalog.draft import draft
from avgflow.catalog.drift import CatalogDrift, Drift, DriftKind, Severity, refuse_unsafe
from avgflow.catalog.live import LiveSchema
from avgflow.catalog.load import load
from avgflow.catalog.models import Store
from avgflow.catalog.names import TableName
from avgflow.configuration import WrongConfiguration
from avgflow.settings import INCLUDE, engine
from avgflow.stores.session import reading

STORES = ["accounts", "crm", "marketing", "orders"]

# Names as nasty as PostgreSQL allows: reserved, mixed case, double underscores, blanks, quotes, dots, per cent, colon.
AWKWARD = '''
CREATE SCHEMA "My Schema";
CREATE TABLE public."order" ("select" int PRIMARY KEY, "group" text, "50%:off" text);
CREATE TABLE "My Schema"."Mixed__Case.dot" ("Id" uuid, "say ""hi""" varchar(40), double__under char(3),
    PRIMARY KEY ("Id", double__under));
CREATE TABLE public.measured (
    measured_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent_id bigint REFERENCES public.measured,
    at timestamptz NOT NULL, span int4range, tags text[] NOT NULL, total numeric(12,2) GENERATED ALWAYS AS (1) STORED,
    left_behind text);
ALTER TABLE public.measured DROP COLUMN left_behind;
CREATE TABLE public.bare ();
CREATE TABLE public.event (at date NOT NULL, email text) PARTITION BY RANGE (at);
CREATE TABLE public.event_1 PARTITION OF public.event FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')
    PARTITION BY RANGE (at);
CREATE TABLE public.event_1_a PARTITION OF public.event_1 FOR VALUES FROM ('2026-01-01') TO ('2026-01-15');
CREATE VIEW public.seen AS SELECT "group" FROM public."order";
CREATE MATERIALIZED VIEW public.kept AS SELECT "select", "group" FROM public."order";
CREATE SEQUENCE public.counter;
CREATE TYPE public.pair AS (a int, b int);
CREATE TEMPORARY TABLE passing (x int);
'''

CLIENTS = """
CREATE TABLE public.client (client_id bigint PRIMARY KEY, email text, number varchar(20), left_on date);
CREATE INDEX client_email ON public.client (lower(btrim(email, E' \\t\\r\\n\\u00a0')));
CREATE INDEX client_number ON public.client (lower(btrim(number, E' \\t\\r\\n\\u00a0')));
CREATE INDEX client_left_on ON public.client (left_on);
CREATE TABLE public."order" (
    client_id bigint NOT NULL REFERENCES public.client, line int NOT NULL, invoiced_on date,
    PRIMARY KEY (client_id, line));
"""


def clients() -> dict[str, Any]:
    """The catalog of CLIENTS, to be changed by a test."""
    return {
        "store": "shop",
        "title": {"nl": "Winkel", "en": "Shop"},
        "connection": "store_shop",
        "tables": {
            "public.client": {
                "title": {"nl": "Klanten", "en": "Clients"},
                "key": ["client_id"],
                "person": True,
                "subject": [{"email": "identifier"}, {"number": "identifier"}],
                "classes": [{"class": "R1", "term_from": "left_on"}],
                "columns": {
                    "client_id": "none",
                    "email": {"category": "contact", "identifier": "email"},
                    "number": {"category": "identification", "identifier": "customer_number"},
                    "left_on": "none",
                },
            },
            'public."order"': {
                "title": {"nl": "Bestellingen", "en": "Orders"},
                "key": ["client_id", "line"],
                "subject": {"client_id": "shop.public.client.client_id"},
                "classes": [{"class": "R4", "when": "invoiced_on IS NOT NULL"}, {"class": "R3"}],
                "columns": {"client_id": "none", "line": "none", "invoiced_on": "none"},
            },
        },
    }


@pytest.fixture
def database(pg: Any) -> Iterator[Callable[[str], Any]]:
    """`with database(sql) as connection`: a view of a database in which that SQL was run."""
    made: list[str] = []

    @contextmanager
    def made_of(statements: str) -> Iterator[Connection]:
        name = f"catalog_{secrets.token_hex(4)}"
        made.append(name)
        dsn = pg.create_database(name)
        opened = engine(dsn)
        try:
            with psycopg.connect(dsn) as connection:
                connection.execute(statements.encode())
            with reading(opened, "shop") as connection:
                yield connection
        finally:
            opened.dispose()

    yield made_of
    for name in made:
        pg.drop_database(name)


@pytest.fixture
def found(database: Callable[[str], Any]) -> Callable[[str, dict[str, Any]], Checked]:
    """The check of a catalog on a database in which some SQL was run."""

    def _found(statements: str, catalog: dict[str, Any]) -> Checked:
        with database(statements) as connection:
            return check.check(connection, Store.model_validate(catalog))

    return _found


def only(checked: Checked, kind: DriftKind) -> Drift:
    """The one difference there is; it must be of this kind."""
    assert [drift.kind for drift in checked.drifts] == [kind], [str(drift) for drift in checked.drifts]
    return checked.drifts[0]


# Reading ---------------------------------------------------------------------------------------------------------


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


# Drift -----------------------------------------------------------------------------------------------------------


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


# Indexes ---------------------------------------------------------------------------------------------------------


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


@pytest.fixture
def advised(database: Callable[[str], Any]) -> Callable[[str, dict[str, Any]], list[str]]:
    """The statements that `catalog check` advises on a database in which some SQL was run."""

    def _advised(statements: str, catalog: dict[str, Any]) -> list[str]:
        with database(statements) as connection:
            drifts = check.check_whole(connection, Store.model_validate(catalog)).drifts
        refuse_unsafe(drifts)
        return [drift.statement or "" for drift in drifts]

    return _advised


def with_visits() -> dict[str, Any]:
    """The catalog of CLIENTS and a table `visit` that refers to an order, but is nobody's by that."""
    catalog = clients()
    catalog["tables"]["public.visit"] = {
        "title": {"nl": "a", "en": "b"},
        "subject": "none",
        "columns": {"client_id": "none", "line": "none", "at": "none"},
    }
    return catalog


VISITS = CLIENTS + "CREATE TABLE visit (client_id bigint, line int, at date);"
VISITS_REFER = 'ALTER TABLE visit ADD FOREIGN KEY (line, client_id) REFERENCES "order" (line, client_id);'
ORDER_IS_UNIQUE = 'CREATE UNIQUE INDEX ON "order" (line, client_id);'


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


# The draft -------------------------------------------------------------------------------------------------------


def test_a_draft_loads_only_after_every_decision_and_then_fits(database: Callable[[str], Any], tmp_path: Path) -> None:
    with database(AWKWARD + CLIENTS.replace('public."order"', "public.placed")) as connection:
        text = draft("shop", "store_shop", live.read(connection))
        file = tmp_path / "shop.yaml"
        file.write_text(text, encoding="utf-8")
        with pytest.raises(WrongConfiguration, match="not decided yet"):
            load(tmp_path)
        decided = re.sub(r"    classes: decide.*\n", "", text)
        decided = decided.replace("title: decide", "title: {nl: a, en: b}").replace(": decide", ": none")
        file.write_text(decided, encoding="utf-8")
        assert check.check(connection, load(tmp_path).stores["shop"]).drifts == ()


def test_a_draft_shows_what_the_database_knows(database: Callable[[str], Any]) -> None:
    with database(CLIENTS) as connection:
        text = draft("shop", "store_shop", live.read(connection))
    assert "key: [client_id, line]" in text
    assert "{client_id: shop.public.client.client_id}" in text
    assert re.search(r"email: decide  # text; perhaps \{.*identifier: email", text)
    assert not re.search(r": none\b(?!.*#)", text.split("tables:")[1])


def test_a_draft_names_the_foreign_keys_without_an_index(database: Callable[[str], Any]) -> None:
    with database(VISITS + ORDER_IS_UNIQUE + VISITS_REFER) as connection:
        text = draft("shop", "store_shop", live.read(connection))
    assert "No index serves the foreign key" in text
    assert text.count("CREATE INDEX CONCURRENTLY ON public.visit (line, client_id);") == 1


# The demonstration stores ----------------------------------------------------------------------------------------


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
