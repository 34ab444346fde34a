"""The tasks of a sweep: who is asked and when, what becomes of an answer and of none, and how a run ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException, TaskAwaitingInput
from plugin_world import PERSON, MailServer, Refusing, a_context, a_mail_server, an_answer
from swept_world import DIGEST, Desk, found

from avgflow.answers import GO_ON, STOP
from avgflow.handling import configured
from avgflow.handling.environment import Environment
from avgflow.policy.models import Erasure, Policy
from avgflow.register import chain, events, sweep_proofs, sweeps
from avgflow.register.database import transaction
from avgflow.register.events import SYSTEM, entry
from avgflow.register.names import EventName
from avgflow.register.sweeps import Sweep, SweepStatus
from avgflow.sweep.caps import Ask
from avgflow_airflow import sweep_tasks
from avgflow_airflow.questions import SWEEP
from avgflow_airflow.sweep_tasks import ApproveSweepOperator

RUN = "scheduled__2026-11-29T01:00:00+00:00"
OFFICER = "privacy@milgro.nl"
STORES = ("accounts", "crm", "marketing", "orders")
ASKS = (Ask("first", 40).to_json(), Ask("rows", 40, "crm", "public.ticket", "1-R2", 10).to_json())


@pytest.fixture
def desk(installation: Any) -> Desk:
    return Desk(installation.engine, installation.keyring)


def context(task_id: str = "approve", run: str = RUN) -> dict[str, Any]:
    return a_context(conf={}, params={}, run_id=run, task_id=task_id)


def approve(run: str = RUN) -> ApproveSweepOperator:
    step = ApproveSweepOperator(task_id="approve")
    step.execute(context(run=run))
    return step


def answer(option: str, preview: object = None, by: str | None = "officer") -> None:
    step = ApproveSweepOperator(task_id="approve")
    step.execute_complete(context(), an_answer(option, {"preview": preview}, by=by))


def waits(desk: Desk) -> Sweep:
    made = desk.previewed(RUN, [found(40)], ASKS)
    with pytest.raises(TaskAwaitingInput):
        approve()
    return made


def of(desk: Desk, number: str) -> Sweep:
    with transaction(desk.engine) as conn:
        assert chain.verify(conn, desk.keyring).ok
        return sweeps.get(conn, number)


def happened(desk: Desk, number: str) -> list[tuple[str, str]]:
    with transaction(desk.engine) as conn:
        return [(str(event.name), event.actor) for event in events.history(conn, number)]


def text(mail: EmailMessage) -> str:
    return " ".join(mail.get_body(("plain",)).get_content().split())  # type: ignore[union-attr]


# Asking --------------------------------------------------------------------------------------------------------------


def test_a_sweep_that_nothing_asks_about_is_approved_by_nobody(desk: Desk, asked: list[Any]) -> None:
    number = desk.previewed(RUN, [found(40)]).number
    approve()
    assert asked == []
    assert ("sweep.approved", "avgflow") in happened(desk, number)


def test_a_sweep_that_goes_beyond_a_cap_waits_for_a_human_who_is_told_what_and_why(
    desk: Desk, asked: list[dict[str, Any]], mail_server: MailServer, capfd: pytest.CaptureFixture[str]
) -> None:
    number = waits(desk).number
    assert of(desk, number).status is SweepStatus.WAITING
    (question,) = asked
    assert (question["options"], question["body"]) == ([GO_ON, STOP], SWEEP)
    assert set(question["params"]) == {"preview"}
    (mail,) = mail_server.mails()
    assert (mail["Delivered-To"], mail["Subject"]) == (OFFICER, f"Wacht op u: opschonen {number}")
    for words in ("Er is nog nooit opgeschoond", "40 rijen. Bij 10 of minder vragen wij niets", "van 20 personen"):
        assert words in text(mail)
    assert f"avgflow retention approve {number} --preview TEKENS" in text(mail)
    assert "Opschonen wacht op een mens / sweep waits for a human" in "".join(capfd.readouterr())


def test_the_question_stands_until_the_end_of_the_policys_last_day(desk: Desk, asked: list[Any]) -> None:
    desk.previewed(RUN, [found(40)], ASKS)
    with pytest.raises(TaskAwaitingInput) as parked:
        approve()
    assert timedelta(days=6) <= parked.value.timeout + timedelta(minutes=1)
    assert parked.value.timeout <= timedelta(days=7, hours=1)


def test_a_mail_server_that_is_down_does_not_keep_the_question_from_being_asked(
    desk: Desk, asked: list[Any], smtp_connection: Callable[[int], None]
) -> None:
    smtp_connection(1)
    waits(desk)
    assert len(asked) == 1


def test_the_twelve_signs_of_the_preview_approve_it(desk: Desk, asked: list[Any]) -> None:
    number = waits(desk).number
    answer(GO_ON, DIGEST[:12].upper())
    assert of(desk, number).status is SweepStatus.APPROVED
    assert ("sweep.approved", "officer") in happened(desk, number)
    assert len(asked) == 1


@pytest.mark.parametrize("preview", [None, "", DIGEST[:11], "f" * 12, PERSON, 7])
def test_an_approval_that_names_no_preview_or_another_asks_again(
    preview: object, desk: Desk, asked: list[Any], mail_server: MailServer, capfd: pytest.CaptureFixture[str]
) -> None:
    number = waits(desk).number
    with pytest.raises(TaskAwaitingInput):
        answer(GO_ON, preview)
    assert len(asked) == 2
    assert of(desk, number).status is SweepStatus.WAITING
    assert len(mail_server.mails()) == 1
    assert PERSON not in "".join(capfd.readouterr())


def test_only_an_officer_approves_where_the_policy_names_them(
    desk: Desk, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def policy(env: Environment) -> Policy:
        on_file = configured.policy(env.settings.policy, env.settings.catalog)
        return on_file.model_copy(update={"erasure": Erasure(officers=("Approver",))})

    monkeypatch.setattr(Environment, "policy", property(policy))
    number = waits(desk).number
    for by in ("intern", None):
        with pytest.raises(TaskAwaitingInput):
            answer(GO_ON, DIGEST[:12], by=by)
    answer(GO_ON, DIGEST[:12], by="approver")
    assert of(desk, number).decided_by == "approver"


def test_a_refused_sweep_is_at_its_end_and_its_run_is_green(
    desk: Desk, asked: list[Any], mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = waits(desk).number
    with pytest.raises(AirflowSkipException, match="was refused"):
        answer(STOP)
    assert ("sweep.refused", "officer") in happened(desk, number)
    for task, given in ((sweep_tasks.sweep, ("crm",)), (sweep_tasks.prove, ())):
        with pytest.raises((AirflowSkipException, AirflowFailException)):
            run(task, monkeypatch, *given)
    run(sweep_tasks.report, monkeypatch)
    mail = mail_server.mails()[-1]
    assert mail["Subject"] == f"Opschonen {number} gaat niet door"
    assert "is afgekeurd door officer" in text(mail)
    assert "Er is niets gewist" in text(mail)


def test_without_an_answer_in_time_nothing_is_done_and_the_officer_hears_so(
    desk: Desk, asked: list[Any], mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = waits(desk).number
    later = datetime.now(UTC) + timedelta(days=8)
    decide = sweep_tasks.deciding_sweep.decide
    monkeypatch.setattr(sweep_tasks.deciding_sweep, "decide", lambda env, given: decide(env, given, later))
    timeout = {"error": "no response", "error_type": "timeout"}
    with pytest.raises(AirflowSkipException, match="was refused"):
        ApproveSweepOperator(task_id="approve").execute_complete(context(), timeout)
    refused = of(desk, number)
    assert (refused.status, refused.decided_by) == (SweepStatus.REFUSED, SYSTEM)
    run(sweep_tasks.report, monkeypatch)
    assert "Niemand gaf op tijd antwoord" in text(mail_server.mails()[-1])


def test_airflows_clock_does_not_end_a_question_before_its_time(desk: Desk, asked: list[Any]) -> None:
    number = waits(desk).number
    with pytest.raises(TaskAwaitingInput):
        ApproveSweepOperator(task_id="approve").execute_complete(context(), {"error": "", "error_type": "timeout"})
    assert of(desk, number).status is SweepStatus.WAITING


# The end -------------------------------------------------------------------------------------------------------------


def run(task: Any, monkeypatch: pytest.MonkeyPatch, *given: str) -> None:
    monkeypatch.setattr(sweep_tasks, "get_current_context", lambda: context(task.function.__name__))
    task.function(*given)


def swept(desk: Desk, number: str, stores: tuple[str, ...] = STORES) -> None:
    with transaction(desk.engine) as conn:
        for store in stores:
            facts = {"store": store, "parts": 1, "planned": 1, "rows": 1}
            chain.link(conn, desk.keyring, [entry(EventName.STORE_SWEPT, number, SYSTEM, facts)])


def prove(desk: Desk, number: str, passed: bool = True) -> None:
    check = {"name": "gone", "text": "wat weg is geteld, is er niet meer", "passed": passed, "detail": "3"}
    stores = [{"store": "crm", "tables": [{"table": "public.ticket", "checks": [check]}]}]
    with transaction(desk.engine) as conn:
        sweep_proofs.put(conn, desk.keyring, number, passed, {"stores": stores}, "<!DOCTYPE html>")


def end(desk: Desk, number: str, status: SweepStatus) -> None:
    with transaction(desk.engine) as conn:
        sweeps.end(conn, desk.keyring, number, status, {"rows": 40})


def test_a_sweep_whose_every_part_is_there_ends_green_with_one_report_however_often_it_runs(
    desk: Desk, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    of_crm = found(40, held={"hold": 5}, held_months={"2023-02": 5}, undated=2)
    number = desk.approved(RUN, [of_crm, found(6, store="accounts", table="public.session", code="1-R7")]).number
    desk.carried_out(number, left=1)
    swept(desk, number)
    prove(desk, number)
    end(desk, number, SweepStatus.DONE)
    run(sweep_tasks.report, monkeypatch)
    run(sweep_tasks.report, monkeypatch)
    (mail,) = mail_server.mails()
    assert mail["Subject"] == f"Opschonen {number}: 44 rijen weg"
    read = text(mail)
    for words in (
        "39 rijen",
        "5 rijen, omdat er een wisverbod is",
        "TOCH GEBLEVEN",
        "2 rijen",
        f"avgflow retention show {number} -o bewijs.html",
    ):
        assert words in read, words
    assert "Opschonen afgerond / sweep ended" in "".join(capfd.readouterr())


def test_a_sweep_that_had_nothing_to_do_mails_nobody(
    desk: Desk, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = desk.approved(RUN, [found(0)]).number
    swept(desk, number)
    prove(desk, number)
    end(desk, number, SweepStatus.DONE)
    run(sweep_tasks.report, monkeypatch)
    assert mail_server.mails() == []


def test_after_weeks_without_a_row_the_officer_hears_of_it_once_in_as_many_weeks(
    desk: Desk, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = desk.ended("run-0", [found(3)]).day
    told = []
    for week in range(1, 18):
        desk_run = f"run-{week}"
        number = desk.approved(desk_run, [found(0, undated=4)], day=first + timedelta(weeks=week)).number
        swept(desk, number)
        prove(desk, number)
        end(desk, number, SweepStatus.DONE)
        monkeypatch.setattr(sweep_tasks, "get_current_context", lambda made=desk_run: context("report", made))
        sweep_tasks.report.function()
        told.append(len(mail_server.mails()))
    assert told == [0] * 7 + [1] * 8 + [2] * 2
    mail = mail_server.mails()[0]
    assert mail["Subject"] == "Opschonen: al 8 weken niets gevonden"
    assert "4 rijen" in text(mail)


@pytest.mark.parametrize(
    ("missing", "words"),
    [("orders", "orders is not done"), ("proof", "it was not re-counted"), ("end", "its end is not on the register")],
)
def test_a_sweep_of_which_anything_is_missing_fails_its_run_and_is_mailed(
    missing: str, words: str, desk: Desk, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = desk.approved(RUN, [found(40)]).number
    desk.carried_out(number)
    swept(desk, number, tuple(store for store in STORES if store != missing))
    if missing != "proof":
        prove(desk, number)
    if missing == "orders":
        end(desk, number, SweepStatus.DONE)
    for _ in range(2):
        with pytest.raises(AirflowFailException, match=words):
            run(sweep_tasks.report, monkeypatch)
    (mail,) = mail_server.mails()
    assert mail["Subject"] == f"Opschonen {number} is niet goed afgelopen"


def test_a_sweep_that_is_not_proven_says_where(
    desk: Desk, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = desk.approved(RUN, [found(40)]).number
    desk.carried_out(number)
    swept(desk, number)
    prove(desk, number, passed=False)
    end(desk, number, SweepStatus.FAILED)
    with pytest.raises(AirflowFailException, match="the re-count did not pass"):
        run(sweep_tasks.report, monkeypatch)
    assert "crm public.ticket: wat weg is geteld, is er niet meer (3)" in text(mail_server.mails()[0])


def test_a_sweep_that_was_stopped_and_proven_ends_green_and_says_who_stopped_it(
    desk: Desk, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = desk.approved(RUN, [found(40)]).number
    with transaction(desk.engine) as conn:
        sweeps.ask_to_stop(conn, desk.keyring, number, "officer")
    prove(desk, number)
    end(desk, number, SweepStatus.STOPPED)
    run(sweep_tasks.report, monkeypatch)
    (mail,) = mail_server.mails()
    assert mail["Subject"] == f"Opschonen {number} is gestopt: 0 rijen weg"
    assert "is gestopt door officer" in text(mail)
    assert "NOG NIET GEDAAN" in text(mail)


def test_stores_that_do_not_answer_fail_the_preview_and_the_report_says_what_to_do(
    desk: Desk, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    last_try = a_context(conf={}, params={}, run_id=RUN, task_id="preview", try_number=3)
    monkeypatch.setattr(sweep_tasks, "get_current_context", lambda: last_try)
    with pytest.raises(AirflowException, match="cannot be reached"):
        sweep_tasks.preview.function()
    with pytest.raises(AirflowFailException, match=r"preview did not come to its end; step preview failed"):
        run(sweep_tasks.report, monkeypatch)
    assert "stap preview mislukte (StoreUnreachable)" in text(mail_server.mails()[0])


def test_a_run_whose_preview_was_never_made_says_which_task_to_clear(
    installation: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AirflowFailException, match="Clear task 'preview'"):
        run(sweep_tasks.report, monkeypatch)


def test_an_officer_who_cannot_be_reached_fails_the_report_and_says_what_to_correct(
    desk: Desk, smtp_connection: Callable[[int], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = desk.approved(RUN, [found(40)]).number
    desk.carried_out(number)
    swept(desk, number)
    prove(desk, number)
    end(desk, number, SweepStatus.DONE)
    folder = tmp_path / "refusing"
    folder.mkdir()
    with a_mail_server(folder, Refusing) as server:
        smtp_connection(server.port)
        with pytest.raises(AirflowFailException, match="Correct officer_mailbox"):
            run(sweep_tasks.report, monkeypatch)
