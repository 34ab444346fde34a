"""Erasures under the real scheduler: from request to letter, approved, refused, withdrawn, and in each other's way."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from canary_people import Canary
from desk import OFFICER, Desk, eventually
from test_request_questions import asked_again

from avgflow.demo.truth import SubjectTruth
from avgflow.register.requests import Outcome, Status

STORES = {"crm", "orders", "accounts", "marketing"}
TASKS = {"identify", "plan", "approve", *STORES, "validate", "answer", "close"}


@pytest.fixture(scope="module")
def people(subjects: tuple[SubjectTruth, ...], settled: None) -> Sequence[SubjectTruth]:
    """People who have not asked for anything yet, with nothing awkward about them."""
    return [one for one in subjects[20:] if one.kind == "sole_proprietor" and not one.traits]


def erase(desk: Desk, one: SubjectTruth, right: str = "erasure") -> str:
    return desk.ask(right, **asking(one), verified_by="portal-login")


def asking(one: SubjectTruth) -> dict[str, str]:
    return {"email": one.identifiers["email"], "customer_number": one.identifiers["customer_number"], "name": one.name}


def plan_of(desk: Desk, number: str) -> dict[str, Any]:
    document: dict[str, Any] = desk.done("request", "show", number, "--plan", "--json").json
    return document


def approve(desk: Desk, number: str) -> None:
    desk.waits(number, "approval")
    desk.done("request", "approve", number, "--plan", plan_of(desk, number)["plan_digest"][:12])


def at(desk: Desk, number: str, name: str) -> int:
    """The place of an event in the register's chain."""
    return next(event.id for event in desk.history(number) if event.name == name)


def text_of(mail: Any) -> str:
    return " ".join(mail.get_body(("plain",)).get_content().split())


# From request to letter ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def erased(desk: Desk, canaries: Mapping[str, Canary], settled: None) -> str:
    """An erasure of a canary that went the whole way."""
    one = canaries["egelantier"]
    given = {"email": one.email, "customer_number": one.customer_number, "name": one.name}
    number = desk.ask("erasure", **given, verified_by="in-person")
    approve(desk, number)
    assert desk.ended(number) == "success"
    return number


def test_an_approved_erasure_is_carried_out_recounted_and_answered(
    desk: Desk, erased: str, canaries: Mapping[str, Canary]
) -> None:
    assert desk.states(erased) == dict.fromkeys(TASKS, "success")
    request = desk.request(erased)
    assert request.status is Status.CLOSED
    assert request.outcome in (Outcome.FULFILLED, Outcome.PARTLY_FULFILLED)
    assert {detail["store"] for detail in desk.happened(erased, "store.erased")} == STORES
    (letter,) = desk.mails(canaries["egelantier"].email, erased)
    assert "nageteld" in text_of(letter)
    assert list(letter.iter_attachments()) == []


def test_each_step_is_on_the_register_in_order_with_who_approved(desk: Desk, erased: str) -> None:
    order = ["request.registered", "plan.made", "plan.approved", "erasure.begun", "store.erased", "check.passed"]
    order += ["answer.made", "request.closed"]
    places = [at(desk, erased, name) for name in order]
    assert places == sorted(places)
    assert [event.actor for event in desk.history(erased) if event.name == "plan.approved"] == ["officer"]
    assert desk.done("audit", "verify").code == 0


def test_the_rows_that_were_to_go_are_gone(desk: Desk, erased: str, canaries: Mapping[str, Canary]) -> None:
    one = canaries["egelantier"]
    with desk.store("marketing") as store:
        found = store.execute("SELECT count(*) FROM web_visit WHERE visitor_id = %s", [one.visitor_id]).fetchone()
    assert found == (0,)
    shown = desk.done("request", "show", erased, "--plan").out
    assert "delete" in shown
    assert "approved by officer" in shown
    desk.done("request", "mentions", erased)


def test_nobody_asks_for_marketing_of_an_erased_person_again(
    desk: Desk, erased: str, canaries: Mapping[str, Canary]
) -> None:
    assert desk.happened(erased, "suppression.added") == [{"channel": "email", "reason": "erasure"}]


def test_a_replay_finds_nothing_to_do_where_nothing_came_back(desk: Desk, erased: str) -> None:
    body = {"logical_date": None, "conf": {"store": "marketing"}}
    path = "/api/v2/dags/erasure_replay/dagRuns"
    run = desk.airflow.post(path, json=body).raise_for_status().json()["dag_run_id"]

    def ended() -> bool:
        return desk.airflow.get(f"{path}/{run}").json()["state"] in ("success", "failed")

    eventually(ended, what="the end of the replay")
    assert desk.airflow.get(f"{path}/{run}").json()["state"] == "success"
    said = desk.done("replay", "crm", "--json").json
    assert (said["rows"], said["people"]) == (0, 0)
    assert desk.says("replay", "warehouse").code == 1


# Before anything is touched ------------------------------------------------------------------------------------------


def test_a_dry_run_shows_the_plan_and_registers_nothing(desk: Desk, people: Sequence[SubjectTruth]) -> None:
    words = [word for name, value in asking(people[0]).items() for word in (f"--{name.replace('_', '-')}", value)]
    before = desk.done("request", "list", "--limit", "1000", "--json").json
    shown = desk.done("request", "new", "erasure", *words, "--dry-run", "--json").json
    assert {step["action"] for step in shown["plan"]} >= {"delete", "keep"}
    assert desk.done("request", "list", "--limit", "1000", "--json").json == before
    assert "Nothing was registered" in desk.done("request", "new", "erasure", *words, "--dry-run").out
    nobody = desk.done("request", "new", "erasure", "--email", "niemand.hier@example.nl", "--dry-run").out
    assert len(nobody.splitlines()) == 1


def test_a_dry_run_about_more_than_one_person_says_so_in_one_line(
    desk: Desk, subjects: tuple[SubjectTruth, ...]
) -> None:
    said = desk.says("request", "new", "erasure", "--email", subjects[4].identifiers["email"], "--dry-run")
    assert said.code == 1
    assert len(said.err.splitlines()) == 1


@pytest.fixture(scope="module")
def doubtful(desk: Desk, people: Sequence[SubjectTruth]) -> str:
    """An erasure whose plan is refused, and that is withdrawn in the end."""
    number = erase(desk, people[1])
    desk.waits(number, "approval")
    return number


def test_an_approval_of_another_plan_is_refused_wherever_it_is_given(
    desk: Desk, people: Sequence[SubjectTruth], doubtful: str
) -> None:
    number = doubtful
    said = desk.says("request", "approve", number, "--plan", "0123456789ab")
    assert said.code == 1
    assert len(said.err.splitlines()) == 1
    asked_again(desk, number, "approve")
    desk.answer(number, "approve", "Verder", {"plan": "0123456789ab"}).raise_for_status()
    asked_again(desk, number, "approve")
    assert desk.happened(number, "plan.approved") == []
    desk.done("request", "refuse", number)
    assert desk.ended(number) == "failed"
    assert desk.request(number).status is Status.STOPPED
    assert [event.actor for event in desk.history(number) if event.name == "plan.refused"] == ["officer"]
    assert desk.happened(number, "store.erased") == []
    subjects_of_mail = [str(mail["Subject"]) for mail in desk.mails(OFFICER, number)]
    assert subjects_of_mail == [f"Wacht op u: {number}", f"Gestopt: {number}"]
    assert desk.mails(people[1].identifiers["email"], number) == []


def test_a_withdrawn_request_ends_green_with_a_confirmation_and_touches_nothing(
    desk: Desk, people: Sequence[SubjectTruth]
) -> None:
    number = erase(desk, people[2])
    desk.waits(number, "approval")
    assert "is withdrawn" in desk.done("request", "withdraw", number).out
    assert desk.ended(number) == "success"
    states = desk.states(number)
    assert {task: state for task, state in states.items() if state != "success"} == dict.fromkeys(
        ["approve", *STORES, "validate", "answer"], "skipped"
    )
    request = desk.request(number)
    assert (request.status, request.outcome) == (Status.CLOSED, Outcome.WITHDRAWN)
    (mail,) = desk.mails(people[2].identifiers["email"], number)
    assert "niets gewist" in text_of(mail)
    assert desk.happened(number, "store.erased") == []
    desk.done("request", "withdraw", number)
    assert len(desk.mails(people[2].identifiers["email"], number)) == 1


def test_a_refused_request_can_still_be_withdrawn_and_its_run_turns_green(
    desk: Desk, people: Sequence[SubjectTruth], doubtful: str
) -> None:
    assert desk.state(doubtful) == "failed"
    desk.done("request", "withdraw", doubtful)
    assert desk.ended(doubtful) == "success"
    assert len(desk.mails(people[1].identifiers["email"], doubtful)) == 1


def test_what_was_erased_is_not_withdrawn(desk: Desk, erased: str) -> None:
    said = desk.says("request", "withdraw", erased)
    assert said.code == 1
    assert len(said.err.splitlines()) == 1


# In each other's way -------------------------------------------------------------------------------------------------


def test_an_access_request_is_answered_before_the_same_persons_data_are_erased(
    desk: Desk, people: Sequence[SubjectTruth]
) -> None:
    erasure = erase(desk, people[4])
    access = erase(desk, people[4], "access")
    assert desk.ended(access) == "success"
    assert desk.request(access).outcome in (Outcome.FULFILLED, Outcome.PARTLY_FULFILLED)
    approve(desk, erasure)
    assert desk.ended(erasure) == "success"
    assert at(desk, access, "request.closed") < at(desk, erasure, "erasure.begun")


def test_an_erasure_that_waits_for_an_access_request_says_so_and_goes_on_by_itself(
    desk: Desk, people: Sequence[SubjectTruth]
) -> None:
    desk.pool("store_crm", 0)
    try:
        access = erase(desk, people[5], "access")
        eventually(lambda: desk.happened(access, "plan.made"), what="the plan of the access request")
        erasure = erase(desk, people[5])
        eventually(lambda: desk.request(erasure).waiting_for == "earlier-request", what=f"{erasure} in the queue")
        assert f"{access} of the same person goes first" in desk.done("request", "show", erasure).out
        eventually(lambda: desk.states(erasure)["approve"] == "deferred", what="a wait without a worker")
    finally:
        desk.pool("store_crm", 4)
    assert desk.ended(access) == "success"
    approve(desk, erasure)
    assert desk.ended(erasure) == "success"


def test_two_erasures_of_one_person_in_the_same_second_come_one_after_the_other(
    desk: Desk, people: Sequence[SubjectTruth]
) -> None:
    words = [word for name, value in asking(people[6]).items() for word in (f"--{name.replace('_', '-')}", value)]
    command = [str(Path(sys.executable).parent / "avgflow"), "request", "new", "erasure", *words]
    command += ["--verified-by", "portal-login", "--json"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    first, second = sorted(desk_number(process) for process in both)
    eventually(lambda: desk.request(second).waiting_for == "earlier-request", what=f"{second} in the queue")
    approve(desk, first)
    assert desk.ended(first) == "success"
    assert desk.happened(second, "store.erased") == []
    approve(desk, second)
    assert desk.ended(second) == "success"
    assert at(desk, first, "request.closed") < at(desk, second, "erasure.begun")
    assert desk.request(second).status is Status.CLOSED


def desk_number(process: subprocess.Popen[str]) -> str:
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return str(json.loads(out)["number"])
