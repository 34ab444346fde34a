"""Extending a term by two months (art. 12(3)): once, within the first month, and the person is told why."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import Connection

from avgflow import terms
from avgflow.catalog.models import Text
from avgflow.deadline_letters import Extension, extension_mail
from avgflow.errors import AvgflowError
from avgflow.fields import AMSTERDAM, NoteTooLong
from avgflow.handling import notice
from avgflow.handling.answering import ANSWER
from avgflow.handling.environment import Environment
from avgflow.intake import day_in_amsterdam
from avgflow.register import clock, events, locks, outbox, receipts, requests
from avgflow.register.clock import Missed
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.receipts import Step
from avgflow.register.requests import RequestClosed, Status

LETTER = "extended"
"""The kind of the mail that tells the person."""

LONGEST_NOTE = 500


class Reason(StrEnum):
    """Why more time is needed, as the law has it."""

    COMPLEXITY = "complexity"
    NUMBER = "number-of-requests"


_WORDS = {
    Reason.COMPLEXITY: Text(
        nl="Uw verzoek is ingewikkeld. Daarom kost het meer tijd om u een goed antwoord te geven.",
        en="Your request is complex. It takes more time to give you a proper answer.",
    ),
    Reason.NUMBER: Text(
        nl="Er zijn veel verzoeken bij ons binnengekomen. Daarom lukt het niet om u binnen een maand te antwoorden.",
        en="We have received a large number of requests. That is why we cannot answer you within one month.",
    ),
}


class AnsweredAlready(AvgflowError):
    """A term was to be extended of a request whose answer went out."""

    def __init__(self, number: str) -> None:
        super().__init__(f"The answer of {number} went out already; it needs no more time.")


class ExtendedAlready(AvgflowError):
    """A term was to be extended a second time."""

    def __init__(self, number: str, due: date) -> None:
        super().__init__(f"{number} is extended already, and that can be done once; the answer is due on {due}.")


class ExtendedTooLate(AvgflowError):
    """A term was to be extended when the first month was over; that it was missed is on record."""

    def __init__(self, number: str, due: date) -> None:
        super().__init__(
            f"{number} cannot be extended any more: the person had to be told by {due}, and that day stays. "
            f"That the term is missed is on record; answer as soon as you can."
        )


class NotToldYet(AvgflowError):
    """A term is extended, but the run that sends the letter was not started."""

    def __init__(self, number: str, why: str) -> None:
        super().__init__(
            f"The term of {number} is extended, but its letter is not sent yet. {why} Then give the same command again."
        )


def words(reason: Reason) -> Text:
    """The reason as the person reads it."""
    return _WORDS[reason]


@dataclass(frozen=True)
class Extended:
    """An extension: until when, and by which day the person has to be told."""

    number: str
    due: date
    tell_by: date


def extend(env: Environment, number: str, reason: Reason, note: str, actor: str) -> Extended:
    """Extend a request's term and put the letter in the outbox, in one transaction.

    Nothing is done again where the letter of an extension waits in the outbox still. `ExtendedTooLate` after the first
    month (with `term.missed` on record), `ExtendedAlready`, `AnsweredAlready`, `RequestClosed`, `NoteTooLong`.
    """
    if len(note) > LONGEST_NOTE:
        raise NoteTooLong(LONGEST_NOTE)
    today = day_in_amsterdam()
    with transaction(env.register) as register:
        locks.lock(register, [number])
        request = requests.get(register, number)
        if request.status is Status.CLOSED:
            raise RequestClosed(number, str(request.outcome))
        if answered(register, [number]):
            raise AnsweredAlready(number)
        standing = clock.of(register, [number])[number]
        if standing.extended_from is not None:
            if not any(mail.kind == LETTER and mail.accepted_at is None for mail in outbox.mails(register, number)):
                raise ExtendedAlready(number, request.due)
            return Extended(number, request.due, standing.extended_from)
        term = terms.term(request.received, standing.pauses(today), env.policy.calendar)
        late = today > term.due
        if late:
            clock.miss(register, env.keyring, number, term.due, Missed.EXTENSION, actor)
        else:
            clock.extend(register, env.keyring, number, term, reason.value, actor, {"note": bool(note)})
            who = requests.subject(register, env.keyring, number)
            letter = Extension(
                number=number,
                language=request.language.value,
                name=who.name,
                right=request.right,
                received=request.received,
                due=term.extended_due,
                reason=words(reason),
                note=note,
                on_behalf_of=who.on_behalf_of,
            )
            mail = extension_mail(letter, env.policy, who.email, env.templates)
            outbox.enqueue(register, env.keyring, number, LETTER, who.email, mail, actor)
    if late:  # raised only now, so that what is on record stays there
        raise ExtendedTooLate(number, term.due)
    return Extended(number, term.extended_due, term.due)


def answered(register: Connection, numbers: Collection[str]) -> set[str]:
    """Those of the requests whose answer went out: the mail server accepted it, or it was handed over."""
    handed = receipts.with_step(register, Step.HAND_OVER, numbers)
    return handed | outbox.accepted(register, ANSWER, numbers).keys()


def answered_on(register: Connection, numbers: Collection[str]) -> dict[str, date]:
    """The Dutch day on which the answer went out, for those of the requests whose did; of one that came to its end
    without an answer (it was withdrawn), the day of that.
    """
    moments = {**receipts.written(register, Step.HAND_OVER, numbers), **outbox.accepted(register, ANSWER, numbers)}
    days = {number: moment.astimezone(AMSTERDAM).date() for number, moment in moments.items()}
    return {**ended_on(register, numbers), **days}


def ended_on(register: Connection, numbers: Collection[str]) -> dict[str, date]:
    """The Dutch day on which it was closed or withdrawn, for those of the requests that were."""
    ends = events.of_requests(register, numbers, (EventName.REQUEST_WITHDRAWN, EventName.REQUEST_CLOSED))
    return {str(event.number): event.at.astimezone(AMSTERDAM).date() for event in reversed(ends)}


def tell(env: Environment, number: str) -> None:
    """Have the letter sent, by a run of its own; `NotToldYet` where Airflow does not take it."""
    try:
        notice.send(env, number, LETTER)
    except AvgflowError as fault:
        raise NotToldYet(number, str(fault)) from None
