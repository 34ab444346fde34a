"""A plan as a human reads it: what happens, what stays, and why; by system, without the key of any row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from avgflow.catalog.models import Catalog, Text
from avgflow.dossier.audit import words
from avgflow.plan import Plan, Step
from avgflow.policy.models import Policy
from avgflow.sweep.words import class_title, store_title, table_title


@dataclass(frozen=True)
class Line:
    """Rows of one class in one table. `done`: under an earlier plan."""

    store: Text
    table: Text
    record_class: str
    kind: Text | None
    rows: int
    action: Text
    columns: Sequence[str]
    reason: Text | None
    ground: str
    keep_until: date | None
    done: bool


@dataclass(frozen=True)
class PlanView:
    """`name`: what the plan is called by. `happens` and `stays`: where there are rows. `empty`: tables in which nothing
    was found. `suppress`: the channels on which nothing is sent to the person any more.
    """

    name: str
    happens: Sequence[Line]
    stays: Sequence[Line]
    empty: int
    suppress: Sequence[str]
    shared: int

    @property
    def rows(self) -> int:
        return sum(line.rows for line in self.happens)

    @property
    def explained(self) -> bool:
        """Whether what happens has reasons; a copy of everything needs none."""
        return any(line.reason or line.ground for line in self.happens)

    @property
    def kept(self) -> int:
        return sum(line.rows for line in self.stays)


def view(plan: Plan, shown: int, policy: Policy, catalog: Catalog) -> PlanView:
    """A plan in words; `shown`: as much of its digest as people read."""
    steps = [(step, False) for step in plan.steps] + [(step, True) for step in plan.done]
    full = [(step, _line(step, done, policy, catalog)) for step, done in steps if step.rows]
    tables = {(step.store, step.table) for step, _ in steps}
    return PlanView(
        name=plan.digest[:shown],
        happens=[line for step, line in full if step.changes],
        stays=[line for step, line in full if not step.changes],
        empty=len(tables - {(step.store, step.table) for step, _ in full}),
        suppress=plan.suppress,
        shared=plan.shared_rows,
    )


def _line(step: Step, done: bool, policy: Policy, catalog: Catalog) -> Line:
    return Line(
        store=store_title(catalog, step.store),
        table=table_title(catalog, step.store, str(step.table)),
        record_class=step.record_class or "",
        kind=class_title(policy, step.record_class) if step.record_class else None,
        rows=step.rows,
        action=words.action(step.action, step.columns),
        columns=step.columns if step.writes else (),
        reason=step.reason,
        ground=step.ground,
        keep_until=step.keep_until,
        done=done,
    )
