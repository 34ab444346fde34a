"""Whose row is this, in a store with names and keys as awkward as real ones: planned, collected and counted alike.

Composite keys match as a whole, reserved and odd names are composed, a row that two links reach is taken once, a
condition that is NULL does not hold, and an independent count finds as many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Connection

from avgflow.catalog import check
from avgflow.catalog.models import Catalog, Store
from avgflow.catalog.names import TableName
from avgflow.crypto import Keyring
from avgflow.identity import Doubt, Footprint, Place
from avgflow.stores import collect, count
from avgflow.stores.resolve import Start, resolve, targets
from avgflow.stores.selection import Target
from avgflow.stores.session import connected, reading

SCHEMA = """
CREATE SCHEMA "Sales__EU";
CREATE TYPE mood AS ENUM ('so so', 'good');

CREATE TABLE "Sales__EU"."user" (
    "select" integer PRIMARY KEY, "E-mail" text, "Customer No" bigint, "full""name" text, hidden boolean
);
INSERT INTO "Sales__EU"."user" VALUES
    (1, ' Ann@X.nl', 9007199254740993, 'Ann', NULL), (2, 'bob@x.nl', 17, 'Bob', false), (3, '', NULL, 'Nobody', true),
    (4, NULL, NULL, 'Nobody', NULL), (5, ' ', NULL, 'Nobody', false);

CREATE TABLE "Sales__EU"."order" (
    region char(2), "no" integer, "user" integer, "group" text, tags text[], extra jsonb, feeling mood,
    PRIMARY KEY (region, "no")
);
INSERT INTO "Sales__EU"."order" VALUES
    ('NL', 1, 1, 'a', '{a,b}', '{"k": [1]}', 'good'), ('BE', 2, 1, NULL, NULL, NULL, 'so so'),
    ('NL', 2, 2, 'b', '{}', '[]', NULL), ('BE', 1, 2, 'b', NULL, 'null', NULL);

-- Refers to both parts of the key; NL/2 and BE/1 are made of parts of Ann's keys and are Bob's.
CREATE TABLE "Sales__EU"."order_line%s" ("re""gion" char(2), "no" integer, line integer, what text);
INSERT INTO "Sales__EU"."order_line%s" VALUES
    ('NL', 1, 1, 'x'), ('NL', 1, 1, 'x'), ('BE', 2, 1, ''), ('NL', 2, 1, 'of Bob'), ('BE', 1, 1, 'of Bob'),
    (NULL, 1, 1, 'nobody'), ('NL', NULL, 1, 'nobody');

-- Reached by user, by e-mail, or by both; one link only where a condition holds.
CREATE TABLE "Sales__EU"."message" (id integer PRIMARY KEY, "user" integer, "to" text, "type" text);
INSERT INTO "Sales__EU"."message" VALUES
    (1, 1, 'ann@x.nl', 'mail'), (2, 1, NULL, 'mail'), (3, NULL, 'ANN@x.nl ', 'mail'), (4, 2, 'ann@x.nl', 'mail'),
    (5, NULL, 'ann@x.nl', 'spam'), (6, NULL, 'ann@x.nl', NULL), (7, 2, 'bob@x.nl', 'mail'), (8, NULL, '', 'mail'),
    (9, NULL, NULL, 'mail');

CREATE MATERIALIZED VIEW "Sales__EU"."per user" AS
    SELECT "user", count(*) AS "count" FROM "Sales__EU"."order" GROUP BY 1;
"""

USER, ORDER, LINE, MESSAGE, PER_USER = (
    TableName("Sales__EU", name) for name in ("user", "order", "order_line%s", "message", "per user")
)
TEXT = {"nl": "t", "en": "t"}
IDENTIFYING = {"category": "contact", "identifier": "email"}

STORE = {
    "store": "sales",
    "title": TEXT,
    "connection": "store_sales",
    "tables": {
        str(USER): {
            "title": TEXT,
            "key": ["select"],
            "person": True,
            "subject": [{"E-mail": "identifier"}, {"Customer No": "identifier"}],
            "classes": [{"class": "R2", "when": "hidden"}, {"class": "R1", "when": "NOT hidden"}],
            "columns": {
                "select": "none",
                "E-mail": IDENTIFYING,
                "Customer No": {"category": "contact", "identifier": "customer_number"},
                'full"name': {"category": "contact"},
                "hidden": "none",
            },
        },
        str(ORDER): {
            "title": TEXT,
            "key": ["region", "no"],
            "subject": {"user": f"sales.{USER}.select"},
            "classes": [{"class": "R3", "when": """feeling = 'good' AND "group" LIKE 'a%'"""}, {"class": "R4"}],
            "columns": dict.fromkeys(("region", "no", "user", "group", "tags", "extra", "feeling"), "none"),
        },
        str(LINE): {
            "title": TEXT,
            "subject": {'re"gion': f"sales.{ORDER}.region", "no": f"sales.{ORDER}.no"},
            "classes": [{"class": "R3"}],
            "columns": dict.fromkeys(('re"gion', "no", "line", "what"), "none"),
        },
        str(MESSAGE): {
            "title": TEXT,
            "key": ["id"],
            "subject": [
                {"user": f"sales.{USER}.select"},
                {"columns": {"to": "identifier"}, "when": "\"type\" <> 'spam'"},
            ],
            "classes": [{"class": "R2"}],
            "columns": {"id": "none", "user": "none", "to": IDENTIFYING, "type": "none"},
        },
        str(PER_USER): {
            "title": TEXT,
            "kind": "materialized view",
            "subject": {"user": f"sales.{USER}.select"},
            "classes": [{"class": "R2"}],
            "columns": {"user": "none", "count": "none"},
        },
    },
}

ANN, BOB, NOBODY = "AVG-2026-00001", "AVG-2026-00002", "AVG-2026-00010"
STARTS = {
    ANN: {"email": "ANN@x.nl", "customer_number": " "},
    BOB: {"email": "gone@x.nl", "customer_number": "17"},
    NOBODY: {"email": "carol@x.nl", "customer_number": ""},
}


@pytest.fixture(scope="module")
def view(pg: Any) -> Iterator[Connection]:
    dsn = pg.create_database("selection_store", owner="crm")
    with psycopg.connect(dsn) as connection:
        connection.execute(SCHEMA)
    engine = connected(dsn, "sales")
    with reading(engine, "sales") as opened:
        yield opened
    engine.dispose()
    pg.drop_database("selection_store")


@pytest.fixture(scope="module")
def places(view: Connection) -> Mapping[Place, Target]:
    store = Store.model_validate(STORE)
    checked = check.check(view, store)
    assert [str(drift) for drift in checked.drifts if drift.severity == "unsafe"] == []
    return targets(Catalog(stores={"sales": store}), {"sales": checked.live.types})


@pytest.fixture(scope="module")
def people(view: Connection, places: Mapping[Place, Target]) -> Mapping[str, Footprint]:
    found = resolve({"sales": view}, places, {number: Start.given(given) for number, given in STARTS.items()})
    assert not any(isinstance(one, Doubt) for one in found.values())
    return found  # type: ignore[return-value]


WANTED = {
    USER: {ANN: 1, BOB: 1},
    ORDER: {ANN: 2, BOB: 2},
    LINE: {ANN: 3, BOB: 2},
    MESSAGE: {ANN: 4, BOB: 2},
    PER_USER: {ANN: 1, BOB: 1},
}


def rows(view: Connection, target: Target, people: Mapping[str, Footprint]) -> list[tuple[str, tuple[str | None, ...]]]:
    return [(number, row.values) for number, row in collect.read(view, target, people)]


@pytest.mark.parametrize("table", WANTED, ids=str)
def test_what_is_read_and_what_two_counts_find_is_the_same(view, places, people, table) -> None:
    target = places["sales", table]
    read = Counter(number for number, _ in rows(view, target, people))
    by_class = count.by_class(view, [target], people)
    assert read == WANTED[table]
    assert {number: sum(tables[table].values()) for number, tables in by_class.items()} == WANTED[table]
    assert count.afresh(view, target, people) == {NOBODY: 0, **WANTED[table]}


@pytest.mark.parametrize("number", STARTS)
def test_a_batch_of_one_is_no_other(view, places, people, number) -> None:
    for target in places.values():
        together = [row for row in rows(view, target, people) if row[0] == number]
        assert rows(view, target, {number: people[number]}) == together


def test_a_composite_reference_matches_as_a_whole(view, places, people) -> None:
    lines = rows(view, places["sales", LINE], people)
    assert {values for number, values in lines if number == ANN} == {("NL", "1", "1", "x"), ("BE", "2", "1", "")}
    assert {values[3] for number, values in lines if number == BOB} == {"of Bob"}


def test_rows_that_are_alike_to_the_last_bit_are_each_there(view, places, people) -> None:
    lines = rows(view, places["sales", LINE], people)
    assert lines.count((ANN, ("NL", "1", "1", "x"))) == 2


def test_a_row_that_two_links_reach_is_taken_once_and_a_null_condition_does_not_hold(view, places, people) -> None:
    messages = rows(view, places["sales", MESSAGE], people)
    assert [values[0] for number, values in messages if number == ANN] == ["1", "2", "3", "4"]
    assert [values[0] for number, values in messages if number == BOB] == ["4", "7"]


def test_a_row_can_be_of_two_people(view, places, people) -> None:
    """Message 4 is on Bob's account and to Ann's address."""
    messages = rows(view, places["sales", MESSAGE], people)
    assert [number for number, values in messages if values[0] == "4"] == [ANN, BOB]


def test_record_classes_are_the_first_whose_condition_holds(view, places, people) -> None:
    classes = count.by_class(view, [places["sales", USER], places["sales", ORDER]], people)
    assert classes[ANN][USER] == {None: 1}
    assert classes[BOB][USER] == {"R1": 1}
    assert classes[ANN][ORDER] == {"R3": 1, "R4": 1}
    assert classes[BOB][ORDER] == {"R4": 2}


def test_an_identifier_that_is_a_number_leads_on(people) -> None:
    assert people[BOB].identifiers["email"] == {"gone@x.nl", "bob@x.nl"}
    assert people[BOB].held == {"email": {"bob@x.nl"}, "customer_number": {"17"}}
    assert people[ANN].held["customer_number"] == {"9007199254740993"}


def test_somebody_of_whom_nothing_is_held_holds_nothing(people) -> None:
    assert people[NOBODY] == Footprint(identifiers={"email": frozenset({"carol@x.nl"})})


def test_collected_files_declare_every_table(view, places, people, tmp_path) -> None:
    keyring = Keyring([Fernet.generate_key().decode()], "a secret of sixteen or more")
    done = collect.collect(view, places.values(), people, tmp_path, keyring)
    assert {number: dict(one.counts) for number, one in done.items()} == {
        number: {table: wanted.get(number, 0) for table, wanted in WANTED.items()} for number in STARTS
    }
    assert done[NOBODY].rows == 0
