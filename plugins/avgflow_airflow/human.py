"""Waiting for a human's answer: a step asks, parks its task without a worker, and is done again after the answer.

Airflow's own human-in-the-loop operator parks the task. What is asked and what becomes of the answer is the subclass's;
what does not fit the question is asked again, and what was typed reaches no log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param

from avgflow.answers import GO_ON, STOP
from avgflow.handling.waiting import ChoiceRefused
from avgflow_airflow.tasklog import Line, say


def misfit(take: Callable[[], None]) -> str | None:
    """Take an answer; why it does not fit the question, where it does not."""
    try:
        take()
    except ChoiceRefused as refused:
        return str(refused)
    return None


class HumanOperator(HITLOperator):
    """A step that may need a human. The register says what was answered, and until when an answer is waited for."""

    def __init__(self, *, subject: str, asked: dict[str, Param], **kwargs: Any) -> None:
        # Airflow hands down the run's own parameters; a question has only its own.
        kwargs["params"] = asked
        super().__init__(subject=subject, body="{{ run_id }}", options=[GO_ON, STOP], **kwargs)

    def step(self, context: Any) -> str | None:
        """Do the step; the text of the question where a human must answer first, None where it is done."""
        raise NotImplementedError

    def about(self, context: Any) -> Mapping[str, str]:
        """What the question is about, as keys of a log line."""
        raise NotImplementedError

    def taken(self, context: Any, given: Mapping[str, Any], actor: str) -> str | None:
        """Put an answer on the register; why it does not fit the question, in which case it is asked again."""
        raise NotImplementedError

    def stopped(self, context: Any, actor: str) -> None:
        """Put on the register that a human ends it here, and end the task."""
        raise NotImplementedError

    def execute(self, context: Any) -> None:
        question = self.step(context)
        if question is None:
            return
        self.body = question
        super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> None:
        if event.get("error_type") == "timeout":  # the step itself looks at the clock
            self.execute(context)
            return
        try:
            answer = super().execute_complete(context, event)
        except ValueError as misfit:  # Airflow's API takes any answer; the error's text repeats what was typed
            say(Line.ANSWER_UNFIT, **self.about(context), error=type(misfit).__name__)
            self.execute(context)
            return
        actor = str((answer["responded_by_user"] or {}).get("name") or "airflow")
        if STOP in answer["chosen_options"]:
            self.stopped(context, actor)
        elif unfit := self.taken(context, answer["params_input"], actor):
            say(Line.ANSWER_UNFIT, **self.about(context), why=unfit)
        self.execute(context)
