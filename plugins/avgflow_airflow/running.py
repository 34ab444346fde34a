"""Running one step of a request or a sweep inside a task: which one, what is tried again, what reaches the log.

Errors of libraries may quote rows, so the log gets the kind of an error and where it happened, never its text. Only
what may pass by itself is tried again; anything else fails at once and says what to do.
"""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from avgflow.errors import AvgflowError, StoreBusy, StoreUnreachable
from avgflow.handling import closing, reporting_sweep
from avgflow.handling.carried import StoreUnsettled
from avgflow.handling.closing import VERDICT
from avgflow.handling.environment import Environment
from avgflow.handling.over import Ended
from avgflow.handling.turns import NotItsTurn
from avgflow.objects import StorageUnreachable
from avgflow.register import events, sweeps
from avgflow.register.database import RegisterUnreachable, transaction
from avgflow.register.locks import WorkBusy
from avgflow.register.names import EventName
from avgflow.register.outbox import MailBusy
from avgflow_airflow.environment import environment
from avgflow_airflow.tasklog import Line, say

Result = TypeVar("Result")

_NUMBER = re.compile(r"AVG-\d{4}-\d{5,}")
_OCCASION = re.compile(r"[a-z]+(?:-[0-9]+)?")


class MailServerUnavailable(AvgflowError):
    """The mail server did not accept a mail; the outbox keeps it and it is sent once the server is back.

    `why`: what is wrong and what to do, where that is known.
    """

    def __init__(self, failure: str | None, why: str | None = None) -> None:
        super().__init__(
            f"The mail server did not take the mail ({failure or 'no answer'}{f': {why}' if why else ''}). "
            f"It is kept in the outbox and tried again."
        )


class NothingPreviewed(AvgflowError):
    """A run has no sweep, for its first task did not come to its end."""

    def __init__(self) -> None:
        super().__init__("This run has no sweep yet. Clear task 'preview' with what follows.")


PASSING = (
    StoreUnreachable,
    StoreBusy,
    StoreUnsettled,
    StorageUnreachable,
    RegisterUnreachable,
    MailServerUnavailable,
    MailBusy,
    WorkBusy,
    NotItsTurn,
)
"""Faults that may pass by themselves."""


def number_of(context: Mapping[str, Any]) -> str:
    """The request that a run is about: its run id, which is all that its configuration holds."""
    return _number(context, of_its_own=True)


def _number(context: Mapping[str, Any], of_its_own: bool) -> str:
    run = context["dag_run"]
    number = str((run.conf or {}).get("request", ""))
    own, sign, occasion = run.run_id.partition(".")
    beside = bool(sign) and bool(_OCCASION.fullmatch(occasion))
    if not _NUMBER.fullmatch(number) or own != number or (run.run_id != number if of_its_own else not beside):
        raise AirflowFailException(
            "This run was not started for a request. Register one with `avgflow request new`, which starts its run."
        )
    return number


def run(context: Mapping[str, Any], step: Callable[[Environment, str], Result]) -> Result:
    """Do a step for the request of this run; the task fails or is tried again as the fault asks."""
    number = number_of(context)
    task = context["task_instance"]

    def fail(env: Environment, fault: Exception) -> None:
        _failed(env, number, task.task_id, fault)

    with environment() as env, _faults(env, task, fail, request=number):
        if task.task_id != VERDICT:
            closing.resume(env, number)
        return step(env, number)


def run_beside(context: Mapping[str, Any], step: Callable[[Environment, str], Result]) -> Result:
    """Do something for a request beside its own run, which it does not take up again if it was stopped."""
    number = _number(context, of_its_own=False)
    task = context["task_instance"]
    with environment() as env, _faults(env, task, lambda env, fault: None, request=number):
        return step(env, number)


def run_by_clock(context: Mapping[str, Any], step: Callable[[Environment], Result]) -> Result:
    """Do a step that is about no request and no store: the clock started it, or a human did."""
    with environment() as env, _faults(env, context["task_instance"], lambda env, fault: None):
        return step(env)


def begin_sweep(context: Mapping[str, Any], step: Callable[[Environment, str], Result]) -> Result:
    """Do the step that makes the sweep of this run, by the run's own id."""
    run_id, task = str(context["dag_run"].run_id), context["task_instance"]

    def fail(env: Environment, fault: Exception) -> None:
        if number := _sweep_of(env, run_id):
            _sweep_failed(env, number, task.task_id, fault)

    with environment() as env, _faults(env, task, fail):
        return step(env, run_id)


def run_sweep(context: Mapping[str, Any], step: Callable[[Environment, str], Result]) -> Result:
    """Do a step of the sweep that this run has made."""
    run_id, task = str(context["dag_run"].run_id), context["task_instance"]
    with environment() as env:
        with _faults(env, task, lambda env, fault: None):
            number = _sweep_of(env, run_id)
            if number is None:
                raise NothingPreviewed

        def fail(env: Environment, fault: Exception) -> None:
            _sweep_failed(env, number, task.task_id, fault)

        with _faults(env, task, fail, sweep=number):
            return step(env, number)


def run_on_store(context: Mapping[str, Any], step: Callable[[Environment, str], Result]) -> Result:
    """Do a step on the store that this run was started for; there is no request that a fault could be put down to."""
    store = str(context["params"]["store"])
    with environment() as env, _faults(env, context["task_instance"], lambda env, fault: None, store=store):
        return step(env, store)


@contextmanager
def _faults(
    env: Environment, task: Any, fail: Callable[[Environment, Exception], None], **about: str
) -> Iterator[None]:
    """Raise to Airflow what it needs to know of a fault and no more; `fail` is told of one that is the end."""
    try:
        yield
    except AirflowException:
        raise
    except Ended as end:
        say(Line.TASK_ENDED, **about, step=task.task_id, because=type(end).__name__)
        raise AirflowSkipException(str(end)) from None
    except PASSING as fault:
        say(Line.TASK_RETRIED, **about, step=task.task_id, error=type(fault).__name__)
        if task.try_number > task.max_tries:
            fail(env, fault)
        raise AirflowException(str(fault)) from None
    except AvgflowError as fault:
        fail(env, fault)
        raise AirflowFailException(str(fault)) from None
    except Exception as fault:  # noqa: BLE001 (its text may quote a row, so it must not get through)
        where = " < ".join(
            f"{frame.name} ({frame.filename.rsplit('/', 1)[-1]}:{frame.lineno})"
            for frame in reversed(traceback.extract_tb(sys.exc_info()[2])[-8:])
        )
        say(Line.TASK_FAULTED, **about, step=task.task_id, error=type(fault).__name__, where=where)
        fail(env, fault)
        raise AirflowFailException(
            f"Task {task.task_id} met an unexpected {type(fault).__name__}; the log says where. "
            f"Report it, and clear the task when it is mended."
        ) from None


def _sweep_of(env: Environment, run_id: str) -> str | None:
    with transaction(env.register) as register:
        sweep = sweeps.of_run(register, run_id)
    return sweep.number if sweep else None


def _sweep_failed(env: Environment, number: str, step: str, fault: Exception) -> None:
    """On the register, if that can be reached; the last task says the rest."""
    if isinstance(fault, reporting_sweep.SweepNotAtItsEnd):
        return
    try:
        reporting_sweep.record_failure(env, number, step, fault)
    except AvgflowError as other:
        say(Line.REGISTER_UNREACHABLE, sweep=number, step=step, error=type(other).__name__)


def told(env: Environment, number: str, name: EventName) -> Mapping[str, Any]:
    """What the register's newest event of this name says of a request; nothing where there is none."""
    with transaction(env.register) as register:
        found = [event.detail for event in events.history(register, number) if event.name == name]
    return found[-1] if found else {}


def _failed(env: Environment, number: str, step: str, fault: Exception) -> None:
    """On the register, if that can be reached; the verdict task says the rest."""
    try:
        closing.record_failure(env, number, step, fault)
        if step == VERDICT and not isinstance(fault, closing.NotAtItsEnd):
            closing.give_up(env, number, step, type(fault).__name__)
    except AvgflowError as other:
        say(Line.REGISTER_UNREACHABLE, request=number, step=step, error=type(other).__name__)
