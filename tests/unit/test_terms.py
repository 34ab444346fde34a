"""When an answer is due: the worked examples, and what must hold for every day of 2024 to 2030."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avgflow.terms import (
    DUTCH,
    EQUATED_DAYS,
    Calendar,
    Hold,
    ImpossibleHold,
    add_months,
    due,
    extended_due,
    extended_due_in_steps,
    last_working_day_before,
    nominal,
    nominal_extended,
    paused,
    pauses,
    safe,
    term,
)

CASES = Path(__file__).parents[1] / "cases" / "deadlines.csv"
WEEKDAYS = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]
EVERY_DAY = [date(2024, 1, 1) + timedelta(n) for n in range(2557)]
CALENDARS = [
    Calendar(include_good_friday=friday, include_equated_days=equated, extension=extension)  # type: ignore[arg-type]
    for friday in (True, False)
    for equated in (True, False)
    for extension in ("at-once", "in-steps")
]
DAYS = st.dates(date(2024, 1, 1), date(2030, 12, 31))
HOLDS = st.lists(
    st.builds(lambda asked, days: Hold(asked, asked + timedelta(days)), DAYS, st.integers(0, 40)), max_size=3
)


@dataclass(frozen=True)
class Case:
    """One row of the file, read by its own small grammar so that every word in it is looked at."""

    id: str
    received: date
    holds: tuple[Hold, ...]
    nominal: date
    due: date
    extended: date
    other_extended: date | None


def _day(text: str) -> date:
    """The one ISO date in a text; a weekday beside it must fit."""
    day = date.fromisoformat(re.findall(r"\d{4}-\d{2}-\d{2}", text)[0])
    weekday = re.match(r"(Mo|Tu|We|Th|Fr|Sa|Su)\b", text)
    assert weekday is None or weekday[1] == WEEKDAYS[day.weekday()], text
    return day


def _case(row: dict[str, str]) -> Case:
    received = _day(row["received"])
    hold = re.search(r"HOLD (\d\d-\d\d)→(\d\d-\d\d) \(\+(\d+)\)", row["received"])
    holds: tuple[Hold, ...] = ()
    if hold:
        holds = (Hold(*(date.fromisoformat(f"{received.year}-{d}") for d in hold.groups()[:2])),)
        assert holds[0].days == int(hold[3])
    extended = _day(row["extended"])
    other = re.search(r"alt\. (\d\d-\d\d)", row["extended"])
    return Case(
        row["id"],
        received,
        holds,
        _day(row["nominal"]),
        _day(row["due"]),
        extended,
        date.fromisoformat(f"{extended.year}-{other[1]}") if other else None,
    )


def cases() -> list[Case]:
    with CASES.open(encoding="utf-8") as file:
        return [_case(row) for row in csv.DictReader(file)]


def test_every_row_of_the_file_is_a_case() -> None:
    assert len(cases()) == len(CASES.read_text().splitlines()) - 1 > 10
    assert any(case.holds for case in cases())
    assert any(case.other_extended for case in cases())


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"row-{case.id}")
def test_the_worked_examples(case: Case) -> None:
    assert nominal(case.received) == case.nominal
    assert due(case.received, case.holds) == case.due
    assert extended_due(case.received, case.holds) == case.extended
    if case.other_extended:
        assert extended_due_in_steps(case.received, case.holds) == case.other_extended


@pytest.mark.parametrize(
    ("received", "answer"),
    [
        (date(2026, 3, 5), date(2026, 4, 7)),  # 5 April 2026 is Easter Sunday, the 6th a holiday
        (date(2025, 3, 5), date(2025, 4, 7)),  # a Saturday
        (date(2025, 8, 31), date(2025, 9, 30)),  # no 31 September
        (date(2024, 1, 31), date(2024, 2, 29)),  # a leap year
        (date(2024, 12, 31), date(2025, 1, 31)),  # over the year
        (date(2026, 11, 25), date(2026, 12, 28)),  # Christmas Day on a Friday, the second on a Saturday
    ],
)
def test_further_examples(received: date, answer: date) -> None:
    assert due(received) == answer


@pytest.mark.parametrize(
    ("year", "days"),
    [
        (2025, ["01-01", "04-18", "04-21", "04-26", "05-05", "05-29", "06-09", "12-25", "12-26"]),
        (2026, ["01-01", "04-03", "04-06", "04-27", "05-05", "05-14", "05-25", "12-25", "12-26"]),
        (2027, ["01-01", "03-26", "03-29", "04-27", "05-05", "05-06", "05-17", "12-25", "12-26"]),
    ],
)
def test_the_holidays_are_those_of_the_algemene_termijnenwet(year: int, days: list[str]) -> None:
    assert DUTCH.holidays(year) == {date.fromisoformat(f"{year}-{day}") for day in days}


def _easter(year: int) -> date:
    """Easter Sunday by the Gregorian computus (Butcher), independent of any library."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    r = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    month, day = divmod(h + r - 7 * ((a + 11 * h + 22 * r) // 451) + 114, 31)
    return date(year, month, day + 1)


@pytest.mark.parametrize("year", range(2024, 2031))
def test_the_holidays_follow_from_easter_and_fixed_dates(year: int) -> None:
    easter = _easter(year)
    kings = date(year, 4, 27)
    expected = {
        date(year, 1, 1),
        easter - timedelta(2),
        easter + timedelta(1),
        kings - timedelta(kings.weekday() == 6),
        date(year, 5, 5),
        easter + timedelta(39),
        easter + timedelta(50),
        date(year, 12, 25),
        date(year, 12, 26),
    }
    assert DUTCH.holidays(year) == expected


def test_days_equated_by_decree_and_good_friday_are_a_choice() -> None:
    wide, narrow = Calendar(include_equated_days=True), Calendar(include_good_friday=False)
    day = date(2026, 5, 15)
    assert day in EQUATED_DAYS
    assert due(date(2026, 4, 15)) == day
    assert due(date(2026, 4, 15), calendar=wide) == date(2026, 5, 18)
    assert due(date(2026, 3, 3)) == date(2026, 4, 7)
    assert due(date(2026, 3, 3), calendar=narrow) == date(2026, 4, 3)


@given(DAYS, HOLDS)
def test_a_term_ends_on_a_working_day_and_never_early(received: date, holds: list[Hold]) -> None:
    for end, formal in [
        (due(received, holds), nominal(received, holds)),
        (extended_due(received, holds), nominal_extended(received, holds)),
    ]:
        assert DUTCH.is_working_day(end)
        assert formal <= end <= formal + timedelta(days=5)
        assert not any(DUTCH.is_working_day(formal + timedelta(n)) for n in range((end - formal).days))


@given(DAYS, DAYS, HOLDS)
def test_who_asks_later_is_never_answered_earlier(one: date, other: date, holds: list[Hold]) -> None:
    early, late = sorted((one, other))
    assert due(early) <= due(late)
    assert extended_due(early) <= extended_due(late)
    assert safe(nominal(early, holds)) <= due(early, holds) < extended_due(early, holds)


@given(DAYS, HOLDS)
def test_a_pause_never_shortens_and_overlaps_count_once(received: date, holds: list[Hold]) -> None:
    assert due(received, holds) >= due(received)
    assert due(received, [*holds, *holds]) == due(received, holds)
    assert due(received, list(reversed(holds))) == due(received, holds)


@given(DAYS)
def test_the_other_reading_is_never_later(received: date) -> None:
    assert extended_due_in_steps(received) <= extended_due(received)


@given(DAYS)
def test_the_safe_day_is_a_working_day_in_time(received: date) -> None:
    day = safe(nominal(received))
    assert DUTCH.is_working_day(day)
    assert received < day <= nominal(received)


@given(DAYS, st.integers(0, 24))
def test_months_end_on_the_same_date_or_the_last_of_the_month(day: date, months: int) -> None:
    end = add_months(day, months)
    assert (end.year * 12 + end.month) - (day.year * 12 + day.month) == months
    assert end.day == day.day or (end.day < day.day and (end + timedelta(1)).day == 1)


def test_a_question_after_the_end_of_the_term_revives_nothing() -> None:
    late = Hold(date(2026, 4, 10), date(2026, 4, 20))
    assert due(date(2026, 3, 2), [late]) == due(date(2026, 3, 2))
    assert extended_due(date(2026, 3, 2), [late]) == date(2026, 6, 12)


def test_a_pause_cannot_end_before_it_begins() -> None:
    with pytest.raises(ImpossibleHold, match="Correct one of the two dates"):
        Hold(date(2026, 3, 5), date(2026, 3, 4))


@pytest.mark.parametrize("calendar", CALENDARS, ids=str)
def test_every_day_of_seven_years_has_a_term_that_holds_under_each_reading(calendar: Calendar) -> None:
    assert EVERY_DAY[-1] == date(2030, 12, 31)
    terms = [term(received, calendar=calendar) for received in EVERY_DAY]
    for received, one in zip(EVERY_DAY, terms, strict=True):
        assert all(calendar.is_working_day(day) for day in (one.due, one.safe, one.extended_due, one.extended_safe))
        assert received < one.safe <= nominal(received) <= one.due
        assert one.extended_safe <= nominal_extended(received)
        assert one.extended_safe <= one.extended_due
        assert one.due < one.extended_due
        if calendar.extension == "at-once":
            assert nominal_extended(received) <= one.extended_due
    for early, late in pairwise(terms):
        assert early.due <= late.due
        assert early.safe <= late.safe
        assert early.extended_due <= late.extended_due


@given(DAYS, HOLDS, st.sampled_from(CALENDARS))
def test_the_term_says_by_which_reading_it_was_counted(received: date, holds: list[Hold], calendar: Calendar) -> None:
    one = term(received, holds, calendar)
    readings = {
        "at-once": extended_due(received, holds, calendar),
        "in-steps": extended_due_in_steps(received, holds, calendar),
    }
    assert one.due == due(received, holds, calendar)
    assert one.extended_due == readings[calendar.extension]
    assert one.reading == {
        "extension": calendar.extension,
        "good_friday": calendar.include_good_friday,
        "equated_days": calendar.include_equated_days,
        "at_once": readings["at-once"].isoformat(),
        "in_steps": readings["in-steps"].isoformat(),
    }


def test_the_two_readings_of_an_extension_differ_at_the_end_of_a_month() -> None:
    received = date(2026, 1, 30)
    assert term(received).extended_due == date(2026, 4, 30)
    assert term(received, calendar=Calendar(extension="in-steps")).extended_due == date(2026, 4, 28)


@pytest.mark.parametrize(
    ("day", "before"),
    [
        (date(2026, 11, 30), date(2026, 11, 27)),  # a Monday
        (date(2026, 12, 28), date(2026, 12, 24)),  # the Monday after Christmas on Friday and Saturday
        (date(2026, 12, 2), date(2026, 12, 1)),
    ],
)
def test_the_day_before_a_deadline_is_one_on_which_people_work(day: date, before: date) -> None:
    assert last_working_day_before(day) == before


def test_a_short_pause_within_a_long_one_changes_nothing() -> None:
    long, short = Hold(date(2026, 3, 1), date(2026, 3, 20)), Hold(date(2026, 3, 5), date(2026, 3, 8))
    assert pauses([long, short]) == pauses([short, long]) == (long,)


@pytest.mark.parametrize(("asked", "days"), [(date(2026, 4, 5), 3), (date(2026, 4, 6), 3), (date(2026, 4, 7), 0)])
def test_a_question_on_the_last_day_itself_still_stops_the_clock_and_one_after_it_does_not(
    asked: date, days: int
) -> None:
    last = date(2026, 4, 6)
    assert paused(last, [Hold(asked, asked + timedelta(days=3))]) == last + timedelta(days=days)
