"""Ports: free, stable, and never the same for two stacks that start at once."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from stack_world import state

from avgflow.embedded.ports import HOST, Reservations, is_free
from avgflow.embedded.state import Ports, with_free_ports


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind((HOST, 0))
        server.listen()
        yield server.getsockname()[1]


@pytest.fixture
def free() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def test_a_port_that_someone_listens_on_is_not_free(taken: int, free: int) -> None:
    assert not is_free(taken)
    assert is_free(free)


def test_a_preferred_port_is_kept_where_it_is_free(tmp_path: Path, free: int) -> None:
    with Reservations(tmp_path) as reservations:
        assert reservations.choose([free]) == free


def test_a_taken_port_is_replaced(tmp_path: Path, taken: int) -> None:
    with Reservations(tmp_path) as reservations:
        assert reservations.choose([taken]) != taken


def test_two_starts_at_once_choose_different_ports(tmp_path: Path, free: int) -> None:
    with Reservations(tmp_path) as one, Reservations(tmp_path) as other:
        assert one.choose([free]) == free
        assert other.choose([free]) != free
    with Reservations(tmp_path) as later:
        assert later.choose([free]) == free


def test_a_reservation_leaves_nothing_behind(tmp_path: Path) -> None:
    with Reservations(tmp_path) as reservations:
        reservations.choose()
    assert list(tmp_path.iterdir()) == []


def test_only_the_ports_change_when_one_is_taken(tmp_path: Path, taken: int, free: int) -> None:
    before = state().model_copy(update={"ports": Ports(airflow=free, postgres=taken, mailbox=free + 1)})
    with Reservations(tmp_path) as reservations:
        after = with_free_ports(before, reservations)
    assert after.ports.airflow == free
    assert after.ports.postgres not in {taken, after.ports.airflow, after.ports.mailbox}
    assert after.model_copy(update={"ports": before.ports}) == before
