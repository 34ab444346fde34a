"""Giving a human's answer to what a request or a sweep waits for, and seeing to it that it is taken.

The register says that a request waits a moment before Airflow has parked its task, and an answer that comes within a
moment after that can be lost: Airflow 3.3.2 then takes the end of the process that asked for that of the one that
takes the answer up, does the task anew, and the question stands open again. So the process that asked gets time to
end, and the answer is given again until it is on the register.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from avgflow.airflow_api import AirflowApi
from avgflow.errors import AvgflowError
from avgflow.handling.environment import Environment
from avgflow.register import events
from avgflow.register.database import transaction
from avgflow.register.names import EventName

GO_ON, STOP = "Verder", "Stoppen"
"""What Airflow's form offers."""

SECONDS = 60.0
"""How long an answer may take to be taken; a second on an idle machine."""

SETTLED = 2.0
"""How long a question must have stood open before it is answered, in seconds."""

_TAKEN = frozenset(
    {
        EventName.REQUEST_VERIFIED,
        EventName.REQUEST_RESOLVED,
        EventName.ANSWER_HANDED_OVER,
        EventName.PLAN_APPROVED,
        EventName.PLAN_REFUSED,
        EventName.OBJECTION_WEIGHED,
        EventName.REQUEST_STOPPED,
        EventName.SWEEP_APPROVED,
        EventName.SWEEP_REFUSED,
    }
)
"""What becomes of an answer; written by the task that takes it, before it asks anything else."""


class NothingAsked(AvgflowError):
    """There is no open question to answer."""

    def __init__(self, number: str) -> None:
        group = "retention" if number.startswith("sweep-") else "request"
        super().__init__(f"{number} waits for no answer now; `avgflow {group} show {number}` says where it stands.")


def give(
    env: Environment,
    api: AirflowApi,
    dag_id: str,
    number: str,
    option: str,
    inputs: Mapping[str, Any],
    run: str | None = None,
) -> bool:
    """Answer the question that a request or a sweep waits for, and wait until the answer is on the register; `run`: the
    id of its run, where that is not its number.

    False where it was given and not taken within `SECONDS`; `NothingAsked` where no question came up in that time.
    """
    before = _taken(env, number)
    deadline = time.monotonic() + SECONDS
    given, open_since = False, None
    while True:
        question = api.question(dag_id, run or number)
        # Read after the question: one that came after this answer was taken is another, and not to be answered.
        if _taken(env, number) > before:
            return True
        now = time.monotonic()
        if question is None:
            open_since = None
        elif open_since is None:
            open_since = now
        elif now - open_since >= SETTLED:
            api.answer(question, option, inputs)
            given, open_since = True, None
        if now > deadline:
            if given:
                return False
            raise NothingAsked(number)
        time.sleep(0.3)


def _taken(env: Environment, number: str) -> int:
    """How many answers a request or a sweep has taken."""
    with transaction(env.register) as register:
        return sum(event.name in _TAKEN for event in events.history(register, number))
