"""The letter to who objected or withdrew consent, and all that goes with it; made once, however often this runs."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from avgflow import letters
from avgflow.handling import (
    answering_erasure,
    answering_restriction,
    notifying,
    objected,
    planning,
    weighing,
)
from avgflow.handling.answering import ANSWER
from avgflow.handling.environment import Environment
from avgflow.handling.notifying import LOOSE_ENDS
from avgflow.register import events, locks, outbox, requests
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.notices import Told


def run(env: Environment, number: str) -> Sequence[str]:
    """Put the letter and what belongs to it in the outbox; the Message-IDs, the person's first.

    `NotProven` before the re-count has passed, `NotWeighed` before a human has weighed what is to be weighed.
    """
    weighing.of_request(env, number)
    return answering_erasure.once(env, number, _make)


def tell_restricted(env: Environment, number: str) -> Sequence[str]:
    """Put in the outbox what recipients are told while a human weighs: which data may not be used until then (art. 19);
    the Message-IDs, none where nothing is weighed. A second run finds what is there.
    """
    with transaction(env.register) as register:
        locks.lock(register, [number])
        plan = planning.newest(env, register, number)
        told = env.policy.recipients_of(plan.restricts)
        by_hand = answering_restriction.inform(env, register, plan, told, plan.restricts)
        notifying.leave_to_officer(env, register, number, Told.RESTRICTED, by_hand, Told.RESTRICTED)
        return notifying.mails_of(env, register, number, Told.RESTRICTED)


def _make(env: Environment, register: Connection, number: str) -> None:
    answering_erasure.proof(env, register, number)
    plan = planning.newest(env, register, number)
    subject = requests.subject(register, env.keyring, number)
    answer = objected.of_request(env, register, number, subject.name)
    by_hand = answering_erasure.notify(env, register, plan, answer.erasure)
    mail = letters.objection_mail(answer, letters.addressee(subject), env.templates)
    outbox.enqueue(register, env.keyring, number, ANSWER, subject.email, mail)
    if by_hand or answer.upheld:
        officer = env.policy.officer_mailbox
        upheld = [title.nl for title in answer.upheld]
        mail = letters.loose_ends_mail(number, env.policy, (), by_hand, templates=env.templates, upheld=upheld)
        outbox.enqueue(register, env.keyring, number, LOOSE_ENDS, officer, mail)
    detail = {
        "stopped": sum(step.rows for step in plan.steps if step.action == "set"),
        "erased": sum(one.rows for one in answer.erasure.erased),
        "upheld": len(answer.upheld),
        "refused": len(answer.refused),
        "outcome": answer.outcome,
    }
    events.append(register, env.keyring, EventName.ANSWER_MADE, number, detail=detail)
