"""The proof of an erasure notices what went wrong after all: whatever is done to the stores behind its back is named,
by table and by check.

Rows are put back, taken away and filled in by the database's superuser, past every key and trigger, as a restored
backup, a replica or a colleague with a console could.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import erasure_oracle
import psycopg
import pytest
from erasure_oracle import ACCOUNT, ADDRESS, CONTACT, HISTORY, ORDER, SUBSCRIBER, TICKET, VIEWS, Key, Row, Tables
from handling_world import OFFICER, Office
from psycopg import sql

from avgflow.catalog.names import TableName
from avgflow.demo.truth import SubjectTruth
from avgflow.handling import answering_erasure, carried, erasing, planning, recounting
from avgflow.handling.answering import NotProven
from avgflow.intake import day_in_amsterdam
from avgflow.plan import Plan
from avgflow.register import approvals
from avgflow.register.database import transaction
from avgflow.register.receipts import COUNTED_DELETED, Receipt

NEW_KEY = 900_000_000
"""Beyond any number that the demonstration gives out."""


@dataclass(frozen=True)
class Erasure:
    """One erasure that was carried out, and the stores as they were before and after it."""

    office: Office
    number: str
    plan: Plan
    before: Tables
    after: Tables
    superuser: Mapping[str, str]
    """The DSN of each store for the superuser."""

    def rows(self, action: str) -> dict[str, tuple[Key, ...]]:
        """The keys of the planned rows of an action, by table; those of tables without a key are left out."""
        found: dict[str, tuple[Key, ...]] = {}
        for step in self.plan.steps:
            table = place(step.store, str(step.table))
            if step.action == action and step.keys and table not in VIEWS and step.keys[0] in self.before[table]:
                found[table] = (*found.get(table, ()), *step.keys)
        return found

    def change(self, table: str, statement: str, **values: Any) -> None:
        """Change a table as nobody may: no key and no trigger is asked. `{table}` stands for its name."""
        store, schema, name = table.split(".")
        with psycopg.connect(self.superuser[store]) as connection:
            connection.execute("SET session_replication_role = replica")
            composed = sql.SQL(statement).format(table=sql.Identifier(schema, name))  # type: ignore[arg-type]
            assert connection.execute(composed, values).rowcount == 1

    def put(self, table: str, row: Row) -> None:
        """Put a row there; what the database calculates itself, it calculates."""
        store, schema, name = table.split(".")
        with psycopg.connect(self.superuser[store]) as connection:
            given = connection.execute(
                "SELECT attname FROM pg_attribute WHERE attrelid = format('%%I.%%I', %s::text, %s::text)::regclass"
                " AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
                [schema, name],
            ).fetchall()
        columns = ", ".join(f'"{column}"' for (column,) in given)
        self.change(
            table,
            f"INSERT INTO {{table}} ({columns}) OVERRIDING SYSTEM VALUE "
            f"SELECT {columns} FROM json_populate_record(NULL::{{table}}, %(row)s)",
            row=json.dumps(row),
        )

    def found(self) -> set[tuple[str, str]]:
        """What a new re-count finds wrong: table and check. What fails is never answered."""
        verdict = recounting.run(self.office.env, [self.number])[self.number].verdict
        failures = {(place(one.store, one.table), one.check.name) for one in verdict.failures}
        assert verdict.passed == (not failures)
        if failures:
            with pytest.raises(NotProven):
                answering_erasure.run(self.office.env, self.number)
        return failures


@pytest.fixture
def person(stores: Any, subjects: Any) -> SubjectTruth:
    """Somebody with rows that go in every store, and with others that stay for the books."""
    rows = erasure_oracle.read(stores.shared)

    def fits(one: SubjectTruth) -> bool:
        owned = erasure_oracle.owned_by(one, rows)
        return (
            {CONTACT, TICKET, ADDRESS, ORDER, SUBSCRIBER, ACCOUNT, HISTORY} <= set(owned)
            and not erasure_oracle.runs(rows, owned, day_in_amsterdam())
            and any(rows[ORDER][key]["invoiced_on"] is not None for key in owned[ORDER])
        )

    return next(one for one in subjects if fits(one))


def carry_out(office: Office, number: str) -> Plan:
    """Plan it, again if need be, and do what the plan says; the plan."""
    (plan,) = planning.make(office.env, [number]).values()
    with transaction(office.env.register) as register:
        approvals.put_approval(register, office.env.keyring, number, plan.digest, OFFICER)
    for store in office.env.catalog.stores:
        erasing.run(office.env, store, [number])
    return plan


@pytest.fixture
def done(own_stores: Office, person: SubjectTruth, pg: Any) -> Erasure:
    """Their erasure, carried out and proven."""
    office = own_stores
    before = erasure_oracle.read(office.stores)
    number = office.register_subject(person, right="erasure")
    office.identify({number: person})
    plan = carry_out(office, number)
    superuser = {store: pg.dsn(dsn.rpartition("/")[2]) for store, dsn in office.stores.items()}
    made = Erasure(office, number, plan, before, erasure_oracle.read(office.stores), superuser)
    assert made.found() == set()
    return made


def test_a_row_that_is_back_is_named_in_every_table(done: Erasure) -> None:
    gone = done.rows("delete")
    assert {TICKET, ADDRESS, ACCOUNT} <= set(gone)
    for table, (key, *_) in gone.items():
        done.put(table, done.before[table][key])
    found = done.found()
    assert {(table, "gone") for table in gone} <= found
    assert {table for table, check in found if check == "gone"} <= {*gone, *VIEWS}


def test_a_row_that_an_earlier_plan_erased_and_that_is_back_is_named_as_well(done: Erasure) -> None:
    (key, *_) = done.rows("delete")[TICKET]
    carry_out(done.office, done.number)
    assert done.found() == set()
    done.put(TICKET, done.before[TICKET][key])
    assert (TICKET, "gone") in done.found()


def test_a_row_that_was_to_stay_and_is_not_there_is_named_in_every_table(done: Erasure) -> None:
    staying = done.rows("keep") | done.rows("anonymise")
    assert ORDER in staying
    for table, (key, *_) in staying.items():
        done.change(table, f"DELETE FROM {{table}} WHERE {conditions(done, table)}", **named(done, table, key))
    assert {(table, check) for table, check in done.found() if table not in VIEWS} == {
        (table, "kept") for table in staying
    }


def test_an_overwritten_column_that_holds_something_again_is_named(done: Erasure) -> None:
    filled: set[str] = set()
    for step in done.plan.steps:
        table = place(step.store, str(step.table))
        for key in step.keys if step.action in ("anonymise", "keep") and table not in VIEWS else ():
            was, now = done.before[table][key], done.after[table].get(key, {})
            again = [name for name in step.columns if was[name] is not None and now.get(name, "") is None]
            if table not in filled and again:
                filled.add(table)
                done.change(
                    table,
                    "UPDATE {table} SET "
                    + f'"{again[0]}" = (json_populate_record(NULL::{{table}}, %(row)s))."{again[0]}" WHERE '
                    + conditions(done, table),
                    row=json.dumps(was),
                    **named(done, table, key),
                )
    assert filled
    assert {(table, check) for table, check in done.found() if check != "gone"} == {
        (table, "emptied") for table in filled
    }


def test_a_row_that_came_since_is_named(done: Erasure) -> None:
    gone = done.rows("delete")
    came: set[str] = set()
    for table in (TICKET, ADDRESS):
        (key, *_) = gone[table]
        (name,) = key_of(done, table, key)
        done.put(table, {**done.before[table][key], name: str(NEW_KEY)})
        came.add(table)
    assert {(table, "nothing_new") for table in came} <= done.found()
    assert not {(table, "gone") for table in came} & done.found()


def test_a_pointer_to_what_is_gone_is_named_by_the_table_that_it_points_to(done: Erasure) -> None:
    (key, *_) = done.rows("delete")[TICKET]
    other = next(row for other, row in done.after[TICKET].items() if other != key)
    done.change(
        TICKET,
        f"UPDATE {{table}} SET parent_ticket_id = %(gone)s WHERE {conditions(done, TICKET)}",
        gone=key[0],
        **named(done, TICKET, (other["ticket_id"],)),
    )
    assert done.found() == {(TICKET, "whole")}


def more_rows(receipt: Receipt, by: int) -> Receipt:
    """As if the task had counted others."""
    return replace(receipt, counts={**receipt.counts, "public.ticket": receipt.counts["public.ticket"] + by})


def more_counted(receipt: Receipt, by: int) -> Receipt:
    """As if PostgreSQL itself had counted others."""
    work = receipt.work["public.ticket"]
    counted = {**work, COUNTED_DELETED: work[COUNTED_DELETED] + by}
    return replace(receipt, work={**receipt.work, "public.ticket": counted})


@pytest.mark.parametrize("by", [-1, 1])
@pytest.mark.parametrize("told", [more_rows, more_counted])
def test_a_row_more_or_less_than_planned_is_named_whoever_counted_it(
    done: Erasure, monkeypatch: pytest.MonkeyPatch, told: Callable[[Receipt, int], Receipt], by: int
) -> None:
    standing = carried.standing

    def other(*given: Any) -> Any:
        receipts = standing(*given)
        return {**receipts, "crm": told(receipts["crm"], by)}

    monkeypatch.setattr(recounting.carried, "standing", other)
    assert done.found() == {(TICKET, "untouched")}


def place(store: str, name: str) -> str:
    """A table, as the witness names it: without quotes."""
    table = TableName.parse(name)
    return f"{store}.{table.schema}.{table.table}"


def key_of(done: Erasure, table: str, key: Key) -> list[str]:
    """The names of a table's key, as its database has them."""
    store, schema, name = table.split(".")
    with psycopg.connect(done.superuser[store]) as connection:
        found = connection.execute(
            "SELECT a.attname FROM pg_index i "
            "JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)"
            " WHERE i.indisprimary AND i.indrelid = format('%%I.%%I', %s::text, %s::text)::regclass"
            " ORDER BY array_position(i.indkey::int2[], a.attnum)",
            [schema, name],
        ).fetchall()
    return [column for (column,) in found]


def conditions(done: Erasure, table: str) -> str:
    """Which row, by its key."""
    return " AND ".join(f'"{name}"::text = %({name})s' for name in key_of(done, table, ()))


def named(done: Erasure, table: str, key: Key) -> dict[str, str]:
    """The values for `conditions`."""
    return dict(zip(key_of(done, table, key), key, strict=True))
