"""The approval of a plan as Airflow does it: waiting without a worker, asking, taking an answer, asking again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskAwaitingInput, TaskDeferred
from plugin_world import EMAIL, PERSON, MailServer, a_context, an_answer

from avgflow import plan
from avgflow.answers import GO_ON, STOP
from avgflow.handling import approving, configured, withdrawing
from avgflow.handling.environment import Environment
from avgflow.identity import Footprint
from avgflow.plan import Basis, Plan
from avgflow.policy.models import Erasure, Policy
from avgflow.register import approvals, events, plans, requests
from avgflow.register.requests import Request, Status
from avgflow_airflow import running
from avgflow_airflow.asking import ApproveOperator
from avgflow_airflow.pausing import Until

Register = Callable[..., Request]

TODAY = datetime(2026, 11, 25, tzinfo=UTC).date()


class World:
    """What the plan of every request comes out as, in stores that are not there."""

    rows = 1
    rules = Erasure()

    def plan_of(self, env: Environment, number: str) -> Plan:
        return plan.erasure(
            number,
            (),
            Footprint(),
            self.rows,
            (),
            Basis(TODAY, False),
            (),
            lambda content: env.keyring.keyed_hash("plan", content.decode()),
        )

    def make(self, env: Environment, numbers: list[str]) -> dict[str, Plan]:
        made = {number: self.plan_of(env, number) for number in numbers}
        with env.register.begin() as register:
            for number, one in made.items():
                plans.put_plan(register, env.keyring, number, one.digest, one.to_bytes())
        return made

    def policy(self, env: Environment) -> Policy:
        """The policy on file, with these rules."""
        on_file = configured.policy(env.settings.policy, env.settings.catalog)
        return on_file.model_copy(update={"erasure": self.rules})


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(approving.planning, "make", made.make)
    monkeypatch.setattr(Environment, "policy", property(made.policy))
    return made


@pytest.fixture
def erasure(registered: Register) -> Callable[..., str]:
    return lambda **changes: registered(right="erasure", **changes).number


def step() -> ApproveOperator:
    return ApproveOperator(task_id="approve")


def context(number: str) -> dict[str, Any]:
    return a_context(number, task_id="approve")


def newest(installation: Any, number: str) -> str:
    with installation.engine.begin() as conn:
        return plans.get_plan(conn, installation.keyring, number).digest[: approving.SHOWN]


def named(plan_name: str | None) -> dict[str, Any]:
    return {"plan": plan_name}


def moment_of(deferred: TaskDeferred) -> datetime:
    """When Airflow takes a deferred task up again, from what it stores of its trigger."""
    classpath, kwargs = deferred.trigger.serialize()
    module, _, kind = classpath.rpartition(".")
    trigger = getattr(import_module(module), kind)(**kwargs)
    return datetime.fromisoformat(trigger.moment)


def request(installation: Any, number: str) -> Request:
    with installation.engine.begin() as conn:
        return requests.get(conn, number)


def happened(installation: Any, number: str) -> list[tuple[str, str]]:
    with installation.engine.begin() as conn:
        return [(str(event.name), event.actor) for event in events.history(conn, number)]


def ask(number: str) -> None:
    with pytest.raises(TaskAwaitingInput):
        step().execute(context(number))


def test_a_plan_waits_for_a_human_who_is_told_by_mail_how_to_see_it(
    world: World, asked: list[dict[str, Any]], erasure: Callable[..., str], mail_server: MailServer, installation: Any
) -> None:
    number = erasure()
    ask(number)
    assert request(installation, number).waiting_for == "approval"
    (question,) = asked
    assert set(question["params"]) == {"plan"}
    assert question["params"]["plan"]["value"] is None
    (mail,) = mail_server.mails()
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert f"avgflow request show {number} --plan" in text
    assert f"avgflow request approve {number}" in text
    for place in (str(question), mail.as_string()):
        assert PERSON not in place
        assert EMAIL not in place


def test_an_approved_plan_goes_on(
    world: World, asked: list[dict[str, Any]], erasure: Callable[..., str], installation: Any
) -> None:
    number = erasure()
    ask(number)
    step().execute_complete(context(number), an_answer(GO_ON, named(newest(installation, number))))
    assert len(asked) == 1
    assert request(installation, number).status is Status.RUNNING
    assert ("plan.approved", "officer") in happened(installation, number)


@pytest.mark.parametrize("plan_name", [None, "", "0123456789ab", PERSON, 7])
def test_an_approval_that_names_no_plan_or_another_asks_again(
    plan_name: Any,
    world: World,
    asked: list[dict[str, Any]],
    erasure: Callable[..., str],
    installation: Any,
    capfd: pytest.CaptureFixture[str],
) -> None:
    number = erasure()
    ask(number)
    with pytest.raises(TaskAwaitingInput):
        step().execute_complete(context(number), an_answer(GO_ON, named(plan_name)))
    assert len(asked) == 2
    with installation.engine.begin() as conn:
        assert approvals.approval(conn, number) is None
    assert PERSON not in "".join(capfd.readouterr())


def test_the_approval_of_a_plan_that_is_not_the_newest_any_more_asks_again_with_a_mail_of_its_own(
    world: World,
    asked: list[dict[str, Any]],
    erasure: Callable[..., str],
    installation: Any,
    mail_server: MailServer,
) -> None:
    number = erasure()
    ask(number)
    before = newest(installation, number)
    world.rows = 2
    with pytest.raises(TaskAwaitingInput):
        step().execute_complete(context(number), an_answer(GO_ON, named(before)))
    assert newest(installation, number) != before
    with pytest.raises(TaskAwaitingInput):
        step().execute_complete(context(number), an_answer(GO_ON, named(before)))
    assert [mail["Subject"] for mail in mail_server.mails()] == [f"Wacht op u: {number}"] * 2
    step().execute_complete(context(number), an_answer(GO_ON, named(newest(installation, number))))


def test_somebody_who_may_not_approve_is_refused_and_another_is_asked(
    world: World, asked: list[dict[str, Any]], erasure: Callable[..., str], installation: Any
) -> None:
    number = erasure()
    ask(number)
    world.rules = Erasure(officers=("officer", "approver"))
    answer = named(newest(installation, number))
    for by in ("intern", None):
        with pytest.raises(TaskAwaitingInput):
            step().execute_complete(context(number), an_answer(GO_ON, answer, by=by))
    step().execute_complete(context(number), an_answer(GO_ON, answer, by="approver"))
    assert ("plan.approved", "approver") in happened(installation, number)


def test_a_refused_plan_ends_the_run_for_good(
    world: World, asked: list[dict[str, Any]], erasure: Callable[..., str], installation: Any
) -> None:
    number = erasure()
    ask(number)
    with pytest.raises(AirflowFailException, match="was stopped by officer"):
        step().execute_complete(context(number), an_answer(STOP, named(None)))
    assert request(installation, number).status is Status.STOPPED
    assert ("plan.refused", "officer") in happened(installation, number)


def test_the_time_to_think_it_over_takes_no_worker_and_the_plan_is_looked_at_again_after_it(
    world: World, asked: list[dict[str, Any]], erasure: Callable[..., str], installation: Any
) -> None:
    number = erasure()
    ask(number)
    world.rules = Erasure(cooling_off_days=2)
    with pytest.raises(TaskDeferred) as deferred:
        step().execute_complete(context(number), an_answer(GO_ON, named(newest(installation, number))))
    left = moment_of(deferred.value) - datetime.now(UTC)
    assert timedelta(days=1, hours=23) < left <= timedelta(days=2)
    assert request(installation, number).waiting_for == "cooling-off"
    world.rules = Erasure()
    again = getattr(step(), deferred.value.method_name)
    world.rows = 2
    with pytest.raises(TaskAwaitingInput):
        again(context(number), event=None)


def test_a_request_waits_its_turn_without_a_worker_and_then_goes_on(
    world: World,
    asked: list[dict[str, Any]],
    erasure: Callable[..., str],
    installation: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AVGFLOW_QUEUE_SECONDS", "1")
    first, second = erasure(), erasure()
    with pytest.raises(TaskDeferred) as deferred:
        step().execute(context(second))
    assert asked == []
    assert moment_of(deferred.value) - datetime.now(UTC) <= timedelta(seconds=1)
    assert request(installation, second).waiting_for == "earlier-request"
    with installation.engine.begin() as conn:
        requests.set_status(conn, installation.keyring, first, Status.STOPPED, actor="officer")
    with pytest.raises(TaskAwaitingInput):
        getattr(step(), deferred.value.method_name)(context(second), event=None)


def test_what_a_withdrawn_request_waited_for_is_skipped(
    world: World, asked: list[dict[str, Any]], erasure: Callable[..., str], installation: Any
) -> None:
    number = erasure()
    ask(number)
    running.run(context(number), lambda env, given: withdrawing.withdraw(env, given, "officer"))
    with pytest.raises(AirflowSkipException, match="was withdrawn"):
        step().execute_complete(context(number), an_answer(GO_ON, named(newest(installation, number))))
    with pytest.raises(AirflowSkipException):
        running.run(a_context(number, task_id="crm"), lambda env, given: None)
    assert happened(installation, number)[-1][0] == "mail.queued"


def test_a_wait_ends_at_its_moment_and_not_before() -> None:
    async def fired(trigger: Until) -> datetime:
        async for _ in trigger.run():
            break
        return datetime.now(UTC)

    for seconds in (-5, 0.3):
        moment = datetime.now(UTC) + timedelta(seconds=seconds)
        ended = asyncio.run(asyncio.wait_for(fired(Until(moment.isoformat())), 5))
        assert ended >= moment
