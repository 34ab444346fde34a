"""A night of housekeeping under the real scheduler: what is old goes, what lives stays, and work goes on after it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from desk import Desk, eventually

from avgflow.register.requests import Status

RUNS = "/api/v2/dags/housekeeping/dagRuns"
OLD = datetime.now(UTC) - timedelta(days=700)
SPAN = {"dag_run": "start_date", "task_instance": "start_date", "log": "dttm", "xcom": "timestamp"}


def ask_nobody(desk: Desk, address: str) -> str:
    """An inzage by somebody of whom no store knows anything, answered and closed."""
    number = desk.ask(email=address, name="Nemo Niemand", verified_by="in-person")
    assert desk.ended(number) == "success"
    assert desk.request(number).status is Status.CLOSED
    return number


def at_work(desk: Desk) -> list[str]:
    """The runs of the housekeeping that are not at their end."""
    runs = desk.airflow.get(RUNS).raise_for_status().json()["dag_runs"]
    return [run["dag_run_id"] for run in runs if run["state"] in ("queued", "running")]


def logs(desk: Desk) -> Path:
    return desk.status.layout.task_logs


def rows(desk: Desk, table: str, run: str) -> int:
    with desk.database("airflow") as admin:
        found = admin.execute(f"SELECT count(*) FROM {table} WHERE run_id = %s", (run,)).fetchone()
    return int(found[0]) if found else 0


@pytest.fixture(scope="module")
def old(desk: Desk) -> str:
    """A request whose run lies seven hundred days back, in Airflow's database and on disk."""
    number = ask_nobody(desk, "lang.geleden@example.nl")
    # One that the clock started, in the hours after half past three, is over before anything is old.
    eventually(lambda: not at_work(desk), 300, "the end of the run that the clock started")
    with desk.database("airflow") as admin:
        for table, column in SPAN.items():
            admin.execute(f"UPDATE {table} SET {column} = %s WHERE run_id = %s", (OLD, number))
        admin.execute("UPDATE dag_run SET queued_at = %s, run_after = %s WHERE run_id = %s", (OLD, OLD, number))
    own = [path for path in logs(desk).rglob("*") if f"run_id={number}" in str(path)]
    assert any(path.is_file() for path in own)
    read = desk.home / "airflow" / "logs" / "dag_processor" / "2020-01-01" / "dags-folder" / "access_request.py.log"
    called = logs(desk) / "executor_callbacks" / "access_request" / number / "0197a0de"
    for file in (read, called):
        file.parent.mkdir(parents=True)
        file.write_text("{}\n")
    for path in sorted((*own, read, read.parent, called, called.parent), reverse=True):
        os.utime(path, (OLD.timestamp(), OLD.timestamp()))
    return number


@pytest.fixture(scope="module")
def young(desk: Desk) -> str:
    return ask_nobody(desk, "zojuist@example.nl")


@pytest.fixture(scope="module")
def half(desk: Desk, young: str) -> Path:
    """What a process that was killed long ago left of its work."""
    file = desk.home / "work" / young / ".crm.sealed.abc.part"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"sealed")
    return file


@pytest.fixture(scope="module")
def night(desk: Desk, old: str, young: str, half: Path) -> Mapping[str, Any]:
    """The run, started by hand as the runbook has it; how its tasks ended, and what the register says of it."""
    begun = datetime.now(UTC)
    run = desk.airflow.post(RUNS, json={"logical_date": None}).raise_for_status().json()["dag_run_id"]
    path = f"{RUNS}/{run}"

    def ended() -> str | None:
        state = desk.airflow.get(path).raise_for_status().json()["state"]
        return str(state) if state in ("success", "failed") else None

    state = eventually(ended, 300, "the end of the night")
    tasks = desk.airflow.get(f"{path}/taskInstances").raise_for_status().json()["task_instances"]
    with desk.database("register") as admin:
        told = admin.execute("SELECT name, detail FROM event WHERE name LIKE 'housekeeping.%%' AND at >= %s", (begun,))
        events = dict(told.fetchall())
    return {"state": state, "tasks": {task["task_id"]: task["state"] for task in tasks}, "events": events, "run": run}


def test_every_part_was_done_and_the_register_says_so(night: Mapping[str, Any]) -> None:
    assert night["tasks"] == dict.fromkeys(("files", "register", "airflow", "report"), "success")
    assert night["state"] == "success"
    done = night["events"]["housekeeping.done"]
    assert done["airflow_rows"] >= 10
    assert done["airflow_logs"] >= 3


def test_old_rows_and_logs_are_gone_without_a_copy(desk: Desk, night: Mapping[str, Any], old: str) -> None:
    assert {table: rows(desk, table, old) for table in SPAN} == dict.fromkeys(SPAN, 0)
    assert not [path for path in logs(desk).rglob("*") if f"run_id={old}" in str(path)]
    assert not (desk.home / "airflow" / "logs" / "dag_processor" / "2020-01-01" / "dags-folder").exists()
    assert not (logs(desk) / "executor_callbacks" / "access_request" / old).exists()
    with desk.database("airflow") as admin:
        copies = admin.execute(r"SELECT tablename FROM pg_tables WHERE tablename LIKE '\_airflow\_deleted%'")
        assert copies.fetchall() == []
    assert desk.request(old).status is Status.CLOSED, "the case file has a term of its own"
    desk.done("request", "show", old)


def test_what_lives_stays(desk: Desk, night: Mapping[str, Any], young: str, half: Path) -> None:
    assert desk.state(young) == "success"
    assert rows(desk, "task_instance", young) > 0
    assert [path for path in logs(desk).rglob("*.log") if f"run_id={young}" in str(path)]
    assert half.exists(), "its week is not over"
    with desk.database("airflow") as admin:
        beats = admin.execute("SELECT count(*) FROM job WHERE state = 'running'").fetchone()
    assert beats
    assert beats[0] >= 3, "the scheduler, the reading of DAGs and the triggerer"


def test_work_goes_on_after_it_and_a_second_night_finds_nothing_old(desk: Desk, night: Mapping[str, Any]) -> None:
    ask_nobody(desk, "daarna@example.nl")
    health = desk.airflow.get("/api/v2/monitor/health").raise_for_status().json()
    assert {part: health[part]["status"] for part in ("metadatabase", "scheduler", "dag_processor")} == {
        "metadatabase": "healthy",
        "scheduler": "healthy",
        "dag_processor": "healthy",
    }
    shown = desk.done("housekeeping", "--dry-run", "--json").json["parts"]
    assert sum(one["count"] for part in shown for one in part["gone"]) == 0
    assert desk.done("audit", "verify", "--json").json["ok"]


def test_the_log_says_what_went_and_how_long_it_was_kept(desk: Desk, night: Mapping[str, Any]) -> None:
    path = f"{RUNS}/{night['run']}/taskInstances/airflow/logs/1"
    said = desk.airflow.get(path, params={"full_content": True}).raise_for_status().text
    assert "Tabel van Airflow opgeruimd / table of Airflow cleaned" in said
    assert "logbestanden / log files" in said
    assert "P18M" in said
    assert "postgresql" not in said, "the address of the database is a secret"
