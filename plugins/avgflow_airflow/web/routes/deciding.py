"""What a human does with a request, by form: each the same function as the command's, with its same words where it is
refused.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import Response

from avgflow import deciding, fields
from avgflow.errors import AvgflowError
from avgflow.fields import iso_day, stripped
from avgflow.handling import (
    asking_person,
    candidates,
    coding,
    declining,
    extending,
    looking,
    registering,
    withdrawing,
)
from avgflow.handling.coding import Choice
from avgflow.handling.environment import Environment
from avgflow.handling.extending import Reason
from avgflow.policy.reasons import DeclineReason
from avgflow.register import notices, passphrases, requests
from avgflow.register.database import transaction
from avgflow_airflow.web.faults import refused
from avgflow_airflow.web.forms import Deciding, Handling, LookingAtPerson, Operating, Sent
from avgflow_airflow.web.installation import installation
from avgflow_airflow.web.render import away
from avgflow_airflow.web.routes.request import rendered

router = APIRouter(prefix="/requests/{number}")

NOT_DONE = 409


class NoSuchDay(AvgflowError):
    """A day is not given as it must be."""

    def __init__(self) -> None:
        super().__init__("This is not a day. Give it as YYYY-MM-DD, or leave it out for today.")


class NothingChosen(AvgflowError):
    """A form was sent in which something is still to be chosen."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Choose {what} first; nothing was done.")


def act(request: Request, sent: Sent, number: str, work: Callable[[Environment], str]) -> Response:
    """Do what a form asks and go on to the request's page, with a word on what was done; or show the page with the line
    that says why not.
    """
    with installation(sent.by) as env:
        try:
            done = work(env)
        except AvgflowError as fault:
            return rendered(request, sent.by, env, number, refused=refused(fault), status=NOT_DONE)
    return away(request, f"/requests/{number}?done={done}")


def _taken(taken: bool) -> str:
    return "answered" if taken else "given"


@router.post("/start")
def start(request: Request, sent: Operating, number: str) -> Response:
    def work(env: Environment) -> str:
        with transaction(env.register) as register:
            found = requests.get(register, number)
        registering.start(env, found)
        return "started"

    return act(request, sent, number, work)


@router.post("/verify")
def verify(request: Request, sent: Handling, number: str) -> Response:
    return act(request, sent, number, lambda env: _taken(deciding.verify(env, number, sent.get("method"))))


@router.post("/verify-code")
def verify_code(request: Request, sent: Handling, number: str) -> Response:
    given = sent.get("code")
    return act(request, sent, number, lambda env: _taken(deciding.verify_by_code(env, number, given, sent.by.login)))


@router.post("/code")
def code(request: Request, sent: Handling, number: str) -> Response:
    """Mail a code; where several addresses are known the page shows them, masked, to choose from."""
    pick = int(sent.get("to")) if sent.get("to").isdecimal() else None
    with installation(sent.by) as env:
        try:
            made = coding.send(env, number, pick, sent.by.login)
            if isinstance(made, Choice):
                return rendered(request, sent.by, env, number, addresses=made.masked)
            coding.tell(env, made.code)
        except AvgflowError as fault:
            return rendered(request, sent.by, env, number, refused=refused(fault), status=NOT_DONE)
    return away(request, f"/requests/{number}?done=code")


@router.post("/asked")
def asked(request: Request, sent: Handling, number: str) -> Response:
    def work(env: Environment) -> str:
        day = _day(sent.get("on"))
        if sent.has("again"):
            asking_person.remind(env, number, day, sent.by.login)
            return "reminded"
        asking_person.ask(env, number, day, sent.by.login)
        return "asked"

    return act(request, sent, number, work)


@router.post("/candidates")
def show_candidates(request: Request, sent: LookingAtPerson, number: str) -> Response:
    with installation(sent.by) as env:
        found = candidates.show(env, number, sent.by.login)
        return rendered(request, sent.by, env, number, candidates=found)


@router.post("/choose")
def choose(request: Request, sent: Handling, number: str) -> Response:
    def work(env: Environment) -> str:
        picked = [int(one) for one in sent.get("persons").replace(",", " ").split() if one.isdecimal()]
        if not picked:
            raise NothingChosen("the numbers of the person")
        return _taken(deciding.choose(env, number, picked))

    return act(request, sent, number, work)


@router.post("/approve")
def approve(request: Request, sent: Deciding, number: str) -> Response:
    """Approve the plan that the page showed, and no other."""
    plan = stripped(sent.get("plan")) or "-"
    return act(request, sent, number, lambda env: _taken(deciding.approve(env, number, plan, sent.by.login)))


@router.post("/go-on")
def go_on(request: Request, sent: Handling, number: str) -> Response:
    return act(request, sent, number, lambda env: _taken(deciding.go_on(env, number)))


@router.post("/refuse")
def refuse(request: Request, sent: Deciding, number: str) -> Response:
    return act(request, sent, number, lambda env: _taken(deciding.refuse(env, number)))


@router.post("/weigh")
def weigh(request: Request, sent: Deciding, number: str) -> Response:
    said = " ".join(f"{name}={sent.get(f'class-{name}')}" for name in sent.all("class"))
    return act(request, sent, number, lambda env: _taken(deciding.weigh(env, number, said, sent.by.login)[1]))


@router.post("/stop")
def stop(request: Request, sent: Handling, number: str) -> Response:
    return act(request, sent, number, lambda env: _taken(deciding.stop(env, number)))


@router.post("/extend")
def extend(request: Request, sent: Handling, number: str) -> Response:
    def work(env: Environment) -> str:
        if sent.get("reason") not in set(Reason):
            raise NothingChosen("the reason")
        note = fields.paragraphs("note", sent.get("note")) or ""
        extending.extend(env, number, Reason(sent.get("reason")), note, sent.by.login)
        extending.tell(env, number)
        return "extended"

    return act(request, sent, number, work)


@router.post("/withdraw")
def withdraw(request: Request, sent: Handling, number: str) -> Response:
    def work(env: Environment) -> str:
        withdrawing.end_run(env.airflow, withdrawing.withdraw(env, number, sent.by.login))
        return "withdrawn"

    return act(request, sent, number, work)


@router.post("/decline")
def decline(request: Request, sent: Handling, number: str) -> Response:
    def work(env: Environment) -> str:
        if sent.get("reason") not in set(DeclineReason):
            raise NothingChosen("the reason")
        reason = DeclineReason(sent.get("reason"))
        made = declining.propose(env, number, reason, sent.get("note"), sent.by.login)
        declining.tell(env, made, number)
        return "proposed"

    return act(request, sent, number, work)


@router.post("/decline/letter")
def decline_letter(request: Request, sent: LookingAtPerson, number: str) -> Response:
    """The letter that would go out, addressed to nobody by name."""
    with installation(sent.by) as env:
        try:
            return rendered(request, sent.by, env, number, letter=declining.show(env, number).letter)
        except AvgflowError as fault:
            return rendered(request, sent.by, env, number, refused=refused(fault), status=NOT_DONE)


@router.post("/decline/confirm")
def decline_confirm(request: Request, sent: Deciding, number: str) -> Response:
    def work(env: Environment) -> str:
        found, _ = declining.confirm(env, number, sent.by.login)
        declining.end_run(env, found)
        return "declined"

    return act(request, sent, number, work)


@router.post("/decline/drop")
def decline_drop(request: Request, sent: Deciding, number: str) -> Response:
    def work(env: Environment) -> str:
        declining.drop(env, number, sent.by.login)
        return "dropped"

    return act(request, sent, number, work)


@router.post("/passphrase")
def passphrase(request: Request, sent: LookingAtPerson, number: str) -> Response:
    """Show the passphrase this once; that it was shown is on record."""
    with installation(sent.by) as env:
        try:
            with transaction(env.register) as register:
                phrase = passphrases.show_passphrase(register, env.keyring, number, sent.by.login)
        except AvgflowError as fault:
            return rendered(request, sent.by, env, number, refused=refused(fault), status=NOT_DONE)
        return rendered(request, sent.by, env, number, passphrase=phrase)


@router.post("/person")
def person(request: Request, sent: LookingAtPerson, number: str) -> Response:
    """Show who asks, and what, this once; that it was shown is on record."""
    with installation(sent.by) as env:
        return rendered(request, sent.by, env, number, person=looking.show_person(env, number, sent.by.login))


@router.post("/recipients/{recipient}/told")
def told(request: Request, sent: Handling, number: str, recipient: str) -> Response:
    def work(env: Environment) -> str:
        with transaction(env.register) as register:
            notices.told_by_hand(register, env.keyring, number, recipient, _day(sent.get("on")), sent.by.login)
        return "told"

    return act(request, sent, number, work)


@router.post("/recipients/{recipient}/confirmed")
def confirmed(request: Request, sent: Handling, number: str, recipient: str) -> Response:
    def work(env: Environment) -> str:
        with transaction(env.register) as register:
            notices.confirm(register, env.keyring, number, recipient, sent.by.login)
        return "confirmed"

    return act(request, sent, number, work)


def _day(given: str) -> date | None:
    if not stripped(given):
        return None
    day = iso_day(given)
    if day is None:
        raise NoSuchDay
    return day
