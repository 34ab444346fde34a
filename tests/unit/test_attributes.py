"""What a value of an attribute must look like, and when two values are the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avgflow.asked import Correction, InvalidCorrection
from avgflow.attributes import FullNameMissing, UnknownAttribute, alike, check, same, valid


@pytest.mark.parametrize(
    ("attribute", "one", "other"),
    [
        ("phone", "010-2380310", "+31 10 2380310"),
        ("phone", "+31 (0)10 238 03 10", "0031102380310"),
        ("postcode", "3047 bl", "3047BL"),
        ("iban", "NL91 ABNA 0417 1643 00", "nl91abna0417164300"),
        ("vat_number", "nl123456789b01", "NL 1234.56.789.B01"),
        ("email", " Jan@Bedrijf.NL ", "jan@bedrijf.nl"),
        ("last_name", "Jansen", " jansen"),
    ],
)
def test_a_value_is_the_same_however_it_is_written(attribute: str, one: str, other: str) -> None:
    assert same(attribute, one, other)


@pytest.mark.parametrize(
    ("attribute", "one", "other"),
    [
        ("phone", "010-2380310", "010-2380311"),
        ("phone", "+32 10 238031", "010-238031"),
        ("house_number", "12", "12a"),
        ("last_name", "Jansen", "Janssen"),
        ("street", "Lindelaan", "Linde laan"),
    ],
)
def test_what_differs_in_more_than_its_form_is_another_value(attribute: str, one: str, other: str) -> None:
    assert not same(attribute, one, other)


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("phone", "010-2380310"),
        ("phone", "+31 (0)6 12345678"),
        ("email", "jan@bedrijf.nl"),
        ("postcode", "3047 BL"),
        ("postcode", "B-1000"),
        ("vat_number", "NL123456789B01"),
        ("vat_number", "BE0123456789"),
        ("iban", "NL91 ABNA 0417 1643 00"),
        ("iban", "GB82WEST12345698765432"),
        ("birth_date", "1980-02-29"),
        ("country", "NL"),
        ("language", "nl"),
        ("job_title", "Hoofd 'Inkoop'; 't Huis"),
    ],
)
def test_what_people_have_is_valid(attribute: str, value: str) -> None:
    valid(attribute, value)


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("phone", "bel maar"),
        ("phone", "12"),
        ("email", "jan@"),
        ("postcode", "!"),
        ("vat_number", "NL-99"),
        ("vat_number", "BEONBEKEND"),
        ("iban", "NL92ABNA0417164300"),
        ("iban", "NL91"),
        ("birth_date", "29-02-1980"),
        ("birth_date", "1981-02-29"),
        ("birth_date", "2999-01-01"),
        ("birth_date", "19800229"),
        ("country", "Nederland"),
        ("language", "Nederlands"),
    ],
)
def test_what_cannot_be_one_is_refused_without_repeating_it(attribute: str, value: str) -> None:
    with pytest.raises(InvalidCorrection) as told:
        valid(attribute, value)
    assert value not in str(told.value)


@given(st.text(min_size=1, max_size=40), st.sampled_from(["phone", "postcode", "iban", "email", "last_name"]))
def test_the_form_for_comparing_is_final(value: str, attribute: str) -> None:
    assert alike(attribute, alike(attribute, value)) == alike(attribute, value)


def test_a_name_is_given_as_a_whole_too_where_some_store_holds_it_so() -> None:
    last = Correction("last_name", "Jansen")
    with pytest.raises(FullNameMissing):
        check([last], {"last_name", "full_name"})
    check([last, Correction("full_name", "Jan Jansen")], {"last_name", "full_name"})
    check([last], {"last_name"})


def test_what_no_store_holds_is_refused_with_what_they_do_hold() -> None:
    with pytest.raises(UnknownAttribute, match=r"shoe_size.*email, phone"):
        check([Correction("shoe_size", "43")], {"phone", "email"})
