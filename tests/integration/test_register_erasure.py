"""What an erasure leaves on the register: approvals, intents, receipts of store work, tombstones, notices, hashes."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg import sql
from real_postgres import Register
from register_world import CANARY, a_message, a_request

from avgflow.register import (
    approvals,
    chain,
    holds,
    intents,
    notices,
    outbox,
    plans,
    receipts,
    requests,
    subjects,
    suppressions,
    tombstones,
)
from avgflow.register.database import RegisterRefused, transaction
from avgflow.register.detail import DetailRefused
from avgflow.register.events import history
from avgflow.register.locks import UnknownRequest
from avgflow.register.migrations.versions import r0008_breach
from avgflow.register.migrations.versions.r0003_erasure import GRANTS
from avgflow.register.receipts import Step
from avgflow.register.requests import Outcome, RequestClosed, Status

A, B = "a" * 64, "b" * 64
TRANSACTION, SYSTEM = "18446744073709551615", "7412345678901234567"


@pytest.fixture
def number(register: Register) -> str:
    """An erasure request with a plan."""
    with transaction(register.engine) as conn:
        made = a_request(conn, register.keyring, right="erasure").number
        plans.put_plan(conn, register.keyring, made, A, b"plan a")
    return made


def events_of(register: Register, number: str) -> list[str]:
    """What happened after the plan was made; the chain must be whole."""
    with transaction(register.engine) as conn:
        assert chain.verify(conn, register.keyring).ok
        return [str(event.name) for event in history(conn, number)][3:]


def test_an_approval_stands_whoever_gives_it_again(register: Register, number: str) -> None:
    def approve(actor: str) -> approvals.Approval:
        with transaction(register.engine) as conn:
            return approvals.put_approval(conn, register.keyring, number, A, actor)

    with transaction(register.engine) as conn:
        assert approvals.approval(conn, number) is None
    first = approve("officer")
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(approve, ["officer", "approver"] * 4)) == {first}
    assert (first.digest, first.actor) == (A, "officer")
    assert events_of(register, number) == ["plan.approved"]


def test_each_new_plan_needs_an_approval_of_its_own(register: Register, number: str) -> None:
    keyring = register.keyring
    with transaction(register.engine) as conn:
        plans.put_plan(conn, keyring, number, B, b"plan b")
        for digest in (A, B, A):
            approvals.put_approval(conn, keyring, number, digest, "officer")
            standing = approvals.approval(conn, number)
            assert standing is not None
            assert standing.digest == digest


def test_only_a_plan_of_the_request_can_be_approved(register: Register, number: str) -> None:
    keyring = register.keyring
    with transaction(register.engine) as conn:
        other = a_request(conn, keyring, right="erasure").number
    for wrong, digest in ((number, B), (other, A)):
        with pytest.raises(plans.PlanMissing, match=wrong), transaction(register.engine) as conn:
            approvals.put_approval(conn, keyring, wrong, digest, "officer")


def test_a_refused_plan_stops_the_request_and_voids_its_approval(register: Register, number: str) -> None:
    keyring = register.keyring
    with transaction(register.engine) as conn:
        requests.set_status(conn, keyring, number, Status.RUNNING)
        approvals.put_approval(conn, keyring, number, A, "officer")
    for _ in range(2):
        with transaction(register.engine) as conn:
            approvals.put_refusal(conn, keyring, number, A, "approver@milgro.nl")
    with transaction(register.engine) as conn:
        assert approvals.approval(conn, number) is None
        stopped = requests.get(conn, number)
    assert (stopped.status, stopped.outcome) == (Status.STOPPED, None)
    assert stopped.reason == approvals.REFUSED
    assert events_of(register, number) == ["request.started", "plan.approved", "plan.refused", "request.stopped"]
    with transaction(register.engine) as conn:
        approvals.put_approval(conn, keyring, number, A, "officer")
        assert approvals.approval(conn, number) is not None


def test_a_closed_request_takes_no_decision_any_more(register: Register, number: str) -> None:
    keyring = register.keyring
    with transaction(register.engine) as conn:
        requests.set_status(conn, keyring, number, Status.CLOSED, outcome=Outcome.WITHDRAWN)
    for decide in (approvals.put_approval, approvals.put_refusal):
        with pytest.raises(RequestClosed, match=number), transaction(register.engine) as conn:
            decide(conn, keyring, number, A, "officer")


def test_the_newest_intent_tells_which_transaction_to_ask_after(register: Register, number: str) -> None:
    keyring = register.keyring

    def put(transaction_id: str, store: str = "crm") -> None:
        with transaction(register.engine) as conn:
            counts = {"public.contact": 1, "audit.contact_history": 2}
            ids = (transaction_id, SYSTEM)
            intents.put_intent(conn, keyring, number, Step.ERASE, store, A, *ids, counts, B, {"at": transaction_id})

    for transaction_id in ("7", "8", "8", TRANSACTION):
        put(transaction_id)
    put("9", "orders")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, [TRANSACTION] * 8))
    with transaction(register.engine) as conn:
        newest = intents.newest(conn, keyring, number, Step.ERASE, "crm")
        assert newest is not None
        assert (newest.transaction, newest.system, newest.plan_digest) == (TRANSACTION, SYSTEM, A)
        assert (newest.counts, newest.digest) == ({"public.contact": 1, "audit.contact_history": 2}, B)
        assert newest.body == {"at": TRANSACTION}
        assert repr(newest.body) not in repr(newest)
        assert intents.newest(conn, keyring, number, Step.ERASE, "marketing") is None
        assert intents.newest(conn, keyring, number, Step.COLLECT, "crm") is None
    with psycopg.connect(register.app_dsn) as conn:
        assert conn.execute("SELECT count(*) FROM intent").fetchone() == (4,)
    assert events_of(register, number) == []


@pytest.mark.parametrize("wrong", [CANARY["email"], CANARY["phone"], "", "1" * 21, "x1"])
def test_an_intent_takes_the_id_of_a_transaction_only(register: Register, number: str, wrong: str) -> None:
    for ids in ((wrong, SYSTEM), ("1", wrong if wrong not in ("1" * 21, "x1") else CANARY["name"])):
        with pytest.raises(DetailRefused), transaction(register.engine) as conn:
            intents.put_intent(conn, register.keyring, number, Step.ERASE, "crm", A, *ids, {}, B, {})


def test_an_intent_needs_its_plan_on_the_register(register: Register, number: str) -> None:
    with pytest.raises(RegisterRefused, match="23503"), transaction(register.engine) as conn:
        intents.put_intent(conn, register.keyring, number, Step.ERASE, "crm", B, "1", SYSTEM, {}, B, {})


def test_a_receipt_of_an_erasure_says_what_was_done_to_the_rows(register: Register, number: str) -> None:
    work = {"public.contact": {"delete": 2, "keep": 1}, 'public."order"': {"anonymise": 3, "delete": 1}}
    counts = {"public.contact": 2, 'public."order"': 4}
    with transaction(register.engine) as conn:
        written = receipts.put_receipt(conn, register.keyring, number, Step.ERASE, "orders", counts, A, work=work)
        again = receipts.put_receipt(conn, register.keyring, number, Step.ERASE, "orders", {}, B, work={})
        assert (written.work, again) == (work, written)
        assert receipts.receipts(conn, number) == [written]
        [event] = [event for event in history(conn, number) if event.name == "store.erased"]
    assert event.detail == {
        "store": "orders", "tables": 2, "rows": 6, "digest": A, "delete": 3, "keep": 1, "anonymise": 3
    }  # fmt: skip


def test_the_work_of_a_receipt_takes_tables_actions_and_counts_only(register: Register, number: str) -> None:
    for work in ({CANARY["email"]: {"delete": 1}}, {"t": {CANARY["email"]: 1}}, {"t": {"delete": -1}}):
        with pytest.raises(DetailRefused), transaction(register.engine) as conn:
            receipts.put_receipt(conn, register.keyring, number, Step.ERASE, "crm", {}, A, work=work)


def test_tombstones_only_grow_and_the_same_one_stands_once(register: Register, number: str) -> None:
    keyring = register.keyring
    first, second = {"contact": [["730154"]], "é": None}, {"contact": [["730155"]]}

    def put(body: dict[str, object]) -> None:
        with transaction(register.engine) as conn:
            tombstones.put_tombstones(conn, keyring, number, "crm", body)

    put(first)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, [dict(reversed(first.items())), second] * 4))
    put_elsewhere = {"order": [["9", "1"]]}
    with transaction(register.engine) as conn:
        tombstones.put_tombstones(conn, keyring, number, "orders", put_elsewhere)
    with transaction(register.engine) as conn:
        found = list(tombstones.tombstones(conn, keyring, "crm"))
        assert [(each.number, each.body) for each in found] == [(number, first), (number, second)]
        assert [each.body for each in tombstones.tombstones(conn, keyring, "orders")] == [put_elsewhere]
        assert list(tombstones.tombstones(conn, keyring, "marketing")) == []
        kept = {
            store: len(list(tombstones.tombstones(conn, keyring, store))) for store in ("crm", "orders", "marketing")
        }
        assert kept == {"crm": 2, "orders": 1, "marketing": 0}
    assert "730154" not in repr(found)


def test_a_recipient_is_told_once_and_confirms_once(register: Register, number: str) -> None:
    keyring = register.keyring
    with transaction(register.engine) as conn:
        mail = outbox.enqueue(conn, keyring, number, "notice:bailiff", "x@bailiff.example", a_message())
        told = notices.put_notice(conn, keyring, number, "bailiff", notices.Told.ERASED, mail, "avgflow")
        assert notices.put_notice(conn, keyring, number, "bailiff", notices.Told.ERASED, None, "officer") == told
        notices.put_notice(conn, keyring, number, "lawyer", notices.Told.ERASED, None, "officer")
        assert [(each.recipient, each.message_id) for each in notices.notices(conn, number)] == [
            ("bailiff", mail),
            ("lawyer", None),
        ]
        with pytest.raises(notices.UnknownNotice, match=number):
            notices.confirm(conn, keyring, number, "police", "officer")
    with ThreadPoolExecutor(4) as pool:

        def confirm(actor: str) -> notices.Notice:
            with transaction(register.engine) as conn:
                return notices.confirm(conn, keyring, number, "bailiff", actor)

        [confirmed] = set(pool.map(confirm, ["officer", "approver"] * 4))
    with transaction(register.engine) as conn:
        assert confirmed in notices.notices(conn, number)
        assert [each.recipient for each in notices.unconfirmed(conn)] == ["lawyer"]
    assert events_of(register, number) == [
        "mail.queued",
        "recipient.told",
        "recipient.to_tell",
        "recipient.confirmed",
    ]


def test_requests_of_the_same_person_are_found_by_whatever_was_found_of_them(register: Register) -> None:
    keyring = register.keyring

    def asked(**changes: object) -> str:
        return a_request(conn, keyring, customer_number=None, **changes).number

    with transaction(register.engine) as conn:
        first = asked(email="jan@bedrijf.nl")
        by_number = asked(email="other@bedrijf.nl", right="erasure")
        stranger = asked(email="piet@bedrijf.nl")
        assert list(subjects.open_of_same(conn, first)) == []
        for _ in range(2):
            subjects.note(conn, keyring, first, {"email": {"JAN@bedrijf.nl"}, "customer_number": ["K-1", " "]})
        subjects.note(conn, keyring, by_number, {"email": ["other@bedrijf.nl"], "customer_number": "k-1 "})
        subjects.note(conn, keyring, stranger, {"email": "piet@bedrijf.nl", "customer_number": [""]})
        assert [each.number for each in subjects.open_of_same(conn, by_number)] == [first]
        assert [each.number for each in subjects.open_of_same(conn, first)] == [by_number]
        assert list(subjects.open_of_same(conn, stranger)) == []


def test_a_request_that_is_only_just_registered_counts_by_what_was_given(register: Register, number: str) -> None:
    with transaction(register.engine) as conn:
        second = a_request(conn, register.keyring, email=CANARY["email"].upper(), customer_number=None).number
        third = a_request(conn, register.keyring).number
        assert [each.number for each in subjects.open_of_same(conn, second)] == [number, third]


@pytest.mark.parametrize("status", list(Status))
def test_of_the_same_person_only_verified_open_requests_are_in_the_way(register: Register, status: Status) -> None:
    keyring = register.keyring
    extra = {Status.WAITING: {"waiting_for": "approval"}, Status.CLOSED: {"outcome": Outcome.FULFILLED}}
    with transaction(register.engine) as conn:
        this, verified, unverified = (
            a_request(conn, keyring, verified_by=method).number for method in ("in-person", "in-person", None)
        )
        for each in (verified, unverified):
            subjects.note(conn, keyring, each, {"email": CANARY["email"]})
            if status is not Status.REGISTERED:
                requests.set_status(conn, keyring, each, status, **extra.get(status, {}))  # type: ignore[arg-type]
        found = [each.number for each in subjects.open_of_same(conn, this)]
    assert found == ([verified] if status in subjects.OPEN else [])


def test_nothing_is_kept_for_a_request_that_is_not_there(register: Register) -> None:
    keyring, nobody = register.keyring, "AVG-2026-00009"
    writes = (
        lambda conn: approvals.put_approval(conn, keyring, nobody, A, "officer"),
        lambda conn: intents.put_intent(conn, keyring, nobody, Step.ERASE, "crm", A, "1", SYSTEM, {}, A, {}),
        lambda conn: tombstones.put_tombstones(conn, keyring, nobody, "crm", {}),
        lambda conn: notices.put_notice(conn, keyring, nobody, "bailiff", notices.Told.ERASED, None, "officer"),
        lambda conn: notices.confirm(conn, keyring, nobody, "bailiff", "officer"),
        lambda conn: subjects.note(conn, keyring, nobody, {"email": "a@b.nl"}),
        lambda conn: suppressions.suppress(conn, keyring, "email", "a@b.nl", "erasure", nobody, "officer"),
    )
    for write in writes:
        with pytest.raises(UnknownRequest, match=nobody), transaction(register.engine) as conn:
            write(conn)


@pytest.fixture
def worked(register: Register, number: str) -> str:
    """A request with everything an erasure can leave on the register, about the canary person."""
    keyring = register.keyring
    person = {"email": CANARY["email"], "customer_number": CANARY["customer_number"]}
    with transaction(register.engine) as conn:
        approvals.put_approval(conn, keyring, number, A, "officer")
        rows = {"contact": [[value] for value in CANARY.values()]}
        intents.put_intent(conn, keyring, number, Step.ERASE, "crm", A, "1", SYSTEM, {"public.contact": 1}, A, rows)
        receipts.put_receipt(conn, keyring, number, Step.ERASE, "crm", {"t": 1}, A, work={"t": {"delete": 1}})
        tombstones.put_tombstones(conn, keyring, number, "crm", rows)
        suppressions.suppress(conn, keyring, "email", CANARY["email"], "erasure", number, "avgflow")
        holds.release(conn, keyring, holds.place(conn, keyring, person, "R2", None, "claim", "officer").id, "officer")
        holds.place(conn, keyring, person, None, None, "claim", "officer")
        mail = outbox.enqueue(conn, keyring, number, "notice:bailiff", CANARY["email"], a_message())
        notices.put_notice(conn, keyring, number, "bailiff", notices.Told.ERASED, mail, "avgflow")
        subjects.note(conn, keyring, number, person)
    return number


def written(dsn: str) -> Iterator[tuple[str, str]]:
    """Every row of the register as PostgreSQL prints it, bytes as text, with the name of its table."""
    with psycopg.connect(dsn) as conn:
        conn.execute("SET bytea_output = 'escape'")
        tables = conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            for (row,) in conn.execute(sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(table))):
                yield table, row


def test_nothing_of_the_person_is_readable_in_any_case_or_encoding(register: Register, worked: str) -> None:
    seen = set()
    for table, row in written(register.superuser_dsn):
        seen.add(table)
        for value in CANARY.values():
            plain = value.encode()
            for form in (value, base64.b64encode(plain).decode().rstrip("="), plain.hex(), value[::-1], value[:9]):
                assert form.lower() not in row.lower(), (table, form)
    assert set(GRANTS) <= seen


def test_what_was_written_can_be_changed_or_deleted_by_nobody_who_works_with_it(
    register: Register, worked: str
) -> None:
    with psycopg.connect(register.app_dsn, autocommit=True) as conn:
        for table, privileges in GRANTS.items():
            may = "".join((*privileges, *r0008_breach.GRANTS.get(table, ())))
            columns = conn.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_identity = 'NO'",
                (table,),
            ).fetchall()
            statements = [
                sql.SQL("UPDATE {} SET {column} = {column}").format(
                    sql.Identifier(table), column=sql.Identifier(column)
                )
                for (column,) in columns
                if column not in may
            ]
            assert statements, table
            for verb in ("DELETE FROM", "TRUNCATE"):
                statements.append(sql.SQL(f"{verb} {{}}").format(sql.Identifier(table)))
            for statement in statements:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    conn.execute(statement)
