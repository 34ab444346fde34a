"""One request on its page: who sees what, and that each look at the person is on record."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from web_world import As

from avgflow.register import events, passphrases
from avgflow.register.approvals import REFUSED
from avgflow.register.clock import Clock
from avgflow.register.names import EventName
from avgflow.register.requests import get
from avgflow.terms import DUTCH
from avgflow_airflow.web.reasons import reason
from avgflow_airflow.web.standing import days

EMAIL = "iemand@example.nl"
PERSON = "Iemand van Ergens"


@pytest.fixture
def number(request_on_register: str) -> str:
    return request_on_register


def happened(register: Any, number: str, name: EventName) -> list[str]:
    with register.engine.begin() as conn:
        return [event.actor for event in events.history(conn, number) if event.name == name]


def test_nothing_of_the_person_is_there_until_somebody_asks(as_: As, register: Any, number: str) -> None:
    for login in ("officer", "approver", "engineer", "auditor"):
        page = as_(login).get(f"/requests/{number}").text
        assert number in page
        assert EMAIL not in page
    assert happened(register, number, EventName.SUBJECT_SHOWN) == []


def test_who_may_sees_the_person_once_on_record(as_: As, register: Any, number: str) -> None:
    approver = as_("approver")
    assert EMAIL in approver.send(f"/requests/{number}/person").text
    assert EMAIL not in approver.get(f"/requests/{number}").text
    assert happened(register, number, EventName.SUBJECT_SHOWN) == ["approver"]


@pytest.mark.parametrize("login", ["engineer", "auditor"])
@pytest.mark.parametrize("what", ["person", "passphrase", "candidates", "decline/letter"])
def test_who_may_not_does_not(as_: As, register: Any, number: str, login: str, what: str) -> None:
    with register.engine.begin() as conn:
        passphrases.put_passphrase(conn, register.keyring, number, "kimo-bara-tesi-goli-maje-wero-47")
    answer = as_(login).send(f"/requests/{number}/{what}")
    assert answer.status_code == 403
    assert EMAIL not in answer.text
    assert "kimo" not in answer.text
    for name in (EventName.SUBJECT_SHOWN, EventName.PASSPHRASE_SHOWN, EventName.CANDIDATES_SHOWN):
        assert happened(register, number, name) == []


def test_the_passphrase_is_shown_once(as_: As, register: Any, number: str) -> None:
    officer = as_("officer")
    refused = officer.send(f"/requests/{number}/passphrase")
    assert (refused.status_code, "Dit verzoek heeft geen wachtzin." in refused.text) == (409, True)
    with register.engine.begin() as conn:
        passphrases.put_passphrase(conn, register.keyring, number, "kimo-bara-tesi-goli-maje-wero-47")
    assert "kimo-bara" in officer.send(f"/requests/{number}/passphrase").text
    assert "kimo-bara" not in officer.get(f"/requests/{number}").text
    assert happened(register, number, EventName.PASSPHRASE_SHOWN) == ["officer"]


def test_a_search_is_on_record_and_finds_nobody_by_a_blank(as_: As, register: Any, number: str) -> None:
    officer = as_("officer")
    assert number in officer.send("/search", {"identifier": f" {EMAIL.upper()} "}).text
    assert number not in officer.send("/search", {"identifier": "   "}).text
    with register.engine.begin() as conn:
        told = conn.exec_driver_sql("SELECT actor, detail FROM event WHERE name = 'person.searched'").all()
    assert [tuple(row) for row in told] == [("officer", {"kind": "email", "found": 1})]


def test_english_is_a_switch_that_is_remembered(as_: As, number: str) -> None:
    officer = as_("officer")
    assert '<html lang="nl">' in officer.get("/").text
    assert "Access (article 15 GDPR)" in officer.get(f"/requests/{number}?lang=en").text
    assert '<html lang="en">' in officer.get("/").text
    assert '<html lang="nl">' in officer.get("/?lang=nl").text


def test_a_number_that_is_not_there_is_said_to_be(as_: As) -> None:
    answer = as_("auditor").get("/requests/AVG-2026-99999")
    assert (answer.status_code, "Dit nummer staat niet op het register." in answer.text) == (404, True)


def test_what_is_typed_comes_back_as_text(as_: As) -> None:
    hostile = '"><script>alert(1)</script>'
    page = as_("officer").send("/new", {"right": "access", "email": hostile, "name": hostile})
    assert page.status_code == 422
    assert "<script" not in page.text
    assert "Het e-mailadres klopt niet." in page.text
    assert "<script" not in as_("officer").get(f"/?number={hostile}&done={hostile}").text


def test_days_count_an_open_question_as_answered_today(as_: As, register: Any, number: str) -> None:
    with register.engine.begin() as conn:
        request = get(conn, number)
    today = date(2027, 1, 10)
    running = days(request, Clock(), DUTCH, today)
    paused = days(request, Clock(asked=date(2027, 1, 4)), DUTCH, today)
    assert (running.due, running.paused) == (request.due, None)
    assert paused.paused == date(2027, 1, 4)
    assert paused.due != request.due


@pytest.mark.parametrize(
    ("kept", "dutch"),
    [
        ("Stopped by officer.", "Gestopt door officer."),
        (REFUSED, "Het plan is afgekeurd"),
        (
            "Not at its end: no receipt of store crm; stopped by officer; task crm failed (StoreBusy of store crm).",
            "Het verzoek is niet af: geen ontvangstbewijs van crm; gestopt door officer; taak crm is mislukt "
            "(StoreBusy van crm).",
        ),
        ("Not at its end: crm.public.note: column_unknown.", "Het verzoek is niet af. De tijdlijn"),
        ("Task crm failed (StoreRefused); its log says what to do.", "De taak crm is mislukt (StoreRefused)."),
        ("AVG-2026-00007 of the same person goes first.", "Eerst komt AVG-2026-00007 aan de beurt"),
        ("It came in with AVG-2026-00007; whoever verifies that one verifies this one.", "samen met AVG-2026-00007"),
        (
            "Work on the stores begins on 2026-11-28 at 09:15; it can be withdrawn until then.",
            "begint op 2026-11-28 om 09:15.",
        ),
    ],
)
def test_why_a_request_stands_where_it_does_is_said_in_dutch(kept: str, dutch: str) -> None:
    said = reason(kept)
    assert said is not None
    assert dutch in said.nl
    assert said.en == kept


def test_a_reason_of_another_form_is_left_as_it_is() -> None:
    said = reason("Something else.")
    assert said is not None
    assert said.nl == said.en == "Something else."
