"""Taking a stopped request up again: its run goes on in Airflow, where it failed or from a new plan."""

from __future__ import annotations

from enum import StrEnum

from avgflow.errors import AvgflowError
from avgflow.handling.environment import Environment
from avgflow.handling.over import refuse_closed
from avgflow.handling.ways import WAYS
from avgflow.register import events, requests
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.requests import Status

PLAN = "plan"
"""The task that makes the plan, in the DAG of every right."""
_ENDED = ("success", "failed")


class Again(StrEnum):
    """Where a run goes on: at the step that failed, or with a new plan, which is approved anew where it has to be."""

    STEP = "step"
    PLAN = "plan"


class NotStopped(AvgflowError):
    """A request was to be taken up again that is not stopped."""

    def __init__(self, number: str) -> None:
        super().__init__(f"{number} is not stopped; `avgflow request show {number}` says where it stands.")


class RunNotEnded(AvgflowError):
    """A request is stopped, but its run has not come to its end yet."""

    def __init__(self, number: str) -> None:
        super().__init__(f"The run of {number} has not come to its end yet. Wait a moment and do this again.")


class NotTakenUp(AvgflowError):
    """That a request goes on is on the register, but Airflow did not take it."""

    def __init__(self, number: str, why: str) -> None:
        super().__init__(
            f"That {number} is to go on is on the register, but its run does not yet. {why} "
            f"Then: avgflow request resume {number}"
        )


def take_up(env: Environment, number: str, again: Again, actor: str) -> None:
    """Have the run of a stopped request go on; its first task says on the register that it does.

    `NotStopped`, `RunNotEnded`, a refusal for a closed one; `NotTakenUp` where Airflow does not do it. A second time
    does no harm.
    """
    with transaction(env.register) as register:
        request = requests.get(register, number)
    refuse_closed(request)
    if request.status is not Status.STOPPED:
        raise NotStopped(number)
    dag = WAYS[request.right].dag
    state = env.airflow.state(dag, number)
    # Its last task has to have said what is missing: until then a task that is done again refuses to go on.
    if state not in (None, *_ENDED):
        raise RunNotEnded(number)
    with transaction(env.register) as register:
        events.append(register, env.keyring, EventName.REQUEST_TAKEN_UP, number, actor, {"again": again.value})
    try:
        if state is None:  # Airflow has let it go
            env.airflow.start(dag, number, due=request.due)
            return
        if again is Again.PLAN:
            env.airflow.clear_from(dag, number, PLAN)
        env.airflow.clear_failed(dag, number)
    except AvgflowError as fault:
        raise NotTakenUp(number, str(fault)) from None
