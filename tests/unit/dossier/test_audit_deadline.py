"""The deadline in words: it comes out where the clock does, and says why."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avgflow import terms
from avgflow.dossier.audit.deadline import Deadline, deadline
from avgflow.register.clock import Clock
from avgflow.terms import DUTCH, Calendar, Hold

IN_STEPS = Calendar(extension="in-steps")


def explained(
    received: date, *holds: Hold, clock: Clock | None = None, calendar: Calendar = DUTCH, **days: date | None
) -> Deadline:
    own = clock or Clock(holds)
    term = terms.term(received, own.holds, calendar)
    due = term.extended_due if own.extended else term.due
    answered = days.get("answered", received)
    return deadline(received, days.get("due") or due, own, calendar, answered, days.get("today") or received)


def words(one: Deadline) -> str:
    return " ".join(step.nl for step in one.steps)


@pytest.mark.parametrize(
    ("received", "says"),
    [
        (date(2026, 11, 26), ["donderdag 26 november 2026", "feestdag (Tweede kerstdag)", "maandag 28 december 2026"]),
        (date(2025, 8, 31), ["zondag 31 augustus 2025", "geen dag 31", "dinsdag 30 september 2025", "een werkdag"]),
        (date(2025, 3, 5), ["zaterdag 5 april 2025", "Dat is een zaterdag", "maandag 7 april 2025"]),
        (date(2026, 3, 3), ["vrijdag 3 april 2026", "feestdag (Goede vrijdag)", "dinsdag 7 april 2026"]),
    ],
)
def test_each_step_is_said(received: date, says: list[str]) -> None:
    text = words(explained(received))
    for part in says:
        assert part in text
    assert "op tijd" in text


def test_a_pause_counts_and_one_after_the_term_does_not() -> None:
    received = date(2026, 9, 1)
    one = explained(received, Hold(date(2026, 9, 7), date(2026, 9, 21)), answered=date(2026, 10, 1))
    assert "stond 14 dagen stil: gevraagd op maandag 7 september 2026" in words(one)
    assert (one.days_paused, one.days_used) == (14, 16)
    late = explained(received, Hold(date(2026, 11, 2), date(2026, 11, 9)), answered=date(2026, 12, 1))
    assert "telt niet" in words(late)
    assert late.late


def test_a_late_answer_is_called_late_by_so_many_days() -> None:
    one = explained(date(2026, 9, 1), answered=date(2026, 10, 2))
    assert one.late
    assert "1 dag te laat" in words(one)
    assert "1 day late" in one.steps[-1].en


def test_no_answer_yet_is_late_only_after_the_last_day() -> None:
    received = date(2026, 9, 1)
    assert not explained(received, answered=None, today=date(2026, 10, 1)).late
    over = explained(received, answered=None, today=date(2026, 10, 2))
    assert over.late
    assert "De termijn is voorbij" in words(over)


def test_an_open_question_stops_the_clock() -> None:
    clock = Clock(asked=date(2026, 9, 10))
    one = explained(date(2026, 9, 1), clock=clock, answered=None, today=date(2026, 12, 1))
    assert not one.late
    assert "staat stil sinds donderdag 10 september 2026" in words(one)
    assert "Let op" not in words(one)


@pytest.mark.parametrize(("calendar", "says"), [(DUTCH, "drie maanden na"), (IN_STEPS, "twee maanden na het einde")])
def test_an_extension_is_counted_as_the_policy_says(calendar: Calendar, says: str) -> None:
    clock = Clock(extended_from=date(2026, 2, 28))
    assert says in words(explained(date(2026, 1, 31), clock=clock, calendar=calendar))


def test_another_day_on_the_register_is_pointed_out() -> None:
    one = explained(date(2026, 9, 1), due=date(2026, 10, 9))
    assert one.counted == date(2026, 10, 1)
    assert "Let op: op het register staat vrijdag 9 oktober 2026" in words(one)


DAYS = st.dates(date(2024, 1, 1), date(2029, 12, 31))
PAUSES = st.lists(st.builds(lambda day, n: Hold(day, day + timedelta(n)), DAYS, st.integers(0, 40)), max_size=3)


@given(DAYS, PAUSES, st.booleans(), st.sampled_from([DUTCH, IN_STEPS]))
def test_it_comes_out_where_the_clock_does(
    received: date, holds: list[Hold], extended: bool, calendar: Calendar
) -> None:
    clock = Clock(tuple(holds), extended_from=received if extended else None)
    one = explained(received, clock=clock, calendar=calendar)
    assert one.counted == one.due
    assert "Let op" not in words(one)
