"""The same shape as `access_request` (tasks, kinds of operator, pools, order), and every task does nothing."""

from __future__ import annotations

from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import DAG, Param, chain, task
from airflow.task.trigger_rule import TriggerRule

STORES = ("accounts", "crm", "marketing", "orders")


class NothingToAsk(HITLOperator):
    """Asks nothing, does nothing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(subject="{{ run_id }}", body="{{ run_id }}", options=["Verder", "Stoppen"], **kwargs)

    def execute(self, context: Any) -> None:
        """Nothing."""


@task
def nothing() -> None:
    """Nothing."""


with DAG(
    dag_id="empty_request",
    schedule=None,
    catchup=False,
    max_active_runs=16,
    default_args={"owner": "privacy", "show_return_value_in_logs": False, "do_xcom_push": False, "retries": 5},
    params={"request": Param(type="string", pattern=r"^AVG-\d{4}-\d{5,}$")},
):
    chain(
        NothingToAsk(task_id="identify"),
        nothing.override(task_id="plan")(),
        [nothing.override(task_id=store, pool=f"store_{store}")() for store in STORES],
        nothing.override(task_id="validate")(),
        NothingToAsk(task_id="answer"),
        nothing.override(task_id="close", trigger_rule=TriggerRule.ALL_DONE)(),
    )
