"""The 72 hours of art. 33, and what must be on record of a breach before it is closed."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avgflow import breach
from avgflow.breach import DESCRIBED, TERM, BreachRefused, Facts, Field, due, missing, moment, settled
from avgflow.fields import AMSTERDAM

CASES = {int(row["id"]): row for row in csv.DictReader((Path(__file__).parents[1] / "cases/decisions.csv").open())}
AWARE = datetime(2026, 11, 27, 16, 30, tzinfo=AMSTERDAM)
"""A Friday afternoon."""
DUE = due(AWARE)
DESCRIPTION = dict.fromkeys(DESCRIBED, "x")


def local(moment_: datetime) -> str:
    return moment_.astimezone(AMSTERDAM).strftime("%Y-%m-%d %H:%M")


def told_after(hours: float) -> str:
    return (AWARE + timedelta(hours=hours)).isoformat()


def test_case_54_the_clock_of_a_package_that_went_to_the_wrong_contact() -> None:
    assert (CASES[54]["expected"], CASES[54]["ground"]) == ("breach flow, 72 h", "33")
    assert timedelta(hours=72) == TERM
    assert local(DUE) == "2026-11-30 16:30"


@pytest.mark.parametrize(
    ("aware", "ends"),
    [
        ("2026-12-24 09:00", "2026-12-27 09:00"),  # Christmas, and a Sunday
        ("2026-10-23 12:00", "2026-10-26 11:00"),  # the clocks go back: an hour more went by
        ("2026-03-27 12:00", "2026-03-30 13:00"),  # and forward
    ],
)
def test_neither_weekends_nor_holidays_nor_the_clocks_move_its_end(aware: str, ends: str) -> None:
    assert local(due(datetime.fromisoformat(aware).replace(tzinfo=AMSTERDAM))) == ends


@given(st.integers(-3_000_000, 3_000_000).map(lambda minutes: AWARE + timedelta(minutes=minutes)))
def test_it_is_always_seventy_two_hours(aware: datetime) -> None:
    assert due(aware) - aware.astimezone(UTC) == TERM


@pytest.mark.parametrize("field", DESCRIBED)
def test_what_art_33_asks_is_asked_for_by_name(field: Field) -> None:
    facts = {name: value for name, value in DESCRIPTION.items() if name is not field}
    found = missing(facts, DUE)
    assert found is not None
    assert field in found.why
    assert found.how == f"--{field} …"


@pytest.mark.parametrize(
    ("facts", "asked"),
    [
        ({}, "--ap-told"),
        ({Field.AP_NOT_TOLD: "encrypted"}, "--high-risk"),
        ({Field.AP_NOT_TOLD: "encrypted", Field.HIGH_RISK: "no"}, None),
        ({Field.AP_NOT_TOLD: "encrypted", Field.HIGH_RISK: "yes"}, "--ap-told"),
        ({Field.AP_TOLD: told_after(71), Field.HIGH_RISK: "no"}, None),
        ({Field.AP_TOLD: told_after(72), Field.HIGH_RISK: "no"}, None),
        ({Field.AP_TOLD: told_after(72.1), Field.HIGH_RISK: "no"}, "--ap-late"),
        ({Field.AP_TOLD: told_after(80), Field.AP_LATE: "ill", Field.HIGH_RISK: "no"}, None),
        ({Field.AP_TOLD: told_after(2), Field.HIGH_RISK: "yes"}, "--subject-told"),
        ({Field.AP_TOLD: told_after(2), Field.HIGH_RISK: "yes", Field.SUBJECT_TOLD: told_after(3)}, None),
        ({Field.AP_TOLD: told_after(2), Field.HIGH_RISK: "yes", Field.SUBJECT_NOT_TOLD: "34(3)(a)"}, None),
    ],
)
def test_it_is_closed_only_with_word_to_the_authority_or_a_reason(facts: Facts, asked: str | None) -> None:
    found = missing({**DESCRIPTION, **facts}, DUE)
    assert (found is None) == (asked is None)
    if found is not None and asked is not None:
        assert asked in found.how


values = st.sampled_from(["yes", "no", told_after(1), told_after(100), "reason"])


@given(st.dictionaries(st.sampled_from([f for f in Field if f not in DESCRIBED and f.value != "ap-told"]), values))
def test_nothing_closes_it_while_nobody_decided_about_the_authority(facts: dict[Field, str]) -> None:
    facts.pop(Field.AP_NOT_TOLD, None)
    assert not settled(facts)
    assert missing({**DESCRIPTION, **facts}, DUE) is not None


NOW = datetime(2026, 11, 30, 12, 0, tzinfo=AMSTERDAM)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2026-11-27 16:30", "2026-11-27 16:30"),
        ("2026-11-27T16:30", "2026-11-27 16:30"),
        ("2026-11-27T15:30+00:00", "2026-11-27 16:30"),
        (" now ", "2026-11-30 12:00"),
    ],
)
def test_a_moment_is_typed_in_dutch_time(typed: str, meant: str) -> None:
    assert local(moment(typed, breach.AWARE, now=NOW)) == meant


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("yesterday", "as a moment"),
        ("", "as a moment"),
        ("2026-11-27", "with the hour"),
        ("2026-11-30 12:01", "lies in the future"),
        ("2026-11-20 12:00", "before you knew"),
    ],
)
def test_what_is_no_moment_is_refused_in_one_line(typed: str, why: str) -> None:
    with pytest.raises(BreachRefused, match=why) as refused:
        moment(typed, breach.AWARE, not_before=AWARE, now=NOW)
    assert len(str(refused.value).splitlines()) == 1
