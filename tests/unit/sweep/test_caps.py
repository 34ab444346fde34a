"""Why a human must look before a sweep, and when it is odd that nothing is found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avgflow.policy.retention import Caps
from avgflow.sweep.caps import ENOUGH, FEW, Ask, asks, quiet
from avgflow.sweep.figures import Figures

CAPS = Caps(rows=1000, share=0.05, usual=5)
TODAY = date(2026, 11, 29)


@dataclass(frozen=True)
class Counted:
    """What was found by one rule, as the register has it."""

    rows: int
    figures: Mapping[str, Any] = field(default_factory=dict)
    store: str = "crm"
    table: str = "public.ticket"
    code: str = "1-R2"

    @property
    def key(self) -> tuple[str, str, str]:
        return self.store, self.table, self.code


def counted(rows: int, total: int = 1_000_000, **of: Any) -> Counted:
    figures = {key: of.pop(key) for key in ("held", "undated") if key in of}
    return Counted(rows, Figures(rows, total=total, **figures).to_json(), **of)


def why(*found: Counted, caps: Caps = CAPS, usual: Mapping[tuple[str, str, str], float] | None = None) -> list[str]:
    return [ask.why for ask in asks(found, caps, usual or {}, "now", "now")]


def test_a_sweep_within_every_cap_asks_nobody() -> None:
    assert why(counted(1000), counted(3, table="public.note")) == []


def test_the_first_sweep_always_asks_even_where_it_finds_nothing() -> None:
    assert asks([], CAPS, {}, "now", None) == [Ask("first", 0)]
    assert asks([counted(7), counted(2, code="2-R3")], CAPS, {}, "now", None) == [Ask("first", 9)]


def test_the_first_sweep_after_a_change_of_catalog_or_policy_asks() -> None:
    assert asks([counted(7)], CAPS, {}, "now", "before") == [Ask("changed", 7)]


@pytest.mark.parametrize(("days", "asked"), [(None, []), (0, []), (7, []), (35, []), (36, ["clock"]), (-1, ["clock"])])
def test_a_day_far_from_that_of_the_last_sweep_asks_whether_the_clock_is_right(
    days: int | None, asked: list[str]
) -> None:
    assert [ask.why for ask in asks([counted(7)], CAPS, {}, "now", "now", days=days)] == asked


def test_a_sweep_after_one_that_was_stopped_asks() -> None:
    assert asks([counted(7)], CAPS, {}, "now", "now", "sweep-2026-00007") == [Ask("stopped", 7)]


def test_more_rows_than_the_cap_ask() -> None:
    (ask,) = asks([counted(1001)], CAPS, {}, "now", "now")
    assert ask == Ask("rows", 1001, "crm", "public.ticket", "1-R2", 1000)


def test_each_rule_of_each_table_has_the_cap_to_itself() -> None:
    assert why(counted(900), counted(900, code="2-R3"), counted(900, table="public.call")) == []


def test_a_larger_share_of_a_table_than_the_cap_asks() -> None:
    (ask,) = asks([counted(51, total=1000)], CAPS, {}, "now", "now")
    assert ask == Ask("share", 51, "crm", "public.ticket", "1-R2", 50, 1000)
    assert why(counted(50, total=1000)) == []


@pytest.mark.parametrize(
    ("rows", "total"),
    [(1, 1), (1, 2), (1, 3), (2, 5), (5, 10), (10, 20), (10, 199)],
)
def test_a_few_rows_of_a_small_table_are_no_share_to_speak_of(rows: int, total: int) -> None:
    assert why(counted(rows, total=total)) == []


@pytest.mark.parametrize(("rows", "total"), [(2, 2), (2, 3), (3, 5), (15, 15), (11, 200)])
def test_most_of_a_small_table_asks(rows: int, total: int) -> None:
    assert why(counted(rows, total=total)) == ["share"]


@pytest.mark.parametrize("total", [0, -1, 5])
def test_a_table_that_was_estimated_too_small_has_at_least_the_rows_that_were_counted(total: int) -> None:
    (ask,) = asks([counted(30, total=total, held={"hold": 60}, undated=10)], CAPS, {}, "now", "now")
    assert (ask.why, ask.of) == ("share", 100)
    assert why(counted(30, total=total, held={"hold": 900}, undated=10)) == []


def test_a_share_of_one_never_asks_and_a_share_of_nothing_always_does() -> None:
    assert why(counted(500, total=500), caps=Caps(share=1)) == []
    assert why(counted(1, total=500), caps=Caps(share=0)) == ["share"]
    assert why(counted(0, total=500), caps=Caps(rows=0, share=0)) == []


def test_far_more_than_in_the_usual_week_asks() -> None:
    one = counted(501)
    (ask,) = asks([one], CAPS, {one.key: 100.0}, "now", "now")
    assert ask == Ask("usual", 501, "crm", "public.ticket", "1-R2", 500, 100.0)
    assert why(counted(500), usual={one.key: 100.0}) == []


def test_a_rule_without_a_usual_week_is_not_compared_with_that_of_another() -> None:
    assert why(counted(501), usual={("crm", "public.ticket", "2-R3"): 1.0}) == []


def test_a_few_rows_are_never_far_from_the_usual() -> None:
    assert why(counted(FEW), usual={counted(0).key: 0.5}) == []
    assert why(counted(FEW + 1), usual={counted(0).key: 0.5}) == ["usual"]
    assert ENOUGH > 1


def test_one_rule_can_go_beyond_every_cap_at_once() -> None:
    one = counted(5000, total=6000)
    assert why(one, usual={one.key: 2.0}) == ["rows", "share", "usual"]


def test_an_ask_is_read_back_as_it_was_written() -> None:
    for ask in asks([counted(51, total=1000)], CAPS, {counted(0).key: 1.5}, "now", None, "sweep-2026-00001"):
        assert Ask.from_json(ask.to_json()) == ask


def test_no_sweep_for_so_many_weeks_with_a_row_is_odd() -> None:
    assert quiet(TODAY - timedelta(weeks=8), TODAY, 8) == 8
    assert quiet(TODAY - timedelta(weeks=8, days=6), TODAY, 8) == 8
    assert quiet(TODAY - timedelta(days=55), TODAY, 8) is None
    assert quiet(TODAY, TODAY, 1) is None
    assert quiet(None, TODAY, 8) is None


rules = st.builds(
    counted,
    rows=st.integers(0, 5000),
    total=st.integers(-1, 20_000),
    undated=st.integers(0, 50),
    table=st.sampled_from(["public.a", "public.b"]),
    code=st.sampled_from(["1-R1", "2-R2", "lapse-1-R2-audio"]),
)
founds = st.lists(rules, max_size=6, unique_by=lambda one: one.key)
usuals = st.dictionaries(st.tuples(st.just("crm"), st.just("public.a"), st.just("1-R1")), st.floats(0.5, 400))
caps = st.builds(Caps, rows=st.integers(0, 4000), share=st.floats(0, 1), usual=st.floats(1, 20))


@given(founds, caps, usuals)
def test_what_is_asked_about_is_beyond_its_cap_and_nothing_beyond_the_cap_of_rows_goes_unasked(
    found: list[Counted], caps: Caps, usual: dict[tuple[str, str, str], float]
) -> None:
    made = asks(found, caps, usual, "now", "now")
    by_key = {one.key: one for one in found}
    for ask in made:
        assert ask.limit is not None
        assert ask.rows > ask.limit
        assert by_key[ask.store or "", ask.table or "", ask.code or ""].rows == ask.rows
    assert {one.key for one in found if one.rows > caps.rows} == {
        (ask.store, ask.table, ask.code) for ask in made if ask.why == "rows"
    }
    assert asks(found[::-1], caps, usual, "now", "now") == made


@given(founds, caps, usuals, st.integers(1, 1000))
def test_more_rows_never_ask_less(
    found: list[Counted], caps: Caps, usual: dict[tuple[str, str, str], float], more: int
) -> None:
    """In a table that is as large as it was."""

    def reasons(rows: list[Counted]) -> set[tuple[str, str | None, str | None]]:
        return {(ask.why, ask.table, ask.code) for ask in asks(rows, caps, usual, "now", "now")}

    large = [Counted(one.rows, {**one.figures, "total": 50_000}, table=one.table, code=one.code) for one in found]
    larger = [Counted(one.rows + more, one.figures, table=one.table, code=one.code) for one in large]
    assert reasons(large) <= reasons(larger)


@given(st.integers(2, 100_000), caps)
def test_a_whole_table_is_never_taken_unasked(total: int, caps: Caps) -> None:
    """A condition that is always true, in a table of whatever size."""
    if caps.share < 1:
        assert "share" in why(counted(total, total=total), caps=caps)
