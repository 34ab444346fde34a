"""What the package of a portability would hold, measured before it is made: against the plan and a count of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from avgflow.catalog.names import TableName
from avgflow.completeness import handed
from avgflow.completeness.handed import NOTHING, Handed, Observed
from avgflow.completeness.measure import Measure, Work
from avgflow.handling import ported, porting
from avgflow.handling.environment import Environment, View
from avgflow.plan import Plan
from avgflow.redaction import Redaction
from avgflow.stores import count
from avgflow.stores.together import together

Redactions = dict[tuple[str, TableName], Counter[Redaction]]
"""What is replaced in the package, by store and table."""


def measures(
    env: Environment,
    view: View,
    made: Mapping[str, Plan],
    works: Mapping[str, Mapping[str, Work]],
    collected: Mapping[str, Mapping[str, Sequence[Measure]]],
) -> tuple[dict[str, dict[str, list[Handed]]], dict[str, Redactions]]:
    """By request: the measures of the collected tables, completed, and what is replaced in what goes along."""
    portable = _counted(env, view, works)
    completed: dict[str, dict[str, list[Handed]]] = {}
    redactions: dict[str, Redactions] = {}
    for number, plan in made.items():
        observed, redactions[number] = _observed(env, plan, works[number])
        completed[number] = {
            store: [
                handed.handed(
                    one,
                    env.catalog.stores[store].tables[TableName.parse(one.table)],
                    plan,
                    observed.get((store, TableName.parse(one.table)), NOTHING),
                    portable[number][store, TableName.parse(one.table)],
                )
                for one in measured
            ]
            for store, measured in collected[number].items()
        }
    return completed, redactions


def _observed(
    env: Environment, plan: Plan, works: Mapping[str, Work]
) -> tuple[dict[tuple[str, TableName], Observed], Redactions]:
    """The rows and columns as the package will get them, of the tables of which it gets any."""
    some = next(iter(works.values()))
    made = ported.cuts(env, plan, {store: work.reader for store, work in works.items()}, some.known, some.language)
    observed: dict[tuple[str, TableName], Observed] = {}
    redactions: Redactions = {}
    for place, cut in made.items():
        rows, replaced = cut.counted()
        observed[place] = Observed(rows, [column for column, _ in cut.columns])
        if replaced:
            redactions[place] = replaced
    return observed, redactions


def _counted(
    env: Environment, view: View, works: Mapping[str, Mapping[str, Work]]
) -> dict[str, Counter[tuple[str, TableName]]]:
    """The rows that go along, counted anew in the stores."""
    people = {number: next(iter(of_stores.values())).footprint for number, of_stores in works.items()}
    found: dict[str, Counter[tuple[str, TableName]]] = {number: Counter() for number in works}

    def counted_in(store: str) -> count.ByBasis:
        return count.by_basis(view.connections[store], view.targets(store), people)

    for store, counted in together(view.connections, counted_in).items():
        for number, tables in counted.items():
            for name, classes in tables.items():
                table = env.catalog.stores[store].tables[name]
                for basis, rows in classes.items():
                    if table.access and porting.decide(env.policy, table, *basis).goes:
                        found[number][store, name] += rows
    return found
