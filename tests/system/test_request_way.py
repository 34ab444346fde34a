"""The whole way of a request, under the real scheduler, for people of every kind."""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter
from collections.abc import Mapping
from datetime import date
from email.message import EmailMessage
from typing import Any

import pikepdf
import pypdf
import pytest
import pyzipper
from canary_people import Canary
from desk import DAG, Desk
from leaks import SHORTEST, Scanner

from avgflow.demo.truth import SubjectTruth
from avgflow.register.requests import Outcome, Status

KINDS = {
    "sole proprietor": 0,
    "contact person": 1,
    "visitor": 2,
    "portal account": 3,
    "odd values": 14,
    "very much": 15,
}
"""What is special about a request of the first day, and the part that the person plays in the demonstration world."""

REQUEST_KEYS = {"number", "right", "status", "outcome", "received", "due", "extended_due", "verified_by"}
TASKS = {"identify", "plan", "crm", "orders", "accounts", "marketing", "validate", "answer", "close"}


class Answered:
    """A request that went the whole way, and what its person has in hand."""

    def __init__(self, desk: Desk, number: str, email: str) -> None:
        self.desk, self.number, self.email = desk, number, email
        self.run = desk.ended(number)
        self.request = desk.request(number)

    @property
    def mail(self) -> EmailMessage:
        (mail,) = self.desk.mails(self.email, self.number)
        return mail

    @property
    def files(self) -> dict[str, bytes]:
        return {str(part.get_filename()): part.get_payload(decode=True) for part in self.mail.iter_attachments()}  # type: ignore[misc]

    @property
    def passphrase(self) -> str:
        return str(self.desk.done("request", "passphrase", self.number, "--json").json["passphrase"])


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.replace(" ", "-"))
def subject(request: pytest.FixtureRequest, subjects: tuple[SubjectTruth, ...]) -> SubjectTruth:
    return subjects[KINDS[request.param]]


@pytest.fixture(scope="module")
def answered(
    subject: SubjectTruth, request: pytest.FixtureRequest, desk: Desk, first_day: Mapping[str, str]
) -> Answered:
    kind = next(kind for kind, part in KINDS.items() if request.getfixturevalue("subjects")[part] is subject)
    return Answered(desk, first_day[kind], subject.identifiers["email"].strip())


def test_a_request_is_closed_with_an_outcome_and_every_task_succeeded(answered: Answered) -> None:
    assert answered.run == "success"
    assert answered.desk.states(answered.number) == dict.fromkeys(TASKS, "success")
    assert answered.request.status is Status.CLOSED
    assert answered.request.outcome in (Outcome.FULFILLED, Outcome.PARTLY_FULFILLED)


def test_the_person_gets_one_mail_without_personal_data_beyond_name_and_reference(
    answered: Answered, subject: SubjectTruth
) -> None:
    mail = answered.mail
    assert answered.number in mail["Subject"]
    assert mail["Message-ID"] == next(m.message_id for m in answered.desk.queued(answered.number) if m.kind == "answer")
    texts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
    assert len(texts) == 2
    assert all(answered.number in text for text in texts)
    spoken = [f"{name}: {value}" for name, value in mail.items() if name not in ("To", "Delivered-To")]
    personal = {k: v for k, v in subject.identifiers.items() if len(v) >= SHORTEST}
    assert Scanner(personal).find("\n".join([*texts, *spoken, *answered.files]).encode()) == set()
    assert subject.name not in "\n".join(spoken)


def test_the_report_opens_with_the_passphrase_and_with_no_other(answered: Answered, subject: SubjectTruth) -> None:
    report = answered.files[f"inzage-{answered.number}.pdf"]
    with pytest.raises(pikepdf.PasswordError):
        pikepdf.open(io.BytesIO(report))
    with pikepdf.open(io.BytesIO(report), password=answered.passphrase) as pdf:
        assert pdf.encryption.bits == 256
        assert len(pdf.pages) > 1
    reader = pypdf.PdfReader(io.BytesIO(report), password=answered.passphrase)
    first = "".join(reader.pages[0].extract_text().split())
    assert answered.number in first
    assert "".join(subject.name.split()) in first


def test_the_export_holds_the_rows_of_the_truth_and_says_so(answered: Answered, subject: SubjectTruth) -> None:
    with pyzipper.AESZipFile(io.BytesIO(answered.files[f"inzage-{answered.number}.zip"])) as archive:
        archive.setpassword(answered.passphrase.encode())
        content = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(content["manifest.json"])
    assert manifest["request"] == answered.number
    for file in manifest["files"]:
        if file["path"] in content:
            assert hashlib.sha256(content[file["path"]]).hexdigest() == file["sha256"]
            assert len(content[file["path"]]) == file["bytes"]
    in_archive = {file["path"] for file in manifest["files"] if file["kind"] != "attachment"}
    assert in_archive | {"manifest.json"} == set(content)
    given = Counter({f"{table['store']}.{table['table']}": table["rows"] for table in manifest["tables"]})
    left_out = {f"{t['store']}.{t['table']}" for t in manifest["tables"] if "not_included_because" in t}
    assert left_out == {"marketing.public.active_subscriber"}
    assert +given == Counter({table: held.rows for table, held in subject.owned.items() if table not in left_out})
    assert manifest["rows"] == given.total()


def test_each_showing_of_the_passphrase_is_on_record_with_who_saw_it(answered: Answered) -> None:
    def shown() -> list[str]:
        return [event.actor for event in answered.desk.history(answered.number) if event.name == "passphrase.shown"]

    before = shown()
    assert answered.passphrase in answered.desk.done("request", "passphrase", answered.number).out
    assert shown() == [*before, "officer", "officer"]


def test_every_step_is_on_the_register(answered: Answered) -> None:
    names = [str(event.name) for event in answered.desk.history(answered.number) if event.name != "passphrase.shown"]
    assert names[:2] == ["request.registered", "request.verified"]
    assert names.count("store.collected") == 4
    assert names.count("request.started") == names.count("mail.queued") == names.count("mail.accepted") == 1
    # A task can be done twice (its scheduler was too busy to show that it lives): that is on record too, and harmless.
    assert set(names) >= {"request.identified", "plan.made", "check.passed", "answer.made"}
    assert names[-2:] == ["mail.accepted", "request.closed"]


def test_the_english_answer_is_english(desk: Desk, first_day: Mapping[str, str], subjects: Any) -> None:
    mail = Answered(desk, first_day["visitor"], subjects[KINDS["visitor"]].identifiers["email"].strip()).mail
    assert str(mail["Subject"]).startswith("Your access request")
    assert [part["Content-Language"] for part in mail.walk() if "Content-Language" in part] == ["en"]


def test_a_person_of_whom_nothing_is_held_gets_a_clear_letter_and_no_files(
    desk: Desk, first_day: Mapping[str, str]
) -> None:
    answered = Answered(desk, first_day["nobody"], "niemand.hier@example.nl")
    assert answered.run == "success"
    assert (answered.request.status, answered.request.outcome) == (Status.CLOSED, Outcome.NOTHING_FOUND)
    assert answered.files == {}
    text = " ".join(answered.mail.get_body(("plain",)).get_content().split())  # type: ignore[union-attr]
    assert "geen gegevens" in text
    assert "Autoriteit Persoonsgegevens" in text
    said = desk.says("request", "passphrase", first_day["nobody"])
    assert said.code == 1
    assert len(said.err.splitlines()) == 1


def test_a_canarys_answer_holds_what_the_canary_is(
    desk: Desk, first_day: Mapping[str, str], canaries: Mapping[str, Canary]
) -> None:
    """Else the scan for canaries would look for what never was anywhere."""
    one = canaries["aalbes"]
    answered = Answered(desk, first_day["canary"], one.email)
    assert answered.request.status is Status.CLOSED
    with pyzipper.AESZipFile(io.BytesIO(answered.files[f"inzage-{answered.number}.zip"])) as archive:
        archive.setpassword(answered.passphrase.encode())
        held = b"".join(archive.read(name) for name in archive.namelist())
        tables = json.loads(archive.read("manifest.json"))["tables"]
    found = Scanner(one.values).find(held)
    for what in ("name", "e-mail", "phone", "street", "iban", "ip", "born on", "visitor"):
        assert any(entry.startswith(f"{what} (") for entry in found), what
    assert min(table["rows"] for table in tables if "not_included_because" not in table and table["columns"]) > 0


def test_show_tells_everything_in_json(desk: Desk, first_day: Mapping[str, str]) -> None:
    number = first_day["sole proprietor"]
    shown = desk.done("request", "show", number, "--plan", "--json").json
    assert set(shown) >= REQUEST_KEYS | {"events", "mails", "evidence", "plan"}
    assert (shown["number"], shown["right"], shown["status"]) == (number, "access", "closed")
    assert shown["verified_by"] == "portal-login"
    received, due, extended = (date.fromisoformat(shown[day]) for day in ("received", "due", "extended_due"))
    assert received < due < extended
    assert shown["mails"] == [{"kind": "answer", "accepted": True}]
    assert {proof["passed"] for proof in shown["evidence"]} == {True}
    assert {step["store"] for step in shown["plan"]} == {"crm", "orders", "accounts", "marketing"}
    for words in (("request", "show", number), ("request", "show", number, "--plan")):
        assert number in desk.done(*words).out


def test_list_gives_every_request_in_json_the_newest_first(desk: Desk, first_day: Mapping[str, str]) -> None:
    listed = desk.done("request", "list", "--limit", "1000", "--json").json
    assert all(set(one) >= REQUEST_KEYS for one in listed)
    numbers = [one["number"] for one in listed]
    assert set(numbers) >= set(first_day.values())
    assert numbers == sorted(numbers, reverse=True)
    closed = desk.done("request", "list", "--status", "closed", "--limit", "1000", "--json").json
    assert {one["status"] for one in closed} == {"closed"}


def test_status_says_in_json_where_everything_is(desk: Desk) -> None:
    shown = desk.done("status", "--json").json
    assert {"url", "user", "password"} <= set(shown["airflow"])
    assert set(shown["stores"]) == {"crm", "orders", "accounts", "marketing"}
    assert {"mailbox", "register"} <= set(shown)


def test_a_second_start_does_nothing_and_says_so(
    desk: Desk, first_day: Mapping[str, str], subjects: tuple[SubjectTruth, ...]
) -> None:
    answered = Answered(desk, first_day["contact person"], subjects[1].identifiers["email"].strip())
    before = (desk.tasks(answered.number), len(desk.history(answered.number)), answered.mail["Message-ID"])
    said = desk.done("request", "start", answered.number)
    assert "was started before; nothing was done" in said.out
    assert desk.done("request", "start", answered.number, "--json").json["status"] == "closed"
    assert (desk.tasks(answered.number), len(desk.history(answered.number)), answered.mail["Message-ID"]) == before
    path = f"/api/v2/dags/{DAG}/dagRuns"
    runs = desk.airflow.get(path, params={"limit": 1000}).raise_for_status().json()["dag_runs"]
    assert [run["dag_run_id"] for run in runs].count(answered.number) == 1


def test_a_run_holds_the_number_and_its_last_day_and_nothing_else(desk: Desk, first_day: Mapping[str, str]) -> None:
    path = f"/api/v2/dags/{DAG}/dagRuns"
    for run in desk.airflow.get(path, params={"limit": 1000}).raise_for_status().json()["dag_runs"]:
        number = run["dag_run_id"]
        assert run["conf"] == {"request": number, "due": desk.request(number).due.isoformat()}
