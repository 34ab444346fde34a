"""Who may ask for whom: pure, by capacity, by the age of whose data they are, and by whether a mandate was seen.

Children: UAVG art. 5 as it stands from 1 September 2026 (under 12 a legal representative asks, from 12 to 15 the child
or the representative, from 16 the child); before that day only the representative asked for who was under 16. What
counts is the day on which the request came in. Adults under guardianship: their representative, so far as they are
incapable. The dead and companies have no rights under the AVG (recitals 27 and 14); that the dead get no marketing any
more is done for whoever shows that they died.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from avgflow.capacity import Capacity
from avgflow.intake import Scope
from avgflow.policy.reasons import DeclineReason

CHANGED = date(2026, 9, 1)
"""The first day of UAVG art. 5 as it stands (Stb. 2026, 154)."""
ASKS_TOO = 12
ASKS_ALONE = 16
ADULT = 18


@dataclass(frozen=True)
class GoOn:
    """Whoever asks may, once it is sure that they are who they say."""


@dataclass(frozen=True)
class AskMandate:
    """They may if they show that they may: a mandate, or proof of authority."""


@dataclass(frozen=True)
class Decline:
    """They may not, or nobody has this right."""

    reason: DeclineReason


Standing: TypeAlias = GoOn | AskMandate | Decline


def age(born: date, on: date) -> int:
    """Whole years; who was born on 29 February is a year older on 1 March where there is no such day."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def who_may_ask(
    capacity: Capacity, born: date | None, received: date, mandate: bool, scope: Scope | None = None
) -> Standing:
    """Whether a request that came in on a day goes on. `born`: None for an adult, or where nothing says otherwise;
    `scope`: what an objection is to.
    """
    years = age(born, received) if born is not None else ADULT
    match capacity:
        case Capacity.SELF:
            alone = ASKS_TOO if received >= CHANGED else ASKS_ALONE
            return GoOn() if years >= alone else Decline(DeclineReason.REPRESENTED)
        case Capacity.PARENT if years >= ASKS_ALONE:
            return Decline(DeclineReason.ITSELF)
        case Capacity.GUARDIAN if ASKS_ALONE <= years < ADULT:
            return Decline(DeclineReason.ITSELF)
        case Capacity.HEIR if scope is not Scope.MARKETING:
            return Decline(DeclineReason.DECEASED)
        case Capacity.ORGANISATION:
            return Decline(DeclineReason.LEGAL_PERSON)
        case Capacity.EMPLOYER if not mandate:
            return Decline(DeclineReason.EMPLOYER)
    return GoOn() if mandate else AskMandate()
