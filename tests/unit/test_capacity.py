"""Who asks, at intake: for themselves or for another, and what is looked up then."""

from __future__ import annotations

from datetime import date

import pytest

from avgflow.capacity import Capacity, InvalidBirth, PersonMisplaced, PersonMissing, UnknownCapacity
from avgflow.fields import IntakeRefused, InvalidEmail
from avgflow.intake import NAMING, Intake, MandateMisplaced, Subject, Verification, fits, parse

TODAY = date(2026, 11, 25)


def taken(**changes: object) -> Intake:
    given = {"right": "access", "email": "wie.vraagt@kantoor.nl", "today": TODAY, **changes}
    return parse(**given)  # type: ignore[arg-type]


def for_another(capacity: Capacity, **changes: object) -> Intake:
    born = {"born": "2020-01-01"} if capacity is Capacity.PARENT else {}
    return taken(**{"asks_as": capacity, "person_email": "om.wie@bedrijf.nl", **born, **changes})


def test_who_asks_about_themselves_is_looked_up_by_their_own_address() -> None:
    made = taken()
    assert made.capacity is Capacity.SELF
    assert made.subject.identifiers == {"email": "wie.vraagt@kantoor.nl"}
    assert made.subject.on_behalf_of is None


@pytest.mark.parametrize("capacity", [one for one in Capacity if one is not Capacity.SELF])
def test_nothing_is_looked_up_by_the_address_of_who_asks_for_another(capacity: Capacity) -> None:
    made = for_another(capacity, person_name="Kanariana Vogel", customer_number="K-7", identifiers={"visitor_id": "v1"})
    assert made.subject.identifiers == {"email": "om.wie@bedrijf.nl", "customer_number": "K-7", "visitor_id": "v1"}
    assert (made.subject.email, made.subject.on_behalf_of) == ("wie.vraagt@kantoor.nl", "Kanariana Vogel")
    again = Subject.from_json(made.subject.to_json())
    assert again == made.subject
    assert "kantoor" not in repr(made)
    assert "bedrijf" not in repr(made)


@pytest.mark.parametrize("capacity", sorted(NAMING))
def test_whoever_asks_for_another_says_for_whom(capacity: Capacity) -> None:
    for blank in ({"person_email": None}, {"person_email": "  "}, {"person_email": None, "person_name": "Kanariana"}):
        with pytest.raises(PersonMissing, match="--person-email"):
            for_another(capacity, **blank)
    assert for_another(capacity, person_email=None, customer_number="K-7").subject.on_behalf_of == "K-7"


@pytest.mark.parametrize("capacity", [Capacity.HEIR, Capacity.ORGANISATION])
def test_a_company_or_an_heir_need_not_be_looked_up(capacity: Capacity) -> None:
    assert for_another(capacity, person_email=None).subject.identifiers == {}


def test_whose_marketing_an_heir_stops_is_looked_up() -> None:
    with pytest.raises(PersonMissing):
        for_another(Capacity.HEIR, person_email=None, right="objection", to="marketing")


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"asks_as": "neighbour"}, UnknownCapacity),
        ({"person_email": "om.wie@bedrijf.nl"}, PersonMisplaced),
        ({"person_name": "Kanariana"}, PersonMisplaced),
        ({"asks_as": "lawyer", "person_email": "geen adres"}, InvalidEmail),
        ({"asks_as": "parent", "person_email": "kind@bedrijf.nl"}, InvalidBirth),
        ({"born": "2027-01-01"}, InvalidBirth),
        ({"born": "1-1-2015"}, InvalidBirth),
        ({"born": "1815-01-01"}, InvalidBirth),
        ({"verified_by": "mandate"}, MandateMisplaced),
        ({"asks_as": "lawyer", "person_email": "om.wie@bedrijf.nl", "verified_by": "portal-login"}, MandateMisplaced),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(changes: dict[str, object], refusal: type[IntakeRefused]) -> None:
    with pytest.raises(refusal) as refused:
        taken(**changes)
    assert "\n" not in str(refused.value)
    assert "bedrijf" not in str(refused.value)


def test_the_day_of_birth_is_kept_with_who_asks() -> None:
    born = taken(born="2012-03-09").subject
    assert born.born == date(2012, 3, 9)
    assert Subject.from_json(born.to_json()).born == date(2012, 3, 9)


def test_only_a_mandate_verifies_who_asks_for_another_and_nobody_else() -> None:
    for method in Verification:
        assert fits(method, Capacity.SELF) is (method is not Verification.MANDATE)
        assert fits(method, Capacity.LAWYER) is (method is Verification.MANDATE)


def test_a_request_of_before_there_were_others_who_ask_is_read_as_it_was() -> None:
    sealed = {"email": "a@b.nl", "name": None, "customer_number": "K-1", "phone": None, "other": {}}
    assert Subject.from_json(sealed).identifiers == {"email": "a@b.nl", "customer_number": "K-1"}
