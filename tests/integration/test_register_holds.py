"""Holds: on whom, on what, how long, and until when they count."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import psycopg
import pytest
from real_postgres import Register
from register_world import CANARY

from avgflow.intake import day_in_amsterdam
from avgflow.policy.decide import EVERYTHING
from avgflow.register import chain, holds
from avgflow.register.database import transaction
from avgflow.register.detail import DetailRefused
from avgflow.register.holds import Hold, HoldRefused, HoldState
from avgflow.register.schema import event
from avgflow.register.subjects import Identifiers

PERSON = {"email": "J.Jansen@Bedrijf.nl", "customer_number": "K-7301"}
TODAY = day_in_amsterdam()
TOMORROW, LATER = TODAY + timedelta(1), TODAY + timedelta(400)


def place(
    register: Register,
    on: Identifiers | None = PERSON,
    record_class: str | None = None,
    until: date | None = None,
    reason: str = "claim",
) -> Hold:
    with transaction(register.engine) as conn:
        return holds.place(conn, register.keyring, on, record_class, until, reason, "officer")


def release(register: Register, hold: Hold) -> Hold:
    with transaction(register.engine) as conn:
        return holds.release(conn, register.keyring, hold.id, "officer")


def held(register: Register, on: Identifiers = PERSON, today: date | None = None) -> dict[str, date | None]:
    with transaction(register.engine) as conn:
        return holds.of(conn, register.keyring, on, today)


def events(register: Register) -> list[tuple[str, dict[str, object]]]:
    """What happened to holds; the chain must be whole."""
    with transaction(register.engine) as conn:
        assert chain.verify(conn, register.keyring).ok
        rows = conn.execute(event.select().where(event.c.name.startswith("hold.")).order_by(event.c.id))
        return [(row.name, row.detail) for row in rows]


@pytest.mark.parametrize(
    "on",
    [
        {"email": "j.jansen@bedrijf.nl"},
        {"email": [" J.JANSEN@BEDRIJF.NL\u00a0"]},
        {"email": {"other@bedrijf.nl", "j.jansen@bedrijf.nl"}, "customer_number": ["K-9"]},
        {"customer_number": frozenset({"k-7301"})},
    ],
)
def test_a_person_is_held_by_any_one_identifier_in_any_case(register: Register, on: Identifiers) -> None:
    place(register)
    assert held(register, on) == {EVERYTHING: None}


@pytest.mark.parametrize(
    "on",
    [
        {"email": "k-7301"},
        {"customer_number": "j.jansen@bedrijf.nl"},
        {"email": ["", " ", "j", "jansen@bedrijf.nl"]},
        {"email": []},
        {},
    ],
)
def test_nobody_else_is_held_with_them(register: Register, on: Identifiers) -> None:
    place(register)
    place(register, {"email": "x@y.nl", "visitor_id": " "}, "R9")
    assert held(register, on) == {}


def test_a_record_class_alone_is_held_for_everybody(register: Register) -> None:
    place(register, None, "R7", LATER, "incident")
    assert held(register) == held(register, {}) == held(register, {"email": "x@y.nl"}) == {"R7": LATER}


def test_one_class_of_a_person_is_held_and_the_rest_is_not(register: Register) -> None:
    place(register, record_class="R2", until=LATER)
    assert held(register) == {"R2": LATER}
    assert held(register, {"email": "x@y.nl"}) == {}


def test_of_several_holds_the_longest_counts(register: Register) -> None:
    place(register, record_class="R2", until=TOMORROW)
    place(register, record_class="R2", until=LATER, reason="complaint")
    place(register, None, "R2", TODAY, "incident")
    assert held(register) == {"R2": LATER}
    endless = place(register, record_class="R2", reason="litigation")
    assert held(register) == {"R2": None}
    release(register, endless)
    assert held(register) == {"R2": LATER}


def test_a_hold_on_everything_lengthens_that_on_a_class_and_never_shortens_it(register: Register) -> None:
    place(register, record_class="R2", until=TOMORROW)
    place(register, record_class="R3")
    place(register, until=LATER)
    assert held(register) == {"R2": LATER, "R3": None, EVERYTHING: LATER}
    place(register)
    assert held(register) == {"R2": None, "R3": None, EVERYTHING: None}


def test_a_hold_counts_on_its_last_day_and_not_after(register: Register) -> None:
    hold = place(register, until=LATER)
    assert held(register, today=LATER) == {EVERYTHING: LATER}
    assert held(register, today=LATER + timedelta(1)) == {}
    assert hold.state(LATER) is HoldState.ACTIVE
    assert hold.state(LATER + timedelta(1)) is HoldState.EXPIRED


def test_a_released_hold_counts_no_more_and_stays_on_record(register: Register) -> None:
    hold = place(register, record_class="R2")
    first = release(register, hold)
    assert release(register, hold) == first
    assert held(register) == {}
    with transaction(register.engine) as conn:
        assert holds.list_(conn) == [first]
        assert holds.get(conn, hold.id).state(TODAY) is HoldState.RELEASED
        with pytest.raises(holds.UnknownHold, match="999"):
            holds.release(conn, register.keyring, 999, "officer")
    facts = {"hold": hold.id, "on": "subject", "record_class": "R2", "reason": "claim"}
    assert events(register) == [("hold.placed", facts), ("hold.released", facts)]


def test_the_same_hold_is_placed_once_until_it_is_released(register: Register) -> None:
    first = place(register, record_class="R2", until=LATER)
    again = place(register, {"customer_number": ["k-7301 "], "email": PERSON["email"].upper()}, "R2", LATER)
    assert again == first
    others = (place(register, record_class="R2"), place(register, until=LATER), place(register, None, "R2", LATER))
    assert len({first.id, *(hold.id for hold in others)}) == 4
    release(register, first)
    assert place(register, record_class="R2", until=LATER).id != first.id


def test_two_at_once_place_and_release_once(register: Register) -> None:
    with ThreadPoolExecutor(8) as pool:
        [hold] = set(pool.map(lambda _: place(register), range(16)))
        [released] = set(pool.map(lambda _: release(register, hold), range(16)))
    assert released.released_at is not None
    assert [name for name, _ in events(register)] == ["hold.placed", "hold.released"]


def test_the_holds_on_a_person_are_found_though_nobody_can_read_whom_they_are_on(register: Register) -> None:
    mine = place(register)
    place(register, {"email": "x@y.nl"})
    place(register, None, "R2")
    with transaction(register.engine) as conn:
        assert holds.on(conn, register.keyring, {"email": PERSON["email"].lower()}) == [mine]
        assert len(holds.list_(conn)) == 3
    with psycopg.connect(register.superuser_dsn) as conn:
        rows = conn.execute("SELECT h::text FROM hold h UNION ALL SELECT h::text FROM hold_hash h").fetchall()
    assert len(rows) == 6
    assert not any(value.lower() in row.lower() for (row,) in rows for value in PERSON.values())


@pytest.mark.parametrize(
    ("on", "record_class", "until", "reason", "line"),
    [
        (None, None, None, "claim", "at least one of them"),
        ({}, None, None, "claim", "blank"),
        ({}, "R2", None, "claim", "blank"),
        ({"email": [" ", ""]}, "R2", None, "claim", "blank"),
        (PERSON, None, TODAY - timedelta(1), "claim", "past"),
        (PERSON, None, None, "because", "claim, complaint, litigation, incident"),
    ],
)
def test_a_hold_that_would_hold_nothing_or_everybody_by_mistake_is_refused(
    register: Register,
    on: Identifiers | None,
    record_class: str | None,
    until: date | None,
    reason: str,
    line: str,
) -> None:
    with pytest.raises(HoldRefused, match=line):
        place(register, on, record_class, until, reason)
    assert held(register) == {}
    assert events(register) == []


def test_a_class_is_a_code(register: Register) -> None:
    with pytest.raises(DetailRefused):
        place(register, None, CANARY["email"])
