"""A portal submits requests, each once, and sees where its own stand; all else is refused, and no value repeated."""

from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import text
from web_world import As, Calls

from avgflow.intake import Right
from avgflow.roles import DEMO_USERS
from avgflow_airflow.web.portal.pace import Pace
from avgflow_airflow.web.portal.submission import LARGEST, Submission

CANARY = "kanarie.vogel@example.nl"
SHOWN = {"number", "right", "status", "outcome", "received", "due", "extended_due"}
ASKS: dict[str, dict[str, Any]] = {
    "access": {},
    "rectification": {"correct": {"phone": "0612345678"}, "was": {"phone": "0687654321"}},
    "erasure": {"language": "en"},
    "restriction": {"ground": "accuracy"},
    "portability": {"destination": "ander@example.nl"},
    "objection": {"to": "marketing"},
}
Runs = list[tuple[str, str, str]]


def ask(right: str = "access", **more: Any) -> dict[str, Any]:
    return {"right": right, "email": CANARY, **more}


def problem(answer: Response, status: int) -> dict[str, Any]:
    """A refusal, which has the form of one and holds nothing of the person."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert told["status"] == status
    assert {"type", "title", "detail"} <= set(told) <= {"type", "title", "status", "detail", "errors"}
    assert "kanarie" not in answer.text.lower()
    return told


def fields(answer: Response) -> list[str]:
    return [error["field"] for error in problem(answer, 422)["errors"]]


def count(register: Any, table: str = "request") -> int:
    with register.engine.connect() as conn:
        return int(conn.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


@pytest.mark.parametrize("right", Right)
def test_every_right_is_registered_and_started_as_the_account_itself(
    calls: Calls, started: Runs, register: Any, right: Right
) -> None:
    answer = calls("portal").submit(ask(right, **ASKS[right]))
    assert answer.status_code == 201, answer.text
    state = answer.json()
    assert set(state) == SHOWN
    assert (state["right"], state["status"], state["outcome"]) == (right, "registered", None)
    assert state["received"] < state["due"] < state["extended_due"]
    assert answer.headers["Location"] == f"/avgflow/api/v1/requests/{state['number']}"
    assert started == [("portal", f"{right}_request", state["number"])]
    assert CANARY not in answer.text
    with register.engine.connect() as conn:
        query = "SELECT name, actor FROM event WHERE number = :n ORDER BY id"
        told = [tuple(row) for row in conn.execute(text(query), {"n": state["number"]})]
    assert told[0] == ("request.registered", "portal")
    # Nobody vouched for who asks.
    assert "request.verified" not in {name for name, _ in told}


def test_its_state_is_what_was_answered(calls: Calls, started: Runs) -> None:
    made = calls("portal").submit(ask()).json()
    answer = calls("portal").look(made["number"])
    assert (answer.status_code, answer.json()) == (200, made)


def test_a_portal_sees_what_it_submitted_and_nothing_else(
    calls: Calls, started: Runs, request_on_register: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("avgflow.roles.SIMPLE_LOGINS", {"portal": "portal", "shop": "portal"})
    of_shop = calls("shop", "user").submit(ask()).json()["number"]
    portal = calls("portal")
    for number in (request_on_register, of_shop, "AVG-2026-99999", "AVG-2026-1", "kanarie", "%00", "AVG-2026-00001%0A"):
        problem(portal.look(number), 404)
    refusals = {portal.look(number).text for number in (request_on_register, of_shop, "AVG-2026-99999")}
    assert len(refusals) == 1


def test_the_same_key_makes_no_second_request(calls: Calls, started: Runs, register: Any) -> None:
    first = calls("portal").submit(ask())
    # The same again, written otherwise.
    again = calls("portal").submit(json.dumps(dict(reversed(ask().items())), indent=4))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert count(register) == len(started) == 1
    assert calls("portal").submit(ask(), "another-key").json()["number"] != first.json()["number"]


def test_the_same_key_with_another_body_is_refused(calls: Calls, started: Runs, register: Any) -> None:
    calls("portal").submit(ask())
    for other in (ask("erasure"), ask(name="Kanarie"), ask(email="KANARIE2@example.nl")):
        assert "new key" in problem(calls("portal").submit(other), 409)["detail"]
    assert count(register) == len(started) == 1


def test_a_key_is_one_accounts_own(calls: Calls, started: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avgflow.roles.SIMPLE_LOGINS", {"portal": "portal", "shop": "portal"})
    made = [calls(login, "user").submit(ask()) for login in ("portal", "shop")]
    assert [answer.status_code for answer in made] == [201, 201]
    assert made[0].json()["number"] != made[1].json()["number"]


def test_sent_many_times_at_once_it_is_one_request(calls: Calls, started: Runs, register: Any) -> None:
    portal = calls("portal")
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: portal.submit(ask()), range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({answer.json()["number"] for answer in answers}) == count(register) == 1


def test_a_refused_submission_uses_up_no_key_and_no_number(calls: Calls, started: Runs, register: Any) -> None:
    assert fields(calls("portal").submit(ask("objection"))) == ["to"]
    assert fields(calls("portal").submit(ask("rectification", correct={"shoe_size": "43"}))) == ["correct"]
    assert count(register) == count(register, "submission") == 0
    assert calls("portal").submit(ask("objection", to="surveys")).json()["number"].endswith("-00001")


def test_what_airflow_did_not_start_the_next_submission_starts(
    calls: Calls, register: Any, request: pytest.FixtureRequest
) -> None:
    """Airflow is not there at first."""
    first = calls("portal").submit(ask())
    assert (first.status_code, first.json()["status"]) == (202, "registered")
    runs = request.getfixturevalue("started")
    again = calls("portal").submit(ask())
    assert (again.status_code, again.json()) == (200, first.json())
    assert runs == [("portal", "access_request", first.json()["number"])]
    assert count(register) == 1


def test_neither_key_nor_body_can_be_read_on_the_register(calls: Calls, started: Runs, register: Any) -> None:
    calls("portal").submit(ask(), CANARY)
    with register.engine.connect() as conn:
        [row] = conn.execute(text("SELECT account, key_hash, body_hash FROM submission"))
    assert row.account == "portal"
    assert {len(row.key_hash), len(row.body_hash)} == {64}


def test_a_cookie_lets_nobody_in(as_: As, started: Runs, register: Any) -> None:
    browser = as_("portal")
    sent = {"Content-Type": "application/json", "Idempotency-Key": "12345678"}
    answer = browser.client.post("/avgflow/api/v1/requests", content=json.dumps(ask()), headers=sent)
    assert "cookie" in problem(answer, 401)["detail"]
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    problem(browser.client.get("/avgflow/api/v1/requests/AVG-2026-00001"), 401)
    assert count(register) == 0


def test_the_headers_token_counts_and_the_cookies_does_not(as_: As, calls: Calls, started: Runs) -> None:
    mixed = as_("portal").client
    of_officer = dict(calls("officer").headers)
    problem(mixed.get("/avgflow/api/v1/requests/AVG-2026-00001", headers=of_officer), 403)


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer ", "Basic cG9ydGFsOng=", "Bearer eyJh.bGci.xyz", "Bearer \xff"]
)
def test_another_header_is_nobodys(calls: Calls, given: str) -> None:
    nobody = calls(None)
    nobody.headers = {"Authorization": given.encode("latin-1")}  # type: ignore[dict-item]
    problem(nobody.look("AVG-2026-00001"), 401)


@pytest.mark.parametrize("login", [*(login for login in DEMO_USERS if login != "portal"), "stranger"])
def test_no_person_submits_here(calls: Calls, started: Runs, register: Any, login: str) -> None:
    problem(calls(login).submit(ask()), 403)
    problem(calls(login).look("AVG-2026-00001"), 403)
    assert count(register) == 0


def test_a_portal_may_not_say_that_who_asks_is_verified(calls: Calls, started: Runs, register: Any) -> None:
    told = problem(calls("portal").submit(ask(verified_by="portal-login")), 403)
    assert [error["field"] for error in told["errors"]] == ["verified_by"]
    assert count(register) == 0


def test_unless_it_is_one_that_may_vouch(
    calls: Calls, started: Runs, register: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AVGFLOW_PORTALS_THAT_VOUCH", "other, portal")
    number = calls("portal").submit(ask(verified_by="portal-login")).json()["number"]
    with register.engine.connect() as conn:
        row = conn.execute(text("SELECT verified_by FROM request WHERE number = :n"), {"n": number}).one()
    assert row.verified_by == "portal-login"
    for method in ("known-email", "in-person", "phone-callback", "mandate", CANARY):
        assert fields(calls("portal").submit(ask(verified_by=method), "another-key")) == ["verified_by"]
    for_another = ask(verified_by="portal-login", asks_as="lawyer", person_email="iemand@example.nl")
    assert fields(calls("portal").submit(for_another, "another-key")) == ["verified_by"]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, ["right"]),
        (ask("kanarie"), ["right"]),
        ({"right": "access"}, ["email"]),
        (ask(email="kanarie"), ["email"]),
        (ask(email=["kanarie"]), ["email"]),
        (ask(name="kanarie\n"), None),
        (ask(name="kanarie\nBcc: x"), ["name"]),
        (ask(name=None), ["name"]),
        (ask(customer_number="kanarie" * 40), ["customer_number"]),
        (ask(phone="kanarie\u0000"), ["phone"]),
        (ask(received="2999-01-01"), ["received"]),
        (ask(received="kanarie"), ["received"]),
        (ask(language="kanarie"), ["language"]),
        (ask(to="marketing"), ["to"]),
        (ask(ground="claims"), ["ground"]),
        (ask("objection", to="kanarie"), ["to"]),
        (ask("restriction", ground="kanarie"), ["ground"]),
        (ask(statement="kanarie"), ["statement"]),
        (ask("Objection", to="surveys", ground=" ", statement="kanarie"), ["statement"]),
        (ask("rectification", statement="kanarie" * 1000), ["statement"]),
        (ask("rectification"), ["correct"]),
        (ask("rectification", correct={"phone": ""}), ["correct"]),
        (ask("rectification", correct={"phone": 6}), ["correct.phone"]),
        (ask("rectification", correct={"kanarie.vogel@example.nl": "x"}), ["correct"]),
        (ask("rectification", correct="kanarie"), ["correct"]),
        (ask("portability", destination="kanarie"), ["destination"]),
        (ask(identifiers={"Kanarie Vogel": "x"}), ["identifiers"]),
        (ask(identifiers={"no_such_kind": "kanarie"}), ["identifiers"]),
        (ask(asks_as="kanarie"), ["asks_as"]),
        (ask(asks_as="lawyer"), ["person_email"]),
        (ask(asks_as="lawyer", person_email="kanarie"), ["person_email"]),
        (ask(person_email="x@example.nl"), ["person_email"]),
        (ask(asks_as="parent", person_email="x@example.nl"), ["born"]),
        (ask(also="erasure"), ["also"]),
        (ask(**{CANARY: "x"}), ["…"]),
        ([ask()], ["…"]),
        ("null", ["…"]),
    ],
    ids=str,
)
def test_a_field_that_does_not_fit_is_named_and_not_repeated(
    calls: Calls, started: Runs, body: Any, named: list[str] | None
) -> None:
    answer = calls("portal").submit(body)
    if named is None:
        assert answer.status_code == 201
    else:
        assert fields(answer) == named


def test_the_words_are_those_of_the_command_line_and_of_the_page(calls: Calls, started: Runs) -> None:
    [error] = problem(calls("portal").submit(ask(email="kanarie")), 422)["errors"]
    assert error == {
        "field": "email",
        "detail": "The e-mail address is not one. Give one address, such as name@company.nl.",
        "detail_nl": "Het e-mailadres klopt niet. Vul één adres in, zoals naam@bedrijf.nl.",
    }


@pytest.mark.parametrize(
    "body", ["", "{", "kanarie", "{'right': 'access'}", b"\xff\xfe", '{"name": "\\ud800"}', "[" * 9000]
)
def test_what_is_no_json_is_refused(calls: Calls, started: Runs, body: str | bytes) -> None:
    assert "JSON" in problem(calls("portal").submit(body), 400)["detail"]


@pytest.mark.parametrize("key", [None, "", "seven77", "x" * 65, "with a blank", "12345678\t9"])
def test_a_key_must_be_there_and_fit(calls: Calls, started: Runs, register: Any, key: str | None) -> None:
    assert "Idempotency-Key" in problem(calls("portal").submit(ask(), key), 400)["detail"]
    assert count(register) == 0


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
def test_only_json_is_taken(calls: Calls, started: Runs, kind: str) -> None:
    answer = calls("portal").submit(ask(), Content_Type=kind)
    problem(answer, 415)
    assert answer.headers["Accept"] == "application/json"


def test_a_body_has_its_limit(calls: Calls, started: Runs, register: Any) -> None:
    body = json.dumps(ask())
    problem(calls("portal").submit(body + " " * (LARGEST - len(body) + 1)), 413)
    assert count(register) == 0
    assert calls("portal").submit(body + " " * (LARGEST - len(body))).status_code == 201


def test_a_portal_that_calls_too_often_is_told_when_to_call_again(
    calls: Calls, started: Runs, register: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AVGFLOW_PORTAL_PACE", "2")
    portal = calls("portal")
    made = portal.submit(ask()).json()["number"]
    assert portal.look(made).status_code == 200
    for answer in (portal.look(made), portal.submit(ask(), "another-key")):
        problem(answer, 429)
        assert 1 <= int(answer.headers["Retry-After"]) <= 30
    assert count(register) == 1


def test_a_bucket_fills_evenly_and_each_account_has_its_own() -> None:
    now = 0.0
    pace = Pace(lambda: now)
    assert [pace.wait("a", 6) for _ in range(8)] == [0] * 6 + [10, 10]
    assert pace.wait("b", 6) == 0
    now = 9.0
    assert pace.wait("a", 6) == 1
    now = 10.0
    assert [pace.wait("a", 6) for _ in range(2)] == [0, 10]
    now = 10_000.0
    assert [pace.wait("a", 6) for _ in range(7)] == [0] * 6 + [10]


def test_a_register_that_is_away_is_no_page_and_says_nothing(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVGFLOW_REGISTER_DSN", "postgresql://register_app:secret@127.0.0.1:1/register")
    answer = calls("portal").submit(ask())
    assert "secret" not in problem(answer, 503)["detail"]
    assert answer.headers["Retry-After"] == "60"


def test_a_fault_of_ours_tells_nothing(calls: Calls, started: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(CANARY)

    monkeypatch.setattr("avgflow.handling.submitting.submit", broken)
    problem(calls("portal").submit(ask()), 500)


def test_another_address_or_method_is_a_problem_too(calls: Calls) -> None:
    portal = calls("portal")
    headers = dict(portal.headers)
    problem(portal.client.get("/avgflow/api/v1/nothing", headers=headers), 404)
    answer = portal.client.delete("/avgflow/api/v1/requests", headers=headers)
    problem(answer, 405)
    assert answer.headers["Allow"] == "POST"


def test_nothing_of_a_person_is_logged(calls: Calls, started: Runs, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        calls("portal").submit(ask(), CANARY)
        calls("portal").submit(ask(email="kanarie"))
        calls("portal").submit(ask(kanarie="kanarie"))
    assert "kanarie" not in caplog.text.lower()


def test_a_submission_shows_nothing_of_itself() -> None:
    made = Submission(email=CANARY)
    assert "kanarie" not in f"{made} {made!r}".lower()


def test_the_description_is_for_whoever_is_logged_in(calls: Calls, as_: As) -> None:
    assert calls(None).describe().status_code == 303
    assert as_("auditor").get("/openapi.json").status_code == 200
    told = calls("portal").describe().json()
    assert told["servers"] == [{"url": "/avgflow"}]
    assert set(told["paths"]) == {"/api/v1/requests", "/api/v1/requests/{number}"}


def test_each_example_of_the_description_is_taken(calls: Calls, started: Runs) -> None:
    told = calls("portal").describe().json()
    asked = told["paths"]["/api/v1/requests"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    assert {example["value"]["right"] for example in asked.values()} == set(Right)
    for nth, example in enumerate(asked.values()):
        answer = calls("portal").submit(example["value"], f"example-{nth}")
        assert answer.status_code == 201, answer.text
