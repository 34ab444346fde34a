"""The register's figures are what stands there, and nothing of anybody."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from past_events import events_at
from real_postgres import Register
from register_world import CANARY, a_message, a_request

from avgflow import terms
from avgflow.intake import Right
from avgflow.register import clock, events, evidence, figures, outbox, requests
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.requests import Outcome, Status
from avgflow.terms import Hold

TODAY = date(2026, 4, 10)
"""Three days after the last day of the requests of `register_world`."""
NOW = datetime(2026, 4, 10, 8, tzinfo=UTC)


def of(register: Register, today: date = TODAY, now: datetime = NOW) -> figures.Figures:
    with transaction(register.engine) as conn:
        return figures.figures(conn, today, now)


def test_an_empty_register_has_nothing_open(register: Register) -> None:
    found = of(register)
    assert found.open == dict.fromkeys(Right, 0)
    assert (found.waiting, found.stopped, found.late, found.days_left) == (0, 0, 0, None)
    assert (found.unproven, found.unsent, found.unsent_minutes, found.swept) == (0, 0, 0, 0)
    assert "avgflow.requests.days_left" not in {name for name, _, _ in found.gauges()}


def test_open_requests_are_counted_by_right_and_state(register: Register) -> None:
    with transaction(register.engine) as conn:
        first = a_request(conn, register.keyring).number
        second = a_request(conn, register.keyring, right="erasure").number
        closed = a_request(conn, register.keyring).number
        requests.set_status(conn, register.keyring, first, Status.WAITING, waiting_for="verification")
        requests.set_status(conn, register.keyring, second, Status.STOPPED, reason="no receipt of store crm")
        requests.set_status(conn, register.keyring, closed, Status.CLOSED, outcome=Outcome.FULFILLED)
    found = of(register)
    assert {right for right, number in found.open.items() if number == 1} == {Right.ACCESS, Right.ERASURE}
    assert sum(found.open.values()) == 2
    assert (found.waiting, found.stopped, found.late, found.days_left) == (1, 1, 2, -3)
    assert of(register, date(2026, 4, 7)).late == 0
    assert of(register, date(2026, 4, 7)).days_left == 0


def test_a_request_whose_clock_stands_still_is_not_late(register: Register) -> None:
    """The kind of fault: the days on the row are those of before the question to the person."""
    with transaction(register.engine) as conn:
        waiting, running = (a_request(conn, register.keyring).number for _ in range(2))
        clock.stop(conn, register.keyring, waiting, date(2026, 3, 20), "officer")
        requests.set_status(conn, register.keyring, running, Status.CLOSED, outcome=Outcome.FULFILLED)
    found = of(register)
    assert (sum(found.open.values()), found.late, found.days_left) == (1, 0, None)
    with transaction(register.engine) as conn:
        hold = Hold(date(2026, 3, 20), date(2026, 3, 25))
        term = terms.term(date(2026, 3, 5), (hold,))
        clock.resume(conn, register.keyring, waiting, hold, term, "officer")
    assert of(register, term.due + timedelta(days=1)).late == 1
    assert of(register, term.due + timedelta(days=1)).days_left == -1


def test_a_failed_check_counts_until_a_later_one_passed_or_the_request_is_closed(register: Register) -> None:
    with transaction(register.engine) as conn:
        number = a_request(conn, register.keyring).number
        evidence.put_evidence(conn, register.keyring, number, "completeness", False, {}, "<p>failed</p>")
    assert of(register).unproven == 1
    with transaction(register.engine) as conn:
        evidence.put_evidence(conn, register.keyring, number, "completeness", True, {}, "<p>passed</p>")
    assert of(register).unproven == 0
    with transaction(register.engine) as conn:
        evidence.put_evidence(conn, register.keyring, number, "completeness", False, {}, "<p>failed</p>")
        requests.set_status(conn, register.keyring, number, Status.CLOSED, outcome=Outcome.REFUSED)
    assert of(register).unproven == 0


def test_a_mail_that_nobody_took_is_counted_with_its_age(register: Register) -> None:
    with transaction(register.engine) as conn:
        number = a_request(conn, register.keyring).number
        message_id = outbox.enqueue(conn, register.keyring, number, "answer", CANARY["email"], a_message())
    later = datetime.now(UTC) + timedelta(minutes=90, seconds=20)
    assert (of(register, now=later).unsent, of(register, now=later).unsent_minutes) == (1, 90)
    outbox.deliver(register.engine, register.keyring, message_id, lambda mail, to: None)
    assert (of(register, now=later).unsent, of(register, now=later).unsent_minutes) == (0, 0)


def test_figures_name_nobody(register: Register) -> None:
    with transaction(register.engine) as conn:
        a_request(conn, register.keyring)
    told = repr(list(of(register).gauges())).lower()
    assert not [value for value in CANARY.values() if value.lower() in told]


def test_when_something_last_happened(register: Register) -> None:
    moment = datetime(2026, 4, 9, 6, tzinfo=UTC)
    with transaction(register.engine) as conn:
        assert figures.last(conn, EventName.WATCH_RAN) is None
    for at in (moment - timedelta(days=1), moment):
        with events_at(at), transaction(register.engine) as conn:
            events.append(conn, register.keyring, EventName.WATCH_RAN, None)
    with transaction(register.engine) as conn:
        assert figures.last(conn, EventName.WATCH_RAN) == moment
