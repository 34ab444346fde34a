"""Numbers that look Dutch and can belong to nobody.

Telephones lie in ranges that are not issued (06-9…, area code 098), an IBAN has the check digits 00 (real ones run from
02 to 98), a VAT number fails both the eleven test and the mod-97 test.
"""

from __future__ import annotations

from avgflow.demo.chance import Chance

_BANKS = ("INGB", "RABO", "ABNA", "TRIO", "KNAB")


def mobile(number: int) -> str:
    """The mobile telephone number of the n-th person."""
    return f"06-9{number:07d}"


def international(phone: str) -> str:
    """The same telephone number as it is written for abroad."""
    return "+31 " + phone.removeprefix("0").replace("-", " ")


def landline(number: int) -> str:
    """The telephone number of the n-th organisation."""
    return f"098-{number:07d}"


def iban(chance: Chance) -> str:
    """A Dutch IBAN whose check digits cannot be right."""
    return f"NL00{chance.pick(_BANKS)}{chance.between(0, 9_999_999_999):010d}"


def vat_number(chance: Chance) -> str:
    """A Dutch VAT number that passes neither test."""
    body = f"{chance.between(0, 99_999_999):08d}"
    return next(
        number
        for digit in "0123456789"
        if not passes_eleven_test((number := f"NL{body}{digit}B{chance.between(1, 99):02d}")[2:11])
        and not passes_mod_97(number)
    )


def passes_eleven_test(digits: str) -> bool:
    """The test of Dutch fiscal numbers: 9 a + 8 b + … + 2 h − i is divisible by eleven."""
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    return sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=True)) % 11 == 0


def passes_mod_97(number: str) -> bool:
    """The test of VAT numbers of sole proprietors: letters as 10 to 35, the whole modulo 97 is one."""
    return int("".join(str(int(sign, 36)) for sign in number)) % 97 == 1
