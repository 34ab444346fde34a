"""What a restored backup brings back is erased again, by what the register keeps of the erasures alone."""

from __future__ import annotations

import json
import secrets
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from erasure_worker import killed, watch
from handling_world import OFFICER, Office
from psycopg import sql
from real_postgres import Server
from troubled_people import Copy, copied, rows_of
from troubled_servers import dump, programs_in, restore

from avgflow.demo.stores import STORES
from avgflow.demo.truth import SubjectTruth
from avgflow.handling import erasing, planning, replaying, tombs
from avgflow.handling.replaying import CameBack, Replayed, UnknownStore
from avgflow.register import approvals, chain, events, tombstones
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.subjects import hashes
from avgflow.stores.erase import UnexpectedChange

PEOPLE = 45
Rows = Mapping[str, Counter[str]]


@dataclass(frozen=True)
class Erased:
    """Stores in which people were erased, to be copied, and backups from before."""

    pg: Server
    folder: Path
    numbers: tuple[str, ...]
    people: Sequence[SubjectTruth]
    register: str
    stores: Mapping[str, str]
    backups: Mapping[str, Path]
    rows: Mapping[str, Rows]

    @contextmanager
    def restored(self, *stores: str) -> Iterator[Copy]:
        """The installation with these stores restored from their backup of before the erasures."""
        with copied(self.pg, self.register, self.stores, self.numbers, self.folder) as copy:
            for store in stores:
                self.pg.drop_database(copy.databases[store])
                dsn = self.pg.create_database(copy.databases[store], owner=store)
                restore(programs_in(self.folder), self.backups[store], dsn)
            yield copy


@pytest.fixture(scope="module")
def erased(pg: Server, _register_template: str, stores: Any, tmp_path_factory: Any) -> Iterator[Erased]:
    folder: Path = tmp_path_factory.mktemp("replay")
    mark = secrets.token_hex(4)
    people = stores.subjects[:PEOPLE]
    backups = {
        name: dump(programs_in(folder), pg.dsn(template, name), folder / f"{name}.dump")
        for name, template in stores.templates.items()
    }
    with copied(pg, _register_template, stores.templates, (), folder) as first:
        numbers = erase(first.office, people)
        rows = {store: rows_of(first.office, store) for store in STORES}
        first.office.env.dispose()
        kept = {store: f"replay_{mark}_{store}" for store in STORES}
        for store, database in kept.items():
            pg.create_database(database, owner=store, template=first.databases[store])
        register = f"replay_{mark}_register"
        pg.create_database(register, owner="register_owner", template=first.register)
    yield Erased(pg, folder, numbers, people, register, kept, backups, rows)
    for database in (register, *kept.values()):
        pg.drop_database(database)


def erase(office: Office, people: Sequence[SubjectTruth]) -> tuple[str, ...]:
    """All of them in one go; their numbers."""
    requests = {office.register_subject(person, right="erasure"): person for person in people}
    office.identify(requests)
    with transaction(office.env.register) as register:
        for number, plan in planning.make(office.env, list(requests)).items():
            approvals.put_approval(register, office.env.keyring, number, plan.digest, OFFICER)
    for store in STORES:
        erasing.run(office.env, store, list(requests))
    return tuple(requests)


def buried(copy: Copy, store: str, before: Rows, after: Rows) -> tuple[int, int]:
    """Of how many people how many rows of a store are on record as erased or overwritten, and look otherwise after."""
    people, rows, alike = set[str](), set[tuple[str, ...]](), 0
    with transaction(copy.office.env.register) as register:
        for stone in tombstones.tombstones(register, copy.office.env.keyring, store):
            for entry in stone.body["tables"]:
                columns = STORES[store].keys[entry["table"]]
                table = entry["table"].replace('"', "")
                one, other = by_key(before[table], columns), by_key(after[table], columns)
                changed = [
                    key for key, _, _ in entry["rows"] if not columns or one[tuple(key)] != other.get(tuple(key))
                ]
                people |= {stone.number} if changed else set()
                # Two people can have a row together; rows without a key are told by nothing.
                rows |= {(entry["table"], *key) for key in changed if columns}
                alike += 0 if columns else len(changed)
    return len(people), len(rows) + alike


def by_key(rows: Counter[str], columns: Sequence[str]) -> dict[tuple[str, ...], str]:
    return {tuple(str(json.loads(row)[name]) for name in columns): row for row in rows}


def same(found: Rows, wanted: Rows) -> list[str]:
    """The tables that differ, and by how many rows."""
    return [
        f"{table}: {(found[table] - wanted[table]).total()} more, {(wanted[table] - found[table]).total()} less"
        for table in wanted
        if found[table] != wanted[table]
    ]


def replays(copy: Copy) -> list[Mapping[str, Any]]:
    """What the register has of replays, of all people together."""
    with transaction(copy.office.env.register) as register:
        assert chain.verify(register, copy.office.env.keyring).ok
    with psycopg.connect(copy.register_of_superuser) as connection:
        found = connection.execute(
            "SELECT detail FROM event WHERE name = %s AND number IS NULL ORDER BY id", [EventName.STORE_REPLAYED]
        )
        return [detail for (detail,) in found]


# A backup of before --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("store", STORES)
def test_a_restored_store_is_brought_back_to_what_it_was(erased: Erased, store: str) -> None:
    """Case 13: backups expire; what one brings back is erased again from the ledger."""
    with erased.restored(store) as copy:
        before = rows_of(copy.office, store)
        assert same(before, erased.rows[store]) != []
        people, rows = buried(copy, store, before, erased.rows[store])
        assert replaying.run(copy.office.env, store) == Replayed(store, people, rows, 0)
        assert same(rows_of(copy.office, store), erased.rows[store]) == []
        assert people > 10
        for number in erased.numbers:
            with transaction(copy.office.env.register) as register:
                names = [one.name for one in events.history(register, number)]
            assert names.count(EventName.STORE_REPLAYED) <= 1
        assert replaying.run(copy.office.env, store) == Replayed(store, 0, 0, 0)
        assert same(rows_of(copy.office, store), erased.rows[store]) == []
        assert replays(copy) == [
            {"store": store, "people": people, "rows": rows, "left": 0},
            {"store": store, "people": 0, "rows": 0, "left": 0},
        ]


def test_where_nothing_was_restored_nothing_is_found(erased: Erased) -> None:
    with erased.restored() as copy:
        for store in STORES:
            assert replaying.run(copy.office.env, store) == Replayed(store, 0, 0, 0)
            assert same(rows_of(copy.office, store), erased.rows[store]) == []
        with pytest.raises(UnknownStore, match="crm"):
            replaying.run(copy.office.env, "warehouse")


OLDER = {
    "crm": (
        "UPDATE contact SET phone = '1', extra = NULL, tags = '{}'",
        "UPDATE note SET body = 'earlier'",
        "UPDATE ticket SET status = 'open', closed_at = NULL",
        "UPDATE call SET transcript = 'earlier'",
        "UPDATE address SET house_number = '1'",
        "UPDATE audit.contact_history SET old_row = '{}'",
    ),
    "orders": (
        "UPDATE quote SET body = 'earlier'",
        "UPDATE customer SET phone = '1'",
    ),
    "accounts": (
        "UPDATE portal_account SET last_seen_at = created_at",
        "UPDATE login SET user_agent = 'earlier'",
        "UPDATE preference SET value = '1'",
    ),
    "marketing": (
        "UPDATE subscriber SET first_name = 'Earlier', tags = '{earlier}'",
        "UPDATE web_visit SET page = '/earlier'",
        "UPDATE survey_answer SET answer = 'earlier'",
    ),
}
"""What changed after the backup, so that the rows in it look otherwise than those that were erased."""


@pytest.mark.parametrize("store", STORES)
def test_rows_that_changed_after_the_backup_are_erased_too(erased: Erased, store: str) -> None:
    """Compared with the erased store in which the same changes are made."""
    with erased.restored(store) as copy, erased.restored() as other:
        for office in (copy.office, other.office):
            for statement in OLDER[store]:
                office.change(store, only_others(statement) if office is other.office else statement)
        before, wanted = rows_of(copy.office, store), rows_of(other.office, store)
        people, rows = buried(copy, store, before, wanted)
        assert replaying.run(copy.office.env, store) == Replayed(store, people, rows, 0)
        found = rows_of(copy.office, store)
        for each in (found, wanted):
            each.pop("audit.contact_history", None)  # of the changes that the test itself makes
        assert same(found, wanted) == []


def only_others(statement: str) -> str:
    """Not what was overwritten."""
    table = statement.split()[1]
    if table in ("subscriber", "portal_account"):
        return f"{statement} WHERE email NOT LIKE '%gewist.invalid'"
    return f"{statement} WHERE email IS NOT NULL" if table in ("customer", "contact") else statement


def test_invoices_that_are_kept_are_left_alone(erased: Erased) -> None:
    with erased.restored("orders") as copy:
        before = copy.office.query("orders", "SELECT xmin, ctid, * FROM invoice ORDER BY invoice_id")
        replaying.run(copy.office.env, "orders")
        after = copy.office.query("orders", "SELECT xmin, ctid, * FROM invoice ORDER BY invoice_id")
    kept = {person.id for person in erased.people if "orders.public.invoice" in person.owned}
    assert kept
    assert len(after) > 100
    theirs = {key for person in erased.people for key in _keys(person, "orders.public.invoice")}
    assert theirs & {(row[2],) for row in after}
    assert [row for row in after if row in before] == after


def _keys(person: SubjectTruth, table: str) -> Sequence[tuple[Any, ...]]:
    return person.owned[table].keys or () if table in person.owned else ()


# Others --------------------------------------------------------------------------------------------------------------


def contact_with_note(erased: Erased) -> tuple[SubjectTruth, int, int]:
    """Somebody who is gone from the CRM, with the keys of their contact and of a note about them."""
    left = {json.loads(row)["contact_id"] for row in erased.rows["crm"]["public.contact"]}
    for person in erased.people:
        contacts, notes = _keys(person, "crm.public.contact"), _keys(person, "crm.public.note")
        if contacts and notes and not person.traits and contacts[0][0] not in left:
            return person, contacts[0][0], notes[0][0]
    raise AssertionError


def add_contact(office: Office, contact: int, note: int, email: str, number: str) -> None:
    office.change(
        "crm",
        "INSERT INTO contact (contact_id, contact_number, first_name, email, created_at) "
        "VALUES (%s, %s, 'Nieuw', %s, now())",
        contact,
        number,
        email,
    )
    office.change(
        "crm",
        "INSERT INTO note (note_id, contact_id, body, author, written_at) VALUES (%s, %s, 'Nieuw.', 'x', now())",
        note,
        contact,
    )


def test_rows_of_somebody_else_with_the_keys_of_erased_ones_are_left_alone_and_counted(erased: Erased) -> None:
    """After a restore the store gives the same numbers out again."""
    _, contact, note = contact_with_note(erased)
    with erased.restored() as copy:
        add_contact(copy.office, contact, note, "iemand.anders@example.nl", "C-999999999")
        before = rows_of(copy.office, "crm")
        assert replaying.run(copy.office.env, "crm") == Replayed("crm", 0, 0, 2)
        assert same(rows_of(copy.office, "crm"), before) == []


def test_a_person_who_became_a_customer_again_is_left_alone(erased: Erased) -> None:
    person, _, _ = contact_with_note(erased)
    with erased.restored() as copy:
        add_contact(copy.office, 99999999, 99999999, person.identifiers["email"], "C-999999999")
        before = rows_of(copy.office, "crm")
        assert replaying.run(copy.office.env, "crm") == Replayed("crm", 0, 0, 0)
        assert same(rows_of(copy.office, "crm"), before) == []


def test_of_rows_without_a_key_only_those_are_erased_that_came_back(erased: Erased, stores: Any) -> None:
    """Of a partitioned table; a subscriber who stays for the proof of consent got a new row meanwhile."""
    with erased.restored() as copy:
        gone = [key[0] for person in erased.people for key in _keys(person, "marketing.public.subscriber")]
        stay = copy.office.query(
            "marketing", "SELECT subscriber_id FROM subscriber WHERE subscriber_id = ANY (%s)", gone
        )
        with psycopg.connect(stores.shared["marketing"]) as before:
            columns = "subscriber_id, campaign_id, kind, url, user_agent, at"
            came = before.execute(
                f"SELECT {columns} FROM event WHERE subscriber_id = ANY (%s)", [[one for (one,) in stay]]
            ).fetchall()
        assert len(came) > 10
        with psycopg.connect(copy.office.stores["marketing"]) as connection:
            put = f"INSERT INTO event ({columns}) VALUES (%s, %s, %s, %s, %s, %s)"
            connection.execute(put, [stay[0][0], None, "open", "/new", None, "2026-11-01"])
            connection.commit()
            wanted = rows_of(copy.office, "marketing")
            connection.cursor().executemany(put, came)
        done = replaying.run(copy.office.env, "marketing")
        assert (done.rows, done.left) == (len(came), 0)
        found = rows_of(copy.office, "marketing")
        assert same({"event": found["public.event"]}, {"event": wanted["public.event"]}) == []


# Killed, and a store that works against it ---------------------------------------------------------------------------


def test_killed_anywhere_and_run_again_the_store_ends_the_same(erased: Erased) -> None:
    with erased.restored("marketing") as copy:
        at, points = 0, list[str]()
        while (name := killed(copy.site, "marketing", None, at)) is not None:
            points.append(name)
            at += 7 if "store commit" not in points else 1
        assert same(rows_of(copy.office, "marketing"), erased.rows["marketing"]) == []


@pytest.mark.faults
@pytest.mark.parametrize("store", STORES)
def test_killed_at_every_step_and_run_again_the_store_ends_the_same(erased: Erased, store: str) -> None:
    with erased.restored(store) as copy:
        at = 0
        while killed(copy.site, store, None, at) is not None:
            at += 1
        assert at > 20
        assert same(rows_of(copy.office, store), erased.rows[store]) == []


def test_killed_right_after_the_commit_the_views_are_made_anew_as_well(erased: Erased) -> None:
    with erased.restored("marketing") as first:
        steps: list[str] = []
        watch(first.office.env, "marketing", steps.append)
        replaying.run(first.office.env, "marketing")
    for at in [nth for nth, step in enumerate(steps, 1) if step == "store committed"]:
        with erased.restored("marketing") as copy:
            assert killed(copy.site, "marketing", None, at) == "store committed"
            replaying.run(copy.office.env, "marketing")
            assert same(rows_of(copy.office, "marketing"), erased.rows["marketing"]) == []


def test_a_trigger_that_brings_rows_back_is_noticed_and_nothing_is_touched(erased: Erased) -> None:
    with erased.restored("crm") as copy:
        copy.office.change(
            "crm",
            "CREATE FUNCTION back() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "INSERT INTO note (contact_id, organisation_id, body, author, written_at) "
            "VALUES (OLD.contact_id, OLD.organisation_id, OLD.body, OLD.author, OLD.written_at); RETURN NULL; END $$;"
            "CREATE CONSTRAINT TRIGGER back AFTER DELETE ON note DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW WHEN (OLD.organisation_id IS NULL AND OLD.contact_id IS NULL OR true) "
            "EXECUTE FUNCTION back();"
            "ALTER TABLE note DROP CONSTRAINT note_contact_fk, DROP CONSTRAINT note_organisation_fk",
        )
        before = rows_of(copy.office, "crm")
        with pytest.raises(UnexpectedChange, match=r"public\.note"):
            replaying.run(copy.office.env, "crm")
        assert same(rows_of(copy.office, "crm"), before) == []
        assert replays(copy) == []


def test_rows_that_another_program_puts_back_at_once_are_told_of(erased: Erased) -> None:
    _, contact, note = contact_with_note(erased)
    with erased.restored("crm") as copy:
        (email,) = copy.office.query("crm", "SELECT email FROM contact WHERE contact_id = %s", contact)[0]

        def step(name: str) -> None:
            if name == "store committed" and not copy.office.query(
                "crm", "SELECT 1 FROM contact WHERE contact_id = %s", contact
            ):
                add_contact(copy.office, contact, note, email, "C-999999999")

        watch(copy.office.env, "crm", step)
        with pytest.raises(CameBack, match="2 rows"):
            replaying.run(copy.office.env, "crm")
        assert replays(copy) == []


# Many ----------------------------------------------------------------------------------------------------------------


@pytest.mark.faults
def test_many_tombstones_are_replayed_on_a_store_that_got_some_rows_back(
    erased: Erased, capsys: pytest.CaptureFixture[str]
) -> None:
    many, back = 200_000, 1_000
    with erased.restored() as copy:
        env = copy.office.env
        wanted = rows_of(copy.office, "marketing")
        for start in range(0, many, 1000):
            with transaction(env.register) as register:
                for nth in range(start, start + 1000):
                    key, visitor = f"00000000-0000-0000-0000-{nth:012}", f"visitor {nth}"
                    row = [[key], tombs.mark(env.keyring, "unknown"), {}]
                    body = {
                        "identifiers": sorted(hashes(env.keyring, {"visitor_id": visitor})),
                        "tables": [{"table": "public.web_visit", "columns": [], "rows": [row]}],
                    }
                    tombstones.put_tombstones(register, env.keyring, copy.numbers[0], "marketing", body)
        with psycopg.connect(copy.office.stores["marketing"]) as connection:
            connection.execute(
                sql.SQL(
                    "INSERT INTO web_visit (visit_id, visitor_id, at, page) "
                    "SELECT ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, 'visitor ' || n, now(), '/' "
                    "FROM generate_series(0, %s, %s) n"
                ),
                [many - 1, many // back],
            )
        began = time.monotonic()
        assert replaying.run(env, "marketing") == Replayed("marketing", 1, back, 0)
        with capsys.disabled():
            print(f"\n{many} tombstones, {back} rows back: {time.monotonic() - began:.1f} s")
        assert same(rows_of(copy.office, "marketing"), wanted) == []
