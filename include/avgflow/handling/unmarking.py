"""Taking the marks of a restriction off, store by store, and proving by fresh reads that they are off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from avgflow.catalog.names import TableName
from avgflow.completeness.recount import LIFTING, marked_tables_of
from avgflow.completeness.verdict import Verdict, judge
from avgflow.dossier import evidence as pages
from avgflow.errors import AvgflowError
from avgflow.handling import carried, planning
from avgflow.handling.environment import CheckedView, Environment
from avgflow.identity import Footprint, Key
from avgflow.plan import Step
from avgflow.policy.decide import EVERYTHING
from avgflow.register import evidence, restrictions
from avgflow.register.database import transaction
from avgflow.register.plans import PlanMissing
from avgflow.register.restrictions import Restriction
from avgflow.stores import erase, presence
from avgflow.stores.erase import Work

Marked = Mapping[str, Mapping[TableName, Sequence[Key]]]
"""The keys of rows, by store and table."""


class NotLifted(AvgflowError):
    """The marks of a restriction are not proven to be off; the message names store and table."""

    def __init__(self, verdict: Verdict) -> None:
        places = "; ".join(f"{f.store}.{f.table}: {f.check.en} ({f.detail})" for f in verdict.failures)
        super().__init__(f"The end of the restriction {verdict.number} is not proven. {places}. Clear task 'lift'.")


@dataclass(frozen=True)
class Unmarked:
    """One table after the end of a restriction, in rows: `marked`: that the restriction had marked and are there;
    `still`: of these, marked still.
    """

    store: str
    table: str
    marked: int = 0
    still: int = 0


def run(env: Environment, number: str, ending: Sequence[Restriction]) -> int:
    """Take off what these restrictions of a request marked and no other one keeps; how many rows are free of it now.

    One transaction a store, in which nothing else may change; `NotLifted` unless a fresh read finds every mark off. The
    figure is that of the fresh read, so that it is the same however often this runs.
    """
    footprint, rows = _rows(env, number, {one.record_class for one in ending})
    for store, tables in rows.items():
        _take_off(env, store, number, footprint, tables)
    with env.checked_view() as view:
        measures = {store: _measured(view, store, rows.get(store, {})) for store in env.catalog.stores}
    verdict = judge(env.catalog, {number: measures}, LIFTING)[number]
    _keep(env, verdict)
    if not verdict.passed:
        raise NotLifted(verdict)
    return sum(one.marked for found in measures.values() for one in found)


def _rows(env: Environment, number: str, classes: Collection[str]) -> tuple[Footprint, Marked]:
    """The rows that lose their mark: those of these classes that any restriction of this person marked, less those of
    which another one stands.
    """
    with transaction(env.register) as register:
        same = restrictions.of_same(register, number)
        keeping = {o.record_class for o in same if o.stands and not (o.number == number and o.record_class in classes)}
        found: dict[str, dict[TableName, set[Key]]] = defaultdict(lambda: defaultdict(set))
        footprint = Footprint()
        for other in sorted({one.number for one in same}):
            try:
                plan = planning.newest(env, register, other)
            except PlanMissing:
                continue
            footprint = plan.footprint if other == number else footprint
            for step in (*plan.steps, *plan.done):
                if step.action == "restrict" and _covers(classes, step) and not _covers(keeping, step):
                    found[step.store][step.table] |= set(step.keys)
    return footprint, {
        store: {table: sorted(keys) for table, keys in tables.items()} for store, tables in found.items()
    }


def _covers(classes: Collection[str], step: Step) -> bool:
    return EVERYTHING in classes or step.record_class in classes


def _take_off(
    env: Environment, store: str, number: str, footprint: Footprint, tables: Mapping[TableName, Sequence[Key]]
) -> None:
    with env.writing(store) as connection:
        ground = carried.ground_of(env, store, connection)
        steps = []
        for table, keys in tables.items():
            target = ground.targets[table]
            for mark in target.table.restricts:
                if marked := presence.marked(connection, target, mark, keys):
                    columns = tuple(sorted(mark.set))
                    steps.append(Step(store, table, None, len(marked), "lift", columns=columns, keys=tuple(marked)))
        if steps:
            erase.erase(connection, store, ground, {number: Work(steps, footprint, ())})


def _measured(view: CheckedView, store: str, tables: Mapping[TableName, Sequence[Key]]) -> list[Unmarked]:
    connection = view.connections[store]
    measures = []
    for target in view.targets(store):
        if target.table.restricts:
            keys = tables.get(target.name, ())
            there = presence.present(connection, target, Footprint(), keys)
            still = {key for mark in target.table.restricts for key in presence.marked(connection, target, mark, keys)}
            measures.append(Unmarked(store, str(target.name), there, len(still)))
    return measures


def _keep(env: Environment, verdict: Verdict) -> None:
    """The evidence: figures and names, no value of any row."""
    result = report(env, verdict)
    with transaction(env.register) as register:
        page = pages.page(verdict.number, result, env.templates)
        evidence.put_evidence(register, env.keyring, verdict.number, LIFTING.name, verdict.passed, result, page)


def report(env: Environment, verdict: Verdict) -> dict[str, Any]:
    """The verdict as plain data for the evidence page and the register."""
    found = {(one.store, one.table): one for one in verdict.measures if isinstance(one, Unmarked)}
    stores = []
    for name, store in env.catalog.stores.items():
        tables = [
            {
                "table": table,
                "title": store.tables[TableName.parse(table)].title.nl,
                "marked": found[name, table].marked,
                "still": found[name, table].still,
                "checks": [
                    {
                        "name": check.name,
                        "text": check.nl,
                        "passed": check.holds(found[name, table]),
                        "detail": check.detail(found[name, table]),
                    }
                    for check in verdict.checks
                ],
            }
            for table in marked_tables_of(store)
        ]
        stores.append({"store": name, "title": store.title.nl, "tables": tables})
    return {
        "number": verdict.number,
        "kind": LIFTING.name,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "passed": verdict.passed,
        "stores": stores,
        "expectations": [
            {"store": e.store, "name": e.name, "passed": e.passed, "suite": f"{LIFTING.name}_{e.store}"}
            for e in verdict.expectations
        ],
    }
