"""The truth agrees with how rows hang together, and survives being written down."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from demo_links import Linked, normal

from avgflow.demo import truth
from avgflow.demo.cast import Trait
from avgflow.demo.stores import STORES
from avgflow.demo.world import World, staff

WORLD = World(seed=1, subjects=100)
BLOCKS = [WORLD.block(number) for number in WORLD.blocks()]


def by_table(linked: Linked, positions: list[int]) -> dict[str, list[tuple[object, ...]]]:
    tables: dict[str, list[tuple[object, ...]]] = defaultdict(list)
    for position in positions:
        table, row = linked.rows[position]
        store, _, name = table.partition(".")
        key = STORES[store].keys[name]
        tables[table].append(tuple(row.values[c] for c in key) if key else tuple(row.values.values()))
    return tables


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"block-{block.number}")
def test_identifiers_lead_to_exactly_the_rows_of_the_truth(block) -> None:
    linked = Linked.of(block)
    for subject in truth.of_block(block).subjects:
        asked = dict(subject.identifiers)
        shared = frozenset({normal(asked.pop("email"))}) if subject.ambiguous_email else frozenset()
        found = by_table(linked, linked.found(asked.items(), shared))
        assert found.keys() == subject.owned.keys(), subject.id
        for table, keys in found.items():
            owned = subject.owned[table]
            assert owned.rows == len(keys), (subject.id, table)
            assert owned.keys == tuple(sorted(keys)) if owned.keys else owned.sha256 == truth.digest(keys)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"block-{block.number}")
def test_the_email_address_alone_is_enough_for_all_but_sharers(block) -> None:
    linked = Linked.of(block)
    for subject in truth.of_block(block).subjects:
        found = by_table(linked, linked.found([("email", subject.identifiers["email"])]))
        same = {t: len(keys) for t, keys in found.items()} == {t: held.rows for t, held in subject.owned.items()}
        assert same is not subject.ambiguous_email, subject.id


def test_rows_are_shared_only_by_those_behind_one_mailbox() -> None:
    for block in BLOCKS:
        sharers = {p.id for p in block.people if Trait.SHARED_MAILBOX in p.traits}
        for subject in truth.of_block(block).subjects:
            assert bool(subject.shared) == (subject.id in sharers)
            assert {subject.id, *subject.shared_with} == (sharers if subject.shared else {subject.id})


def test_nobody_else_is_named_by_what_is_also_ones_own() -> None:
    for block in BLOCKS:
        for person, subject in zip(block.people, truth.of_block(block).subjects, strict=True):
            assert person.name not in subject.others.names
            assert person.email not in subject.others.emails
            assert person.phone not in subject.others.phones


def test_every_other_name_stands_in_the_crm_in_full() -> None:
    for block in BLOCKS:
        rows = [row for row in STORES["crm"].rows(block) if row.table == "public.contact"]
        known = {f"{row.values['first_name']} {row.values['last_name']}" for row in rows}
        known |= {employee.name for employee in staff(WORLD.seed)}
        for subject in truth.of_block(block).subjects:
            assert set(subject.others.names) <= known


def test_a_namesake_is_known_by_address_and_telephone_only() -> None:
    one, other = (p for p in BLOCKS[0].people if Trait.NAMESAKE in p.traits)
    subject = next(s for s in truth.of_block(BLOCKS[0]).subjects if s.id == one.id)
    assert other.email in subject.others.emails
    assert other.name not in subject.others.names


def test_a_person_of_whom_there_is_very_much_has_hundreds_of_rows() -> None:
    much = [s for b in BLOCKS for s in truth.of_block(b).subjects if Trait.VERY_MUCH in s.traits]
    assert all(s.owned["accounts.public.login"].rows >= 300 for s in much if "accounts.public.login" in s.owned)
    assert any("accounts.public.login" in s.owned for s in much)


def test_every_row_is_counted_once_as_owned_shared_or_nobodys() -> None:
    for block in BLOCKS:
        found = truth.of_block(block)
        for table, count in found.tables.items():
            owned = sum(s.owned[table].rows for s in found.subjects if table in s.owned)
            assert count.rows == owned + count.shared + count.nobody, table


def test_the_truth_survives_being_written_down(tmp_path: Path) -> None:
    found = truth.of_block(BLOCKS[0])
    file = tmp_path / "truth.jsonl"
    truth.write(file, WORLD, found.tables, map(truth.line, found.subjects))
    assert tuple(truth.read_subjects(file)) == found.subjects
    assert truth.read_tables(file) == found.tables


def test_a_digest_knows_no_order_and_no_time_zone() -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    amsterdam = noon.astimezone(timezone(timedelta(hours=1)))
    assert truth.digest([(1, noon), (2, None)]) == truth.digest([(2, None), (1, amsterdam)])


def test_a_digest_tells_one_row_from_two_alike() -> None:
    assert truth.digest([(1, "click")]) != truth.digest([(1, "click"), (1, "click")])
