"""One path in, whatever the entry (command line, page, REST): onto the register, and its run started."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from avgflow import attributes, terms
from avgflow.errors import AvgflowError
from avgflow.handling.environment import Environment
from avgflow.handling.ways import WAYS
from avgflow.intake import Intake, Right
from avgflow.register import clock, events, requests
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.requests import Request

DAGS = {right: way.dag for right, way in WAYS.items()}
"""The DAG of each right that this version carries out."""


class RightNotCarriedOut(AvgflowError):
    """A right that this version has no DAG for."""

    def __init__(self, right: Right) -> None:
        super().__init__(
            f"The right '{right}' cannot be carried out yet; choose one of: {', '.join(DAGS)}. Nothing was registered."
        )


class UnknownKind(AvgflowError):
    """An identifier of a kind that no store holds."""

    def __init__(self, unknown: Sequence[str], known: Sequence[str]) -> None:
        super().__init__(
            f"No store is searched by {', '.join(unknown)}; the catalog knows: {', '.join(known)}. "
            f"Nothing was registered."
        )


class NotStarted(AvgflowError):
    """A request is safe on the register, but its run was not started."""

    def __init__(self, number: str, why: str) -> None:
        super().__init__(
            f"{number} is on the register and nothing is lost, but its run was not started. {why} "
            f"Then: avgflow request start {number}"
        )


@dataclass(frozen=True)
class Registered:
    """A new request, and the same person's earlier ones (they inform, and block nothing)."""

    request: Request
    earlier: tuple[Request, ...]


def register(env: Environment, intake: Intake, actor: str) -> Registered:
    """Put a request on the register with its terms; `RightNotCarriedOut`, `UnknownKind` or an `IntakeRefused` where it
    leads nowhere.
    """
    [made] = register_together(env, [intake], actor)
    return made


def register_together(env: Environment, intakes: Sequence[Intake], actor: str) -> Sequence[Registered]:
    """Put what one person asks at once on the register, all of it or nothing: a request for each right, in the order
    given, tied to the first. Errors as `register`.
    """
    with transaction(env.register) as conn:
        return enter(env, conn, intakes, actor)


def enter(env: Environment, conn: Connection, intakes: Sequence[Intake], actor: str) -> Sequence[Registered]:
    """The same within the caller's transaction, which may put more on the register with it."""
    for intake in intakes:
        if intake.right not in DAGS:
            raise RightNotCarriedOut(intake.right)
        require_known(env, intake.subject.identifiers)
        attributes.check(intake.asked.corrections, env.catalog.correctable)
    entered: list[Registered] = []
    for intake in intakes:
        first = entered[0].request.number if entered else None
        entered.append(_enter(env, conn, intake, actor, first))
    return entered


def _enter(env: Environment, conn: Connection, intake: Intake, actor: str, first: str | None) -> Registered:
    term = terms.term(intake.received, calendar=env.policy.calendar)
    made = requests.register_request(conn, env.keyring, intake, term.due, term.extended_due, actor, first)
    clock.counted(conn, env.keyring, made.number, term)
    same = {one.number for one in requests.together(conn, made.number)}
    earlier = tuple(one for one in requests.earlier(conn, made.number) if one.number not in same)
    if earlier:
        detail = {"earlier": [request.number for request in earlier[:20]]}
        events.append(conn, env.keyring, EventName.REQUEST_REPEATED, made.number, detail=detail)
    return Registered(made, earlier)


def require_known(env: Environment, kinds: Iterable[str]) -> None:
    """`UnknownKind` unless some store is searched by each of these kinds of identifiers."""
    known = _kinds(env)
    unknown = set(kinds) - known
    if unknown:
        raise UnknownKind(sorted(unknown), sorted(known))


def further_kinds(env: Environment) -> Sequence[str]:
    """The kinds of identifiers that a person can be found by beside those that have a field of their own."""
    return sorted(_kinds(env) - {"email", "customer_number"})


def _kinds(env: Environment) -> set[str]:
    return {c.identifier for _, _, table in env.catalog.tables() for c in table.columns.values() if c.identifier}


def start_all(env: Environment, numbers: Iterable[str]) -> list[NotStarted]:
    """Start the runs of several requests; one that does not start keeps no other from it, and its fault is returned."""
    faults = []
    for number in numbers:
        with transaction(env.register) as conn:
            request = requests.get(conn, number)
        try:
            start(env, request)
        except NotStarted as fault:
            faults.append(fault)
    return faults


def start(env: Environment, request: Request) -> bool:
    """Start a request's run; False where it was started before. `NotStarted` where Airflow does not take it."""
    if request.right not in DAGS:
        raise RightNotCarriedOut(request.right)
    try:
        return env.airflow.start(DAGS[request.right], request.number, due=request.due)
    except AvgflowError as fault:
        raise NotStarted(request.number, str(fault)) from None
