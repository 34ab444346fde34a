"""Re-counting one store after a right that changed it, by fresh reads: figures only, no value of any row.

What was to go is looked for by key, what was to stay too; whatever still hangs on the person is counted by SQL that
shares nothing with the erasing (`stores.count.afresh`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from avgflow.attributes import same
from avgflow.catalog.models import Store
from avgflow.completeness.verdict import Check, Proof
from avgflow.identity import Footprint, Key
from avgflow.plan import Plan, Step
from avgflow.register.receipts import COUNTED_DELETED, COUNTED_INSERTED, COUNTED_TOGETHER, Receipt
from avgflow.register.receipts import Step as ReceiptStep
from avgflow.stores import correct, count, presence, survey
from avgflow.stores.erase import right_values
from avgflow.stores.selection import Target
from avgflow.stores.survey import VIEWS, Found, Ground

MARKING = ("set", "restrict")
"""The steps that mark rows."""


@dataclass(frozen=True)
class Recount:
    """One table, re-counted for one request. All figures are numbers of rows.

    `deleted`, `anonymised`, `kept`, `unlinked`: as planned. `left`: that were to go and are there; `missing`: that were
    to stay and are not; `more`: that hang on the person and are in no plan; `filled`: whose overwritten columns still
    hold something of the person; `dangling`: that point to a row that is gone; `beyond`: changed over or under the
    plan, by the receipt and by PostgreSQL's own counters; `marked`: to be set for an objection or a restriction,
    `unmarked`: of these, not set; `corrected`: in which something is to be corrected, `wrong`: of these, without the
    right value; `former`: of the person that still hold a wrong value where it is corrected.
    """

    store: str
    table: str
    deleted: int
    anonymised: int
    kept: int
    unlinked: int
    left: int = 0
    missing: int = 0
    more: int = 0
    filled: int = 0
    dangling: int = 0
    beyond: int = 0
    marked: int = 0
    unmarked: int = 0
    corrected: int = 0
    wrong: int = 0
    former: int = 0


@dataclass(frozen=True)
class Erased:
    """What one request's re-count needs: its plan, its person, and what the store's receipt says was done."""

    plan: Plan
    footprint: Footprint
    receipt: Receipt


def tables_of(store: Store) -> list[str]:
    """The tables of a store that can hold rows of a person, views included."""
    return [str(name) for name, table in store.tables.items() if table.subject]


ERASURE = Proof(
    "erasure",
    (
        Check("gone", "niets is over van wat weg moest", "nothing is left of what was to go", "left"),
        Check("kept", "alles wat moest blijven, is er nog", "all that was to stay is there", "missing"),
        Check("nothing_new", "er is niets bij gekomen", "nothing has been added", "more"),
        Check("emptied", "in lege kolommen staat niets meer", "overwritten columns hold nothing", "filled"),
        Check("untouched", "geen andere rij is veranderd", "no other row was changed", "beyond"),
        Check("whole", "geen verwijzing wijst in het niets", "no pointer points nowhere", "dangling"),
    ),
    tables_of,
)
"""That an erasure did what was approved, and nothing else."""

OBJECTION = Proof(
    "objection",
    (
        Check("gone", "niets is over van wat weg moest", "nothing is left of what was to go", "left"),
        Check("kept", "alles wat moest blijven, is er nog", "all that was to stay is there", "missing"),
        Check("marked", "elk kenmerk is gezet", "every mark is set", "unmarked"),
        Check("emptied", "in lege kolommen staat niets meer", "overwritten columns hold nothing", "filled"),
        Check("untouched", "geen andere rij is veranderd", "no other row was changed", "beyond"),
        Check("whole", "geen verwijzing wijst in het niets", "no pointer points nowhere", "dangling"),
    ),
    tables_of,
)
"""That an objection set its marks, erased what rested on consent, and did nothing else. Rows that came since are no
fault of it: the person goes on being a customer.
"""

RECTIFICATION = Proof(
    "rectification",
    (
        Check("right", "overal staat het juiste gegeven", "the right value is everywhere", "wrong"),
        Check("no_longer_wrong", "nergens staat nog het onjuiste", "the wrong value is nowhere left", "former"),
        Check("kept", "elke rij is er nog", "every row is there", "missing"),
        Check("untouched", "geen andere rij is veranderd", "no other row was changed", "beyond"),
    ),
    tables_of,
)
"""That every wrong value made way for the right one, and nothing else was changed. What stays as it is by law, or tells
of the past, is in no check.
"""

RESTRICTION = Proof(
    "restriction",
    (
        Check("kept", "elke gemarkeerde rij is er nog", "every marked row is there", "missing"),
        Check("marked", "elk kenmerk is gezet", "every mark is set", "unmarked"),
        Check("untouched", "geen andere rij is veranderd", "no other row was changed", "beyond"),
    ),
    tables_of,
)
"""That a restriction set its marks, and did nothing else."""


def marked_tables_of(store: Store) -> list[str]:
    """The tables of a store that can be marked as restricted."""
    return [str(name) for name, table in store.tables.items() if table.restricts]


LIFTING = Proof(
    "lifting",
    (Check("lifted", "elk kenmerk van de beperking is eraf", "every mark of the restriction is off", "still"),),
    marked_tables_of,
)
"""That the end of a restriction took its marks off."""

PROOFS = {proof.name: proof for proof in (ERASURE, OBJECTION, RECTIFICATION, RESTRICTION)}
"""By the right that is proven."""


def recount(
    view: Connection, targets: Sequence[Target], ground: Ground, batch: Mapping[str, Erased]
) -> dict[str, list[Recount]]:
    """Re-count every table of one store for each request of the batch."""
    people = {number: erased.footprint for number, erased in batch.items()}
    found = survey.find(view, ground, people)
    measures: dict[str, list[Recount]] = {number: [] for number in batch}
    for target in targets:
        if not target.table.subject:
            continue
        afresh = count.afresh(view, target, people)
        for number, erased in batch.items():
            measures[number].append(_one(view, target, ground, erased, found[number], afresh.get(number, 0)))
    return measures


def _one(
    view: Connection, target: Target, ground: Ground, erased: Erased, found: Sequence[Found], afresh: int
) -> Recount:
    store, name = target.store.store, target.name
    steps = [step for step in erased.plan.steps_of(store) if step.table == name]
    done = [step for step in erased.plan.done if (step.store, step.table) == (store, name)]
    planned = Recount(
        store,
        str(name),
        deleted=_rows(steps, "delete"),
        anonymised=_rows(steps, "anonymise"),
        kept=_rows(steps, "keep"),
        unlinked=_rows(steps, "unlink"),
        marked=_rows(steps, *MARKING),
        corrected=_rows(steps, "correct"),
    )
    if target.table.kind in VIEWS:
        return _of_view(view, target, erased, planned)
    gone = _keys([*steps, *done], "delete")
    staying = _keys(steps, "anonymise", "keep", *MARKING, "correct", "annotate", "same", "differs")
    if not target.table.key:
        # An overwritten row without a key is another row now.
        staying = _keys([step for step in steps if not step.columns], "anonymise", "keep")
    known = sum(row.table == name and row.key in set(staying) for row in found) + (
        0 if target.table.key else sum(step.rows for step in steps if step.columns)
    )
    overwritten = [step for step in steps if step.columns and step.action in ("anonymise", "keep")]
    return replace(
        planned,
        left=presence.present(view, target, erased.footprint, gone),
        missing=len(staying) - presence.present(view, target, erased.footprint, staying),
        more=afresh - known,
        filled=sum(
            presence.filled(view, target, ground, erased.footprint, step.columns, step.keys) for step in overwritten
        ),
        dangling=sum(presence.dangling(view, ground, key, gone) for key in ground.foreign_keys if key.target == name),
        wrong=_wrong(view, target, erased.plan, [*steps, *done]),
        former=_former(target, erased.plan, [row for row in found if row.table == name]),
        unmarked=sum(
            presence.unmarked(view, target, step.columns, step.keys)
            for step in (*steps, *(step for step in done if _still_set(erased.plan, step)))
            if step.action in MARKING
        ),
        beyond=_beyond(erased.receipt, target, steps),
    )


def _wrong(view: Connection, target: Target, plan: Plan, steps: Sequence[Step]) -> int:
    """Rows that were to be corrected, now or under an earlier plan, and do not hold the right value."""
    right = {fix.attribute: fix.new for fix in plan.fixes}
    return sum(
        correct.wrong(view, target, right_values(target.table, step, right), step.keys)
        for step in steps
        if step.action == "correct" and target.table.key
    )


def _former(target: Target, plan: Plan, rows: Sequence[Found]) -> int:
    """The person's rows in which a wrong value stands that should not."""
    differ = {key for step in plan.steps if step.table == target.name and step.action == "differs" for key in step.keys}
    if target.table.rectify == "annotate" or target.table.history:
        return 0
    former = {
        (name, fix, value)
        for fix in plan.fixes
        for name, column in target.table.columns.items()
        if column.attribute == fix.attribute and not column.third_party
        for value in fix.former
    }
    return sum(
        any(
            # A right value can be the wrong one written another way.
            (held := (row.values.get(name) or "").strip()) != fix.new and same(fix.attribute, held, value)
            for name, fix, value in former
        )
        for row in rows
        if row.key not in differ
    )


def _beyond(receipt: Receipt, target: Target, steps: Sequence[Step]) -> int:
    """How far what was done is from what was planned.

    Counters of several requests are not one's own; that all of them together came to the plans was seen to before the
    transaction was committed. What a correction adds to a history table tells of the past, and stays.
    """
    table = str(target.name)
    counted = receipt.work.get(table, {})
    planned = sum(step.rows for step in steps if step.changes)
    beyond = abs(receipt.counts.get(table, 0) - planned)
    if COUNTED_TOGETHER in counted:
        return beyond
    told = target.table.history and receipt.step == ReceiptStep.CORRECT
    deleted = counted.get(COUNTED_DELETED, 0) - (0 if told else counted.get(COUNTED_INSERTED, 0))
    return beyond + abs(deleted - _rows(steps, "delete"))


def _of_view(view: Connection, target: Target, erased: Erased, planned: Recount) -> Recount:
    """A view shows what its tables hold: after an erasure that keeps nothing here, no identifier of the person.

    Any other right leaves the person where they are.
    """
    if not erased.plan.erases:
        return planned
    kept = any(step.action == "keep" for step in erased.plan.steps_of(target.store.store))
    shown = 0 if kept else presence.identified(view, target, erased.footprint)
    return replace(planned, left=shown)


def _still_set(plan: Plan, done: Step) -> bool:
    """Whether what an earlier plan marked is to be marked still: a restriction of it may have ended."""
    return done.action != "restrict" or plan.restricted(done.record_class)


def _rows(steps: Sequence[Step], *actions: str) -> int:
    return sum(step.rows for step in steps if step.action in actions)


def _keys(steps: Sequence[Step], *actions: str) -> list[Key]:
    return [key for step in steps if step.action in actions for key in step.keys]
