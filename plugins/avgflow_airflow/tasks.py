"""Tasks that the DAGs share. Each does one step of `avgflow.handling` for the request of its run and says so in
the log.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from airflow.sdk import get_current_context, task
from airflow.task.trigger_rule import TriggerRule

from avgflow.dossier.evidence import meaning_of
from avgflow.handling import closing, collecting, planning, validating
from avgflow.handling.environment import Environment
from avgflow.settings import Settings
from avgflow_airflow import running
from avgflow_airflow.asking import deliver

log = structlog.get_logger("avgflow")

_settings = Settings.load()

DEFAULT_ARGS: dict[str, Any] = {
    "owner": "privacy",
    # What a task returns would stand in its log.
    "show_return_value_in_logs": False,
    "do_xcom_push": False,
    "retries": _settings.retries,
    "retry_delay": timedelta(seconds=_settings.retry_seconds),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=5),
}
"""For every task of every DAG; only faults that may pass are retried (`running.PASSING`)."""

MAIL_RETRIES = 2000
"""A mail server that is down for days: at five minutes a try, a week."""


@task
def plan() -> None:
    """What will be collected; on the register before anything is done."""

    def step(env: Environment, number: str) -> None:
        made = planning.make(env, [number])[number]
        tables = len({(s.store, s.table) for s in made.steps})
        log.info("Plan gemaakt / plan made", tables=tables, rows=made.rows, digest=made.digest, request=number)

    running.run(get_current_context(), step)


@task
def collect(store: str) -> None:
    """Everything of this person in one store, with the receipt."""

    def step(env: Environment, number: str) -> None:
        receipt = collecting.run(env, store, [number])[number]
        for table, rows in sorted(receipt.counts.items()):
            log.info("Tabel verzameld / table collected", store=store, table=table, rows=rows, request=number)
        total = sum(receipt.counts.values())
        log.info("Bron verzameld / store collected", store=store, rows=total, digest=receipt.digest, request=number)

    running.run(get_current_context(), step)


@task
def validate() -> None:
    """The proof that nothing was missed and nothing else was taken; without it nothing is sent."""

    def step(env: Environment, number: str) -> None:
        done = validating.run(env, [number])[number]
        for expectation in done.verdict.expectations:
            meaning = meaning_of(expectation.name)
            where = {"store": expectation.store, "check": expectation.name, "request": number}
            if expectation.passed:
                log.info(f"Controle geslaagd: {meaning} / check passed", **where)
            else:
                log.error(f"Controle mislukt: {meaning} / check failed", **where)
        for (store, table), counts in done.redactions.items():
            for redaction, cells in counts.items():
                log.info(
                    "Gegevens van anderen vervangen / others' data replaced",
                    store=store,
                    table=str(table),
                    column=redaction.column,
                    reason=redaction.reason,
                    cells=cells,
                    request=number,
                )
        if not done.verdict.passed:
            raise validating.CheckFailed(done.verdict)

    running.run(get_current_context(), step)


@task(trigger_rule=TriggerRule.ALL_DONE)
def close() -> None:
    """The verdict: closed if everything is there, else stopped, with a mail to the privacy officer that says why."""

    def step(env: Environment, number: str) -> None:
        closed = closing.run(env, number)
        if not closed.missing:
            log.info("Verzoek afgesloten / request closed", request=number, outcome=str(closed.request.outcome))
            return
        for missing in closed.missing:
            log.error(f"Verzoek gestopt: {missing.nl} / request stopped: {missing.en}", request=number)
        deliver(env, number, closing.tell_officer(env, number, closed.missing))
        raise closing.NotAtItsEnd(number, closed.missing)

    running.run(get_current_context(), step)
