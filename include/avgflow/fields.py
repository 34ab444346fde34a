"""One typed field of a request or a search, checked: what passes is fit for the register, what does not is refused with
one line that names the field and repeats nothing of the person.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from email_validator import EmailNotValidError, validate_email

from avgflow.errors import AvgflowError
from avgflow.identity import BLANKS

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
"""Where days are counted: that of a receipt, of a term, and what a person reads of a moment."""
AVG_APPLIES = date(2018, 5, 25)
"""AVG art. 99(2): no request under it is older."""

LONGEST_EMAIL = 254
"""RFC 5321 section 4.5.3.1.3, less the angle brackets."""
LONGEST_TEXT = 200
LONGEST_STATEMENT = 4000

_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PRIVATE_DOMAIN = re.compile(r"\.(?:local|localhost|test|invalid)$", re.IGNORECASE)
"""Domains that the validator would refuse because the public internet does not know them."""

_KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")
_OWN_FIELDS = frozenset({"email", "name", "customer_number", "phone"})


class IntakeRefused(AvgflowError):
    """Something in a request cannot be taken in; a subclass names what."""


class InvalidEmail(IntakeRefused):
    def __init__(self, what: str) -> None:
        super().__init__(f"The e-mail address {what}. Give one address, such as name@company.nl.")


class InvalidReceived(IntakeRefused):
    def __init__(self, what: str) -> None:
        super().__init__(f"The date of receipt {what}. Give the day the request arrived, as YYYY-MM-DD.")


class InvalidText(IntakeRefused):
    def __init__(self, what: str, why: str, nl: str) -> None:
        super().__init__(f"The {what} {why}. Correct it, or leave it out.")
        self.nl = f"{nl} Verbeter het, of laat het leeg."


class NoteTooLong(AvgflowError):
    """A note that a person is to read is longer than its letter has room for."""

    def __init__(self, longest: int) -> None:
        super().__init__(f"The note to the person is longer than {longest} characters. Shorten it.")


Choice = TypeVar("Choice", bound=StrEnum)


def stripped(value: str | None) -> str:
    """A field less the blanks around it; nothing where it was left out."""
    return (value or "").strip(BLANKS)


def choice(choices: type[Choice], value: str | None, refusal: type[IntakeRefused]) -> Choice:
    """One of a few words, in any case; `refusal` for another."""
    try:
        return choices(stripped(value).lower())
    except ValueError:
        raise refusal from None


def email(value: str) -> str:
    """The address as typed, less the blanks around it: it is compared in normal form and written to as it stands."""
    address = stripped(value)
    if not address:
        raise InvalidEmail("is blank")
    if len(address) > LONGEST_EMAIL:
        raise InvalidEmail(f"is longer than {LONGEST_EMAIL} characters")
    try:
        # Whether a mail gets there is for the mail server to find out, so a company's own network is as good as any.
        validate_email(_PRIVATE_DOMAIN.sub(".example", address), check_deliverability=False, strict=True)
    except EmailNotValidError:  # its text repeats the address
        raise InvalidEmail("is not one") from None
    return address


def day(value: str | date | None, today: date) -> date:
    """A day of receipt: today where it is left out, never later, and not before the AVG applied."""
    if isinstance(value, datetime):
        given = value.astimezone(AMSTERDAM).date() if value.tzinfo else value.date()
    elif isinstance(value, date):
        given = value
    elif value is None or not stripped(value):
        return today
    else:
        found = iso_day(value)
        if found is None:
            raise InvalidReceived("is not a date")
        given = found
    if given > today:
        raise InvalidReceived("lies in the future")
    if given < AVG_APPLIES:
        raise InvalidReceived(f"lies before {AVG_APPLIES.isoformat()}, when the AVG began to apply")
    return given


def iso_day(value: str | date) -> date | None:
    """A day as typed, YYYY-MM-DD; None for anything else."""
    if isinstance(value, date):
        return value
    try:
        # Python also takes 2026-W48-3 and 20261125; one form is asked for, one is taken.
        return date.fromisoformat(stripped(value) if _ISO_DAY.fullmatch(stripped(value)) else "")
    except ValueError:
        return None


def others(identifiers: Mapping[str, str]) -> dict[str, str]:
    """Further identifiers by kind; blank ones are left out."""
    for kind in identifiers:
        # The kind stands beside the keyed hash in plain text, so a value put there by mistake must not get through.
        if not _KIND.fullmatch(kind) or kind in _OWN_FIELDS:
            raise InvalidText(
                "kind of a further identifier",
                "is not a word of a-z, 0-9 and _, or has a field of its own",
                "Dit soort kenmerk bestaat niet, of heeft een eigen veld.",
            )
    return {kind: checked for kind, value in identifiers.items() if (checked := text(f"identifier '{kind}'", value))}


def text(what: str, value: str | None, longest: int = LONGEST_TEXT) -> str | None:
    """A line of text; None where it is blank."""
    given = stripped(value)
    _printable(what, given, longest)
    return given or None


def paragraphs(what: str, value: str | None) -> str | None:
    """A text of several lines, in which only a line feed breaks; None where it is blank."""
    given = stripped((value or "").replace("\r\n", "\n"))
    for line in given.split("\n"):
        _printable(what, line, LONGEST_STATEMENT)
    if len(given) > LONGEST_STATEMENT:
        raise _too_long(what, LONGEST_STATEMENT)
    return given or None


def _printable(what: str, given: str, longest: int) -> None:
    if len(given) > longest:
        raise _too_long(what, longest)
    # A line break in a name becomes a header in a mail; a NUL is refused by the database with the value in its error.
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in given):
        raise InvalidText(
            what, "holds a character that cannot be printed", "Er staat een teken in dat niet af te drukken is."
        )


def _too_long(what: str, longest: int) -> InvalidText:
    nl = f"De tekst is langer dan {longest} tekens."
    return InvalidText(what, f"is longer than {longest} characters", nl)
