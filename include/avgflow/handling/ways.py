"""What differs between the rights that are carried out: one line of a table, so that the steps need not ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from avgflow.catalog.models import Text
from avgflow.handling import outcomes, planning, recounting, validating
from avgflow.handling.environment import Environment
from avgflow.intake import Right
from avgflow.register import requests
from avgflow.register.evidence import Evidence
from avgflow.register.receipts import Step
from avgflow.register.requests import Outcome


@dataclass(frozen=True)
class Way:
    """How a right is carried out.

    `step`: what is done in each store, and has a receipt. `proof`: the last check that proves the work as it is now;
    `evidence` and `check` name it to people. `outcome`: what a request came to.
    """

    right: Right
    dag: str
    step: Step
    proof: Callable[[Environment, Connection, str], Evidence | None]
    evidence: Text
    check: Text
    outcome: Callable[[Environment, Connection, str, Evidence | None], Outcome]

    @property
    def changes(self) -> bool:
        """Whether rows of stores are changed: then two of them never work on one person at once."""
        return self.right in planning.CHANGING

    @property
    def approved(self) -> bool:
        """Whether its plan is approved before anything is changed, and can be withdrawn until then."""
        return self.right in (Right.ERASURE, Right.RECTIFICATION)


_ALL = (
    Way(
        right=Right.ACCESS,
        dag="access_request",
        step=Step.COLLECT,
        proof=validating.proof,
        evidence=Text(nl="bewijs van volledigheid", en="proof of completeness"),
        check=Text(nl="controle", en="completeness check"),
        outcome=outcomes.of_access,
    ),
    Way(
        right=Right.PORTABILITY,
        dag="portability_request",
        step=Step.COLLECT,
        proof=validating.proof,
        evidence=Text(nl="bewijs van wat meegaat", en="proof of what goes along"),
        check=Text(nl="controle", en="check of what goes along"),
        outcome=outcomes.of_portability,
    ),
    Way(
        right=Right.ERASURE,
        dag="erasure_request",
        step=Step.ERASE,
        proof=recounting.proof,
        evidence=Text(nl="bewijs dat alles gewist is", en="proof of erasure"),
        check=Text(nl="natelling", en="re-count"),
        outcome=outcomes.of_erasure,
    ),
    Way(
        right=Right.RECTIFICATION,
        dag="rectification_request",
        step=Step.CORRECT,
        proof=recounting.proof,
        evidence=Text(nl="bewijs van de verbetering", en="proof of the correction"),
        check=Text(nl="natelling", en="re-count"),
        outcome=outcomes.of_rectification,
    ),
    Way(
        right=Right.OBJECTION,
        dag="objection_request",
        step=Step.STOP,
        proof=recounting.proof,
        evidence=Text(nl="bewijs dat het gestopt is", en="proof of what was stopped"),
        check=Text(nl="natelling", en="re-count"),
        outcome=outcomes.of_objection,
    ),
    Way(
        right=Right.RESTRICTION,
        dag="restriction_request",
        step=Step.RESTRICT,
        proof=recounting.proof,
        evidence=Text(nl="bewijs dat de gegevens beperkt zijn", en="proof of the restriction"),
        check=Text(nl="natelling", en="re-count"),
        outcome=outcomes.of_restriction,
    ),
)

WAYS: Mapping[Right, Way] = {way.right: way for way in _ALL}
"""By right."""


def way_of(register: Connection, number: str) -> Way:
    """The way of a request; `KeyError` for a right that is not carried out, which is never registered."""
    return WAYS[requests.get(register, number).right]
