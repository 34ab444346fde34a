"""What differs between the rights that are carried out: one line of a table, so that the steps need not ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from avgflow.catalog.models import Text
from avgflow.handling import outcomes, planning, validating
from avgflow.handling.environment import Environment
from avgflow.intake import Right
from avgflow.register import requests
from avgflow.register.evidence import Evidence
from avgflow.register.receipts import Step
from avgflow.register.requests import Outcome

ERASURE_EVIDENCE = "erasure"


@dataclass(frozen=True)
class Way:
    """How a right is carried out.

    `step`: what is done in each store, and has a receipt. `evidence`: the kind of check that proves it; `proof` and
    `check` name it to people. `outcome`: what a request came to.
    """

    right: Right
    dag: str
    step: Step
    evidence: str
    proof: Text
    check: Text
    outcome: Callable[[Environment, Connection, str, Evidence | None], Outcome]

    @property
    def changes(self) -> bool:
        """Whether rows of stores are changed: then its plan is approved first, and two of them never work on one person
        at once.
        """
        return self.right in planning.CHANGING


_ALL = (
    Way(
        right=Right.ACCESS,
        dag="access_request",
        step=Step.COLLECT,
        evidence=validating.EVIDENCE,
        proof=Text(nl="bewijs van volledigheid", en="proof of completeness"),
        check=Text(nl="controle", en="completeness check"),
        outcome=outcomes.of_access,
    ),
    Way(
        right=Right.ERASURE,
        dag="erasure_request",
        step=Step.ERASE,
        evidence=ERASURE_EVIDENCE,
        proof=Text(nl="bewijs dat alles gewist is", en="proof of erasure"),
        check=Text(nl="natelling", en="re-count"),
        outcome=outcomes.of_erasure,
    ),
)

WAYS: Mapping[Right, Way] = {way.right: way for way in _ALL}
"""By right."""


def way_of(register: Connection, number: str) -> Way:
    """The way of a request; `KeyError` for a right that is not carried out, which is never registered."""
    return WAYS[requests.get(register, number).right]


def proof(env: Environment, register: Connection, number: str) -> Evidence | None:
    """The last check of a request that proves its work as it is now; one of an earlier plan or of earlier work proves
    nothing.
    """
    way = way_of(register, number)
    return validating.proof(env, register, number, way.evidence, way.step)
