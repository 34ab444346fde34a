"""Several rights in one request, as typed."""

from __future__ import annotations

from datetime import date

import pytest

from avgflow.asked import AskedMisplaced
from avgflow.capacity import Capacity
from avgflow.fields import IntakeRefused
from avgflow.intake import Right, Scope, UnknownRight, UnknownScope
from avgflow.several import AskedTwice, WordMisplaced, parse_all

TODAY = date(2026, 11, 25)
WHO = {"email": "j.jansen@bedrijf.nl", "today": TODAY}


def test_one_right_is_one_request() -> None:
    (only,) = parse_all("access", **WHO)
    assert only.right is Right.ACCESS


def test_a_copy_comes_first_and_what_is_erased_last() -> None:
    """Case 15: access first, then erase."""
    made = parse_all("erasure", ["objection:marketing", "access"], received="2026-11-20", **WHO)
    assert [one.right for one in made] == [Right.ACCESS, Right.OBJECTION, Right.ERASURE]
    assert made[1].scope is Scope.MARKETING
    assert {one.received for one in made} == {date(2026, 11, 20)}
    assert {one.subject.email for one in made} == {"j.jansen@bedrijf.nl"}


def test_a_field_goes_to_the_right_that_has_it() -> None:
    made = parse_all("access", ["rectification", "objection"], to="surveys", correct={"phone": "010-1234567"}, **WHO)
    by_right = {one.right: one for one in made}
    assert by_right[Right.OBJECTION].scope is Scope.SURVEYS
    assert [one.new for one in by_right[Right.RECTIFICATION].asked.corrections] == ["010-1234567"]
    assert by_right[Right.ACCESS].asked.corrections == ()


def test_two_objections_to_different_things_are_two_requests() -> None:
    made = parse_all("objection:marketing", ["objection:surveys"], **WHO)
    assert [one.scope for one in made] == [Scope.MARKETING, Scope.SURVEYS]


@pytest.mark.parametrize(
    ("right", "also", "more", "refusal"),
    [
        ("access", ["access"], {}, AskedTwice),
        ("objection:marketing", ["objection"], {"to": "marketing"}, AskedTwice),
        ("access", ["erasure:now"], {}, WordMisplaced),
        ("access", ["everything"], {}, UnknownRight),
        ("access", ["objection"], {}, UnknownScope),
        ("access", ["objection:everything"], {}, UnknownScope),
        ("access", ["erasure"], {"to": "marketing"}, AskedMisplaced),
        ("access", ["erasure"], {"statement": "Dat klopt niet."}, AskedMisplaced),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(
    right: str, also: list[str], more: dict[str, str], refusal: type[IntakeRefused]
) -> None:
    with pytest.raises(refusal) as refused:
        parse_all(right, also, **more, **WHO)
    assert "\n" not in str(refused.value)


def test_who_asks_for_another_does_so_for_all_of_it() -> None:
    made = parse_all("access", ["erasure"], asks_as="lawyer", person_email="klant@bedrijf.nl", **WHO)
    assert {one.capacity for one in made} == {Capacity.LAWYER}
    assert all(one.subject.identifiers == {"email": "klant@bedrijf.nl"} for one in made)
