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

from avgflow import capacity, fields
from avgflow.asked import NOTHING, Asked, AskedMisplaced, NothingToCorrect, corrections
from avgflow.capacity import Capacity, PersonMissing, Represented, UnknownCapacity
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


class MandateMisplaced(IntakeRefused):
    """A way of verifying that does not fit who asks."""

    def __init__(self) -> None:
        super().__init__(
            "A mandate is for somebody who asks for another, and they are verified by nothing else: say in what "
            "capacity they ask (--as), with --verified-by mandate once you have seen it, or leave both out."
        )


class UnknownLanguage(IntakeRefused):
    def __init__(self) -> None:
        super().__init__(f"This language is unknown. Choose one of: {', '.join(Language)}.")


@dataclass(frozen=True, repr=False)
class Subject:
    """The person who asks, as far as the intake knows; its text form shows nothing, lest it reach a log.

    `email` and `name`: of who asks, to whom the letters go. `represented`: whose data they are, where somebody else
    asks. `born`: the day of birth of whose data they are, where that matters. All else is of whose data they are.
    """

    email: str
    name: str | None = None
    customer_number: str | None = None
    phone: str | None = None
    other: Mapping[str, str] = field(default_factory=dict)
    """Further identifiers by kind."""
    represented: Represented | None = None
    born: date | None = None

    def __repr__(self) -> str:
        return "Subject(…)"

    @property
    def identifiers(self) -> dict[str, str]:
        """What may select a person, by kind and as given; a name or a telephone number never does, nor does the
        address of who asks for another.
        """
        own = {"email": self.person_email, "customer_number": self.customer_number}
        return {kind: value for kind, value in (*own.items(), *self.other.items()) if value}

    @property
    def person_email(self) -> str | None:
        """The e-mail address of whose data they are."""
        return self.represented.email if self.represented else self.email

    @property
    def person_name(self) -> str | None:
        """The name of whose data they are."""
        return self.represented.name if self.represented else self.name

    @property
    def on_behalf_of(self) -> str | None:
        """For whom somebody else asks, as a letter says it: the name, or else by what the person is known; None where
        the person asks themselves.
        """
        if self.represented is None:
            return None
        return next(filter(None, (self.represented.name, *self.identifiers.values())), None)

    def to_json(self) -> dict[str, Any]:
        """The form in which it is sealed."""
        return {
            "email": self.email,
            "name": self.name,
            "customer_number": self.customer_number,
            "phone": self.phone,
            "other": dict(self.other),
            "represented": vars(self.represented) if self.represented else None,
            "born": self.born.isoformat() if self.born else None,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Subject:
        """The inverse of `to_json`; a request of before there were others who ask has neither of the last two."""
        born = data.get("born")
        person = Represented.from_json(data.get("represented"))
        return cls(**{**data, "represented": person, "born": date.fromisoformat(born) if born else None})


class Intake(BaseModel):
    """A request as it was taken in; made by `parse`, which checks every field."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    right: Right
    received: date
    verified_by: Verification | None = None
    language: Language = Language.DUTCH
    scope: Scope | None = None
    ground: RestrictionGround | None = None
    capacity: Capacity = Capacity.SELF
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
    asks_as: str | None = None,
    born: str | date | None = None,
    person_email: str | None = None,
    person_name: str | None = None,
    today: date | None = None,
) -> Intake:
    """Check a request as a person typed it; every refusal is an `IntakeRefused` that names the field.

    A blank optional field counts as not given. `received` is today in the Netherlands where left out; `today`
    is for tests. `to`: what an objection is to. `ground`: why data are restricted. `correct`, `was`, `statement`: of a
    rectification, the right and the former values by attribute. `destination`: whom a portability goes to. No other
    right has them. `asks_as`: the capacity of who asks; `person_email` and `person_name` then are of whose data they
    are, as are the other identifiers, and `born` is the day that person was born.
    """
    of_right = fields.choice(Right, right, UnknownRight)
    of_today = today or day_in_amsterdam()
    who = fields.choice(Capacity, asks_as, UnknownCapacity) if fields.stripped(asks_as) else Capacity.SELF
    made = Intake(
        right=of_right,
        received=fields.day(received, of_today),
        verified_by=fields.choice(Verification, verified_by, UnknownVerification)
        if fields.stripped(verified_by)
        else None,
        language=fields.choice(Language, language, UnknownLanguage),
        scope=_of(of_right, Right.OBJECTION, Scope, to, UnknownScope, "what it is to (--to)"),
        ground=_of(of_right, Right.RESTRICTION, RestrictionGround, ground, UnknownGround, "a ground (--ground)"),
        capacity=who,
        subject=Subject(
            email=fields.email(email),
            name=fields.text("name", name),
            customer_number=fields.text("customer number", customer_number),
            phone=fields.text("telephone number", phone),
            other=fields.others(identifiers or {}),
            represented=capacity.represented(who, person_email, person_name),
            born=capacity.born(who, born, of_today),
        ),
        asked=_asked(of_right, correct or {}, was or {}, statement, destination),
    )
    if made.verified_by is not None and not fits(made.verified_by, who):
        raise MandateMisplaced
    looked_up = who in NAMING or (who is Capacity.HEIR and made.scope is Scope.MARKETING)
    if looked_up and not made.subject.identifiers:
        raise PersonMissing
    return made


NAMING = frozenset(Capacity) - {Capacity.SELF, Capacity.HEIR, Capacity.ORGANISATION}
"""Who asks for a person that has to be found: a dead person's data, or a company's, are not looked for."""


def fits(method: Verification, who: Capacity) -> bool:
    """Whether somebody who asks in a capacity is verified so: who asks for another by their mandate, and nobody else by
    one.
    """
    return (method is Verification.MANDATE) is (who is not Capacity.SELF)


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
