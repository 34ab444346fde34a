"""What a request asks for besides what its right says: values to correct, a statement to attach, whom to send data to.

It can be of the person, so it is sealed as who they are is; its text form shows nothing, lest it reach a log.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from avgflow import fields
from avgflow.fields import IntakeRefused

_ATTRIBUTE = re.compile(r"[a-z][a-z0-9_]{0,39}")
"""A semantic name of the catalog (`phone`, `last_name`)."""


class InvalidCorrection(IntakeRefused):
    """A value to correct is not given as it must be."""


class NothingToCorrect(IntakeRefused):
    def __init__(self) -> None:
        super().__init__(
            "Say what is to be corrected (--correct phone=…), or give the person's own statement (--statement)."
        )


class AskedMisplaced(IntakeRefused):
    def __init__(self, what: str, right: str) -> None:
        super().__init__(f"Only a request for {right} has {what}. Leave it out, or register that right.")


@dataclass(frozen=True, repr=False)
class Correction:
    """An attribute of the person that is said to be wrong (art. 16): the right value, and the wrong one where given."""

    attribute: str
    new: str
    old: str | None = None


@dataclass(frozen=True, repr=False)
class Asked:
    """`corrections` and `statement`: of a rectification. `destination`: the e-mail address of another controller that
    gets the data, of a portability.
    """

    corrections: tuple[Correction, ...] = ()
    statement: str | None = None
    destination: str | None = None

    def __repr__(self) -> str:
        return "Asked(…)"

    def to_json(self) -> dict[str, Any]:
        """The form in which it is sealed."""
        return {
            "corrections": [vars(one) for one in self.corrections],
            "statement": self.statement,
            "destination": self.destination,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Asked:
        """The inverse of `to_json`."""
        made = {**data, "corrections": tuple(Correction(**one) for one in data.get("corrections", ()))}
        return cls(**made)


NOTHING = Asked()
"""Of a request that asks no more than its right."""


def corrections(new: Mapping[str, str], old: Mapping[str, str]) -> tuple[Correction, ...]:
    """The values to correct, by attribute as typed; `InvalidCorrection` names the attribute, never the value."""
    for attribute in (*new, *old):
        if not _ATTRIBUTE.fullmatch(attribute):
            raise InvalidCorrection(
                "What is to be corrected is not named as the catalog names it. Use a word such as phone or last_name."
            )
    if stray := sorted(set(old) - set(new)):
        raise InvalidCorrection(f"The former {stray[0]} is given, but not the right one. Add --correct {stray[0]}=….")
    made = []
    for attribute, value in new.items():
        right = fields.text(f"right {attribute}", value)
        if right is None:
            raise InvalidCorrection(f"The right {attribute} is blank. Give it, or ask for erasure of what is too much.")
        wrong = fields.text(f"former {attribute}", old.get(attribute))
        if wrong == right:
            raise InvalidCorrection(f"The right {attribute} is the same as the former one. Give another.")
        made.append(Correction(attribute, right, wrong))
    return tuple(made)
