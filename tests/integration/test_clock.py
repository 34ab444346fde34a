"""The term of a request: the reading on record, extended once and in time, and standing still for a question."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from clock_world import (
    Today,
    at_six,
    happened,
    installed,
    mails,
    on_days,
    put,
    registered,
    request,
    sent,
    text,
    unverified,
)
from real_postgres import Register
from register_world import CANARY, a_message
from typer.testing import CliRunner, Result

from avgflow import cli
from avgflow.airflow_api import AirflowApi, AirflowUnreachable
from avgflow.fields import AMSTERDAM, NoteTooLong
from avgflow.handling import asking_person, extending, verifying, watching
from avgflow.handling.asking_person import AskedLate, NothingToAsk, WrongDay
from avgflow.handling.environment import Environment
from avgflow.handling.extending import (
    AnsweredAlready,
    ExtendedAlready,
    ExtendedTooLate,
    NotToldYet,
    Reason,
)
from avgflow.intake import Verification
from avgflow.register import outbox
from avgflow.register.database import transaction
from avgflow.register.requests import Outcome, RequestClosed, Status

BY = "officer"


@pytest.fixture
def env(register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    return installed(register, tmp_path, monkeypatch)


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> Today:
    return on_days(monkeypatch)


def run(*words: str) -> Result:
    return CliRunner().invoke(cli.app, ["request", *words])


# The reading ---------------------------------------------------------------------------------------------------------


def test_the_reading_of_the_term_is_on_record_from_the_start(env: Environment) -> None:
    assert happened(env, registered(env), "term.counted") == [
        {
            "due": "2026-04-07",
            "safe": "2026-04-02",
            "extension": "at-once",
            "at_once": "2026-06-05",
            "in_steps": "2026-06-05",
            "good_friday": True,
            "equated_days": False,
        }
    ]


def test_both_readings_of_an_extension_are_on_record_where_they_differ(env: Environment) -> None:
    number = registered(env, received=date(2026, 1, 30))
    (counted,) = happened(env, number, "term.counted")
    assert (counted["at_once"], counted["in_steps"]) == ("2026-04-30", "2026-04-28")
    assert request(env, number).extended_due == date(2026, 4, 30)


# Extending -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", [date(2026, 3, 5), date(2026, 3, 20), date(2026, 4, 7)])
def test_a_term_is_extended_until_its_last_day_and_the_person_is_told_why(
    env: Environment, today: Today, day: date
) -> None:
    """Case 22: extended with reasons, by day 1-month."""
    number = registered(env)
    today(day)
    made = extending.extend(env, number, Reason.COMPLEXITY, "Het staat in een archief.", BY)
    assert (made.due, made.tell_by) == (date(2026, 6, 5), date(2026, 4, 7))
    assert request(env, number).due == request(env, number).extended_due == date(2026, 6, 5)
    assert happened(env, number, "request.extended") == [
        {"reason": "complexity", "before": "2026-04-07", "due": "2026-06-05", "note": True}
    ]
    (letter,) = mails(env, number)
    mail, to = sent(env, letter.message_id)
    assert to == CANARY["email"]
    assert "uiterlijk op 5 juni 2026" in text(mail)
    assert "Uw verzoek is ingewikkeld." in text(mail)
    assert "Het staat in een archief." in text(mail)
    assert "archief" not in str(happened(env, number, "request.extended"))


def test_who_asked_in_english_is_told_in_english(env: Environment, today: Today) -> None:
    number = registered(env, language="en", right="erasure")
    today(date(2026, 3, 20))
    extending.extend(env, number, Reason.NUMBER, "", BY)
    (letter,) = mails(env, number)
    mail, _ = sent(env, letter.message_id)
    assert "you asked us to erase your data" in text(mail)
    assert "5 June 2026" in text(mail)


def test_one_day_late_is_too_late_and_the_first_day_stands(env: Environment, today: Today) -> None:
    """Case 23: original due stands; breach flag."""
    number = registered(env)
    today(date(2026, 4, 8))
    for _ in range(2):
        with pytest.raises(ExtendedTooLate, match="had to be told by 2026-04-07") as refused:
            extending.extend(env, number, Reason.COMPLEXITY, "", BY)
        assert "\n" not in str(refused.value)
    assert request(env, number).due == date(2026, 4, 7)
    assert happened(env, number, "request.extended") == []
    assert happened(env, number, "term.missed") == [{"what": "extension-asked-late", "due": "2026-04-07"}]
    assert mails(env, number) == []


def test_a_letter_that_goes_out_one_day_late_is_no_extension_either(env: Environment, today: Today) -> None:
    """Case 23, where it was the mail server that was late."""
    number = registered(env)
    today(date(2026, 4, 7))
    extending.extend(env, number, Reason.COMPLEXITY, "", BY)
    watching.watch(env, at_six(date(2026, 4, 7)))
    assert request(env, number).due == date(2026, 6, 5)
    for _ in range(2):
        watching.watch(env, at_six(date(2026, 4, 8)))
    assert request(env, number).due == date(2026, 4, 7)
    assert [one["what"] for one in happened(env, number, "term.missed")] == ["notice-of-extension-late", "no-answer"]
    today(date(2026, 4, 8))
    with pytest.raises(ExtendedTooLate):
        extending.extend(env, number, Reason.COMPLEXITY, "", BY)


def test_a_letter_that_went_out_in_time_keeps_the_extension(env: Environment) -> None:
    received = datetime.now(AMSTERDAM).date() - timedelta(10)
    number = registered(env, received=received)
    extending.extend(env, number, Reason.COMPLEXITY, "", BY)
    (letter,) = mails(env, number)
    sent(env, letter.message_id)
    due = request(env, number).due
    watching.watch(env, at_six(due))
    assert request(env, number).due == due
    assert happened(env, number, "term.missed") == []


def test_a_term_is_extended_once(env: Environment, today: Today) -> None:
    number = registered(env)
    today(date(2026, 3, 20))
    extending.extend(env, number, Reason.COMPLEXITY, "", BY)
    assert extending.extend(env, number, Reason.NUMBER, "", BY).due == date(2026, 6, 5)  # its letter waits still
    (letter,) = mails(env, number)
    sent(env, letter.message_id)
    with pytest.raises(ExtendedAlready, match="due on 2026-06-05"):
        extending.extend(env, number, Reason.NUMBER, "", BY)
    assert len(happened(env, number, "request.extended")) == 1


def test_a_closed_request_and_a_long_note_are_refused(env: Environment, today: Today) -> None:
    today(date(2026, 3, 20))
    number = registered(env)
    with pytest.raises(NoteTooLong):
        extending.extend(env, number, Reason.COMPLEXITY, "x" * 501, BY)
    put(env, number, Status.CLOSED, outcome=Outcome.NOTHING_FOUND)
    with pytest.raises(RequestClosed):
        extending.extend(env, number, Reason.COMPLEXITY, "", BY)


def test_what_was_answered_needs_no_more_time(env: Environment, today: Today) -> None:
    number = registered(env)
    with transaction(env.register) as conn:
        answer = outbox.enqueue(conn, env.keyring, number, "answer", CANARY["email"], a_message())
    sent(env, answer)
    today(date(2026, 3, 20))
    with pytest.raises(AnsweredAlready):
        extending.extend(env, number, Reason.COMPLEXITY, "", BY)


def test_the_command_extends_once_and_has_the_letter_sent(
    env: Environment, today: Today, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[object, ...]] = []
    monkeypatch.setattr(AirflowApi, "of", classmethod(lambda cls, settings: cls("", "", "")))
    monkeypatch.setattr(AirflowApi, "start", lambda self, *given: started.append(given) or True)
    number = registered(env)
    today(date(2026, 3, 20))
    assert run("extend", number, "--reason", "laziness").exit_code == 2
    said = run("extend", number, "--reason", "complexity")
    assert said.exit_code == 0, said.output
    assert "the answer is due on 2026-06-05" in said.output
    assert "it has to be there by 2026-04-07" in said.output
    assert started == [("notice", number, f"{number}.extended")]


def test_a_letter_that_no_run_sends_is_said_to_wait_and_the_same_command_sends_it(
    env: Environment, today: Today, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = registered(env)
    today(date(2026, 3, 20))
    refused = run("extend", number, "--reason", "complexity").exception
    assert isinstance(refused, NotToldYet)
    assert str(AirflowUnreachable()) in str(refused)
    cleared: list[tuple[str, ...]] = []
    monkeypatch.setattr(AirflowApi, "of", classmethod(lambda cls, settings: cls("", "", "")))
    monkeypatch.setattr(AirflowApi, "start", lambda self, *given: False)
    monkeypatch.setattr(AirflowApi, "state", lambda self, *given: "failed")
    monkeypatch.setattr(AirflowApi, "clear", lambda self, *given: cleared.append(given))
    assert run("extend", number, "--reason", "complexity").exit_code == 0
    assert cleared == [("notice", f"{number}.extended", "tell")]


# The clock stands still ----------------------------------------------------------------------------------------------


def test_the_term_stands_still_from_the_question_to_the_verification(env: Environment, today: Today) -> None:
    """Row 21 of the examples: asked on 4 March, answered on the 11th."""
    number = unverified(env, received=date(2026, 3, 2))
    assert request(env, number).due == date(2026, 4, 2)
    today(date(2026, 3, 4))
    asking_person.ask(env, number, None, BY)
    assert happened(env, number, "clock.stopped") == [{"asked": "2026-03-04"}]
    assert request(env, number).due == date(2026, 4, 2)
    today(date(2026, 3, 11))
    verifying.verify(env, number, Verification.PHONE_CALLBACK, BY)
    assert (request(env, number).due, request(env, number).extended_due) == (date(2026, 4, 9), date(2026, 6, 9))
    assert happened(env, number, "clock.resumed") == [
        {"asked": "2026-03-04", "answered": "2026-03-11", "days": 7, "due": "2026-04-09"}
    ]
    assert [one["due"] for one in happened(env, number, "term.counted")] == ["2026-04-02", "2026-04-09"]


def test_who_was_not_asked_gets_no_other_day(env: Environment, today: Today) -> None:
    number = unverified(env)
    today(date(2026, 3, 20))
    verifying.verify(env, number, Verification.PHONE_CALLBACK, BY)
    assert request(env, number).due == date(2026, 4, 7)
    assert happened(env, number, "clock.resumed") == []


def test_asking_twice_counts_from_the_first_time(env: Environment, today: Today) -> None:
    number = unverified(env)
    today(date(2026, 3, 10))
    assert asking_person.ask(env, number, date(2026, 3, 9), BY) == date(2026, 3, 9)
    assert asking_person.ask(env, number, None, BY) == date(2026, 3, 9)
    assert len(happened(env, number, "clock.stopped")) == 1


def test_verifying_twice_ends_the_pause_once(env: Environment, today: Today) -> None:
    number = unverified(env)
    today(date(2026, 3, 10))
    asking_person.ask(env, number, None, BY)
    today(date(2026, 3, 12))
    verifying.verify(env, number, Verification.PHONE_CALLBACK, BY)
    today(date(2026, 3, 30))
    verifying.verify(env, number, Verification.PHONE_CALLBACK, BY)
    assert [one["days"] for one in happened(env, number, "clock.resumed")] == [2]


def test_only_a_request_that_waits_for_verification_can_stand_still(env: Environment, today: Today) -> None:
    today(date(2026, 3, 10))
    with pytest.raises(NothingToAsk, match="its term runs on"):
        asking_person.ask(env, registered(env), None, BY)
    number = unverified(env)
    for day in (date(2026, 3, 4), date(2026, 3, 11)):
        with pytest.raises(WrongDay, match="came in on 2026-03-05"):
            asking_person.ask(env, number, day, BY)
    today(date(2026, 4, 6))
    with pytest.raises(AskedLate, match="ended on 2026-04-05"):
        asking_person.ask(env, number, None, BY)
    assert happened(env, number, "clock.stopped") == []


def test_a_term_can_be_extended_while_it_stands_still_and_gets_its_days_on_top(env: Environment, today: Today) -> None:
    number = unverified(env)
    today(date(2026, 3, 10))
    asking_person.ask(env, number, None, BY)
    today(date(2026, 4, 8))  # past the seventh, but the clock stood still
    made = extending.extend(env, number, Reason.COMPLEXITY, "", BY)
    assert made.tell_by == date(2026, 5, 4)
    verifying.verify(env, number, Verification.PHONE_CALLBACK, BY)
    now = request(env, number)
    assert now.due == now.extended_due == date(2026, 7, 6)  # 5 June and 29 days, a Saturday


def test_the_command_says_since_when_the_term_stands_still(env: Environment, today: Today) -> None:
    number = unverified(env)
    today(date(2026, 3, 10))
    said = run("asked", number, "--on", "2026-03-09")
    assert said.exit_code == 0, said.output
    assert said.output.startswith(f"{number}: the term stands still since 2026-03-09")
    shown = run("show", number).output
    assert "The term stands still since 2026-03-09" in shown
    # By the days on its row it would be late; each day of waiting moves these.
    assert "due 2026-04-07, and a day later for each day since 2026-03-09" in shown
    assert "LATE" not in shown
    document = json.loads(run("show", number, "--json").output)
    assert (document["clock_stopped_since"], document["extended"]) == ("2026-03-09", False)
