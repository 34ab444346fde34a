"""Who may ask for whom: by capacity, age on the day of receipt, and mandate."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avgflow.capacity import Capacity
from avgflow.intake import Scope
from avgflow.policy.reasons import GROUNDS, DeclineReason
from avgflow.policy.who_may_ask import CHANGED, AskMandate, Decline, GoOn, age, who_may_ask

AFTER, BEFORE = date(2026, 10, 1), date(2026, 8, 31)
TOO_YOUNG, ALONE = Decline(DeclineReason.REPRESENTED), Decline(DeclineReason.ITSELF)

days = st.dates(date(2018, 5, 25), date(2040, 12, 31))
births = st.dates(date(1930, 1, 1), date(2040, 12, 31))


def turning(years: int, on: date) -> date:
    """The day of birth of who turns so many years on a day."""
    return date(on.year - years, on.month, on.day)


def test_a_child_of_14_asks_itself() -> None:
    """Case 34, on 2026-10-01."""
    assert who_may_ask(Capacity.SELF, date(2012, 3, 9), AFTER, mandate=False) == GoOn()


@pytest.mark.parametrize(
    ("received", "years", "child", "parent"),
    [
        # Day of receipt, age, and whether the child may ask, whether the parent may.
        (AFTER, 0, False, True),
        (AFTER, 11, False, True),
        (AFTER, 12, True, True),
        (AFTER, 15, True, True),
        (AFTER, 16, True, False),
        (AFTER, 17, True, False),
        (AFTER, 18, True, False),
        (BEFORE, 11, False, True),
        (BEFORE, 12, False, True),
        (BEFORE, 15, False, True),
        (BEFORE, 16, True, False),
        # UAVG art. 5 as it stands from 1 September 2026.
        (date(2026, 9, 1), 12, True, True),
        (date(2026, 8, 31), 12, False, True),
    ],
)
def test_on_their_birthday_a_child_is_a_year_older_and_not_the_day_before(
    received: date, years: int, child: bool, parent: bool
) -> None:
    born = turning(years, received)
    assert (who_may_ask(Capacity.SELF, born, received, mandate=False) == GoOn()) is child
    assert (who_may_ask(Capacity.PARENT, born, received, mandate=True) == GoOn()) is parent
    # A day younger is the age before.
    younger = born + timedelta(1)
    assert age(born, received) == years
    assert age(younger, received) == years - 1


def test_a_parent_shows_that_they_are_the_parent() -> None:
    assert who_may_ask(Capacity.PARENT, turning(8, AFTER), AFTER, mandate=False) == AskMandate()
    assert who_may_ask(Capacity.PARENT, turning(8, AFTER), AFTER, mandate=True) == GoOn()


def test_a_guardian_asks_for_a_child_under_16_or_an_adult_who_cannot() -> None:
    assert who_may_ask(Capacity.GUARDIAN, turning(15, AFTER), AFTER, mandate=True) == GoOn()
    assert who_may_ask(Capacity.GUARDIAN, turning(16, AFTER), AFTER, mandate=True) == ALONE
    assert who_may_ask(Capacity.GUARDIAN, turning(18, AFTER), AFTER, mandate=True) == GoOn()
    assert who_may_ask(Capacity.GUARDIAN, None, AFTER, mandate=False) == AskMandate()


@pytest.mark.parametrize("capacity", [Capacity.LAWYER, Capacity.REPRESENTATIVE])
def test_who_acts_for_another_shows_a_mandate(capacity: Capacity) -> None:
    """Case 31."""
    assert who_may_ask(capacity, None, AFTER, mandate=False) == AskMandate()
    assert who_may_ask(capacity, None, AFTER, mandate=True) == GoOn()


def test_an_employer_needs_the_employees_mandate() -> None:
    """Case 32."""
    assert who_may_ask(Capacity.EMPLOYER, None, AFTER, mandate=False) == Decline(DeclineReason.EMPLOYER)
    assert GROUNDS[DeclineReason.EMPLOYER].outcome == "refused"
    assert "zelf vragen" in GROUNDS[DeclineReason.EMPLOYER].advice.nl
    assert who_may_ask(Capacity.EMPLOYER, None, AFTER, mandate=True) == GoOn()


@pytest.mark.parametrize("mandate", [False, True])
@pytest.mark.parametrize(
    ("capacity", "reason", "words"),
    [
        (Capacity.ORGANISATION, DeclineReason.LEGAL_PERSON, ("contract", "hun eigen gegevens")),
        (Capacity.HEIR, DeclineReason.DECEASED, ("nalatenschap", "reclame")),
    ],
)
def test_companies_and_the_dead_have_no_rights_under_the_avg(
    capacity: Capacity, reason: DeclineReason, words: tuple[str, ...], mandate: bool
) -> None:
    """Cases 12 and 33."""
    assert who_may_ask(capacity, None, AFTER, mandate) == Decline(reason)
    assert GROUNDS[reason].outcome == "outside_avg"
    for word in words:
        assert word in GROUNDS[reason].advice.nl


def test_marketing_to_the_dead_stops_for_who_shows_that_they_died() -> None:
    """Case 33, as far as marketing goes."""
    assert who_may_ask(Capacity.HEIR, None, AFTER, mandate=False, scope=Scope.MARKETING) == AskMandate()
    assert who_may_ask(Capacity.HEIR, None, AFTER, mandate=True, scope=Scope.MARKETING) == GoOn()
    for scope in (Scope.ALL, Scope.COOKIES):
        assert who_may_ask(Capacity.HEIR, None, AFTER, mandate=True, scope=scope) == Decline(DeclineReason.DECEASED)


@given(births, days)
def test_at_every_age_somebody_may_ask_for_a_living_person(born: date, received: date) -> None:
    if born > received:
        return
    child = who_may_ask(Capacity.SELF, born, received, mandate=False) == GoOn()
    parent = who_may_ask(Capacity.PARENT, born, received, mandate=True) == GoOn()
    assert child or parent
    if received < CHANGED:
        assert child is not parent


@given(births, days, st.integers(0, 4000))
def test_who_may_ask_themselves_may_ever_after(born: date, received: date, later: int) -> None:
    if born <= received and who_may_ask(Capacity.SELF, born, received, mandate=False) == GoOn():
        assert who_may_ask(Capacity.SELF, born, received + timedelta(later), mandate=False) == GoOn()


@given(st.sampled_from(Capacity), st.none() | births, days)
def test_a_mandate_never_makes_it_worse(capacity: Capacity, born: date | None, received: date) -> None:
    if born is not None and born > received:
        return
    without, with_ = (who_may_ask(capacity, born, received, mandate) for mandate in (False, True))
    assert not (without == GoOn() and with_ != GoOn())
    assert with_ != AskMandate()


@given(births, days)
def test_age_counts_birthdays(born: date, on: date) -> None:
    if born > on:
        return
    passed = sum(
        (year, *birthday) <= (on.year, on.month, on.day)
        for year in range(born.year + 1, on.year + 1)
        for birthday in [(born.month, born.day)]
    )
    assert age(born, on) == passed


def test_a_leapling_is_a_year_older_on_the_first_of_march() -> None:
    born = date(2012, 2, 29)
    assert age(born, date(2026, 2, 28)) == 13
    assert age(born, date(2026, 3, 1)) == 14
