"""A letter or package that went to the wrong person (AVG art. 33 and 34): the clock, and what must be on record. Pure.

The clock runs from the moment of awareness, in hours: weekends and holidays do not stop it, and its end does not move
to a working day (Regulation 1182/71 art. 3(4) rolls only terms that are not in hours).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from avgflow.errors import AvgflowError
from avgflow.fields import AMSTERDAM

TERM = timedelta(hours=72)
"""To tell the supervisory authority, from awareness (art. 33(1))."""

NEAR = timedelta(hours=48)
"""With so little left others than the privacy officer hear of it too. The watch looks once a day, so they hear it with
at least a day to go.
"""


class What(StrEnum):
    """What went to the wrong person."""

    LETTER = "letter"
    PACKAGE = "package"


class Field(StrEnum):
    """What is put on record of a breach: art. 33(3)(a) to (d), 33(1) and 34."""

    NATURE = "nature"
    CATEGORIES = "categories"
    PEOPLE = "people"
    RECORDS = "records"
    CONTACT = "contact"
    CONSEQUENCES = "consequences"
    MEASURES = "measures"
    AP_TOLD = "ap-told"
    AP_NOT_TOLD = "ap-not-told"
    AP_LATE = "ap-late"
    HIGH_RISK = "high-risk"
    SUBJECT_TOLD = "subject-told"
    SUBJECT_NOT_TOLD = "subject-not-told"


DESCRIBED = (
    Field.NATURE,
    Field.CATEGORIES,
    Field.PEOPLE,
    Field.RECORDS,
    Field.CONTACT,
    Field.CONSEQUENCES,
    Field.MEASURES,
)
"""What art. 33(3) asks, and 33(5) has kept, whoever is told."""

Facts = Mapping[Field, str]
"""The newest of each field; moments in ISO form with their offset, counts as digits, `high-risk` yes or no."""


class BreachRefused(AvgflowError):
    """Something of a breach was not given as it must be."""


class NotComplete(AvgflowError):
    """A breach cannot be closed; the message says what is missing and how to record it."""

    def __init__(self, id_: int, missing: Missing) -> None:
        super().__init__(
            f"Breach {id_} cannot be closed: {missing.why} Record it: avgflow breach record {id_} {missing.how}"
        )


@dataclass(frozen=True)
class Missing:
    """One thing that keeps a breach from being closed: `why` for a person, `how` as options of the command."""

    why: str
    how: str


def due(aware: datetime) -> datetime:
    """When the 72 hours end: hours that went by, whatever the clocks on the wall did meanwhile."""
    return aware.astimezone(UTC) + TERM


def settled(facts: Facts) -> bool:
    """Whether the authority was told, or a reason is on record why it need not be."""
    return Field.AP_TOLD in facts or Field.AP_NOT_TOLD in facts


def missing(facts: Facts, due_at: datetime) -> Missing | None:
    """The first thing that is still to be put on record; None where a breach may be closed."""
    return next((found for rule in _RULES if (found := rule(facts, due_at))), None)


def _described(facts: Facts, due_at: datetime) -> Missing | None:
    open_ = [field for field in DESCRIBED if not facts.get(field)]
    if not open_:
        return None
    return Missing(
        f"art. 33(3) asks for {', '.join(open_)}, which is not on record.", " ".join(f"--{field} …" for field in open_)
    )


def _authority(facts: Facts, due_at: datetime) -> Missing | None:
    if settled(facts):
        return None
    return Missing(
        "it is not on record when the AP was told, nor why a risk is unlikely (art. 33(1)).",
        '--ap-told "YYYY-MM-DD HH:MM", or --ap-not-told REASON',
    )


def _in_time(facts: Facts, due_at: datetime) -> Missing | None:
    told = facts.get(Field.AP_TOLD)
    if told is None or datetime.fromisoformat(told) <= due_at or facts.get(Field.AP_LATE):
        return None
    return Missing("the AP was told after the 72 hours, and not why (art. 33(1)).", "--ap-late REASON")


def _risk(facts: Facts, due_at: datetime) -> Missing | None:
    if Field.HIGH_RISK not in facts:
        return Missing(
            "it is not on record whether the risk for the person is high (art. 34(1)).", "--high-risk yes|no"
        )
    if facts[Field.HIGH_RISK] == "yes" and Field.AP_TOLD not in facts:
        return Missing("a high risk is not an unlikely one, so the AP must be told.", '--ap-told "YYYY-MM-DD HH:MM"')
    return None


def _person(facts: Facts, due_at: datetime) -> Missing | None:
    if facts.get(Field.HIGH_RISK) != "yes" or Field.SUBJECT_TOLD in facts or Field.SUBJECT_NOT_TOLD in facts:
        return None
    return Missing(
        "the risk is high, and it is not on record when the person was told, nor why not (art. 34).",
        '--subject-told "YYYY-MM-DD HH:MM", or --subject-not-told REASON',
    )


_RULES: tuple[Callable[[Facts, datetime], Missing | None], ...] = (_described, _authority, _in_time, _risk, _person)


def moment(given: str, what: str, *, not_before: datetime | None = None, now: datetime | None = None) -> datetime:
    """A moment as typed (`2026-11-25 14:30`, Dutch time unless it has an offset, or `now`).

    `BreachRefused` for what is none, lies in the future, or before `not_before`. Of an hour that the clock on the wall
    has twice the first is meant.
    """
    latest = now or datetime.now(UTC)
    text = given.strip()
    try:
        found = latest if text == "now" else datetime.fromisoformat(text)
    except ValueError:
        raise BreachRefused(f"Say {what} as a moment: YYYY-MM-DD HH:MM in Dutch time, or now.") from None
    if "T" not in text and " " not in text and text != "now":
        raise BreachRefused(f"Say {what} with the hour: YYYY-MM-DD HH:MM in Dutch time, or now.")
    if found.tzinfo is None:
        found = found.replace(tzinfo=AMSTERDAM)
    if found > latest:
        raise BreachRefused(f"The moment {what} lies in the future. Give the moment itself.")
    if not_before is not None and found < not_before:
        raise BreachRefused(f"The moment {what} lies before you knew of the breach. Give the right one.")
    return found.astimezone(AMSTERDAM)
