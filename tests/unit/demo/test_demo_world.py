"""The people of the demonstration: the same from the same seed, awkward in every way, and nobody's neighbours."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from avgflow.demo import invented
from avgflow.demo.cast import CAST, Kind, Trait
from avgflow.demo.rows import Row
from avgflow.demo.stores import STORES
from avgflow.demo.world import Block, World

WORLD = World(seed=1, subjects=150)


def rows_of(block: Block) -> Iterator[tuple[str, Row]]:
    for name, store in STORES.items():
        for row in store.rows(block):
            yield f"{name}.{row.table}", row


def people(world: World) -> list[str]:
    return [p.name for number in world.blocks() for p in world.block(number).people]


def test_the_same_seed_makes_the_same_rows() -> None:
    assert list(rows_of(WORLD.block(1))) == list(rows_of(World(1, 150).block(1)))


def test_a_small_world_is_the_beginning_of_a_large_one() -> None:
    assert people(World(1, 100)) == people(WORLD)[:100]
    assert list(rows_of(World(1, 100).block(1))) == list(rows_of(WORLD.block(1)))


def test_another_seed_makes_other_people() -> None:
    assert people(World(2, 50)) != people(World(1, 50))


@pytest.mark.parametrize("subjects", [1, 4, 5, 23, 50, 51, 150])
def test_a_world_has_as_many_subjects_as_asked_for(subjects: int) -> None:
    assert len(people(World(1, subjects))) == subjects


def test_four_subjects_have_every_kind() -> None:
    assert {p.kind for p in World(1, 4).block(0).people} == set(Kind)


def test_fifty_subjects_have_every_trait() -> None:
    assert {trait for p in World(1, 50).block(0).people for trait in p.traits} == set(Trait)


def test_a_trait_of_two_has_two_bearers_or_none() -> None:
    for subjects in range(1, len(CAST) + 1):
        borne = Counter(trait for p in World(1, subjects).block(0).people for trait in p.traits)
        for trait in (Trait.SHARED_MAILBOX, Trait.NAMESAKE, Trait.HOUSEHOLD, Trait.SHARED_PHONE):
            assert borne[trait] in (0, 2), (subjects, trait)


def test_only_the_sharers_of_a_mailbox_have_an_address_in_common() -> None:
    everyone = [p for number in WORLD.blocks() for p in WORLD.block(number).people]
    times = Counter(p.email for p in everyone)
    assert {p.id for p in everyone if times[p.email] > 1} == {
        p.id for p in everyone if Trait.SHARED_MAILBOX in p.traits
    }


def test_namesakes_have_one_name_and_two_addresses() -> None:
    one, other = (p for p in WORLD.block(0).people if Trait.NAMESAKE in p.traits)
    assert one.name == other.name
    assert one.email != other.email


def test_every_row_of_a_table_has_the_same_columns_in_the_same_order() -> None:
    columns: dict[str, tuple[str, ...]] = {}
    for number in WORLD.blocks():
        for table, row in rows_of(WORLD.block(number)):
            assert columns.setdefault(table, tuple(row.values)) == tuple(row.values)


def test_keys_are_unique_in_the_whole_world() -> None:
    keys: Counter[tuple[object, ...]] = Counter()
    for number in WORLD.blocks():
        for table, row in rows_of(WORLD.block(number)):
            store, _, name = table.partition(".")
            if key := STORES[store].keys[name]:
                keys[(table, *(row.values[c] for c in key))] += 1
    assert max(keys.values()) == 1


def test_what_a_row_says_of_others_stands_in_it() -> None:
    for number in WORLD.blocks():
        for table, row in rows_of(WORLD.block(number)):
            text = " ".join(str(value) for value in row.values.values()).replace('\\"', '"')
            for mention in row.mentions:
                assert mention.value in text, (table, mention)


def test_every_email_address_is_of_a_domain_that_is_nobodys() -> None:
    reserved = re.compile(r"(example\.(nl|com|org)|.*\.example)", re.IGNORECASE)
    for number in WORLD.blocks():
        for _, row in rows_of(WORLD.block(number)):
            for domain in re.findall(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)", str(dict(row.values))):
                assert reserved.fullmatch(domain), domain


def test_every_telephone_number_is_of_a_range_that_is_not_issued() -> None:
    number_like = re.compile(r"(?<![\w-])(?:0\d{1,2}-\d{7,8}|\+31 \d{1,2} \d{7,8})(?!\w)")
    for number in WORLD.blocks():
        for _, row in rows_of(WORLD.block(number)):
            for phone in number_like.findall(str(dict(row.values))):
                assert re.match(r"(06-9|098-|\+31 6 9|\+31 98 )", phone), phone


def test_no_iban_and_no_vat_number_can_be_real() -> None:
    for organisation in WORLD.block(0).organisations:
        assert organisation.iban.startswith("NL00")  # real check digits run from 02 to 98
        assert not invented.passes_eleven_test(organisation.vat_number[2:11])
        assert not invented.passes_mod_97(organisation.vat_number)


def test_the_tests_of_vat_numbers_know_a_right_one() -> None:
    assert invented.passes_eleven_test("111222333")
    assert invented.passes_mod_97("NL000099998B57")
