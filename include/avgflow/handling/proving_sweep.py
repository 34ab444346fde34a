"""The end of a sweep: prove by a fresh count that what was to go is gone and nothing else went, and close it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection

from avgflow.catalog.names import TableName
from avgflow.completeness.verdict import Verdict, judge
from avgflow.dossier import sweep as pages
from avgflow.errors import AvgflowError
from avgflow.handling import previewing_sweep, protecting
from avgflow.handling.environment import Environment
from avgflow.identity import Key
from avgflow.policy.decide import last_day
from avgflow.register import sweep_parts, sweep_proofs, sweeps
from avgflow.register.database import transaction
from avgflow.register.sweeps import Found, Sweep, SweepStatus
from avgflow.sweep import proof, rules
from avgflow.sweep.batch import Batch
from avgflow.sweep.figures import Figures
from avgflow.sweep.holding_back import Protection
from avgflow.sweep.measure import Measure
from avgflow.sweep.proof import SWEEP, Swept


class NotProven(AvgflowError):
    """What a sweep did is not proven; the message names store, table and check."""

    def __init__(self, verdict: Verdict) -> None:
        places = "; ".join(f"{f.store}.{f.table}: {f.check.en} ({f.detail})" for f in verdict.failures)
        super().__init__(
            f"{verdict.number} is not proven. {places or 'No table was measured'}. Look at its page (avgflow retention "
            f"show {verdict.number} -o FILE) and let the store's engineer look at these tables; the next sweep asks a "
            f"human first."
        )
        self.verdict = verdict


def prove(env: Environment, number: str) -> Verdict:
    """Count afresh what a sweep came to, and keep the result with its page; again counts again.

    It is of a sweep that carried out all it might, or that a human stopped.
    """
    with transaction(env.register) as register:
        sweep = sweeps.get(register, number)
        found = sweeps.found(register, number)
    with env.view() as view:
        protection = protecting.protection(env, view, sweep.day)
    measures = {store: _store(env, sweep, store, found, protection) for store in env.catalog.stores}
    verdict = judge(env.catalog, {number: measures}, SWEEP)[number]
    with transaction(env.register) as register:
        done = sweeps.changed(register, number)
        result = _report(env, verdict)
        page = pages.page(sweep, found, done, result, env.catalog, env.policy, env.templates)
        sweep_proofs.put(register, env.keyring, number, verdict.passed, result, page)
    return verdict


def close(env: Environment, number: str, verdict: Verdict) -> Sweep:
    """Put the end of a sweep on record and let go of the keys of its rows; an end that is on record stands."""
    with transaction(env.register) as register:
        sweep = sweeps.get(register, number)
        stopped = sweep.stop_asked_at is not None and any(
            one.parts_done < one.parts for one in sweeps.progress(register, number)
        )
        status = SweepStatus.STOPPED if stopped else SweepStatus.DONE
        if not verdict.passed:
            status = SweepStatus.FAILED
        rows = sum(changed for _, changed in sweeps.changed(register, number).values())
        ended = sweeps.end(register, env.keyring, number, status, {"rows": rows})
        sweep_parts.let_go(register, number)
        return ended


def _store(env: Environment, sweep: Sweep, store: str, found: Sequence[Found], protection: Protection) -> list[Swept]:
    """Each table of a store after the sweep."""
    with previewing_sweep.measured(env, store, sweep.day, protection) as measure:
        now = measure.figures()
        there: dict[_Place, set[Key]] = defaultdict(set)
        for rule, key in measure.left():
            there[str(rule.table), rule.code].add(key)
        with transaction(env.register) as register:
            figures = _compared(env, register, sweep, store, measure, there)
        for one in found:
            if one.store == store:
                figures[one.table]["planned"] += one.rows
                figures[one.table]["early"] += _early(env, sweep.day, one)
        for name, rules_of in measure.rules.items():
            figures[str(name)]["held"] = sum(sum(now[rule].held.values()) for rule in rules_of)
            by_date = [rule for rule in rules_of if proof.recounted(rule)]
            past = sum(now[rule].rows + sum(now[rule].held.values()) for rule in by_date)
            # Of a large table the second count would take as long as the table is large.
            again = past if now[rules_of[0]].estimated else measure.recount(by_date)
            figures[str(name)] |= {"past": past, "recounted": again}
    return [Swept(store, table, **figures[table]) for table in proof.tables_of(env.catalog.stores[store])]


_Place = tuple[str, str]
"""A table and a rule."""


def _compared(
    env: Environment,
    register: Connection,
    sweep: Sweep,
    store: str,
    measure: Measure,
    there: Mapping[_Place, set[Key]],
) -> dict[str, Counter[str]]:
    """The parts of a sweep against the rows that are past their term now and held back by nothing, by table.

    A part at a time is in memory, and the rows that are there.
    """
    figures: dict[str, Counter[str]] = defaultdict(Counter)
    left = {place: set(keys) for place, keys in there.items()}
    of_code = {(str(rule.table), rule.code): rule for rules_of in measure.rules.values() for rule in rules_of}
    for part, done in sweep_parts.of_store(register, env.keyring, sweep.number, store):
        place, one = (part.table, part.code), figures[part.table]
        if place not in of_code:
            continue  # stopped, for its rule is no more
        batch = Batch.from_bytes(of_code[place], part.rows, part.body)
        changed = part.changed or 0
        one["parts"] += part.rows
        if not done:
            stopped = sweep.stop_asked_at is not None or sweep.status is SweepStatus.STOPPED
            one["open" if stopped else "undone"] += part.rows
            left[place] = left.get(place, set()) - set(batch.keys)
            continue
        one["changed"] += changed
        one["beyond"] += max(0, changed - part.rows)
        still = (
            part.rows if batch.whole and measure.exists(batch.leaf) else len(left.get(place, set()) & set(batch.keys))
        )
        # Where not all of a part could go, what is there had a reason to stay when its turn came.
        one["left" if changed < part.rows else "missed"] += still
        left[place] = left.get(place, set()) - set(batch.keys)
    for (table, _), keys in left.items():
        figures[table]["late"] += len(keys)
    return figures


def _early(env: Environment, day: date, one: Found) -> int:
    """Rows of a rule that might go though the term of the newest of them is not past, by the calendar."""
    newest = Figures.from_json(one.figures).newest
    rule = next(
        rule
        for rule in rules.of_store(env.catalog.stores[one.store], env.policy)
        if str(rule.table) == one.table and rule.code == one.code
    )
    if newest is None:
        return 0
    last = last_day(rule.term, date.fromisoformat(newest))
    return one.rows if last is None or last >= day else 0


def _report(env: Environment, verdict: Verdict) -> dict[str, Any]:
    """The verdict as plain data for the page and the register: figures and names, no value of any row."""
    by_store: dict[str, list[dict[str, Any]]] = {store: [] for store in env.catalog.stores}
    for one in verdict.measures:
        assert isinstance(one, Swept)
        table = env.catalog.stores[one.store].tables[TableName.parse(one.table)]
        by_store[one.store].append(
            {
                **{name: value for name, value in vars(one).items() if name != "store"},
                "title": table.title.nl,
                "checks": [
                    {
                        "name": check.name,
                        "text": check.nl,
                        "text_en": check.en,
                        "passed": check.holds(one),
                        "detail": check.detail(one),
                    }
                    for check in proof.CHECKS
                ],
            }
        )
    return {
        "number": verdict.number,
        "kind": "sweep",
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "passed": verdict.passed,
        "stores": [
            {"store": store, "title": env.catalog.stores[store].title.nl, "tables": tables}
            for store, tables in by_store.items()
        ],
        "expectations": [
            {"store": e.store, "name": e.name, "passed": e.passed, "suite": f"sweep_{e.store}"}
            for e in verdict.expectations
        ],
    }
