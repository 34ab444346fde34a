"""A plan is made from what it is given and nothing else, names every table, and has another digest for any change."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from avgflow import plan
from avgflow.catalog.load import load
from avgflow.catalog.models import Catalog
from avgflow.catalog.names import ColumnName, TableName
from avgflow.crypto import Keyring
from avgflow.identity import Footprint
from avgflow.plan import Plan
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
    assert made().rows_of("orders", ORDER) == 4
    assert made().rows_of("crm", ORDER) == 0
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
