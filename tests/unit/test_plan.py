"""A plan is made from what it is given and nothing else, names every table, and has another digest for any change."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from avgflow import plan
from avgflow.catalog.load import load
from avgflow.catalog.models import Catalog, Text
from avgflow.catalog.names import ColumnName, TableName
from avgflow.crypto import Keyring
from avgflow.identity import Footprint
from avgflow.plan import Basis, Fix, Plan, Step
from avgflow.policy.decide import EVERYTHING
from avgflow.settings import INCLUDE

NOTE = TableName("public", "note")
ORDER = TableName("public", "order")
VIEW = TableName("public", "active_subscriber")
CONTACT_ID = (ColumnName("crm", TableName("public", "contact"), "contact_id"),)


@cache
def catalog() -> Catalog:
    return load(INCLUDE / "catalog")


FOOTPRINT = Footprint(
    identifiers={"email": frozenset({"a@x.nl"})},
    values={CONTACT_ID: frozenset({("1",)})},
    chosen={("crm", TableName("public", "contact")): frozenset({("1",)})},
    shared={"email": frozenset({"info@x.nl"})},
    held={"email": frozenset({"a@x.nl"})},
)
COUNTS: plan.Counts = {("crm", NOTE): {"R2": 3}, ("orders", ORDER): {"R4": 2, "R3": 1, None: 1}}


def rows_of(plan: Plan, store: str, table: TableName) -> int:
    """Rows of one table that are collected or changed."""
    return sum(step.rows for step in plan.steps_of(store) if step.table == table and step.changes)


def made(
    number: str = "AVG-2026-00042",
    counts: plan.Counts = COUNTS,
    footprint: Footprint = FOOTPRINT,
    shared_rows: int = 4,
    secret: bytes = b"secret",
) -> Plan:
    return plan.access(
        number, catalog(), counts, footprint, shared_rows, lambda data: hashlib.sha256(secret + data).hexdigest()
    )


def test_the_same_world_gives_the_same_plan() -> None:
    assert made() == made()


def test_every_table_that_can_hold_a_persons_rows_is_named_with_or_without_rows() -> None:
    named = {(step.store, step.table) for step in made(counts={}).steps}
    assert named == {(store.store, name) for store, name, table in catalog().tables() if table.subject}
    assert made(counts={}).rows == 0


def test_rows_are_counted_by_record_class() -> None:
    steps = {step.record_class: step.rows for step in made().steps if step.table == ORDER}
    assert steps == {"R4": 2, "R3": 1, None: 1}
    assert rows_of(made(), "orders", ORDER) == 4
    assert rows_of(made(), "crm", ORDER) == 0
    assert made().rows == 7


def test_a_table_that_is_left_out_says_why_and_counts_for_nothing() -> None:
    (step,) = (step for step in made(counts={("marketing", VIEW): {"R9": 1}}).steps if step.table == VIEW)
    assert (step.action, step.rows) == ("leave out", 1)
    assert "staan al in het overzicht" in step.reason.nl
    assert made(counts={("marketing", VIEW): {"R9": 1}}).rows == 0


def test_every_table_that_is_collected_needs_no_reason() -> None:
    assert {step.reason for step in made().steps if step.action == "collect"} == {None}


CHANGES = {
    "number": {"number": "AVG-2026-00043"},
    "a row more": {"counts": {("crm", NOTE): {"R2": 4}, ("orders", ORDER): {"R4": 2, "R3": 1, None: 1}}},
    "another class": {"counts": {("crm", NOTE): {"R3": 3}, ("orders", ORDER): {"R4": 2, "R3": 1, None: 1}}},
    "a table less": {"counts": {("crm", NOTE): {"R2": 3}}},
    "an identifier more": {"footprint": replace(FOOTPRINT, identifiers={"email": frozenset({"a@x.nl", "b@x.nl"})})},
    "another key": {"footprint": replace(FOOTPRINT, values={CONTACT_ID: frozenset({("2",)})})},
    "another choice": {"footprint": replace(FOOTPRINT, chosen=None)},
    "an empty choice": {"footprint": replace(FOOTPRINT, chosen={})},
    "another shared identifier": {"footprint": replace(FOOTPRINT, shared={})},
    "another held identifier": {"footprint": replace(FOOTPRINT, held={})},
    "other shared rows": {"shared_rows": 5},
    "another secret": {"secret": b"other"},
}


@pytest.mark.parametrize("change", CHANGES)
def test_any_change_gives_another_digest(change: str) -> None:
    assert made(**CHANGES[change]).digest != made().digest  # type: ignore[arg-type]


def test_all_these_changes_give_digests_of_their_own() -> None:
    digests = {made(**change).digest for change in CHANGES.values()}  # type: ignore[arg-type]
    assert len(digests) == len(CHANGES)


def test_a_plan_survives_the_register() -> None:
    assert Plan.from_bytes(made().to_bytes()) == made()


def test_a_plan_can_be_made_with_the_registers_own_hash() -> None:
    keyring = Keyring(["x" * 43 + "="], "a secret of sixteen or more")
    one = plan.access("N", catalog(), {}, FOOTPRINT, 0, lambda data: keyring.sign("plan", data))
    assert len(one.digest) == 64


def test_the_digest_is_no_plain_hash_of_the_plan() -> None:
    """Row keys and identifiers could be guessed back from a plain one (a log shows the digest)."""
    assert made().digest not in {
        hashlib.sha256(data).hexdigest() for data in (made().to_bytes(), made().to_bytes().split(b',"digest"')[0])
    }


def test_planning_reads_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog()
    monkeypatch.setattr("builtins.open", None)
    assert made().rows == 7


# Plans that change something ------------------------------------------------------------------------------------------

WHY = Text(nl="De wet verplicht ons dit te bewaren.", en="The law obliges us to keep this.")
STEP = Step("orders", ORDER, "R4", 2, "keep", WHY, "17(3)(b)", date(2031, 12, 31), ("remark",), (("7",), ("9",)))
GONE = Step("crm", NOTE, "R2", 1, "delete", keys=(("3",),))
BASIS = Basis(date(2026, 11, 26), contract_runs=False)


def keyed(data: bytes) -> str:
    return hashlib.sha256(b"secret" + data).hexdigest()


def erasure(*steps: Step, suppress: tuple[str, ...] = ("email",), done: tuple[Step, ...] = (), **changes: Any) -> Plan:
    given = {"number": "AVG-2026-00042", "footprint": FOOTPRINT, "shared_rows": 0, "basis": BASIS, **changes}
    return plan.erasure(steps=steps, suppress=suppress, done=done, keyed_hash=keyed, **given)


OTHER_STEPS = {
    "store": {"store": "crm"},
    "table": {"table": NOTE},
    "class": {"record_class": "R3"},
    "rows": {"rows": 3},
    "action": {"action": "delete"},
    "reason": {"reason": None},
    "ground": {"ground": "17(3)(e)"},
    "last day": {"keep_until": date(2032, 12, 31)},
    "columns": {"columns": ("remark", "contact_name")},
    "rows by key": {"keys": (("7",), ("10",))},
}


@pytest.mark.parametrize("change", OTHER_STEPS)
def test_nothing_of_what_is_approved_can_be_another_under_the_same_digest(change: str) -> None:
    assert erasure(replace(STEP, **OTHER_STEPS[change])).digest != erasure(STEP).digest  # type: ignore[arg-type]


def test_what_is_suppressed_and_what_was_done_before_are_part_of_what_is_approved() -> None:
    digests = {erasure(STEP).digest, erasure(STEP, suppress=()).digest, erasure(STEP, done=(GONE,)).digest}
    assert len(digests) == 3


def test_the_order_in_which_keys_were_found_is_no_other_plan_and_neither_is_another_day() -> None:
    again = replace(STEP, keys=(("9",), ("7",)))
    assert erasure(again).digest == erasure(STEP).digest
    assert erasure(STEP, basis=Basis(date(2026, 11, 27), contract_runs=False)).digest == erasure(STEP).digest


def test_a_digest_does_not_hang_on_the_order_of_fields() -> None:
    """It is made again from what the register holds, and then has to be the same."""
    signed: list[bytes] = []

    def noted(data: bytes) -> str:
        signed.append(data)
        return "d"

    plan.erasure("N", (STEP,), FOOTPRINT, 0, (), BASIS, (), noted)
    fields = [name.split(b'"')[0] for name in signed[0].split(b'"')[1:2]]
    assert fields == [b"done"], "the first by the alphabet"


@pytest.mark.parametrize(
    "other",
    [
        plan.rectification("N", (Fix("phone", "010-1", ("010-2",)),), (GONE,), FOOTPRINT, 0, BASIS, (), keyed),
        plan.rectification("N", (Fix("phone", "010-9", ("010-2",)),), (GONE,), FOOTPRINT, 0, BASIS, (), keyed),
        plan.rectification("N", (Fix("phone", "010-1", ("010-3",)),), (GONE,), FOOTPRINT, 0, BASIS, (), keyed),
        plan.rectification("N", (Fix("phone", "010-1", ("010-2",), True),), (GONE,), FOOTPRINT, 0, BASIS, (), keyed),
        plan.objection("N", "marketing", (), (GONE,), FOOTPRINT, 0, (), BASIS, (), keyed),
        plan.objection("N", "surveys", (), (GONE,), FOOTPRINT, 0, (), BASIS, (), keyed),
        plan.objection("N", "marketing", ("R1",), (GONE,), FOOTPRINT, 0, (), BASIS, (), keyed),
        plan.restriction("N", (GONE,), FOOTPRINT, 0, (), BASIS, (), keyed),
    ],
    ids=lambda one: one.right,
)
def test_a_plan_of_each_right_survives_the_register_with_a_digest_of_its_own(other: Plan) -> None:
    assert Plan.from_bytes(other.to_bytes()) == other
    unsigned = {name: getattr(other, name) for name in ("fixes", "scope", "restricts")}
    for name, value in unsigned.items():
        if value:
            less = replace(other, **{name: None if name == "scope" else ()}, digest="")
            assert plan._signed(less, keyed).digest != other.digest, name
            assert plan._signed(replace(other, digest=""), keyed).digest == other.digest


def test_a_kept_row_counts_only_where_columns_are_taken_out() -> None:
    kept = erasure(replace(STEP, columns=()), GONE)
    assert (kept.rows, rows_of(kept, "orders", ORDER), rows_of(kept, "crm", NOTE)) == (1, 0, 1)
    emptied = erasure(STEP, GONE)
    assert (emptied.rows, rows_of(emptied, "orders", ORDER)) == (3, 2)


def test_rows_that_are_read_are_those_of_the_package_and_those_that_stay_out_of_it() -> None:
    steps = (
        Step("crm", NOTE, "R2", 3, "withhold"),
        Step("crm", NOTE, "R1", 2, "hand over"),
        Step("crm", NOTE, "R3", 5, "leave out"),
        Step("crm", ORDER, "R3", 7, "hand over"),
    )
    made_of = plan.portability("N", steps, FOOTPRINT, 0, keyed)
    assert made_of.read_of("crm", NOTE) == 5
    assert rows_of(made_of, "crm", NOTE) == 2


def test_a_class_is_restricted_by_name_or_with_everything() -> None:
    some = plan.objection("N", "all-processing", ("R1",), (), FOOTPRINT, 0, (), BASIS, (), keyed)
    assert [some.restricted(name) for name in ("R1", "R2", None)] == [True, False, False]
    everything = plan.restriction("N", (), FOOTPRINT, 0, (), BASIS, (), keyed)
    assert everything.restricts == (EVERYTHING,)
    assert [everything.restricted(name) for name in ("R1", "R2", None)] == [True, True, True]


def test_single_rows_become_a_step_for_all_that_share_everything_but_their_key() -> None:
    one, two = replace(STEP, rows=1, keys=(("9",),)), replace(STEP, rows=1, keys=(("7",),))
    because = replace(one, reason=None, keys=(("8",),))
    grouped = plan.grouped([one, because, two])
    assert [(step.rows, step.keys, step.reason) for step in grouped] == [
        (2, (("7",), ("9",)), WHY),
        (1, (("8",),), None),
    ]
