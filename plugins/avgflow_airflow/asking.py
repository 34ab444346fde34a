"""Steps that may need a human: they do their work, and wait for an answer only where something must be decided.

Airflow's own human-in-the-loop operator parks the task without a worker. The privacy officer answers in Airflow or with
`avgflow request verify|choose|approve`, which answers the same question; who answered is on the register.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param
from airflow.sdk.exceptions import AirflowFailException

from avgflow.errors import AvgflowError
from avgflow.handling import answering, closing, identify
from avgflow.handling.environment import Environment
from avgflow.handling.identify import ChoiceRefused, Question, Waiting
from avgflow.intake import Verification
from avgflow.register.names import EventName
from avgflow_airflow import running
from avgflow_airflow.environment import send

log = structlog.get_logger("avgflow")

GO_ON, STOP = "Verder", "Stoppen"
UNFIT = "Antwoord past niet bij de vraag / answer does not fit the question"

BODIES: Mapping[Waiting, str] = {
    Waiting.VERIFICATION: """
Er is nog niet vastgesteld wie dit verzoek doet. Stel dat vast, zonder kopie van een identiteitsbewijs. Zeg hieronder
hoe u dat deed en kies **Verder**.

*It is not known yet who makes this request. Verify the person, without a copy of an identity document. Say below how
you did it, then choose **Verder** (go on).*
""",
    Waiting.CHOICE: """
Dit verzoek kan over meer dan één persoon gaan. `avgflow request show NUMMER --candidates` toont wie het kunnen zijn.
Vul hieronder het nummer in van de juiste persoon en kies **Verder**. Staat dezelfde persoon er vaker? Vul dan al die
nummers in, bijvoorbeeld `1,3`.

*This request may be about more than one person. `avgflow request show NUMBER --candidates` shows who they are. Give
the number of the right one below (several, such as `1,3`, if they are the same person), then choose **Verder** (go
on).*
""",
    Waiting.ADDRESS: """
De identiteit is vastgesteld met een bekend e-mailadres, maar het adres van dit verzoek staat bij deze persoon in geen
enkel systeem. Weet u zeker dat het adres van deze persoon is? Kies dan **Verder**. Anders: **Stoppen**. U hoeft
hieronder niets in te vullen.

*The person was verified by a known e-mail address, but no store holds the address of this request for them. Choose
**Verder** (go on) only if you are sure that it is theirs; else **Stoppen** (stop). Leave the fields below empty.*
""",
    Waiting.HANDOVER: """
Het pakket is te groot voor een e-mail. Het staat klaar in de werkmap van avgflow, bij dit nummer. Geef het op een
andere, veilige manier aan de persoon en kies daarna **Verder**.

*The package is too large for a mail. It lies in avgflow's work folder, under this number. Hand it over safely another
way, then choose **Verder** (go on).*
""",
}

WAYS: Mapping[str, str] = {
    "null": "– kies / choose –",
    Verification.PORTAL_LOGIN: "Ingelogd op het klantenportaal (portal login)",
    Verification.KNOWN_EMAIL: "Antwoord vanaf een bekend e-mailadres (known e-mail)",
    Verification.PHONE_CALLBACK: "Teruggebeld op een bekend nummer (phone call-back)",
    Verification.IN_PERSON: "In persoon (in person)",
    Verification.MANDATE: "Machtiging gezien (mandate)",
}
"""How Airflow's form names the ways of verifying."""


class AskingOperator(HITLOperator):
    """A step that returns a `Question` where a human must decide; it is done again after the answer."""

    def __init__(self, *, subject: str, asked: dict[str, Param], **kwargs: Any) -> None:
        # Airflow hands down the run's own parameters; a question has only its own.
        kwargs["params"] = asked
        super().__init__(subject=subject, body="{{ run_id }}", options=[GO_ON, STOP], **kwargs)

    def work(self, env: Environment, number: str) -> Question | None:
        """The step itself; None where it is done."""
        raise NotImplementedError

    def take(self, env: Environment, number: str, given: Mapping[str, Any], actor: str) -> None:
        """Put a human's answer on the register; an `AvgflowError` where it does not fit the question."""
        raise NotImplementedError

    def execute(self, context: Any) -> None:
        question = running.run(context, self.work)
        if question is None:
            return
        log.info("Wacht op een mens / waiting for a human", request=question.number, waiting_for=question.waiting.value)
        running.run(context, lambda env, number: _tell(env, question))
        self.body = BODIES[question.waiting]
        super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> None:
        try:
            answer = super().execute_complete(context, event)
        except ValueError as misfit:  # Airflow's API takes any answer; the error's text repeats what was typed
            log.warning(UNFIT, request=running.number_of(context), error=type(misfit).__name__)
            self.execute(context)
            return
        actor = str((answer["responded_by_user"] or {}).get("name") or "airflow")
        if STOP in answer["chosen_options"]:
            running.run(context, lambda env, number: closing.stop(env, number, actor))
            raise AirflowFailException(f"{running.number_of(context)} was stopped by {actor}.")
        given = answer["params_input"]
        unfit = running.run(context, lambda env, number: self._unfit(env, number, given, actor))
        if unfit:
            log.warning(UNFIT, request=running.number_of(context), why=unfit)
        self.execute(context)

    def _unfit(self, env: Environment, number: str, given: Mapping[str, Any], actor: str) -> str | None:
        """Take the answer; why it does not fit the question, in which case the question is asked again."""
        try:
            self.take(env, number, given, actor)
        except ChoiceRefused as refused:
            return str(refused)
        return None


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

    def work(self, env: Environment, number: str) -> Question | None:
        question = identify.identify(env, [number])[number]
        if question is None:
            verified = running.told(env, number, EventName.REQUEST_VERIFIED)
            log.info("Identiteit vastgesteld / identity verified", **verified, request=number)
            found = running.told(env, number, EventName.REQUEST_IDENTIFIED)
            log.info("Persoon opgezocht / person looked up", **found, request=number)
        return question

    def take(self, env: Environment, number: str, given: Mapping[str, Any], actor: str) -> None:
        identify.take(env, number, given.get("verified_by"), _numbers(given.get("persons")), actor)


class AnswerOperator(AskingOperator):
    """The package and the mail; a package that is too large for a mail waits to be handed over."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(subject="{{ run_id }}: pakket overhandigen (hand over the package)", asked={}, **kwargs)

    def work(self, env: Environment, number: str) -> Question | None:
        prepared = answering.run(env, number)
        made = running.told(env, number, EventName.ANSWER_MADE)
        if made:
            log.info("Antwoord gemaakt / answer made", **made, request=number)
        if prepared.message_id is not None:
            deliver(env, number, prepared.message_id)
        return prepared.question

    def take(self, env: Environment, number: str, given: Mapping[str, Any], actor: str) -> None:
        answering.hand_over(env, number, actor)


class MailRefused(AvgflowError):
    """The mail server refuses a mail for good."""

    def __init__(self, failure: str) -> None:
        super().__init__(
            f"The mail server refuses the answer for good ({failure}). Ask the person for another address and register "
            f"the request with it, or hand the answer over another way."
        )


def _tell(env: Environment, question: Question) -> None:
    """Mail the question to the privacy officer; a mail server that is down does not keep the question from being
    asked.
    """
    try:
        deliver(env, question.number, closing.ask_officer(env, question))
    except (running.MailServerUnavailable, MailRefused) as fault:
        log.warning("Mail niet aanvaard / mail not accepted", request=question.number, error=type(fault).__name__)


_REFUSED_US = ("SMTPAuthenticationError", "SMTPConnectError", "SMTPHeloError")
"""The mail server will have nothing of us, whatever the mail: that is mended there or in the connection, and passes."""


def deliver(env: Environment, number: str, message_id: str) -> None:
    """Send a mail of the outbox; `MailServerUnavailable` is worth another try, `MailRefused` is not."""
    delivery = answering.deliver(env, message_id, lambda message, recipient: send(env, message, recipient))
    if not delivery.accepted:
        kind, _, code = (delivery.failure or "").partition(" ")
        if code.startswith("5") and kind not in _REFUSED_US:
            raise MailRefused(str(delivery.failure))
        raise running.MailServerUnavailable(delivery.failure)
    log.info(
        "Mail aanvaard door de mailserver / mail accepted by the mail server",
        request=number,
        attempts=delivery.attempts,
    )


def _numbers(given: object) -> Sequence[int]:
    """'1, 3' as [1, 3]; `ChoiceRefused` for anything else."""
    parts = str(given or "").replace(",", " ").split()
    if not all(part.isdecimal() for part in parts):
        raise ChoiceRefused("Give the numbers of the persons, such as 1 or 1,3.")
    return [int(part) for part in parts]
