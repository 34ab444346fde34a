"""The weighing of an objection as Airflow does it: asking, taking an answer, asking again, and only where it has to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, TaskAwaitingInput
from plugin_world import EMAIL, PERSON, MailServer, a_context, an_answer

from avgflow import plan
from avgflow.answers import GO_ON, STOP
from avgflow.catalog.names import TableName
from avgflow.identity import Footprint
from avgflow.plan import Basis, Step
from avgflow.register import events, plans, requests, weighings
from avgflow.register.requests import Request, Status
from avgflow_airflow.asking import WeighOperator

TODAY = datetime(2026, 11, 25, tzinfo=UTC).date()
TABLE = TableName.parse("public.contact")


@pytest.fixture
def objection(registered: Callable[..., Request], installation: Any) -> Callable[..., str]:
    """An objection whose plan has rows of these classes to weigh."""

    def made(*classes: str) -> str:
        number = registered(right="objection", to="all-processing").number
        steps = [Step("crm", TABLE, name, 1, "weigh") for name in classes]
        keyring = installation.keyring
        one = plan.objection(
            number,
            "all-processing",
            (),
            steps,
            Footprint(),
            0,
            (),
            Basis(TODAY, False),
            (),
            lambda b: keyring.keyed_hash("plan", b.decode()),
        )
        with installation.engine.begin() as conn:
            plans.put_plan(conn, keyring, number, one.digest, one.to_bytes())
        return number

    return made


def step() -> WeighOperator:
    return WeighOperator(task_id="weigh")


def context(number: str) -> dict[str, Any]:
    return a_context(number, task_id="weigh")


def answered(number: str, outcomes: object, option: str = GO_ON) -> None:
    step().execute_complete(context(number), an_answer(option, {"outcomes": outcomes}))


def status(installation: Any, number: str) -> tuple[Status, str | None]:
    with installation.engine.begin() as conn:
        found = requests.get(conn, number)
    return found.status, found.waiting_for


def test_where_nothing_is_to_be_weighed_nobody_is_asked(objection: Callable[..., str], installation: Any) -> None:
    number = objection()
    step().execute(context(number))
    assert status(installation, number) == (Status.RUNNING, None)


def test_a_human_is_told_by_mail_and_answers_class_by_class(
    objection: Callable[..., str], installation: Any, asked: list[dict[str, Any]], mail_server: MailServer
) -> None:
    number = objection("R1", "R2")
    with pytest.raises(TaskAwaitingInput):
        step().execute(context(number))
    assert status(installation, number) == (Status.WAITING, "weighing")
    (mail,) = mail_server.mails()
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert f"avgflow request weigh {number}" in text
    for place in (str(asked), mail.as_string()):
        assert EMAIL not in place
        assert PERSON not in place
    for unfit in (None, "R1=uphold", "R1=uphold R2=refuse"):
        with pytest.raises(TaskAwaitingInput):
            answered(number, unfit)
    answered(number, "R1=uphold R2=refuse:contract")
    with installation.engine.begin() as conn:
        found = {one.record_class: (one.reason, one.actor) for one in weighings.weighed(conn, number)}
        names = [str(event.name) for event in events.history(conn, number)]
    assert found == {"R1": (None, "officer"), "R2": ("contract", "officer")}
    assert names.count("objection.weighed") == 2
    assert status(installation, number) == (Status.RUNNING, None)


def test_a_human_can_stop_it(objection: Callable[..., str], installation: Any, asked: list[dict[str, Any]]) -> None:
    number = objection("R1")
    with pytest.raises(TaskAwaitingInput):
        step().execute(context(number))
    with pytest.raises(AirflowFailException, match="stopped by officer"):
        answered(number, None, STOP)
    assert status(installation, number)[0] is Status.STOPPED
