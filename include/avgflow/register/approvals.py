"""What a human said of a plan: approved or refused. What is approved is the plan's digest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from avgflow.crypto import Keyring
from avgflow.register import chain, requests
from avgflow.register.detail import checked_actor, checked_code
from avgflow.register.events import entry
from avgflow.register.locks import locked
from avgflow.register.names import EventName
from avgflow.register.plans import PlanMissing
from avgflow.register.requests import RequestClosed, Status
from avgflow.register.schema import approval as table
from avgflow.register.schema import plan

REFUSED = "The plan was refused and nothing was changed. Correct what it rests on, then clear task 'plan'."
"""Why a request is stopped whose plan was refused."""


@dataclass(frozen=True)
class Approval:
    """Who approved which plan, and when."""

    digest: str
    actor: str
    at: datetime


def put_approval(conn: Connection, keyring: Keyring, number: str, digest: str, actor: str) -> Approval:
    """Record that a plan is approved, with the event, and return the approval that stands.

    Nothing happens where this plan's approval is the newest already, whoever gave it. `PlanMissing` where the request
    has no such plan, `RequestClosed` where it is closed.
    """
    held = locked(conn, number)
    newest = _newest(conn, number)
    if newest is not None and newest.approved and newest.digest == digest:
        return _approval(newest)
    row = _put(conn, held, digest, True, actor)
    chain.link(conn, keyring, [entry(EventName.PLAN_APPROVED, number, actor, {"digest": digest})])
    return _approval(row)


def put_refusal(conn: Connection, keyring: Keyring, number: str, digest: str, actor: str) -> None:
    """Record that a plan is refused, with the event: an earlier approval is void, the request stays open, stopped.

    Nothing happens where this plan's refusal is the newest already. Errors as `put_approval`.
    """
    held = locked(conn, number)
    newest = _newest(conn, number)
    if newest is not None and not newest.approved and newest.digest == digest:
        return
    _put(conn, held, digest, False, actor)
    chain.link(conn, keyring, [entry(EventName.PLAN_REFUSED, number, actor, {"digest": digest})])
    requests.set_status(conn, keyring, number, Status.STOPPED, actor=actor, reason=REFUSED)


def approval(conn: Connection, number: str) -> Approval | None:
    """The newest approval; None where no plan was approved, or one was refused since."""
    newest = _newest(conn, number)
    return _approval(newest) if newest is not None and newest.approved else None


@dataclass(frozen=True)
class Said:
    """What a human said of a plan, whatever was said since."""

    digest: str
    approved: bool
    actor: str
    at: datetime


def said(conn: Connection, number: str) -> Sequence[Said]:
    """Every approval and refusal of a request's plans, oldest first."""
    columns = (table.c[name] for name in Said.__dataclass_fields__)
    rows = conn.execute(select(*columns).where(table.c.number == number).order_by(table.c.id))
    return [Said(**row._mapping) for row in rows]


def _put(conn: Connection, held: Row[Any], digest: str, approved: bool, actor: str) -> Row[Any]:
    if held.status == Status.CLOSED:
        raise RequestClosed(held.number, held.outcome)
    known = select(plan.c.digest).where(plan.c.number == held.number, plan.c.digest == digest)
    if conn.execute(known).one_or_none() is None:
        raise PlanMissing(held.number)
    values = {"digest": checked_code("the digest of a plan", digest), "actor": checked_actor(actor)}
    made = insert(table).values(number=held.number, approved=approved, **values)
    return conn.execute(made.returning(table)).one()


def _newest(conn: Connection, number: str) -> Row[Any] | None:
    return conn.execute(
        select(table).where(table.c.number == number).order_by(table.c.id.desc()).limit(1)
    ).one_or_none()


def _approval(row: Row[Any]) -> Approval:
    return Approval(row.digest, row.actor, row.at)
