"""Erasing while others work in the store, or have changed it since it was looked at: all of it, or nothing of it."""

from __future__ import annotations

import time
from typing import Any

import psycopg
import pytest
from erasure_lab import (
    ANN,
    BOB,
    CHILD,
    HISTORY,
    KEEPS,
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

from avgflow.errors import StoreBusy, StoreRefused
from avgflow.stores.erase import StoreChanged, UnexpectedChange
from avgflow.stores.transactions import CountsOff


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
