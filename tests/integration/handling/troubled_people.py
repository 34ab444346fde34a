"""Approved erasures on copies of stores and register, as many as are asked for; and all that is there at their end."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import psycopg
from erasure_worker import Site
from handling_world import OFFICER, Mailbox, Office
from psycopg import sql

from avgflow.demo.stores import STORES
from avgflow.demo.truth import SubjectTruth
from avgflow.handling import answering_erasure, approving, closing, erasing, planning, recounting
from avgflow.handling.waiting import Question, Waiting
from avgflow.register import chain, events, evidence, receipts, tombstones
from avgflow.register.database import transaction
from avgflow.register.names import EventName

OWNER, APP = "register_owner", "register_app"
TROUBLE = {EventName.STORE_FAILED, EventName.REQUEST_STOPPED}
"""Events that tell of a fault, and are there only where one was."""


@dataclass(frozen=True)
class Copy:
    """An installation of its own, with the way for other processes to it."""

    office: Office
    site: Site
    numbers: tuple[str, ...]
    databases: Mapping[str, str]
    register: str
    register_of_superuser: str


@contextmanager
def copied(pg: Any, register: str, stores: Mapping[str, str], numbers: Sequence[str], folder: Path) -> Iterator[Copy]:
    """Databases copied from these templates (by store), and the register."""
    mark = secrets.token_hex(4)
    databases = {name: f"killed_{mark}_{name}" for name in stores}
    own = f"killed_{mark}_register"
    home = folder / mark
    home.mkdir()
    mailbox = Mailbox(home / "mailbox")
    try:
        pg.create_database(own, owner=OWNER, template=register)
        dsns = {
            name: pg.create_database(database, owner=name, template=stores[name])
            for name, database in databases.items()
        }
        site = Site(home, pg.dsn(own, APP), pg.state.register_key, pg.state.hash_key, dsns)
        env = site.environment()
        mailbox.start()
        yield Copy(Office(env, mailbox, dsns), site, tuple(numbers), databases, own, pg.dsn(own))
        env.dispose()
    finally:
        mailbox.stop()
        for database in (own, *databases.values()):
            pg.drop_database(database)


def approve(office: Office, people: Sequence[SubjectTruth]) -> tuple[str, ...]:
    """Requests of these people, as far as the stores may be changed; their numbers."""
    numbers = [office.register_subject(person, right="erasure") for person in people]
    office.identify(dict(zip(numbers, people, strict=True)))
    for number in numbers:
        approve_newest(office, number)
    return tuple(numbers)


def approve_newest(office: Office, number: str) -> None:
    """The plan is made anew, and a human approves it."""
    assert approving.approve(office.env, number) == Question(number, Waiting.APPROVAL)
    digest = planning.stored(office.env, [number])[number].digest
    approving.take(office.env, number, digest[: approving.SHOWN], OFFICER)
    assert approving.approve(office.env, number) is None


def finish(office: Office, numbers: Sequence[str]) -> None:
    """All stores, the re-count, the letter and the verdict."""
    for number in numbers:
        for store in office.env.catalog.stores:
            erasing.run(office.env, store, [number])
    for number in numbers:
        verdict = recounting.run(office.env, [number])[number].verdict
        assert verdict.passed, verdict.failures
        for message_id in answering_erasure.run(office.env, number):
            office.deliver(message_id)
        assert closing.run(office.env, number).missing == ()


@dataclass(frozen=True)
class End:
    """All that an erasure leaves: rows of every table and view, what the register has, the mails."""

    rows: Mapping[str, Any]
    receipts: Mapping[str, Any]
    tombstones: Mapping[str, Any]
    erased: Mapping[str, Any]
    events: Mapping[str, Any]
    evidence: Mapping[str, Any]
    mails: Mapping[str, Any]

    def differences(self, other: End) -> list[str]:
        """Where two ends differ, a line each."""
        return [
            f"{part.name} {key}: {getattr(self, part.name).get(key)} | {getattr(other, part.name).get(key)}"
            for part in fields(self)
            for key in sorted({*getattr(self, part.name), *getattr(other, part.name)})
            if getattr(self, part.name).get(key) != getattr(other, part.name).get(key)
        ]


def end_of(office: Office, numbers: Sequence[str]) -> End:
    env = office.env
    with transaction(env.register) as register:
        assert chain.verify(register, env.keyring).ok
        history = {number: events.history(register, number) for number in numbers}
        return End(
            rows={f"{store}.{table}": rows for store in STORES for table, rows in content(office, store).items()},
            receipts={
                number: sorted(
                    (one.step, one.store, sorted(one.counts.items()), str(sorted(one.work.items())), one.digest)
                    for one in receipts.receipts(register, number)
                )
                for number in numbers
            },
            tombstones={
                # Whose come first depends on who was killed.
                store: sorted(
                    ((one.number, one.body) for one in tombstones.tombstones(register, env.keyring, store)),
                    key=lambda stone: str(stone[0]),
                )
                for store in STORES
            },
            erased={
                number: sorted(str(sorted(one.detail.items())) for one in done if one.name == EventName.STORE_ERASED)
                for number, done in history.items()
            },
            events={
                number: Counter(str(one.name) for one in done if one.name not in TROUBLE)
                for number, done in history.items()
            },
            evidence={
                number: [
                    {key: value for key, value in kept.result.items() if key != "made_at"}
                    for kept in evidence.evidence(register, number)
                ]
                for number in numbers
            },
            mails={
                number: sorted(
                    (mail["Delivered-To"], mail["Subject"], mail.get_body(("plain",)).get_content())  # type: ignore[union-attr]
                    for mail in office.mailbox.mails(number)
                )
                for number in numbers
            },
        )


def content(office: Office, store: str) -> dict[str, tuple[int, str]]:
    """How many rows each table and view of a store has, and one digest of all of them; random values by their form."""
    with psycopg.connect(office.stores[store]) as connection:
        return {name: _content(connection, *name.split(".", 1)) for name in _relations(connection)}


def rows_of(office: Office, store: str) -> dict[str, Counter[str]]:
    """The rows of each table and view of a store, random values by their form."""
    with psycopg.connect(office.stores[store]) as connection:
        return {
            name: Counter(row for (row,) in connection.execute(_rows(*name.split(".", 1))))
            for name in _relations(connection)
        }


def _relations(connection: psycopg.Connection[Any]) -> list[str]:
    found = connection.execute("""
        SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
          AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    """)
    return [name for (name,) in found]


def _rows(schema: str, table: str) -> sql.Composed:
    return sql.SQL(r"""
        SELECT regexp_replace(
            (CASE WHEN one.it->>'email' LIKE '%@gewist.invalid'
                   AND (one.it->>'unsubscribed_at')::timestamptz > now() - interval '1 hour'
                  THEN one.it || '{{"unsubscribed_at": "just now"}}' ELSE one.it END)::text,
            '(gewist-)?[0-9a-f]{{32}}(?=@gewist.invalid|")', 'random', 'g') AS it
        FROM (SELECT to_jsonb(t) AS it FROM {} t) AS one
    """).format(sql.Identifier(schema, table))


def _content(connection: psycopg.Connection[Any], schema: str, table: str) -> tuple[int, str]:
    statement = sql.SQL("SELECT count(*), coalesce(md5(string_agg(it, '|' ORDER BY it)), '') FROM ({}) AS every")
    row = connection.execute(statement.format(_rows(schema, table))).fetchone()
    assert row is not None
    return int(row[0]), str(row[1])
