"""A store that is down, busy, changed or crashed: what is done stays, the rest goes on, nothing is said too soon."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from erasure_worker import stopped, watch
from handling_world import Office
from real_postgres import Server
from troubled_people import Copy, approve, approve_newest, content, copied, end_of, finish
from troubled_servers import Where, crashing, transfer, wire

from avgflow.demo.stores import STORES
from avgflow.demo.truth import SubjectTruth
from avgflow.errors import StoreBusy, StoreUnreachable
from avgflow.handling import answering_erasure, closing, erasing, planning, recounting
from avgflow.handling.answering import NotProven
from avgflow.handling.recounting import NotCarriedOut
from avgflow.register import events, intents, receipts
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.receipts import Step
from avgflow.register.requests import Status
from avgflow.stores.erase import StoreChanged


@pytest.fixture
def person(subjects: Sequence[SubjectTruth]) -> SubjectTruth:
    """Somebody who has rows of every kind in every store."""
    everywhere = {"crm.public.note", "accounts.public.login", "marketing.public.event", "marketing.public.web_visit"}
    return next(one for one in subjects if not one.traits and everywhere <= set(one.owned))


@pytest.fixture
def copy(pg: Server, _register_template: str, stores: Any, tmp_path: Path, person: SubjectTruth) -> Iterator[Copy]:
    """An approved erasure of this person in stores of its own."""
    with copied(pg, _register_template, stores.templates, (), tmp_path) as made:
        yield replace(made, numbers=approve(made.office, [person]))


def erased_once(copy: Copy, number: str) -> None:
    """Each store is done once, by its events and by its receipts."""
    with transaction(copy.office.env.register) as register:
        done = [one.detail["store"] for one in events.history(register, number) if one.name == EventName.STORE_ERASED]
        standing = [one.store for one in receipts.receipts(register, number)]
    assert sorted(done) == sorted(standing) == sorted(STORES)


def failures(copy: Copy, number: str) -> list[tuple[str, str]]:
    """The stores that failed by the register, and how."""
    with transaction(copy.office.env.register) as register:
        history = events.history(register, number)
    return [(one.detail["store"], one.detail["error"]) for one in history if one.name == EventName.STORE_FAILED]


# A store that is down ------------------------------------------------------------------------------------------------


def nothing_is_called_done(office: Office, number: str, store: str) -> None:
    with pytest.raises(NotCarriedOut, match=f"'{store}' has no receipt"):
        recounting.run(office.env, [number])
    with pytest.raises(NotProven):
        answering_erasure.run(office.env, number)
    missing = [one.en for one in closing.run(office.env, number).missing]
    assert [line for line in missing if "receipt" in line] == [f"no receipt of store {store}"]
    request = office.request(number)
    assert (request.status, request.outcome) == (Status.STOPPED, None)
    assert f"no receipt of store {store}" in (request.reason or "")
    assert office.mailbox.mails(number) == []


def others_are_done(copy: Copy, number: str, store: str, fault: type[Exception]) -> None:
    for other in STORES:
        if other == store:
            with pytest.raises(fault, match=store):
                erasing.run(copy.office.env, other, [number])
        else:
            erasing.run(copy.office.env, other, [number])
    assert failures(copy, number) == [(store, fault.__name__)]
    nothing_is_called_done(copy.office, number, store)


@pytest.mark.parametrize("store", ["crm", "marketing"])
def test_a_store_that_nobody_may_enter_is_waited_for(copy: Copy, pg: Server, store: str) -> None:
    (number,), before = copy.numbers, content(copy.office, store)
    shut(pg, copy.databases[store], allowed=False)
    others_are_done(copy, number, store, StoreUnreachable)
    shut(pg, copy.databases[store], allowed=True)
    assert content(copy.office, store) == before
    finish(copy.office, [number])
    erased_once(copy, number)


def shut(pg: Server, database: str, *, allowed: bool) -> None:
    with psycopg.connect(pg.superuser_dsn, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS {allowed}')
        if not allowed:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [database]
            )


def test_a_store_at_a_port_where_nobody_listens_is_waited_for(copy: Copy) -> None:
    (number,) = copy.numbers
    address = copy.site.stores["orders"]
    copy.office.env.dispose()
    copy.office.env._engines.clear()
    copy.site.stores["orders"] = "postgresql://orders@127.0.0.1:1/orders"
    others_are_done(copy, number, "orders", StoreUnreachable)
    copy.site.stores["orders"] = address
    copy.office.env._engines.clear()
    finish(copy.office, [number])
    erased_once(copy, number)


def test_a_store_that_stops_in_the_middle_is_as_before_and_done_later(copy: Copy, pg: Server) -> None:
    (number,), before = copy.numbers, content(copy.office, "crm")
    with stopped(copy.site, "crm", number, 20) as worker:
        shut(pg, copy.databases["crm"], allowed=False)
    assert worker.end() == StoreUnreachable.__name__
    shut(pg, copy.databases["crm"], allowed=True)
    assert content(copy.office, "crm") == before
    finish(copy.office, [number])
    erased_once(copy, number)


def test_a_lock_of_somebody_else_is_waited_for_a_moment_then_said(copy: Copy, person: SubjectTruth) -> None:
    (number,), before = copy.numbers, content(copy.office, "crm")
    with psycopg.connect(copy.office.stores["crm"]) as other:
        other.execute("SELECT 1 FROM contact FOR UPDATE")
        with pytest.raises(StoreBusy, match="Nothing was changed"):
            erasing.run(copy.office.env, "crm", [number])
    assert failures(copy, number) == [("crm", "StoreBusy")]
    assert content(copy.office, "crm") == before
    finish(copy.office, [number])
    erased_once(copy, number)


# A world that changes ------------------------------------------------------------------------------------------------


def write_a_note(dsn: str, _shared: str, person: SubjectTruth) -> None:
    contact = person.owned["crm.public.contact"].keys[0][0]  # type: ignore[index]
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "INSERT INTO note (note_id, contact_id, body, author, written_at) VALUES (999999, %s, 'x', 'y', now())",
            [contact],
        )


def visit(dsn: str, shared: str, person: SubjectTruth) -> None:
    """Also where the subscriber is erased already, so that nothing in the store tells whose visit it is."""
    ours = str(person.owned["marketing.public.web_visit"].keys[0][0])  # type: ignore[index]
    with psycopg.connect(shared) as before:
        (visitor,) = before.execute("SELECT visitor_id FROM web_visit WHERE visit_id = %s", [ours]).fetchone() or ()
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "INSERT INTO web_visit (visit_id, visitor_id, at, page) "
            "VALUES ('00000000-0000-0000-0000-000000000001', %s, '2026-01-01', '/')",
            [visitor],
        )


CHANGES = {"crm": write_a_note, "marketing": visit}


@pytest.mark.parametrize("changed", CHANGES)
@pytest.mark.parametrize(
    "done",
    [
        pytest.param(("orders",), marks=pytest.mark.faults),
        ("orders", "marketing"),
        pytest.param(("orders", "marketing", "accounts"), marks=pytest.mark.faults),
    ],
)
def test_a_world_that_changed_is_planned_and_approved_anew_and_what_was_done_counts(
    copy: Copy,
    pg: Server,
    _register_template: str,  # noqa: PT019
    stores: Any,
    tmp_path: Path,
    person: SubjectTruth,
    done: tuple[str, ...],
    changed: str,
) -> None:
    """The end is that of an erasure that was planned when the world had changed already."""
    office, (number,) = copy.office, copy.numbers
    for store in done:
        erasing.run(office.env, store, [number])
    change = CHANGES[changed]
    change(copy.site.stores[changed], stores.shared[changed], person)
    if changed not in done:
        with pytest.raises(StoreChanged):
            erasing.run(office.env, changed, [number])
    planning.make(office.env, [number])
    with pytest.raises(erasing.NotApproved):
        erasing.run(office.env, "crm", [number])
    approve_newest(office, number)
    finish(office, [number])
    with copied(pg, _register_template, stores.templates, (), tmp_path) as other:
        change(other.site.stores[changed], stores.shared[changed], person)
        assert approve(other.office, [person]) == (number,)
        finish(other.office, [number])
        wanted, found = end_of(other.office, [number]), end_of(office, [number])
        wanted_told, found_told = told(other, number), told(copy, number)
    assert found.rows == wanted.rows
    assert found.mails == wanted.mails
    with transaction(office.env.register) as register:
        erased = [one.detail["store"] for one in events.history(register, number) if one.name == EventName.STORE_ERASED]
    assert sorted(erased) == sorted([*STORES, *done])
    assert found_told == wanted_told


def told(copy: Copy, number: str) -> Any:
    with transaction(copy.office.env.register) as register:
        (answer,) = [one for one in events.history(register, number) if one.name == EventName.ANSWER_MADE]
    return answer.detail


# A server or a wire that breaks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("breaks", ["before", "after"])
def test_a_connection_that_is_lost_during_the_commit_counts_nothing_twice(copy: Copy, breaks: Where) -> None:
    (number,) = copy.numbers
    direct = copy.site.stores["crm"]
    with wire(direct, breaks) as broken:
        copy.office.env.dispose()
        copy.office.env._engines.clear()
        copy.site.stores["crm"] = broken.dsn(direct)
        with pytest.raises(StoreUnreachable):
            erasing.run(copy.office.env, "crm", [number])
        assert broken.broken == 1
        finish(copy.office, [number])
        copy.office.env.dispose()
    erased_once(copy, number)


CRASHES = {"before the commit": "register committed", "after the commit": "store committed"}


@pytest.mark.parametrize(
    ("moment", "forgetful"),
    [
        pytest.param("before the commit", False, marks=pytest.mark.faults),
        ("before the commit", True),
        pytest.param("after the commit", False, marks=pytest.mark.faults),
        ("after the commit", True),
    ],
)
def test_a_store_whose_server_crashes_is_erased_in_the_end_whatever_it_remembers(
    copy: Copy, tmp_path: Path, moment: str, forgetful: bool
) -> None:
    """A server that crashes may give the id of the transaction that it lost to the next one."""
    (number,) = copy.numbers
    with ExitStack() as stack:
        server = stack.enter_context(crashing())
        own = server.state.dsn("crm", "crm")
        transfer(server.programs, copy.site.stores["crm"], own, tmp_path)
        if forgetful:
            with psycopg.connect(server.state.superuser_dsn, autocommit=True) as connection:
                connection.execute("ALTER ROLE crm SET synchronous_commit = off")
                connection.execute("CHECKPOINT")
        stack.callback(copy.office.env.dispose)
        copy.office.env.dispose()
        copy.office.env._engines.clear()
        copy.site.stores["crm"] = own
        before = content(copy.office, "crm")
        passed: list[str] = []

        def step(name: str) -> None:
            passed.append(name)
            if name == CRASHES[moment] and "register INSERT INTO intent" in passed and passed.count("crash") == 0:
                passed.append("crash")
                server.crash()

        watch(copy.office.env, "crm", step)
        if moment == "before the commit":
            with pytest.raises(StoreUnreachable):
                erasing.run(copy.office.env, "crm", [number])
        else:
            erasing.run(copy.office.env, "crm", [number])
        server.start()
        lost = content(copy.office, "crm") == before
        assert lost or moment == "after the commit"
        others_write(own, transaction_of(copy, number))
        finish(copy.office, [number])
        erased_once(copy, number)


def transaction_of(copy: Copy, number: str) -> int:
    with transaction(copy.office.env.register) as register:
        intent = intents.newest(register, copy.office.env.keyring, number, Step.ERASE, "crm")
    assert intent is not None
    return int(intent.transaction)


def others_write(dsn: str, until: int) -> None:
    """Transactions of others that commit, up to the one with this id."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE TEMPORARY TABLE something (it int)")
        for _ in range(100):
            row = connection.execute("INSERT INTO something VALUES (1) RETURNING pg_current_xact_id()::text").fetchone()
            assert row is not None
            if int(row[0]) > until:
                break
