"""The event chain: it only grows, stays one chain under many writers, and shows any hand that was in it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from real_postgres import Register
from register_world import CANARY, a_request

from avgflow.crypto import Keyring
from avgflow.register import chain, events, requests
from avgflow.register.chain import ChainReport
from avgflow.register.database import transaction
from avgflow.register.detail import DetailRefused
from avgflow.register.names import EventName

Tamper = Callable[[str], None]


@pytest.fixture
def chained(register: Register) -> Register:
    """A register with six events: its making, and five of a request."""
    with transaction(register.engine) as conn:
        number = a_request(conn, register.keyring).number
        for found in range(3):
            detail = {"store": "crm", "rows": found, "tables": ["public.contact", 'public."order"'], "empty": False}
            events.append(conn, register.keyring, EventName.REQUEST_IDENTIFIED, number, "avgflow", detail)
    assert verified(register).events == 6
    return register


@pytest.fixture
def tamper(chained: Register) -> Tamper:
    """Changes the chain as whoever owns the database server can: as superuser, without triggers."""

    def change(statement: str) -> None:
        with psycopg.connect(chained.superuser_dsn) as conn:
            conn.execute("ALTER TABLE event DISABLE TRIGGER ALL")
            conn.execute("ALTER TABLE chain_head DISABLE TRIGGER ALL")
            assert conn.execute(statement.encode()).rowcount > 0

    return change


def verified(register: Register, noted: chain.Head | None = None) -> ChainReport:
    with transaction(register.engine) as conn:
        return chain.verify(conn, register.keyring, noted)


def test_a_chain_that_nobody_touched_is_whole(chained: Register) -> None:
    report = verified(chained)
    assert report.ok
    assert (report.first_broken, report.reason) == (None, None)
    assert report.head.id == report.events == 6


def test_a_new_register_has_one_event_so_that_an_empty_one_is_never_whole(register: Register) -> None:
    report = verified(register)
    assert (report.ok, report.events) == (True, 1)
    with psycopg.connect(register.superuser_dsn) as conn:
        conn.execute("ALTER TABLE event DISABLE TRIGGER ALL")
        conn.execute("DELETE FROM event")
        conn.execute("UPDATE chain_head SET last_id = 0, signature = ''")
    assert not verified(register).ok


@pytest.mark.parametrize("role", ["app", "owner"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET actor = 'x'",
        "UPDATE event SET actor = 'x' WHERE false",
        "DELETE FROM event",
        "DELETE FROM event WHERE false",
        "TRUNCATE event",
        "INSERT INTO event SELECT * FROM event ON CONFLICT (id) DO UPDATE SET actor = 'x'",
        "MERGE INTO event USING event AS other ON event.id = other.id WHEN MATCHED THEN DELETE",
        "DELETE FROM chain_head",
        "TRUNCATE chain_head",
    ],
)
def test_neither_the_application_nor_the_owner_can_change_or_remove_events(
    chained: Register, role: str, statement: str
) -> None:
    dsn = {"app": chained.app_dsn, "owner": chained.owner_dsn}[role]
    with psycopg.connect(dsn) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege) as refusal:
        conn.execute(statement.encode())
    # The application is stopped by what it was granted, before any trigger; the owner by the trigger.
    assert ("only grows" in str(refusal.value)) == (role == "owner")
    assert verified(chained).ok


def test_the_trigger_alone_stops_the_application_when_someone_grants_it_too_much(chained: Register) -> None:
    with psycopg.connect(chained.owner_dsn) as conn:
        conn.execute("GRANT ALL ON event, chain_head TO register_app")
    for statement in ("UPDATE event SET actor = 'x'", "DELETE FROM event", "TRUNCATE event", "DELETE FROM chain_head"):
        with psycopg.connect(chained.app_dsn) as conn, pytest.raises(psycopg.Error, match="only grows"):
            conn.execute(statement.encode())


CHANGES = {
    "at": ["at + interval '1 microsecond'", "'infinity'", "'-infinity'", "'4713-01-01 BC'"],
    "name": ["'request.closed'", "name || ' '"],
    "number": ["'AVG-2026-99999'", "CASE WHEN number IS NULL THEN '' END"],
    "actor": ["'someone'", "upper(actor)"],
    "detail": ["'{}'", "detail || '{\"more\": 1}'", "'null'", "'{\"rows\": 1.0}'"],
    "prev_hash": ["repeat('1', 64)", "''"],
    "hash": ["repeat('1', 64)", "''"],
}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in CHANGES.items() for value in values])
def test_a_change_by_hand_in_any_field_of_any_event_is_found_and_named(
    chained: Register, tamper: Tamper, field: str, value: str
) -> None:
    for which in range(6, 0, -1):
        tamper(f"UPDATE event SET {field} = {value} WHERE id = {which}")
        report = verified(chained)
        assert (report.ok, report.first_broken) == (False, which)
        assert f"event {which} was changed by hand" in (report.reason or "")
        assert f"gebeurtenis {which} is met de hand gewijzigd" in (report.reason_nl or "")


def test_every_column_of_an_event_is_covered(chained: Register) -> None:
    with psycopg.connect(chained.superuser_dsn) as conn:
        columns = conn.execute("SELECT column_name FROM information_schema.columns WHERE table_name = 'event'")
        assert {name for (name,) in columns} == {*CHANGES, "id"}


@pytest.mark.parametrize("removed", [1, 3, 5, 6])
def test_a_removed_event_is_named_wherever_it_stood(chained: Register, tamper: Tamper, removed: int) -> None:
    tamper(f"DELETE FROM event WHERE id = {removed}")
    report = verified(chained)
    assert (report.first_broken, report.kind) == (removed, "removed")


def test_events_taken_off_the_end_are_missed_also_when_the_end_is_moved_back(chained: Register, tamper: Tamper) -> None:
    tamper("DELETE FROM event WHERE id > 4")
    assert verified(chained).first_broken == 5
    tamper("UPDATE chain_head SET last_id = 4, hash = (SELECT hash FROM event WHERE id = 4)")
    report = verified(chained)
    assert (report.ok, report.kind) == (False, "head")


@pytest.mark.parametrize("which", range(1, 7))
def test_an_event_under_another_id_is_found(chained: Register, tamper: Tamper, which: int) -> None:
    tamper(f"UPDATE event SET id = 99 WHERE id = {which}")
    assert verified(chained).first_broken in (which, 99)
    tamper("UPDATE event SET id = -99 WHERE id = 99")
    assert verified(chained).first_broken == -99


def test_two_events_in_each_others_place_are_found(chained: Register, tamper: Tamper) -> None:
    tamper("UPDATE event SET id = 99 WHERE id = 4")
    tamper("UPDATE event SET id = 4 WHERE id = 5")
    tamper("UPDATE event SET id = 5 WHERE id = 99")
    assert verified(chained).first_broken == 4


def test_an_event_added_by_hand_is_found(chained: Register, tamper: Tamper) -> None:
    tamper(
        "INSERT INTO event SELECT 7, now(), 'request.closed', number, actor, detail, hash, repeat('a', 64) "
        "FROM event WHERE id = 6"
    )
    report = verified(chained)
    assert (report.first_broken, report.kind) == (7, "added")


@pytest.mark.parametrize("change", ["last_id = last_id + 1", "hash = repeat('1', 64)", "signature = repeat('1', 64)"])
def test_a_changed_end_is_found_and_nothing_is_built_on_it(chained: Register, tamper: Tamper, change: str) -> None:
    tamper(f"UPDATE chain_head SET {change}")
    report = verified(chained)
    assert (report.ok, report.kind, report.first_broken) == (False, "head", None)
    with pytest.raises(chain.ChainBroken, match="Nothing was written"), transaction(chained.engine) as conn:
        events.append(conn, chained.keyring, EventName.REQUEST_STARTED, None)


def test_a_chain_without_its_end_is_not_whole(chained: Register, tamper: Tamper) -> None:
    tamper("DELETE FROM chain_head")
    assert not verified(chained).ok


def test_another_hash_key_is_said_to_be_that(chained: Register) -> None:
    other = Keyring([chained.register_key], "quite another secret of some length")
    with transaction(chained.engine) as conn:
        report = chain.verify(conn, other)
    assert (report.ok, report.kind) == (False, "key")
    assert "AVGFLOW_HASH_KEY" in (report.reason or "")


def test_a_register_put_back_to_an_earlier_state_is_found_by_the_end_that_was_noted(
    chained: Register, tamper: Tamper
) -> None:
    with psycopg.connect(chained.superuser_dsn) as conn:
        [(last_id, last_hash, signature)] = conn.execute("SELECT last_id, hash, signature FROM chain_head").fetchall()
    with transaction(chained.engine) as conn:
        events.append(conn, chained.keyring, EventName.DOSSIER_EXPORTED, None, "auditor")
    noted = verified(chained).head
    tamper("DELETE FROM event WHERE id = 7")
    tamper(f"UPDATE chain_head SET last_id = {last_id}, hash = '{last_hash}', signature = '{signature}'")
    assert verified(chained).ok
    assert verified(chained, noted).first_broken == 7
    with transaction(chained.engine) as conn:
        events.append(conn, chained.keyring, EventName.DOSSIER_EXPORTED, None, "another")
    report = verified(chained, noted)
    assert (report.kind, report.first_broken) == ("noted", 7)


def test_many_writers_at_once_make_one_chain(register: Register) -> None:
    with transaction(register.engine) as conn:
        numbers = [a_request(conn, register.keyring).number for _ in range(4)]

    def write(which: int) -> None:
        for turn in range(10):
            with transaction(register.engine) as conn:
                number = numbers[(which + turn) % len(numbers)]
                events.append(conn, register.keyring, EventName.STORE_COLLECTED, number, "avgflow", {"rows": turn})

    before = verified(register).events
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    report = verified(register)
    assert (report.ok, report.events) == (True, before + 80)
    with psycopg.connect(register.app_dsn) as conn:
        backwards = (
            "SELECT count(*) FROM event JOIN event AS after ON after.id = event.id + 1 WHERE after.at < event.at"
        )
        assert conn.execute(backwards).fetchone() == (0,)


def test_writers_of_one_request_in_any_order_do_not_deadlock(register: Register) -> None:
    keyring = register.keyring
    with transaction(register.engine) as conn:
        number = a_request(conn, keyring).number

    def work(which: int) -> None:
        for turn in range(5):
            with transaction(register.engine) as conn:
                if which % 2:
                    events.append(conn, keyring, EventName.REQUEST_IDENTIFIED, number)
                status = requests.Status.RUNNING if (which + turn) % 3 else requests.Status.STOPPED
                requests.set_status(conn, keyring, number, status)
                events.append(conn, keyring, EventName.REQUEST_IDENTIFIED, number)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert verified(register).ok


def test_verifying_while_others_write_sees_a_whole_chain(register: Register) -> None:
    def write() -> None:
        for _ in range(60):
            with transaction(register.engine) as conn:
                events.append(conn, register.keyring, EventName.DOSSIER_EXPORTED, None, "auditor")

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        reports = [verified(register)]
        while not writing.done():
            reports.append(verified(register))
        writing.result()
    assert all(report.ok for report in reports)


def test_a_transaction_that_fails_leaves_no_event(register: Register) -> None:
    before = verified(register).head

    def fail() -> None:
        with transaction(register.engine) as conn:
            events.append(conn, register.keyring, EventName.DOSSIER_EXPORTED, None, "auditor")
            raise InterruptedError

    with pytest.raises(InterruptedError):
        fail()
    assert verified(register).head == before


def test_an_event_with_personal_data_is_refused_before_anything_is_written(register: Register) -> None:
    for detail in ({"who": CANARY["email"]}, {"who": [CANARY["name"]]}, {CANARY["email"]: 1}, {"who": {"a": 1}}):
        with pytest.raises(DetailRefused) as refusal, transaction(register.engine) as conn:
            events.append(conn, register.keyring, EventName.REQUEST_IDENTIFIED, None, "avgflow", detail)
        assert not any(canary in str(refusal.value) for canary in CANARY.values())
    assert verified(register).events == 1


def test_history_gives_a_requests_events_in_order(chained: Register) -> None:
    with transaction(chained.engine) as conn:
        [request] = requests.find(conn)
        history = events.history(conn, request.number)
    assert [event.id for event in history] == [2, 3, 4, 5, 6]
    assert history[0].name is EventName.REQUEST_REGISTERED
    assert history[-1].detail["tables"] == ["public.contact", 'public."order"']
    assert history[0].actor == "officer"


def test_a_name_of_a_newer_version_is_shown_as_it_stands(chained: Register, tamper: Tamper) -> None:
    tamper("UPDATE event SET name = 'recipient.told' WHERE id = 6")
    with transaction(chained.engine) as conn:
        [request] = requests.find(conn)
        assert events.history(conn, request.number)[-1].name == "recipient.told"
