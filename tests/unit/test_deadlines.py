"""What is due when: the daily selection, with nothing but dates."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avgflow.catalog.models import Text
from avgflow.deadlines import BANDS, Deadlines, Standing, Unsent, select
from avgflow.fields import AMSTERDAM
from avgflow.intake import Right
from avgflow.terms import DUTCH

TODAY = date(2026, 11, 25)  # a Wednesday
SIX = datetime(2026, 11, 25, 6, 0, tzinfo=AMSTERDAM)
OFFICER = Text(nl="uw controle van de identiteit", en="verification")
STATES = ("registered", "running", "waiting", "stopped")


def a_standing(days: int = 30, **changes: Any) -> Standing:
    """A request that is due in so many days, with any field changed."""
    due = TODAY + timedelta(days)
    fields = {
        "number": "AVG-2026-00042",
        "right": Right.ACCESS,
        "received": TODAY - timedelta(20),
        "due": due,
        "safe": due,
        "status": "running",
        "since": TODAY - timedelta(3),
    }
    return Standing(**{**fields, **changes})


def a_mail(age: timedelta, **changes: Any) -> Unsent:
    fields = {"message_id": "<a@b>", "number": None, "kind": "answer", "attempts": 3, "failure": None}
    return Unsent(**{**fields, "since": SIX - age, **changes})


def seen(*standings: Standing, unsent: tuple[Unsent, ...] = ()) -> Deadlines:
    return select(standings, unsent, SIX, DUTCH)


def group(one: Standing) -> str:
    """The one group in which a request is named."""
    found = seen(one)
    groups = {"overdue": found.overdue, **{f"within {days}": them for days, them in found.within.items()}}
    groups |= {name: getattr(found, name) for name in ("waiting", "stopped", "later")}
    (name,) = [name for name, them in groups.items() if one in them]
    return name


@pytest.mark.parametrize(
    ("days", "where"),
    [
        (-400, "overdue"),
        (-1, "overdue"),
        (0, "within 2"),
        (2, "within 2"),
        (3, "within 5"),
        (5, "within 5"),
        (6, "within 10"),
        (10, "within 10"),
        (11, "later"),
    ],
)
def test_a_request_is_named_by_the_days_that_are_left(days: int, where: str) -> None:
    assert group(a_standing(days)) == where


@pytest.mark.parametrize("status", STATES)
def test_being_due_counts_for_more_than_waiting_or_having_stopped(status: str) -> None:
    assert group(a_standing(-1, status=status)) == "overdue"
    assert group(a_standing(4, status=status)) == "within 5"


def test_what_is_not_due_yet_is_named_where_somebody_has_to_move() -> None:
    assert group(a_standing(status="waiting", waiting_for="verification", waits_for=OFFICER)) == "waiting"
    assert group(a_standing(status="stopped")) == "stopped"
    assert group(a_standing(status="registered")) == "stopped"
    assert group(a_standing(status="registered", since=TODAY)) == "later"
    assert group(a_standing(status="running")) == "later"


def test_what_was_answered_is_not_late() -> None:
    assert group(a_standing(-3, answered=True)) == "later"
    assert group(a_standing(-3, answered=True, status="stopped")) == "stopped"
    assert seen(a_standing(-3, answered=True)).alarming == ()


@pytest.mark.parametrize(
    ("today", "due", "alarms"),
    [
        (date(2026, 11, 25), date(2026, 11, 26), True),  # tomorrow
        (date(2026, 11, 25), date(2026, 11, 25), True),  # today
        (date(2026, 11, 25), date(2026, 11, 24), True),  # late
        (date(2026, 11, 25), date(2026, 11, 27), False),
        (date(2026, 11, 27), date(2026, 11, 30), True),  # Friday before a Monday
        (date(2026, 11, 26), date(2026, 11, 30), False),
        (date(2026, 12, 24), date(2026, 12, 28), True),  # before Christmas on Friday and Saturday
        (date(2026, 12, 23), date(2026, 12, 28), False),
    ],
)
def test_the_alarm_is_raised_on_the_last_working_day_before_the_last_day(today: date, due: date, alarms: bool) -> None:
    one = a_standing(due=due)
    now = datetime(today.year, today.month, today.day, 6, tzinfo=AMSTERDAM)
    assert select([one], [], now, DUTCH).alarming == ((one,) if alarms else ())


def test_the_most_urgent_comes_first() -> None:
    standings = [a_standing(days, number=f"AVG-2026-{days + 50:05d}") for days in (-2, -9, -5)]
    assert [one.left(TODAY) for one in seen(*standings).overdue] == [-9, -5, -2]


def test_a_mail_is_named_after_an_hour_and_one_with_a_day_of_its_own_at_once() -> None:
    fresh, old = a_mail(timedelta(minutes=59)), a_mail(timedelta(minutes=60))
    letter = a_mail(timedelta(minutes=1), kind="extended", urgent=True)
    assert seen(unsent=(fresh, old, letter)).unsent == (old, letter)


def test_a_day_without_anything_to_say() -> None:
    assert not seen().anything
    assert not seen(a_standing(11), a_standing(30, status="registered", since=TODAY)).anything
    for one in (a_standing(10), a_standing(-1), a_standing(status="waiting"), a_standing(status="stopped")):
        assert seen(one).anything
    assert seen(unsent=(a_mail(timedelta(days=2)),)).anything


standings = st.builds(
    a_standing,
    st.integers(-60, 60),
    number=st.integers(1, 99999).map(lambda n: f"AVG-2026-{n:05d}"),
    status=st.sampled_from(STATES),
    answered=st.booleans(),
)


@given(st.lists(standings, max_size=20, unique_by=lambda one: one.number))
def test_every_open_request_is_named_once(found: list[Standing]) -> None:
    one = seen(*found)
    groups = [one.overdue, *one.within.values(), one.waiting, one.stopped, one.later]
    assert sorted(r.number for them in groups for r in them) == sorted(r.number for r in found)
    assert set(one.overdue) <= set(one.alarming)
    assert set(one.alarming) <= {*one.overdue, *one.within[BANDS[0]], *one.within[5], *one.within[10]}
    counts = one.counts
    assert sum(counts.values()) - counts["alarming"] - counts["unsent"] == len(found)
