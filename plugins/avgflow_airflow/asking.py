"""Steps that may need a human: they do their work, and wait for an answer only where something must be decided.

The task waits without a worker (see `human`). The privacy officer answers in Airflow or with
`avgflow request verify|choose|approve|refuse|weigh`, which answers the same question; who answered is on the register.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow.sdk import Param
from airflow.sdk.exceptions import AirflowFailException

from avgflow.handling import (
    answering,
    answering_objection,
    answering_portability,
    approving,
    closing,
    identify,
    together,
    verifying,
    weighing,
)
from avgflow.handling.answering import Prepared
from avgflow.handling.approving import Wait
from avgflow.handling.environment import Environment
from avgflow.handling.waiting import ChoiceRefused, Question
from avgflow.intake import Verification
from avgflow.register.names import EventName
from avgflow.register.outbox import MailBusy
from avgflow_airflow import running
from avgflow_airflow.human import HumanOperator, misfit
from avgflow_airflow.pausing import Until
from avgflow_airflow.questions import BODIES, WAYS
from avgflow_airflow.sending import MailRefused, deliver, send_beside
from avgflow_airflow.tasklog import Line, say


class AskingOperator(HumanOperator):
    """A step of a request that returns a `Question` where a human must decide; it is done again after the answer."""

    def work(self, env: Environment, number: str) -> Question | Wait | None:
        """The step itself; None where it is done."""
        raise NotImplementedError

    def take(self, env: Environment, number: str, given: Mapping[str, Any], actor: str) -> None:
        """Put a human's answer on the register; an `AvgflowError` where it does not fit the question."""
        raise NotImplementedError

    def end(self, env: Environment, number: str, actor: str) -> None:
        """Put on the register that a human stopped the request here."""
        closing.stop(env, number, actor)

    def about(self, context: Any) -> Mapping[str, str]:
        return {"request": running.number_of(context)}

    def step(self, context: Any) -> str | None:
        question = running.run(context, self.work)
        if question is None:
            return None
        if isinstance(question, Wait):
            waits = {"waiting_for": question.pause.value, "until": question.until.isoformat()}
            say(Line.TASK_PAUSED, request=running.number_of(context), **waits)
            self.defer(trigger=Until(question.until.isoformat()), method_name="look_again")
        say(Line.REQUEST_WAITING, request=question.number, waiting_for=question.waiting.value)
        running.run(context, lambda env, number: _tell(env, question))
        return BODIES[question.waiting]

    def look_again(self, context: Any, event: Any = None) -> None:
        """After a wait without a worker; its end says nothing, the register does."""
        self.execute(context)

    def taken(self, context: Any, given: Mapping[str, Any], actor: str) -> str | None:
        return running.run(context, lambda env, number: misfit(lambda: self.take(env, number, given, actor)))

    def stopped(self, context: Any, actor: str) -> None:
        running.run(context, lambda env, number: self.end(env, number, actor))
        raise AirflowFailException(f"{running.number_of(context)} was stopped by {actor}.")


class IdentifyOperator(AskingOperator):
    """Who asks, and who that is in the stores."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            subject="{{ run_id }}: wie is dit? (who is this?)",
            asked={
                "verified_by": Param(
                    None,
                    type=["null", "string"],
                    enum=[None, *Verification],
                    values_display=dict(WAYS),
                    title="Hoe vastgesteld (verified by)",
                    description="Alleen als de identiteit nog niet vaststaat. (Only if not verified yet.)",
                ),
                "persons": Param(
                    None,
                    type=["null", "string"],
                    title="Welke persoon (which person)",
                    description="Alleen als er meer personen kunnen zijn. (Only if several may be meant.)",
                ),
            },
            **kwargs,
        )

    def work(self, env: Environment, number: str) -> Question | Wait | None:
        if waits := together.wait(env, number):
            return waits
        question = identify.identify(env, [number])[number]
        if question is None:
            verified = running.told(env, number, EventName.REQUEST_VERIFIED)
            say(Line.REQUEST_VERIFIED, **verified, request=number)
            found = running.told(env, number, EventName.REQUEST_IDENTIFIED)
            say(Line.REQUEST_IDENTIFIED, **found, request=number)
        return question

    def take(self, env: Environment, number: str, given: Mapping[str, Any], actor: str) -> None:
        verifying.take(env, number, given.get("verified_by"), _numbers(given.get("persons")), actor)


class ApproveOperator(AskingOperator):
    """Whose turn it is, who approves the plan, and the time to think it over; waits without a worker."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            subject="{{ run_id }}: plan goedkeuren (approve the plan)",
            asked={
                # Airflow keeps a question as it was first asked: it cannot name the plan, which may be another by now.
                "plan": Param(
                    None,
                    type=["null", "string"],
                    title="Welk plan (which plan)",
                    description="De twaalf letters en cijfers onder het plan. (The twelve signs below the plan.)",
                ),
            },
            **kwargs,
        )

    def work(self, env: Environment, number: str) -> Question | Wait | None:
        found = approving.approve(env, number)
        if found is None:
            approved = running.told(env, number, EventName.PLAN_APPROVED)
            say(Line.PLAN_APPROVED, **approved, request=number)
        return found

    def take(self, env: Environment, number: str, given: Mapping[str, Any], actor: str) -> None:
        approving.take(env, number, given.get("plan"), actor)

    def end(self, env: Environment, number: str, actor: str) -> None:
        approving.refuse(env, number, actor)


class WeighOperator(AskingOperator):
    """An objection that a human weighs, class by class; the other parts of it are done by then."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            subject="{{ run_id }}: bezwaar afwegen (weigh the objection)",
            asked={
                "outcomes": Param(
                    None,
                    type=["null", "string"],
                    title="Uw afweging (how you weigh it)",
                    description="Bijvoorbeeld (such as): R1=uphold R2=refuse:compelling-grounds",
                ),
            },
            **kwargs,
        )

    def work(self, env: Environment, number: str) -> Question | None:
        _inform(env, number)
        question = weighing.weigh(env, number)
        if question is None:
            for one in weighing.of_request(env, number):
                outcome = one.reason or "upheld"
                say(Line.OBJECTION_WEIGHED, request=number, record_class=one.record_class, outcome=outcome)
        return question

    def take(self, env: Environment, number: str, given: Mapping[str, Any], actor: str) -> None:
        weighing.take(env, number, given.get("outcomes"), actor)


class AnswerOperator(AskingOperator):
    """The package and the mail; a package that is too large for a mail waits to be handed over."""

    def __init__(
        self,
        *,
        subject: str = "{{ run_id }}: pakket overhandigen (hand over the package)",
        asked: dict[str, Param] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(subject=subject, asked=asked or {}, **kwargs)

    def prepare(self, env: Environment, number: str) -> Prepared:
        """What is to be sent next, or asked."""
        return answering.run(env, number)

    def work(self, env: Environment, number: str) -> Question | None:
        sent = None
        while (prepared := self.prepare(env, number)).message_id not in (None, sent):
            made = running.told(env, number, EventName.ANSWER_MADE)
            if made and sent is None:
                say(Line.ANSWER_MADE, **made, request=number)
            sent = str(prepared.message_id)
            deliver(env, number, sent)
        return prepared.question

    def take(self, env: Environment, number: str, given: Mapping[str, Any], actor: str) -> None:
        answering.hand_over(env, number, actor)


class AnswerPortabilityOperator(AnswerOperator):
    """The package, to the person or to another company; where nothing can go along, a human agrees to the refusal."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            subject="{{ run_id }}: antwoord nakijken (check the answer)",
            asked={
                "plan": Param(
                    None,
                    type=["null", "string"],
                    title="Welk plan (which plan)",
                    description="Alleen bij een weigering. (Only for a refusal.)",
                ),
            },
            **kwargs,
        )

    def prepare(self, env: Environment, number: str) -> Prepared:
        return answering_portability.run(env, number)

    def take(self, env: Environment, number: str, given: Mapping[str, Any], actor: str) -> None:
        answering_portability.take(env, number, given.get("plan"), actor)


def _tell(env: Environment, question: Question) -> None:
    """Mail the question to the privacy officer; a mail server that is down does not keep the question from being
    asked.
    """
    try:
        deliver(env, question.number, closing.ask_officer(env, question))
    except (running.MailServerUnavailable, MailRefused) as fault:
        say(Line.MAIL_FAILED, request=question.number, error=type(fault).__name__)


def _inform(env: Environment, number: str) -> None:
    """Tell recipients which data may not be used while a human weighs; what does not go now, goes with the answer."""
    try:
        send_beside(env, number, answering_objection.tell_restricted(env, number))
    except (running.MailServerUnavailable, MailRefused, MailBusy) as fault:
        say(Line.MAIL_FAILED, request=number, error=type(fault).__name__)


def _numbers(given: object) -> Sequence[int]:
    """'1, 3' as [1, 3]; `ChoiceRefused` for anything else."""
    parts = str(given or "").replace(",", " ").split()
    if not all(part.isdecimal() for part in parts):
        raise ChoiceRefused(
            "Give the numbers of the persons, such as 1 or 1,3.",
            "Vul de nummers van de personen in, zoals 1 of 1,3.",
        )
    return [int(part) for part in parts]
