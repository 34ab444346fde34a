"""What a task says in its log of its work in a store: a line per table and kind of work, then the receipt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from avgflow.catalog.names import TableName
from avgflow.completeness.verdict import Verdict
from avgflow.dossier.evidence import meaning_of
from avgflow.handling import planning, sweeping
from avgflow.handling.environment import Environment
from avgflow.laps import Lap, Laps
from avgflow.redaction import Redaction
from avgflow.register import receipts, sweeps
from avgflow.register.database import transaction
from avgflow.register.receipts import Receipt
from avgflow.register.sweeps import Sweep
from avgflow.sweep.figures import Figures
from avgflow_airflow.tasklog import Line, Stopwatch, say


def collected(of_store: Receipt, heard: Laps, watch: Stopwatch, number: str) -> None:
    """The rows of each table, by record class, and how long reading them took."""
    for table, rows in sorted(of_store.counts.items()):
        lap = heard.get((of_store.store, table), Lap())
        how = {"classes": lap.classes or "-", "rows": rows, "milliseconds": lap.milliseconds}
        say(Line.TABLE_COLLECTED, store=of_store.store, table=table, **how, request=number)
    receipt(of_store, watch, number)


def work(env: Environment, of_store: Receipt, heard: Laps, watch: Stopwatch, number: str) -> None:
    """What was done to the rows of each record class, what PostgreSQL counted of each table, and how long it took."""
    plan = planning.stored(env, [number])[number]
    if plan.digest == of_store.digest:
        done: Counter[tuple[str, str, str]] = Counter()
        for step in plan.steps_of(of_store.store):
            done[str(step.table), step.record_class or "-", step.action] += step.rows
        for (table, record_class, action), rows in sorted(done.items()):
            what = {"record_class": record_class, "action": action, "rows": rows}
            say(Line.ROWS_DONE, store=of_store.store, table=table, **what, request=number)
    for table, actions in sorted(of_store.work.items()):
        counted = {action.replace(" ", "_"): rows for action, rows in sorted(actions.items())}
        lap = heard.get((of_store.store, table))
        # Where this try found the receipt of an earlier one, nothing was done that could take time.
        took = {"milliseconds": lap.milliseconds} if lap else {}
        say(Line.TABLE_DONE, store=of_store.store, table=table, **counted, **took, request=number)
    receipt(of_store, watch, number)


def receipt(of_store: Receipt, watch: Stopwatch, number: str) -> None:
    """The line with the words of the receipt's own event on the register."""
    line = Line(receipts.event_of(receipts.Step(of_store.step)).value)
    facts = {"rows": sum(of_store.counts.values()), "milliseconds": watch.milliseconds, "digest": of_store.digest}
    say(line, store=of_store.store, **facts, request=number)


def counted(env: Environment, sweep: Sweep, watch: Stopwatch) -> None:
    """What a sweep's preview found by each rule, then how much it is and why a human must look."""
    with transaction(env.register) as register:
        found = sweeps.found(register, sweep.number)
    for one in found:
        figures = Figures.from_json(one.figures)
        held = sum(figures.held.values())
        if one.rows or held or figures.undated:
            how = {"rule": one.code, "record_class": one.record_class, "action": one.action, "rows": one.rows}
            more = {"people": figures.people, "held": held, "undated": figures.undated}
            say(Line.ROWS_COUNTED, store=one.store, table=one.table, **how, **more, sweep=sweep.number)
    facts = {"rows": sum(one.rows for one in found), "milliseconds": watch.milliseconds, "digest": sweep.digest}
    asks = " ".join(sorted({str(ask["why"]) for ask in sweep.asks or ()}))
    say(Line.SWEEP_PREVIEWED, **facts, asks=asks or "-", sweep=sweep.number)


def swept(env: Environment, store: str, heard: Laps, number: str) -> None:
    """What a sweep did in one store by each rule, so far; how long, where it was done by this try."""
    with transaction(env.register) as register:
        found = {(one.store, one.table, one.code): one for one in sweeps.found(register, number)}
        changed = sweeps.changed(register, number)
    for place, (rows, done) in sorted(changed.items()):
        if place[0] == store:
            one = found[place]
            lap = heard.get((store, sweeping.rule_of(one.table, one.code)))
            took = {"milliseconds": lap.milliseconds} if lap else {}
            how = {"rule": one.code, "record_class": one.record_class, "action": one.action, "rows": done}
            say(Line.ROWS_DONE, store=store, table=one.table, **how, left=rows - done, **took, sweep=number)


def checks(verdict: Verdict, watch: Stopwatch, **about: str) -> None:
    """Each check of each store, then how many they were and how long all of it took; `about`: request or sweep."""
    words = {check.name: check.nl for check in verdict.checks}
    for expectation in verdict.expectations:
        line = Line.CHECK_PASSED if expectation.passed else Line.CHECK_FAILED
        facts = {"check": expectation.name, "meaning": words.get(expectation.name, meaning_of(expectation.name))}
        say(line, store=expectation.store, **facts, **about)
    say(Line.CHECKS_DONE, checks=len(verdict.expectations), milliseconds=watch.milliseconds, **about)


def redactions(made: Mapping[tuple[str, TableName], Mapping[Redaction, int]], number: str) -> None:
    """Where others' data were made unreadable, and why."""
    for (store, table), counts in made.items():
        for redaction, cells in counts.items():
            why = {"column": redaction.column, "reason": redaction.reason, "cells": cells}
            say(Line.REDACTION_MADE, store=store, table=str(table), **why, request=number)
