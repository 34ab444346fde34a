"""What becomes of a record when a person asks for erasure (AVG art. 17): pure, one rule a line, first match wins.

The order is: what the law obliges to keep, a claim or hold, data needed for a running contract, then the request. The
company's own terms never justify a refusal; they only drive the automatic deletion.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Literal

from avgflow.catalog.models import Text
from avgflow.policy.models import Policy, RecordClass, Term

EVERYTHING = "*"
"""A hold on all of a person's records."""


class Ground(StrEnum):
    """Why a record is kept or goes; what stands on the register and, in words, in the letter."""

    LAW = "17(3)(b)"
    CLAIM = "17(3)(e)"
    CONTRACT = "6(1)(b)"
    PROOF = "5(2)"
    NO_LONGER_NEEDED = "17(1)(a)"
    MARKETING = "21(3)"


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
    `contract_runs`: something ordered is not delivered or not paid.
    """

    today: date
    holds: Mapping[str, date | None] = field(default_factory=dict)
    contract_runs: bool = False


@dataclass(frozen=True)
class Decision:
    """What becomes of a row, and why. `keep_until`: the last day it is kept, None where no day is known.

    `whole`: a claim or a running contract needs it too, so that nothing may be taken out of it, whatever the law that
    comes first could do without.
    """

    action: Literal["erase", "keep"]
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


def outcome(decisions: Iterable[tuple[RecordClass, Decision]]) -> Literal["fulfilled", "partly", "refused"]:
    """What a request came to: keeping mere proof of consent, of this request or of an objection is no refusal."""
    weighed = [decision.action for of_class, decision in decisions if not of_class.proof]
    if "keep" not in weighed:
        return "fulfilled"
    return "partly" if "erase" in weighed else "refused"


def last_day(term: Term, counts_from: date) -> date | None:
    """The last day on which a term lets or makes a record be kept; None where only an event ends it.

    A term that counts from the end of the year: 31 December of (year + period), for AWR art. 52(4).
    """
    if term.period is None:
        return None
    years, months, days = (int(part or 0) for part in _PERIOD.fullmatch(term.period).groups())  # type: ignore[union-attr]
    start = date(counts_from.year, 12, 31) if term.year_end else counts_from
    month = start.month - 1 + months
    year, month = start.year + years + month // 12, month % 12 + 1
    day = min(start.day, calendar.monthrange(year, month)[1])
    return date.fromordinal(date(year, month, day).toordinal() + days)


_PERIOD = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?")


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

_CLAIM = Text(
    nl="Er loopt een klacht, een geschil of een vordering waarvoor wij deze gegevens nodig hebben.",
    en="There is a complaint, dispute or claim for which we need these data.",
)
_CONTRACT = Text(
    nl="Er loopt nog een bestelling of er staat nog een rekening open. Daarvoor hebben wij deze gegevens nodig.",
    en="An order is not completed or an invoice is not paid yet. We need these data for that.",
)
_ERASED = Text(nl="U vroeg ons deze gegevens te wissen.", en="You asked us to erase these data.")
