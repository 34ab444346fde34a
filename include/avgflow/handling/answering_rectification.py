"""The letter to who asked for a correction, and all that goes with it; made once, however often this runs."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from avgflow import letters
from avgflow.catalog.models import Text
from avgflow.dossier import rectification
from avgflow.dossier.content import Language
from avgflow.handling import annotating, answering_erasure, notifying, planning, rectified
from avgflow.handling.answering import ANSWER
from avgflow.handling.environment import Environment
from avgflow.handling.notifying import LOOSE_ENDS
from avgflow.identity import normal
from avgflow.plan import Plan
from avgflow.register import events, outbox, requests
from avgflow.register.names import EventName
from avgflow.register.notices import Told

EMAIL = "email"


def run(env: Environment, number: str) -> Sequence[str]:
    """Put the letter and what belongs to it in the outbox; the Message-IDs, the person's first. `NotProven` before the
    re-count has passed.
    """
    return answering_erasure.once(env, number, _make)


def _make(env: Environment, register: Connection, number: str) -> None:
    proven = answering_erasure.proof(env, register, number)
    plan = planning.newest(env, register, number)
    subject = requests.subject(register, env.keyring, number)
    answer = rectified.of_request(env, register, number, subject.name, proven)
    annotating.annotate(env, register, plan, requests.asked(register, env.keyring, number).statement)
    mail = letters.rectification_mail(answer, letters.addressee(subject), env.templates)
    outbox.enqueue(register, env.keyring, number, ANSWER, subject.email, mail)
    if answer.email_changed:
        _tell_addresses(env, register, plan, answer.language)
    titles = [env.policy.classes[name].title for name in sorted(_classes(plan))]
    by_hand = notifying.notify(env, register, plan, Told.CORRECTED, answer.told, titles, _values(env, plan))
    mentions = answering_erasure.mentions_of(proven)
    noted = [one.title.nl for one in answer.noted]
    if by_hand or mentions or noted:
        officer = env.policy.officer_mailbox
        mail = letters.loose_ends_mail(
            number, env.policy, mentions, by_hand, templates=env.templates, told=Told.CORRECTED, noted=noted
        )
        outbox.enqueue(register, env.keyring, number, LOOSE_ENDS, officer, mail)
    detail = {
        "corrected": sum(step.rows for step in (*plan.steps, *plan.done) if step.action == "correct"),
        "annotated": sum(step.rows for step in plan.steps if step.action == "annotate"),
        "outcome": answer.outcome,
    }
    events.append(register, env.keyring, EventName.ANSWER_MADE, number, detail=detail)


def _tell_addresses(env: Environment, register: Connection, plan: Plan, language: Language) -> None:
    """Both the former and the new address hear that it was changed, so that nobody's is changed in silence."""
    (fix,) = (fix for fix in plan.fixes if fix.attribute == EMAIL)
    wanted = dict.fromkeys((fix.new, *fix.former))
    distinct = {normal(one): one for one in reversed(wanted)}
    for place, to in enumerate(reversed(distinct.values())):
        mail = letters.email_changed_mail(plan.number, env.policy, to, language, env.templates)
        outbox.enqueue(register, env.keyring, plan.number, f"{ANSWER}:address-{place}", to, mail)


def _classes(plan: Plan) -> set[str]:
    return {step.record_class for step in (*plan.steps, *plan.done) if step.action == "correct" and step.record_class}


def _values(env: Environment, plan: Plan) -> list[tuple[Text, str]]:
    """The right values, each with what it is called; the parts of an address by their own names."""
    return [(rectification.label_of(env.catalog, fix.attribute), fix.new) for fix in plan.fixes]
