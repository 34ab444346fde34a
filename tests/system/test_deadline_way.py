"""A request whose term stands still, is extended and watched, under the real scheduler."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from desk import OFFICER, Desk, eventually
from leaks import Scanner

from avgflow.demo.truth import SubjectTruth
from avgflow.intake import day_in_amsterdam
from avgflow.register.requests import Status

RUNS = "/api/v2/dags/deadline_watch/dagRuns"


def slow_one(subjects: Sequence[SubjectTruth]) -> SubjectTruth:
    """Who asks: somebody with nothing awkward about them, whom no other test is about."""
    return [one for one in subjects if one.kind == "sole_proprietor" and not one.traits][-1]


@pytest.fixture(scope="module")
def person(subjects: tuple[SubjectTruth, ...]) -> SubjectTruth:
    return slow_one(subjects)


@pytest.fixture(scope="module")
def slow(desk: Desk, person: SubjectTruth) -> str:
    """An inzage that came in 25 days ago, by somebody whose identity is not known yet."""
    known = {kind: person.identifiers[kind] for kind in ("email", "customer_number")}
    received = (day_in_amsterdam() - timedelta(25)).isoformat()
    number = desk.ask(**known, name=person.name, received=received)
    desk.waits(number, "verification")
    return number


def watch(desk: Desk) -> dict[str, Any]:
    """Run the watch by hand, without a logical date, to its end."""
    run = desk.airflow.post(RUNS, json={"logical_date": None}).raise_for_status().json()["dag_run_id"]

    def ended() -> dict[str, Any]:
        found = desk.airflow.get(f"{RUNS}/{run}").raise_for_status().json()
        return dict(found) if found["state"] in ("success", "failed") else {}

    return eventually(ended, what="the end of the watch")


def text(mail: Any) -> str:
    return " ".join(mail.get_body(("plain",)).get_content().split())


def test_the_officer_gets_one_digest_a_day_however_often_the_watch_runs(
    desk: Desk, slow: str, person: SubjectTruth
) -> None:
    for _ in range(2):
        run = watch(desk)
        assert run["state"] == "success"
        assert run["logical_date"] is None
    (digest,) = (mail for mail in desk.mails(OFFICER) if str(mail["Subject"]).startswith("AVG-termijnen"))
    (one,) = (one for one in desk.done("deadlines", "--json").json["requests"] if one["number"] == slow)
    assert one["when"].startswith("within ")
    assert f"{slow} (inzage): uiterlijk" in text(digest)
    assert "op uw controle van de identiteit" in text(digest)
    assert Scanner({"name": person.name, **person.identifiers}).find(digest.as_bytes()) == set()


def test_the_term_is_extended_and_a_run_of_its_own_tells_the_person(
    desk: Desk, slow: str, person: SubjectTruth
) -> None:
    before = desk.request(slow)
    said = desk.done("request", "extend", slow, "--reason", "complexity", "--note", "Wij zoeken in een oud archief.")
    assert before.extended_due.isoformat() in said.out
    address = person.identifiers["email"].strip()
    (letter,) = eventually(lambda: desk.mails(address, slow), what="the letter")
    assert "Wij zoeken in een oud archief." in text(letter)
    assert desk.request(slow).due == before.extended_due
    run = f"/api/v2/dags/notice/dagRuns/{slow}.extended"
    eventually(lambda: desk.airflow.get(run).json()["state"] == "success", what="the end of the notice")
    again = desk.says("request", "extend", slow, "--reason", "complexity")
    assert again.code == 1
    assert len(again.err.splitlines()) == 1


def test_the_term_stands_still_while_the_person_is_asked_and_the_request_goes_on_once_verified(
    desk: Desk, slow: str
) -> None:
    asked = day_in_amsterdam() - timedelta(4)
    desk.done("request", "asked", slow, "--on", asked.isoformat())
    assert f"stands still since {asked.isoformat()}" in desk.done("request", "show", slow).out
    before = desk.request(slow).due
    desk.done("request", "verify", slow, "--verified-by", "in-person")
    assert desk.ended(slow) == "success"
    after = desk.request(slow)
    assert after.status is Status.CLOSED
    assert after.due >= before
    (resumed,) = desk.happened(slow, "clock.resumed")
    assert resumed["days"] == (day_in_amsterdam() - asked).days
    assert date.fromisoformat(resumed["due"]) == after.due
