"""A register with a past: requests that were closed on any day, and everything that can rest on one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import psycopg
from past_events import events_at
from psycopg import sql
from real_postgres import Register
from register_world import CANARY, a_message, a_request

from avgflow.register import outbox, requests
from avgflow.register.database import transaction
from avgflow.register.requests import Outcome, Status

DIGEST = "a" * 64
PERIODS = {"P1Y": (1, 0), "P5Y": (5, 0), "P6M": (0, 6)}


def closed(register: Register, moment: datetime, outcome: Outcome = Outcome.FULFILLED, **changes: Any) -> str:
    """A request that was closed at a moment; its number."""
    with events_at(moment), transaction(register.engine) as conn:
        together = changes.pop("together", None)
        number = a_request(conn, register.keyring, **changes).number
        requests.set_status(conn, register.keyring, number, Status.CLOSED, outcome=outcome)
    if together:
        by_hand(register, "UPDATE request SET together = %s WHERE number = %s", together, number)
    return number


def answered(register: Register, number: str, moment: datetime, kind: str = "answer") -> str:
    """A mail of a request that the mail server took at a moment; its Message-ID."""
    with transaction(register.engine) as conn:
        message_id = outbox.enqueue(conn, register.keyring, number, kind, "kanarie@example.nl", a_message())
    outbox.deliver(register.engine, register.keyring, message_id, lambda mail, to: None)
    by_hand(register, "UPDATE mail SET accepted_at = %s WHERE message_id = %s", moment, message_id)
    return message_id


def by_hand(register: Register, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """A statement as the superuser, past every grant; triggers stand."""
    with psycopg.connect(register.superuser_dsn) as conn:
        cursor = conn.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


def count(register: Register, table: str, number: str | None = None) -> int:
    with psycopg.connect(register.superuser_dsn) as conn:
        counted = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
        if number is not None:
            counted += sql.SQL(" WHERE number = {}").format(sql.Literal(number))
        return int(conn.execute(counted).fetchone()[0])  # type: ignore[index]


def hanging(register: Register) -> set[str]:
    """Every table from which foreign keys lead to a request, as the database itself tells."""
    query = """
        WITH RECURSIVE leads AS (
            SELECT conrelid FROM pg_constraint WHERE contype = 'f' AND confrelid = 'request'::regclass
            UNION
            SELECT c.conrelid FROM pg_constraint c JOIN leads ON c.confrelid = leads.conrelid WHERE c.contype = 'f'
        )
        SELECT conrelid::regclass::text FROM leads
    """
    return {name for (name,) in by_hand(register, query)}


def fill(register: Register, number: str, moment: datetime) -> None:
    """A row in every table that hangs on a request, nothing of which keeps its case file."""
    at, sealed = moment, register.keyring.seal(CANARY["name"].encode())
    answered(register, number, at, "recipient:suppliers")
    for statement, values in (
        ("INSERT INTO plan (number, digest, sealed) VALUES (%s, %s, %s)", (number, DIGEST, sealed)),
        ("INSERT INTO approval (number, digest, approved, actor) VALUES (%s, %s, true, 'o')", (number, DIGEST)),
        (
            'INSERT INTO intent (number, step, store, plan_digest, "transaction", system, counts, digest, sealed) '
            "VALUES (%s, 'erase', 'crm', %s, '1', '1', '{}', 'd', %s)",
            (number, DIGEST, sealed),
        ),
        ("INSERT INTO receipt (number, step, store, counts, digest) VALUES (%s, 'erase', 'crm', '{}', 'd')", (number,)),
        ("INSERT INTO passphrase (number, sealed) VALUES (%s, %s)", (number, sealed)),
        (
            "INSERT INTO identity (number, candidates_sealed, choice_sealed) VALUES (%s, %s, %s)",
            (number, sealed, sealed),
        ),
        (
            "INSERT INTO submission (number, account, key_hash, body_hash) VALUES (%s, 'portal', %s, %s)",
            (number, f"key of {number}", DIGEST),
        ),
        ("INSERT INTO subject_hash (number, hash) VALUES (%s, %s)", (number, "f" * 64)),
        (
            "INSERT INTO tombstone (number, store, digest, sealed, erased_at) VALUES (%s, 'crm', 'd', %s, %s)",
            (number, sealed, at),
        ),
        (
            "INSERT INTO suppression (channel, hash, reason, number, added_by) "
            "VALUES ('email', %s, 'objection', %s, 'avgflow')",
            (DIGEST, number),
        ),
        (
            "INSERT INTO notice (number, recipient, told, message_id, told_by, classes) SELECT number, 'suppliers', "
            "'erased', message_id, 'avgflow', '[]' FROM mail WHERE number = %s AND kind = 'recipient:suppliers'",
            (number,),
        ),
        (
            "INSERT INTO weighing (number, record_class, upheld, actor) VALUES (%s, 'R1', true, 'o')",
            (number,),
        ),
        (
            "INSERT INTO breach (number, what, aware_at, due_at, digest, sealed, opened_by, closed_at, closed_by) "
            "VALUES (%s, 'package', %s, %s, 'd', %s, 'o', %s, 'o')",
            (number, at, at, sealed, at),
        ),
        (
            "INSERT INTO breach_fact (breach_id, field, sealed, actor) SELECT id, 'risk', sealed, 'o' FROM breach "
            "WHERE number = %s",
            (number,),
        ),
        (
            "INSERT INTO annotation (number, store, table_name, rows, sealed) VALUES (%s, 'crm', 'contact', 1, %s)",
            (number, sealed),
        ),
        (
            "INSERT INTO document (number, place, size, digest, name_sealed, sealed, added_by) "
            "VALUES (%s, 1, 1, 'd', %s, %s, 'o')",
            (number, sealed, sealed),
        ),
        (
            "INSERT INTO restriction (number, record_class, ground, begun_by, lift_reason, lift_by, told_at, "
            "lifted_at) VALUES (%s, '*', 'accuracy', 'o', 'agreed', 'o', %s, %s)",
            (number, at, at),
        ),
        ("INSERT INTO restriction_hash (number, kind, hash) VALUES (%s, 'email', %s)", (number, DIGEST)),
        (
            "INSERT INTO code (number, nth, hash, until, made_by) VALUES (%s, 1, 'h', %s, 'o')",
            (number, at.date()),
        ),
        (
            "INSERT INTO decline (number, reason, note_sealed, actor) VALUES (%s, 'excessive', %s, 'o')",
            (number, sealed),
        ),
        (
            "INSERT INTO declined (number, decline_id, actor, alone) SELECT number, id, 'p', false FROM decline "
            "WHERE number = %s",
            (number,),
        ),
    ):
        by_hand(register, statement, *values)
    from avgflow.register import evidence

    with events_at(at), transaction(register.engine) as conn:
        evidence.put_evidence(conn, register.keyring, number, "completeness", True, {}, "<p>passed</p>")
