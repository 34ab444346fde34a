"""The daily look at every open request: what is due, late, waiting, stopped or not sent, and who is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import Connection

from avgflow import breach, terms
from avgflow.catalog.models import Text
from avgflow.deadline_letters import digest_mail, escalation_mail
from avgflow.deadlines import BreachClock, Deadlines, Standing, Unsent, Unwell, select
from avgflow.fields import AMSTERDAM
from avgflow.handling import extending, watching_sweeps
from avgflow.handling.environment import Environment
from avgflow.handling.extending import LETTER
from avgflow.handling.turns import Pause
from avgflow.handling.waiting import Waiting
from avgflow.register import breaches, clock, declines, events, outbox, requests
from avgflow.register.clock import Clock, Missed
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.requests import Request, Status

OPEN = tuple(status for status in Status if status is not Status.CLOSED)

_PAUSES = {
    Pause.EARLIER: Text(nl="een ander verzoek van dezelfde persoon", en="another request of the same person"),
    Pause.TOGETHER: Text(
        nl="de controle van de identiteit, bij het verzoek dat er samen mee binnenkwam",
        en="the verification of the person, with the request that it came in with",
    ),
    Pause.COOLING_OFF: Text(nl="het einde van de bedenktijd", en="the end of the cooling-off time"),
}
_SECOND_OFFICER = Text(
    nl="een tweede privacy officer: er is voorgesteld om af te wijzen",
    en="a second privacy officer: it was proposed to decline it",
)
_THE_PERSON = Text(nl="het antwoord van de betrokkene op uw vraag", en="the person's answer to your question")


@dataclass(frozen=True)
class Watched:
    """What a look came to: the mails that tell of it, and those that were stuck before and are to be tried again."""

    deadlines: Deadlines
    told: tuple[str, ...]
    stuck: tuple[Unsent, ...]


def look(env: Environment, now: datetime | None = None, unwell: Sequence[Unwell] = ()) -> Deadlines:
    """What is due when, and touch nothing; `unwell`: what else there is to say, as `health.beside_deadlines` found."""
    moment = (now or datetime.now(UTC)).astimezone(AMSTERDAM)
    with transaction(env.register) as register:
        found = requests.find(register, status=OPEN)
        numbers = [one.number for one in found]
        clocks = clock.of(register, numbers)
        done = extending.answered(register, numbers)
        proposed = declines.proposed(register, numbers)
        standings = [
            _standing(env, one, clocks[one.number], one.number in done, one.number in proposed, moment.date())
            for one in found
        ]
        return select(
            standings,
            _unsent(register),
            moment,
            env.policy.calendar,
            _breaches(env, register),
            watching_sweeps.standing(env, register, moment),
            unwell,
        )


def watch(env: Environment, now: datetime | None = None, unwell: Sequence[Unwell] = ()) -> Watched:
    """Put on record what was missed, and one mail a day in the outbox to each of those who are to know; `unwell` as
    `look`.

    Again on the same day no second mail is made. Nothing to say: no mail, but the log tells that it was looked.
    """
    moment = (now or datetime.now(UTC)).astimezone(AMSTERDAM)
    _undo_late_extensions(env, moment.date())
    seen = look(env, moment, unwell)
    for one in seen.overdue:
        with transaction(env.register) as register:
            clock.miss(register, env.keyring, one.number, one.due, Missed.ANSWER)
    with transaction(env.register) as register:
        told = _tell(env, register, seen)
        detail = {**seen.counts, "mails": len(told)}
        events.append(register, env.keyring, EventName.WATCH_RAN, None, detail=detail)
    return Watched(seen, told, tuple(mail for mail in seen.unsent if mail.message_id not in told))


def _tell(env: Environment, register: Connection, seen: Deadlines) -> tuple[str, ...]:
    told = []
    day = seen.today.isoformat()
    if seen.anything:
        digest = digest_mail(seen, env.policy, env.templates)
        kind, to = f"deadline-digest:{day}", env.policy.officer_mailbox
        told.append(outbox.enqueue(register, env.keyring, None, kind, to, digest))
    if (seen.alarming or seen.alarming_breaches) and env.policy.escalation_mailbox:
        to = env.policy.escalation_mailbox
        escalation = escalation_mail(seen, to, env.policy, env.templates)
        told.append(outbox.enqueue(register, env.keyring, None, f"deadline-escalation:{day}", to, escalation))
    return tuple(told)


def _undo_late_extensions(env: Environment, today: date) -> None:
    """An extension of which the person was not told within the first month is none: the first day stands."""
    with transaction(env.register) as register:
        found = [one.number for one in requests.find(register, status=OPEN)]
        days = {number: standing.extended_from for number, standing in clock.of(register, found).items()}
        told = outbox.accepted(register, LETTER, [number for number, day in days.items() if day])
    for number, due in days.items():
        on = told[number].astimezone(AMSTERDAM).date() if number in told else today
        if due is None or on <= due:
            continue
        with transaction(env.register) as register:
            clock.miss(register, env.keyring, number, due, Missed.NOTICE)


def _standing(env: Environment, one: Request, standing: Clock, answered: bool, proposed: bool, today: date) -> Standing:
    term = terms.term(one.received, standing.pauses(today), env.policy.calendar)
    counted, safe = (term.extended_due, term.extended_safe) if standing.extended else (term.due, term.safe)
    # What stands on the register counts, unless the clock stands still: then each day moves it.
    due = counted if standing.asked else one.due
    return Standing(
        number=one.number,
        right=one.right,
        received=one.received,
        due=due,
        safe=min(due, safe),
        status=one.status.value,
        since=one.changed_at.astimezone(AMSTERDAM).date(),
        waiting_for=one.waiting_for,
        waits_for=_SECOND_OFFICER if proposed else _words(one.waiting_for, standing),
        extended=standing.extended,
        asked=standing.asked,
        answered=answered,
    )


def _words(waiting_for: str | None, standing: Clock) -> Text | None:
    if waiting_for is None:
        return None
    if standing.asked:
        return _THE_PERSON
    if waiting_for in set(Pause):
        return _PAUSES[Pause(waiting_for)]
    code = waiting_for.replace("-", " ")
    return Text(nl=Waiting(waiting_for).nl if waiting_for in set(Waiting) else code, en=code)


def _breaches(env: Environment, register: Connection) -> list[BreachClock]:
    found = []
    for one in breaches.not_closed(register):
        facts = breaches.facts(register, env.keyring, one.id)
        complete = breach.missing(facts, one.due_at) is None
        found.append(BreachClock(one.id, one.number, one.due_at.astimezone(AMSTERDAM), breach.settled(facts), complete))
    return found


def _unsent(register: Connection) -> list[Unsent]:
    return [
        Unsent(
            message_id=mail.message_id,
            number=mail.number,
            kind=mail.kind,
            since=mail.queued_at.astimezone(AMSTERDAM),
            attempts=mail.attempts,
            failure=mail.failure,
            urgent=mail.kind == LETTER,
        )
        for mail in outbox.pending(register)
    ]
