"""What a privacy officer types and reads: a code, a refusal, who asks, and several rights at once."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from handling_world import Office, personal_in
from test_approving import SECOND, somebody, with_erasure
from test_coding import unverified
from typer.testing import CliRunner, Result

from avgflow import answers, cli
from avgflow.airflow_api import AirflowApi, AirflowUnreachable
from avgflow.handling import closing, coding, declining, environment, identify, verifying
from avgflow.handling.coding import CodeNotSent, NoKnownAddress, WrongCode
from avgflow.handling.ending import RunStillOpen
from avgflow.handling.previewing import WouldBeDeclined
from avgflow.intake import Verification
from avgflow.register.requests import Outcome, Status


@dataclass
class Airflow:
    """What Airflow was asked to do, and what it does: sends what waits, and ends runs."""

    office: Office
    started: list[tuple[str, str]] = field(default_factory=list)
    answered: list[Mapping[str, Any]] = field(default_factory=list)
    down: bool = False

    def start(self, dag: str, number: str, run_id: str | None = None, due: date | None = None) -> bool:
        if self.down:
            raise AirflowUnreachable
        self.started.append((dag, run_id or number))
        if dag == "notice":
            for mail in self.office.queued(number):
                if mail.accepted_at is None and mail.kind != "answer":
                    self.office.deliver(mail.message_id)
                    coding.settle(self.office.env, mail.message_id)
        return True

    def state(self, dag: str, number: str) -> str | None:
        if self.down:
            raise AirflowUnreachable
        if letter := declining.letter(self.office.env, number):
            self.office.deliver(letter[0])
            closing.run(self.office.env, number)
        return "success"


@pytest.fixture
def airflow(office: Office, monkeypatch: pytest.MonkeyPatch) -> Airflow:
    made = Airflow(office)
    monkeypatch.setattr(environment, "of_settings", lambda: office.env)
    monkeypatch.setattr(AirflowApi, "of", classmethod(lambda cls, settings: made))

    def give(env: Any, api: Any, dag: str, number: str, option: str, inputs: Mapping[str, Any]) -> bool:
        if made.down:
            raise AirflowUnreachable
        made.answered.append({"option": option, **inputs})
        verifying.take(env, number, inputs.get("verified_by"), [], "officer")
        return True

    monkeypatch.setattr(answers, "give", give)
    return made


def run(*words: str) -> Result:
    return CliRunner().invoke(cli.app, ["request", *words])


def said(*words: str) -> str:
    result = run(*words)
    assert result.exit_code == 0, (result.output, result.exception)
    return " ".join(result.output.split())


def test_a_code_is_sent_told_and_verifies(office: Office, airflow: Airflow, subjects) -> None:
    person = somebody(subjects)
    number = unverified(office, person)
    assert f"avgflow request code {number}" in said("show", number)
    told = said("code", number)
    assert re.search(r"code 1 goes to .•••@.•••\.\w+; it works until \d{4}-\d\d-\d\d, once", told)
    assert personal_in(told, person) == []
    assert airflow.started == [("notice", f"{number}.code-1")]
    assert "The term stands still since" in said("show", number)
    (letter,) = (mail for mail in office.mailbox.mails(number) if "Is dit verzoek van u?" in mail["Subject"])
    (digits,) = re.findall(r"(?m)^(\d{6})\r?$", letter.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    wrong = run("verify", number, "--code", f"{(int(digits) + 1) % 10**6:06d}")
    assert isinstance(wrong.exception, WrongCode)
    assert "2 tries are left" in str(wrong.exception)
    assert "the code is right" in said("verify", number, "--code", digits)
    # Airflow never sees the code.
    assert airflow.answered == [{"option": "Verder", "verified_by": Verification.KNOWN_EMAIL}]
    assert office.request(number).verified_by is Verification.KNOWN_EMAIL


def test_an_airflow_that_is_down_loses_neither_code_nor_answer(office: Office, airflow: Airflow, subjects) -> None:
    number = unverified(office, somebody(subjects))
    airflow.down = True
    assert isinstance(run("code", number).exception, CodeNotSent)
    airflow.down = False
    said("code", number)
    letter = office.mailbox.mails(number)[-1]
    (digits,) = re.findall(r"(?m)^(\d{6})\r?$", letter.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    airflow.down = True
    refusal = run("verify", number, "--code", digits).exception
    assert f"avgflow request verify {number} --verified-by known-email" in str(refusal)
    airflow.down = False
    said("verify", number, "--verified-by", "known-email")
    assert office.request(number).verified_by is Verification.KNOWN_EMAIL


def test_several_addresses_are_listed_masked_to_choose_from(office: Office, airflow: Airflow, subjects) -> None:
    person = next(one for one in subjects if one.traits and len(addresses(office, one)) > 1)
    number = unverified(office, person)
    first = run("code", number)
    assert first.exit_code == 1
    assert re.match(r"1  .•••@.•••\.\w+\n2  .•••@.•••\.\w+\n", first.output)
    assert f"avgflow request code {number} --to 1" in str(first.exception)
    assert personal_in(first.output, person) == []
    assert "code 1 goes to" in said("code", number, "--to", "2")


def addresses(office: Office, person: Any) -> tuple[str, ...]:
    number = office.register_subject(person, verified_by=None)
    try:
        return coding._known(office.env, number)
    except NoKnownAddress:
        return ()


def test_verify_takes_one_way_and_says_which_fits(office: Office, airflow: Airflow, subjects) -> None:
    number = unverified(office, somebody(subjects))
    assert run("verify", number).exit_code == 2
    assert run("verify", number, "--code", "123456", "--verified-by", "in-person").exit_code == 2
    refused = run("verify", number, "--verified-by", "mandate")
    assert "register it anew with --as" in str(refused.exception)
    assert airflow.answered == []


def test_a_request_is_declined_by_two_officers(
    office: Office, airflow: Airflow, subjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_erasure(office.env, officers=("first-officer", SECOND))
    number = unverified(office, somebody(subjects))
    as_officer(office, "first-officer")
    assert run("decline", number, "--reason", "laziness").exit_code == 2
    assert run("decline", number, "--note", "x").exit_code == 2
    assert run("decline", number, "--confirm", "--drop").exit_code == 2
    assert "Nobody proposed" in str(run("decline", number).exception)
    told = said("decline", number, "--reason", "excessive", "--note", "Zeven keer in een week.")
    assert f"Another officer ({SECOND}) confirms: avgflow request decline {number} --confirm" in told
    assert airflow.started[-1][0] == "notice"
    shown = said("decline", number)
    assert "Not confirmed." in shown
    assert "Zeven keer in een week." in shown
    assert "Beste heer of mevrouw," in shown
    assert "Decline as refused: excessive" in said("show", number)
    assert SECOND in str(run("decline", number, "--confirm").exception)
    as_officer(office, SECOND)
    done = said("decline", number, "--confirm")
    assert f"Confirmed by {SECOND}." in done
    assert "the request is closed: refused" in done
    assert office.request(number).outcome is Outcome.REFUSED
    (letter,) = (mail for mail in office.mailbox.mails(number) if "Ons antwoord" in mail["Subject"])
    assert "Zeven keer in een week." in letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    document = json.loads(run("show", number, "--json").output)
    assert document["decline"] == {"reason": "excessive", "confirmed": True}


def as_officer(office: Office, login: str) -> None:
    office.env.settings.__dict__["airflow_user"] = login


def test_one_officer_alone_is_told_that_nobody_else_looked(office: Office, airflow: Airflow, subjects) -> None:
    number = unverified(office, somebody(subjects))
    as_officer(office, "only-officer")
    told = said("decline", number, "--reason", "unfounded", "--note", "Dit zijn de feiten.")
    assert "The policy names no second officer" in told
    airflow.down = True
    assert isinstance(run("decline", number, "--confirm").exception, RunStillOpen)
    airflow.down = False
    assert "so nobody else looked at it" in said("decline", number, "--confirm")
    assert office.request(number).status is Status.CLOSED


def test_several_rights_and_who_asks_for_another_are_registered_in_one_go(
    office: Office, airflow: Airflow, subjects
) -> None:
    words = ("new", "erasure", "--also", "access", "--also", "objection:marketing", "--as", "representative")
    person = ("--person-email", somebody(subjects).identifiers["email"], "--email", "wie@kantoor.example")
    told = said(*words, *person)
    assert "They came in together" in told
    assert [dag for dag, _ in airflow.started] == ["access_request", "objection_request", "erasure_request"]
    document = json.loads(run(*words, *person, "--json").output)
    assert (document["right"], document["capacity"]) == ("access", "representative")
    assert [one["right"] for one in document["also"]] == ["objection", "erasure"]
    assert {one["together"] for one in document["also"]} == {document["number"]}
    identify.identify(office.env, [document["number"]])
    shown = said("show", document["number"])
    assert "asked as representative" in shown
    assert "Came in together with" in shown
    assert "The same person asked before" in shown
    assert "That refuses nothing by itself (art. 12(5))" in shown
    assert "--verified-by mandate" in shown
    assert "kantoor.example" not in shown


def test_a_preview_says_that_a_request_would_be_declined_and_registers_nothing(
    office: Office, airflow: Airflow, subjects
) -> None:
    words = ("new", "access", "--email", "wie@kantoor.example", "--dry-run")
    refused = run(*words, "--as", "organisation")
    assert isinstance(refused.exception, WouldBeDeclined)
    assert "recital 14" in str(refused.exception)
    assert said(*words, "--as", "lawyer", "--person-email", somebody(subjects).identifiers["email"])
    assert json.loads(run("list", "--json").output) == []
    assert airflow.started == []


def test_a_reminder_by_another_way_is_put_on_record(office: Office, airflow: Airflow, subjects) -> None:
    number = unverified(office, somebody(subjects))
    assert "the term stands still" in said("asked", number)
    assert "reminded on" in said("asked", number, "--again")
    assert "Another" not in said("decline", number, "--reason", "identity-not-shown")


@pytest.mark.parametrize("command", ["new", "code", "verify", "asked", "decline", "extend", "withdraw", "show", "stop"])
def test_each_command_says_what_it_is_for(command: str) -> None:
    shown = CliRunner().invoke(cli.app, ["request", command, "--help"], env={"COLUMNS": "120"})
    assert shown.exit_code == 0
    assert "Usage" in shown.output


def test_the_commands_are_listed_in_the_order_of_a_requests_way() -> None:
    shown = CliRunner().invoke(cli.app, ["request", "--help"], env={"COLUMNS": "120"}).output
    panels = re.findall(r"─ (\d)\. ", shown)
    assert panels == sorted(panels)
    assert len(panels) >= 6
