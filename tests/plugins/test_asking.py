"""Steps that may need a human: what is asked, what becomes of the answer, and what none of it may hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskAwaitingInput, TaskDeferred
from plugin_world import EMAIL, PERSON, MailServer, a_context, an_answer

from avgflow.answers import GO_ON, STOP
from avgflow.handling.environment import Environment
from avgflow.handling.waiting import ChoiceRefused, Question, Waiting
from avgflow.intake import parse
from avgflow.policy.reasons import DeclineReason
from avgflow.register import declines, events, requests
from avgflow.register.requests import Request, Status
from avgflow_airflow.asking import (
    AnswerOperator,
    AnswerPortabilityOperator,
    ApproveOperator,
    AskingOperator,
    IdentifyOperator,
)
from avgflow_airflow.questions import BODIES

Register = Callable[..., Request]


class Doubtful(AskingOperator):
    """A step that doubts until an answer says 'sure'."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(subject="{{ run_id }}: zeker?", asked={}, **kwargs)
        self.sure = False
        self.actors: list[str] = []

    def work(self, env: Environment, number: str) -> Question | None:
        return None if self.sure else Question(number, Waiting.CHOICE, 2)

    def take(self, env: Environment, number: str, given: Mapping[str, Any], actor: str) -> None:
        if given.get("answer") != "sure":
            raise ChoiceRefused("Say whether you are sure.", "Zeg of u het zeker weet.")
        self.sure = True
        self.actors.append(actor)


def test_a_step_without_doubt_asks_nobody(registered: Register, asked: list[dict[str, Any]]) -> None:
    step = Doubtful(task_id="doubtful")
    step.sure = True
    step.execute(a_context(registered().number))
    assert asked == []


def test_a_doubt_waits_for_a_human_who_is_told_by_mail(
    registered: Register, asked: list[dict[str, Any]], mail_server: MailServer
) -> None:
    number = registered().number
    with pytest.raises(TaskAwaitingInput):
        Doubtful(task_id="doubtful").execute(a_context(number))
    (question,) = asked
    assert question["options"] == [GO_ON, STOP]
    assert question["body"] == BODIES[Waiting.CHOICE]
    (mail,) = mail_server.mails()
    assert mail["Subject"] == f"Wacht op u: {number}"
    assert f"avgflow request choose {number}" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_a_mail_server_that_is_down_does_not_keep_the_question_from_being_asked(
    registered: Register, asked: list[dict[str, Any]], smtp_connection: Callable[[int], None]
) -> None:
    smtp_connection(1)
    with pytest.raises(TaskAwaitingInput):
        Doubtful(task_id="doubtful").execute(a_context(registered().number))
    assert len(asked) == 1


def test_go_on_does_the_step_again_with_the_answer(registered: Register, asked: list[dict[str, Any]]) -> None:
    step = Doubtful(task_id="doubtful")
    step.execute_complete(a_context(registered().number), an_answer(GO_ON, {"answer": "sure"}))
    assert step.actors == ["officer"]
    assert asked == []


def test_an_answer_by_nobody_is_airflows(registered: Register, asked: list[dict[str, Any]]) -> None:
    step = Doubtful(task_id="doubtful")
    step.execute_complete(a_context(registered().number), an_answer(GO_ON, {"answer": "sure"}, by=None))
    assert step.actors == ["airflow"]


def test_stop_ends_the_run_for_good_and_says_who_stopped_it(
    registered: Register, asked: list[dict[str, Any]], installation: Any
) -> None:
    number = registered().number
    with pytest.raises(AirflowFailException, match="was stopped by officer"):
        Doubtful(task_id="doubtful").execute_complete(a_context(number), an_answer(STOP))
    assert asked == []
    with installation.engine.begin() as conn:
        request = requests.get(conn, number)
        last = events.history(conn, number)[-1]
    assert (request.status, request.reason) == (Status.STOPPED, "Stopped by officer.")
    assert (str(last.name), last.actor) == ("request.stopped", "officer")


@pytest.mark.parametrize("inputs", [None, {}, {"answer": None}, {"answer": PERSON}])
def test_an_answer_that_does_not_fit_the_question_asks_again(
    inputs: object, registered: Register, asked: list[dict[str, Any]], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(TaskAwaitingInput):
        Doubtful(task_id="doubtful").execute_complete(a_context(registered().number), an_answer(GO_ON, inputs))
    assert len(asked) == 1
    assert PERSON not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("option", "inputs"),
    [
        (GO_ON, {"verified_by": PERSON, "persons": None}),
        (GO_ON, {"verified_by": 7, "persons": None}),
        (GO_ON, {"verified_by": "portal-login", "persons": [EMAIL]}),
        (GO_ON, {"verified_by": "portal-login"}),
        (GO_ON, {"verified_by": "portal-login", "persons": None, EMAIL: PERSON}),
        (GO_ON, {PERSON: EMAIL}),
        (GO_ON, {"verified_by": None, "persons": PERSON}),
        (PERSON, {"verified_by": "portal-login", "persons": None}),
    ],
)
def test_an_answer_that_does_not_fit_the_form_asks_again_and_is_repeated_nowhere(
    option: str,
    inputs: object,
    registered: Register,
    asked: list[dict[str, Any]],
    installation: Any,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Airflow's API takes any value for a field of a form."""
    number = registered(verified_by=None).number
    context = a_context(number, task_id="identify")
    step = IdentifyOperator(task_id="identify")
    with pytest.raises(TaskAwaitingInput):
        step.execute(context)
    with pytest.raises(TaskAwaitingInput):
        IdentifyOperator(task_id="identify").execute_complete(context, an_answer(option, inputs))
    assert len(asked) == 2
    with installation.engine.begin() as conn:
        request = requests.get(conn, number)
        told = str([(event.actor, event.detail) for event in events.history(conn, number)])
    assert (request.status, request.waiting_for) == (Status.WAITING, "verification")
    printed = "".join(capfd.readouterr()) + told
    assert PERSON not in printed
    assert EMAIL not in printed


def test_the_form_of_identify_offers_the_ways_of_verifying(registered: Register, asked: list[dict[str, Any]]) -> None:
    with pytest.raises(TaskAwaitingInput):
        IdentifyOperator(task_id="identify").execute(a_context(registered(verified_by=None).number))
    form = asked[0]["params"]
    assert set(form) == {"verified_by", "persons"}
    assert form["verified_by"]["schema"]["enum"][:2] == [None, "portal-login"]


def test_a_question_holds_nothing_of_the_person(
    registered: Register, asked: list[dict[str, Any]], mail_server: MailServer
) -> None:
    number = registered(verified_by=None, customer_number="KANARIE-730154", phone="06 73015499").number
    with pytest.raises(TaskAwaitingInput):
        IdentifyOperator(task_id="identify").execute(a_context(number, task_id="identify"))
    (mail,) = mail_server.mails()
    for place in (str(asked), mail.as_string()):
        for value in (PERSON, EMAIL, "KANARIE-730154", "73015499"):
            assert value.casefold() not in place.casefold()


@pytest.mark.parametrize("waiting", Waiting)
def test_a_text_of_a_question_is_fixed_and_says_how_to_answer(waiting: Waiting) -> None:
    body = BODIES[waiting]
    assert f"**{GO_ON}**" in body
    assert not re.search(r"[{}@]", body)


def test_subjects_are_the_number_of_the_request_and_nothing_else() -> None:
    for kind in (IdentifyOperator, ApproveOperator, AnswerOperator, AnswerPortabilityOperator):
        step = kind(task_id="task")
        assert re.findall(r"\{\{(.*?)\}\}", str(step.subject) + str(step.body)) == [" run_id ", " run_id "]


def test_a_request_that_came_in_with_another_waits_for_its_verification_without_a_worker(
    registered: Register, asked: list[dict[str, Any]], installation: Any
) -> None:
    first = registered(verified_by=None)
    with installation.engine.begin() as conn:
        intake = parse(right="erasure", email=EMAIL)
        day = first.due
        second = requests.register_request(conn, installation.keyring, intake, day, day, together=first.number)
    step = IdentifyOperator(task_id="identify")
    with pytest.raises(TaskDeferred) as deferred:
        step.execute(a_context(second.number))
    assert deferred.value.method_name == "look_again"
    assert asked == []
    with installation.engine.begin() as conn:
        assert requests.get(conn, second.number).waiting_for == "verification-of-first"
        requests.set_status(conn, installation.keyring, first.number, Status.STOPPED, reason="Stopped by officer.")
    # The first is of no help any more: it asks for a verification of its own.
    with pytest.raises(TaskAwaitingInput):
        step.look_again(a_context(second.number))
    (question,) = asked
    assert question["body"] == BODIES[Waiting.VERIFICATION]


@pytest.mark.parametrize(
    ("changes", "waiting"),
    [
        ({"asks_as": "lawyer", "person_email": EMAIL, "verified_by": None}, Waiting.MANDATE),
        ({"asks_as": "organisation", "verified_by": None}, Waiting.DECLINE),
        ({"asks_as": "heir", "verified_by": "mandate"}, Waiting.DECLINE),
    ],
)
def test_who_asks_for_another_is_asked_for_a_mandate_or_declined(
    registered: Register,
    asked: list[dict[str, Any]],
    mail_server: MailServer,
    changes: Mapping[str, Any],
    waiting: Waiting,
) -> None:
    number = registered(**changes).number
    with pytest.raises(TaskAwaitingInput):
        IdentifyOperator(task_id="identify").execute(a_context(number))
    (question,) = asked
    assert question["body"] == BODIES[waiting]
    (mail,) = mail_server.mails()
    read = " ".join(mail.get_body(("plain",)).get_content().split())  # type: ignore[union-attr]
    for command in waiting.commands(number):
        assert command in read
    assert EMAIL not in read


def test_no_step_of_a_declined_request_begins(
    registered: Register, asked: list[dict[str, Any]], installation: Any
) -> None:
    number = registered(verified_by=None).number
    with installation.engine.begin() as conn:
        made = declines.propose(conn, installation.keyring, number, DeclineReason.UNFOUNDED, "Feiten.", "officer")
        declines.confirm(conn, installation.keyring, number, made, "second", alone=False)
    with pytest.raises(AirflowSkipException):
        IdentifyOperator(task_id="identify").execute(a_context(number))
    assert asked == []
