"""Tasks that the DAGs share. Each does one step of `avgflow.handling` for the request of its run and says so in
the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from airflow.sdk import get_current_context, task
from airflow.task.trigger_rule import TriggerRule

from avgflow import laps
from avgflow.handling import (
    answering_erasure,
    answering_objection,
    answering_rectification,
    answering_restriction,
    approving,
    closing,
    collecting,
    declining,
    erasing,
    health,
    lifting,
    notifying,
    planning,
    recounting,
    replaying,
    stopping,
    validating,
    watching,
    withdrawing,
)
from avgflow.handling.answering import ANSWER
from avgflow.handling.environment import Environment
from avgflow.register import outbox
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.requests import Outcome, RequestClosed
from avgflow.settings import Settings
from avgflow_airflow import running, telling
from avgflow_airflow.sending import MailRefused, deliver, deliver_all, send_beside, send_watch
from avgflow_airflow.tasklog import Line, Stopwatch, say

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

AT_ONCE = 1000
"""Runs of a right at the same time: one that waits for a human, for days perhaps, must keep no other from beginning.
What bounds the load is the hands of the workers and the pool of each store.
"""

WATCH_RETRIES = 24
"""About two hours: what is then not sent is tried again by the next day's watch."""

MAIL_RETRIES = 2000
"""A mail server that is down for days: at five minutes a try, a week."""


@task
def plan() -> None:
    """What will be collected; on the register before anything is done."""

    def step(env: Environment, number: str) -> None:
        watch = Stopwatch()
        made = planning.make(env, [number])[number]
        tables = len({(s.store, s.table) for s in made.steps})
        facts = {"tables": tables, "rows": made.rows, "milliseconds": watch.milliseconds, "digest": made.digest}
        say(Line.PLAN_MADE, **facts, request=number)

    running.run(get_current_context(), step)


@task
def collect(store: str) -> None:
    """Everything of this person in one store, with the receipt."""

    def step(env: Environment, number: str) -> None:
        watch = Stopwatch()
        with laps.heard() as heard:
            receipt = collecting.run(env, store, [number])[number]
        telling.collected(receipt, heard, watch, number)

    running.run(get_current_context(), step)


@task
def change(store: str) -> None:
    """What the approved plan says of one store, in one transaction, with the receipt."""

    def step(env: Environment, number: str) -> None:
        approving.require(env, number)
        watch = Stopwatch()
        try:
            with laps.heard() as heard:
                receipt = erasing.run(env, store, [number])[number]
        except RequestClosed:
            closing.resume(env, number)  # says so where it was withdrawn meanwhile
            raise
        telling.work(env, receipt, heard, watch, number)

    running.run(get_current_context(), step)


@task
def suppress() -> None:
    """Nothing more is sent to the person's addresses, before anything else is done."""

    def step(env: Environment, number: str) -> None:
        on_list = stopping.suppress(env, number)
        for channel, addresses in on_list.items():
            say(Line.SUPPRESSION_ADDED, channel=channel, addresses=addresses, request=number)

    running.run(get_current_context(), step)


@task
def stop(store: str) -> None:
    """What an objection sets and ends in one store, in one transaction, with the receipt."""

    def step(env: Environment, number: str) -> None:
        watch = Stopwatch()
        with laps.heard() as heard:
            receipt = stopping.run(env, store, [number])[number]
        telling.work(env, receipt, heard, watch, number)

    running.run(get_current_context(), step)


@task
def recount() -> None:
    """The proof that what was to go is gone, what was to stay is there, and nothing else was touched."""

    def step(env: Environment, number: str) -> None:
        watch = Stopwatch()
        done = recounting.run(env, [number])[number]
        telling.checks(done.verdict, watch, request=number)
        if not done.verdict.passed:
            raise recounting.NotErased(done.verdict, done.right)

    running.run(get_current_context(), step)


@task
def answer_erasure() -> None:
    """The letter, and whom it concerns besides: recipients, and the privacy officer."""

    def step(env: Environment, number: str) -> None:
        _send(env, number, answering_erasure.run(env, number))

    running.run(get_current_context(), step)


@task
def answer_rectification() -> None:
    """The letter to who asked for a correction, and whom it concerns besides."""

    def step(env: Environment, number: str) -> None:
        _send(env, number, answering_rectification.run(env, number))

    running.run(get_current_context(), step)


@task
def answer_objection() -> None:
    """The letter to who objected, and whom it concerns besides."""

    def step(env: Environment, number: str) -> None:
        _send(env, number, answering_objection.run(env, number))

    running.run(get_current_context(), step)


@task
def answer_restriction() -> None:
    """The letter to whose data are restricted, and whom it concerns besides."""

    def step(env: Environment, number: str) -> None:
        _send(env, number, answering_restriction.run(env, number))

    running.run(get_current_context(), step)


@task
def lift_refused() -> None:
    """After the answer told the person: what was restricted while a human weighed may be used again, where refused."""

    def step(env: Environment, number: str) -> None:
        lifting.decide_objection(env, number)
        _lift(env, number)

    running.run(get_current_context(), step)


@task
def tell_end() -> None:
    """The person learns that a restriction ends, and why, before it does (art. 18(3))."""

    def step(env: Environment, number: str) -> None:
        message_id = lifting.letter(env, number)
        if message_id is not None:
            deliver(env, number, message_id)

    running.run_beside(get_current_context(), step)


@task
def lift() -> None:
    """The end of a restriction of which the person was told: in the stores, on the register, to recipients."""
    running.run_beside(get_current_context(), _lift)


def _lift(env: Environment, number: str) -> None:
    mails = lifting.lift(env, number)
    if lifted := running.told(env, number, EventName.RESTRICTION_LIFTED):
        say(Line.RESTRICTION_LIFTED, **lifted, request=number)
    send_beside(env, number, mails)


def _send(env: Environment, number: str, mails: Sequence[str]) -> None:
    """Send what was made ready; a recipient whose mail server refuses for good is left to the privacy officer."""
    say(Line.ANSWER_MADE, **running.told(env, number, EventName.ANSWER_MADE), request=number)
    refused = deliver_all(env, number, mails)
    if refused:
        deliver_all(env, number, notifying.tell_by_hand(env, number, refused))


@task
def validate() -> None:
    """The proof that nothing was missed and nothing else was taken; without it nothing is sent."""

    def step(env: Environment, number: str) -> None:
        watch = Stopwatch()
        done = validating.run(env, [number])[number]
        telling.checks(done.verdict, watch, request=number)
        telling.redactions(done.redactions, number)
        if not done.verdict.passed:
            raise validating.CheckFailed(done.verdict)

    running.run(get_current_context(), step)


@task(trigger_rule=TriggerRule.ALL_DONE)
def close() -> None:
    """The verdict: closed if everything is there, else stopped, with a mail to the privacy officer that says why."""

    def step(env: Environment, number: str) -> None:
        try:
            deliver_all(env, number, declining.letter(env, number))
        except MailRefused as fault:
            say(Line.MAIL_REFUSED, request=number, failure=fault.failure)
        closed = closing.run(env, number)
        if closed.request.outcome is Outcome.WITHDRAWN:
            deliver_all(env, number, withdrawing.confirmation(env, number))
        if not closed.missing:
            say(Line.REQUEST_CLOSED, request=number, outcome=str(closed.request.outcome))
            return
        for missing in closed.missing:
            say(Line.REQUEST_STOPPED, request=number, because=f"{missing.nl} / {missing.en}")
        deliver(env, number, closing.tell_officer(env, number, closed.missing))
        raise closing.NotAtItsEnd(number, closed.missing)

    running.run(get_current_context(), step)


@task
def tell() -> None:
    """What waits in the outbox for a request, but for its answer, which its own run sends."""

    def step(env: Environment, number: str) -> None:
        with transaction(env.register) as register:
            waiting = [mail for mail in outbox.mails(register, number) if mail.accepted_at is None]
        for mail in waiting:
            if mail.kind != ANSWER:
                deliver(env, number, mail.message_id)

    running.run_beside(get_current_context(), step)


@task
def watch() -> None:
    """What is due, late, waiting, stopped, stuck or not well: on record, and by mail to whoever is to know."""

    def step(env: Environment) -> None:
        took = Stopwatch()
        seen = watching.watch(env, unwell=health.beside_deadlines(env))
        counts = {**seen.deadlines.counts, "mails": len(seen.told)}
        say(Line.WATCH_RAN, **counts, milliseconds=took.milliseconds)
        send_watch(env, seen)

    running.run_by_clock(get_current_context(), step)


@task
def replay() -> None:
    """What a restored backup brought back is erased again."""

    def step(env: Environment, store: str) -> None:
        watch = Stopwatch()
        done = replaying.run(env, store)
        counts = {"people": done.people, "rows": done.rows, "left": done.left}
        say(Line.STORE_REPLAYED, store=store, **counts, milliseconds=watch.milliseconds)

    running.run_on_store(get_current_context(), step)
