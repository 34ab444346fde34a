"""What a person may take along (AVG art. 20): pure, one rule a line, first match wins.

Three conditions together: the person provided it or it was observed of them, it rests on consent or on a contract
(declared or assessed, whichever favours them), and it is kept by computer, as all that the catalog describes is. The
first is asked of columns, the second of rows. What does not go along can still be seen (art. 15).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from avgflow.catalog.models import Catalog, Column, Table, Text
from avgflow.catalog.names import TableName
from avgflow.policy.models import Policy, RecordClass

GIVEN = frozenset({"provided", "observed"})
"""The origins of what is the person's to take along."""

FORMER_ROW = "former_row"
"""The attribute of a jsonb column that holds the person's row of another table as it was."""


class Ground(StrEnum):
    """Why rows go along or do not, as the plan has it: the article."""

    CONSENT = "6(1)(a)"
    CONTRACT = "6(1)(b)"
    OBLIGATION = "6(1)(c)"
    INTEREST = "6(1)(f)"
    NOT_PROVIDED = "20(1)"


class Stays(StrEnum):
    """Why a column does not go along with its row."""

    SECURITY = "security"
    OTHERS = "others"
    DERIVED = "derived"
    TECHNICAL = "technical"


@dataclass(frozen=True)
class Decision:
    """Whether rows go along; `reason`: why not, None where they do."""

    goes: bool
    ground: Ground
    reason: Text | None = None


Rule = Callable[[RecordClass, bool], Decision | None]


def rows(policy: Policy, record_class: str | None, on_consent: bool) -> Decision:
    """The decision on rows of a class; `on_consent`: as the catalog says of a row. `KeyError` for an unknown class."""
    if record_class is None:
        return Decision(False, Ground.NOT_PROVIDED, _NO_BASIS)
    for rule in RULES:
        decision = rule(policy.classes[record_class], on_consent)
        if decision is not None:
            return decision
    raise AssertionError("the last rule always decides")


def stays(column: Column) -> Stays | None:
    """Why a column does not go along; None where it does."""
    if not column.personal:
        return Stays.TECHNICAL
    if column.secret:
        return Stays.SECURITY
    if column.third_party or column.origin == "third party":
        return Stays.OTHERS
    return None if column.origin in GIVEN else Stays.DERIVED


def columns(table: Table) -> tuple[str, ...]:
    """The columns that go along with the rows of a table that do."""
    return tuple(name for name, column in table.columns.items() if stays(column) is None)


def former(catalog: Catalog, store: str, table: Table) -> frozenset[str]:
    """Which fields of a former row go along: those that would of the row itself, in the table that it was a row of.

    That is the table that the history table's rows belong to; none where the catalog does not say so.
    """
    for link in table.subject:
        for target in link.targets:
            if target.store == store:
                return frozenset(columns(_table(catalog, target.store, target.table)))
    return frozenset()


def _table(catalog: Catalog, store: str, name: TableName) -> Table:
    return catalog.stores[store].tables[name]


def _excluded(of_class: RecordClass, on_consent: bool) -> Decision | None:
    """A class that the policy does not let go, whatever one of its bases is."""
    return None if of_class.portability != "no" else _by_basis(of_class)


def _on_consent_only(of_class: RecordClass, on_consent: bool) -> Decision | None:
    if of_class.portability != "consent":
        return None
    if on_consent or of_class.bases == {"a"}:
        return Decision(True, Ground.CONSENT)
    return Decision(False, Ground.INTEREST, _WITHOUT_CONSENT)


def _contract(of_class: RecordClass, on_consent: bool) -> Decision | None:
    return Decision(True, Ground.CONTRACT) if "b" in of_class.bases else None


def _consent(of_class: RecordClass, on_consent: bool) -> Decision | None:
    return Decision(True, Ground.CONSENT) if "a" in of_class.bases else None


def _other_basis(of_class: RecordClass, on_consent: bool) -> Decision | None:
    return _by_basis(of_class)


RULES: tuple[Rule, ...] = (_excluded, _on_consent_only, _contract, _consent, _other_basis)
"""The precedence: what the policy excludes, what goes on consent alone, a contract, consent, no right."""


def _by_basis(of_class: RecordClass) -> Decision:
    if "c" in of_class.bases:
        return Decision(False, Ground.OBLIGATION, _OBLIGED)
    if {"e", "f"} & of_class.bases:
        return Decision(False, Ground.INTEREST, _INTEREST)
    return Decision(False, Ground.NOT_PROVIDED, _NO_BASIS)


def not_provided() -> Decision:
    """The decision on rows of a table in which nothing comes from the person."""
    return Decision(False, Ground.NOT_PROVIDED, _OURS)


_OBLIGED = Text(
    nl="Wij hebben deze gegevens omdat de wet ons dat verplicht. Zulke gegevens kunt u niet meenemen.",
    en="We have these data because the law obliges us to. You cannot take such data along.",
)
_INTEREST = Text(
    nl="Wij gebruiken deze gegevens voor ons eigen belang. Zulke gegevens kunt u niet meenemen.",
    en="We use these data for our own interest. You cannot take such data along.",
)
_WITHOUT_CONSENT = Text(
    nl="Wij gebruiken deze gegevens niet met uw toestemming, maar voor ons eigen belang. Zulke gegevens kunt u niet "
    "meenemen.",
    en="We do not use these data with your consent, but for our own interest. You cannot take such data along.",
)
_NO_BASIS = Text(
    nl="Wij gebruiken deze gegevens niet met uw toestemming en niet voor een overeenkomst met u. Zulke gegevens kunt u "
    "niet meenemen.",
    en="We use these data neither with your consent nor for a contract with you. You cannot take such data along.",
)
_OURS = Text(
    nl="Deze gegevens hebben wij zelf gemaakt of berekend. U kunt alleen meenemen wat u ons gaf, of wat onze systemen "
    "van u hebben vastgelegd.",
    en="We made or calculated these data ourselves. You can take along only what you gave us, or what our systems "
    "recorded of you.",
)
