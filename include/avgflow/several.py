"""Several rights asked at once: one intake of who asks, and a request for each right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from avgflow import fields
from avgflow.fields import IntakeRefused
from avgflow.intake import Intake, Right, UnknownRight, parse

_ORDER = (
    Right.ACCESS,
    Right.PORTABILITY,
    Right.OBJECTION,
    Right.RESTRICTION,
    Right.RECTIFICATION,
    Right.ERASURE,
)
"""Who wants a copy of the data gets it before they change, and what is erased comes last; numbers follow this order."""

_WORD_OF = {Right.OBJECTION: "to", Right.RESTRICTION: "ground"}
"""What stands behind a right: `objection:marketing`, `restriction:claims`."""

ONLY_OF: Mapping[str, Right] = {
    "to": Right.OBJECTION,
    "ground": Right.RESTRICTION,
    "correct": Right.RECTIFICATION,
    "was": Right.RECTIFICATION,
    "statement": Right.RECTIFICATION,
    "destination": Right.PORTABILITY,
}
"""The fields that one right has, and which."""


class AskedTwice(IntakeRefused):
    def __init__(self, right: str) -> None:
        super().__init__(f"The same is asked twice: {right}. Name each right once.")


class WordMisplaced(IntakeRefused):
    def __init__(self, right: str) -> None:
        super().__init__(
            f"Nothing stands behind {right}. Write objection:marketing (or surveys, cookies, all-processing), "
            f"restriction:claims (or accuracy, unlawful, objection), or the right alone."
        )


def parse_all(right: str, also: Iterable[str] = (), **given: Any) -> Sequence[Intake]:
    """Check what one person asks at once, as typed: the right and the others (`erasure`, `objection:marketing`), with
    the fields of `intake.parse`; in the order in which they are carried out.

    A field that only one right has goes to that right; where it is not asked, to the first, which refuses it.
    """
    asked = [right, *also]
    rights = [fields.choice(Right, one.partition(":")[0], UnknownRight) for one in asked]
    made: dict[tuple[Right, str], Intake] = {}
    for place, (one, of_right) in enumerate(zip(asked, rights, strict=True)):
        own = {
            name: value
            for name, value in given.items()
            if ONLY_OF.get(name, of_right) is of_right or (place == 0 and ONLY_OF[name] not in rights)
        }
        _, sign, word = one.partition(":")
        if sign and of_right not in _WORD_OF:
            raise WordMisplaced(of_right)
        if sign:
            own[_WORD_OF[of_right]] = word
        intake = parse(right=of_right, **own)
        what = (of_right, str(intake.scope or intake.ground or ""))
        if what in made:
            raise AskedTwice(":".join(filter(None, what)))
        made[what] = intake
    return sorted(made.values(), key=lambda intake: _ORDER.index(intake.right))
