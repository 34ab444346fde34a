"""What the register keeps beside requests, by form: breaches, addresses, restrictions; and stopped work taken up."""

from __future__ import annotations

from typing import Any

import pytest
from web_world import As

from avgflow.airflow_api import AirflowApi
from avgflow.intake import RestrictionGround
from avgflow.register import breaches, events, requests, restrictions, suppressions
from avgflow.register.names import EventName
from avgflow.register.requests import Status

WHOM = "Buurman Verkeerd, Zijstraat 4"
ADDRESS = "iemand@example.nl"
FACTS = {
    "nature": "Een brief ging naar een oud adres.",
    "categories": "naam",
    "people": "1",
    "records": "3",
    "contact": "de privacy officer",
    "consequences": "Iemand anders weet de naam.",
    "measures": "De brief is teruggehaald.",
    "ap-not-told": "De brief is ongeopend terug.",
    "high-risk": "no",
}


@pytest.fixture
def number(request_on_register: str) -> str:
    return request_on_register


def told(register: Any, name: EventName) -> list[tuple[str, Any]]:
    with register.engine.begin() as conn:
        rows = conn.exec_driver_sql("SELECT actor, detail FROM event WHERE name = %s ORDER BY id", (name.value,)).all()
    return [(row.actor, row.detail) for row in rows]


def opened(as_: As, number: str, **other: str) -> str:
    typed = {"number": number, "what": "letter", "aware": "2026-11-20T09:30", "to": WHOM} | other
    answer = as_("officer").send("/breaches", typed)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def test_a_breach_from_the_first_word_to_the_end(as_: As, register: Any, number: str) -> None:
    opened(as_, number)
    officer = as_("officer")
    page = officer.get("/breaches/1").text
    assert WHOM not in page
    assert "Er staat nog niet alles wat artikel 33 lid 3 AVG vraagt." in page
    early = officer.send("/breaches/1/close")
    assert (early.status_code, "Afsluiten kan nog niet." in early.text) == (409, True)

    assert "nog te melden" in officer.get("/breaches").text
    assert officer.send("/breaches/1/record", FACTS).status_code == 303
    assert "geregeld" in officer.get("/breaches").text
    assert FACTS["nature"] not in officer.get("/breaches/1").text
    shown = as_("approver").send("/breaches/1/show").text
    assert WHOM in shown
    assert FACTS["nature"] in shown
    assert told(register, EventName.BREACH_SHOWN) == [("approver", {"breach": 1})]

    assert officer.send("/breaches/1/close").status_code == 303
    with register.engine.begin() as conn:
        assert breaches.get(conn, 1).closed_by == "officer"


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ({"to": " "}, "Vul in naar wie het ging."),
        ({"aware": "2999-01-01T00:00"}, "ligt in de toekomst"),
        ({"aware": "ooit"}, "Vul in wanneer u ervan wist"),
        ({"what": ""}, "Er is nog iets te kiezen."),
        ({"number": "AVG-2026-99999"}, "Dit nummer staat niet op het register."),
    ],
)
def test_what_is_wrong_with_a_breach_is_said_and_what_was_typed_stays(
    as_: As, register: Any, number: str, typed: dict[str, str], line: str
) -> None:
    given = {"number": number, "what": "letter", "aware": "2026-11-20T09:30", "to": WHOM} | typed
    answer = as_("officer").send("/breaches", given)
    assert (answer.status_code, line in answer.text) == (409, True)
    assert given["aware"] in answer.text
    assert told(register, EventName.BREACH_OPENED) == []


def test_facts_that_are_refused_stand_there_again(as_: As, number: str) -> None:
    opened(as_, number)
    answer = as_("officer").send("/breaches/1/record", FACTS | {"people": "veel"})
    assert answer.status_code == 409
    assert "Vul een aantal in bij: hoeveel personen ongeveer." in answer.text
    assert FACTS["measures"] in answer.text


def test_a_breach_that_is_not_there_is_said_to_be(as_: As) -> None:
    for answer in (as_("auditor").get("/breaches/7"), as_("officer").send("/breaches/7/record", FACTS)):
        assert (answer.status_code, "Dit datalek bestaat niet." in answer.text) == (404, True)


def test_an_address_comes_off_the_list_and_never_stands_on_the_page(as_: As, register: Any, number: str) -> None:
    officer = as_("officer")
    with register.engine.begin() as conn:
        suppressions.suppress(conn, register.keyring, "email", ADDRESS, "objection", number, "officer")
    looked = officer.send("/suppressions/check", {"address": ADDRESS.upper()}).text
    assert "dit adres staat op de lijst." in looked
    assert ADDRESS not in looked.lower()
    lifted = officer.send("/suppressions/lift", {"address": ADDRESS, "channel": "email"})
    assert (lifted.status_code, lifted.headers["Location"]) == (303, "/avgflow/suppressions?done=unsuppressed")
    again = officer.send("/suppressions/lift", {"address": ADDRESS, "channel": "email"})
    assert (again.status_code, "Dit adres staat niet op de lijst." in again.text) == (409, True)


def test_whether_data_may_be_used_is_answered_without_the_person(as_: As, register: Any, number: str) -> None:
    approver = as_("approver")
    free = approver.send("/restrictions/check", {"email": ADDRESS}).text
    assert "Voor deze persoon geldt geen beperking." in free
    with register.engine.begin() as conn:
        restrictions.place(conn, register.keyring, number, RestrictionGround.CLAIMS, ["*"], {"email": ADDRESS})
    held = approver.send("/restrictions/check", {"email": ADDRESS}).text
    assert "mogen nu niet gebruikt worden" in held
    assert ADDRESS not in held
    blank = approver.send("/restrictions/check", {"email": " "})
    assert (blank.status_code, "Om wie gaat het?" in blank.text) == (409, True)


def test_a_restriction_ends_for_a_reason_that_fits_its_ground(as_: As, register: Any, number: str) -> None:
    with register.engine.begin() as conn:
        restrictions.place(conn, register.keyring, number, RestrictionGround.CLAIMS, ["*"], {"email": ADDRESS})
    officer = as_("officer")
    assert "Beëindig de beperking" not in officer.get(f"/requests/{number}").text
    open_ = officer.send(f"/requests/{number}/restriction/lift", {"reason": "claim-over"})
    assert (open_.status_code, "Dit verzoek loopt nog." in open_.text) == (409, True)
    stopped(register, number)
    page = officer.get(f"/requests/{number}").text
    assert "Beëindig de beperking" in page
    assert "U hebt uw gegevens niet meer nodig" in page
    wrong = officer.send(f"/requests/{number}/restriction/lift", {"reason": "accurate"})
    assert (wrong.status_code, "Om deze reden eindigt" in wrong.text) == (409, True)
    # On the register, with its letter; Airflow is not there to carry it out.
    ended = officer.send(f"/requests/{number}/restriction/lift", {"reason": "claim-over"})
    assert (ended.status_code, "staat op het register, maar" in ended.text) == (409, True)
    assert "Ik heb het de persoon verteld" in ended.text


def test_a_stopped_request_is_taken_up_again_as_whoever_asks(
    as_: As, register: Any, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cleared: list[tuple[str, ...]] = []
    monkeypatch.setattr(AirflowApi, "state", lambda self, dag, number: "failed")
    monkeypatch.setattr(AirflowApi, "clear_from", lambda self, *what: cleared.append((self.user, "from", *what)))
    monkeypatch.setattr(AirflowApi, "clear_failed", lambda self, *what: cleared.append((self.user, "failed", *what)))
    engineer = as_("engineer")
    early = engineer.send(f"/requests/{number}/resume", {"again": "step"})
    assert (early.status_code, "Dit verzoek is niet gestopt." in early.text) == (409, True)
    stopped(register, number)
    assert "Ga verder met wat mislukte" in engineer.get(f"/requests/{number}").text
    assert engineer.send(f"/requests/{number}/resume", {"again": "plan"}).status_code == 303
    dag = "access_request"
    assert cleared == [("engineer", "from", dag, number, "plan"), ("engineer", "failed", dag, number)]
    with register.engine.begin() as conn:
        [event] = [one for one in events.history(conn, number) if one.name == EventName.REQUEST_TAKEN_UP]
    assert (event.actor, dict(event.detail)) == ("engineer", {"again": "plan"})


def test_a_run_that_has_not_ended_is_left_alone(
    as_: As, register: Any, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AirflowApi, "state", lambda self, dag, number: "running")
    stopped(register, number)
    answer = as_("officer").send(f"/requests/{number}/resume", {"again": "step"})
    assert (answer.status_code, "De run is nog niet afgelopen." in answer.text) == (409, True)
    assert told(register, EventName.REQUEST_TAKEN_UP) == []


def test_what_was_typed_of_a_decline_stands_there_again(as_: As, number: str) -> None:
    answer = as_("officer").send(f"/requests/{number}/decline", {"reason": "", "note": "Feiten", "form": "decline"})
    assert answer.status_code == 409
    assert "Feiten</textarea>" in answer.text


def stopped(register: Any, number: str) -> None:
    with register.engine.begin() as conn:
        requests.set_status(conn, register.keyring, number, Status.RUNNING)
        requests.set_status(conn, register.keyring, number, Status.STOPPED, reason="Stopped by officer.")
