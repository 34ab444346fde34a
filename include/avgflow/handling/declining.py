"""Not doing what a request asks (art. 12(4)): one officer proposes it with a reason, another confirms it, and the
person gets a letter.

A request whose stores are being changed, or whose answer is made, cannot be declined any more. From the confirmation
on no step of it begins; its run ends with the letter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage

from sqlalchemy import Connection

from avgflow import fields, letters, terms
from avgflow.errors import AvgflowError
from avgflow.handling import carried, ending, notice, second_officer, turns
from avgflow.handling.answering import ANSWER
from avgflow.handling.environment import Environment
from avgflow.intake import day_in_amsterdam
from avgflow.policy.reasons import GROUNDS, DeclineReason
from avgflow.procedure_letters import DeclinedLetter, declined_mail
from avgflow.register import clock, declines, events, locks, outbox, receipts, requests
from avgflow.register.database import transaction
from avgflow.register.declines import Confirmed, Proposal
from avgflow.register.events import Event
from avgflow.register.names import EventName
from avgflow.register.receipts import Step
from avgflow.register.requests import Request, RequestClosed, Status

LONGEST_NOTE = 2000
TWICE = 2

_ASKED_FOR = (DeclineReason.IDENTITY, DeclineReason.NO_MANDATE)
"""The reasons that rest on what the person was asked for and did not show."""


class FactsMissing(AvgflowError):
    """A reason that the company has to show, without the facts."""

    def __init__(self, reason: DeclineReason) -> None:
        super().__init__(
            f"The burden of showing '{reason}' is on the company (art. 12(5)): give the facts with --note, as the "
            f"person will read them."
        )


class NotAskedYet(AvgflowError):
    """The person is said not to have shown something that nobody asked for, or reminded them of."""

    def __init__(self, number: str, reason: DeclineReason, asked: bool) -> None:
        first = (
            f"Remind them first: avgflow request code {number} once more, or, if you did so another way, avgflow "
            f"request asked {number} --again"
            if asked
            else f"Ask first: avgflow request code {number}, or, if you did so another way, avgflow request asked "
            f"{number}"
        )
        super().__init__(f"'{reason}' takes a question to the person, and one reminder. {first}")


class VerifiedAlready(AvgflowError):
    """A request was to be declined because its person did not show who they are, which they did."""

    def __init__(self, number: str, reason: DeclineReason) -> None:
        super().__init__(f"{number} is verified, so '{reason}' does not hold. Choose another reason, or let it go on.")


class TooLateToDecline(AvgflowError):
    """A request was to be declined that is being carried out."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"{number} cannot be declined any more: its answer is made, or stores were changed for it. `avgflow "
            f"request show {number}` says where it stands."
        )


class NothingProposed(AvgflowError):
    """A proposal to decline was asked for that nobody made."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"Nobody proposed to decline {number}. Propose it: avgflow request decline {number} --reason REASON"
        )


@dataclass(frozen=True)
class Shown:
    """A proposal, with the letter that would go out now, addressed to nobody by name."""

    proposal: Proposal
    letter: str
    confirmed: Confirmed | None


def propose(env: Environment, number: str, reason: DeclineReason, note: str, actor: str) -> Proposal:
    """Put the proposal on the register, with a mail to the privacy officers in the outbox.

    `FactsMissing`, `NotAskedYet`, `VerifiedAlready`, `TooLateToDecline`, `RequestClosed`, `NoteTooLong`.
    """
    text = fields.paragraphs("note", note) or ""
    if len(text) > LONGEST_NOTE:
        raise fields.NoteTooLong(LONGEST_NOTE)
    if GROUNDS[reason].facts and not text:
        raise FactsMissing(reason)
    with transaction(env.register) as register:
        locks.lock(register, [number])
        request = _open(env, register, number)
        if reason in _ASKED_FOR:
            _require_asked(register, request, reason)
        made = declines.propose(register, env.keyring, number, reason, text, actor)
        mail = _to_officers(env, request, made)
        outbox.enqueue(register, env.keyring, number, f"proposed:{made.id}", env.policy.officer_mailbox, mail, actor)
    return made


def tell(env: Environment, proposal: Proposal, number: str) -> None:
    """Have the mail about a proposal sent; what `notice.send` raises."""
    notice.send(env, number, f"proposed-{proposal.id}")


def drop(env: Environment, number: str, actor: str) -> None:
    """Take a proposal back; `NothingProposed` where there is none, `TooLateToDecline` where it is confirmed."""
    with transaction(env.register) as register:
        locks.lock(register, [number])
        _open(env, register, number)
        if not declines.drop(register, env.keyring, number, actor):
            raise NothingProposed(number)


def show(env: Environment, number: str) -> Shown:
    """The proposal of a request and its letter; `NothingProposed` where there is none."""
    with transaction(env.register) as register:
        proposal = declines.proposal(register, env.keyring, number)
        if proposal is None:
            raise NothingProposed(number)
        request = requests.get(register, number)
        letter = _letter(env, register, request, proposal, None)
        text = declined_mail(letter, env.policy, env.policy.officer_mailbox, env.templates).get_body(("plain",))
        assert text is not None, "every mail has a plain part"
        return Shown(proposal, text.get_content(), declines.confirmed(register, env.keyring, number))


def confirm(env: Environment, number: str, actor: str) -> tuple[Request, Confirmed]:
    """Confirm the proposal, with the letter to the person in the outbox; again changes nothing.

    `ChoiceRefused` where it takes another officer, and the errors of `propose`.
    """
    with transaction(env.register) as register:
        locks.lock(register, [number])
        before = declines.confirmed(register, env.keyring, number)
        if before is not None:
            return requests.get(register, number), before
        request = _open(env, register, number)
        proposal = declines.proposal(register, env.keyring, number)
        if proposal is None:
            raise NothingProposed(number)
        if proposal.reason in _ASKED_FOR:
            _require_asked(register, request, proposal.reason)
        alone = _second_pair(env, events.history(register, number), number, proposal, actor)
        done = declines.confirm(register, env.keyring, number, proposal, actor, alone)
        who = requests.subject(register, env.keyring, number)
        letter = _letter(env, register, request, proposal, who.name)
        mail = declined_mail(letter, env.policy, who.email, env.templates)
        outbox.enqueue(register, env.keyring, number, ANSWER, who.email, mail, actor)
        detail = {"outcome": GROUNDS[proposal.reason].outcome, "reason": proposal.reason.value, "late": letter.late}
        events.append(register, env.keyring, EventName.ANSWER_MADE, number, actor, detail)
    return request, done


def end_run(env: Environment, request: Request) -> None:
    """See to it that the run of a declined request ends and sends the letter, as `ending.end_run`."""
    command = f"avgflow request decline {request.number} --confirm"
    ending.end_run(env.airflow, request, "declined", command)


def letter(env: Environment, number: str) -> list[str]:
    """The Message-ID of the letter of a declined request; none where it is not declined."""
    with transaction(env.register) as register:
        if not declines.is_confirmed(register, number):
            return []
        return [mail.message_id for mail in outbox.mails(register, number) if mail.kind == ANSWER]


def _open(env: Environment, register: Connection, number: str) -> Request:
    """A request that can still be declined."""
    request = requests.get(register, number)
    if request.status is Status.CLOSED:
        raise RequestClosed(number, str(request.outcome))
    answered = any(mail.kind == ANSWER for mail in outbox.mails(register, number))
    handed = bool(receipts.with_step(register, Step.HAND_OVER, [number]))
    suppressed = any(e.name == EventName.SUPPRESSION_ADDED for e in events.history(register, number))
    at_work = turns.begun(register, number) or carried.changed(env, register, number)
    if answered or handed or suppressed or at_work:
        raise TooLateToDecline(number)
    return request


def _require_asked(register: Connection, request: Request, reason: DeclineReason) -> None:
    if request.verified_by is not None:
        raise VerifiedAlready(request.number, reason)
    history = events.history(register, request.number)
    codes = sum(event.name == EventName.CODE_SENT for event in history)
    asked = codes > 0 or clock.read(history).asked is not None
    reminded = codes >= TWICE or any(event.name == EventName.PERSON_REMINDED for event in history)
    if not (asked and reminded):
        raise NotAskedYet(request.number, reason, asked)


def _second_pair(env: Environment, history: Sequence[Event], number: str, proposal: Proposal, actor: str) -> bool:
    """Whether nobody else looked at it, which is so only where the policy names no second officer; `ChoiceRefused`
    where there is one and it is not this human.

    What follows from who asks was entered by whoever registered the request: then that is the first pair of eyes.
    """
    registered = {event.actor for event in history if event.name == EventName.REQUEST_REGISTERED}
    first = registered if proposal.by_itself else {proposal.actor}
    second_officer.require(env, first, actor, f"To decline {number}", second_officer.PROPOSED)
    return actor.lower() in {login.lower() for login in first}


def _letter(
    env: Environment, register: Connection, request: Request, proposal: Proposal, name: str | None
) -> DeclinedLetter:
    today = day_in_amsterdam()
    standing = clock.of(register, [request.number])[request.number]
    due = request.due
    if standing.asked:  # then each day moves it
        term = terms.term(request.received, standing.pauses(today), env.policy.calendar)
        due = term.extended_due if standing.extended else term.due
    return DeclinedLetter(
        number=request.number,
        language=request.language.value,
        name=name,
        right=request.right,
        received=request.received,
        grounds=GROUNDS[proposal.reason],
        note=proposal.note,
        late=today > due,
    )


def _to_officers(env: Environment, request: Request, proposal: Proposal) -> EmailMessage:
    number, grounds = request.number, GROUNDS[proposal.reason]
    return letters.waiting_mail(
        number,
        env.policy,
        "een tweede privacy officer: er is voorgesteld om het verzoek af te wijzen",
        (
            f"avgflow request decline {number}",
            f"avgflow request decline {number} --confirm",
            f"avgflow request decline {number} --drop",
        ),
        f"De reden: {grounds.summary.nl} ({grounds.articles.nl}). Voorgesteld door {proposal.actor}. Bekijk het "
        f"voorstel met de brief die erbij hoort. Met --confirm bevestigt u het: de persoon krijgt dan die brief. Met "
        f"--drop gaat het voorstel van tafel.",
        due=request.due,
        templates=env.templates,
    )
