"""A row of a store, and the decision whose it is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from avgflow.demo.cast import Trait
from avgflow.demo.chance import Chance
from avgflow.demo.world import Person


class Mention(NamedTuple):
    """Another person's name, e-mail address or telephone number, exactly as it stands in a row."""

    kind: Literal["name", "email", "phone"]
    value: str


class Row(NamedTuple):
    """One row. `owners`: the subjects it belongs to, none for nobody's rows.

    `shared`: it hangs on something that the owners share, and is of none of them by itself. `mentions`: other people
    who occur in it. `values` holds the columns that are stored, in the order of every other row of that table.
    """

    table: str
    values: Mapping[str, Any]
    owners: tuple[str, ...]
    mentions: tuple[Mention, ...] = ()
    shared: bool = False


NOBODY: tuple[str, ...] = ()


def staff_mention(name: str | None) -> tuple[Mention, ...]:
    """The mention of an employee who handled something."""
    return (Mention("name", name),) if name else ()


def spelled(person: Person, identifier: str, store: str) -> str:
    """The person's identifier as this store happens to have it: in another case, with blanks around."""
    if Trait.OTHER_CASE in person.traits:
        identifier = _CASES[store](identifier)
    if Trait.BLANKS_AROUND in person.traits:
        before, after = _BLANKS[store]
        identifier = f"{before}{identifier}{after}"
    return identifier


_CASES = {"crm": str.title, "orders": str.upper, "accounts": str.swapcase, "marketing": str.lower}
_BLANKS = {"crm": (" ", ""), "orders": ("\t", " "), "accounts": ("\u00a0", ""), "marketing": ("", "\r\n")}


def blanked(person: Person, values: dict[str, Any], texts: Iterable[str], others: Iterable[str] = ()) -> dict[str, Any]:
    """The values, with NULL in all of these columns, or '' in those of text, where that is the person's trait."""
    if Trait.NULLS in person.traits:
        values.update(dict.fromkeys((*texts, *others)))
    elif Trait.EMPTY_STRINGS in person.traits:
        values.update(dict.fromkeys(texts, ""))
    return values


def as_json(value: Any) -> str:
    """JSON text for a jsonb column."""
    return json.dumps(value, ensure_ascii=False)


class Numbers:
    """Row numbers of a block, counted per table."""

    def __init__(self, first: int) -> None:
        self._first = first
        self._next: dict[str, int] = {}

    def next(self, table: str) -> int:
        number = self._next.get(table, self._first)
        self._next[table] = number + 1
        return number


def repeated(chance: Chance, person: Person, low: int, high: int, very_much: int) -> Iterator[int]:
    """Count from nought to a number of rows between low and high; to `very_much` for people of whom there is that."""
    return iter(range(very_much if Trait.VERY_MUCH in person.traits else chance.between(low, high)))
