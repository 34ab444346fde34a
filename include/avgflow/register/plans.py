"""The plans of a request, sealed: what will be done in each store, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import postgresql

from avgflow.crypto import Keyring
from avgflow.errors import AvgflowError
from avgflow.register import chain
from avgflow.register.detail import checked_code
from avgflow.register.events import SYSTEM, entry
from avgflow.register.locks import locked
from avgflow.register.names import EventName
from avgflow.register.schema import plan


class PlanMissing(AvgflowError):
    """There is no such plan on the register."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"Request {number} has no such plan on the register yet; `avgflow request show {number}` says where it "
            f"stands."
        )


@dataclass(frozen=True, repr=False)
class StoredPlan:
    """A plan as it was put on the register; its text form shows nothing of the body."""

    digest: str
    body: bytes
    made_at: datetime

    def __repr__(self) -> str:
        return f"StoredPlan({self.digest})"


def put_plan(conn: Connection, keyring: Keyring, number: str, digest: str, body: bytes, actor: str = SYSTEM) -> None:
    """Make a plan the request's newest, with the event; nothing happens where it is that already.

    A plan is never changed. One whose world came back to an earlier plan's is that earlier plan again.
    """
    locked(conn, number)
    if _newest(conn, number) == checked_code("the digest of a plan", digest):
        return
    made = postgresql.insert(plan).values(number=number, digest=digest, sealed=keyring.seal(body))
    conn.execute(
        made.on_conflict_do_update(
            index_elements=[plan.c.number, plan.c.digest], set_={"made_at": func.clock_timestamp()}
        )
    )
    chain.link(conn, keyring, [entry(EventName.PLAN_MADE, number, actor, {"digest": digest})])


def get_plan(conn: Connection, keyring: Keyring, number: str, digest: str | None = None) -> StoredPlan:
    """The plan with this digest, or the newest; `PlanMissing` where there is none, `KeyMissing` as `Keyring.open`."""
    query = select(plan).where(plan.c.number == number).order_by(plan.c.made_at.desc()).limit(1)
    if digest is not None:
        query = query.where(plan.c.digest == digest)
    row = conn.execute(query).one_or_none()
    if row is None:
        raise PlanMissing(number)
    return StoredPlan(row.digest, keyring.open(row.sealed), row.made_at)


def made(conn: Connection, keyring: Keyring, number: str) -> Sequence[StoredPlan]:
    """Every plan of a request, the newest last; `KeyMissing` as `Keyring.open`."""
    rows = conn.execute(select(plan).where(plan.c.number == number).order_by(plan.c.made_at))
    return [StoredPlan(row.digest, keyring.open(row.sealed), row.made_at) for row in rows]


def _newest(conn: Connection, number: str) -> str | None:
    query = select(plan.c.digest).where(plan.c.number == number).order_by(plan.c.made_at.desc()).limit(1)
    return conn.execute(query).scalar_one_or_none()
