"""Where there are fewer hands than tasks, the nearest deadline goes first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from importlib import util
from types import SimpleNamespace
from typing import Any

import pytest

from avgflow.embedded.layout import REPOSITORY
from avgflow_airflow.priority import FIRST, weight

AIRFLOWS_OWN = 8
"""What Airflow itself gives the first task of our longest run: one for each that follows."""


def priority(conf: Mapping[str, Any] | None, own: int = AIRFLOWS_OWN) -> int:
    """The priority of a task, as Airflow asks for it: from the file that it reads at its start."""
    spec = util.spec_from_file_location("local_settings", REPOSITORY / "config" / "airflow_local_settings.py")
    assert spec is not None
    assert spec.loader is not None
    settings = util.module_from_spec(spec)
    spec.loader.exec_module(settings)
    task = SimpleNamespace(priority_weight=own)
    settings.task_instance_mutation_hook(task, dag_run=None if conf is None else SimpleNamespace(conf=conf))
    return task.priority_weight


def test_of_two_requests_the_nearer_deadline_goes_first() -> None:
    day = date(2026, 12, 28)
    later = [priority({"request": "AVG-2026-00042", "due": (day + timedelta(days=n)).isoformat()}) for n in range(400)]
    assert later == sorted(set(later), reverse=True)


def test_a_request_goes_before_what_is_for_none_and_the_watch_before_all() -> None:
    for due in ("1999-12-31", "2026-12-28", "2699-12-31"):
        assert AIRFLOWS_OWN < priority({"request": "AVG-2026-00042", "due": due}) < FIRST < 2**31


@pytest.mark.parametrize("conf", [None, {}, {"request": "AVG-2026-00042"}, {"due": "soon"}, {"due": None}])
def test_without_a_day_airflows_own_priority_stays(conf: Mapping[str, Any] | None) -> None:
    assert weight(conf) is None
    assert priority(conf) == AIRFLOWS_OWN
