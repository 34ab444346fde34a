"""Step 5 of an erasure: the letter, and all that goes with it, on the register in one go; made once, however often this
runs.

With the letter go: the suppressions, the notices to recipients (art. 19), and a mail to the privacy officer about what
only a human can do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from avgflow import letters
from avgflow.dossier import erasure
from avgflow.dossier.erasure import ErasureAnswer
from avgflow.handling import notifying, planning, recounting, suppressing
from avgflow.handling.answering import ANSWER, NotProven
from avgflow.handling.environment import Environment
from avgflow.handling.notifying import LOOSE_ENDS, RECIPIENT
from avgflow.intake import Subject, day_in_amsterdam
from avgflow.letters import Mention
from avgflow.plan import Plan
from avgflow.policy.recipients import Recipient
from avgflow.register import events, locks, outbox, requests
from avgflow.register.database import transaction
from avgflow.register.evidence import Evidence
from avgflow.register.names import EventName
from avgflow.register.notices import Told

REASON = "erasure"
"""Why an address is suppressed."""


def run(env: Environment, number: str) -> Sequence[str]:
    """Put all mails of one answered erasure in the outbox, with what else belongs to it on the register; the
    Message-IDs, the person's first. A second run finds what is there.
    """
    return once(env, number, _make)


def once(env: Environment, number: str, make: Callable[[Environment, Connection, str], None]) -> Sequence[str]:
    """Make the mails of an answer unless they are there; their Message-IDs, the person's first."""
    with transaction(env.register) as register:
        locks.lock(register, [number])
        if not any(mail.kind == ANSWER for mail in outbox.mails(register, number)):
            make(env, register, number)
        return _queued(register, number)


def _queued(register: Connection, number: str) -> list[str]:
    """The person's first, so that nothing else keeps it from going."""
    ours = [mail for mail in outbox.mails(register, number) if mail.kind.partition(":")[0] in _ORDER]
    return [mail.message_id for mail in sorted(ours, key=lambda mail: _ORDER.index(mail.kind.partition(":")[0]))]


_ORDER = (ANSWER, RECIPIENT, LOOSE_ENDS)


def _make(env: Environment, register: Connection, number: str) -> None:
    proven = proof(env, register, number)
    plan = planning.newest(env, register, number)
    request, subject = requests.get(register, number), requests.subject(register, env.keyring, number)
    mentions = mentions_of(proven)
    answer = erasure.of_plan(
        plan,
        env.catalog,
        env.policy,
        language=request.language.value,
        name=subject.name,
        received=request.received,
        made_on=day_in_amsterdam(),
        mentions=bool(mentions),
    )
    suppressing.suppress(env, register, plan, REASON)
    by_hand = notify(env, register, plan, answer)
    _queue(env, register, answer, subject, mentions, by_hand)
    detail = {
        "erased": sum(one.rows for one in answer.erased),
        "kept": sum(step.rows for step in plan.steps if step.action == "keep"),
        "outcome": answer.outcome,
    }
    events.append(register, env.keyring, EventName.ANSWER_MADE, number, detail=detail)


def proof(env: Environment, register: Connection, number: str) -> Evidence:
    """The re-count that an answer of a right that changes stores rests on; `NotProven` before it has passed."""
    proven = recounting.proof(env, register, number)
    if proven is None or not proven.passed:
        raise NotProven(number)
    return proven


def notify(env: Environment, register: Connection, plan: Plan, answer: ErasureAnswer) -> Sequence[Recipient]:
    """Tell the recipients of what was erased; those are returned whom a human has to tell."""
    titles = [one.title for one in answer.erased]
    return notifying.notify(env, register, plan, Told.ERASED, answer.told, titles)


def _queue(
    env: Environment,
    register: Connection,
    answer: ErasureAnswer,
    subject: Subject,
    mentions: Sequence[Mention],
    by_hand: Sequence[Recipient],
) -> None:
    number = answer.number
    mail = letters.erasure_mail(answer, letters.addressee(subject), env.templates)
    outbox.enqueue(register, env.keyring, number, ANSWER, subject.email, mail)
    if mentions or by_hand:
        officer = env.policy.officer_mailbox
        mail = letters.loose_ends_mail(number, env.policy, mentions, by_hand, templates=env.templates)
        outbox.enqueue(register, env.keyring, number, LOOSE_ENDS, officer, mail)


def mentions_of(proof: Evidence) -> list[Mention]:
    """The free-text columns in which the re-count found identifiers of the person again."""
    return [Mention(**found) for found in proof.result.get("mentions", ())]
