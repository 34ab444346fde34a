"""What PostgreSQL counted is what the plan has, whatever triggers do; and a history keeps nothing of the erasure."""

from __future__ import annotations

from typing import Any

import pytest
from erasure_lab import (
    ANN,
    EVENTS,
    HISTORY,
    KEEPS,
    KEYLESS,
    LOG,
    MINE,
    PERSON,
    PERSONS,
    TWO,
    Make,
    refused,
    table,
    trigger,
)

from avgflow.errors import AvgflowError
from avgflow.stores.erase import StoreChanged, UnexpectedChange


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
