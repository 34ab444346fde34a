"""The step after the stores of a right that changes them: prove by fresh reads that it did what was planned and
nothing else; and, of an erasure, what still mentions the person in free text, for a human.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from avgflow.catalog import live
from avgflow.catalog.names import TableName
from avgflow.completeness.recount import PROOFS, Erased, Recount, recount
from avgflow.completeness.verdict import Verdict, judge
from avgflow.dossier import evidence as pages
from avgflow.errors import AvgflowError
from avgflow.handling import carried, planning, rectifying, restricting, suppressing, wanted
from avgflow.handling.environment import CheckedView, Environment
from avgflow.identity import Key
from avgflow.intake import Right
from avgflow.plan import Plan
from avgflow.register import events, evidence, plans
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.receipts import COUNTED_DELETED, COUNTED_INSERTED, COUNTED_UPDATED, Receipt
from avgflow.stores import presence
from avgflow.stores.survey import Ground
from avgflow.stores.together import together

SHOWN = 100
"""Rows of a column that `mentions` shows; beyond that a person searches by hand anyway."""


class NotErased(AvgflowError):
    """What was done in the stores is not proven; the message names store, table and check."""

    def __init__(self, verdict: Verdict, right: str = Right.ERASURE) -> None:
        places = "; ".join(f"{f.store}.{f.table}: {f.check.en} ({f.detail})" for f in verdict.failures)
        super().__init__(
            f"The {right} {verdict.number} is not proven carried out and no answer was sent. "
            f"{places or 'No table was measured'}. "
            f"Look at the evidence, then clear task 'plan' and what follows: what is left is planned anew."
        )
        self.verdict = verdict


class NotCarriedOut(AvgflowError):
    """A request was to be re-counted that some store has no receipt of."""

    def __init__(self, number: str, store: str) -> None:
        super().__init__(f"'{store}' has no receipt of {number}; its task must end well before 'validate'.")


@dataclass(frozen=True)
class Mention:
    """A column whose free text holds an identifier of an erased person, and the keys of its rows."""

    store: str
    table: TableName
    column: str
    keys: tuple[Key, ...]


@dataclass(frozen=True)
class Recounted:
    """The verdict on one request under its plan, and what still mentions an erased person."""

    verdict: Verdict
    plan_digest: str
    mentions: tuple[Mention, ...]
    right: str
    addresses: Mapping[str, int]
    """Of an objection: how many addresses are suppressed, by channel."""


def run(env: Environment, numbers: Sequence[str]) -> dict[str, Recounted]:
    """Re-count and judge each request, and keep the evidence; nothing is raised for a failed one (see `NotErased`)."""
    made = planning.stored(env, numbers)
    for plan in made.values():
        restricting.require(env, plan)
    addresses = {number: {} if plan.erases else suppressing.require(env, plan) for number, plan in made.items()}
    with transaction(env.register) as register:
        asked = wanted.of_plans(env, register, made)
        done = {number: carried.standing(register, number) for number in numbers}
    for number, by_store in done.items():
        for store in env.catalog.stores:
            if store not in by_store:
                raise NotCarriedOut(number, store)
    with env.checked_view() as view:

        def measured(store: str) -> dict[str, list[Recount]]:
            connection = view.connections[store]
            ground = Ground.of(view.targets(store), live.keyed(connection, view.checked[store].live))
            ground = rectifying.reading(ground, (one.asked for one in asked.values()))
            batch = {number: Erased(plan, plan.footprint, done[number][store]) for number, plan in made.items()}
            return recount(connection, view.targets(store), ground, batch)

        measures = together(view.connections, measured)
        found = {number: _mentions(view, plan) for number, plan in made.items()}
    recounted: dict[str, Recounted] = {}
    for right, proof_of in PROOFS.items():
        of_right = {
            number: {store: of_store[number] for store, of_store in measures.items()}
            for number in numbers
            if made[number].right == right
        }
        for number, verdict in judge(env.catalog, of_right, proof_of).items() if of_right else ():
            plan = made[number]
            recounted[number] = Recounted(verdict, plan.digest, found[number], plan.right, addresses[number])
    for number, one in recounted.items():
        with transaction(env.register) as register:
            _keep(env, register, one, done[number])
    return recounted


def proof(env: Environment, register: Connection, number: str) -> evidence.Evidence | None:
    """The last re-count under the request's newest plan; one of an earlier plan proves nothing."""
    newest = plans.get_plan(register, env.keyring, number).digest
    checks = [kept for kept in evidence.evidence(register, number) if kept.kind in PROOFS]
    return next((kept for kept in reversed(checks) if kept.result["plan"] == newest), None)


def mentions(env: Environment, number: str, actor: str) -> list[str]:
    """A line for each row whose free text still holds an identifier of the person: 'crm.public.note.body  note_id 12';
    the showing is put on record.
    """
    (plan,) = planning.stored(env, [number]).values()
    with env.checked_view() as view:
        found = _mentions(view, plan)
        keys = {(m.store, m.table): view.places[m.store, m.table].table.key for m in found}
    with transaction(env.register) as register:
        facts = {"rows": sum(len(m.keys) for m in found), "shown": True}
        events.append(register, env.keyring, EventName.MENTIONS_FOUND, number, actor, facts)
    return [
        f"{m.store}.{m.table}.{m.column}  "
        + ", ".join(f"{name} {part}" for name, part in zip(keys[m.store, m.table], key, strict=True))
        for m in found
        for key in m.keys[:SHOWN]
    ]


def _mentions(view: CheckedView, plan: Plan) -> tuple[Mention, ...]:
    """Where free text of any store holds an identifier of the person, other than in rows that are kept of them; after a
    rectification where theirs holds what was wrong; nowhere after an objection, which leaves the person where they are.
    """
    if plan.right not in (Right.ERASURE, Right.RECTIFICATION):
        return ()

    def search(store: str) -> list[Mention]:
        if plan.right == Right.RECTIFICATION:
            ground = Ground.of(view.targets(store), view.checked[store].live)
            texts = rectifying.mentions(view.connections[store], ground, plan.footprint, plan.fixes)
            return [Mention(store, table, name, tuple(keys)) for (table, name), keys in texts.items()]
        own: dict[Any, set[Key]] = {}
        for step in plan.steps_of(store):
            if step.action == "keep":
                own.setdefault(step.table, set()).update(step.keys)
        hits = presence.mentions(view.connections[store], view.targets(store), plan.footprint, own)
        return [Mention(store, target.name, name, tuple(keys)) for (target, name), keys in hits.items()]

    return tuple(mention for found in together(view.connections, search).values() for mention in found)


def _keep(env: Environment, register: Connection, done: Recounted, receipts: Mapping[str, Receipt]) -> None:
    """The evidence, and an event for each column that may still name the person."""
    number = done.verdict.number
    result = report(env, done, receipts)
    page = pages.page(number, result, env.templates)
    evidence.put_evidence(register, env.keyring, number, done.right, done.verdict.passed, result, page)
    for mention in done.mentions:
        detail = {
            "store": mention.store,
            "table": str(mention.table),
            "column": mention.column,
            "rows": len(mention.keys),
        }
        events.append(register, env.keyring, EventName.MENTIONS_FOUND, number, detail=detail)


def report(env: Environment, done: Recounted, receipts: Mapping[str, Receipt]) -> dict[str, Any]:
    """The verdict as plain data for the evidence page and the register: figures and names, no value of any row."""
    verdict, proof_of = done.verdict, PROOFS[done.right]
    by_store: dict[str, list[dict[str, Any]]] = {store: [] for store in env.catalog.stores}
    for one in verdict.measures:
        assert isinstance(one, Recount)
        counted = receipts[one.store].work.get(one.table, {})
        table = env.catalog.stores[one.store].tables[TableName.parse(one.table)]
        by_store[one.store].append(
            {
                "table": one.table,
                "title": table.title.nl,
                "deleted": one.deleted,
                "anonymised": one.anonymised,
                "kept": one.kept,
                "unlinked": one.unlinked,
                "left": one.left,
                "missing": one.missing,
                "marked": one.marked,
                "unmarked": one.unmarked,
                "corrected": one.corrected,
                "wrong": one.wrong,
                "former": one.former,
                "counters": {
                    "deleted": counted.get(COUNTED_DELETED, 0),
                    "updated": counted.get(COUNTED_UPDATED, 0),
                    "inserted": counted.get(COUNTED_INSERTED, 0),
                },
                "checks": [
                    {"name": check.name, "text": check.nl, "passed": check.holds(one), "detail": check.detail(one)}
                    for check in proof_of.checks
                ],
            }
        )
    return {
        "number": verdict.number,
        "kind": done.right,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "passed": verdict.passed,
        "plan": done.plan_digest,
        "stores": [
            {"store": store, "title": env.catalog.stores[store].title.nl, "tables": tables}
            for store, tables in by_store.items()
        ],
        "expectations": [
            {"store": e.store, "name": e.name, "passed": e.passed, "suite": f"{proof_of.name}_{e.store}"}
            for e in verdict.expectations
        ],
        "suppressions": [{"channel": channel, "addresses": n} for channel, n in done.addresses.items()],
        "mentions": [
            {"store": m.store, "table": str(m.table), "column": m.column, "rows": len(m.keys)} for m in done.mentions
        ],
    }
