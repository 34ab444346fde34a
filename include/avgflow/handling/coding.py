"""A one-time code by mail, to see that a request comes from the person it is about (art. 12(6)).

It goes to an address that the stores hold for that person, never to one that stands in the request only. Whoever reads
it back to the privacy officer has that mailbox. From the mail server's acceptance until then the clock stands still.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from avgflow.errors import AvgflowError
from avgflow.fields import AMSTERDAM
from avgflow.handling import asking_person, identify, notice, verifying
from avgflow.handling.asking_person import AskedLate, NothingToAsk
from avgflow.handling.environment import Environment
from avgflow.handling.waiting import Waiting
from avgflow.identity import Doubt
from avgflow.intake import Verification, day_in_amsterdam
from avgflow.procedure_letters import CodeLetter, code_mail
from avgflow.register import codes, events, locks, outbox, requests
from avgflow.register.codes import Code
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.requests import Request, Status
from avgflow.stores.resolve import resolve

DIGITS = 6
LETTER = "code"
"""The kind of the mail; which code of the request it holds stands behind it."""

_FORM = re.compile(rf"[0-9]{{{DIGITS}}}")


class NoCodeNeeded(AvgflowError):
    """A code was to be sent or given for a request that does not wait for one."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"{number} does not wait for its person to be verified, so it needs no code. `avgflow request show "
            f"{number}` says what it waits for."
        )


class NoKnownAddress(AvgflowError):
    """No store knows an address to which a code could go."""

    def __init__(self, number: str, why: str) -> None:
        super().__init__(
            f"No code can be sent for {number}: {why}. Verify the person another way (call back on a number that was "
            f"known, or meet), then: avgflow request verify {number} --verified-by METHOD. If you have to ask them for "
            f"something first, record it: avgflow request asked {number}"
        )


class NotThatAddress(AvgflowError):
    """An address was chosen that is not in the list."""

    def __init__(self, number: str, known: int) -> None:
        super().__init__(f"The stores know {known} addresses for {number}; choose one of 1 to {known} (--to).")


class CodeNotSent(AvgflowError):
    """A code is made, but the run that sends it was not started."""

    def __init__(self, number: str, why: str) -> None:
        super().__init__(f"A code for {number} is made, but not sent yet. {why} Then: avgflow request code {number}")


class WrongForm(AvgflowError):
    """What was given as a code cannot be one."""

    def __init__(self) -> None:
        super().__init__(f"A code is {DIGITS} digits. Give it as the person reads it; no try was taken.")


class WrongCode(AvgflowError):
    """The code is not the one that was sent."""

    def __init__(self, number: str, left: int) -> None:
        more = f"{left} {'try is' if left == 1 else 'tries are'} left" if left else "it works no more"
        then = "" if left else f" Send another: avgflow request code {number}"
        super().__init__(f"That is not the code of {number}; {more}.{then}")


@dataclass(frozen=True, repr=False)
class Choice:
    """The known addresses, masked, from which a human chooses one."""

    masked: tuple[str, ...]


@dataclass(frozen=True, repr=False)
class Made:
    """A code in the outbox, and the masked address that it goes to."""

    code: Code
    masked: str


def send(env: Environment, number: str, pick: int | None, actor: str) -> Made | Choice:
    """Make a code and put its mail in the outbox; where several addresses are known and none is picked (from 1), those
    are returned for a human to choose from, which is on record.

    `NoCodeNeeded`, `NoKnownAddress`, `NotThatAddress`.
    """
    with transaction(env.register) as register:
        _waiting(register, number)
    known = _known(env, number)
    masked = tuple(map(mask, known))
    if pick is None and len(known) > 1:
        with transaction(env.register) as register:
            detail = {"addresses": len(known)}
            events.append(register, env.keyring, EventName.ADDRESSES_SHOWN, number, actor, detail)
        return Choice(masked)
    place = (pick or 1) - 1
    if not 0 <= place < len(known):
        raise NotThatAddress(number, len(known))
    return Made(_make(env, number, known, place, actor), masked[place])


def tell(env: Environment, made: Code) -> None:
    """Have the mail sent, by a run of its own; `CodeNotSent` where Airflow does not take it."""
    try:
        notice.send(env, made.number, f"{LETTER}-{made.nth}")
    except AvgflowError as fault:
        raise CodeNotSent(made.number, str(fault)) from None


def settle(env: Environment, message_id: str) -> None:
    """After a mail was accepted: where it holds a code, put on record that it went out, and stop the clock from that
    day; again changes nothing.
    """
    with transaction(env.register) as register:
        mail = outbox.get(register, message_id)
        kind, _, nth = mail.kind.partition(":")
        if kind != LETTER or mail.number is None or mail.accepted_at is None:
            return
        codes.sent(register, env.keyring, mail.number, int(nth))
    # Verified meanwhile, or the month was over: then the clock does not stop.
    with suppress(NothingToAsk, AskedLate):
        asking_person.ask(env, mail.number, mail.accepted_at.astimezone(AMSTERDAM).date(), events.SYSTEM)


def check(env: Environment, number: str, given: str, actor: str) -> None:
    """Hold a code against the one that was sent; `WrongCode` says how many tries are left, `NoCode` that there is none.

    What was given is kept nowhere.
    """
    digits = "".join(given.split())
    if not _FORM.fullmatch(digits):
        raise WrongForm
    with transaction(env.register) as register:
        locks.lock(register, [number])
        verifying.require_fitting(_waiting(register, number), Verification.KNOWN_EMAIL)
        left = codes.tried(register, env.keyring, number, digits, day_in_amsterdam(), actor)
    if left >= 0:  # raised only now, so that the try that was taken stays on record
        raise WrongCode(number, left)


def mask(address: str) -> str:
    """As much of an address as tells it from another of the same person: `j•••@b•••.nl`."""
    local, _, domain = address.rpartition("@")
    name, dot, top = domain.rpartition(".")
    return f"{local[:1]}•••@{name[:1]}•••{dot}{top}"


def _waiting(register: Connection, number: str) -> Request:
    request = requests.get(register, number)
    if request.status is not Status.WAITING or request.waiting_for != Waiting.VERIFICATION:
        raise NoCodeNeeded(number)
    return request


def _known(env: Environment, number: str) -> tuple[str, ...]:
    """The addresses that rows of the person hold, and nobody else's; sorted."""
    with transaction(env.register) as register:
        start = identify.start_of(env, register, number)
    with env.view() as view:
        found = resolve(view.connections, view.places, {number: start})[number]
    if isinstance(found, Doubt):
        raise NoKnownAddress(number, "it may be about more than one person")
    nothing: frozenset[str] = frozenset()
    own = found.held.get("email", nothing) - found.shared.get("email", nothing)
    if not own:
        raise NoKnownAddress(number, "no store knows an e-mail address of this person")
    return tuple(sorted(own))


def _make(env: Environment, number: str, known: Sequence[str], place: int, actor: str) -> Code:
    digits = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    until = day_in_amsterdam() + timedelta(days=env.policy.identity.code_days)
    with transaction(env.register) as register:
        locks.lock(register, [number])
        request = _waiting(register, number)
        code = codes.put_code(register, env.keyring, number, digits, until, actor, (place + 1, len(known)))
        letter = CodeLetter(number, request.language.value, request.right, request.received, digits, until)
        mail = code_mail(letter, env.policy, known[place], env.templates)
        outbox.enqueue(register, env.keyring, number, f"{LETTER}:{code.nth}", known[place], mail, actor)
    return code
