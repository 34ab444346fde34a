"""What the register says of earlier sweeps, by which the next one knows whether it must ask."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from real_postgres import Register
from swept_world import DAY, Desk, found

from avgflow.register import chain, earlier_sweeps, sweeps
from avgflow.register.database import transaction
from avgflow.register.sweeps import SweepStatus
from avgflow.sweep.caps import ENOUGH

OLD, NEW = "a" * 64, "b" * 64


@pytest.fixture
def desk(register: Register) -> Desk:
    return Desk(register.engine, register.keyring)


def before(desk: Desk) -> tuple[str | None, str | None, date | None]:
    with transaction(desk.engine) as conn:
        assert chain.verify(conn, desk.keyring).ok
        return earlier_sweeps.last_fingerprint(conn), earlier_sweeps.last_stopped(conn), earlier_sweeps.last_taken(conn)


def refused(desk: Desk, run: str, fingerprint: str = OLD) -> None:
    made = desk.previewed(run, fingerprint=fingerprint)
    with transaction(desk.engine) as conn:
        sweeps.refuse(conn, desk.keyring, made.number, "officer")


def test_before_the_first_sweep_there_is_nothing_to_go_by(desk: Desk) -> None:
    assert before(desk) == (None, None, None)
    desk.previewed("run-1")
    assert before(desk) == (None, None, None)


def test_what_counts_is_the_sweep_that_was_approved_last_and_not_one_that_was_refused(desk: Desk) -> None:
    desk.approved("run-1", fingerprint=OLD)
    refused(desk, "run-2", NEW)
    desk.previewed("run-3", fingerprint=NEW)
    assert before(desk)[0] == OLD
    desk.ended("run-4", fingerprint=NEW)
    assert before(desk)[0] == NEW


@pytest.mark.parametrize("status", [SweepStatus.STOPPED, SweepStatus.FAILED])
def test_after_a_sweep_that_did_not_end_well_the_next_asks_until_one_is_approved(
    desk: Desk, status: SweepStatus
) -> None:
    desk.ended("run-1")
    assert before(desk)[1] is None
    bad = desk.ended("run-2", status=status)
    assert before(desk)[1] == bad.number
    refused(desk, "run-3")
    assert before(desk)[1] == bad.number
    desk.approved("run-4")
    assert before(desk)[1] is None


def test_the_last_day_with_a_row_is_that_of_the_last_sweep_that_took_any(desk: Desk) -> None:
    desk.ended("run-1", day=DAY - timedelta(28))
    assert before(desk)[2] == DAY - timedelta(28), "none yet took any: since the first that looked"
    desk.ended("run-2", [found(3)], day=DAY - timedelta(21))
    desk.ended("run-3", [found(0)], day=DAY - timedelta(14))
    desk.approved("run-4", [found(5)], day=DAY - timedelta(7))
    assert before(desk)[2] == DAY - timedelta(21)


def test_a_rule_has_a_usual_week_once_it_took_rows_often_enough(desk: Desk) -> None:
    usual = {}
    for week in range(ENOUGH):
        with transaction(desk.engine) as conn:
            usual = earlier_sweeps.usual(conn)
        assert usual == {}, week
        desk.ended(f"run-{week}", [found(10 * (week + 1)), found(0, code="2-R3")])
    with transaction(desk.engine) as conn:
        usual = earlier_sweeps.usual(conn)
    assert usual == {("crm", "public.ticket", "1-R2"): 25.0}
