"""Running a step inside a task: what is tried again, what fails at once, and what never gets out."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, TaskDeferred
from plugin_world import EMAIL, NUMBER, PERSON, a_context

from avgflow.errors import AvgflowError, StoreBusy, StoreRefused, StoreUnreachable
from avgflow.handling import closing, identify
from avgflow.handling.carried import StoreUnsettled
from avgflow.handling.environment import Environment
from avgflow.handling.turns import NotItsTurn
from avgflow.register import events, requests
from avgflow.register.database import RegisterUnreachable
from avgflow.register.locks import WorkBusy
from avgflow.register.outbox import MailBusy
from avgflow.register.requests import Request, Status
from avgflow_airflow import running
from avgflow_airflow.running import MailServerUnavailable

Register = Callable[..., Request]


class Wrong(AvgflowError):
    """A fault that does not pass by itself."""


PASSING = [
    StoreUnreachable("crm", "no answer"),
    RegisterUnreachable(),
    MailServerUnavailable("SMTPDataError 451"),
    MailBusy(),
    StoreBusy("crm", "55P03"),
    StoreUnsettled("crm"),
    WorkBusy(),
    NotItsTurn("AVG-2026-00043", "AVG-2026-00042"),
]
LASTING = [StoreRefused("crm", "42501"), Wrong("Mend it, then clear the task.")]


def raising(fault: BaseException) -> Callable[[Environment, str], None]:
    def step(env: Environment, number: str) -> None:
        raise fault

    return step


def kind(fault: object) -> str:
    return type(fault).__name__


def history(register: Any, number: str) -> list[tuple[str, dict[str, Any]]]:
    with register.engine.begin() as conn:
        return [(str(event.name), dict(event.detail)) for event in events.history(conn, number)]


def failures(register: Any, number: str) -> list[dict[str, Any]]:
    return [detail for name, detail in history(register, number) if name == "step.failed"]


def test_a_step_is_given_its_request_and_gives_its_result(registered: Register) -> None:
    number = registered().number
    assert running.run(a_context(number), lambda env, given: (given, env.settings.work.name)) == (number, "work")


@pytest.mark.parametrize("fault", PASSING, ids=kind)
def test_what_may_pass_is_tried_again_and_is_no_failure_yet(
    fault: AvgflowError, registered: Register, installation: Any
) -> None:
    number = registered().number
    with pytest.raises(AirflowException) as raised:
        running.run(a_context(number, try_number=2, max_tries=2), raising(fault))
    assert not isinstance(raised.value, AirflowFailException)
    assert str(raised.value) == str(fault)
    assert failures(installation, number) == []


@pytest.mark.parametrize("fault", PASSING, ids=kind)
def test_what_did_not_pass_in_the_last_try_stands_on_the_register(
    fault: AvgflowError, registered: Register, installation: Any
) -> None:
    number = registered().number
    with pytest.raises(AirflowException):
        running.run(a_context(number, try_number=3, max_tries=2), raising(fault))
    (failure,) = failures(installation, number)
    assert failure["step"] == "plan"
    assert failure["error"] == kind(fault)


@pytest.mark.parametrize("fault", LASTING, ids=kind)
def test_what_does_not_pass_fails_at_once_and_says_what_to_do(
    fault: AvgflowError, registered: Register, installation: Any
) -> None:
    number = registered().number
    with pytest.raises(AirflowFailException) as raised:
        running.run(a_context(number, try_number=1), raising(fault))
    assert str(raised.value) == str(fault)
    (failure,) = failures(installation, number)
    assert failure["error"] == kind(fault)


@pytest.mark.parametrize("fault", [StoreUnreachable("orders", "no answer"), StoreRefused("orders", "42501")], ids=kind)
def test_the_store_that_failed_is_named_whichever_step_met_it(
    fault: AvgflowError, registered: Register, installation: Any
) -> None:
    number = registered().number
    with pytest.raises(AirflowException):
        running.run(a_context(number, task_id="identify", try_number=9), raising(fault))
    assert [failure["store"] for failure in failures(installation, number)] == ["orders"]
    with pytest.raises(AirflowFailException):
        running.run(a_context(number, task_id="close"), lambda env, given: _close(env, given))
    with installation.engine.begin() as conn:
        reason = requests.get(conn, number).reason
    assert f"task identify failed ({kind(fault)} of store orders)" in str(reason)


def _close(env: Environment, number: str) -> None:
    raise closing.NotAtItsEnd(number, list(closing.run(env, number).missing))


def test_a_store_that_does_not_answer_is_tried_again(registered: Register) -> None:
    """With the real connection of Airflow to a port where nobody listens."""
    number = registered().number
    with pytest.raises(AirflowException, match="'accounts' cannot be reached") as raised:
        running.run(a_context(number, task_id="identify"), lambda env, given: identify.identify(env, [given]))
    assert not isinstance(raised.value, AirflowFailException)


QUOTING = [
    ValueError(f"time data '{PERSON}' does not match format"),
    KeyError(EMAIL),
    psycopg.errors.UniqueViolation(f"duplicate key value; DETAIL: Key (email)=({EMAIL}) already exists."),
    UnicodeDecodeError("utf-8", PERSON.encode(), 0, 1, PERSON),
]


@pytest.mark.parametrize("fault", QUOTING, ids=kind)
def test_the_text_of_an_unexpected_error_goes_nowhere_its_kind_and_place_do(
    fault: Exception, registered: Register, installation: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    number = registered().number

    def quoting_step(env: Environment, number: str) -> None:
        try:
            raise LookupError(f"{PERSON} <{EMAIL}>")
        except LookupError as first:
            raise fault from first

    with pytest.raises(AirflowFailException) as raised:
        running.run(a_context(number), quoting_step)
    logged = "".join(capfd.readouterr())
    shown = "".join(traceback.format_exception(raised.value))
    stored = str(history(installation, number))
    for place in (logged, shown, stored):
        assert PERSON not in place
        assert EMAIL not in place
    assert kind(fault) in str(raised.value)
    assert kind(fault) in logged
    assert "quoting_step (test_running.py:" in logged
    assert failures(installation, number) == [{"step": "plan", "error": kind(fault)}]


def test_what_airflow_itself_raises_goes_through(registered: Register, installation: Any) -> None:
    number = registered().number
    for mine in (TaskDeferred(trigger=None, method_name="x"), AirflowFailException("stop")):  # type: ignore[arg-type]
        with pytest.raises((type(mine),)) as raised:
            running.run(a_context(number), raising(mine))
        assert raised.value is mine
    assert failures(installation, number) == []


def test_a_register_that_is_down_hides_no_fault(registered: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    number = registered().number
    monkeypatch.setenv("AVGFLOW_REGISTER_DSN", "postgresql://x:x@127.0.0.1:1/register")
    with pytest.raises(AirflowException, match="register's database cannot be reached") as raised:
        running.run(a_context(number, try_number=3), raising(AssertionError("never reached")))
    assert not isinstance(raised.value, AirflowFailException)


def test_a_stopped_request_is_running_again_once_a_task_of_it_is_done_again(
    registered: Register, installation: Any
) -> None:
    number = registered().number
    with installation.engine.begin() as conn:
        requests.set_status(conn, installation.keyring, number, Status.STOPPED, reason="Missing: all.")
    running.run(a_context(number, task_id="plan"), lambda env, given: None)
    with installation.engine.begin() as conn:
        assert requests.get(conn, number).status is Status.RUNNING
    assert history(installation, number)[-1][0] == "request.resumed"


def test_a_step_that_airflow_does_again_does_not_undo_a_humans_stop(registered: Register, installation: Any) -> None:
    number = registered().number
    running.run(a_context(number, task_id="identify"), lambda env, given: closing.stop(env, given, "officer"))
    with pytest.raises(AirflowFailException, match="was stopped by officer"):
        running.run(a_context(number, task_id="identify", try_number=2), raising(AssertionError("never reached")))
    running.run(a_context(number, task_id="close"), lambda env, given: closing.run(env, given))
    with installation.engine.begin() as conn:
        request = requests.get(conn, number)
    assert (request.status, request.reason) == (Status.STOPPED, "Not at its end: stopped by officer.")
    running.run(a_context(number, task_id="identify", try_number=3), lambda env, given: None)
    with installation.engine.begin() as conn:
        assert requests.get(conn, number).status is Status.RUNNING


def test_the_verdict_on_a_stopped_request_does_not_take_it_up(registered: Register, installation: Any) -> None:
    number = registered().number
    with installation.engine.begin() as conn:
        requests.set_status(conn, installation.keyring, number, Status.STOPPED, reason="Missing: all.")
    running.run(a_context(number, task_id="close"), lambda env, given: None)
    with installation.engine.begin() as conn:
        assert requests.get(conn, number).status is Status.STOPPED


def test_a_verdict_that_cannot_be_reached_leaves_the_request_stopped(registered: Register, installation: Any) -> None:
    number = registered().number
    with pytest.raises(AirflowFailException):
        running.run(a_context(number, task_id="close"), raising(ValueError(PERSON)))
    with installation.engine.begin() as conn:
        request = requests.get(conn, number)
    assert request.status is Status.STOPPED
    assert request.reason == "Task close failed (ValueError); its log says what to do."


def test_a_run_is_about_the_request_that_it_is_named_by() -> None:
    assert running.number_of(a_context(NUMBER)) == NUMBER


@pytest.mark.parametrize(
    "changes",
    [
        {"conf": None},
        {"conf": {}},
        {"conf": {"request": "AVG-2026-00043"}},
        {"conf": {"request": None}},
        {"conf": {"request": PERSON}, "run_id": PERSON},
        {"run_id": "manual__2026-11-25T16:00:00+00:00"},
        {"conf": {"request": "AVG-2026-00042\n"}, "run_id": "AVG-2026-00042\n"},
    ],
    ids=str,
)
def test_a_run_that_was_not_started_for_a_request_does_nothing(changes: dict[str, Any]) -> None:
    with pytest.raises(AirflowFailException, match="avgflow request new") as raised:
        running.run(a_context(NUMBER, **changes), raising(AssertionError("never reached")))
    assert PERSON not in str(raised.value)


def test_a_run_beside_that_of_a_request_is_named_by_the_request_and_its_occasion(registered: Register) -> None:
    number = registered().number
    context = a_context(number, run_id=f"{number}.extended")
    assert running.run_beside(context, lambda env, given: given) == number


@pytest.mark.parametrize(
    "run_id", [NUMBER, f"{NUMBER}.", f"{NUMBER}.code-", f"{NUMBER}.{EMAIL}", "AVG-2026-00043.extended", "manual.x"]
)
def test_a_run_beside_that_is_named_otherwise_does_nothing(run_id: str) -> None:
    with pytest.raises(AirflowFailException):
        running.run_beside(a_context(NUMBER, run_id=run_id), raising(AssertionError("never reached")))


def test_a_run_beside_does_not_take_up_a_stopped_request(registered: Register, installation: Any) -> None:
    number = registered().number
    with installation.engine.begin() as conn:
        requests.set_status(conn, installation.keyring, number, Status.STOPPED, reason="Missing: all.")
    running.run_beside(a_context(number, run_id=f"{number}.extended"), lambda env, given: None)
    with installation.engine.begin() as conn:
        assert requests.get(conn, number).status is Status.STOPPED


@pytest.mark.parametrize("fault", [*PASSING, *LASTING, *QUOTING], ids=kind)
def test_a_fault_of_a_step_by_the_clock_says_as_much_as_one_of_a_request(
    fault: Exception, installation: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    def step(env: Environment) -> None:
        raise fault

    with pytest.raises(AirflowException) as raised:
        running.run_by_clock(a_context(params={}, task_id="watch", try_number=9), step)
    assert isinstance(raised.value, AirflowFailException) == (fault not in PASSING)
    told = "".join(capfd.readouterr()) + str(raised.value)
    assert PERSON not in told
    assert EMAIL not in told


def test_a_step_on_a_store_is_given_the_store_that_its_run_was_started_for(installation: Any) -> None:
    assert running.run_on_store(a_context(params={"store": "crm"}), lambda env, store: store) == "crm"


@pytest.mark.parametrize("fault", [*PASSING, *LASTING, *QUOTING], ids=kind)
def test_a_fault_of_a_step_on_a_store_says_as_much_as_one_of_a_request(
    fault: Exception, installation: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(AirflowException) as raised:
        running.run_on_store(a_context(params={"store": "crm"}, task_id="replay", try_number=9), raising(fault))
    assert isinstance(raised.value, AirflowFailException) == (fault not in PASSING)
    told = "".join(capfd.readouterr()) + str(raised.value)
    assert PERSON not in told
    assert EMAIL not in told
