"""Taking a request back that changes the stores: possible until the first of them is changed."""

from __future__ import annotations

from sqlalchemy import Connection

from avgflow import letters
from avgflow.airflow_api import AirflowApi
from avgflow.dossier.erasure import Withdrawal
from avgflow.errors import AvgflowError
from avgflow.handling import carried, ending
from avgflow.handling.environment import Environment
from avgflow.handling.over import Declined
from avgflow.handling.ways import way_of
from avgflow.intake import day_in_amsterdam
from avgflow.register import declines, events, locks, outbox, requests
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.requests import Outcome, Request, RequestClosed, Status

CONFIRMATION = "withdrawn"
"""The kind of the mail that confirms it."""


class TooLate(AvgflowError):
    """A request was to be withdrawn after the first store was changed."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"{number} cannot be withdrawn any more: a store was changed already. `avgflow request show {number}` says "
            f"where it stands."
        )


class NothingToWithdraw(AvgflowError):
    """A request was to be withdrawn of a right that waits for no approval."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"Only an erasure or a correction can be withdrawn, until it is carried out; {number} asks for something "
            f"else. Where it waits it is ended by `avgflow request stop {number}`."
        )


def withdraw(env: Environment, number: str, actor: str) -> Request:
    """Close a request as withdrawn, with the confirmation to the person in the outbox; again changes nothing.

    `TooLate` where a store was or may have been changed, `RequestClosed` where the request is closed otherwise,
    `NothingToWithdraw` for a right that waits for no approval.
    """
    with transaction(env.register) as register:
        locks.lock(register, [number])
        request = requests.get(register, number)
        if request.outcome is Outcome.WITHDRAWN:
            return request
        if request.status is Status.CLOSED:
            raise RequestClosed(number, str(request.outcome))
        if declines.is_confirmed(register, number):
            raise Declined(number)
        _refuse_late(env, register, number)
        events.append(register, env.keyring, EventName.REQUEST_WITHDRAWN, number, actor)
        closed = requests.set_status(
            register, env.keyring, number, Status.CLOSED, actor=actor, outcome=Outcome.WITHDRAWN
        )
        _confirm(env, register, request)
    return closed


def confirmation(env: Environment, number: str) -> list[str]:
    """The Message-ID of the mail that confirms the withdrawal."""
    with transaction(env.register) as register:
        return [mail.message_id for mail in outbox.mails(register, number) if mail.kind == CONFIRMATION]


def end_run(api: AirflowApi, request: Request) -> None:
    """See to it that the run of a withdrawn request ends, as `ending.end_run`."""
    ending.end_run(api, request, "withdrawn", f"avgflow request withdraw {request.number}")


def _refuse_late(env: Environment, register: Connection, number: str) -> None:
    if not way_of(register, number).approved:
        raise NothingToWithdraw(number)
    if carried.changed(env, register, number):
        raise TooLate(number)


def _confirm(env: Environment, register: Connection, request: Request) -> None:
    subject = requests.subject(register, env.keyring, request.number)
    withdrawal = Withdrawal(
        number=request.number,
        right=request.right.value,
        language=request.language.value,
        name=subject.name,
        received=request.received,
        withdrawn_on=day_in_amsterdam(),
        policy=env.policy,
    )
    mail = letters.withdrawn_mail(withdrawal, letters.addressee(subject), env.templates)
    outbox.enqueue(register, env.keyring, request.number, CONFIRMATION, subject.email, mail)
