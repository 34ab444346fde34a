"""The outbox: a mail is put here with the work that it tells of, and leaves when the mail server has accepted it.

Delivery is at least once. A process that is killed after the mail server accepted a mail and before the register
knows cannot be told from one that was killed just before: the mail is sent again, with the same Message-ID and the
same bytes, and the log says that an earlier attempt has no known end (`unsettled`). Two workers never send the
same mail at once, and a mail that is known to be accepted is never sent again.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import OperationalError

from avgflow.crypto import Keyring
from avgflow.errors import AvgflowError
from avgflow.register import chain
from avgflow.register.database import named_faults
from avgflow.register.detail import checked_code
from avgflow.register.events import SYSTEM, entry
from avgflow.register.locks import locked
from avgflow.register.names import EventName
from avgflow.register.schema import mail

Send = Callable[[EmailMessage, str], None]
"""Hands a message for a recipient to the mail server; returns when it is accepted, raises when it is not."""

_LOCK_CLASS = 0x6D61696C  # 'mail': keeps these advisory locks apart from any other's
_NO_DOMAIN = "avgflow.invalid"


_LONGEST_WAIT = "150s"
"""How long a second worker waits for the first: beyond a mail server's usual time-outs."""
_LOCK_NOT_AVAILABLE = "55P03"


class MailBusy(AvgflowError):
    """Another worker has been sending this very mail for longer than a mail takes; worth another try later."""

    def __init__(self) -> None:
        super().__init__("This mail is being sent by another worker. It is tried again; check the mail server.")


class UnknownMail(AvgflowError):
    """No mail with this Message-ID is in the outbox."""

    def __init__(self) -> None:
        super().__init__("There is no such mail in the outbox. `avgflow request show` names the mails of a request.")


@dataclass(frozen=True)
class Delivery:
    """How a delivery ended. `failure` is the kind of the error (`SMTPDataError 451`), without any address."""

    message_id: str
    accepted: bool
    attempts: int
    failure: str | None


@dataclass(frozen=True)
class Mail:
    """A mail in the outbox, as everyone may see it: neither who it is for nor what it says."""

    message_id: str
    number: str | None
    kind: str
    digest: str
    queued_at: datetime
    attempts: int
    failure: str | None
    accepted_at: datetime | None


_SHOWN = [mail.c[name] for name in Mail.__dataclass_fields__]


def enqueue(
    conn: Connection,
    keyring: Keyring,
    number: str | None,
    kind: str,
    recipient: str,
    message: EmailMessage,
    actor: str = SYSTEM,
) -> str:
    """Put a mail in the outbox, with its event, and return its Message-ID; one per request and kind.

    Where that request has a mail of this kind already, that one stands and its Message-ID is returned. A mail that may
    come more than once has its occasion in its kind (`check-failed:2`, `deadline-digest:2026-11-25`). The Message-ID
    is set on `message`, with the domain of its From header. The whole message and its recipient are sealed.
    """
    if number is not None:
        locked(conn, number)
    checked_code("the kind of a mail", kind)
    message_id = _message_id(number, kind, message)
    del message["Message-ID"]
    message["Message-ID"] = message_id
    plain = message.as_bytes(policy=policy.SMTP)
    digest = hashlib.sha256(plain).hexdigest()
    put = postgresql.insert(mail).values(
        message_id=message_id,
        number=number,
        kind=kind,
        recipient_sealed=keyring.seal(recipient.encode()),
        message_sealed=keyring.seal(plain),
        digest=digest,
    )
    if conn.execute(put.on_conflict_do_nothing().returning(mail.c.message_id)).one_or_none():
        chain.link(conn, keyring, [entry(EventName.MAIL_QUEUED, number, actor, {"kind": kind, "digest": digest})])
        return message_id
    of_kind = select(mail.c.message_id).where(mail.c.number.is_not_distinct_from(number), mail.c.kind == kind)
    standing: str = conn.execute(of_kind).scalar_one()
    message.replace_header("Message-ID", standing)
    return standing


def deliver(engine: Engine, keyring: Keyring, message_id: str, send: Send, actor: str = SYSTEM) -> Delivery:
    """Send a mail unless it was accepted before; whatever `send` raises leaves it waiting and is kept by its kind.

    Keeps its own transactions: the attempt is on the register before `send` is called, its end after. Nothing is
    locked in the tables meanwhile; workers keep each other out by an advisory lock of the database session, which
    goes when the process dies (so the register is reached directly, not through a pooler that swaps sessions). A
    second worker waits for the first and then sees what came of it; `MailBusy` where that takes too long.
    """
    with named_faults(), engine.connect() as conn, _alone(conn, message_id):
        with conn.begin():
            before = _mail(conn, message_id)
            if before.accepted_at is not None:
                return Delivery(message_id, True, before.attempts, None)
            message = message_from_bytes(keyring.open(before.message_sealed), policy=policy.SMTP)
            recipient = keyring.open(before.recipient_sealed).decode()
            conn.execute(
                update(mail)
                .where(mail.c.message_id == message_id)
                .values(attempts=mail.c.attempts + 1, attempted_at=func.clock_timestamp(), failure=None)
            )
        failure = _EXPIRED if _has_expired(message) else _attempt(send, message, recipient)
        with conn.begin():
            _settle(conn, keyring, before, failure, actor)
        return Delivery(message_id, failure is None, before.attempts + 1, str(failure) if failure else None)


def get(conn: Connection, message_id: str) -> Mail:
    """A mail in the outbox; `UnknownMail` where there is none."""
    row = conn.execute(select(*_SHOWN).where(mail.c.message_id == message_id)).one_or_none()
    if row is None:
        raise UnknownMail
    return Mail(**row._mapping)


def pending(conn: Connection) -> Sequence[Mail]:
    """The mails that the mail server has not accepted yet, oldest first."""
    rows = conn.execute(select(*_SHOWN).where(mail.c.accepted_at.is_(None)).order_by(mail.c.queued_at))
    return [Mail(**row._mapping) for row in rows]


def mails(conn: Connection, number: str) -> Sequence[Mail]:
    """The mails of a request, oldest first."""
    rows = conn.execute(select(*_SHOWN).where(mail.c.number == number).order_by(mail.c.queued_at))
    return [Mail(**row._mapping) for row in rows]


def accepted(conn: Connection, kind: str, numbers: Collection[str]) -> dict[str, datetime]:
    """When the mail of this kind was accepted, for those of the requests whose was."""
    wanted = (mail.c.number.in_(numbers), mail.c.kind == kind, mail.c.accepted_at.is_not(None))
    return {
        row.number: row.accepted_at for row in conn.execute(select(mail.c.number, mail.c.accepted_at).where(*wanted))
    }


@dataclass(frozen=True)
class Failure:
    """The kind of a sender's error: its class, and its SMTP code where it has one. Its text may quote addresses."""

    kind: str
    code: int | None

    @classmethod
    def of(cls, error: Exception) -> Failure:
        code = getattr(error, "smtp_code", None)
        if isinstance(refused := getattr(error, "recipients", None), dict) and refused:
            code = next(iter(refused.values()))[0]
        return cls(type(error).__name__, code if isinstance(code, int) else None)

    def __str__(self) -> str:
        return self.kind if self.code is None else f"{self.kind} {self.code}"


_EXPIRED = Failure("LinkExpired", None)
"""The links in a mail have ended before the mail server took it."""


def _has_expired(message: EmailMessage) -> bool:
    expires = message["Expires"]
    return expires is not None and parsedate_to_datetime(str(expires)) < datetime.now(UTC)


def _attempt(send: Send, message: EmailMessage, recipient: str) -> Failure | None:
    try:
        send(message, recipient)
    except Exception as error:  # noqa: BLE001  whatever a sender raises, the mail is not known to be accepted
        return Failure.of(error)
    return None


def _settle(conn: Connection, keyring: Keyring, before: Row[Any], failure: Failure | None, actor: str) -> None:
    if before.number is not None:
        locked(conn, before.number)
    ended = update(mail).where(mail.c.message_id == before.message_id)
    facts: dict[str, object] = {"kind": before.kind, "attempt": before.attempts + 1}
    if before.attempts and before.failure is None:
        # An earlier attempt has no recorded end: the person may have this mail twice.
        facts["unsettled"] = True
    if failure is None:
        conn.execute(ended.values(accepted_at=func.clock_timestamp()))
        link = entry(EventName.MAIL_ACCEPTED, before.number, actor, facts)
    else:
        conn.execute(ended.values(failure=str(failure)))
        failed = {"failure": failure.kind, **({"code": failure.code} if failure.code else {})}
        link = entry(EventName.MAIL_FAILED, before.number, actor, {**facts, **failed})
    chain.link(conn, keyring, [link])


@contextmanager
def _alone(conn: Connection, message_id: str) -> Iterator[None]:
    """Keep every other worker from this mail; the lock is the session's, so no transaction stays open meanwhile."""
    lock = func.hashtextextended(message_id, _LOCK_CLASS)
    try:
        with conn.begin():
            conn.execute(select(func.set_config("lock_timeout", _LONGEST_WAIT, True)))
            conn.execute(select(func.pg_advisory_lock(lock)))
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            raise MailBusy from None
        raise
    try:
        yield
    finally:
        # A pooled connection that kept the lock would keep the mail from everyone: without the unlock, close it.
        try:
            with conn.begin():
                conn.execute(select(func.pg_advisory_unlock(lock)))
        except BaseException:
            conn.invalidate()
            raise


def _mail(conn: Connection, message_id: str) -> Row[Any]:
    row = conn.execute(select(mail).where(mail.c.message_id == message_id)).one_or_none()
    if row is None:
        raise UnknownMail
    return row


def _message_id(number: str | None, kind: str, message: EmailMessage) -> str:
    """`<AVG-2026-00042.answer.8f…@milgro.nl>`: says which request, of use to whoever reads a mail server's log."""
    _, _, domain = parseaddr(str(message["From"] or ""))[1].rpartition("@")
    occasion = kind.replace(":", ".")
    return f"<{number or 'avgflow'}.{occasion}.{secrets.token_hex(8)}@{domain or _NO_DOMAIN}>"
