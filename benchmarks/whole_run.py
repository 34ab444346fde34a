"""One inzage from trigger to accepted mail, against a run of the same shape that does nothing; in turn, A B A B."""

from __future__ import annotations

import time
from datetime import datetime

from avgflow.airflow_api import AirflowApi
from avgflow.handling import registering
from avgflow.handling.answering import ANSWER
from avgflow.handling.environment import Environment
from avgflow.intake import parse
from avgflow.register import outbox
from avgflow.register.database import transaction
from benchmarks.figures import Figure

EMPTY = "empty_request"
_POLL = 0.05


def measure(env: Environment, people: list[dict[str, str]], warm_ups: int, pairs: int) -> Figure:
    """Both runs for each person in turn; the first ones are not counted."""
    api = AirflowApi.of(env.settings)
    real, empty = [], []
    for round_ in range(warm_ups + pairs):
        person = people[round_ % len(people)]
        seconds = _inzage(env, api, person), _empty(api, f"AVG-2099-{round_ + 1:05d}")
        if round_ >= warm_ups:
            real.append(seconds[0])
            empty.append(seconds[1])
    return Figure(
        "One inzage, from trigger to the mail server's acceptance", real, empty, "an empty run of the same shape", 1.3
    )


def _inzage(env: Environment, api: AirflowApi, person: dict[str, str]) -> float:
    intake = parse(right="access", verified_by="portal-login", **person)  # type: ignore[arg-type]
    number = registering.register(env, intake, "benchmark").request.number
    api.start("access_request", number)
    queued = _wait(api, "access_request", number)
    with transaction(env.register) as register:
        accepted = next(mail.accepted_at for mail in outbox.mails(register, number) if mail.kind == ANSWER)
    if accepted is None:
        raise SystemExit(f"{number} ended without an accepted mail; see its task logs.")
    return (accepted - queued).total_seconds()


def _empty(api: AirflowApi, number: str) -> float:
    """To the end of task 'answer', as the mail of the real one."""
    api.start(EMPTY, number)
    queued = _wait(api, EMPTY, number)
    path = f"/api/v2/dags/{EMPTY}/dagRuns/{number}/taskInstances/answer"
    ended = datetime.fromisoformat(api._call("GET", path, "read the task").json()["end_date"])
    return (ended - queued).total_seconds()


def _wait(api: AirflowApi, dag: str, number: str) -> datetime:
    """Wait for the end of a run; when it was triggered."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        state = api.state(dag, number)
        if state in {"success", "failed"}:
            run = api._call("GET", f"/api/v2/dags/{dag}/dagRuns/{number}", "read the run").json()
            if state == "failed":
                raise SystemExit(f"Run {number} of {dag} failed; see its task logs.")
            return datetime.fromisoformat(run["queued_at"])
        time.sleep(_POLL)
    raise SystemExit(f"Run {number} of {dag} did not end within two minutes.")
