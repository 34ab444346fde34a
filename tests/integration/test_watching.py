"""The daily watch on a register: what is told to whom, once a day, and what is put on record."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from clock_world import (
    BOSS,
    Today,
    at_six,
    escalating,
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
from sqlalchemy import select
from typer.testing import CliRunner

from avgflow import cli
from avgflow.handling import asking_person, extending, watching
from avgflow.handling.environment import Environment
from avgflow.handling.extending import Reason
from avgflow.handling.watching import Watched
from avgflow.register import outbox, receipts
from avgflow.register.database import transaction
from avgflow.register.receipts import Step
from avgflow.register.requests import Outcome, Status
from avgflow.register.schema import event
from avgflow.settings import Settings

LAST = date(2026, 4, 7)
"""The last day of a request that came in on 5 March 2026."""


@pytest.fixture
def env(register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """An installation with a second address."""
    return installed(register, tmp_path, monkeypatch, AVGFLOW_POLICY=escalating(tmp_path))


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> Today:
    return on_days(monkeypatch)


def runs(env: Environment) -> list[Mapping[str, Any]]:
    """What the log says of each time the watch ran."""
    with transaction(env.register) as conn:
        found = conn.execute(select(event).where(event.c.name == "watch.ran").order_by(event.c.id))
        return [row.detail for row in found]


def told(env: Environment, seen: Watched) -> dict[str, str]:
    """What each of those reads who are told."""
    return {to: text(mail) for mail, to in (sent(env, message_id) for message_id in seen.told)}


def test_nothing_to_say_is_no_mail_but_the_log_tells_that_it_was_looked(env: Environment) -> None:
    assert watching.watch(env, at_six(date(2026, 3, 10))).told == ()
    put(env, registered(env), Status.RUNNING)
    assert watching.watch(env, at_six(date(2026, 3, 10))).told == ()
    assert mails(env) == []
    nothing, working = runs(env)
    assert set(nothing.values()) == {0}
    assert (working["later"], working["overdue"], working["mails"]) == (1, 0, 0)


def test_the_officer_is_told_what_is_due_and_who_waits_for_whom(env: Environment) -> None:
    waiting, working = unverified(env), registered(env)
    put(env, working, Status.RUNNING)
    read = told(env, watching.watch(env, at_six(date(2026, 3, 31))))
    assert list(read) == [env.policy.officer_mailbox]
    (digest,) = read.values()
    assert f"BINNEN 10 DAGEN - {waiting} (inzage): uiterlijk 7 april 2026, over 7 dagen. Wacht sinds" in digest
    assert "op uw controle van de identiteit." in digest
    assert f"{working} (inzage): uiterlijk 7 april 2026, over 7 dagen." in digest


def test_the_second_address_is_told_on_the_last_working_day_before_it_is_lost(env: Environment) -> None:
    """The day before is Easter Monday: the last day on which somebody works is Thursday."""
    number = registered(env)
    assert set(told(env, watching.watch(env, at_six(date(2026, 4, 1))))) == {env.policy.officer_mailbox}
    read = told(env, watching.watch(env, at_six(date(2026, 4, 2))))
    assert set(read) == {env.policy.officer_mailbox, BOSS}
    assert f"{number} (inzage): uiterlijk 7 april 2026, de eerstvolgende werkdag." in read[BOSS]


def test_what_is_late_is_told_to_both_and_on_record_once(env: Environment) -> None:
    number = registered(env)
    for day in (LAST + timedelta(1), LAST + timedelta(2)):
        read = told(env, watching.watch(env, at_six(day)))
        assert set(read) == {env.policy.officer_mailbox, BOSS}
        assert all(number in one for one in read.values())
    assert happened(env, number, "term.missed") == [{"what": "no-answer", "due": "2026-04-07"}]


def test_no_second_address_no_second_mail(env: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AVGFLOW_POLICY")
    alone = Environment(Settings.load(), env.dsn_of)
    registered(alone)
    assert set(told(alone, watching.watch(alone, at_six(LAST)))) == {alone.policy.officer_mailbox}


def test_running_twice_a_day_sends_no_second_mail_and_the_next_day_has_its_own(env: Environment) -> None:
    registered(env)
    first = watching.watch(env, at_six(LAST))
    registered(env, right="erasure")
    again = watching.watch(env, at_six(LAST) + timedelta(hours=8))
    assert first.told == again.told
    assert len(mails(env)) == 2
    assert set(watching.watch(env, at_six(LAST) + timedelta(days=1)).told).isdisjoint(first.told)
    assert [mail.kind for mail in mails(env)] == [
        "deadline-digest:2026-04-07",
        "deadline-escalation:2026-04-07",
        "deadline-digest:2026-04-08",
        "deadline-escalation:2026-04-08",
    ]


def test_six_in_the_morning_is_another_day_in_amsterdam_than_late_in_utc(env: Environment) -> None:
    registered(env)
    watching.watch(env, datetime(2026, 4, 6, 22, 30, tzinfo=UTC))
    assert {mail.kind.partition(":")[2] for mail in mails(env)} == {"2026-04-07"}


def test_what_is_closed_or_answered_is_not_late(env: Environment) -> None:
    closed, mailed, handed = registered(env), registered(env), registered(env)
    put(env, closed, Status.CLOSED, outcome=Outcome.NOTHING_FOUND)
    with transaction(env.register) as conn:
        message_id = outbox.enqueue(conn, env.keyring, mailed, "answer", CANARY["email"], a_message())
        receipts.put_receipt(
            conn, env.keyring, handed, Step.HAND_OVER, "officer", {"packages": 1}, "handed-over", "officer"
        )
    sent(env, message_id)
    for number in (mailed, handed):
        put(env, number, Status.RUNNING)
    seen = watching.watch(env, at_six(LAST + timedelta(30)))
    assert seen.told == ()
    assert [one.number for one in seen.deadlines.later] == [mailed, handed]


def test_an_answer_that_was_not_accepted_is_none(env: Environment) -> None:
    number = registered(env)
    with transaction(env.register) as conn:
        outbox.enqueue(conn, env.keyring, number, "answer", CANARY["email"], a_message())
    assert [one.number for one in watching.look(env, at_six(LAST + timedelta(1))).overdue] == [number]


def test_while_the_clock_stands_still_nothing_gets_late(env: Environment, today: Today) -> None:
    number = unverified(env)
    today(date(2026, 3, 10))
    asking_person.ask(env, number, None, "officer")
    (one,) = watching.look(env, at_six(date(2026, 5, 29))).waiting
    assert (one.due, one.asked) == (date(2026, 6, 24), date(2026, 3, 10))  # 80 days on top of 5 April
    read = told(env, watching.watch(env, at_six(date(2026, 5, 29))))
    assert "De termijn staat stil sinds 10 maart 2026: u wacht op de betrokkene." in read[env.policy.officer_mailbox]
    assert happened(env, number, "term.missed") == []


def test_a_stopped_request_is_told_as_stopped_also_where_a_question_is_open(env: Environment, today: Today) -> None:
    number = unverified(env)
    today(date(2026, 3, 10))
    asking_person.ask(env, number, None, "officer")
    put(env, number, Status.STOPPED, actor="officer", reason="Stopped by officer.")
    read = told(env, watching.watch(env, at_six(date(2026, 3, 12))))[env.policy.officer_mailbox]
    assert f"LIGT STIL - {number} (inzage)" in read
    assert "Gestopt sinds" in read


def test_a_mail_that_is_stuck_for_an_hour_is_named_and_tried_again_and_a_letter_at_once(
    env: Environment, today: Today
) -> None:
    now = datetime.now(UTC)
    number = registered(env, received=now.date() - timedelta(3))
    with transaction(env.register) as conn:
        stuck = outbox.enqueue(conn, env.keyring, number, "answer", CANARY["email"], a_message())
    today(now.date())
    extending.extend(env, number, Reason.COMPLEXITY, "", "officer")
    (letter,) = [mail.message_id for mail in mails(env, number) if mail.kind == "extended"]
    assert [mail.message_id for mail in watching.watch(env, now).stuck] == [letter]
    sent(env, letter)
    seen = watching.watch(env, now + timedelta(days=1))
    assert stuck in [mail.message_id for mail in seen.stuck]
    assert not set(seen.told) & {mail.message_id for mail in seen.stuck}
    digest = told(env, seen)[env.policy.officer_mailbox]
    assert "MAIL DIE NIET AANKOMT De mailserver heeft deze mails nog niet aangenomen." in digest
    assert f"{number}: het antwoord aan de betrokkene, klaar sinds" in digest


def test_no_mail_of_the_watch_and_no_event_holds_anything_of_the_person(env: Environment, today: Today) -> None:
    waiting, late = unverified(env), registered(env)
    put(env, late, Status.STOPPED, reason="Not at its end.")
    today(date(2026, 4, 7))
    extending.extend(env, late, Reason.COMPLEXITY, "Kanariana", "officer")
    seen = watching.watch(env, at_six(date(2026, 4, 8)))
    whole = str(told(env, seen)) + str(runs(env)) + str(seen) + str(request(env, waiting))
    assert not [value for value in (*CANARY.values(), "Kanariana") if value.lower() in whole.lower()]


def test_the_command_prints_the_same_table(env: Environment) -> None:
    waiting = unverified(env)
    shown = CliRunner().invoke(cli.app, ["deadlines"])
    assert shown.exit_code == 0, shown.output
    assert "LATE" in shown.output
    assert waiting in shown.output
    document = json.loads(CliRunner().invoke(cli.app, ["deadlines", "--json"]).output)
    (one,) = document["requests"]
    assert (one["when"], one["number"], one["due"]) == ("LATE", waiting, "2026-04-07")
    assert (one["waiting_for"], one["alarming"]) == ("verification", True)
    assert document["mails"] == []
    assert runs(env) == []


def test_the_command_says_where_there_is_nothing(env: Environment) -> None:
    assert "No request is open" in CliRunner().invoke(cli.app, ["deadlines"]).output
