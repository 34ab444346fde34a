"""A human's answer is given until it is on the register, and never to a question that came after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import SecretStr
from real_postgres import Register
from register_world import a_request

from avgflow import answers
from avgflow.airflow_api import AirflowApi, Question
from avgflow.answers import NothingAsked
from avgflow.handling import closing, verifying
from avgflow.handling.environment import Environment
from avgflow.intake import Verification
from avgflow.register.database import transaction
from avgflow.settings import Settings

DAG = "access_request"


@dataclass
class Airflow(AirflowApi):
    """Airflow as it behaves: `takes` tells, answer by answer, what its task does with it."""

    url: str = ""
    user: str = ""
    password: str = ""
    open: bool = True
    takes: Iterator[Callable[[], None]] = field(default_factory=lambda: iter(()))
    given: list[str] = field(default_factory=list)

    def question(self, dag_id: str, number: str) -> Question | None:
        return Question(dag_id, number, "identify", -1, ("verified_by",)) if self.open else None

    def answer(self, asked: Question, option: str, inputs: Mapping[str, Any]) -> None:
        self.given.append(option)
        next(self.takes, lambda: None)()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "SETTLED", 0.0)
    monkeypatch.setattr(answers, "SECONDS", 2.0)


@pytest.fixture
def env(register: Register) -> Iterator[Environment]:
    settings = Settings(
        register_dsn=SecretStr(register.app_dsn),
        register_keys=SecretStr(register.register_key),
        hash_key=SecretStr(register.hash_key),
    )
    made = Environment(settings, lambda connection: "")
    yield made
    made.dispose()


@pytest.fixture
def number(env: Environment) -> str:
    with transaction(env.register) as conn:
        return a_request(conn, env.keyring, verified_by=None).number


def test_an_answer_that_is_taken_is_given_once(env: Environment, number: str) -> None:
    """Though the next question, which it does not fit, comes up at once."""
    airflow = Airflow(takes=iter([lambda: verifying.verify(env, number, Verification.IN_PERSON, "officer")]))
    assert answers.give(env, airflow, DAG, number, "Verder", {"verified_by": "in-person"})
    assert airflow.given == ["Verder"]


def test_an_answer_that_got_lost_is_given_again(env: Environment, number: str) -> None:
    lost = [lambda: None, lambda: None]
    airflow = Airflow(takes=iter([*lost, lambda: closing.stop(env, number, "officer")]))
    assert answers.give(env, airflow, DAG, number, "Stoppen", {})
    assert airflow.given == ["Stoppen"] * 3


def test_an_answer_that_nobody_takes_is_said_to_be_open(env: Environment, number: str) -> None:
    assert not answers.give(env, Airflow(), DAG, number, "Verder", {})


def test_where_no_question_comes_up_there_is_nothing_to_answer(env: Environment, number: str) -> None:
    airflow = Airflow(open=False)
    with pytest.raises(NothingAsked, match=f"avgflow request show {number}"):
        answers.give(env, airflow, DAG, number, "Verder", {})
    assert airflow.given == []


def test_an_answer_of_before_does_not_count(env: Environment, number: str) -> None:
    verifying.verify(env, number, Verification.IN_PERSON, "officer")
    airflow = Airflow(takes=iter([lambda: verifying.accept_address(env, number, "officer")]))
    assert answers.give(env, airflow, DAG, number, "Verder", {})
    assert airflow.given == ["Verder"]
