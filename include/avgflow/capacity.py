"""Who asks: the person themselves or somebody else, and of whom the data then are.

Whoever asks for another gets the letters; the search for rows goes by what identifies the person alone, never by the
address of who asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from avgflow import fields
from avgflow.fields import IntakeRefused

OLDEST = 130
"""Years: a day of birth before that is a slip of the pen."""


class Capacity(StrEnum):
    """In what capacity somebody asks."""

    SELF = "self"
    REPRESENTATIVE = "representative"
    LAWYER = "lawyer"
    PARENT = "parent"
    GUARDIAN = "guardian"
    EMPLOYER = "employer"
    HEIR = "heir"
    ORGANISATION = "organisation"


class UnknownCapacity(IntakeRefused):
    def __init__(self) -> None:
        super().__init__(
            f"This capacity is unknown. Choose one of: {', '.join(Capacity)} (--as on the command line); leave it out "
            f"where the person asks about themselves."
        )


class InvalidBirth(IntakeRefused):
    def __init__(self, what: str) -> None:
        super().__init__(f"The day of birth {what}. Give the day the person was born, as YYYY-MM-DD (--born).")


class PersonMisplaced(IntakeRefused):
    """Two persons are named in a request by one."""

    def __init__(self) -> None:
        super().__init__(
            "A person who asks about themselves is named by --email and --name. Say in what capacity somebody else "
            "asks (--as), or leave --person-email and --person-name out."
        )


class PersonMissing(IntakeRefused):
    """Somebody asks for another, and nothing says who that is."""

    def __init__(self) -> None:
        super().__init__(
            "Say whose data these are: --person-email, --customer-number or --identifier. Nothing is looked up by the "
            "address of who asks for them."
        )


@dataclass(frozen=True, repr=False)
class Represented:
    """The person whose data somebody else asks about; its text form shows nothing, lest it reach a log."""

    email: str | None = None
    name: str | None = None

    def __repr__(self) -> str:
        return "Represented(…)"

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> Represented | None:
        """Of its sealed form; None for a request by the person themselves."""
        return None if data is None else cls(**data)


def represented(capacity: Capacity, email: str | None, name: str | None) -> Represented | None:
    """Whom the request is about, as typed; None where that is who asks. `IntakeRefused` names what does not fit."""
    person = Represented(
        fields.email(email) if email is not None and fields.stripped(email) else None, fields.text("name", name)
    )
    if capacity is not Capacity.SELF:
        return person
    if person != Represented():
        raise PersonMisplaced
    return None


def born(capacity: Capacity, value: str | date | None, today: date) -> date | None:
    """The day of birth, as far as it matters: of a child. `InvalidBirth` where a parent asks and it is not given."""
    if value is None or (isinstance(value, str) and not fields.stripped(value)):
        if capacity is Capacity.PARENT:
            raise InvalidBirth("of the child is not given; whether a parent may ask depends on it")
        return None
    day = fields.iso_day(value)
    if day is None:
        raise InvalidBirth("is not a date")
    if day > today:
        raise InvalidBirth("lies in the future")
    if today.year - day.year > OLDEST:
        raise InvalidBirth(f"is more than {OLDEST} years ago")
    return day
