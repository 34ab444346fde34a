"""What becomes of a record when a person asks for erasure (AVG art. 17), objects (art. 21) or withdraws consent
(art. 7(3)): pure, one rule a line, first match wins.

For erasure the order is: what the law obliges to keep, a claim or hold, data needed for a running contract, then the
request. The company's own terms never justify a refusal; they only drive the automatic deletion. For an objection:
marketing and surveys stop without a weighing, consent ends, what rests on the company's interest is weighed by a human,
and what rests on law or contract goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Literal

from avgflow.catalog.models import Text
from avgflow.intake import Scope
from avgflow.policy import periods
from avgflow.policy.models import Policy, RecordClass, Term

EVERYTHING = "*"
"""In the place of a record class: all of a person's records."""


class Ground(StrEnum):
    """Why a record is kept, goes, or is used no more; what stands on the register and, in words, in the letter."""

    LAW = "17(3)(b)"
    CLAIM = "17(3)(e)"
    CONTRACT = "6(1)(b)"
    PROOF = "5(2)"
    NO_LONGER_NEEDED = "17(1)(a)"
    MARKETING = "21(3)"
    OBJECTION = "21(1)"
    WITHDRAWAL = "7(3)"
    OBLIGATION = "6(1)(c)"
    OTHER_BASIS = "6(1)"


@dataclass(frozen=True)
class Record:
    """What decides about a row: its class, which of its other terms it is under, the day that counts from, and whether
    it tells of the past only (a history table), which no running contract needs.
    """

    record_class: str
    term: str | None = None
    counts_from: date | None = None
    former: bool = False


@dataclass(frozen=True)
class Situation:
    """What is known of the person on a day.

    `holds`: classes (or `EVERYTHING`) under a claim or hold, with the day it ends (None: until it is released).
    `contract_runs`: something ordered is not delivered or not paid. `sole_proprietor`: the person is themselves the
    customer, so that what is done for the contract rests on it; where that is not known, what favours the person is
    assumed.
    """

    today: date
    holds: Mapping[str, date | None] = field(default_factory=dict)
    contract_runs: bool = False
    sole_proprietor: bool = False


@dataclass(frozen=True)
class Decision:
    """What becomes of a row, and why. `keep_until`: the last day it is kept, None where no day is known.

    `whole`: a claim or a running contract needs it too, so that nothing may be taken out of it, whatever the law that
    comes first could do without.

    After an objection: `stop`: no longer used for what was objected to; `weigh`: a human weighs; `continue`: used as
    before. `suppress`: nothing is sent to the person for it any more.
    """

    action: Literal["erase", "keep", "stop", "weigh", "continue"]
    ground: Ground
    reason: Text
    suppress: bool = False
    keep_until: date | None = None
    whole: bool = False


Rule = Callable[[RecordClass, Record, Situation], Decision | None]


def erasure(policy: Policy, record: Record, situation: Situation) -> Decision:
    """The decision on one row. `KeyError` for a class that the policy does not have."""
    of_class = policy.classes[record.record_class]
    for rule in RULES:
        decision = rule(of_class, record, situation)
        if decision is not None:
            whole = any(needs(of_class, record, situation) for needs in (_claim, _contract))
            return replace(decision, whole=whole) if decision.action == "keep" else decision
    raise AssertionError("the last rule always decides")


def objection(policy: Policy, record: Record, situation: Situation, scope: Scope) -> Decision | None:
    """The decision on one row after an objection or a withdrawal; None where it is not what the person objects to.

    `KeyError` for a class that the policy does not have.
    """
    of_class = policy.classes[record.record_class]
    if scope is not Scope.ALL and of_class.scope != scope and not _proves_consent(of_class):
        return None
    for rule in OBJECTION_RULES:
        decision = rule(of_class, record, situation)
        if decision is not None:
            return decision
    raise AssertionError("the last rule always decides")


def stopped(policy: Policy, scope: Scope) -> dict[str, RecordClass]:
    """The classes that an objection stops without a weighing, by name: whether or not anything of them is held."""
    return {
        name: of_class
        for name, of_class in policy.classes.items()
        if of_class.objection == "absolute" and scope in (of_class.scope, Scope.ALL)
    }


def last_day(term: Term, counts_from: date) -> date | None:
    """The last day on which a term lets or makes a record be kept; None where only an event ends it, or where it ends
    beyond the calendar.

    A term that counts from the end of the year: 31 December of (year + period), for AWR art. 52(4).
    """
    if term.period is None:
        return None
    start = date(counts_from.year, 12, 31) if term.year_end else counts_from
    return periods.last_day(term.period, start)


def _law(of_class: RecordClass, record: Record, situation: Situation) -> Decision | None:
    term = of_class.other_terms[record.term] if record.term else of_class.term
    if not term.law:
        return None
    until = last_day(term, record.counts_from) if record.counts_from else None
    if until is not None and until < situation.today:
        return None
    return Decision("keep", Ground.LAW, term.text, keep_until=until)


def _claim(of_class: RecordClass, record: Record, situation: Situation) -> Decision | None:
    for held in (record.record_class, EVERYTHING):
        until = situation.holds.get(held)
        if held in situation.holds and (until is None or until >= situation.today):
            return Decision("keep", Ground.CLAIM, _CLAIM, keep_until=until)
    return None


def _contract(of_class: RecordClass, record: Record, situation: Situation) -> Decision | None:
    if of_class.contract and situation.contract_runs and not record.former:
        return Decision("keep", Ground.CONTRACT, _CONTRACT)
    return None


def _proof(of_class: RecordClass, record: Record, situation: Situation) -> Decision | None:
    if not of_class.proof:
        return None
    # What is still in use counts from the day on which this request ends its use.
    until = last_day(of_class.term, record.counts_from or situation.today)
    if until is not None and until < situation.today:
        return None
    return Decision("keep", Ground.PROOF, of_class.term.text, keep_until=until)


def _request(of_class: RecordClass, record: Record, situation: Situation) -> Decision | None:
    suppress = of_class.erasure == "erase_suppress"
    return Decision("erase", Ground.MARKETING if suppress else Ground.NO_LONGER_NEEDED, _ERASED, suppress=suppress)


RULES: tuple[Rule, ...] = (_law, _claim, _contract, _proof, _request)
"""The precedence: law, claim or hold, running contract, proof, the request."""


def _proves_consent(of_class: RecordClass) -> bool:
    return of_class.proof and of_class.bases == {"a"}


def _absolute(of_class: RecordClass, record: Record, situation: Situation) -> Decision | None:
    if of_class.objection != "absolute":
        return None
    marketing = of_class.scope == Scope.MARKETING
    ground, reason = (Ground.MARKETING, _NO_MARKETING) if marketing else (Ground.OBJECTION, _NO_SURVEYS)
    return Decision("stop", ground, reason, suppress=True)


def _end_of_consent(of_class: RecordClass, record: Record, situation: Situation) -> Decision | None:
    return Decision("stop", Ground.WITHDRAWAL, _WITHDRAWN) if _proves_consent(of_class) else None


def _withdrawn(of_class: RecordClass, record: Record, situation: Situation) -> Decision | None:
    """What rests on consent alone goes when that ends (art. 17(1)(b)), unless a claim needs it."""
    if of_class.bases != {"a"}:
        return None
    claimed = _claim(of_class, record, situation)
    return replace(claimed, whole=True) if claimed else Decision("erase", Ground.WITHDRAWAL, _WITHDRAWN)


def _weigh(of_class: RecordClass, record: Record, situation: Situation) -> Decision | None:
    if of_class.objection != "balance":
        return None
    assessed = of_class.basis_assessed
    bases = assessed.sole_proprietor if situation.sole_proprietor else assessed.contact_person
    return Decision("weigh", Ground.OBJECTION, _WEIGHED) if {"e", "f"} & set(bases) else None


def _no_right(of_class: RecordClass, record: Record, situation: Situation) -> Decision | None:
    if "c" in of_class.bases:
        return Decision("continue", Ground.OBLIGATION, _OBLIGED)
    if "b" in of_class.bases:
        return Decision("continue", Ground.CONTRACT, _AGREED)
    return Decision("continue", Ground.PROOF, of_class.term.text)


OBJECTION_RULES: tuple[Rule, ...] = (_absolute, _end_of_consent, _withdrawn, _weigh, _no_right)
"""The precedence: an absolute right, consent that ends, a weighing by a human, no right to object."""

_NO_MARKETING = Text(
    nl="U wilt geen reclame meer. Daar stoppen wij altijd mee als u dat vraagt.",
    en="You want no more marketing. We always stop that when you ask us.",
)
_NO_SURVEYS = Text(
    nl="U wilt niet meer meedoen aan klantonderzoeken. Daar stoppen wij altijd mee als u dat vraagt.",
    en="You want no more customer surveys. We always stop these when you ask us.",
)
_WITHDRAWN = Text(
    nl="U trok uw toestemming in.",
    en="You withdrew your consent.",
)
_WEIGHED = Text(
    nl="Wij gebruiken deze gegevens voor ons eigen belang. Een mens weegt dat af tegen uw belang.",
    en="We use these data for our own interest. A human weighs that against yours.",
)
_OBLIGED = Text(
    nl="De wet verplicht ons om deze gegevens te gebruiken en te bewaren. Daartegen kunt u geen bezwaar maken.",
    en="The law obliges us to use and keep these data. You cannot object to that.",
)
_AGREED = Text(
    nl="Wij hebben deze gegevens nodig voor de overeenkomst met u. Daartegen kunt u geen bezwaar maken.",
    en="We need these data for the contract with you. You cannot object to that.",
)
_CLAIM = Text(
    nl="Er loopt een klacht, een geschil of een vordering waarvoor wij deze gegevens nodig hebben.",
    en="There is a complaint, dispute or claim for which we need these data.",
)
_CONTRACT = Text(
    nl="Er loopt nog een bestelling of er staat nog een rekening open. Daarvoor hebben wij deze gegevens nodig.",
    en="An order is not completed or an invoice is not paid yet. We need these data for that.",
)
_ERASED = Text(nl="U vroeg ons deze gegevens te wissen.", en="You asked us to erase these data.")
