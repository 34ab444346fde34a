"""Taking data along under the real scheduler: to the person, to another company, and where nothing can go."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from typing import Any

import jsonschema
import pytest
import pyzipper
from canary_people import Canary
from desk import OFFICER, Desk
from test_erasure_way import STORES, asking, at, plan_of, text_of
from test_request_questions import asked_again

from avgflow.demo.truth import SubjectTruth
from avgflow.register.requests import Outcome, Status

TASKS = {"identify", "plan", *STORES, "validate", "answer", "close"}
DESTINATION = "jeneverbes.inname@jeneverbes-kliko.example"
NOBODY = "niemand.neemt.mee@example.nl"
UNASKED = "nooit.gevraagd.nieuwsbrief@example.nl"


@pytest.fixture(scope="module")
def one(subjects: tuple[SubjectTruth, ...], settled: None) -> SubjectTruth:
    """Somebody with nothing awkward about them, of whom invoices and notes are held."""
    held = {"orders.public.invoice", "crm.public.note", "accounts.public.portal_account"}
    plain = (who for who in subjects[200:280] if who.kind == "sole_proprietor" and not who.traits)
    return next(who for who in plain if held <= set(who.owned))


def package(desk: Desk, mail: EmailMessage, number: str) -> dict[str, Any]:
    """The files of the package by name, the JSON of its tables read."""
    ((name, content),) = ((part.get_filename(), part.get_payload(decode=True)) for part in mail.iter_attachments())
    assert name == f"overdracht-{number}.zip"
    assert isinstance(content, bytes)
    archive = pyzipper.AESZipFile(io.BytesIO(content))
    archive.setpassword(desk.done("request", "passphrase", number, "--json").json["passphrase"].encode())
    return {
        one: json.loads(archive.read(one)) if one.endswith(".json") else archive.read(one) for one in archive.namelist()
    }


def test_who_takes_data_along_gets_what_they_gave_in_a_form_that_programs_read(desk: Desk, one: SubjectTruth) -> None:
    number = desk.ask("portability", **asking(one), verified_by="portal-login")
    assert desk.ended(number) == "success"
    assert desk.states(number) == dict.fromkeys(TASKS, "success")
    request = desk.request(number)
    assert request.status is Status.CLOSED
    assert request.outcome in (Outcome.FULFILLED, Outcome.PARTLY_FULFILLED)
    order = ["request.registered", "plan.made", "store.collected", "check.passed", "answer.made", "request.closed"]
    places = [at(desk, number, name) for name in order]
    assert places == sorted(places)
    (mail,) = desk.mails(one.identifiers["email"], number)
    assert "Facturen en betalingen" in text_of(mail)
    files = package(desk, mail, number)
    tables = [name for name in files if name.startswith("json/")]
    assert {"json/crm.contact.json", "json/accounts.portal_account.json"} <= set(tables)
    assert not {"json/orders.invoice.json", "json/crm.note.json"} & set(tables)
    for name in tables:
        jsonschema.validate(files[name], files["schema.json"])
    (contact,) = files["json/crm.contact.json"]["rows"]
    assert contact["email"].strip().lower() == one.identifiers["email"].strip().lower()
    assert not {"tags", "contact_number", "full_name"} & set(contact)
    steps = {(step["table"], step["action"]) for step in plan_of(desk, number)["plan"] if step["rows"]}
    assert {("public.contact", "hand over"), ("public.invoice", "withhold"), ("public.note", "withhold")} <= steps
    shown = desk.done("request", "show", number, "--plan").out
    assert "withhold" in shown
    assert "6(1)(b)" in shown
    assert desk.done("audit", "verify").code == 0


def test_another_company_gets_the_file_and_the_person_hears_of_it(
    desk: Desk, canaries: Mapping[str, Canary], settled: None
) -> None:
    one = canaries["aalbes"]
    number = desk.ask(
        "portability",
        email=one.email,
        customer_number=one.customer_number,
        name=one.name,
        verified_by="in-person",
        to_controller=DESTINATION,
        language="en",
    )
    assert desk.ended(number) == "success"
    assert [mail.kind for mail in desk.queued(number)] == ["passphrase", "controller", "answer"]
    (theirs,) = desk.mails(DESTINATION, number)
    assert one.email not in text_of(theirs)
    assert one.name not in text_of(theirs)
    assert package(desk, theirs, number)["json/crm.contact.json"]["rows"]
    (confirmed,) = desk.mails(one.email, number)
    assert list(confirmed.iter_attachments()) == []
    assert "jeneverbes-kliko.example" in text_of(confirmed)
    (told,) = desk.mails(OFFICER, number)
    assert DESTINATION in text_of(told)


def test_who_is_not_known_hears_that_there_is_nothing(desk: Desk, settled: None) -> None:
    number = desk.ask("portability", email=NOBODY, verified_by="known-email")
    assert desk.ended(number) == "success"
    assert desk.request(number).outcome is Outcome.NOTHING_FOUND
    (letter,) = desk.mails(NOBODY, number)
    assert "niets dat wij kunnen meegeven" in text_of(letter)


def test_where_nothing_can_go_along_a_human_agrees_to_the_refusal(desk: Desk, settled: None) -> None:
    """A customer who gets the newsletter without ever having agreed to it."""
    with desk.store("marketing") as store:
        store.execute(
            "INSERT INTO subscriber (subscriber_id, email, subscribed_at) "
            "SELECT max(subscriber_id) + 1, %s, now() FROM subscriber",
            [UNASKED],
        )
    number = desk.ask("portability", email=UNASKED, verified_by="known-email")
    desk.waits(number, "refusal")
    (question,) = desk.mails(OFFICER, number)
    assert f"avgflow request approve {number} --plan" in text_of(question)
    assert desk.mails(UNASKED, number) == []
    desk.answer(number, "answer", "Verder", {"plan": "0123456789ab"}).raise_for_status()
    asked_again(desk, number, "answer")
    desk.done("request", "approve", number, "--plan", plan_of(desk, number)["plan_digest"][:12])
    assert desk.ended(number) == "success"
    assert desk.request(number).outcome is Outcome.REFUSED
    (letter,) = desk.mails(UNASKED, number)
    assert "Nieuwsbrieven en aanbiedingen: Wij gebruiken deze gegevens niet met uw toestemming" in text_of(letter)
    assert "binnen zes weken" in text_of(letter)
    assert list(letter.iter_attachments()) == []


def test_only_a_portability_goes_to_another_company(desk: Desk, settled: None) -> None:
    said = desk.says("request", "new", "access", "--email", NOBODY, "--to-controller", DESTINATION)
    assert said.code == 1
    assert len(said.err.splitlines()) == 1
    assert "--to-controller" in said.err


def test_a_dry_run_shows_what_would_go_along(desk: Desk, one: SubjectTruth) -> None:
    before = len(desk.done("request", "list", "--limit", "1000", "--json").json)
    words: Sequence[str] = ("request", "new", "portability", "--email", one.identifiers["email"], "--dry-run", "--json")
    made = desk.done(*words, "--customer-number", one.identifiers["customer_number"]).json
    assert {"hand over", "withhold"} <= {step["action"] for step in made["plan"] if step["rows"]}
    assert len(desk.done("request", "list", "--limit", "1000", "--json").json) == before


def test_a_package_that_went_to_the_wrong_company_is_a_breach_until_all_of_it_is_on_record(
    desk: Desk, settled: None
) -> None:
    number = next(
        one["number"]
        for one in desk.done("request", "list", "--limit", "1000", "--json").json
        if one["right"] == "portability" and "controller" in {mail.kind for mail in desk.queued(one["number"])}
    )
    opened = desk.done(
        "breach", "open", number, "--aware", "now", "--what", "package", "--to", DESTINATION, "--json"
    ).json
    breach = str(opened["id"])
    shown = desk.done("breach", "show", breach, "--json").json
    assert shown["to"] == DESTINATION
    assert "Contactgegevens" in shown["facts"]["categories"]
    assert int(shown["facts"]["records"]) > 0
    refused = desk.says("breach", "close", breach)
    assert refused.code == 1
    assert len(refused.err.splitlines()) == 1
    assert f"avgflow breach record {breach} --consequences" in refused.err
    desk.done("breach", "record", breach, "--consequences", "Geen.", "--measures", f"Gebeld met {DESTINATION}.")
    desk.done("breach", "record", breach, "--ap-not-told", "Versleuteld.", "--high-risk", "no")
    desk.done("breach", "close", breach)
    assert desk.happened(number, "breach.closed")[0]["ap"] == "not-told"
    assert desk.done("audit", "verify").code == 0
