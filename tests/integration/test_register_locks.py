"""Two workers and the same piece of work: one at a time, and nobody is kept out by work that has ended."""

from __future__ import annotations

import pytest
from real_postgres import Register
from sqlalchemy import func, select

from avgflow.register import locks
from avgflow.settings import engine

WORK = "erase AVG-2026-00001 crm"


def is_free(register: Register) -> bool:
    """Whether another worker could take the work at once."""
    other = engine(register.app_dsn)
    try:
        with other.begin() as conn:
            key = func.hashtextextended(WORK, locks._LOCK_CLASS)
            return bool(conn.execute(select(func.pg_try_advisory_xact_lock(key))).scalar_one())
    finally:
        other.dispose()


def test_work_keeps_others_out_until_it_is_done(register: Register) -> None:
    with locks.alone(register.engine, [WORK]):
        assert not is_free(register)
    assert is_free(register)


def test_work_that_failed_keeps_nobody_out(register: Register) -> None:
    with pytest.raises(ZeroDivisionError), locks.alone(register.engine, [WORK]):
        raise ZeroDivisionError
    assert is_free(register)


def test_work_whose_connection_broke_keeps_nobody_out_and_counts_as_done(register: Register) -> None:
    end = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
    superuser = engine(register.superuser_dsn)
    with locks.alone(register.engine, [WORK]), superuser.begin() as conn:
        conn.exec_driver_sql(end)
    superuser.dispose()
    assert is_free(register)


def test_piece_after_piece_of_work_takes_one_connection(register: Register) -> None:
    backends = set()
    for _ in range(3):
        with locks.alone(register.engine, [WORK]):
            pass
        with register.engine.begin() as conn:
            backends.add(conn.execute(select(func.pg_backend_pid())).scalar_one())
            assert conn.execute(select(func.current_setting("lock_timeout"))).scalar_one() == "0"
    assert len(backends) == 1
