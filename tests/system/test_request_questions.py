"""Requests that wait for a human: what is asked, what an answer does, and that no answer is never taken for one."""

from __future__ import annotations

import time
from collections.abc import Mapping

import pytest
from canary_people import Canary
from desk import OFFICER, Desk, eventually
from leaks import Scanner

from avgflow import answers
from avgflow.demo.truth import SubjectTruth
from avgflow.register.requests import Outcome, Status

SHARED = 4
"""The part of the demonstration world that shares a mailbox with its neighbour."""


def asked_again(desk: Desk, number: str, task: str = "identify") -> None:
    """Wait until a question is open that nobody has answered, and as long as a human takes to read it."""

    def open_() -> bool:
        answered = [question["response_received"] for question in desk.questions(number)]
        return answered == [False] and desk.states(number)[task] == "awaiting_input"

    eventually(open_, what=f"{number} asking again")
    time.sleep(answers.SETTLED)


def test_an_unverified_request_touches_nothing_and_waits(
    desk: Desk, first_day: Mapping[str, str], canaries: Mapping[str, Canary]
) -> None:
    number, one = first_day["unverified"], canaries["braambes"]
    desk.waits(number, "verification")
    assert desk.states(number)["identify"] == "awaiting_input"
    assert desk.happened(number, "plan.made") == desk.happened(number, "store.collected") == []
    assert desk.mails(one.email) == []
    (question,) = desk.questions(number)
    (mail,) = desk.mails(OFFICER, number)
    told = f"{question}\n{mail.as_string()}"
    assert f"avgflow request verify {number}" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert Scanner(one.values).find(told.encode()) == set()
    shown = desk.done("request", "show", number).out
    assert "waits for: verification" in shown


def test_an_answer_to_another_question_is_refused(desk: Desk, first_day: Mapping[str, str]) -> None:
    number = first_day["unverified"]
    desk.waits(number, "verification")
    for words in (("choose", number, "1"), ("approve", number), ("verify", number, "--verified-by", "trust-me")):
        said = desk.says("request", *words)
        assert said.code == 1, words
        assert len(said.err.splitlines()) == 1
    assert desk.request(number).verified_by is None
    assert desk.states(number)["identify"] == "awaiting_input"


def test_a_verified_request_goes_on_to_its_end(
    desk: Desk, first_day: Mapping[str, str], canaries: Mapping[str, Canary]
) -> None:
    number = first_day["unverified"]
    desk.waits(number, "verification")
    assert "answered" in desk.done("request", "verify", number, "--verified-by", "phone-callback").out
    assert desk.ended(number) == "success"
    request = desk.request(number)
    assert (request.status, request.verified_by) == (Status.CLOSED, "phone-callback")
    assert [event.actor for event in desk.history(number) if event.name == "request.verified"] == ["officer"]
    assert len(desk.mails(canaries["braambes"].email, number)) == 1
    said = desk.says("request", "verify", number, "--verified-by", "in-person")
    assert said.code == 1
    assert "waits for no answer" in said.err


@pytest.mark.parametrize(
    "inputs",
    [
        {"verified_by": "trust-me", "persons": {"a": "b"}},
        {"persons": "1"},
        {},
    ],
    ids=str,
)
def test_garbage_through_airflows_api_asks_again(
    inputs: Mapping[str, object], desk: Desk, first_day: Mapping[str, str]
) -> None:
    number = first_day["to be stopped"]
    asked_again(desk, number)
    desk.answer(number, "identify", "Verder", inputs).raise_for_status()
    asked_again(desk, number)
    request = desk.request(number)
    assert (request.status, request.waiting_for, request.verified_by) == (Status.WAITING, "verification", None)
    assert desk.happened(number, "step.failed") == []


def test_an_option_that_is_not_offered_is_refused_by_airflow(desk: Desk, first_day: Mapping[str, str]) -> None:
    number = first_day["to be stopped"]
    asked_again(desk, number)
    assert desk.answer(number, "identify", "Misschien", {}).status_code == 400


def test_a_stopped_request_is_never_green_and_the_person_hears_nothing(
    desk: Desk, first_day: Mapping[str, str], canaries: Mapping[str, Canary]
) -> None:
    number = first_day["to be stopped"]
    asked_again(desk, number)
    desk.done("request", "stop", number)
    assert desk.ended(number) == "failed"
    request = desk.request(number)
    assert (request.status, request.outcome) == (Status.STOPPED, None)
    assert "stopped by officer" in str(request.reason)
    stops = [event.actor for event in desk.history(number) if event.name == "request.stopped"]
    assert stops[0] == "officer"
    states = desk.states(number)
    assert (states["identify"], states["close"]) == ("failed", "failed")
    assert desk.happened(number, "plan.made") == []
    assert desk.mails(canaries["citroen"].email) == []
    subjects = [str(mail["Subject"]) for mail in desk.mails(OFFICER, number)]
    assert subjects == [f"Wacht op u: {number}", f"Gestopt: {number}"]


def test_two_people_behind_one_address_wait_for_a_choice(desk: Desk, first_day: Mapping[str, str]) -> None:
    number = first_day["shared mailbox"]
    desk.waits(number, "choice-of-person")
    assert desk.happened(number, "plan.made") == []
    (mail,) = desk.mails(OFFICER, number)
    assert f"avgflow request show {number} --candidates" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_the_candidates_are_shown_on_record(
    desk: Desk, first_day: Mapping[str, str], subjects: tuple[SubjectTruth, ...]
) -> None:
    number = first_day["shared mailbox"]
    desk.waits(number, "choice-of-person")
    before = len(desk.happened(number, "candidates.shown"))
    shown = desk.done("request", "show", number, "--candidates", "--json").json["candidates"]
    for who in (subjects[SHARED], subjects[SHARED + 1]):
        assert any(who.name in line for line in shown)
    # The third is whoever reads the newsletter in that mailbox.
    assert {line.split()[0] for line in shown} == {"1", "2", "3"}
    shown_on_record = [event for event in desk.history(number) if event.name == "candidates.shown"][before:]
    assert [(event.actor, event.detail) for event in shown_on_record] == [("officer", {"candidates": 3})]


def test_only_a_candidate_can_be_chosen(desk: Desk, first_day: Mapping[str, str]) -> None:
    number = first_day["shared mailbox"]
    desk.waits(number, "choice-of-person")
    for persons in (["4"], ["0"], ["1", "9"]):
        said = desk.says("request", "choose", number, *persons)
        assert said.code == 1
        assert "persons 1 to 3" in said.err
    assert desk.states(number)["identify"] == "awaiting_input"


def test_the_chosen_person_gets_their_own_rows(
    desk: Desk, first_day: Mapping[str, str], subjects: tuple[SubjectTruth, ...]
) -> None:
    number = first_day["shared mailbox"]
    desk.waits(number, "choice-of-person")
    lines = desk.done("request", "show", number, "--candidates", "--json").json["candidates"]
    chosen = next(line.split()[0] for line in lines if subjects[SHARED].name in line)
    desk.done("request", "choose", number, chosen)
    assert desk.ended(number) == "success"
    collected = sum(detail["rows"] for detail in desk.happened(number, "store.collected"))
    assert collected == sum(held.rows for held in subjects[SHARED].owned.values())
    assert desk.request(number).outcome is Outcome.PARTLY_FULFILLED
    assert len(desk.mails(subjects[SHARED].identifiers["email"].strip(), number)) == 1


def test_an_address_that_no_store_knows_waits_for_the_officers_word(
    desk: Desk, first_day: Mapping[str, str], canaries: Mapping[str, Canary]
) -> None:
    number, one = first_day["other address"], canaries["dadelpit"]
    desk.waits(number, "unknown-address")
    address = "dadelpitknarsen.anders@dadelpit-kwetterhof.nl"
    assert desk.mails(address) == desk.mails(one.email) == []
    desk.done("request", "approve", number)
    assert desk.ended(number) == "success"
    assert len(desk.mails(address, number)) == 1
    assert desk.mails(one.email) == []
