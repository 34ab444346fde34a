"""What every DAG of this project keeps to, so that a new one cannot forget it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import CronTriggerTimetable
from airflow.task.trigger_rule import TriggerRule

from avgflow.catalog import load as catalogs
from avgflow.embedded.layout import REPOSITORY

LONGEST_FILE = 120
REQUEST_ONLY = {
    "access_request",
    "erasure_request",
    "objection_request",
    "portability_request",
    "rectification_request",
    "restriction_request",
}
"""DAGs that handle one request: all that a human can give them is its number."""

DUTCH = re.compile(
    r"\b(\w*verzoek|bezwaar|beperking|overdraagbaarheid|opschonen|termijnen|herhalen|bulk|huishouding)", re.IGNORECASE
)


def tasks(bag: DagBag) -> Iterator[Any]:
    return (task for dag in bag.dags.values() for task in dag.tasks)


def requests(bag: DagBag) -> Iterator[Any]:
    return (bag.dags[dag_id] for dag_id in sorted(REQUEST_ONLY))


def test_every_file_is_read_without_an_error(bag: DagBag, files: list[Path]) -> None:
    assert bag.import_errors == {}
    assert files
    assert {Path(dag.fileloc).resolve() for dag in bag.dags.values()} == {file.resolve() for file in files}


def test_a_file_only_wires(files: list[Path]) -> None:
    lengths = {file.name: len(file.read_text(encoding="utf-8").splitlines()) for file in files}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_a_dag_says_what_it_is_for_and_whose_it_is(bag: DagBag) -> None:
    for dag in bag.dags.values():
        assert "avg" in dag.tags, dag.dag_id
        assert dag.description, dag.dag_id
        assert DUTCH.search(dag.dag_display_name), f"{dag.dag_id} has no Dutch name"
        assert {task.owner for task in dag.tasks} == {"privacy"}, dag.dag_id


def test_a_runbook_tells_what_to_do_when_a_task_fails(bag: DagBag) -> None:
    for dag in bag.dags.values():
        runbook = dag.doc_md or ""
        assert "**Owner:**" in runbook, dag.dag_id
        assert "**When a task fails**" in runbook, dag.dag_id
        assert "clear" in runbook.split("**When a task fails**")[1], f"{dag.dag_id}: what is to be cleared?"


def test_a_runbook_names_every_step(bag: DagBag) -> None:
    for dag in bag.dags.values():
        named = set(re.findall(r"\*\*(\w+)\*\*", dag.doc_md))
        stores = set(catalogs.load(REPOSITORY / "include" / "catalog").stores)
        assert {task.task_id for task in dag.tasks} - stores <= named


def test_requests_that_wait_for_a_human_keep_no_other_from_beginning(bag: DagBag) -> None:
    for dag in requests(bag):
        assert dag.max_active_runs >= 1000, dag.dag_id


def test_no_task_writes_what_it_returns_to_its_log_or_to_xcom(bag: DagBag) -> None:
    for task in tasks(bag):
        assert task.do_xcom_push is False, task
        assert getattr(task, "show_return_value_in_logs", False) is False, task


def test_no_task_mails_by_itself(bag: DagBag) -> None:
    """Airflow's own mails quote the error's text; ours come from the outbox."""
    for task in tasks(bag):
        assert not getattr(task, "email", None), task


def test_a_run_takes_the_number_of_a_request_and_nothing_else(bag: DagBag) -> None:
    for dag in requests(bag):
        assert set(dag.params) == {"request"}
        form = dag.params.get_param("request")
        assert form.schema["type"] == "string"
        number = re.compile(form.schema["pattern"])
        assert number.fullmatch("AVG-2026-00042")
        assert not any(map(number.search, ("jan@example.nl", "AVG-2026-00042 jan", "xAVG-2026-00042", "42", "")))


def test_nothing_of_a_task_is_rendered_but_the_number(bag: DagBag) -> None:
    """Rendered fields are stored in clear: nothing may be templated but the run's id."""
    stores = set(catalogs.load(REPOSITORY / "include" / "catalog").stores)
    for task in tasks(bag):
        for field in task.template_fields:
            value = getattr(task, field, None)
            if field == "op_args":
                assert set(value or ()) <= stores, task
            elif field in ("subject", "body"):
                assert set(re.findall(r"\{\{(.*?)\}\}", value)) == {" run_id "}, task
            else:
                assert not value, (task, field)


def test_the_verdict_is_the_only_end_and_always_runs(bag: DagBag) -> None:
    """Airflow looks at the last tasks only: a failed task before one that passes gives a green run."""
    for dag in requests(bag):
        (leaf,) = dag.leaves
        assert leaf.task_id == "close"
        assert leaf.trigger_rule == TriggerRule.ALL_DONE
        others = [task for task in dag.tasks if task is not leaf]
        assert {task.trigger_rule for task in others} == {TriggerRule.ALL_SUCCESS}
        assert not any(task.is_teardown or task.is_setup for task in dag.tasks)


def test_every_store_has_a_task_and_a_pool_of_its_own(bag: DagBag) -> None:
    stores = catalogs.load(REPOSITORY / "include" / "catalog").stores
    for dag in requests(bag):
        pools = {task.task_id: task.pool for task in dag.tasks if task.task_id in stores}
        assert pools == {name: store.pool for name, store in stores.items()}
        assert len(set(pools.values())) == len(stores)
        assert {task.pool for task in dag.tasks if task.task_id not in stores} == {"default_pool"}


def test_the_way_of_a_request_is_the_one_that_is_described(bag: DagBag) -> None:
    stores = set(catalogs.load(REPOSITORY / "include" / "catalog").stores)
    for dag_id in ("access_request", "portability_request"):
        follows = {task.task_id: task.downstream_task_ids for task in bag.dags[dag_id].tasks}
        assert follows == {
            "identify": {"plan"},
            "plan": stores,
            **{store: {"validate"} for store in stores},
            "validate": {"answer"},
            "answer": {"close"},
            "close": set(),
        }


def test_nothing_is_changed_before_the_plan_is_approved_and_nothing_answered_before_it_is_recounted(
    bag: DagBag,
) -> None:
    stores = set(catalogs.load(REPOSITORY / "include" / "catalog").stores)
    follows = {task.task_id: task.downstream_task_ids for task in bag.dags["erasure_request"].tasks}
    assert follows == {
        "identify": {"plan"},
        "plan": {"approve"},
        "approve": stores,
        **{store: {"validate"} for store in stores},
        "validate": {"answer"},
        "answer": {"close"},
        "close": set(),
    }


def test_who_objects_is_on_the_list_before_a_store_is_changed_and_a_human_weighs_after_it_is_proven(
    bag: DagBag,
) -> None:
    stores = set(catalogs.load(REPOSITORY / "include" / "catalog").stores)
    follows = {task.task_id: task.downstream_task_ids for task in bag.dags["objection_request"].tasks}
    assert follows == {
        "identify": {"plan"},
        "plan": {"suppress"},
        "suppress": stores,
        **{store: {"validate"} for store in stores},
        "validate": {"weigh"},
        "weigh": {"answer"},
        "answer": {"lift"},
        "lift": {"close"},
        "close": set(),
    }


def test_what_is_restricted_is_on_the_register_before_a_store_is_marked_and_nobody_approves_it(bag: DagBag) -> None:
    stores = set(catalogs.load(REPOSITORY / "include" / "catalog").stores)
    follows = {task.task_id: task.downstream_task_ids for task in bag.dags["restriction_request"].tasks}
    assert follows == {
        "identify": {"plan"},
        "plan": {"restrict"},
        "restrict": stores,
        **{store: {"validate"} for store in stores},
        "validate": {"answer"},
        "answer": {"close"},
        "close": set(),
    }


def test_a_restriction_ends_after_the_person_was_told_and_that_is_tried_for_days(bag: DagBag) -> None:
    dag = bag.dags["restriction_lifting"]
    assert set(dag.params) == {"request"}
    assert dag.schedule is None
    assert {task.task_id: (task.downstream_task_ids, task.retries) for task in dag.tasks} == {
        "tell": ({"lift"}, 2000),
        "lift": (set(), 2000),
    }


def test_a_replay_takes_the_name_of_a_store_and_nothing_else(bag: DagBag) -> None:
    dag = bag.dags["erasure_replay"]
    assert set(dag.params) == {"store"}
    form = dag.params.get_param("store")
    assert set(form.schema["enum"]) == set(catalogs.load(REPOSITORY / "include" / "catalog").stores)
    assert dag.schedule is None
    assert dag.max_active_runs == 1


def test_a_notice_is_about_one_request_and_tries_for_days(bag: DagBag) -> None:
    dag = bag.dags["notice"]
    assert set(dag.params) == {"request"}
    number = re.compile(dag.params.get_param("request").schema["pattern"])
    assert number.fullmatch("AVG-2026-00042")
    assert not number.search("jan@example.nl")
    assert dag.schedule is None
    assert [(task.task_id, task.retries) for task in dag.tasks] == [("tell", 2000)]


def test_the_deadlines_are_watched_each_morning_at_six_in_amsterdam_and_by_one_at_a_time(bag: DagBag) -> None:
    dag = bag.dags["deadline_watch"]
    assert dag.schedule == CronTriggerTimetable("0 6 * * *", timezone="Europe/Amsterdam")
    assert dag.catchup is False
    assert dag.max_active_runs == 1
    assert set(dag.params) == set()
    (task,) = dag.tasks
    assert (task.task_id, task.retries) == ("watch", 24)
    assert dag.start_date is None, "a day in the past would start a run whenever this is first read"


def test_a_sweep_runs_by_the_policys_clock_one_at_a_time_and_takes_nothing_from_who_starts_it(bag: DagBag) -> None:
    dag = bag.dags["retention_sweep"]
    never_at_once = timedelta(0)
    assert dag.schedule == CronTriggerTimetable("0 2 * * 0", timezone="Europe/Amsterdam", run_immediately=never_at_once)
    assert dag.catchup is False
    assert dag.max_active_runs == 1
    assert dag.start_date is None, "a day in the past would start a run whenever this is first read"
    assert set(dag.params) == set()


def test_nothing_is_swept_before_it_was_counted_and_allowed_and_the_report_is_the_only_end(bag: DagBag) -> None:
    dag = bag.dags["retention_sweep"]
    stores = catalogs.load(REPOSITORY / "include" / "catalog").stores
    assert {task.task_id: task.downstream_task_ids for task in dag.tasks} == {
        "preview": {"approve"},
        "approve": set(stores),
        **{store: {"validate"} for store in stores},
        "validate": {"report"},
        "report": set(),
    }
    rules = {task.task_id: task.trigger_rule for task in dag.tasks}
    assert rules.pop("report") == TriggerRule.ALL_DONE
    assert rules.pop("validate") == TriggerRule.NONE_FAILED, "a sweep that was stopped is proven too"
    assert set(rules.values()) == {TriggerRule.ALL_SUCCESS}
    assert {task.task_id: task.pool for task in dag.tasks if task.task_id in stores} == {
        name: store.pool for name, store in stores.items()
    }
    assert {task.task_id: task.retries for task in dag.tasks} == {
        **dict.fromkeys(("preview", "approve", "validate", *stores), 5),
        "report": 2000,
    }


def test_when_sweeps_run_is_the_policys_to_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from avgflow_airflow.stores import sweep_schedule

    policy = tmp_path / "policy.yaml"
    monkeypatch.setenv("AVGFLOW_POLICY", str(policy))
    policy.write_text("retention: {schedule: '30 3 1 * *'}\n", encoding="utf-8")
    assert sweep_schedule() == "30 3 1 * *"
    policy.write_text("version: '1'\n", encoding="utf-8")
    assert sweep_schedule() == "0 2 * * 0"


def test_our_own_data_go_each_night_and_the_word_at_the_end_comes_last(bag: DagBag) -> None:
    dag = bag.dags["housekeeping"]
    assert dag.schedule == CronTriggerTimetable("30 3 * * *", timezone="Europe/Amsterdam")
    assert (dag.catchup, dag.max_active_runs, dag.start_date) == (False, 1, None)
    assert set(dag.params) == set()
    assert {task.task_id: task.downstream_task_ids for task in dag.tasks} == {
        "files": {"register"},
        "register": {"report"},
        "airflow": {"report"},
        "report": set(),
    }
    rules = {task.task_id for task in dag.tasks if task.trigger_rule == TriggerRule.ALL_DONE}
    assert rules == {"register", "report"}, "what one part leaves behind keeps no other from its work"


def test_only_the_watch_sweeps_and_the_housekeeping_are_started_by_the_clock(bag: DagBag) -> None:
    by_clock = {dag.dag_id for dag in bag.dags.values() if dag.schedule is not None}
    assert by_clock == {"deadline_watch", "housekeeping", "retention_sweep"}


def test_what_may_pass_is_tried_again_for_some_minutes_and_what_mails_for_days(bag: DagBag) -> None:
    for task in (task for dag in requests(bag) for task in dag.tasks):
        assert task.retry_exponential_backoff, task
        assert task.retry_delay.total_seconds() == 10, task
        assert task.max_retry_delay.total_seconds() == 300, task
        assert task.retries == (2000 if task.task_id in ("answer", "lift", "close") else 5), task


def test_nobody_starts_a_request_by_the_clock(bag: DagBag) -> None:
    for dag in requests(bag):
        assert dag.schedule is None
        assert dag.catchup is False


@pytest.mark.parametrize("setting", ["AVGFLOW_RETRIES", "AVGFLOW_RETRY_SECONDS"])
def test_another_installation_may_wait_otherwise(setting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from avgflow.settings import Settings

    monkeypatch.setenv(setting, "3")
    assert 3 in (Settings.load().retries, Settings.load().retry_seconds)


def test_no_dag_has_a_deadline_alert_of_airflow(bag: DagBag) -> None:
    """Airflow 3.3.2 reads the interval of an alert as a number where it is a mapping: clearing a task of a run with one
    ends in an error, and clearing a task is how work goes on after a fault. The daily watch looks after deadlines.
    """
    assert {dag.dag_id for dag in bag.dags.values() if dag.deadline} == set()
