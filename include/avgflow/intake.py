"""Intake: what a person asks, checked once, whatever the entry (page, command line, REST).

What passes here is fit for the register; what does not is refused with one line that a privacy officer
understands and that repeats nothing of the person.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from email_validator import EmailNotValidError, validate_email
from pydantic import BaseModel, ConfigDict, Field

from avgflow.errors import AvgflowError
from avgflow.identity import BLANKS

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
AVG_APPLIES = date(2018, 5, 25)
"""AVG art. 99(2): no request under it is older."""

LONGEST_EMAIL = 254
"""RFC 5321 section 4.5.3.1.3, less the angle brackets."""
LONGEST_TEXT = 200

_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PRIVATE_DOMAIN = re.compile(r"\.(?:local|localhost|test|invalid)$", re.IGNORECASE)
"""Domains that the validator would refuse because the public internet does not know them."""

_KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")
_OWN_FIELDS = frozenset({"email", "name", "customer_number", "phone"})


class Right(StrEnum):
    """What is asked: AVG art. 15 to 18, 20 and 21."""

    ACCESS = "access"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    RESTRICTION = "restriction"
    PORTABILITY = "portability"
    OBJECTION = "objection"


class Scope(StrEnum):
    """What an objection (art. 21) or a withdrawn consent (art. 7(3)) is about."""

    MARKETING = "marketing"
    SURVEYS = "surveys"
    COOKIES = "cookies"
    ALL = "all-processing"


class Verification(StrEnum):
    """How it was made sure who asks (AVG art. 12(6)); never by a copy of an identity document."""

    PORTAL_LOGIN = "portal-login"
    KNOWN_EMAIL = "known-email"
    PHONE_CALLBACK = "phone-callback"
    IN_PERSON = "in-person"
    MANDATE = "mandate"


class Language(StrEnum):
    """The language of the answer."""

    DUTCH = "nl"
    ENGLISH = "en"


class IntakeRefused(AvgflowError):
    """Something in a request cannot be taken in; a subclass names what."""


class UnknownRight(IntakeRefused):
    def __init__(self) -> None:
        super().__init__(f"This right is unknown. Choose one of: {', '.join(Right)}.")


class UnknownScope(IntakeRefused):
    def __init__(self) -> None:
        super().__init__(
            f"Say what the objection is to. Choose one of: {', '.join(Scope)} (--to on the command line). The "
            f"newsletter is marketing; '{Scope.ALL}' is everything we do with their data."
        )


class ScopeMisplaced(IntakeRefused):
    def __init__(self) -> None:
        super().__init__("Only an objection says what it is to. Leave that out (--to), or register an objection.")


class UnknownVerification(IntakeRefused):
    def __init__(self) -> None:
        super().__init__(
            f"This way of verifying is unknown. Choose one of: {', '.join(Verification)}; "
            f"leave it out where the person is not verified yet."
        )


class UnknownLanguage(IntakeRefused):
    def __init__(self) -> None:
        super().__init__(f"This language is unknown. Choose one of: {', '.join(Language)}.")


class InvalidEmail(IntakeRefused):
    def __init__(self, what: str) -> None:
        super().__init__(f"The e-mail address {what}. Give one address, such as name@company.nl.")


class InvalidReceived(IntakeRefused):
    def __init__(self, what: str) -> None:
        super().__init__(f"The date of receipt {what}. Give the day the request arrived, as YYYY-MM-DD.")


class InvalidText(IntakeRefused):
    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"The {what} {why}. Correct it, or leave it out.")


@dataclass(frozen=True, repr=False)
class Subject:
    """The person who asks, as far as the intake knows; its text form shows nothing, lest it reach a log."""

    email: str
    name: str | None = None
    customer_number: str | None = None
    phone: str | None = None
    other: Mapping[str, str] = field(default_factory=dict)
    """Further identifiers by kind."""

    def __repr__(self) -> str:
        return "Subject(…)"

    @property
    def identifiers(self) -> dict[str, str]:
        """What may select a person, by kind and as given; a name or a telephone number never does."""
        own = {"email": self.email, "customer_number": self.customer_number}
        return {kind: value for kind, value in (*own.items(), *self.other.items()) if value}

    def to_json(self) -> dict[str, Any]:
        """The form in which it is sealed."""
        return {
            "email": self.email,
            "name": self.name,
            "customer_number": self.customer_number,
            "phone": self.phone,
            "other": dict(self.other),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Subject:
        return cls(**data)


class Intake(BaseModel):
    """A request as it was taken in; made by `parse`, which checks every field."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    right: Right
    received: date
    verified_by: Verification | None = None
    language: Language = Language.DUTCH
    scope: Scope | None = None
    subject: Subject = Field(repr=False)


Choice = TypeVar("Choice", bound=StrEnum)


def day_in_amsterdam() -> date:
    """Today in the Netherlands: dates of receipt and terms are counted there."""
    return datetime.now(AMSTERDAM).date()


def parse(
    *,
    right: str,
    email: str,
    received: str | date | None = None,
    verified_by: str | None = None,
    name: str | None = None,
    customer_number: str | None = None,
    phone: str | None = None,
    identifiers: Mapping[str, str] | None = None,
    language: str = Language.DUTCH,
    to: str | None = None,
    today: date | None = None,
) -> Intake:
    """Check a request as a person typed it; every refusal is an `IntakeRefused` that names the field.

    A blank optional field counts as not given. `received` is today in the Netherlands where left out; `today`
    is for tests. `to`: what an objection is to; no other right has it.
    """
    of_right = _choice(Right, right, UnknownRight)
    return Intake(
        right=of_right,
        received=_received(received, today or day_in_amsterdam()),
        verified_by=_choice(Verification, verified_by, UnknownVerification) if _stripped(verified_by) else None,
        language=_choice(Language, language, UnknownLanguage),
        scope=_scope(of_right, to),
        subject=Subject(
            email=_email(email),
            name=_text("name", name),
            customer_number=_text("customer number", customer_number),
            phone=_text("telephone number", phone),
            other=_other(identifiers or {}),
        ),
    )


def identifiers(
    *, email: str | None = None, customer_number: str | None = None, others: Mapping[str, str] | None = None
) -> dict[str, str]:
    """What selects a person apart from a request, by kind, checked as `parse` does; blank ones are left out."""
    given = {
        "email": _email(email) if email is not None and _stripped(email) else None,
        "customer_number": _text("customer number", customer_number),
        **_other(others or {}),
    }
    return {kind: value for kind, value in given.items() if value}


def _stripped(value: str | None) -> str:
    return (value or "").strip(BLANKS)


def _choice(choices: type[Choice], value: str | None, refusal: type[IntakeRefused]) -> Choice:
    try:
        return choices(_stripped(value).lower())
    except ValueError:
        raise refusal from None


def _scope(right: Right, value: str | None) -> Scope | None:
    if right is Right.OBJECTION:
        return _choice(Scope, value, UnknownScope)
    if _stripped(value):
        raise ScopeMisplaced
    return None


def _email(value: str) -> str:
    """The address as typed, less the blanks around it: it is compared in normal form and written to as it stands."""
    address = _stripped(value)
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


def _received(value: str | date | None, day: date) -> date:
    if isinstance(value, datetime):
        received = value.astimezone(AMSTERDAM).date() if value.tzinfo else value.date()
    elif isinstance(value, date):
        received = value
    elif not _stripped(value):
        return day
    else:
        try:
            # Python also takes 2026-W48-3 and 20261125; one form is asked for, one is taken.
            received = date.fromisoformat(_stripped(value) if _ISO_DAY.fullmatch(_stripped(value)) else "")
        except ValueError:
            raise InvalidReceived("is not a date") from None
    if received > day:
        raise InvalidReceived("lies in the future")
    if received < AVG_APPLIES:
        raise InvalidReceived(f"lies before {AVG_APPLIES.isoformat()}, when the AVG began to apply")
    return received


def _other(identifiers: Mapping[str, str]) -> dict[str, str]:
    for kind in identifiers:
        # The kind stands beside the keyed hash in plain text, so a value put there by mistake must not get through.
        if not _KIND.fullmatch(kind) or kind in _OWN_FIELDS:
            raise InvalidText(
                "kind of a further identifier", "is not a word of a-z, 0-9 and _, or has a field of its own"
            )
    return {kind: text for kind, value in identifiers.items() if (text := _text(f"identifier '{kind}'", value))}


def _text(what: str, value: str | None) -> str | None:
    text = _stripped(value)
    if len(text) > LONGEST_TEXT:
        raise InvalidText(what, f"is longer than {LONGEST_TEXT} characters")
    # A line break in a name becomes a header in a mail; a NUL is refused by the database with the value in its error.
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in text):
        raise InvalidText(what, "holds a character that cannot be printed")
    return text or None
