"""Intake: what a person asks, checked once, whatever the entry (page, command line, REST).

What passes here is fit for the register; what does not is refused with one line that a privacy officer
understands and that repeats nothing of the person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from avgflow import fields
from avgflow.asked import NOTHING, Asked, AskedMisplaced, NothingToCorrect, corrections
from avgflow.fields import AMSTERDAM, Choice, IntakeRefused


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


class RestrictionGround(StrEnum):
    """Why the use of data is to be restricted: art. 18(1)(a) to (d)."""

    ACCURACY = "accuracy"
    UNLAWFUL = "unlawful"
    CLAIMS = "claims"
    OBJECTION = "objection"


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


class UnknownRight(IntakeRefused):
    def __init__(self) -> None:
        super().__init__(f"This right is unknown. Choose one of: {', '.join(Right)}.")


class UnknownScope(IntakeRefused):
    def __init__(self) -> None:
        super().__init__(
            f"Say what the objection is to. Choose one of: {', '.join(Scope)} (--to on the command line). The "
            f"newsletter is marketing; '{Scope.ALL}' is everything we do with their data."
        )


class UnknownGround(IntakeRefused):
    def __init__(self) -> None:
        super().__init__(
            f"Say why the data are to be restricted. Choose one of: {', '.join(RestrictionGround)} (--ground on the "
            f"command line): their accuracy is contested, their use is unlawful, the person needs them for a claim, or "
            f"an objection is being weighed."
        )


class UnknownVerification(IntakeRefused):
    def __init__(self) -> None:
        super().__init__(
            f"This way of verifying is unknown. Choose one of: {', '.join(Verification)}; "
            f"leave it out where the person is not verified yet."
        )


class UnknownLanguage(IntakeRefused):
    def __init__(self) -> None:
        super().__init__(f"This language is unknown. Choose one of: {', '.join(Language)}.")


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
    ground: RestrictionGround | None = None
    subject: Subject = Field(repr=False)
    asked: Asked = Field(default=NOTHING, repr=False)


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
    ground: str | None = None,
    correct: Mapping[str, str] | None = None,
    was: Mapping[str, str] | None = None,
    statement: str | None = None,
    destination: str | None = None,
    today: date | None = None,
) -> Intake:
    """Check a request as a person typed it; every refusal is an `IntakeRefused` that names the field.

    A blank optional field counts as not given. `received` is today in the Netherlands where left out; `today`
    is for tests. `to`: what an objection is to. `ground`: why data are restricted. `correct`, `was`, `statement`: of a
    rectification, the right and the former values by attribute. `destination`: whom a portability goes to. No other
    right has them.
    """
    of_right = fields.choice(Right, right, UnknownRight)
    return Intake(
        right=of_right,
        received=fields.day(received, today or day_in_amsterdam()),
        verified_by=fields.choice(Verification, verified_by, UnknownVerification)
        if fields.stripped(verified_by)
        else None,
        language=fields.choice(Language, language, UnknownLanguage),
        scope=_of(of_right, Right.OBJECTION, Scope, to, UnknownScope, "what it is to (--to)"),
        ground=_of(of_right, Right.RESTRICTION, RestrictionGround, ground, UnknownGround, "a ground (--ground)"),
        subject=Subject(
            email=fields.email(email),
            name=fields.text("name", name),
            customer_number=fields.text("customer number", customer_number),
            phone=fields.text("telephone number", phone),
            other=fields.others(identifiers or {}),
        ),
        asked=_asked(of_right, correct or {}, was or {}, statement, destination),
    )


def identifiers(
    *, email: str | None = None, customer_number: str | None = None, others: Mapping[str, str] | None = None
) -> dict[str, str]:
    """What selects a person apart from a request, by kind, checked as `parse` does; blank ones are left out."""
    given = {
        "email": fields.email(email) if email is not None and fields.stripped(email) else None,
        "customer_number": fields.text("customer number", customer_number),
        **fields.others(others or {}),
    }
    return {kind: value for kind, value in given.items() if value}


def _of(
    right: Right, whose: Right, choices: type[Choice], value: str | None, refusal: type[IntakeRefused], what: str
) -> Choice | None:
    """A word that one right has and must have, and no other right has."""
    if right is whose:
        return fields.choice(choices, value, refusal)
    if fields.stripped(value):
        raise AskedMisplaced(what, whose)
    return None


def _asked(
    right: Right,
    correct: Mapping[str, str],
    was: Mapping[str, str],
    statement: str | None,
    destination: str | None,
) -> Asked:
    made = Asked(
        corrections(correct, was),
        fields.paragraphs("statement", statement),
        fields.email(destination) if destination is not None and fields.stripped(destination) else None,
    )
    if right is Right.RECTIFICATION:
        if not made.corrections and made.statement is None:
            raise NothingToCorrect
    elif made.corrections:
        raise AskedMisplaced("values to correct (--correct)", Right.RECTIFICATION)
    elif made.statement is not None:
        raise AskedMisplaced("a statement (--statement)", Right.RECTIFICATION)
    if made.destination is not None and right is not Right.PORTABILITY:
        raise AskedMisplaced("another controller (--to-controller)", Right.PORTABILITY)
    return made
