"""The tasks of a sweep: count beforehand, ask where there is a reason to, carry out by store, prove, report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import Param, get_current_context, task
from airflow.task.trigger_rule import TriggerRule

from avgflow import laps
from avgflow.handling import deciding_sweep, previewing_sweep, proving_sweep, reporting_sweep, sweeping
from avgflow.handling.deciding_sweep import SweepQuestion
from avgflow.handling.environment import Environment
from avgflow.handling.sweeping import SweepStopped
from avgflow.register.names import EventName
from avgflow.register.outbox import MailBusy
from avgflow.register.sweeps import SweepStatus
from avgflow_airflow import running, telling
from avgflow_airflow.human import HumanOperator, misfit
from avgflow_airflow.questions import SWEEP
from avgflow_airflow.sending import NobodyTold, tell_officer
from avgflow_airflow.tasklog import Line, Stopwatch, say


@task
def preview() -> None:
    """What is past its term in every store, on the register before anything is done."""

    def step(env: Environment, run_id: str) -> None:
        watch = Stopwatch()
        telling.counted(env, previewing_sweep.preview(env, run_id), watch)

    running.begin_sweep(get_current_context(), step)


class ApproveSweepOperator(HumanOperator):
    """Who approves what was counted, where anything asks for a human; nobody is asked otherwise."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            subject="{{ run_id }}: opschonen goedkeuren (approve the sweep)",
            asked={
                # Airflow keeps a question as it was first asked, and a sweep is counted once.
                "preview": Param(
                    None,
                    type=["null", "string"],
                    title="Welke telling (which preview)",
                    description="De twaalf letters en cijfers onder de telling. (The twelve signs below the preview.)",
                ),
            },
            **kwargs,
        )

    def step(self, context: Any) -> str | None:
        question = running.run_sweep(context, _decide)
        if question is None:
            return None
        say(Line.SWEEP_WAITING, sweep=question.number, until=question.until.isoformat())
        # Airflow takes the task up again then, and the register says that nobody answered.
        self.response_timeout = question.until - datetime.now(UTC)
        return SWEEP

    def about(self, context: Any) -> Mapping[str, str]:
        return {"run": str(context["dag_run"].run_id)}

    def taken(self, context: Any, given: Mapping[str, Any], actor: str) -> str | None:
        def take(env: Environment, number: str) -> str | None:
            return misfit(lambda: deciding_sweep.take(env, number, given.get("preview"), actor))

        return running.run_sweep(context, take)

    def stopped(self, context: Any, actor: str) -> None:
        running.run_sweep(context, lambda env, number: deciding_sweep.refuse(env, number, actor))


def _decide(env: Environment, number: str) -> SweepQuestion | None:
    """Whether a human must answer first; told by mail, though a mail server that is down keeps no question back."""
    question = deciding_sweep.decide(env, number)
    if question is None:
        say(Line.SWEEP_APPROVED, **running.told(env, number, EventName.SWEEP_APPROVED), sweep=number)
        return None
    try:
        tell_officer(env, number, question.mail)
    except (running.MailServerUnavailable, NobodyTold, MailBusy) as fault:
        say(Line.MAIL_FAILED, sweep=number, error=type(fault).__name__)
    return question


@task
def sweep(store: str) -> None:
    """What was allowed to go from one store, batch by batch; it goes on where it was."""

    def step(env: Environment, number: str) -> None:
        watch = Stopwatch()
        with laps.heard() as heard:
            try:
                done = sweeping.carry_out(env, number, store)
            except SweepStopped:
                telling.swept(env, store, heard, number)
                raise
        telling.swept(env, store, heard, number)
        facts = {"parts": done.parts, "planned": done.rows, "rows": done.changed}
        say(Line.STORE_SWEPT, store=store, **facts, milliseconds=watch.milliseconds, sweep=number)

    running.run_sweep(get_current_context(), step)


@task(trigger_rule=TriggerRule.NONE_FAILED)
def prove() -> None:
    """The proof that what was to go is gone and nothing else, of a sweep that was stopped too."""

    def step(env: Environment, number: str) -> None:
        watch = Stopwatch()
        deciding_sweep.refuse_refused(env, number)
        verdict = proving_sweep.prove(env, number)
        telling.checks(verdict, watch, sweep=number)
        ended = proving_sweep.close(env, number, verdict)
        if not verdict.passed:
            say(Line.SWEEP_NOT_PROVEN, sweep=number)
            raise proving_sweep.NotProven(verdict)
        say(Line.SWEEP_PROVEN, status=ended.status.value, sweep=number)

    running.run_sweep(get_current_context(), step)


@task(trigger_rule=TriggerRule.ALL_DONE)
def report() -> None:
    """The end: green if the sweep is at its own, with a mail to the privacy officer where there is anything to say."""

    def step(env: Environment, number: str) -> None:
        reported = reporting_sweep.report(env, number)
        if reported.mail is not None:
            tell_officer(env, number, reported.mail)
        if reported.missing:
            raise reporting_sweep.SweepNotAtItsEnd(number, reported.missing)
        line = _END.get(reported.sweep.status, Line.SWEEP_ENDED)
        say(line, status=reported.sweep.status.value, sweep=number)

    running.run_sweep(get_current_context(), step)


_END = {SweepStatus.REFUSED: Line.SWEEP_REFUSED, SweepStatus.STOPPED: Line.SWEEP_STOPPED}
