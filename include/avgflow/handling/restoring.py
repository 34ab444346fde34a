"""After a backup of the register or of Airflow was put back: what one of the two knows and the other does not.

A register from yesterday would give out numbers again that were given out since: people would get letters under another
person's number, and Airflow has a run by that name already. So the numbers go on beyond every run that Airflow has, and
each lost request is named: a human registers anew what these people asked, from the mailbox and the letters sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from avgflow import airflow_runs
from avgflow.handling.environment import Environment
from avgflow.handling.ways import WAYS
from avgflow.register import events, numbers, requests
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.requests import Status

_NUMBER = re.compile(r"AVG-(\d{4})-(\d{5,})")
_OVER = frozenset({"success", "failed"})
SHOWN = 100
"""Numbers that stand in the event itself, the first of them."""


@dataclass(frozen=True)
class Restored:
    """What was found. `lost`: requests that Airflow has a run of and the register does not know; `ended`: of these,
    those whose run was at work and is ended now; `started`: open requests that had no run and have one again; `behind`:
    requests that are open on the register, though their run is over.
    """

    lost: tuple[str, ...]
    ended: tuple[str, ...]
    started: tuple[str, ...]
    behind: tuple[str, ...]


def reconcile(env: Environment, actor: str) -> Restored:
    """Compare the register with Airflow's runs, and make both fit to go on. Again does no harm.

    `AirflowUnreachable` and `RegisterUnreachable` before anything is changed.
    """
    runs = {run.id: run for run in airflow_runs.of_requests(env.airflow)}
    with transaction(env.register) as register:
        known = {one.number: one for one in requests.find(register, limit=None)}
    lost = tuple(sorted(set(runs) - set(known)))
    with transaction(env.register) as register:
        numbers.never_again(register, _last(runs))
        detail = {"lost": len(lost), "numbers": list(lost[:SHOWN])}
        events.append(register, env.keyring, EventName.REGISTER_RESTORED, None, actor, detail)
    open_ = [one for one in known.values() if one.status is not Status.CLOSED]
    at_work = tuple(number for number in lost if runs[number].state not in _OVER)
    for number in at_work:  # a run without a request would wait, or fail, for ever
        env.airflow.end(runs[number].dag_id, number)
    missing = [one for one in open_ if one.number not in runs and one.status is not Status.STOPPED]
    return Restored(
        lost=lost,
        ended=at_work,
        started=tuple(one.number for one in missing if env.airflow.start(WAYS[one.right].dag, one.number, due=one.due)),
        behind=tuple(
            one.number
            for one in open_
            if one.status is not Status.STOPPED and one.number in runs and runs[one.number].state in _OVER
        ),
    )


def _last(runs: Mapping[str, object]) -> dict[int, int]:
    """The highest number of each year among the runs."""
    last: dict[int, int] = {}
    for run_id in runs:
        if found := _NUMBER.fullmatch(run_id):
            year, number = int(found[1]), int(found[2])
            last[year] = max(last.get(year, 0), number)
    return last
