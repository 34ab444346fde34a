"""What rows of others do that point to rows that go: nobody else's row is changed (s3-find-and-forget#384)."""

from __future__ import annotations

import pytest
from erasure_lab import (
    CHILD,
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

from avgflow.effects import WouldReachOthers


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
