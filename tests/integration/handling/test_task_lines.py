"""What a task says in its log of the work in a store: each table with its record classes, rows and time, then the
receipt; and nothing of the person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from handling_world import OFFICER, Office, personal_in, with_trait
from structlog.testing import capture_logs

from avgflow import laps
from avgflow.demo.truth import SubjectTruth
from avgflow.handling import (
    approving,
    collecting,
    erasing,
    identify,
    planning,
    previewing_sweep,
    proving_sweep,
    sweeping,
    turns,
    validating,
)
from avgflow.plan import Plan
from avgflow.register import receipts, sweeps
from avgflow.register.database import transaction
from avgflow_airflow import telling
from avgflow_airflow.tasklog import Line, Stopwatch


def planned(office: Office, person: SubjectTruth, right: str) -> tuple[str, Plan]:
    number = office.register_subject(person, right=right)
    assert identify.identify(office.env, [number]) == {number: None}
    return number, planning.make(office.env, [number])[number]


def test_collecting_says_each_table_with_its_classes_rows_and_time(
    office: Office, subjects: tuple[SubjectTruth, ...]
) -> None:
    person = with_trait(subjects, "soft_deleted")
    number, plan = planned(office, person, "access")
    with capture_logs() as lines:
        for store in office.env.catalog.stores:
            with laps.heard() as heard:
                receipt = collecting.run(office.env, store, [number])[number]
            telling.collected(receipt, heard, Stopwatch(), number)
    wanted: dict[tuple[str, str], Counter[str]] = {}
    for step in plan.steps:
        if step.action == "collect":
            by_class = wanted.setdefault((step.store, str(step.table)), Counter())
            by_class.update({step.record_class or "-": step.rows} if step.rows else {})
    tables = [line for line in lines if line["code"] == Line.TABLE_COLLECTED]
    assert tables
    for line in tables:
        said = {name: int(rows) for name, rows in (pair.split("=") for pair in line["classes"].split() if "=" in pair)}
        # Of a table that is nobody's own (employees) nothing is planned, and nothing is found.
        assert said == wanted.pop((line["store"], line["table"]), {})
        assert line["rows"] == sum(said.values())
        assert isinstance(line["milliseconds"], int)
    assert wanted == {}
    stores = [line for line in lines if line["code"] == Line.STORE_COLLECTED]
    assert [line["store"] for line in stores] == list(office.env.catalog.stores)
    assert sum(line["rows"] for line in stores) == plan.rows
    assert personal_in(str(lines), person) == []


def test_erasing_says_what_became_of_the_rows_of_each_class(
    own_stores: Office, subjects: tuple[SubjectTruth, ...]
) -> None:
    office, person = own_stores, with_trait(subjects, "soft_deleted")
    number, plan = planned(office, person, "erasure")
    approving.take(office.env, number, plan.digest[:12], OFFICER)
    assert not turns.begin(office.env, number)
    with capture_logs() as lines:
        for store in office.env.catalog.stores:
            with laps.heard() as heard:
                receipt = erasing.run(office.env, store, [number])[number]
            telling.work(office.env, receipt, heard, Stopwatch(), number)
    rows = Counter()
    for step in plan.steps:
        rows[step.store, str(step.table), step.record_class or "-", step.action] += step.rows
    said = [line for line in lines if line["code"] == Line.ROWS_DONE]
    assert {(x["store"], x["table"], x["record_class"], x["action"]): x["rows"] for x in said} == dict(rows)
    deleted = [line for line in lines if line["code"] == Line.TABLE_DONE and line.get("counted_deleted")]
    assert deleted
    assert all("milliseconds" in line for line in deleted)
    with transaction(office.env.register) as register:
        digests = {one.store: one.digest for one in receipts.receipts(register, number)}
    erased = [line for line in lines if line["code"] == Line.STORE_ERASED]
    assert {line["store"]: line["digest"] for line in erased} == digests
    assert personal_in(str(lines), person) == []


def test_a_second_run_says_the_same_of_the_rows_and_no_time_of_a_table(
    own_stores: Office, subjects: tuple[SubjectTruth, ...]
) -> None:
    office, person = own_stores, with_trait(subjects, "soft_deleted")
    number, plan = planned(office, person, "erasure")
    approving.take(office.env, number, plan.digest[:12], OFFICER)
    told = []
    for _ in range(2):
        with laps.heard() as heard:
            receipt = erasing.run(office.env, "crm", [number])[number]
        with capture_logs() as lines:
            telling.work(office.env, receipt, heard, Stopwatch(), number)
        told.append(lines)
    first, second = ([line for line in lines if line["code"] == Line.ROWS_DONE] for lines in told)
    assert first
    assert first == second
    assert not any("milliseconds" in line for line in told[1] if line["code"] == Line.TABLE_DONE)


def test_every_check_is_said_with_its_meaning(office: Office, subjects: tuple[SubjectTruth, ...]) -> None:
    person = with_trait(subjects, "soft_deleted")
    number, _ = planned(office, person, "access")
    office.collect(number)
    done = validating.run(office.env, [number])[number]
    with capture_logs() as lines:
        telling.checks(done.verdict, Stopwatch(), request=number)
        telling.redactions(done.redactions, number)
    checks = [line for line in lines if line["code"] in (Line.CHECK_PASSED, Line.CHECK_FAILED)]
    assert len(checks) == len(done.verdict.expectations) == lines[len(checks)]["checks"]
    assert all(line["meaning"] and line["meaning"] != line["check"] for line in checks)
    assert personal_in(str(lines), person) == []


def test_a_sweep_says_what_it_counted_and_what_went_by_each_rule(
    own_stores: Office, subjects: tuple[SubjectTruth, ...]
) -> None:
    env = own_stores.env
    sweep = previewing_sweep.preview(env, "manual__1")
    with transaction(env.register) as register:
        sweeps.approve(register, env.keyring, sweep.number, sweep.digest, OFFICER)
        found = sweeps.found(register, sweep.number)
    with capture_logs() as lines:
        telling.counted(env, sweep, Stopwatch())
        for store in env.catalog.stores:
            with laps.heard() as heard:
                sweeping.carry_out(env, sweep.number, store)
            telling.swept(env, store, heard, sweep.number)
        telling.checks(proving_sweep.prove(env, sweep.number), Stopwatch(), sweep=sweep.number)
    counted = [line for line in lines if line["code"] == Line.ROWS_COUNTED]
    went = [line for line in lines if line["code"] == Line.ROWS_DONE]
    rows = {(one.store, one.table, one.code): one.rows for one in found if one.rows}
    assert rows
    for said in (counted, went):
        assert {(x["store"], x["table"], x["rule"]): x["rows"] for x in said if x["rows"]} == rows
    assert all(isinstance(line["milliseconds"], int) and line["left"] == 0 for line in went)
    (all_of_it,) = (line for line in lines if line["code"] == Line.SWEEP_PREVIEWED)
    assert (all_of_it["rows"], all_of_it["asks"]) == (sum(rows.values()), " ".join(sorted(_whys(sweep.asks))))
    checks = [line for line in lines if line["code"] in (Line.CHECK_PASSED, Line.CHECK_FAILED)]
    assert all(line["meaning"] and line["meaning"] != line["check"] for line in checks)
    assert {line["sweep"] for line in lines} == {sweep.number}
    for person in subjects:
        assert personal_in(str(lines), person) == []


def _whys(asks: Sequence[Mapping[str, Any]] | None) -> set[str]:
    return {str(ask["why"]) for ask in asks or ()}
