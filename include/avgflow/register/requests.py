"""Requests: registering them, where they stand, and finding a person's earlier ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, insert, or_, select, update

from avgflow.asked import NOTHING, Asked
from avgflow.capacity import Capacity
from avgflow.crypto import Keyring
from avgflow.errors import AvgflowError
from avgflow.fields import AMSTERDAM
from avgflow.identity import normal
from avgflow.intake import Intake, Language, RestrictionGround, Right, Scope, Subject, Verification, day_in_amsterdam
from avgflow.register import chain, numbers
from avgflow.register.detail import checked_code, checked_line
from avgflow.register.events import SYSTEM, entry
from avgflow.register.locks import SHOWN, UnknownRequest, locked
from avgflow.register.names import EventName
from avgflow.register.schema import event as log
from avgflow.register.schema import identifier, request


class Status(StrEnum):
    """Where a request stands; `closed` is final."""

    REGISTERED = "registered"
    RUNNING = "running"
    WAITING = "waiting"
    STOPPED = "stopped"
    CLOSED = "closed"


class Outcome(StrEnum):
    """What a request came to."""

    FULFILLED = "fulfilled"
    PARTLY_FULFILLED = "partly_fulfilled"
    REFUSED = "refused"
    NOTHING_FOUND = "nothing_found"
    OUTSIDE_AVG = "outside_avg"
    WITHDRAWN = "withdrawn"


class RequestClosed(AvgflowError):
    """A closed request was to be closed with another outcome."""

    def __init__(self, number: str, outcome: str) -> None:
        super().__init__(f"Request {number} is closed already, as {outcome}. Register a new request to decide anew.")


class CaseFileGone(UnknownRequest):
    """The request was there; its case file was deleted when its term had passed."""

    def __init__(self, number: str, on: date) -> None:
        AvgflowError.__init__(
            self,
            f"The case file of {number} was deleted on {on.isoformat()}, after its term. Its events remain in the "
            f"chain, without anything of the person.",
        )


@dataclass(frozen=True)
class Request:
    """A request as everyone may see it: nothing of the person."""

    number: str
    right: Right
    status: Status
    waiting_for: str | None
    outcome: Outcome | None
    reason: str | None
    language: Language
    scope: Scope | None
    ground: RestrictionGround | None
    capacity: Capacity
    together: str | None
    """The first of the requests that came in with this one; None for that one itself, and where it came alone."""
    received: date
    due: date
    extended_due: date
    verified_by: Verification | None
    verified_at: datetime | None
    registered_at: datetime
    changed_at: datetime

    def to_json(self) -> dict[str, str | None]:
        """The request as `--json` and the page show it; dates and times in ISO form."""
        return {name: None if value is None else _printed(value) for name, value in vars(self).items()}


def register_request(
    conn: Connection,
    keyring: Keyring,
    intake: Intake,
    due: date,
    extended_due: date,
    actor: str = SYSTEM,
    together: str | None = None,
) -> Request:
    """Give a request its number and put it on the register, with the event (and that of its verification).

    The number's year is that of registering, in the Netherlands. Whoever registers in the same year waits for this
    transaction to end, and a rollback gives the number back: numbers have no gaps and no doubles. `together`: the
    number of the first of the requests that came in at once.
    """
    number = numbers.give_out(conn, day_in_amsterdam().year)
    row = conn.execute(
        insert(request)
        .values(
            number=number,
            right=intake.right,
            language=intake.language,
            scope=intake.scope,
            ground=intake.ground,
            capacity=intake.capacity,
            together=together,
            received=intake.received,
            due=due,
            extended_due=extended_due,
            verified_by=intake.verified_by,
            verified_at=func.clock_timestamp() if intake.verified_by else None,
            subject_sealed=keyring.seal_json(intake.subject.to_json()),
            asked_sealed=None if intake.asked == NOTHING else keyring.seal_json(intake.asked.to_json()),
        )
        .returning(*SHOWN)
    ).one()
    known = [
        {"number": number, "kind": kind, "hash": keyring.keyed_hash(kind, value)}
        for kind, given in intake.subject.identifiers.items()
        if (value := normal(given))
    ]
    if known:
        conn.execute(insert(identifier), known)
    terms = {"received": intake.received.isoformat(), "due": due.isoformat(), "extended_due": extended_due.isoformat()}
    special = (("scope", intake.scope), ("ground", intake.ground), ("together", together))
    more = {name: str(word) for name, word in special if word}
    if intake.capacity is not Capacity.SELF:
        more["capacity"] = intake.capacity.value
    links = [entry(EventName.REQUEST_REGISTERED, number, actor, {"right": intake.right, **more, **terms})]
    if intake.verified_by:
        links.append(entry(EventName.REQUEST_VERIFIED, number, actor, {"method": intake.verified_by}))
    chain.link(conn, keyring, links)
    return _request(row)


def get(conn: Connection, number: str) -> Request:
    """A request; `UnknownRequest` where there is none with this number, `CaseFileGone` where there was."""
    row = conn.execute(select(*SHOWN).where(request.c.number == number)).one_or_none()
    if row is None:
        went = (log.c.number == number, log.c.name == EventName.REQUEST_LET_GO.value)
        gone = conn.execute(select(log.c.at).where(*went)).scalar_one_or_none()
        raise UnknownRequest(number) if gone is None else CaseFileGone(number, gone.astimezone(AMSTERDAM).date())
    return _request(row)


def newest(conn: Connection) -> str | None:
    """The number of the request that was registered last."""
    query = select(request.c.number).order_by(request.c.registered_at.desc(), request.c.number.desc()).limit(1)
    return conn.execute(query).scalar_one_or_none()


def subject(conn: Connection, keyring: Keyring, number: str) -> Subject:
    """Who asks; `UnknownRequest`, or `KeyMissing` where the register's keys do not open it."""
    sealed = conn.execute(select(request.c.subject_sealed).where(request.c.number == number)).scalar_one_or_none()
    if sealed is None:
        raise UnknownRequest(number)
    return Subject.from_json(keyring.open_json(sealed))


def asked(conn: Connection, keyring: Keyring, number: str) -> Asked:
    """What a request asks besides its right; `UnknownRequest`, or `KeyMissing` as of `subject`."""
    row = conn.execute(select(request.c.asked_sealed).where(request.c.number == number)).one_or_none()
    if row is None:
        raise UnknownRequest(number)
    return Asked.from_json(keyring.open_json(row.asked_sealed)) if row.asked_sealed else NOTHING


def restate(conn: Connection, keyring: Keyring, number: str, asked: Asked) -> None:
    """Keep what a request asks in another form, within the caller's transaction, which puts it on record."""
    locked(conn, number)
    sealed = keyring.seal_json(asked.to_json())
    conn.execute(update(request).where(request.c.number == number).values(asked_sealed=sealed))


def find(conn: Connection, *, status: Collection[Status] = (), limit: int | None = None) -> Sequence[Request]:
    """Requests of any of these states (of all where none is given), or so many of them, the newest first."""
    query = select(*SHOWN).order_by(request.c.registered_at.desc(), request.c.number.desc()).limit(limit)
    if status:
        query = query.where(request.c.status.in_(status))
    return [_request(row) for row in conn.execute(query)]


def matching(conn: Connection, *conditions: ColumnElement[bool]) -> Sequence[Request]:
    """Requests that fit all conditions on the table `request`, in the order in which they were registered."""
    query = select(*SHOWN).where(*conditions).order_by(request.c.registered_at, request.c.number)
    return [_request(row) for row in conn.execute(query)]


def earlier(conn: Connection, number: str) -> Sequence[Request]:
    """Requests registered before this one that share an identifier with it, the newest first.

    For information only: a repeat blocks nothing (GHSA-qx5f-ghc2-7g5c) and is not excessive by itself (AVG art. 12(5)).
    """
    own = identifier.alias()
    this = request.alias()
    query = (
        select(*SHOWN)
        .where(
            request.c.number.in_(
                select(identifier.c.number)
                .join(own, own.c.hash == identifier.c.hash)
                .where(own.c.number == number, identifier.c.number != number)
            ),
            request.c.registered_at < select(this.c.registered_at).where(this.c.number == number).scalar_subquery(),
        )
        .order_by(request.c.registered_at.desc())
    )
    return [_request(row) for row in conn.execute(query)]


def together(conn: Connection, number: str) -> Sequence[Request]:
    """The other requests that came in with this one, in order of number; none where it came alone."""
    this = request.alias()
    first = select(func.coalesce(this.c.together, this.c.number)).where(this.c.number == number).scalar_subquery()
    of_first = or_(request.c.number == first, request.c.together == first)
    query = select(*SHOWN).where(of_first, request.c.number != number)
    return [_request(row) for row in conn.execute(query.order_by(request.c.number))]


def set_status(
    conn: Connection,
    keyring: Keyring,
    number: str,
    status: Status,
    *,
    actor: str = SYSTEM,
    waiting_for: str | None = None,
    outcome: Outcome | None = None,
    reason: str | None = None,
    detail: Mapping[str, object] | None = None,
    event: EventName | None = None,
) -> Request:
    """Say where a request stands, with the event; nothing happens where it stands there already.

    `waiting_for` is a code and goes with `waiting` only; `closed` needs an outcome. `reason` is one line for people,
    such as the text of an `AvgflowError`; what belongs in the log of it goes into `detail`, as codes. `event` where
    another than the status' own says what happened.

    A closed request stays as it is, so that a step that runs late does no harm; `RequestClosed` where it is to be
    closed with another outcome.
    """
    held = locked(conn, number)
    if held.status == Status.CLOSED:
        if status == Status.CLOSED and outcome != held.outcome:
            raise RequestClosed(number, held.outcome)
        return _request(held)
    now: dict[str, Any] = {
        "status": Status(status).value,
        "waiting_for": checked_code("what a request waits for", waiting_for) if waiting_for else None,
        "outcome": Outcome(outcome).value if outcome else held.outcome,
        "reason": checked_line("the reason of a request's status", reason) if reason else None,
    }
    if all(getattr(held, name) == value for name, value in now.items()):
        return _request(held)
    row = conn.execute(
        update(request)
        .where(request.c.number == number)
        .values(**now, changed_at=func.clock_timestamp())
        .returning(*SHOWN)
    ).one()
    facts = {name: now[name] for name in ("waiting_for", "outcome") if now[name]}
    name = event or _event_of(held.status, now["status"])
    chain.link(conn, keyring, [entry(name, number, actor, {**facts, **(detail or {})})])
    return _request(row)


def verified(conn: Connection, keyring: Keyring, number: str, method: Verification, by: str) -> Request:
    """Record that it is sure who asks: how, and by whom; nothing happens where that is on record already."""
    held = locked(conn, number)
    if held.verified_by == method:
        return _request(held)
    row = conn.execute(
        update(request)
        .where(request.c.number == number)
        .values(
            verified_by=Verification(method).value,
            verified_at=func.clock_timestamp(),
            changed_at=func.clock_timestamp(),
        )
        .returning(*SHOWN)
    ).one()
    chain.link(conn, keyring, [entry(EventName.REQUEST_VERIFIED, number, by, {"method": Verification(method).value})])
    return _request(row)


def _event_of(before: str, after: str) -> EventName:
    match after:
        case Status.RUNNING:
            return EventName.REQUEST_STARTED if before == Status.REGISTERED else EventName.REQUEST_RESUMED
        case Status.WAITING:
            return EventName.REQUEST_WAITING
        case Status.STOPPED:
            return EventName.REQUEST_STOPPED
        case Status.CLOSED:
            return EventName.REQUEST_CLOSED
    raise ValueError("a request does not go back to being only registered")


def _printed(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _request(row: Row[Any]) -> Request:
    words: dict[str, Any] = {
        "right": Right(row.right),
        "status": Status(row.status),
        "outcome": Outcome(row.outcome) if row.outcome else None,
        "language": Language(row.language),
        "scope": Scope(row.scope) if row.scope else None,
        "ground": RestrictionGround(row.ground) if row.ground else None,
        "capacity": Capacity(row.capacity),
        "verified_by": Verification(row.verified_by) if row.verified_by else None,
    }
    return Request(**{**row._mapping, **words})
