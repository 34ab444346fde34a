"""A program of its own: `python cleaning.py MOMENT` deletes from Airflow's database what is older, and prints what.

A task cannot do it: Airflow keeps its database from them. So the task `airflow` of the DAG `housekeeping` starts this
with the database's address (`avgflow_airflow.metadata`). What `airflow db clean` does is done, and these besides:

- Runs that are not at their end stay, with all that is younger than the oldest of them: `db clean` looks at the age of
  a run only, and would take the question away that somebody has to answer.
- No copies are kept. `db clean` makes one of whatever it deletes, `_airflow_deleted__…`, and drops it after; where it
  is killed in between, or somebody cleaned without `--skip-archive`, copies of what is past its term are left.
- A table that could not be cleaned is a fault; `db clean` would only warn.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
from datetime import datetime, timedelta
from typing import Any

AT_ONCE = 5000
"""Rows of a transaction."""
SLACK = timedelta(minutes=10)
"""Rows of a run that are a little older than the run, such as that of the call which started it."""
_COUNTED = re.compile(r"Checking table (\w+)\nFound (\d+) rows")


def clean(before: datetime, dry_run: bool) -> dict[str, Any]:
    """Delete what is older than a moment; the moment that was taken, the run that made it earlier, rows by table."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.db_cleanup import drop_archived_tables, run_cleanup
    from airflow.utils.session import create_session
    from airflow.utils.state import State
    from sqlalchemy import func, select

    with create_session() as session:
        began = func.least(
            func.coalesce(DagRun.start_date, DagRun.run_after), func.coalesce(DagRun.queued_at, DagRun.run_after)
        )
        unfinished = select(DagRun.dag_id, began).where(DagRun.state.notin_(State.finished_dr_states))
        oldest = session.execute(unfinished.order_by(began).limit(1)).one_or_none()
    held_by = None
    if oldest is not None and oldest[1] is not None and oldest[1] - SLACK < before:
        held_by, before = oldest[0], oldest[1] - SLACK
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        run_cleanup(
            clean_before_timestamp=before,
            dry_run=dry_run,
            confirm=False,
            skip_archive=True,
            batch_size=AT_ONCE,
            error_on_cleanup_failure=True,
        )
        if not dry_run:
            with create_session() as session:
                drop_archived_tables(table_names=None, needs_confirm=False, session=session)
    counts = {table: int(rows) for table, rows in _COUNTED.findall(said.getvalue()) if int(rows)}
    return {"before": before.isoformat(), "held_by": held_by, "tables": counts}


if __name__ == "__main__":
    try:
        sys.stdout.write(json.dumps(clean(datetime.fromisoformat(sys.argv[1]), "--dry-run" in sys.argv)) + "\n")
    except (Exception, SystemExit) as fault:  # noqa: BLE001  its text may quote rows
        sys.stdout.write(json.dumps({"error": type(fault).__name__}) + "\n")
        sys.exit(1)
