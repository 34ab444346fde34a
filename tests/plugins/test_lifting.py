"""The end of a restriction as Airflow does it: the person is told, and only then the work begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from plugin_world import EMAIL, PERSON, MailServer, Refusing, a_context, a_mail_server

from avgflow.handling import environment, lifting
from avgflow.handling.environment import Environment
from avgflow.intake import RestrictionGround
from avgflow.policy.decide import EVERYTHING
from avgflow.register import requests, restrictions
from avgflow.register.database import transaction
from avgflow.register.requests import Request, Status
from avgflow_airflow import tasks


@pytest.fixture
def env(installation: Any) -> Environment:
    return environment.of_settings()


@pytest.fixture
def ending(env: Environment, registered: Callable[..., Request]) -> str:
    """A restriction that is to end, of a request that was stopped."""
    number = registered(right="restriction", ground="claims").number
    with transaction(env.register) as register:
        known = {"email": EMAIL}
        restrictions.place(register, env.keyring, number, RestrictionGround.CLAIMS, [EVERYTHING], known)
        requests.set_status(register, env.keyring, number, Status.STOPPED, reason="Stopped by officer.")
    lifting.end(env, number, "claim-over", "officer")
    return number


def does(task: Any, number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    context = a_context(number, run_id=f"{number}.lifted", task_id=task.__name__)
    monkeypatch.setattr(tasks, "get_current_context", lambda: context)
    task.function()


def stands(env: Environment, number: str) -> bool:
    with transaction(env.register) as register:
        return bool(restrictions.standing(register, number))


def test_the_person_is_told_once_by_mail(
    env: Environment, ending: str, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        does(tasks.tell_end, ending, monkeypatch)
    (mail,) = mail_server.mails()
    assert mail["Subject"] == f"Einde van uw beperking {ending}"
    assert PERSON in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert stands(env, ending), "telling is not lifting"


def test_nothing_is_lifted_of_which_the_person_does_not_know(
    env: Environment, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AirflowFailException, match="not told yet"):
        does(tasks.lift, ending, monkeypatch)
    assert stands(env, ending)


def test_a_store_that_is_down_keeps_the_restriction_until_it_is_back(
    env: Environment, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stores of this installation do not answer."""
    does(tasks.tell_end, ending, monkeypatch)
    with pytest.raises(AirflowException, match="cannot be reached"):
        does(tasks.lift, ending, monkeypatch)
    assert stands(env, ending)


def test_an_address_that_does_not_work_is_said_so(
    env: Environment,
    ending: str,
    smtp_connection: Callable[[int], None],
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "refusing"
    folder.mkdir()
    with a_mail_server(folder, Refusing) as server:
        smtp_connection(server.port)
        with pytest.raises(AirflowFailException, match="for good"):
            does(tasks.tell_end, ending, monkeypatch)
    lifting.told(env, ending, "officer")
    assert lifting.letter(env, ending) is None
