"""The attributes of a person that can be corrected (art. 16): what a value must look like, and when two are the same.

An attribute is the catalog's semantic name of a column (`phone`, `last_name`). One that is not known here may hold any
line of text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date

from avgflow import fields
from avgflow.asked import Correction, InvalidCorrection
from avgflow.fields import IntakeRefused
from avgflow.identity import normal
from avgflow.intake import day_in_amsterdam

ADDRESS = frozenset({"street", "house_number", "postcode", "city", "country"})
"""The parts of one address: they are corrected together, in rows that show the wrong address and no other."""

NAMES = frozenset({"first_name", "last_name"})
FULL_NAME = "full_name"

_PHONE = re.compile(r"\+?[0-9(][0-9 ()./-]{5,24}[0-9]")
_POSTCODE = re.compile(r"[A-Z0-9][A-Z0-9 -]{2,9}")
_VAT = re.compile(r"(?:NL[0-9]{9}B[0-9]{2}|(?!NL)[A-Z]{2}(?=[A-Z]*[0-9])[A-Z0-9]{6,12})")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_LANGUAGE = re.compile(r"[a-z]{2}(?:-[A-Za-z]{2})?")


class UnknownAttribute(IntakeRefused):
    """What is to be corrected is nothing that the stores hold of a person."""

    def __init__(self, unknown: Iterable[str], known: Iterable[str]) -> None:
        super().__init__(
            f"No store holds {', '.join(sorted(unknown))} as something that a person can have corrected; the catalog "
            f"knows: {', '.join(sorted(known))}. Nothing was registered."
        )


class FullNameMissing(IntakeRefused):
    def __init__(self) -> None:
        super().__init__(
            "Some stores hold the name as a whole. Give that too (--correct full_name=…), as it is to stand there. "
            "Nothing was registered."
        )


def check(corrections: Iterable[Correction], known: Collection[str]) -> None:
    """`UnknownAttribute`, `FullNameMissing` or `InvalidCorrection` unless each right value can be one; `known`: the
    attributes that can be corrected.
    """
    made = {one.attribute: one.new for one in corrections}
    if unknown := set(made) - set(known):
        raise UnknownAttribute(unknown, known)
    if NAMES & set(made) and FULL_NAME in known and FULL_NAME not in made:
        raise FullNameMissing
    for attribute, value in made.items():
        valid(attribute, value)


def valid(attribute: str, value: str) -> None:
    """`InvalidCorrection` where a value cannot be one of this attribute; its text repeats no value."""
    rule = _RULES.get(attribute)
    if rule is not None and not rule[0](value):
        raise InvalidCorrection(f"The right {attribute} is not one. Give it as {rule[1]}. Nothing was registered.")


def same(attribute: str, one: str, other: str) -> bool:
    """Whether two values are the same but for how they are written."""
    return alike(attribute, one) == alike(attribute, other)


def alike(attribute: str, value: str) -> str:
    """The form in which values of an attribute are compared: '+31 (0)6 12' and '0612' are one telephone number."""
    if attribute == "phone":
        digits = re.sub(r"[^0-9+]", "", value.replace("(0)", ""))
        return re.sub(r"^(?:\+31|0031)", "0", digits)
    if attribute in _COMPACT:
        return re.sub(r"[\s.-]", "", value).upper()
    return normal(value) or ""


_COMPACT = frozenset({"postcode", "iban", "vat_number"})


def _email(value: str) -> bool:
    try:
        fields.email(value)
    except IntakeRefused:
        return False
    return True


def _iban(value: str) -> bool:
    """ISO 13616: the check digits make the number 1 modulo 97."""
    compact = alike("iban", value)
    if not _IBAN.fullmatch(compact):
        return False
    return int("".join(str(int(sign, 36)) for sign in compact[4:] + compact[:4])) % 97 == 1


def _birth_date(value: str) -> bool:
    try:
        return date(1890, 1, 1) <= date.fromisoformat(value) <= day_in_amsterdam() and len(value) == len("2000-01-01")
    except ValueError:
        return False


def _matches(pattern: re.Pattern[str], attribute: str) -> Callable[[str], bool]:
    return lambda value: pattern.fullmatch(alike(attribute, value) if attribute in _COMPACT else value) is not None


_RULES: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "email": (_email, "one address, such as name@company.nl"),
    "business_email": (_email, "one address, such as name@company.nl"),
    "phone": (_matches(_PHONE, "phone"), "digits, such as 010-2380310 or +31 10 2380310"),
    "postcode": (_matches(_POSTCODE, "postcode"), "a postcode, such as 3047 BL"),
    "vat_number": (_matches(_VAT, "vat_number"), "a VAT number, such as NL123456789B01"),
    "iban": (_iban, "an IBAN, whose check digits must fit"),
    "country": (_matches(_COUNTRY, "country"), "two capitals, such as NL"),
    "language": (_matches(_LANGUAGE, "language"), "two letters, such as nl"),
    "birth_date": (_birth_date, "a day in the past, YYYY-MM-DD"),
}
"""What a value of an attribute must be, and how to say so."""
