"""Erasing in stores with keys, triggers and types as awkward as real ones: all of it, or nothing of it.

Order and pointers come from the database's own keys (fides#5293), rows of others are provably untouched
(s3-find-and-forget#384), what PostgreSQL counted is what the plan has, and what is written over a value fits its column
and leads nowhere (fides#2391, #2547, #5446).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest
from erasure_lab import ANN, BOB, EMAIL, MINE, PERSONAL, Lab, laboratory, table

from avgflow.deletion_order import CircleOfKeys
from avgflow.effects import WouldReachOthers
from avgflow.errors import AvgflowError, StoreBusy, StoreRefused
from avgflow.stores.erase import AT_ONCE, StoreChanged, UnexpectedChange
from avgflow.stores.transactions import CountsOff

Make = Callable[[str, Mapping[str, Any]], Lab]


@pytest.fixture
def lab(pg: Any):
    with ExitStack() as stack:
        yield lambda schema, tables: stack.enter_context(laboratory(pg, schema, tables))


def refused(store: Lab, kind: type[AvgflowError], *numbers: str) -> AvgflowError:
    """The erasure is refused, and every row of every table is as it was."""
    before = store.everything()
    with pytest.raises(kind) as caught:
        store.erase(*numbers)
    assert store.everything() == before
    assert "@x.nl" not in str(caught.value)
    return caught.value


PERSON = "CREATE TABLE person (id int PRIMARY KEY, email text UNIQUE, name text);"
TWO = "INSERT INTO person VALUES (1, 'Ann@X.nl', 'Ann'), (2, 'bob@x.nl', 'Bob');"
PERSONS = table(MINE, personal=("name",), person=True)


def of_person(**more: Any) -> dict[str, Any]:
    """A table whose rows are of the person that their column `person` names."""
    plain = ("person", *more.pop("plain", ()))
    return table({"person": "lab.public.person.id"}, plain=plain, **more)


# Keys and order


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


# What others' rows do


CHILD = PERSON + TWO + "CREATE TABLE child (id int PRIMARY KEY, email text, parent int REFERENCES person {});"


def test_a_deletion_that_would_cascade_into_rows_of_others_is_refused_before_anything_is_touched(lab: Make) -> None:
    store = lab(
        CHILD.format("ON DELETE CASCADE") + "INSERT INTO child VALUES (1, 'ann@x.nl', 1), (2, 'bob@x.nl', 1);",
        {"person": PERSONS, "child": table(MINE, plain=("parent",))},
    )
    assert "1 rows of others in public.child" in str(refused(store, WouldReachOthers))


def test_a_cascade_that_reaches_own_rows_only_is_fine(lab: Make) -> None:
    store = lab(
        CHILD.format("ON DELETE CASCADE") + "INSERT INTO child VALUES (1, 'ann@x.nl', 1), (2, 'bob@x.nl', 2);",
        {"person": PERSONS, "child": table(MINE, plain=("parent",))},
    )
    store.erase()
    assert store.column("SELECT id FROM person") == [2]
    assert store.column("SELECT id FROM child") == [2]


def test_a_cascade_by_way_of_an_own_row_into_nobodys_is_refused(lab: Make) -> None:
    store = lab(
        CHILD.format("ON DELETE CASCADE")
        + """
        CREATE TABLE grandchild (id int PRIMARY KEY, child int NOT NULL REFERENCES child ON DELETE CASCADE);
        INSERT INTO child VALUES (1, 'ann@x.nl', 1);
        INSERT INTO grandchild VALUES (1, 1);
        """,
        {"person": PERSONS, "child": table(MINE, plain=("parent",)), "grandchild": table(plain=("child",))},
    )
    refused(store, WouldReachOthers)


def test_a_pointer_that_would_get_a_default_is_refused(lab: Make) -> None:
    store = lab(
        PERSON
        + TWO
        + """
        CREATE TABLE child (id int PRIMARY KEY, parent int DEFAULT 2 REFERENCES person ON DELETE SET DEFAULT);
        INSERT INTO child VALUES (1, 1);
        """,
        {"person": PERSONS, "child": table(plain=("parent",))},
    )
    refused(store, WouldReachOthers)


def test_a_pointer_of_others_that_the_database_empties_is_planned_and_emptied(lab: Make) -> None:
    store = lab(
        CHILD.format("ON DELETE SET NULL")
        + "INSERT INTO child VALUES (1, 'bob@x.nl', 1), (2, 'bob@x.nl', 2), (3, NULL, 1), (4, NULL, NULL);",
        {"person": PERSONS, "child": table(MINE, plain=("parent",))},
    )
    assert store.steps() == {("delete", "person", 1), ("unlink", "child", 2)}
    store.erase()
    assert store.query("SELECT id, email, parent FROM child ORDER BY id") == [
        (1, "bob@x.nl", None),
        (2, "bob@x.nl", 2),
        (3, None, None),
        (4, None, None),
    ]


def test_of_a_composite_pointer_the_database_may_empty_a_part(lab: Make) -> None:
    store = lab(
        """
        CREATE TABLE a (tenant int, id int, email text, PRIMARY KEY (tenant, id));
        CREATE TABLE b (id int PRIMARY KEY, tenant int NOT NULL, a int,
                        FOREIGN KEY (tenant, a) REFERENCES a ON DELETE SET NULL (a));
        INSERT INTO a VALUES (1, 1, 'ann@x.nl'), (2, 1, 'bob@x.nl');
        INSERT INTO b VALUES (1, 1, 1), (2, 2, 1);
        """,
        {"a": table(MINE, key=("tenant", "id")), "b": table(plain=("tenant", "a"))},
    )
    store.erase()
    assert store.query("SELECT * FROM b ORDER BY id") == [(1, 1, None), (2, 2, 1)]


def test_an_own_row_that_stays_loses_its_pointer_to_one_that_goes(lab: Make) -> None:
    store = lab(
        CHILD.format("ON DELETE SET NULL") + "INSERT INTO child VALUES (1, 'ann@x.nl', 1);",
        {"person": PERSONS, "child": table(MINE, plain=("parent",), record_class="R4")},
    )
    assert store.steps() == {("delete", "person", 1), ("keep", "child", 1), ("unlink", "child", 1)}
    store.erase()
    assert store.query("SELECT * FROM child") == [(1, "ann@x.nl", None)]


@pytest.mark.parametrize("on_delete", ["NO ACTION", "RESTRICT"])
def test_a_row_that_somebody_elses_points_to_stays_as_an_empty_shell(lab: Make, on_delete: str) -> None:
    store = lab(
        CHILD.format(f"ON DELETE {on_delete}") + "INSERT INTO child VALUES (1, 'bob@x.nl', 1);",
        {"person": PERSONS, "child": table(MINE, plain=("parent",))},
    )
    assert store.steps() == {("anonymise", "person", 1)}
    store.erase()
    assert store.query("SELECT * FROM person ORDER BY id") == [(1, None, None), (2, "bob@x.nl", "Bob")]
    assert store.query("SELECT * FROM child") == [(1, "bob@x.nl", 1)]


def test_of_a_chain_only_what_is_pointed_to_stays(lab: Make) -> None:
    """A shell points nowhere, so it holds nothing further up."""
    store = lab(
        """
        CREATE TABLE node (id int PRIMARY KEY, parent int REFERENCES node, email text);
        INSERT INTO node VALUES (1, NULL, 'ann@x.nl'), (2, 1, 'ann@x.nl'), (3, 2, 'ann@x.nl'), (4, 2, 'bob@x.nl'),
                                (5, 3, 'ann@x.nl');
        """,
        {"node": table(MINE, plain=("parent",))},
    )
    assert store.steps() == {("anonymise", "node", 1), ("delete", "node", 3)}
    store.erase()
    assert store.query("SELECT * FROM node ORDER BY id") == [(2, None, None), (4, 2, "bob@x.nl")]


def test_where_the_pointer_cannot_be_empty_the_chain_above_stays_as_shells(lab: Make) -> None:
    store = lab(
        """
        CREATE TABLE node (id int PRIMARY KEY, parent int NOT NULL REFERENCES node, email text);
        INSERT INTO node VALUES (1, 1, 'ann@x.nl'), (2, 1, 'ann@x.nl'), (3, 2, 'ann@x.nl'), (4, 2, 'bob@x.nl');
        """,
        {"node": table(MINE, plain=("parent",))},
    )
    store.erase()
    assert store.query("SELECT * FROM node ORDER BY id") == [(1, 1, None), (2, 1, None), (4, 2, "bob@x.nl")]


def test_what_a_kept_row_points_to_is_kept_and_what_points_to_it_goes(lab: Make) -> None:
    store = lab(
        f"""
        {PERSON} {TWO}
        CREATE TABLE bill (id int PRIMARY KEY, person int NOT NULL REFERENCES person, note text);
        CREATE TABLE remark (id int PRIMARY KEY, bill int NOT NULL REFERENCES bill);
        INSERT INTO bill VALUES (1, 1, 'x'), (2, 2, 'y');
        INSERT INTO remark VALUES (1, 1), (2, 2);
        """,
        {
            "person": table(MINE, columns={"name": {**PERSONAL, "erase": "anonymise"}}, person=True),
            "bill": of_person(record_class="R4", columns={"note": {**PERSONAL, "erase": "anonymise"}}),
            "remark": table({"bill": "lab.public.bill.id"}, plain=("bill",)),
        },
    )
    store.erase()
    assert store.query("SELECT * FROM bill ORDER BY id") == [(1, 1, None), (2, 2, "y")]
    assert store.query("SELECT * FROM person ORDER BY id") == [(1, "Ann@X.nl", None), (2, "bob@x.nl", "Bob")]
    assert store.column("SELECT id FROM remark") == [2]


# Batches


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


# Tables without a key


KEYLESS = """
    CREATE TABLE event (email text, kind text, at timestamptz) PARTITION BY RANGE (at);
    CREATE TABLE event_2025 PARTITION OF event FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
    CREATE TABLE event_other PARTITION OF event DEFAULT;
    INSERT INTO event SELECT email, 'click', at
    FROM unnest(ARRAY['ann@x.nl', 'bob@x.nl', NULL]) email, unnest(ARRAY[timestamptz '2025-05-05', '2026-05-05']) at,
         generate_series(1, {rows});
"""
EVENTS = table(MINE, key=(), personal=("kind", "at"))


@pytest.mark.parametrize("rows", [2, AT_ONCE - 1, AT_ONCE + 500])
def test_rows_that_are_alike_to_the_last_bit_go_with_their_person_alone(lab: Make, rows: int) -> None:
    store = lab(KEYLESS.format(rows=rows), {"event": EVENTS})
    assert store.steps() == {("delete", "event", 2 * rows)}
    store.erase()
    assert store.query("SELECT email, count(*) FROM event GROUP BY 1 ORDER BY 1") == [
        ("bob@x.nl", 2 * rows),
        (None, 2 * rows),
    ]


def test_rows_without_a_key_of_two_people_go_in_one_batch(lab: Make) -> None:
    store = lab(KEYLESS.format(rows=AT_ONCE // 2 + 100), {"event": EVENTS})
    store.erase(ANN, BOB)
    assert store.query("SELECT DISTINCT email FROM event") == [(None,)]


def test_a_pointer_of_an_others_row_without_key_is_emptied(lab: Make) -> None:
    store = lab(
        PERSON
        + TWO
        + """
        CREATE TABLE visit (email text, person int REFERENCES person ON DELETE SET NULL);
        INSERT INTO visit VALUES ('bob@x.nl', 1), ('bob@x.nl', 1), ('bob@x.nl', 2), (NULL, 1), ('ann@x.nl', 1);
        """,
        {"person": PERSONS, "visit": table(MINE, key=(), plain=("person",))},
    )
    assert store.steps() == {("delete", "person", 1), ("delete", "visit", 1), ("unlink", "visit", 3)}
    store.erase()
    assert sorted(store.column("SELECT t::text FROM visit t")) == [
        "(,)",
        "(bob@x.nl,)",
        "(bob@x.nl,)",
        "(bob@x.nl,2)",
    ]


def test_rows_without_a_key_can_be_anonymised(lab: Make) -> None:
    """Also those that two ways lead to, and those in which nothing is left to change."""
    store = lab(
        PERSON
        + TWO
        + """
        CREATE TABLE answer (person int, email text, answer text, score int NOT NULL);
        INSERT INTO answer VALUES (1, 'ann@x.nl', 'x', 7), (1, NULL, 'x', 7), (1, 'ann@x.nl', NULL, 0),
                                  (1, 'ann@x.nl', NULL, 0), (2, 'bob@x.nl', 'x', 7);
        """,
        {
            "person": PERSONS,
            "answer": table(
                [MINE, {"person": "lab.public.person.id"}],
                key=(),
                erase="anonymise",
                plain=("person",),
                columns={
                    "email": EMAIL,
                    "answer": {**PERSONAL, "erase": "anonymise"},
                    "score": {**PERSONAL, "erase": "anonymise"},
                },
            ),
        },
    )
    store.erase()
    assert sorted(store.column("SELECT t::text FROM answer t")) == [
        "(1,,,0)",
        *["(1,ann@x.nl,,0)"] * 3,
        "(2,bob@x.nl,x,7)",
    ]


# Names


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


# Triggers and history


def trigger(on: str, body: str, when: str = "AFTER DELETE OR UPDATE", returns: str = "NULL") -> str:
    name = f"t_{on}_{abs(hash(body)) % 10**6}"
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN {body} RETURN {returns}; END $f$;"
        f"CREATE TRIGGER {name} {when} ON {on} FOR EACH ROW EXECUTE FUNCTION {name}();"
    )


LOG = "CREATE TABLE log (id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, person int, was text);"
KEEPS = "INSERT INTO log (person, was) VALUES (OLD.id, OLD::text);"
HISTORY = table({"person": "lab.public.person.id"}, plain=("person",), personal=("was",), history=True)


@pytest.mark.parametrize(
    "body",
    [
        "UPDATE other SET n = n + 1;",
        "DELETE FROM other;",
        "INSERT INTO other VALUES (7);",
        "UPDATE person SET name = 'x' WHERE id = 2;",
        "BEGIN INSERT INTO other VALUES (7); EXCEPTION WHEN others THEN NULL; END;",
    ],
)
@pytest.mark.parametrize("when", ["AFTER DELETE", "BEFORE DELETE"])
def test_a_trigger_that_writes_elsewhere_is_noticed_and_nothing_stays(lab: Make, body: str, when: str) -> None:
    store = lab(
        PERSON
        + TWO
        + "CREATE TABLE other (n int PRIMARY KEY); INSERT INTO other VALUES (1);"
        + trigger("person", body, when, "OLD"),
        {"person": PERSONS, "other": table(key=("n",))},
    )
    refused(store, UnexpectedChange)


def test_a_trigger_that_writes_at_the_very_end_is_noticed_too(lab: Make) -> None:
    store = lab(
        PERSON
        + TWO
        + "CREATE TABLE other (n int PRIMARY KEY);"
        + trigger("person", "INSERT INTO other VALUES (7);", "AFTER DELETE")
        .replace("CREATE TRIGGER", "CREATE CONSTRAINT TRIGGER")
        .replace(" FOR EACH", " DEFERRABLE INITIALLY DEFERRED FOR EACH"),
        {"person": PERSONS, "other": table(key=("n",))},
    )
    refused(store, UnexpectedChange)


def test_a_trigger_that_keeps_rows_from_going_is_noticed(lab: Make) -> None:
    store = lab(PERSON + TWO + trigger("person", "", "BEFORE DELETE"), {"person": PERSONS})
    refused(store, StoreChanged)


def test_what_a_trigger_writes_into_a_history_because_of_the_erasure_is_gone_again(lab: Make) -> None:
    store = lab(
        PERSON
        + TWO
        + LOG
        + "INSERT INTO log (person, was) VALUES (1, 'old'), (2, 'old'), (9, 'old');"
        + trigger("person", KEEPS),
        {"person": PERSONS, "log": HISTORY},
    )
    store.erase()
    assert store.query("SELECT person, was FROM log ORDER BY person") == [(2, "old"), (9, "old")]


def test_the_history_of_a_shell_holds_nothing_of_what_it_was(lab: Make) -> None:
    store = lab(
        PERSON
        + TWO
        + LOG
        + trigger("person", KEEPS)
        + "CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES person); INSERT INTO child VALUES (1, 1);",
        {"person": PERSONS, "log": HISTORY, "child": table(plain=("parent",))},
    )
    store.erase()
    assert store.query("SELECT * FROM log") == []
    assert store.query("SELECT * FROM person ORDER BY id") == [(1, None, None), (2, "bob@x.nl", "Bob")]


def test_the_history_of_others_whose_pointer_was_emptied_stays_as_it_was(lab: Make) -> None:
    store = lab(
        """
        CREATE TABLE person (id int PRIMARY KEY, email text, name int REFERENCES person ON DELETE SET NULL);
        INSERT INTO person VALUES (1, 'ann@x.nl', NULL), (2, 'bob@x.nl', 1);
        """
        + LOG
        + "INSERT INTO log (person, was) VALUES (2, 'old');"
        + trigger("person", KEEPS),
        {"person": PERSONS, "log": HISTORY},
    )
    store.erase()
    assert store.query("SELECT person, was FROM log") == [(2, "old")]
    assert store.query("SELECT * FROM person") == [(2, "bob@x.nl", None)]


def test_a_history_of_a_history_is_emptied_too(lab: Make) -> None:
    again = LOG.replace("log", "log_of_log")
    store = lab(
        PERSON
        + TWO
        + LOG
        + again
        + "INSERT INTO log (person, was) VALUES (1, 'old'), (2, 'old');"
        + "INSERT INTO log_of_log (person, was) VALUES (1, 'older'), (2, 'older');"
        + trigger("person", KEEPS)
        + trigger("log", "INSERT INTO log_of_log (person, was) VALUES (OLD.person, OLD.was);"),
        {"person": PERSONS, "log": HISTORY, "log_of_log": HISTORY},
    )
    store.erase()
    assert store.query("SELECT person, was FROM log") == [(2, "old")]
    assert store.query("SELECT person, was FROM log_of_log") == [(2, "older")]


def test_a_history_that_is_filled_at_the_very_end_is_emptied_too(lab: Make) -> None:
    store = lab(
        PERSON
        + TWO
        + LOG
        + trigger("person", KEEPS, "AFTER DELETE")
        .replace("CREATE TRIGGER", "CREATE CONSTRAINT TRIGGER")
        .replace(" FOR EACH", " DEFERRABLE INITIALLY DEFERRED FOR EACH"),
        {"person": PERSONS, "log": HISTORY},
    )
    store.erase()
    assert store.query("SELECT * FROM log") == []


@pytest.mark.parametrize(
    "body",
    [
        "BEGIN INSERT INTO log (person, was) VALUES (OLD.id, OLD::text); EXCEPTION WHEN others THEN NULL; END;",
        "INSERT INTO log (was) VALUES (OLD::text);",
        "INSERT INTO log (person, was) SELECT 2, OLD::text FROM generate_series(1, 3);",
    ],
    ids=["in a transaction within", "of nobody", "in somebody else's name"],
)
def test_however_a_history_is_filled_nothing_of_the_person_stays_in_it(lab: Make, body: str) -> None:
    store = lab(
        PERSON + TWO + LOG + "INSERT INTO log (person, was) VALUES (2, 'old');" + trigger("person", body),
        {"person": PERSONS, "log": HISTORY},
    )
    store.erase()
    assert store.query("SELECT person, was FROM log") == [(2, "old")]


VERSIONS = (
    LOG.replace("was text", "was text, until timestamptz")
    + "INSERT INTO log (person, was) VALUES (1, 'old'), (2, 'old');"
)
CLOSES = "UPDATE log SET until = now() WHERE person = OLD.id AND until IS NULL; " + KEEPS
VERSIONED = {**HISTORY, "columns": {**HISTORY["columns"], "until": "none"}}
HELD = "CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES person); INSERT INTO child VALUES (1, 1);"
NUMBERED = """
    CREATE TABLE person (id int PRIMARY KEY, email text, number text UNIQUE);
    INSERT INTO person VALUES (1, 'ann@x.nl', 'N1'), (2, 'bob@x.nl', 'N2');
    CREATE TABLE child (id int PRIMARY KEY, parent text REFERENCES person (number) {});
    INSERT INTO child VALUES (1, 'N1');
"""
BEYOND: dict[str, tuple[str, dict[str, Any]]] = {
    "a number by which others point": (
        NUMBERED.format(""),
        {"person": table(MINE, personal=("number",)), "child": table(plain=("parent",))},
    ),
    "a number that others take over": (
        NUMBERED.format("ON UPDATE CASCADE"),
        {"person": table(MINE, personal=("number",)), "child": table(plain=("parent",))},
    ),
    "a history that closes earlier versions": (
        PERSON + TWO + VERSIONS + HELD + trigger("person", CLOSES),
        {"person": PERSONS, "log": VERSIONED, "child": table(plain=("parent",))},
    ),
    "such a history of somebody else": (
        """
        CREATE TABLE person (id int PRIMARY KEY, email text, name int REFERENCES person ON DELETE SET NULL);
        INSERT INTO person VALUES (1, 'ann@x.nl', NULL), (2, 'bob@x.nl', 1);
        """
        + VERSIONS
        + trigger("person", CLOSES),
        {"person": PERSONS, "log": VERSIONED},
    ),
    "a table that inherits": (
        PERSON
        + TWO
        + "CREATE TABLE heir (PRIMARY KEY (id)) INHERITS (person); INSERT INTO heir VALUES (3, 'ann@x.nl');",
        {"person": table(MINE, personal=("name",)), "heir": table(MINE, personal=("name",))},
    ),
    "only one empty address": (
        PERSON.replace("UNIQUE", "UNIQUE NULLS NOT DISTINCT") + TWO + "INSERT INTO person VALUES (3, NULL, '');" + HELD,
        {"person": table(MINE, personal=("name",)), "child": table(plain=("parent",))},
    ),
    "a part by the column that is emptied": (
        KEYLESS.format(rows=2),
        {"event": {**EVENTS, "erase": "anonymise"}},
    ),
}


@pytest.mark.parametrize("what", BEYOND)
def test_what_the_engine_cannot_do_it_leaves_whole(lab: Make, what: str) -> None:
    refused(lab(*BEYOND[what]), AvgflowError)


def test_what_others_write_into_a_history_meanwhile_stays(lab: Make) -> None:
    store = lab(PERSON + TWO + LOG + trigger("person", KEEPS), {"person": PERSONS, "log": HISTORY})
    with store.writing() as connection:
        seen = store.see(connection, ANN)
        store.query("UPDATE person SET name = 'Robert' WHERE id = 2")
        store.carry_out(connection, seen)
    assert store.query("SELECT person, was FROM log") == [(2, "(2,bob@x.nl,Bob)")]


# Locks and other sessions


def test_a_row_that_somebody_works_on_is_waited_for_two_seconds_then_nothing_is_changed(lab: Make) -> None:
    store = lab(PERSON + TWO, {"person": PERSONS})
    with psycopg.connect(store.dsn) as other:
        other.execute("UPDATE person SET name = 'A.' WHERE id = 1")
        started = time.monotonic()
        refused(store, StoreBusy)
        assert 1.9 < time.monotonic() - started < 10
    store.erase()
    assert store.column("SELECT id FROM person") == [2]


def test_a_row_that_is_being_hung_on_ours_makes_us_wait_and_leave(lab: Make) -> None:
    store = lab(CHILD.format(""), {"person": PERSONS, "child": table(MINE, plain=("parent",))})
    with psycopg.connect(store.dsn) as other:
        other.execute("INSERT INTO child VALUES (1, 'bob@x.nl', 1)")
        refused(store, StoreBusy)
    assert store.steps() == {("anonymise", "person", 1)}


@pytest.mark.parametrize(
    ("on_delete", "kind"),
    [("NO ACTION", StoreRefused), ("CASCADE", UnexpectedChange), ("SET NULL", UnexpectedChange)],
)
def test_a_row_that_was_hung_on_ours_since_we_looked_stops_it(lab: Make, on_delete: str, kind: type[Exception]) -> None:
    store = lab(CHILD.format(f"ON DELETE {on_delete}"), {"person": PERSONS, "child": table(MINE, plain=("parent",))})

    def interrupted() -> None:
        with store.writing() as connection:
            seen = store.see(connection, ANN)
            store.query("INSERT INTO child VALUES (1, 'bob@x.nl', 1)")
            store.carry_out(connection, seen)

    with pytest.raises((kind, StoreBusy)):
        interrupted()
    assert store.query("SELECT * FROM child") == [(1, "bob@x.nl", 1)]
    assert store.column("SELECT id FROM person ORDER BY id") == [1, 2]


def test_a_row_that_was_changed_since_we_looked_stops_it(lab: Make) -> None:
    store = lab(PERSON + TWO, {"person": PERSONS})

    def interrupted() -> None:
        with store.writing() as connection:
            seen = store.see(connection, ANN)
            store.query("UPDATE person SET name = 'A.' WHERE id = 1")
            store.carry_out(connection, seen)

    with pytest.raises(StoreBusy):
        interrupted()
    assert store.query("SELECT name FROM person ORDER BY id") == [("A.",), ("Bob",)]


def test_a_plan_of_rows_that_are_gone_is_not_carried_out(lab: Make) -> None:
    store = lab(PERSON + TWO + LOG, {"person": PERSONS, "log": HISTORY})
    planned = store.planned()
    store.query("DELETE FROM person WHERE id = 1; INSERT INTO log (person) VALUES (1)")

    def late() -> None:
        with store.writing() as connection:
            store.carry_out(connection, planned)

    with pytest.raises(StoreChanged):
        late()
    assert store.column("SELECT person FROM log") == [1]


def test_a_database_that_does_not_count_is_refused(lab: Make, pg: Any) -> None:
    store = lab(PERSON + TWO, {"person": PERSONS})
    with psycopg.connect(pg.superuser_dsn, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {store.dsn.rpartition('/')[2]} SET track_counts = off".encode())
    refused(store, CountsOff)


def test_somebody_of_whom_there_is_nothing_is_erased_without_a_change(lab: Make) -> None:
    store = lab(
        PERSON + LOG + trigger("person", KEEPS) + "INSERT INTO person VALUES (3, NULL, NULL), (4, '', '')",
        {"person": PERSONS, "log": HISTORY},
    )
    before = store.everything()
    assert store.steps() == set()
    assert store.erase(ANN, BOB).counters == {}
    assert store.everything() == before


def test_the_last_row_of_a_table_can_go(lab: Make) -> None:
    store = lab(PERSON + "INSERT INTO person VALUES (1, 'ann@x.nl', NULL)", {"person": PERSONS})
    store.erase()
    assert store.query("SELECT * FROM person") == []
