"""From decisions on rows to what happens to them: whatever stays holds what it points to, and nothing stays in vain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avgflow.catalog.live import ForeignKey, LiveColumn, LiveTable
from avgflow.catalog.models import Table, Text
from avgflow.catalog.names import TableName
from avgflow.effects import EMPTYING, HOLDING, OwnRow, Place, Pointing, WouldReachOthers, effects
from avgflow.plan import Step
from avgflow.policy.decide import Decision, Ground

TEXT = Text(nl="t", en="t")
A, B, C = (TableName("public", name) for name in "abc")
OTHER = TableName("public", "other")
ERASE = Decision("erase", Ground.NO_LONGER_NEEDED, TEXT)


def kept(ground: Ground, until: date | None = None) -> Decision:
    return Decision("keep", ground, TEXT, keep_until=until, whole=ground in (Ground.CLAIM, Ground.CONTRACT))


LAW, CONTRACT, CLAIM, PROOF = (kept(ground) for ground in (Ground.LAW, Ground.CONTRACT, Ground.CLAIM, Ground.PROOF))


def place(
    name: TableName,
    *keys: ForeignKey,
    nullable: Iterable[str] = (),
    marked: Iterable[str] = (),
    erase: str = "delete",
) -> Place:
    """A table with a key, a name and a city (personal), a staff name and one column for each foreign key."""
    pointers = [column for one in keys for column in one.columns]
    marked = set(marked)
    columns = {
        "name": {"category": "x"},
        "city": {"category": "x"},
        "staff": {"category": "x", "third_party": True},
        **dict.fromkeys(pointers, "none"),
    }
    for column in marked:
        columns[column] = {"category": "x", "erase": "anonymise"}
    spec = Table.model_validate(
        {
            "title": {"nl": "t", "en": "t"},
            "key": ["id"],
            "subject": {"id": f"lab.{name}.id"},
            "classes": [{"class": "R2"}],
            "columns": {"id": "none", **columns},
            "erase": erase,
        }
    )
    may_be_empty = {"name", "city", "staff", *nullable}
    live = {column: LiveColumn(column, "text", column in may_be_empty, False) for column in spec.columns}
    return Place(spec, LiveTable(name, "table", live, ("id",), (), keys))


def to(target: TableName, on_delete: str = "NO ACTION", *, of: TableName, column: str = "") -> ForeignKey:
    column = column or f"to_{target.table}"
    return ForeignKey(of, f"{column}_fk", (column,), target, ("id",), on_delete)


def row(table: TableName, key: str, decision: Decision = ERASE, **pointers: str | None) -> OwnRow:
    return OwnRow(table, (key,), "R2", decision, {"id": key, **pointers})


def done(steps: Iterable[Step]) -> dict[tuple[str, str], str]:
    """What happens to each row, by table and key; pointers that are emptied are left out."""
    return {(step.table.table, key[0]): step.action for step in steps if step.action != "unlink" for key in step.keys}


def with_others(places: Iterable[Place], pointing: Iterable[Pointing]) -> dict[TableName, Place]:
    """The tables by name, and that of the rows of others."""
    keys = dict.fromkeys(one.foreign_key for one in pointing)
    return {one.live.name: one for one in (*places, place(OTHER, *keys))}


def run(places: Sequence[Place], rows: Sequence[OwnRow], *pointing: Pointing) -> tuple[Step, ...]:
    return effects("lab", with_others(places, pointing), rows, pointing)


A_TO_B, B_TO_C = to(B, of=A), to(C, of=B)
CHAIN = [place(A, A_TO_B), place(B, B_TO_C, marked=("name",)), place(C)]
CHAINED = [row(A, "1", to_b="2"), row(B, "2", to_c="3"), row(C, "3")]


def test_rows_that_nothing_holds_go() -> None:
    (a, b, c) = run(CHAIN, CHAINED)
    assert {(step.action, step.rows, step.columns) for step in (a, b, c)} == {("delete", 1, ())}


def test_what_a_kept_row_points_to_stays_for_its_ground_and_as_long() -> None:
    until = date(2033, 12, 31)
    steps = run(CHAIN, [replace(CHAINED[0], decision=kept(Ground.LAW, until)), *CHAINED[1:]])
    assert {(step.action, step.ground, step.keep_until) for step in steps} == {("keep", Ground.LAW, until)}
    assert {step.table: step.columns for step in steps} == {A: (), B: ("name",), C: ()}


def test_what_points_to_a_kept_row_goes() -> None:
    steps = run(CHAIN, [*CHAINED[:2], replace(CHAINED[2], decision=LAW)])
    assert done(steps) == {("a", "1"): "delete", ("b", "2"): "delete", ("c", "3"): "keep"}


def test_of_two_that_hold_a_row_the_stronger_ground_says_what_stays_in_it() -> None:
    for decisions in ((LAW, CONTRACT), (CONTRACT, LAW)):
        rows = [row(A, str(n), decision, to_b="2") for n, decision in enumerate(decisions)]
        (held,) = (step for step in run(CHAIN, [*rows, row(B, "2", to_c=None)]) if step.table == B)
        assert (held.action, held.ground, held.columns) == ("keep", Ground.CONTRACT, ())


def test_of_two_of_one_ground_the_longer_counts_and_no_known_day_is_the_longest() -> None:
    days = (date(2030, 12, 31), None, date(2040, 12, 31))
    rows = [row(A, str(n), kept(Ground.LAW, until), to_b="2") for n, until in enumerate(days)]
    (held,) = (step for step in run(CHAIN, [*rows, row(B, "2", to_c=None)]) if step.table == B)
    assert held.keep_until is None
    (held,) = (step for step in run(CHAIN, [rows[0], rows[2], row(B, "2", to_c=None)]) if step.table == B)
    assert held.keep_until == date(2040, 12, 31)


@pytest.mark.parametrize("on_delete", sorted(HOLDING))
def test_what_only_somebody_elses_row_points_to_becomes_an_empty_shell(on_delete: str) -> None:
    (step,) = run([place(A, nullable=())], [row(A, "1")], Pointing(to(A, on_delete, of=OTHER), ("9",), ("1",)))
    assert (step.action, step.columns, step.keep_until) == ("anonymise", ("name", "city"), None)


def test_a_shell_whose_pointer_is_emptied_holds_nothing() -> None:
    for nullable, fate in (({"to_b"}, "delete"), (set(), "anonymise")):
        places = [place(A, A_TO_B, nullable=nullable), place(B)]
        pointing = Pointing(to(A, of=OTHER), ("9",), ("1",))
        assert done(run(places, [row(A, "1", to_b="2"), row(B, "2")], pointing)) == {
            ("a", "1"): "anonymise",
            ("b", "2"): fate,
        }


def test_a_row_kept_for_another_of_which_nothing_is_left_is_a_shell() -> None:
    """As it is told to the person: nothing of theirs is kept."""
    places = [place(A, A_TO_B), place(B, marked=("name", "city"))]
    steps = run(places, [row(A, "1", PROOF, to_b="2"), row(B, "2"), row(B, "3", PROOF)])
    assert done(steps) == {("a", "1"): "keep", ("b", "2"): "anonymise", ("b", "3"): "keep"}


def test_a_pointer_that_the_database_empties_holds_nothing_and_is_told() -> None:
    places = [place(A, to(B, EMPTYING, of=A)), place(B)]
    steps = run(places, [row(A, "1", LAW, to_b="2"), row(B, "2")], Pointing(to(B, EMPTYING, of=OTHER), ("9",), ("2",)))
    assert done(steps) == {("a", "1"): "keep", ("b", "2"): "delete"}
    told = {(step.table, step.record_class, step.columns) for step in steps if step.action == "unlink"}
    assert told == {(A, "R2", ("to_b",)), (OTHER, None, ("to_b",))}


def test_a_pointer_that_is_emptied_to_a_row_that_stays_is_left() -> None:
    steps = run([place(B)], [row(B, "2", LAW)], Pointing(to(B, EMPTYING, of=OTHER), ("9",), ("2",)))
    assert [step.action for step in steps] == ["keep"]


@pytest.mark.parametrize("on_delete", ["CASCADE", "SET DEFAULT"])
def test_a_deletion_that_would_reach_rows_of_others_is_refused_and_counted(on_delete: str) -> None:
    pointing = [Pointing(to(A, on_delete, of=OTHER), (key,), ("1",)) for key in "xyz"]
    with pytest.raises(WouldReachOthers, match=r"3 rows of others in public\.other"):
        run([place(A)], [row(A, "1")], *pointing)
    assert done(run([place(A)], [row(A, "1", LAW)], *pointing)) == {("a", "1"): "keep"}


def test_rows_of_a_table_that_is_to_be_anonymised_stay_without_the_person() -> None:
    (step,) = run([place(A, marked=("name",), erase="anonymise")], [row(A, "1"), row(A, "2")])
    assert (step.action, step.rows, step.columns) == ("anonymise", 2, ("name",))


def test_a_key_of_which_a_part_is_empty_points_nowhere() -> None:
    both = ForeignKey(A, "fk", ("x", "y"), B, ("id", "more"), "NO ACTION")
    rows = [row(A, "1", LAW, x="2", y=None), OwnRow(B, ("2",), "R2", ERASE, {"id": "2", "more": "3"})]
    assert done(run([place(A, both), place(B)], rows))["b", "2"] == "delete"


# Any schema, any rows


@dataclass(frozen=True)
class World:
    places: dict[TableName, Place]
    rows: list[OwnRow]
    pointing: list[Pointing]


ACTIONS = ["NO ACTION", "RESTRICT", "SET NULL", "CASCADE"]
LAW_AND_CLAIM = replace(LAW, whole=True)
DECISIONS = [ERASE, ERASE, ERASE, PROOF, LAW, kept(Ground.LAW, date(2030, 1, 1)), LAW_AND_CLAIM, CONTRACT, CLAIM]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    tables = [A, B, C]
    places = {}
    for table in tables:
        keys = [
            to(target, draw(st.sampled_from(ACTIONS)), of=table, column=f"p{n}")
            for n, target in enumerate(draw(st.lists(st.sampled_from(tables), max_size=3)))
        ]
        columns = [column for one in keys for column in one.columns]
        places[table] = place(
            table,
            *keys,
            nullable=[column for column in columns if draw(st.booleans())],
            marked=["name"] if draw(st.booleans()) else [],
            erase=draw(st.sampled_from(["delete", "delete", "anonymise"])),
        )
    ids = {table: [str(n) for n in range(draw(st.integers(0, 4)))] for table in tables}
    rows = [
        row(
            table,
            id_,
            draw(st.sampled_from(DECISIONS)),
            **{
                one.columns[0]: draw(st.sampled_from([*ids[one.target], None, "not theirs"]))
                for one in places[table].live.foreign_keys
            },
        )
        for table in tables
        for id_ in ids[table]
    ]
    pointing = [
        Pointing(to(table, draw(st.sampled_from([*ACTIONS[:3], *ACTIONS])), of=OTHER), (str(n),), (id_,))
        for n, (table, id_) in enumerate((table, id_) for table in tables for id_ in ids[table])
        if draw(st.integers(0, 3)) == 0
    ]
    return World(with_others(places.values(), pointing), rows, pointing)


def ended(world: World) -> tuple[Step, ...] | None:
    """The steps; None where it is refused, which must have its reason in a row of somebody else."""
    try:
        return effects("lab", world.places, world.rows, world.pointing)
    except WouldReachOthers:
        assert any(one.foreign_key.on_delete == "CASCADE" for one in world.pointing)
        return None


def pointers(world: World, one: OwnRow, overwritten: Iterable[str]) -> list[tuple[ForeignKey, TableName, str]]:
    """The own rows to which a row still points when its columns are overwritten."""
    ids = {(other.table, other.key[0]) for other in world.rows}
    found = []
    for key in world.places[one.table].live.foreign_keys:
        target = one.values[key.columns[0]]
        if target is not None and (key.target, target) in ids and key.columns[0] not in overwritten:
            found.append((key, key.target, target))
    return found


@given(worlds())
def test_every_row_gets_one_fate_and_one_that_is_to_be_kept_is_kept(world) -> None:
    steps = ended(world)
    if steps is None:
        return
    fates = Counter((step.table, key) for step in steps if step.action != "unlink" for key in step.keys)
    assert fates == Counter((one.table, one.key) for one in world.rows)
    by_row = done(steps)
    for one in world.rows:
        if one.decision.action == "keep":
            assert by_row[one.table.table, one.key[0]] == "keep"


@given(worlds())
def test_whatever_stays_holds_what_it_points_to(world) -> None:
    steps = ended(world)
    if steps is None:
        return
    fates = done(steps)
    columns = {(step.table, key): step.columns for step in steps if step.action != "unlink" for key in step.keys}
    for one in world.rows:
        if fates[one.table.table, one.key[0]] == "delete":
            continue
        for key, target, id_ in pointers(world, one, columns[one.table, one.key]):
            if key.on_delete != EMPTYING:
                assert fates[target.table, id_] != "delete"
    for other in world.pointing:
        if other.foreign_key.on_delete != EMPTYING:
            assert fates[other.foreign_key.target.table, other.to[0]] != "delete"


@given(worlds())
def test_nothing_stays_in_vain(world) -> None:
    """A row that could go stays only for one that points to it, or because its table is to be anonymised."""
    steps = ended(world)
    if steps is None:
        return
    fates = done(steps)
    columns = {(step.table, key): step.columns for step in steps if step.action != "unlink" for key in step.keys}
    held = {
        (other.foreign_key.target.table, other.to[0])
        for other in world.pointing
        if other.foreign_key.on_delete in HOLDING
    }
    for one in world.rows:
        if fates[one.table.table, one.key[0]] != "delete":
            held |= {
                (target.table, id_)
                for key, target, id_ in pointers(world, one, columns[one.table, one.key])
                if key.on_delete != EMPTYING and (target, id_) != (one.table, one.key[0])
            }
    for one in world.rows:
        stays = fates[one.table.table, one.key[0]] != "delete"
        if stays and one.decision.action == "erase" and world.places[one.table].spec.erase == "delete":
            assert (one.table.table, one.key[0]) in held


@given(worlds())
def test_nothing_is_taken_out_of_a_row_that_a_claim_or_contract_needs(world) -> None:
    steps = ended(world) or ()
    columns = {(step.table, key): step.columns for step in steps if step.action != "unlink" for key in step.keys}
    for one in world.rows if steps else ():
        if one.decision.whole:
            assert columns[one.table, one.key] == ()
            assert all(columns[target, (id_,)] == () for _, target, id_ in holds(world, one))
    for step in steps:
        if step.action == "keep":
            assert step.columns in ((), world.places[step.table].marked)
        elif step.action == "anonymise":
            assert set(step.columns) >= set(world.places[step.table].marked)


def holds(world: World, one: OwnRow) -> list[tuple[ForeignKey, TableName, str]]:
    """The own rows that a whole row makes stay."""
    return [found for found in pointers(world, one, ()) if found[0].on_delete != EMPTYING]


@given(worlds())
def test_exactly_the_pointers_that_the_database_empties_are_told(world) -> None:
    steps = ended(world)
    if steps is None:
        return
    fates = done(steps)
    columns = {(step.table, key): step.columns for step in steps if step.action != "unlink" for key in step.keys}
    wanted = Counter(
        (one.table, one.key, key.columns)
        for one in world.rows
        if fates[one.table.table, one.key[0]] != "delete"
        for key, target, id_ in pointers(world, one, columns[one.table, one.key])
        if key.on_delete == EMPTYING and fates[target.table, id_] == "delete"
    )
    wanted += Counter(
        (OTHER, other.key, other.foreign_key.columns)
        for other in world.pointing
        if other.foreign_key.on_delete == EMPTYING and fates[other.foreign_key.target.table, other.to[0]] == "delete"
    )
    told = Counter((step.table, key, step.columns) for step in steps if step.action == "unlink" for key in step.keys)
    assert told == wanted


@given(worlds(), st.randoms())
def test_the_steps_do_not_hang_on_the_order_of_the_rows(world, random) -> None:
    shuffled = World(world.places, list(world.rows), list(world.pointing))
    random.shuffle(shuffled.rows)
    random.shuffle(shuffled.pointing)
    steps, again = ended(world), ended(shuffled)
    assert (steps is None) == (again is None)
    assert set(steps or ()) == set(again or ())
