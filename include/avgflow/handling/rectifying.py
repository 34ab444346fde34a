"""What a rectification (AVG art. 16) comes to in the stores: which columns get the right value, which rows must stay as
they are and are noted, and which already were right or hold something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from avgflow.asked import Asked, Correction
from avgflow.attributes import ADDRESS, alike, same
from avgflow.catalog.models import Column, Table, Text
from avgflow.catalog.names import TableName
from avgflow.effects import Place
from avgflow.errors import AvgflowError
from avgflow.identity import Footprint, Key
from avgflow.plan import Action, Fix, Step, grouped
from avgflow.stores import correct, survey
from avgflow.stores.presence import SHORTEST, texts_of
from avgflow.stores.survey import Found, Ground

ARTICLE = "16"
"""The ground of every step."""


class WhichValue(AvgflowError):
    """A person has several values of an attribute, and it is not said which of them is wrong."""

    def __init__(self, number: str, attribute: str, values: int) -> None:
        super().__init__(
            f"The stores hold {values} different values of {attribute} for the person of {number}, and it is not said "
            f"which is wrong. Ask the person, then: avgflow request correct {number} --was {attribute}=… . Then clear "
            f"task 'plan' and what follows."
        )


class ValueTaken(AvgflowError):
    """The right value is what somebody else is known by."""

    def __init__(self, number: str, attribute: str, store: str, table: TableName) -> None:
        super().__init__(
            f"The right {attribute} of {number} is in use by another person in {store}.{table}; nothing was touched. "
            f"Ask the person. Is it theirs too? Then register the request anew with it as an identifier, so that both "
            f"are found as one person."
        )


def read(table: Table, attributes: Iterable[str]) -> tuple[str, ...]:
    """The columns to read of a row: those that hold one of these attributes, or repeat one in a text."""
    wanted = set(attributes)
    return tuple(
        name
        for name, column in table.columns.items()
        if not column.third_party and (column.attribute in wanted or wanted & set(column.shows))
    )


def reading(ground: Ground, asked: Iterable[Asked]) -> Ground:
    """The ground with what must be read besides, to see what stands in the place of what is corrected."""
    attributes = {one.attribute for each in asked for one in each.corrections}
    return replace(ground, besides={name: read(target.table, attributes) for name, target in ground.targets.items()})


@dataclass(frozen=True)
class Held:
    """A row of the person, where it is and how its table is described."""

    place: Place
    row: Found

    def columns(self, attribute: str) -> Iterator[tuple[str, str | None]]:
        """The columns that hold an attribute, with what stands in them; not those that the database computes."""
        for name, column in self.place.spec.columns.items():
            if column.attribute == attribute and not column.third_party and self.place.writable(name):
                yield name, self.row.values[name]

    @property
    def correctable(self) -> bool:
        return self.place.spec.rectify == "correct" and not self.place.spec.history


def held(ground: Ground, rows: Iterable[Found]) -> list[Held]:
    """The rows with their places."""
    return [Held(ground.places[row.table], row) for row in rows]


def fixes(
    number: str, corrections: Sequence[Correction], rows: Sequence[Held], earlier: Sequence[Fix] = ()
) -> tuple[Fix, ...]:
    """What is corrected, with the wrong values as they stand in the rows of all stores, or stood there before an
    earlier plan of this request was carried out.

    `WhichValue` where a person has more than one, and it is not said which is wrong.
    """
    before = {one.attribute: one.former for one in earlier}
    correctable = [row for row in rows if row.correctable]
    made = []
    for one in corrections:
        found: dict[str, str] = {}
        right = False
        for row in correctable:
            if one.attribute in ADDRESS and not _shows_wrong(row, corrections):
                continue
            for _, value in row.columns(one.attribute):
                if not (value or "").strip():
                    continue
                assert value is not None
                if value.strip() == one.new:
                    right = True
                elif one.old is None or same(one.attribute, value, one.old):
                    found[alike(one.attribute, value)] = value.strip()
        if len(found) > 1:
            raise WhichValue(number, one.attribute, len(found))
        said = (one.old,) if one.old else ()
        former = tuple(dict.fromkeys((*found.values(), *said, *before.get(one.attribute, ()))))
        made.append(Fix(one.attribute, one.new, former, fill=not found and not right and one.old is None))
    return tuple(made)


def _shows_wrong(row: Held, corrections: Sequence[Correction]) -> bool:
    """Whether a row shows the address that is said to be wrong, as far as it shows one."""
    return all(
        same(one.attribute, value, one.old)
        for one in corrections
        if one.attribute in ADDRESS and one.old is not None
        for _, value in row.columns(one.attribute)
        if value
    )


def refuse_taken(
    view: Connection, store: str, ground: Ground, number: str, asked: Asked, rows: Iterable[Found]
) -> None:
    """`ValueTaken` where a right value is one by which a store knows another person."""
    own = {(row.table, row.key) for row in rows}
    for one in asked.corrections:
        for name, target in ground.targets.items():
            for column, spec in target.table.columns.items() if target.table.person else ():
                if spec.attribute == one.attribute and spec.identifier is not None:
                    keys = correct.holders(view, target, column, one.new)
                    if any((name, key) not in own for key in keys):
                        raise ValueTaken(number, one.attribute, store, name)


def steps(store: str, rows: Iterable[Held], wanted: Sequence[Fix], statement: str | None) -> tuple[Step, ...]:
    """The steps in one store for one person."""
    return grouped(step for row in rows for step in _of_row(store, row, wanted, statement))


def _of_row(store: str, row: Held, wanted: Sequence[Fix], statement: str | None) -> Iterator[Step]:
    spec = row.place.spec
    if spec.history:
        return
    if spec.rectify == "annotate":
        if names := tuple(sorted(_repeating(row, wanted))):
            yield _step(store, row, "annotate", names)
        return
    if statement is not None and (opinions := _opinions(spec.columns)):
        yield _step(store, row, "annotate", opinions)
    found: dict[str, Action] = {}
    for fix in wanted:
        for name, value in row.columns(fix.attribute):
            said = _said(row, wanted, fix, value)
            if said is not None:
                found[name] = said
    outcomes: tuple[Action, ...] = ("correct", "differs", "same")
    for action in outcomes:
        if names := tuple(sorted(name for name, one in found.items() if one == action)):
            yield _step(store, row, action, names)


def _said(row: Held, wanted: Sequence[Fix], fix: Fix, value: str | None) -> Action | None:
    present = (value or "").strip()
    if present == fix.new:
        return "same"
    if fix.attribute in ADDRESS:
        if not _one_address(row, wanted):
            return "differs" if present else None
        if not present:
            # A part that is missing of the address that is corrected here.
            shown = (value for one in wanted if one.attribute in ADDRESS for _, value in row.columns(one.attribute))
            return "correct" if any(shown) else None
    if not present:
        return "correct" if fix.fill and row.place.spec.person else None
    return "correct" if any(same(fix.attribute, present, former) for former in fix.former) else "differs"


def _one_address(row: Held, wanted: Sequence[Fix]) -> bool:
    """Whether what a row shows of an address is the wrong one, or the right one already."""
    return all(
        any(same(fix.attribute, value, known) for known in (*fix.former, fix.new))
        for fix in wanted
        if fix.attribute in ADDRESS
        for _, value in row.columns(fix.attribute)
        if value
    )


def _repeating(row: Held, wanted: Sequence[Fix]) -> Iterator[str]:
    """The columns of a row that must stay as it is in which a wrong value stands."""
    for name, column in row.place.spec.columns.items():
        text = (row.row.values.get(name) or "").lower()
        for fix in wanted:
            shown = fix.attribute == column.attribute or fix.attribute in column.shows
            if shown and any(len(former) >= SHORTEST and former.lower() in text for former in fix.former):
                yield name
                break


def _opinions(columns: Mapping[str, Column]) -> tuple[str, ...]:
    """The columns of a table in which staff wrote what they thought of a person."""
    return tuple(
        sorted(
            name
            for name, column in columns.items()
            if column.free_text and column.origin == "derived" and column.category == "content"
        )
    )


def _step(store: str, row: Held, action: Action, columns: tuple[str, ...]) -> Step:
    found = row.row
    return Step(
        store,
        found.table,
        found.of_class.record_class,
        1,
        action,
        REASONS[action],
        ARTICLE,
        None,
        columns,
        (found.key,),
    )


def mentions(
    view: Connection, ground: Ground, person: Footprint, wanted: Sequence[Fix]
) -> dict[tuple[TableName, str], list[Key]]:
    """The person's rows whose free text holds what was wrong, by table and column: a human decides on a text."""
    wrong = [former.lower() for fix in wanted for former in fix.former if len(former) >= SHORTEST]
    texts = {
        name: texts_of(target)
        for name, target in ground.targets.items()
        if target.table.rectify == "correct" and not target.table.history
    }
    found: dict[tuple[TableName, str], list[Key]] = {}
    if not wrong:
        return found
    for row in survey.find(view, replace(ground, besides=texts), {"": person})[""]:
        for name in texts.get(row.table, ()):
            if any(one in (row.values[name] or "").lower() for one in wrong):
                found.setdefault((row.table, name), []).append(row.key)
    return found


REASONS: Mapping[str, Text] = {
    "correct": Text(nl="Hier stond een onjuist gegeven.", en="This held something wrong."),
    "annotate": Text(
        nl="Dit moet blijven zoals het is. Wij leggen vast wat u liet weten.",
        en="This has to stay as it is. We put on record what you let us know.",
    ),
    "same": Text(nl="Dit was al juist.", en="This was right already."),
    "differs": Text(
        nl="Hier staat iets anders dan wat onjuist is. Dat laten wij staan.",
        en="This holds something else than what is wrong. We leave that as it is.",
    ),
}
