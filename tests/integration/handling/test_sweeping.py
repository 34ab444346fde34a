"""A sweep of the demonstration stores: it takes what it counted, keyless rows and whole partitions included."""

from __future__ import annotations

from datetime import date

from handling_world import Office

from avgflow.handling import proving_sweep, sweeping
from avgflow.handling.environment import Environment
from avgflow.register import sweeps
from avgflow.register.database import transaction
from avgflow.register.sweeps import SweepStatus

TODAY = date(2026, 11, 26)


def allow(env: Environment, number: str) -> None:
    with transaction(env.register) as register:
        digest = sweeps.get(register, number).digest
        sweeps.approve(register, env.keyring, number, digest, "privacy-officer")


def test_a_sweep_takes_what_it_counted_and_then_there_is_nothing_left_to_take(own_stores: Office) -> None:
    env = own_stores.env
    looked = {(one.store, one.table, one.code): one.rows for one in sweeping.look(env, TODAY) if one.rows}
    sweep = sweeping.preview(env, "manual__1", TODAY)
    allow(env, sweep.number)
    for store in env.catalog.stores:
        done = sweeping.carry_out(env, sweep.number, store)
        assert done.changed == done.rows == done.rows_done > 0
    with transaction(env.register) as register:
        assert {key: rows for key, (_, rows) in sweeps.changed(register, sweep.number).items()} == looked
        assert sweeps.get(register, sweep.number).status is SweepStatus.RUNNING
    assert not any(one.rows for one in sweeping.look(env, TODAY))
    verdict = proving_sweep.prove(env, sweep.number)
    assert verdict.passed, verdict.failures
    assert proving_sweep.close(env, sweep.number, verdict).status is SweepStatus.DONE
