"""The answer to who takes data along (AVG art. 20): the package, to the person or to another company; made once,
however often this runs.

Where it goes to another company, the person hears of it only once the mail server has accepted it, or a human has
handed it over. Where nothing can go along, a human agrees to the refusal first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from avgflow import portability_letters
from avgflow.dossier import portability
from avgflow.dossier.portability import PortableAnswer
from avgflow.handling import answering, approving, outcomes, planning, ported, validating
from avgflow.handling.answering import ANSWER, Begun, Prepared
from avgflow.handling.environment import Environment
from avgflow.handling.waiting import Question, Waiting
from avgflow.register import outbox, requests
from avgflow.register.database import transaction
from avgflow.register.requests import Status

if TYPE_CHECKING:
    from avgflow.dossier.package import Package

CONTROLLER = "controller"
TO_TELL = "passphrase"
"""Kinds of mails beside the answer: the package for another company, and that a human is to tell it the passphrase."""


def run(env: Environment, number: str) -> Prepared:
    """What is to be sent next, or asked of a human; a second run finds what is there.

    To be run again after each mail until it gives none that is new.
    """
    begun = answering.begin(env, number)
    if isinstance(begun, Prepared):
        return begun
    if unsent := _unsent(env, number):
        return Prepared(unsent)
    answer, to = content(env, begun), begun.subject.email
    if answer.outcome == "nothing_found":
        mail = portability_letters.nothing_found_mail(answer, to, env.templates)
        return answering.queue(env, number, ANSWER, to, mail)
    if answer.outcome == "refused":
        return _refused(env, answer, to)
    if begun.asked.destination is not None:
        return _to_controller(env, begun, answer, begun.asked.destination)
    if begun.handed_over:
        return Prepared(None)
    made = _package(env, answer)
    if isinstance(made, Prepared):
        return made
    mail = portability_letters.taken_mail(answer, made, to, env.templates)
    return answering.queue(env, number, ANSWER, to, mail)


def content(env: Environment, begun: Begun) -> PortableAnswer:
    """What goes along, others' data replaced, and what does not and why."""
    plan = planning.stored(env, [begun.number])[begun.number]
    opened, who = validating.readers(env, begun.number), answering.known(env, begun.number)
    made = ported.cuts(env, plan, opened, who, begun.request.language)
    return portability.of_plan(
        answering.of(env, begun, plan, ported.stores(env, made)),
        plan,
        env.catalog,
        others=outcomes.others(env, begun.proof),
        to_controller=begun.asked.destination is not None,
    )


def take(env: Environment, number: str, named: object, actor: str) -> None:
    """A human's answer to what the request waits for: the package is handed over, or nothing can go along indeed.

    `ChoiceRefused` as for a plan that is approved.
    """
    with transaction(env.register) as register:
        request = requests.get(register, number)
    if request.waiting_for != Waiting.REFUSAL:
        answering.hand_over(env, number, actor)
        return
    approving.take(env, number, named, actor)
    with transaction(env.register) as register:
        requests.set_status(register, env.keyring, number, Status.RUNNING, actor=actor)


def _refused(env: Environment, answer: PortableAnswer, to: str) -> Prepared:
    number = answer.number
    with transaction(env.register) as register:
        agreed = approving.approved(env, register, number)
    if not agreed:
        return answering.wait(env, Question(number, Waiting.REFUSAL))
    return answering.queue(env, number, ANSWER, to, portability_letters.refused_mail(answer, to, env.templates))


def _to_controller(env: Environment, begun: Begun, answer: PortableAnswer, destination: str) -> Prepared:
    """First the officer, who is to call that company (and may have to hand the package over), then the package, and
    only then the confirmation to the person.
    """
    number, to = begun.number, begun.subject.email
    with transaction(env.register) as register:
        told = answering.mail_of(register, number, TO_TELL) is not None
        sent = answering.mail_of(register, number, CONTROLLER) is not None
    if not told:
        mail = portability_letters.officer_mail(number, env.policy, destination, env.templates)
        return answering.queue(env, number, TO_TELL, env.policy.officer_mailbox, mail)
    if not sent and not begun.handed_over:
        made = _package(env, answer)
        if isinstance(made, Prepared):
            return made
        mail = portability_letters.controller_mail(
            number, env.policy, answer.language, made, destination, env.templates
        )
        return answering.queue(env, number, CONTROLLER, destination, mail)
    mail = portability_letters.given_mail(answer, destination, to, env.templates)
    return answering.queue(env, number, ANSWER, to, mail)


def _package(env: Environment, answer: PortableAnswer) -> Package | Prepared:
    # Here, because reading a DAG must not load what makes archives.
    from avgflow.dossier import package
    from avgflow.dossier.portable_export import TO_TAKE_ALONG

    file = env.settings.work / answer.number / f"overdracht-{answer.number}.zip"
    return answering.pack(
        env, answer, lambda phrase: package.build_archive(answer, phrase, file, TO_TAKE_ALONG, env.templates)
    )


def _unsent(env: Environment, number: str) -> str | None:
    """The mail beside the answer that the mail server has not accepted yet."""
    with transaction(env.register) as register:
        waiting = [mail for mail in outbox.mails(register, number) if mail.kind in (CONTROLLER, TO_TELL)]
    return next((mail.message_id for mail in waiting if mail.accepted_at is None), None)
