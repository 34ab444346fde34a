"""Rows that point go before rows that are pointed to; a circle is opened where that is possible, and only there."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avgflow.catalog.live import ForeignKey
from avgflow.catalog.names import TableName
from avgflow.deletion_order import CircleOfKeys, order

TABLES = [TableName("public", name) for name in "abcdef"]
A, B, C, *_ = TABLES


def key(
    table: TableName, target: TableName, *, name: str = "fk", on_delete: str = "NO ACTION", deferrable: bool = False
) -> ForeignKey:
    return ForeignKey(table, name, (f"to_{target.table}",), target, ("id",), on_delete, deferrable)


@st.composite
def used_keys(draw: st.DrawFn) -> dict[ForeignKey, bool]:
    """Any keys between a handful of tables, and whether each may be empty."""
    made = draw(
        st.lists(
            st.tuples(
                st.sampled_from(TABLES),
                st.sampled_from(TABLES),
                st.sampled_from(["NO ACTION", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT"]),
                st.booleans(),
                st.booleans(),
            ),
            max_size=14,
        )
    )
    return {
        key(table, target, name=f"fk{n}", on_delete=on_delete, deferrable=deferrable): nullable
        for n, (table, target, on_delete, deferrable, nullable) in enumerate(made)
    }


def opens(one: ForeignKey, nullable: bool) -> bool:
    return nullable or (one.deferrable and one.on_delete == "NO ACTION")


def goes_round(used: Mapping[ForeignKey, bool]) -> bool:
    """Whether keys between different tables form a circle (a second opinion)."""
    graph: dict[TableName, set[TableName]] = {}
    for one in used:
        if one.table != one.target:
            graph.setdefault(one.table, set()).add(one.target)
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError:
        return True
    return False


@given(used_keys())
def test_whatever_the_keys_pointing_rows_go_before_those_pointed_to_or_it_is_refused(used) -> None:
    if goes_round({one: nullable for one, nullable in used.items() if not opens(one, nullable)}):
        with pytest.raises(CircleOfKeys):
            order("lab", set(TABLES), used)
        return
    found = order("lab", set(TABLES), used)
    assert sorted(found.tables) == sorted(TABLES)
    opened = {*found.put_off, *found.emptied}
    place = {table: n for n, table in enumerate(found.tables)}
    for one in used:
        if one.table != one.target and one not in opened:
            assert place[one.table] < place[one.target]


@given(used_keys())
def test_keys_are_opened_only_where_the_database_allows_it_and_only_in_circles(used) -> None:
    try:
        found = order("lab", set(TABLES), used)
    except CircleOfKeys:
        return
    assert all(one.deferrable and one.on_delete == "NO ACTION" for one in found.put_off)
    assert all(used[one] for one in found.emptied)
    assert not set(found.put_off) & set(found.emptied)
    if not goes_round(used):
        assert found.put_off == found.emptied == ()


@given(used_keys(), st.randoms())
def test_the_order_does_not_hang_on_the_order_in_which_keys_are_found(used, random) -> None:
    shuffled = list(used)
    random.shuffle(shuffled)

    def outcome(keys: Mapping[ForeignKey, bool]) -> object:
        try:
            return order("lab", set(TABLES), keys)
        except CircleOfKeys as fault:
            return str(fault)

    assert outcome({one: used[one] for one in shuffled}) == outcome(used)


def test_keys_that_no_row_uses_are_no_matter_of_order() -> None:
    assert order("lab", {A, B}, {}).tables == (A, B)


def test_a_key_inside_a_table_is_no_matter_of_order() -> None:
    found = order("lab", {A}, {key(A, A): False})
    assert (found.tables, found.put_off, found.emptied) == ((A,), (), ())


def test_of_two_ways_to_open_a_circle_the_one_that_changes_no_row_is_taken() -> None:
    late = key(B, A, deferrable=True)
    found = order("lab", {A, B}, {key(A, B): True, late: True})
    assert (found.put_off, found.emptied) == ((late,), ())


def test_a_key_that_restricts_cannot_be_put_off() -> None:
    """RESTRICT is checked at once, whatever the key says of itself."""
    with pytest.raises(CircleOfKeys):
        order("lab", {A, B}, {key(A, B): False, key(B, A, on_delete="RESTRICT", deferrable=True): False})


def test_two_circles_that_share_a_table_are_both_opened() -> None:
    ab, bc = key(A, B), key(B, C)
    found = order("lab", {A, B, C}, {ab: True, key(B, A): False, bc: True, key(C, B): False})
    assert set(found.emptied) == {ab, bc}
    assert found.tables == (C, B, A)


def test_a_circle_names_its_store_its_tables_and_the_remedy() -> None:
    with pytest.raises(CircleOfKeys) as caught:
        order("lab", {A, B, C}, {key(A, B): False, key(B, A): False, key(C, A): False})
    assert "'lab'" in str(caught.value)
    assert "public.a, public.b point" in str(caught.value)
    assert "DEFERRABLE" in str(caught.value)
