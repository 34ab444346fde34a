"""Faults in the middle of a request: nothing is lost, nothing goes out twice, and the register says what happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import psutil
import pytest
from canary_people import Canary
from desk import OFFICER, Desk, eventually
from leaks import Scanner

from avgflow.embedded import processes
from avgflow.register.requests import Outcome, Status


@pytest.fixture
def mending() -> Iterator[ExitStack]:
    """What mends a broken part when the test is over, however it ends."""
    with ExitStack() as stack:
        yield stack


def ask(desk: Desk, one: Canary) -> str:
    return desk.ask(email=one.email, name=one.name, phone=one.phone, verified_by="portal-login")


def closed_with_one_mail(desk: Desk, number: str, one: Canary) -> None:
    """It ended well, and the person got one mail."""
    assert desk.ended(number) == "success"
    request = desk.request(number)
    assert request.status is Status.CLOSED
    assert request.outcome in (Outcome.FULFILLED, Outcome.PARTLY_FULFILLED)
    assert len(desk.mails(one.email, number)) == 1
    assert len(desk.happened(number, "mail.accepted")) == len(desk.queued(number))


def stopped(desk: Desk, number: str, one: Canary, reason: str, told: str) -> None:
    """It stopped, the register (in English) and the officer's mail (in Dutch) say why, and the person got nothing."""
    assert desk.ended(number) == "failed"
    request = desk.request(number)
    assert (request.status, request.outcome) == (Status.STOPPED, None)
    assert desk.mails(one.email) == []
    mail = desk.mails(OFFICER, number)[-1]
    assert mail["Subject"] == f"Gestopt: {number}"
    text = " ".join(mail.get_body(("plain",)).get_content().split())  # type: ignore[union-attr]
    assert reason in str(request.reason)
    assert told in text
    assert Scanner(one.values).find(mail.as_bytes()) == set()
    assert desk.states(number)["close"] == "failed"


def test_a_store_that_is_down_for_a_moment_is_tried_again(
    desk: Desk, canaries: Mapping[str, Canary], mending: ExitStack
) -> None:
    one = canaries["egelantier"]
    mending.callback(desk.pool, "store_orders", 4)
    desk.pool("store_orders", 0)
    number = ask(desk, one)
    eventually(lambda: desk.happened(number, "plan.made"), what="the plan")
    mending.callback(desk.open_store, "orders")
    desk.close_store("orders")
    desk.pool("store_orders", 4)
    eventually(lambda: desk.happened(number, "store.failed"), what="a failed try")
    assert desk.request(number).status is Status.RUNNING
    desk.open_store("orders")
    closed_with_one_mail(desk, number, one)
    assert {detail["store"] for detail in desk.happened(number, "store.failed")} == {"orders"}
    assert desk.happened(number, "step.failed") == []
    assert desk.tasks(number)["orders"]["try_number"] > 1


def test_a_store_that_stays_down_stops_the_request_and_is_named(
    desk: Desk, canaries: Mapping[str, Canary], mending: ExitStack
) -> None:
    one = canaries["framboos"]
    mending.callback(desk.open_store, "marketing")
    desk.close_store("marketing")
    number = ask(desk, one)
    reason = "task identify failed (StoreUnreachable of store marketing)"
    stopped(desk, number, one, reason, "taak identify is mislukt (StoreUnreachable van marketing)")
    assert desk.tasks(number)["identify"]["try_number"] >= 3
    desk.open_store("marketing")
    desk.clear(number, "identify")
    closed_with_one_mail(desk, number, one)


def test_a_mail_server_that_is_down_gets_the_mail_when_it_is_back_and_once(
    desk: Desk, canaries: Mapping[str, Canary], mending: ExitStack
) -> None:
    one = canaries["guavepit"]
    mending.callback(desk.supervise, "start", "mailbox")
    desk.supervise("stop", "mailbox")
    number = ask(desk, one)
    eventually(lambda: len(desk.happened(number, "mail.failed")) >= 2, what="a second try to send")
    assert desk.request(number).status is Status.RUNNING
    assert desk.state(number) == "running"
    (mail,) = desk.queued(number)
    assert mail.accepted_at is None
    desk.supervise("start", "mailbox")
    closed_with_one_mail(desk, number, one)
    assert [sent["Message-ID"] for sent in desk.mails(one.email)] == [mail.message_id]
    names = [str(event.name) for event in desk.history(number)]
    assert names.index("mail.accepted") < names.index("request.closed")


def test_a_run_goes_on_when_the_scheduler_was_killed_in_the_middle_of_a_store(
    desk: Desk, canaries: Mapping[str, Canary], mending: ExitStack
) -> None:
    """The task is at work in the store, held there by a lock, when it and its scheduler die."""
    one = canaries["hazelnoot"]
    mending.callback(desk.pool, "store_orders", 4)
    desk.pool("store_orders", 0)
    number = ask(desk, one)
    eventually(lambda: desk.happened(number, "plan.made"), what="the plan")
    with desk.database("orders") as lock, desk.database() as admin:
        lock.autocommit = False
        lock.execute('LOCK TABLE public."order" IN ACCESS EXCLUSIVE MODE')
        desk.pool("store_orders", 4)
        held = "SELECT pid FROM pg_stat_activity WHERE datname = 'orders' AND wait_event_type = 'Lock'"
        eventually(lambda: admin.execute(held).fetchall(), what="a task at work")
        oldest(desk, "scheduler").kill()
    closed_with_one_mail(desk, number, one)
    assert len(desk.happened(number, "store.collected")) == 4


def oldest(desk: Desk, part: str) -> psutil.Process:
    """The process of a part that the supervisor started."""
    found = [f.process for f in processes.living(desk.status.layout) if f.component == part]
    return min(found, key=lambda process: process.create_time())


def test_a_column_that_the_catalog_does_not_know_stops_the_request(
    desk: Desk, canaries: Mapping[str, Canary], mending: ExitStack
) -> None:
    one = canaries["iepenloof"]
    with desk.store("crm") as crm:
        mending.callback(_execute, desk, "crm", "ALTER TABLE public.contact DROP COLUMN IF EXISTS shoe_size")
        crm.execute("ALTER TABLE public.contact ADD COLUMN shoe_size text")
    number = ask(desk, one)
    told = "crm.public.contact: kolom staat niet in de gegevenskaart"
    stopped(desk, number, one, "crm.public.contact: unknown column", told)
    assert desk.happened(number, "store.drifted") == [
        {"store": "crm", "table": "public.contact", "kind": "unknown-column"}
    ]
    assert desk.happened(number, "store.collected") == []
    said = desk.says("catalog", "check")
    assert said.code == 1
    assert "shoe_size" in said.out + said.err
    _execute(desk, "crm", "ALTER TABLE public.contact DROP COLUMN shoe_size")
    desk.clear(number, "plan")
    closed_with_one_mail(desk, number, one)


FAILING_TRIM = """
    CREATE FUNCTION public.btrim(value text, characters text) RETURNS text LANGUAGE plpgsql AS $$
    BEGIN
        IF value ILIKE '%juttepeerknarsen%' THEN
            RAISE EXCEPTION 'cannot trim "%"', value USING DETAIL = 'Row: ' || value, HINT = value;
        END IF;
        RETURN pg_catalog.btrim(value, characters);
    END $$
"""


def test_an_error_of_a_store_that_quotes_a_row_is_told_without_it(
    desk: Desk, canaries: Mapping[str, Canary], mending: ExitStack
) -> None:
    """The store compares addresses by a function of its own that fails with the value in its message."""
    one = canaries["juttepeer"]
    mending.callback(_execute, desk, "marketing", "DROP FUNCTION IF EXISTS public.btrim(text, text)")
    mending.callback(_execute, desk, "marketing", "ALTER ROLE marketing RESET search_path")
    _execute(desk, "marketing", "DROP FUNCTION IF EXISTS public.btrim(text, text)")
    _execute(desk, "marketing", FAILING_TRIM)
    _execute(desk, "marketing", "ALTER ROLE marketing SET search_path = public, pg_catalog")
    number = ask(desk, one)
    reason = "task identify failed (StoreRefused of store marketing)"
    stopped(desk, number, one, reason, "taak identify is mislukt (StoreRefused van marketing)")


def _execute(desk: Desk, store: str, statement: str) -> None:
    with desk.store(store) as conn:
        conn.execute(statement)  # type: ignore[call-overload]
