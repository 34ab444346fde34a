"""Erasing in the order of the database's own keys (fides#5293), whatever tables are called, and for several at once."""

from __future__ import annotations

import pytest
from erasure_lab import (
    ANN,
    BOB,
    EMAIL,
    MINE,
    PERSON,
    PERSONAL,
    PERSONS,
    TWO,
    Make,
    of_person,
    refused,
    table,
)

from avgflow.deletion_order import CircleOfKeys
from avgflow.stores.erase import AT_ONCE


def test_a_composite_key_is_followed_as_a_whole(lab: Make) -> None:
    store = lab(
        """
        CREATE TABLE "order" (region char(2), no int, email text, PRIMARY KEY (region, no));
        CREATE TABLE line (region char(2), no int, line int, PRIMARY KEY (line, no, region),
                           FOREIGN KEY (region, no) REFERENCES "order");
        INSERT INTO "order" VALUES ('NL', 1, 'ann@x.nl'), ('BE', 2, 'ann@x.nl'), ('NL', 2, 'bob@x.nl'), ('BE', 1, NULL);
        INSERT INTO line SELECT region, no, generate_series(1, 2) FROM "order";
        """,
        {
            "order": table(MINE, key=("region", "no")),
            "line": table(
                {"region": "lab.public.order.region", "no": "lab.public.order.no"}, key=("region", "no", "line")
            ),
        },
    )
    store.erase()
    assert store.query('SELECT region, no FROM "order" ORDER BY 1, 2') == [("BE", 1), ("NL", 2)]
    assert store.query("SELECT DISTINCT region, no FROM line ORDER BY 1, 2") == [("BE", 1), ("NL", 2)]


def test_a_chain_of_a_table_in_itself_goes_however_long_it_is(lab: Make) -> None:
    """A statement takes a thousand rows; pointers inside the table must not meet a border between two of them."""
    rows = 2 * AT_ONCE + 500
    store = lab(
        f"""
        CREATE TABLE node (id int PRIMARY KEY, parent int REFERENCES node, email text);
        INSERT INTO node SELECT n, nullif((n * 7919) % {rows} + 1, n), 'ann@x.nl' FROM generate_series(1, {rows}) n;
        INSERT INTO node VALUES (0, NULL, 'bob@x.nl');
        """,
        {"node": table(MINE, plain=("parent",))},
    )
    assert store.steps() == {("delete", "node", rows)}
    store.erase()
    assert store.column("SELECT id FROM node") == [0]


def test_thousands_of_rows_that_point_to_thousands_go(lab: Make) -> None:
    rows = 2 * AT_ONCE + 1
    store = lab(
        f"""
        {PERSON} {TWO}
        CREATE TABLE a (id int PRIMARY KEY, person int NOT NULL REFERENCES person);
        CREATE TABLE b (id int PRIMARY KEY, a int NOT NULL REFERENCES a);
        INSERT INTO a SELECT n, 1 + n % 2 FROM generate_series(1, {2 * rows}) n;
        INSERT INTO b SELECT id, id FROM a;
        """,
        {"person": PERSONS, "a": of_person(), "b": table({"a": "lab.public.a.id"}, plain=("a",))},
    )
    store.erase()
    assert store.query("SELECT count(*), count(*) FILTER (WHERE person = 1) FROM a") == [(rows, 0)]
    assert store.query("SELECT count(*) FROM b") == [(rows,)]


CIRCLE = """
    CREATE TABLE a (id int PRIMARY KEY, email text, b int {nullable});
    CREATE TABLE b (id int PRIMARY KEY, a int NOT NULL REFERENCES a);
    INSERT INTO a VALUES (1, 'ann@x.nl', 1), (2, 'bob@x.nl', 2), (3, 'ann@x.nl', 1);
    INSERT INTO b VALUES (1, 1), (2, 2);
    ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b {deferrable};
"""
CIRCLE_TABLES = {"a": table(MINE, plain=("b",)), "b": table({"a": "lab.public.a.id"}, plain=("a",))}


@pytest.mark.parametrize(("nullable", "deferrable"), [("", ""), ("NOT NULL", "DEFERRABLE"), ("", "INITIALLY DEFERRED")])
def test_a_circle_of_keys_is_opened_where_the_database_allows_it(lab: Make, nullable: str, deferrable: str) -> None:
    store = lab(CIRCLE.format(nullable=nullable, deferrable=deferrable), CIRCLE_TABLES)
    store.erase()
    assert store.query("SELECT id, b FROM a") == [(2, 2)]
    assert store.query("SELECT id, a FROM b") == [(2, 2)]


def test_a_circle_that_cannot_be_opened_is_refused_with_what_to_do(lab: Make) -> None:
    store = lab(CIRCLE.format(nullable="NOT NULL", deferrable=""), CIRCLE_TABLES)
    assert "DEFERRABLE" in str(refused(store, CircleOfKeys))


def test_a_circle_of_three_with_something_hanging_on_it_goes(lab: Make) -> None:
    store = lab(
        """
        CREATE TABLE a (id int PRIMARY KEY, email text, c int NOT NULL);
        CREATE TABLE b (id int PRIMARY KEY, a int NOT NULL REFERENCES a);
        CREATE TABLE c (id int PRIMARY KEY, b int REFERENCES b);
        CREATE TABLE d (id int PRIMARY KEY, c int NOT NULL REFERENCES c);
        INSERT INTO a VALUES (1, 'ann@x.nl', 1), (2, 'bob@x.nl', 2);
        INSERT INTO b VALUES (1, 1), (2, 2);
        INSERT INTO c VALUES (1, 1), (2, 2);
        INSERT INTO d VALUES (1, 1), (2, 2), (3, 1);
        ALTER TABLE a ADD FOREIGN KEY (c) REFERENCES c;
        """,
        {
            "a": table(MINE, plain=("c",)),
            "b": table({"a": "lab.public.a.id"}, plain=("a",)),
            "c": table({"b": "lab.public.b.id"}, plain=("b",)),
            "d": table({"c": "lab.public.c.id"}, plain=("c",)),
        },
    )
    store.erase()
    assert [store.column(f"SELECT id FROM {name}") for name in "abcd"] == [[2]] * 4


def test_two_people_of_a_batch_whose_rows_point_to_each_other_go_together(lab: Make) -> None:
    """By pointers that the database would empty: nothing is left to empty."""
    store = lab(
        """
        CREATE TABLE person (id int PRIMARY KEY, email text, partner int REFERENCES person ON DELETE SET NULL);
        CREATE TABLE child (id int PRIMARY KEY, email text, parent int REFERENCES person ON DELETE SET NULL);
        INSERT INTO person VALUES (1, 'ann@x.nl', 2), (2, 'bob@x.nl', 1), (3, NULL, 1);
        INSERT INTO child VALUES (1, 'bob@x.nl', 1), (2, 'ann@x.nl', 2), (3, NULL, 2), (4, 'bob@x.nl', 2);
        """,
        {"person": table(MINE, plain=("partner",), person=True), "child": table(MINE, plain=("parent",))},
    )
    store.erase(ANN, BOB)
    assert store.query("SELECT * FROM person") == [(3, None, None)]
    assert store.query("SELECT * FROM child") == [(3, None, None)]


def test_a_row_of_two_people_of_a_batch_goes_once(lab: Make) -> None:
    store = lab(
        f"""
        {PERSON} {TWO}
        CREATE TABLE message (id int PRIMARY KEY, person int REFERENCES person, email text);
        INSERT INTO message VALUES (1, 1, 'bob@x.nl'), (2, 2, NULL), (3, NULL, 'carol@x.nl');
        """,
        {
            "person": PERSONS,
            "message": table([MINE, {"person": "lab.public.person.id"}], plain=("person",), columns={"email": EMAIL}),
        },
    )
    store.erase(ANN, BOB)
    assert store.column("SELECT id FROM message") == [3]


def test_a_row_that_loses_its_pointer_anyway_is_counted_once(lab: Make) -> None:
    """Bob's row stays as an empty shell, whose pointer to Ann's is emptied with the rest."""
    store = lab(
        """
        CREATE TABLE person (id int PRIMARY KEY, email text, partner int REFERENCES person ON DELETE SET NULL);
        CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES person);
        INSERT INTO person VALUES (1, 'ann@x.nl', NULL), (2, 'bob@x.nl', 1);
        INSERT INTO child VALUES (1, 2);
        """,
        {"person": table(MINE, plain=("partner",), person=True), "child": table(plain=("parent",))},
    )
    store.erase(ANN, BOB)
    assert store.query("SELECT * FROM person") == [(2, None, None)]


def test_odd_names_are_composed_never_pasted(lab: Make) -> None:
    store = lab(
        """
        CREATE SCHEMA "My Schema"; CREATE SCHEMA "a.b";
        CREATE TABLE "My Schema"."User" ("sele""ct" int PRIMARY KEY, email text, "%s" text);
        CREATE TABLE "a.b"."order;--" ("User" int PRIMARY KEY, "from" int, "%(k0)s" text NOT NULL,
            CONSTRAINT "odd "":key" FOREIGN KEY ("from") REFERENCES "My Schema"."User" DEFERRABLE);
        INSERT INTO "My Schema"."User" VALUES (1, 'ann@x.nl', 'x'), (2, 'bob@x.nl', 'y'), (3, 'ann@x.nl', 'z');
        INSERT INTO "a.b"."order;--" VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 3, 'c');
        CREATE TABLE "My Schema"."Wh:ere" ("a b" int PRIMARY KEY, "User" int REFERENCES "My Schema"."User");
        INSERT INTO "My Schema"."Wh:ere" VALUES (1, 3);
        """,
        {
            '"My Schema"."User"': table(MINE, key=('sele"ct',), personal=("%s",)),
            '"a.b"."order;--"': table(
                {"from": 'lab."My Schema"."User"."sele""ct"'},
                key=("User",),
                plain=("from",),
                record_class="R4",
                columns={"%(k0)s": {**PERSONAL, "erase": "anonymise"}},
            ),
            '"My Schema"."Wh:ere"': table(key=("a b",), plain=("User",)),
        },
    )
    store.erase()
    assert store.query('SELECT * FROM "a.b"."order;--" ORDER BY 1') == [(1, 1, "gewist"), (2, 2, "b"), (3, 3, "gewist")]
    assert store.query('SELECT * FROM "My Schema"."User" ORDER BY 1') == [
        (1, "ann@x.nl", "x"),
        (2, "bob@x.nl", "y"),
        (3, "ann@x.nl", "z"),
    ]
