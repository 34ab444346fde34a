"""A sweep of the demonstration stores: it takes what it counted, keyless rows and whole partitions included."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import psycopg
import pytest
from handling_world import Office
from sqlalchemy import func, select

from avgflow.handling import previewing_sweep, protecting, proving_sweep, sweeping
from avgflow.handling.environment import Environment
from avgflow.handling.sweeping import SweepStopped
from avgflow.register import chain, events, holds, suppressions, sweeps
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.schema import sweep_part
from avgflow.register.sweeps import AnotherPreview, NotAllowed, SweepEnded, SweepStatus

TODAY = date(2026, 11, 26)


def allow(env: Environment, number: str) -> None:
    with transaction(env.register) as register:
        digest = sweeps.get(register, number).digest
        sweeps.approve(register, env.keyring, number, digest, "privacy-officer")


def test_a_sweep_takes_what_it_counted_and_then_there_is_nothing_left_to_take(own_stores: Office) -> None:
    env = own_stores.env
    looked = {(one.store, one.table, one.code): one.rows for one in previewing_sweep.count(env, TODAY) if one.rows}
    sweep = previewing_sweep.preview(env, "manual__1", TODAY)
    allow(env, sweep.number)
    for store in env.catalog.stores:
        done = sweeping.carry_out(env, sweep.number, store)
        assert done.changed == done.rows == done.rows_done > 0
    with transaction(env.register) as register:
        assert {key: rows for key, (_, rows) in sweeps.changed(register, sweep.number).items()} == looked
        assert sweeps.get(register, sweep.number).status is SweepStatus.RUNNING
    assert not any(one.rows for one in previewing_sweep.count(env, TODAY))
    verdict = proving_sweep.prove(env, sweep.number)
    assert verdict.passed, verdict.failures
    assert proving_sweep.close(env, sweep.number, verdict).status is SweepStatus.DONE


def small(office: Office, rows: int) -> Environment:
    """The office, with so many rows in a transaction."""
    policy = office.env.policy
    retention = policy.retention.model_copy(update={"batch": rows})
    vars(office.env)["policy"] = policy.model_copy(update={"retention": retention})
    return office.env


def rows_of(office: Office, store: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(office.stores[store]) as connection:
        return connection.execute(query.encode()).fetchall()


def swept(env: Environment, number: str, *stores: str) -> int:
    return sum(sweeping.carry_out(env, number, store).changed for store in stores or env.catalog.stores)


def held(env: Environment, table: str) -> dict[str, int]:
    """By reason, the rows of a table that are past their term and stay."""
    found: Counter[str] = Counter()
    for one in previewing_sweep.count(env, TODAY):
        if one.table == table:
            found.update(one.figures["held"])
    return dict(found)


EXPIRED_TICKET = (
    "SELECT c.contact_number, min(t.ticket_id) FROM contact c JOIN ticket t ON t.opened_by = c.contact_id "
    "WHERE t.closed_at < '2024-11-01' AND t.parent_ticket_id IS NULL GROUP BY 1 HAVING count(*) > 1 ORDER BY 1 LIMIT 3"
)
TICKETS = "SELECT ticket_id FROM ticket t JOIN contact c ON c.contact_id = t.opened_by WHERE contact_number = '{}'"


def test_nothing_goes_of_a_sweep_that_nobody_allowed_or_that_was_refused(own_stores: Office) -> None:
    env = own_stores.env
    sweep = previewing_sweep.preview(env, "manual__1", TODAY)
    before = rows_of(own_stores, "crm", "SELECT count(*) FROM ticket")
    with pytest.raises(NotAllowed, match=f"{sweep.number} waits to be approved"):
        sweeping.carry_out(env, sweep.number, "crm")
    with transaction(env.register) as register:
        with pytest.raises(AnotherPreview):
            sweeps.approve(register, env.keyring, sweep.number, "0" * 64, "privacy-officer")
        sweeps.refuse(register, env.keyring, sweep.number, "privacy-officer")
    with pytest.raises(SweepEnded):
        sweeping.carry_out(env, sweep.number, "crm")
    assert rows_of(own_stores, "crm", "SELECT count(*) FROM ticket") == before


def test_the_same_run_finds_its_sweep_again_and_another_makes_its_own(own_stores: Office) -> None:
    env = own_stores.env
    first = previewing_sweep.preview(env, "manual__1", TODAY)
    assert previewing_sweep.preview(env, "manual__1", TODAY) == first
    assert previewing_sweep.preview(env, "manual__2", TODAY).number != first.number
    assert [ask["why"] for ask in first.asks or ()][:1] == ["first"]


def test_a_hold_that_is_placed_after_the_preview_keeps_the_rows(own_stores: Office) -> None:
    env = own_stores.env
    (held_number, _), (other, _), *_ = rows_of(own_stores, "crm", EXPIRED_TICKET)
    tickets = rows_of(own_stores, "crm", TICKETS.format(held_number))
    sweep = previewing_sweep.preview(env, "manual__1", TODAY)
    allow(env, sweep.number)
    with transaction(env.register) as register:
        held_by = {"contact_number": held_number}
        hold = holds.place(register, env.keyring, held_by, None, None, "claim", "privacy-officer")
    swept(env, sweep.number)
    assert rows_of(own_stores, "crm", TICKETS.format(held_number)) == tickets
    assert all(closed >= "2024-11-26" for closed in _closed(own_stores, other))
    past = sum(closed < "2024-11-26" for closed in _closed(own_stores, held_number))
    assert held(env, "public.ticket") == {"hold": past}
    verdict = proving_sweep.prove(env, sweep.number)
    assert verdict.passed, verdict.failures
    with transaction(env.register) as register:
        holds.release(register, env.keyring, hold.id, "privacy-officer")
    assert held(env, "public.ticket") == {}


def _closed(office: Office, contact: str) -> list[str]:
    found = rows_of(
        office,
        "crm",
        f"SELECT closed_at::date::text FROM ticket t JOIN contact c ON c.contact_id = t.opened_by "
        f"WHERE contact_number = '{contact}' AND closed_at IS NOT NULL",
    )
    return [closed for (closed,) in found]


def test_a_hold_that_is_placed_while_a_batch_is_under_way_keeps_its_rows(
    own_stores: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the deletion and the commit: the register is asked last."""
    env = small(own_stores, 10)
    (number, _), *_ = rows_of(own_stores, "crm", EXPIRED_TICKET)
    tickets = rows_of(own_stores, "crm", TICKETS.format(number))
    sweep = previewing_sweep.preview(env, "manual__1", TODAY)
    allow(env, sweep.number)
    placed: list[int] = []
    real = sweeping.carry

    def carry_and_hold(*given: Any, **named: Any) -> Any:
        done = real(*given, **named)
        if not placed:
            with transaction(env.register) as register:
                one = holds.place(
                    register, env.keyring, {"contact_number": number}, None, None, "claim", "privacy-officer"
                )
                placed.append(one.id)
        return done

    monkeypatch.setattr(sweeping, "carry", carry_and_hold)
    swept(env, sweep.number)
    assert placed
    assert rows_of(own_stores, "crm", TICKETS.format(number)) == tickets


def test_a_hold_that_comes_while_the_housekeeping_takes_another_away_is_noticed(office: Office, register: Any) -> None:
    """The kind of fault: as many as before, and not the same."""
    env = office.env
    with transaction(env.register) as conn:
        old = holds.place(conn, env.keyring, {"email": "een@example.nl"}, None, None, "claim", "privacy-officer")
        holds.release(conn, env.keyring, old.id, "privacy-officer")
        before = protecting.stamp(conn)
    with psycopg.connect(register.superuser_dsn) as housekeeping:
        housekeeping.execute("SET session_replication_role = replica")
        housekeeping.execute("DELETE FROM hold WHERE id = %s", [old.id])
    with transaction(env.register) as conn:
        holds.place(conn, env.keyring, {"email": "ander@example.nl"}, None, None, "claim", "privacy-officer")
        after = protecting.stamp(conn)
    assert after.counts == before.counts
    assert after != before


def test_a_stopped_sweep_leaves_a_whole_state_that_the_next_goes_on_from(own_stores: Office) -> None:
    env = small(own_stores, 20)
    sweep = previewing_sweep.preview(env, "manual__1", TODAY)
    planned = sum(one.rows for one in previewing_sweep.count(env, TODAY))
    allow(env, sweep.number)
    first = swept(env, sweep.number, "accounts")
    with transaction(env.register) as register:
        sweeps.ask_to_stop(register, env.keyring, sweep.number, "privacy-officer")
    for store in env.catalog.stores:
        if store != "accounts":
            with pytest.raises(SweepStopped):
                sweeping.carry_out(env, sweep.number, store)
    verdict = proving_sweep.prove(env, sweep.number)
    assert verdict.passed, verdict.failures
    assert proving_sweep.close(env, sweep.number, verdict).status is SweepStatus.STOPPED
    later = previewing_sweep.preview(env, "manual__2", TODAY)
    allow(env, later.number)
    assert first + swept(env, later.number) == planned


def test_who_opted_out_stays_off_the_list_when_the_row_goes(own_stores: Office) -> None:
    env = own_stores.env
    with psycopg.connect(own_stores.stores["marketing"]) as store:
        store.execute(
            "INSERT INTO subscriber (email, subscribed_at, unsubscribed_at) VALUES "
            "('Left@Voorbeeld.example', '2020-01-01', '2020-02-01'), "
            "('twice@voorbeeld.example', '2020-01-01', '2020-02-01'), "
            "('Twice@voorbeeld.example', '2020-03-01', NULL)"
        )
    sweep = previewing_sweep.preview(env, "manual__1", TODAY)
    allow(env, sweep.number)
    swept(env, sweep.number, "marketing")
    left = rows_of(own_stores, "marketing", "SELECT email FROM subscriber WHERE email ILIKE '%@voorbeeld.example'")
    assert left == [("Twice@voorbeeld.example",)]
    addresses = ["left@voorbeeld.example", "twice@voorbeeld.example"]
    with transaction(env.register) as register:
        on_list = suppressions.suppressed(register, env.keyring, "email", addresses)
    # Whoever signed up again under the same address wants the mail.
    assert on_list == {"left@voorbeeld.example"}


def test_a_sweep_is_on_the_chain_and_the_chain_is_whole(own_stores: Office) -> None:
    env = own_stores.env
    sweep = previewing_sweep.preview(env, "manual__1", TODAY)
    allow(env, sweep.number)
    swept(env, sweep.number)
    proving_sweep.close(env, sweep.number, proving_sweep.prove(env, sweep.number))
    with transaction(env.register) as register:
        told = [event.name for event in events.history(register, sweep.number)]
        assert chain.verify(register, env.keyring).ok
        kept = register.execute(select(func.count()).where(sweep_part.c.sealed.is_not(None))).scalar_one()
    assert told == [
        EventName.SWEEP_BEGUN,
        EventName.SWEEP_PREVIEWED,
        EventName.SWEEP_APPROVED,
        *([EventName.STORE_SWEPT] * len(env.catalog.stores)),
        EventName.SWEEP_PROVEN,
        EventName.SWEEP_ENDED,
    ]
    assert kept == 0
