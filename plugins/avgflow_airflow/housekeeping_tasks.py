"""The tasks of the DAG `housekeeping`: each does one part and says so in the log and on the register."""

from __future__ import annotations

from pathlib import Path

from airflow.configuration import conf
from airflow.sdk import get_current_context, task
from airflow.task.trigger_rule import TriggerRule

from avgflow.catalog.models import Text
from avgflow.handling.environment import Environment
from avgflow.housekeeping import files, record, register, runs, telling
from avgflow.housekeeping.found import Found, Gone, Part
from avgflow_airflow import metadata, running
from avgflow_airflow.sending import tell_officer
from avgflow_airflow.tasklog import Line, say

ROWS, LOGS = "airflow_rows", "airflow_logs"


@task(task_id=Part.FILES.value)
def delete_files() -> None:
    """Packages after delivery, and what is left of the work."""
    running.run_by_clock(get_current_context(), lambda env: _done(env, files.run(env)))


@task(task_id=Part.REGISTER.value, trigger_rule=TriggerRule.ALL_DONE)
def clean_register() -> None:
    """What the register keeps past its term: first what has a term of its own, then case files whole."""
    running.run_by_clock(get_current_context(), lambda env: _done(env, register.run(env)))


@task(task_id=Part.AIRFLOW.value)
def clean_airflow() -> None:
    """Airflow's own record of runs, and the logs of tasks, callbacks and the reading of DAGs."""

    def step(env: Environment) -> None:
        period = env.policy.housekeeping.airflow
        if period is None:
            say(Line.AIRFLOW_ELSEWHERE)
            _done(env, Found(Part.AIRFLOW, []))
            return
        cut = runs.cut_off(env, period)
        cleaned = metadata.clean(env.settings, cut.at)
        for table, rows in sorted(cleaned.tables.items()):
            say(Line.AIRFLOW_CLEANED, table=table, rows=rows)
        # Logs of what the database keeps stay.
        logs = [runs.delete_logs(folder, cleaned.before) for folder in log_folders()]
        if held_by := cut.held_by if cleaned.before == cut.at else cleaned.held_by:
            say(Line.AIRFLOW_KEPT, since=cleaned.before.date().isoformat(), held_by=held_by)
        rows, gone = sum(cleaned.tables.values()), sum(one.files for one in logs)
        found = [
            Gone(ROWS, Text(nl="rijen van Airflow", en="rows of Airflow"), rows),
            Gone(LOGS, Text(nl="logbestanden", en="log files"), gone),
        ]
        failed = tuple(failure for one in logs for failure in one.failed)
        _done(env, Found(Part.AIRFLOW, found, failed=failed, terms={ROWS: period, LOGS: period}))

    running.run_by_clock(get_current_context(), step)


@task(task_id="report", trigger_rule=TriggerRule.ALL_DONE)
def report() -> None:
    """The word at the end: every part was done and left nothing behind; else a mail to the officer, and this fails."""
    context = get_current_context()
    since = context["dag_run"].run_after

    def step(env: Environment) -> None:
        try:
            done = record.finish(env, since)
        except record.NotDone as fault:
            tell_officer(env, "housekeeping", telling.tell(env, fault))
            raise
        say(Line.HOUSEKEEPING_DONE, **{what: count for what, count in sorted(done.items()) if count})

    running.run_by_clock(context, step)


def log_folders() -> tuple[Path, ...]:
    """The folders in which this Airflow keeps logs of its own: of tasks, callbacks and the reading of DAGs.

    Not the whole of `base_log_folder`, which may be one that other programs log to as well (`/var/log`).
    """
    base = Path(conf.get("logging", "base_log_folder"))
    own = [one for one in base.iterdir() if one.name.startswith(_TASKS) or one.name in _OTHERS] if base.is_dir() else []
    own.append(Path(conf.get("logging", "dag_processor_child_process_log_directory")))
    return tuple(dict.fromkeys(one.resolve() for one in own if one.is_dir()))


_TASKS = "dag_id="
_OTHERS = ("executor_callbacks", "dag_processor", "dag_processor_manager", "scheduler")


def _done(env: Environment, found: Found) -> None:
    for one in found.gone:
        if one.count:
            title = f"{one.title.nl} / {one.title.en}"
            say(Line.DATA_LET_GO, what=one.what, title=title, count=one.count, term=found.terms.get(one.what))
    for kept in found.kept:
        say(Line.CASE_FILE_KEPT, because=f"{kept.why.nl} / {kept.why.en}", request=kept.number)
    for failed in found.failed:
        say(Line.DATA_LEFT, where=failed.where, because=failed.why)
    record.put(env, found)
