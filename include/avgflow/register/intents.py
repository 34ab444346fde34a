"""Intents: what a store's transaction is about to commit, written down before it does.

A run that is killed between the commit and its receipt finds here which transaction that was, and asks the store
whether it was committed (`pg_xact_status`): no row is counted twice and none is called done that is not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql

from avgflow.crypto import Keyring
from avgflow.register.detail import DetailRefused, checked_code, checked_counts
from avgflow.register.locks import locked
from avgflow.register.receipts import Step
from avgflow.register.requests import RequestClosed, Status
from avgflow.register.schema import intent as table

_TRANSACTION = re.compile(r"[0-9]{1,20}")
_SYSTEM = re.compile(r"[0-9a-z][0-9a-z._:/-]{0,99}")
"""No sign that an e-mail address or a name could be written with."""


@dataclass(frozen=True)
class Intent:
    """What one transaction of a store was about to commit.

    `transaction` as `pg_current_xact_id()` prints it; `system` tells the database server it ran on from a restored or
    another one, where the same id means nothing; `counts` rows by table; `digest` that of the receipt to be; `body` the
    tombstones to be, which cannot be made once the rows are gone.
    """

    step: str
    store: str
    plan_digest: str
    transaction: str
    system: str
    counts: Mapping[str, int]
    digest: str
    at: datetime
    body: Mapping[str, Any] = field(repr=False)


def put_intent(
    conn: Connection,
    keyring: Keyring,
    number: str,
    step: Step,
    store: str,
    plan_digest: str,
    transaction: str,
    system: str,
    counts: Mapping[str, int],
    digest: str,
    body: Mapping[str, Any],
) -> None:
    """Write an intent; the same transaction again changes nothing.

    It has no event, for nothing has happened yet: `keyring` is taken as by every writer of the register. The plan must
    be on the register (`RegisterRefused` otherwise). `RequestClosed` where the request was withdrawn meanwhile: from
    here on it cannot be any more.
    """
    held = locked(conn, number)
    if held.status == Status.CLOSED:
        raise RequestClosed(number, held.outcome)
    if not _TRANSACTION.fullmatch(transaction):
        raise DetailRefused("the transaction of an intent", "it is not a transaction's id")
    if not _SYSTEM.fullmatch(system):
        raise DetailRefused("the system of an intent", "it is not a database system's identifier")
    written = postgresql.insert(table).values(
        number=number,
        step=Step(step).value,
        store=checked_code("the store of an intent", store),
        plan_digest=checked_code("the plan of an intent", plan_digest),
        transaction=transaction,
        system=system,
        counts=checked_counts("the counts of an intent", counts),
        digest=checked_code("the digest of an intent", digest),
        sealed=keyring.seal_json(body),
    )
    conn.execute(written.on_conflict_do_nothing())


def newest(conn: Connection, keyring: Keyring, number: str, step: Step, store: str) -> Intent | None:
    """The last intent of a step in a store; None where there was none."""
    row = conn.execute(
        select(*(table.c[name] for name in Intent.__dataclass_fields__ if name != "body"), table.c.sealed)
        .where(table.c.number == number, table.c.step == Step(step).value, table.c.store == store)
        .order_by(table.c.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    fields = dict(row._mapping)
    body = keyring.open_json(fields.pop("sealed"))
    return Intent(**fields, body=body)
