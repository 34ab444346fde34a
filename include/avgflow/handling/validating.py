"""Step 4: prove that what was collected is everything, exactly, and nobody else's; else stop and say what is
missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from avgflow import workfile
from avgflow.catalog.drift import CatalogDrift, DriftKind, Severity
from avgflow.catalog.names import TableName
from avgflow.completeness.handed import PORTABILITY, Handed
from avgflow.completeness.measure import Measure, Work, measure
from avgflow.completeness.verdict import COMPLETENESS, Proof, Verdict, judge
from avgflow.dossier import evidence as pages
from avgflow.errors import AvgflowError
from avgflow.handling import collecting, planning, proving_portable, redacting
from avgflow.handling.collecting import ReceiptDiffers
from avgflow.handling.environment import CheckedView, Environment, View
from avgflow.handling.identify import footprints
from avgflow.intake import Right
from avgflow.plan import Plan
from avgflow.redaction import Redaction, Redactor
from avgflow.register import chain, events, evidence, plans, receipts, requests
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.stores.together import together
from avgflow.workfile import Reader, path_of

PROOFS: Mapping[str, Proof] = {Right.ACCESS: COMPLETENESS, Right.PORTABILITY: PORTABILITY}
"""What is proven of each right whose rows are collected; the evidence is called after it."""

KNOWN_FILE = "who-is-who.sealed"


class CheckFailed(AvgflowError):
    """What was collected is not proven complete; the message names store, table and check."""

    def __init__(self, verdict: Verdict) -> None:
        places = "; ".join(f"{f.store}.{f.table}: {f.check.en} ({f.detail})" for f in verdict.failures)
        super().__init__(
            f"The answer to {verdict.number} is not proven complete and was not sent. "
            f"{places or 'No table was measured'}. "
            f"Look at the evidence, then clear task 'plan' and what follows to collect anew."
        )
        self.verdict = verdict


@dataclass(frozen=True)
class Validated:
    """The verdict on one request under its plan, of what it is one, the digest of what was measured of each store, and
    what was replaced in it, by store and table.
    """

    verdict: Verdict
    proof: Proof
    plan_digest: str
    work: Mapping[str, str]
    redactions: Mapping[tuple[str, TableName], Counter[Redaction]]


def run(env: Environment, numbers: Sequence[str]) -> dict[str, Validated]:
    """Measure and judge each request, and keep the evidence; nothing is raised for a failed one (see `CheckFailed`)."""
    made = planning.stored(env, numbers)
    done: dict[str, Validated] = {}
    for right in PROOFS:
        if of_right := {number: plan for number, plan in made.items() if plan.right == right}:
            done |= _of_right(env, right, of_right)
    for one in done.values():
        with transaction(env.register) as register:
            _keep(env, register, one)
    return done


def _of_right(env: Environment, right: str, made: Mapping[str, Plan]) -> dict[str, Validated]:
    numbers = list(made)
    with env.checked_view() as view:
        people = footprints(env, view, numbers)
        works = {number: _works(env, view, made[number], people[number]) for number in numbers}
        drifts = {store: _drift(view, store) for store in view.connections}

        def measured_in(store: str) -> dict[str, list[Measure]]:
            batch = {number: works[number][store] for number in numbers}
            return measure(view.connections[store], view.targets(store), drifts[store], batch, collecting.READS[right])

        by_store = together(view.connections, measured_in)
        measures: Mapping[str, Mapping[str, Sequence[Measure]]] = {
            number: {store: found[number] for store, found in by_store.items()} for number in numbers
        }
        redactions = {number: _redactions({s: w.redactor for s, w in works[number].items()}) for number in numbers}
        if right == Right.PORTABILITY:
            measures, redactions = proving_portable.measures(env, view, made, works, measures)
    done: dict[str, Validated] = {}
    for number, verdict in judge(env.catalog, measures, PROOFS[right]).items():
        measured = {store: work.reader.digest for store, work in works[number].items()}
        done[number] = Validated(verdict, PROOFS[right], made[number].digest, measured, redactions[number])
    return done


def readers(env: Environment, number: str) -> dict[str, Reader]:
    """The work files of a request; `WorkLost` or `ReceiptDiffers` where one is not what its receipt says."""
    with transaction(env.register) as register:
        written = {receipt.store: receipt for receipt in receipts.receipts(register, number)}
    opened: dict[str, Reader] = {}
    for store in env.catalog.stores:
        reader = Reader(path_of(env.settings.work, number, store), env.keyring, number, store)
        if store not in written:
            raise workfile.WorkLost(number, store)
        if reader.digest != written[store].digest:
            raise ReceiptDiffers(number, store)
        reader.verify()
        opened[store] = reader
    return opened


def proof(env: Environment, register: Connection, number: str) -> evidence.Evidence | None:
    """The last completeness check under the request's newest plan, of what is collected now; one of earlier work proves
    nothing.
    """
    newest = plans.get_plan(register, env.keyring, number).digest
    work = {one.store: one.digest for one in receipts.receipts(register, number) if one.step == receipts.Step.COLLECT}
    kinds = {proof.name for proof in PROOFS.values()}
    checks = [kept for kept in evidence.evidence(register, number) if kept.kind in kinds]
    of_now = (kept for kept in reversed(checks) if kept.result["plan"] == newest and kept.result["work"] == work)
    return next(of_now, None)


def _works(env: Environment, view: View, plan: Plan, person: Any) -> dict[str, Work]:
    """What measuring each store of one request needs; who is who is kept, sealed, for the answer."""
    with transaction(env.register) as register:
        request = requests.get(register, plan.number)
        subject = requests.subject(register, env.keyring, plan.number)
    opened = readers(env, plan.number)
    who = redacting.known(env, view, subject, person, opened, request.language)
    with workfile.whole(env.settings.work / plan.number / KNOWN_FILE) as file:
        file.write(env.keyring.seal_json(who.to_json()))
    made = redacting.redactors(env, opened, who, request.language)
    return {
        store: Work(
            person,
            {name: plan.read_of(store, name) for name in env.catalog.stores[store].tables},
            reader,
            who,
            made[store],
            request.language,
        )
        for store, reader in opened.items()
    }


def _drift(view: CheckedView, store: str) -> dict[TableName, tuple[int, int]]:
    """(unknown, missing) columns by table; a table that the catalog does not know fails at once."""
    unsafe = [drift for drift in view.checked[store].drifts if drift.severity is Severity.UNSAFE]
    if any(drift.kind is DriftKind.UNKNOWN_TABLE for drift in unsafe):
        raise CatalogDrift(unsafe)
    counts: dict[TableName, list[int]] = {}
    for drift in unsafe:
        pair = counts.setdefault(drift.table, [0, 0])
        pair[0 if drift.kind is DriftKind.UNKNOWN_COLUMN else 1] += 1
    return {name: (unknown, missing) for name, (unknown, missing) in counts.items()}


def _redactions(
    made: Mapping[str, Mapping[TableName, Redactor]],
) -> dict[tuple[str, TableName], Counter[Redaction]]:
    return {
        (store, name): redactor.counts
        for store, tables in made.items()
        for name, redactor in tables.items()
        if redactor.counts
    }


def _keep(env: Environment, register: Connection, done: Validated) -> None:
    """The evidence, and an event for each column in which something was replaced."""
    verdict = done.verdict
    result = report(env, done)
    page = pages.page(verdict.number, result, env.templates)
    evidence.put_evidence(register, env.keyring, verdict.number, done.proof.name, verdict.passed, result, page)
    if not verdict.passed:
        return
    links = []
    for (store, name), counts in done.redactions.items():
        for redaction, times in sorted(counts.items(), key=lambda item: (item[0].column, item[0].reason)):
            detail = {
                "store": store,
                "table": str(name),
                "column": redaction.column,
                "reason": redaction.reason,
                "cells": times,
            }
            links.append(events.entry(EventName.REDACTION_MADE, verdict.number, detail=detail))
    if links:
        chain.link(register, env.keyring, links)


def report(env: Environment, done: Validated) -> dict[str, Any]:
    """The verdict as plain data for the evidence page and the register: figures and names, no value of any row."""
    verdict = done.verdict
    by_store: dict[str, list[Measure]] = {store: [] for store in env.catalog.stores}
    for one in verdict.measures:
        if isinstance(one, Measure):
            by_store[one.store].append(one)
    return {
        "number": verdict.number,
        "kind": done.proof.name,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "passed": verdict.passed,
        "plan": done.plan_digest,
        "work": dict(done.work),
        "stores": [
            {
                "store": store,
                "title": env.catalog.stores[store].title.nl,
                "tables": [
                    {
                        "table": one.table,
                        "title": env.catalog.stores[store].tables[TableName.parse(one.table)].title.nl,
                        "planned": one.planned,
                        "collected": one.collected,
                        "counted": one.counted,
                        **_handed(one),
                        "checks": [
                            {
                                "name": check.name,
                                "text": check.nl,
                                "passed": check.holds(one),
                                "detail": check.detail(one),
                            }
                            for check in done.proof.checks
                        ],
                    }
                    for one in found
                ],
            }
            for store, found in by_store.items()
        ],
        "expectations": [
            {"store": e.store, "name": e.name, "passed": e.passed, "suite": f"{done.proof.name}_{e.store}"}
            for e in verdict.expectations
        ],
        "redactions": [
            {
                "store": store,
                "table": str(name),
                "column": redaction.column,
                "reason": redaction.reason,
                "count": times,
            }
            for (store, name), counts in done.redactions.items()
            for redaction, times in sorted(counts.items(), key=lambda item: (item[0].column, item[0].reason))
        ],
    }


def _handed(one: Measure) -> dict[str, int]:
    """What a portability has besides: rows that were to go along, that do, and that do not."""
    if not isinstance(one, Handed):
        return {}
    return {"to_hand_over": one.to_hand_over, "handed": one.handed, "withheld": one.withheld}
