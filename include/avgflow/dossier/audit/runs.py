"""What the dossier says of a request's runs in Airflow, and where their logs and sources stand in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from avgflow.airflow_runs import Run
from avgflow.catalog.models import Text


@dataclass(frozen=True)
class Airflow:
    """The runs, or why they are not there."""

    runs: tuple[Run, ...] = ()
    why_not: Text | None = None


def log_path(run: Run, task: str, map_index: int, number: int) -> str:
    """Where the log of a try stands in the dossier."""
    place = task if map_index < 0 else f"{task}[{map_index}]"
    return f"logs/{run.dag_id}/{run.id}/{place}.{number}.jsonl"


def source_path(dag_id: str, version: int) -> str:
    """Where the source of a DAG stands in the dossier."""
    return f"code/{dag_id}.v{version}.py"


def document(airflow: Airflow) -> dict[str, Any]:
    """The runs, with the places of their logs and sources in the dossier."""
    return {
        "included": airflow.why_not is None,
        "why_not": airflow.why_not.model_dump() if airflow.why_not else None,
        "runs": [_run(run) for run in airflow.runs],
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "dag_id": run.dag_id,
        "title": run.title,
        "run_id": run.id,
        "state": run.state,
        "queued_at": run.queued,
        "started_at": run.started,
        "ended_at": run.ended,
        "versions": [
            {
                "number": version.number,
                "bundle": version.bundle,
                "bundle_version": version.bundle_version,
                "created_at": version.created_at,
                "source": source_path(version.dag_id, version.number) if version.source is not None else None,
            }
            for version in run.versions
        ],
        "tasks": [
            {
                "task_id": task.id,
                "title": task.title,
                "map_index": task.map_index,
                "tries": [
                    {
                        "number": one.number,
                        "state": one.state,
                        "started_at": one.started,
                        "ended_at": one.ended,
                        "log": log_path(run, task.id, task.map_index, one.number) if one.log is not None else None,
                        "withheld": one.withheld,
                    }
                    for one in task.tries
                ],
            }
            for task in run.tasks
        ],
    }
