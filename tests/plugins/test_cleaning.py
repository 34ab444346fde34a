"""Cleaning Airflow's database from a task: a real database of Airflow, and what goes and stays in it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from airflow.sdk.exceptions import AirflowFailException
from plugin_world import MailServer, a_context

from avgflow.register import events
from avgflow.register.database import transaction
from avgflow.settings import Settings
from avgflow_airflow import housekeeping_tasks, metadata

NOW = datetime.now(UTC)
CUT = NOW - timedelta(days=600)
OLD, YOUNG = NOW - timedelta(days=700), NOW - timedelta(days=5)
ARCHIVE = "_airflow_deleted__dag_run__20260101000000"


@pytest.fixture(scope="module")
def airflow_template(pg: Any) -> str:
    """A migrated database of Airflow that others are copied from."""
    dsn = pg.create_database("airflow_template", owner="airflow")
    done = subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"],
        env={**os.environ, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": for_airflow(dsn)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return "airflow_template"


def for_airflow(dsn: str) -> str:
    return dsn.replace("postgresql://", "postgresql+psycopg2://", 1)


@pytest.fixture
def airflow(
    pg: Any, airflow_template: str, installation: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[str]:
    """A database of Airflow, where the installation has its address; the logs lie in a folder of the test."""
    dsn = pg.create_database("airflow_cleaned", owner="airflow", template=airflow_template)
    monkeypatch.setenv("AVGFLOW_AIRFLOW_DSN", for_airflow(dsn))
    # As in a task: Airflow has put this in the place of the address.
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "airflow-db-not-allowed:///")
    monkeypatch.setattr(housekeeping_tasks, "log_folders", lambda: (tmp_path / "logs",))
    (tmp_path / "logs").mkdir()
    yield dsn
    pg.drop_database("airflow_cleaned")


def add_run(dsn: str, run_id: str, began: datetime, state: str = "success", run_type: str = "manual") -> None:
    with psycopg.connect(dsn) as conn:
        conn.execute(
            "INSERT INTO dag_run (dag_id, run_id, state, run_type, run_after, queued_at, start_date, "
            "clear_number, log_template_id, updated_at, creating_job_id, bundle_version) "
            "SELECT 'access_request', %s, %s, %s, %s, %s, %s, 0, (SELECT max(id) FROM log_template), now(), NULL, NULL",
            (run_id, state, run_type, began, began, began),
        )
        conn.execute(
            "INSERT INTO log (dttm, dag_id, run_id, event, owner) VALUES (%s, 'access_request', %s, 'trigger', 'o')",
            (began, run_id),
        )


def runs(dsn: str) -> set[str]:
    with psycopg.connect(dsn) as conn:
        return {name for (name,) in conn.execute("SELECT run_id FROM dag_run")}


def archives(dsn: str) -> list[str]:
    with psycopg.connect(dsn) as conn:
        query = "SELECT tablename FROM pg_tables WHERE tablename LIKE %s"
        return [name for (name,) in conn.execute(query, (r"\_airflow\_deleted%",))]


def test_what_is_old_goes_without_a_copy_and_the_young_stays(airflow: str) -> None:
    add_run(airflow, "old", OLD)
    add_run(airflow, "young", YOUNG)
    with psycopg.connect(airflow) as conn:
        conn.execute(f'CREATE TABLE "{ARCHIVE}" AS SELECT * FROM dag_run')
    counted = metadata.clean(Settings.load(), CUT, "--dry-run")
    assert counted.tables == {"dag_run": 1, "log": 1}
    assert runs(airflow) == {"old", "young"}
    cleaned = metadata.clean(Settings.load(), CUT)
    assert (cleaned.before, cleaned.held_by) == (CUT, None)
    assert cleaned.tables == counted.tables
    assert runs(airflow) == {"young"}
    assert archives(airflow) == []
    assert metadata.clean(Settings.load(), CUT).tables == {}


def test_a_run_that_waits_keeps_itself_and_all_that_came_after(airflow: str) -> None:
    add_run(airflow, "older", OLD - timedelta(days=30))
    add_run(airflow, "waits", OLD, state="running")
    add_run(airflow, "after", OLD + timedelta(days=1))
    cleaned = metadata.clean(Settings.load(), CUT)
    assert cleaned.held_by == "access_request"
    assert cleaned.before < OLD
    assert runs(airflow) == {"waits", "after"}


def test_the_last_run_by_the_clock_stays_so_that_the_next_is_known(airflow: str) -> None:
    add_run(airflow, "scheduled", OLD, run_type="scheduled")
    metadata.clean(Settings.load(), CUT)
    assert runs(airflow) == {"scheduled"}


def test_a_database_that_is_no_airflow_is_named_without_its_address(
    airflow: str, pg: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "kanarie-geheim"
    for wrong in (f"postgresql+psycopg2://nobody:{secret}@127.0.0.1:1/x", for_airflow(pg.dsn("postgres"))):
        monkeypatch.setenv("AVGFLOW_AIRFLOW_DSN", wrong)
        with pytest.raises(metadata.NotCleaned, match="clear task 'airflow'") as refused:
            metadata.clean(Settings.load(), CUT)
        assert secret not in str(refused.value)


@pytest.fixture
def task(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """A task of the DAG, in a run that the clock started an hour ago."""

    def run(name: str) -> None:
        context = a_context(params={}, conf={}, run_id="scheduled__2026-11-26", task_id=name)
        context["dag_run"].run_after = NOW - timedelta(hours=1)
        monkeypatch.setattr(housekeeping_tasks, "get_current_context", lambda: context)
        tasks = {
            "files": housekeeping_tasks.delete_files,
            "register": housekeeping_tasks.clean_register,
            "airflow": housekeeping_tasks.clean_airflow,
            "report": housekeeping_tasks.report,
        }
        tasks[name].function()

    return run


def test_the_night_ends_well_only_if_each_part_did_its_work(
    airflow: str,
    installation: Any,
    task: Callable[[str], None],
    mail_server: MailServer,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    add_run(airflow, "old", OLD)
    log = tmp_path / "logs" / "dag_id=access_request" / "attempt=1.log"
    log.parent.mkdir()
    log.write_text("{}")
    os.utime(log, (OLD.timestamp(), OLD.timestamp()))
    task("files")
    task("register")
    with pytest.raises(AirflowFailException, match="part airflow was not done"):
        task("report")
    with pytest.raises(AirflowFailException):
        task("report")
    (told,) = mail_server.mails()
    assert told["Delivered-To"] == "privacy@milgro.nl"
    assert "oude runs en logboeken van Airflow" in told.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    task("airflow")
    task("report")
    assert len(mail_server.mails()) == 1, "one a day, and none where all is done"
    assert not log.exists()
    with transaction(installation.engine) as conn:
        (done,) = events.since(conn, NOW - timedelta(hours=1), [events.EventName.HOUSEKEEPING_DONE])
    assert (done.detail["airflow_rows"], done.detail["airflow_logs"]) == (2, 1)
    said = "".join(capfd.readouterr())
    assert "logbestanden / log files" in said
    assert "Opruimen gedaan / housekeeping done" in said


def test_without_the_address_the_part_fails_and_says_what_to_set(
    airflow: str, task: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AVGFLOW_AIRFLOW_DSN")
    with pytest.raises(AirflowFailException, match="AVGFLOW_AIRFLOW_DSN is not set"):
        task("airflow")


def test_only_logs_of_airflow_are_looked_at_whoever_else_logs_beside_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    base, reading = tmp_path / "log", tmp_path / "reading"
    for name in ("dag_id=access_request", "executor_callbacks", "postgresql", "dag_ids"):
        (base / name).mkdir(parents=True)
    (base / "syslog").write_text("of somebody else")
    reading.mkdir()
    monkeypatch.setenv("AIRFLOW__LOGGING__BASE_LOG_FOLDER", str(base))
    monkeypatch.setenv("AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY", str(reading))
    own = {base / "dag_id=access_request", base / "executor_callbacks", reading}
    assert set(housekeeping_tasks.log_folders()) == own
    monkeypatch.setenv("AIRFLOW__LOGGING__BASE_LOG_FOLDER", str(tmp_path / "none"))
    assert housekeeping_tasks.log_folders() == (reading,)
