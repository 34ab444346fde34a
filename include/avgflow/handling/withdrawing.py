"""Taking a request back that changes the stores: possible until the first of them is changed."""

from __future__ import annotations

import time

from sqlalchemy import Connection

from avgflow import letters
from avgflow.airflow_api import AirflowApi
from avgflow.dossier.erasure import Withdrawal
from avgflow.errors import AvgflowError
from avgflow.handling import carried
from avgflow.handling.closing import VERDICT
from avgflow.handling.environment import Environment
from avgflow.handling.ways import WAYS, way_of
from avgflow.intake import day_in_amsterdam
from avgflow.register import events, intents, locks, outbox, receipts, requests
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.requests import Outcome, Request, RequestClosed, Status

CONFIRMATION = "withdrawn"
"""The kind of the mail that confirms it."""

SECONDS = 60.0
"""How long a run may take to end after its request was withdrawn."""

_PARKED = {"awaiting_input", "deferred", "up_for_retry"}
"""States of a task that waits, and does not see by itself that there is nothing to wait for any more."""


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


class RunStillOpen(AvgflowError):
    """A request is withdrawn, but its run could not be ended."""

    def __init__(self, number: str, why: str) -> None:
        super().__init__(
            f"{number} is withdrawn and nothing more is done for it, but its run is still open and the confirmation "
            f"not sent. {why} Then: avgflow request withdraw {number}"
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
    """See to it that the run of a withdrawn request ends, and green: whatever it waits for is skipped, and its last
    task sends the confirmation. `RunStillOpen` where Airflow does not answer, or it takes too long.
    """
    try:
        ended = _ended(api, WAYS[request.right].dag, request.number)
    except AvgflowError as fault:
        raise RunStillOpen(request.number, str(fault)) from None
    if not ended:
        why = f"`avgflow request show {request.number}` may say why (a mail server that is down); else Airflow is busy."
        raise RunStillOpen(request.number, why)


def _ended(api: AirflowApi, dag: str, number: str) -> bool:
    state = api.state(dag, number)
    if state is None:
        api.start(dag, number)
    elif state == "failed":
        api.clear(dag, number, VERDICT)
    deadline = time.monotonic() + SECONDS
    while api.state(dag, number) not in ("success", "failed"):
        if time.monotonic() > deadline:
            return False
        for task, task_state in api.tasks(dag, number).items():
            if task_state in _PARKED and task != VERDICT:
                api.skip(dag, number, task)
        time.sleep(0.3)
    return api.state(dag, number) == "success"


def _refuse_late(env: Environment, register: Connection, number: str) -> None:
    if not way_of(register, number).approved:
        raise NothingToWithdraw(number)
    step = carried.step_of(requests.get(register, number).right)
    changed = any(event.name == receipts.event_of(step) for event in events.history(register, number))
    # A transaction that was about to commit counts as committed: only later it is told whether it was.
    if changed or any(intents.newest(register, env.keyring, number, step, store) for store in env.catalog.stores):
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
    mail = letters.withdrawn_mail(withdrawal, subject.email, env.templates)
    outbox.enqueue(register, env.keyring, request.number, CONFIRMATION, subject.email, mail)
