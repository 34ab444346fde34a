"""All requests at a glance: stages, sorting, paging, a part of a number, a person, and the months."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from register_world import CANARY, an_intake
from sqlalchemy import text

from avgflow.handling.turns import Pause
from avgflow.intake import Right
from avgflow.register import clock, overview, requests, subjects
from avgflow.register.overview import Sort, Stage, Wanted
from avgflow.register.requests import Outcome, Status

TODAY = date(2026, 11, 26)
BY_ITSELF = frozenset(Pause)


@pytest.fixture
def five(register: Any) -> list[str]:
    """Requests of five people: two that a human is asked about, one that waits by itself, one closed late, one late."""
    numbers = []
    with register.engine.begin() as conn:
        for nth, (right, received) in enumerate(
            [
                ("access", date(2026, 11, 20)),
                ("erasure", date(2026, 11, 2)),
                ("access", date(2026, 11, 25)),
                ("portability", date(2026, 9, 1)),
                ("access", date(2026, 10, 1)),
            ]
        ):
            intake = an_intake(right=right, received=received, email=f"wie{nth}@example.nl", customer_number=f"K-{nth}")
            due = received + timedelta(days=31)
            made = requests.register_request(conn, register.keyring, intake, due, due + timedelta(days=61), "officer")
            numbers.append(made.number)
        waits = [("approval", 1), ("verification", 0), (Pause.EARLIER.value, 2)]
        for code, nth in waits:
            requests.set_status(conn, register.keyring, numbers[nth], Status.WAITING, waiting_for=code)
        requests.set_status(conn, register.keyring, numbers[3], Status.CLOSED, outcome=Outcome.FULFILLED)
    return numbers


def find(register: Any, size: int = 10, **wanted: Any) -> tuple[list[str], int]:
    with register.engine.begin() as conn:
        found = overview.find(conn, Wanted(**wanted), TODAY, BY_ITSELF, size)
        total = overview.total(conn, Wanted(**wanted), TODAY, BY_ITSELF)
    return [one.number for one in found], total


def test_each_stage_holds_its_own(register: Any, five: list[str]) -> None:
    with register.engine.begin() as conn:
        assert overview.counts(conn, TODAY, BY_ITSELF) == {
            Stage.HUMAN: 2, Stage.OPEN: 4, Stage.LATE: 1, Stage.CLOSED: 1, Stage.ALL: 5,
        }  # fmt: skip
    assert find(register, stage=Stage.HUMAN) == ([five[1], five[0]], 2)
    assert find(register, stage=Stage.LATE) == ([five[4]], 1)
    assert find(register, stage=Stage.CLOSED) == ([five[3]], 1)


def test_a_stopped_request_is_somebodys_to_look_at(register: Any, five: list[str]) -> None:
    with register.engine.begin() as conn:
        requests.set_status(conn, register.keyring, five[4], Status.STOPPED)
    assert five[4] in find(register, stage=Stage.HUMAN)[0]


def test_pages_follow_each_other_without_a_gap_or_a_double(register: Any, five: list[str]) -> None:
    pages = [find(register, size=2, stage=Stage.ALL, sort=Sort.NUMBER, page=page) for page in (1, 2, 3, 4)]
    assert [number for page, _ in pages for number in page] == five
    assert {total for _, total in pages} == {5}
    down, _ = find(register, stage=Stage.ALL, sort=Sort.RECEIVED, descending=True)
    assert down == [five[2], five[0], five[1], five[4], five[3]]


def test_right_and_a_part_of_a_number_narrow_it_down(register: Any, five: list[str]) -> None:
    assert find(register, stage=Stage.ALL, right=Right.PORTABILITY) == ([five[3]], 1)
    assert find(register, stage=Stage.ALL, number=five[2].lower()) == ([five[2]], 1)
    assert find(register, stage=Stage.ALL, number="00003") == ([five[2]], 1)
    for stray in ("%", "_", "' OR 1=1", "x" * 40, "wie0@example.nl"):
        assert find(register, stage=Stage.ALL, number=stray) == ([], 0)


def test_a_person_is_found_by_what_they_gave_and_by_what_was_found(register: Any, five: list[str]) -> None:
    with register.engine.begin() as conn:
        subjects.note(conn, register.keyring, five[4], {"email": {"ander.adres@example.nl"}})

        def of(kind: str, value: str) -> list[str]:
            return [one.number for one in overview.of_person(conn, register.keyring, kind, value, 10)]

        assert of("email", " WIE1@example.nl ") == [five[1]]
        assert of("customer_number", "K-2") == [five[2]]
        assert of("email", "ander.adres@example.nl") == [five[4]]
        assert of("email", "  ") == []
        assert of("email", CANARY["email"]) == []


def test_months_count_what_came_in_and_what_was_late(register: Any, five: list[str]) -> None:
    with register.engine.begin() as conn:
        conn.execute(text("SET LOCAL TimeZone TO 'Pacific/Auckland'"))
        found = overview.months(conn, date(2026, 8, 1), TODAY)
    # Closed today, and due on 2 October.
    assert [(one.first.month, one.in_time, one.late, one.open) for one in found] == [
        (8, 0, 0, 0), (9, 0, 1, 0), (10, 0, 1, 0), (11, 0, 0, 3),
    ]  # fmt: skip


def test_what_stands_still_is_open_and_not_late(register: Any, five: list[str]) -> None:
    with register.engine.begin() as conn:
        clock.stop(conn, register.keyring, five[4], date(2026, 10, 20), "officer")
        assert overview.counts(conn, TODAY, BY_ITSELF)[Stage.LATE] == 0
        of_october = overview.months(conn, date(2026, 10, 1), TODAY)[0]
    assert find(register, stage=Stage.LATE) == ([], 0)
    assert (of_october.late, of_october.open) == (0, 1)
