"""What a human decides of a sweep, whatever the entry (command line, page): looked at whether it fits, then given to
Airflow as the answer to its question.
"""

from __future__ import annotations

from datetime import UTC, datetime

from avgflow import answers
from avgflow.answers import GO_ON, STOP, NothingAsked
from avgflow.errors import AvgflowError
from avgflow.handling import deciding_sweep
from avgflow.handling.environment import Environment
from avgflow.register import sweeps
from avgflow.register.database import transaction
from avgflow.register.sweeps import ENDED, Sweep, SweepStatus

DAG = "retention_sweep"
_GOING = ("queued", "running")


class SweepWaitsNot(AvgflowError):
    """A sweep was to be decided on that waits for no decision."""

    def __init__(self, sweep: Sweep) -> None:
        super().__init__(f"{sweep.number} waits for no decision: it is {sweep.status}.")


class SweepNotAtWork(AvgflowError):
    """A sweep was to be stopped that does nothing yet."""

    def __init__(self, sweep: Sweep) -> None:
        super().__init__(
            f"{sweep.number} has changed nothing yet: it waits for a human. To end it: avgflow retention refuse "
            f"{sweep.number}"
        )


class SweepUnderWay(AvgflowError):
    """A sweep was to be started while one is not at its end."""

    def __init__(self, sweep: Sweep) -> None:
        super().__init__(
            f"{sweep.number} is not at its end ({sweep.status}), and there is one at a time. See `avgflow retention "
            f"show {sweep.number}`."
        )


def start(env: Environment) -> str:
    """Start a sweep now instead of at its time; the id of its run. `SweepUnderWay`."""
    with transaction(env.register) as register:
        newest = next(iter(sweeps.list_(register, 1)), None)
    if newest is not None and newest.status not in ENDED and env.airflow.state(DAG, newest.run) in _GOING:
        raise SweepUnderWay(newest)
    run = f"manual__{datetime.now(UTC).isoformat()}"
    env.airflow.start_by_hand(DAG, run)
    return run


def approve(env: Environment, number: str, preview: str, actor: str) -> bool:
    """Allow what a sweep has counted; `preview`: the first twelve signs of its digest. Whether the answer was taken yet
    (`answers.give`); `SweepWaitsNot`, `ChoiceRefused`.
    """
    one = _waiting(env, number)
    deciding_sweep.refuse_other(one, preview)
    deciding_sweep.refuse_stranger(env, one.number, actor)
    inputs = {"preview": preview.strip().lower()}
    return answers.give(env, env.airflow, DAG, one.number, GO_ON, inputs, one.run)


def refuse(env: Environment, number: str, actor: str) -> None:
    """Refuse what a sweep has counted: nothing is changed; `SweepWaitsNot`."""
    one = _waiting(env, number)
    try:
        answers.give(env, env.airflow, DAG, one.number, STOP, {}, one.run)
    except NothingAsked:
        # Its run is gone or has failed: the sweep must not wait for ever.
        deciding_sweep.refuse(env, one.number, actor)


def stop(env: Environment, number: str, actor: str) -> None:
    """Have a sweep stop before its next transaction; `SweepNotAtWork`, `SweepEnded`."""
    with transaction(env.register) as register:
        one = sweeps.get(register, number)
        if one.status is SweepStatus.WAITING:
            raise SweepNotAtWork(one)
        sweeps.ask_to_stop(register, env.keyring, one.number, actor)


def _waiting(env: Environment, number: str) -> Sweep:
    with transaction(env.register) as register:
        one = sweeps.get(register, number)
    if one.status is not SweepStatus.WAITING:
        raise SweepWaitsNot(one)
    return one
