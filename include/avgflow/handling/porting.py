"""What a person takes along, and what not: the steps of a portability in every store (AVG art. 20)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from avgflow.catalog.models import Catalog, Table
from avgflow.catalog.names import TableName
from avgflow.plan import Step
from avgflow.policy import portable
from avgflow.policy.models import Policy
from avgflow.policy.portable import Decision

ByBasis = Mapping[tuple[str, TableName], Mapping[tuple[str | None, bool], int]]
"""Rows of one person by store and table, then by record class and whether they rest on consent."""


def steps(catalog: Catalog, policy: Policy, counts: ByBasis) -> Iterator[Step]:
    """A step for all rows of a table that share class and decision; of a table without rows, what would become of
    them.
    """
    for store, name, table in catalog.tables():
        if not table.subject:
            continue
        if not table.access:
            found = counts.get((store.store, name), {})
            yield Step(store.store, name, None, sum(found.values()), "leave out", table.why)
            continue
        yield from _of_table(policy, store.store, name, table, counts.get((store.store, name), {}))


def decide(policy: Policy, table: Table, record_class: str | None, on_consent: bool) -> Decision:
    """What becomes of rows of a table: where nothing in it comes from the person, none goes along."""
    decision = portable.rows(policy, record_class, on_consent)
    return portable.not_provided() if decision.goes and not portable.columns(table) else decision


def _of_table(
    policy: Policy, store: str, name: TableName, table: Table, found: Mapping[tuple[str | None, bool], int]
) -> Iterator[Step]:
    rows: dict[tuple[str | None, Decision], int] = {}
    for (record_class, on_consent), number in found.items():
        decision = decide(policy, table, record_class, on_consent)
        rows[record_class, decision] = rows.get((record_class, decision), 0) + number
    if not rows:
        first = table.classes[0].record_class
        rows[None, decide(policy, table, first, on_consent=True)] = 0
    for (record_class, decision), number in sorted(rows.items(), key=lambda item: _order(*item[0])):
        yield Step(
            store,
            name,
            record_class,
            number,
            "hand over" if decision.goes else "withhold",
            decision.reason,
            decision.ground,
            columns=portable.columns(table) if decision.goes else (),
        )


def _order(record_class: str | None, decision: Decision) -> tuple[str, bool]:
    return record_class or "", not decision.goes
