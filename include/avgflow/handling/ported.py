"""What of a person's collected rows goes along: the rows and columns of a portability, others' data replaced.

Everything was collected, as for an inzage: only so it is known who the others in the rows are. Here it is cut down to
what the plan hands over; the proof looks at what comes out, and the package is made of the same.

The keys of a store are its own and stay behind. So that a receiver still knows which line is of which order, a row has
a reference that means something within its package only, and the references of the rows that it belongs to.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from avgflow.catalog.models import Table
from avgflow.catalog.names import TableName
from avgflow.dossier.content import StoreContent, TableContent
from avgflow.dossier.portability import reference_fields
from avgflow.handling import porting
from avgflow.handling.environment import Environment
from avgflow.plan import Plan
from avgflow.policy import portable
from avgflow.redaction import Known, Redaction, Redactor
from avgflow.workfile import Header, Reader, Row

Place = tuple[str, TableName]
Values = tuple[str | None, ...]

_SIGNS = 16
"""Of a reference: enough for no two rows of a package to share one."""


@dataclass(frozen=True)
class Pointer:
    """How a row's values name a row: its table, and where the key stands among the values."""

    place: Place
    positions: tuple[int, ...]


class Cut:
    """What of one table goes along: rows whose class the law lets go, columns that come from the person.

    `rows`: how many that are, by the plan. `going`: the tables of which anything goes along.
    """

    def __init__(
        self,
        env: Environment,
        plan: Plan,
        place: Place,
        reader: Reader,
        who: Known,
        language: str,
        rows: int,
        going: Collection[Place],
    ) -> None:
        store, name = place
        self.table: Table = env.catalog.stores[store].tables[name]
        self._env, self._plan, self._reader, self._name, self._rows = env, plan, reader, name, rows
        whole = reader.header(name).columns
        at = {column: i for i, (column, _) in enumerate(whole)}
        wanted = portable.columns(self.table)
        self._positions = [i for i, (column, _) in enumerate(whole) if column in wanted]
        self.columns = tuple(whole[i] for i in self._positions)
        """Name and type of what comes from the person."""
        kept = portable.former(env.catalog, store, self.table)
        self._former = {
            i: kept
            for i, (column, _) in enumerate(self.columns)
            if self.table.columns[column].attribute == portable.FORMER_ROW
        }
        self._own = Pointer(place, tuple(at[column] for column in self.table.key)) if self.table.key else None
        self._parents = list(_parents(env, self.table, at, going))
        self._make = partial(Redactor, self.table, Header(name, self.columns), who, env.policy, language)

    def content(self) -> TableContent:
        """As the package is made of it: references first, then what comes from the person."""
        columns = (*reference_fields(self.table), *self.columns)
        return TableContent(str(self._name), self.table, columns, self._rows, self._referred)

    def counted(self) -> tuple[Counter[str | None], Counter[Redaction]]:
        """All rows gone through once: how many go along by record class, and what is replaced in them."""
        redactor = self._make()
        rows = Counter(row.record_class for row, _ in self._going(redactor))
        return rows, redactor.counts

    def _referred(self) -> Iterator[tuple[str | None, Values]]:
        for row, values in self._going(self._make()):
            own = self._reference(self._own, row) if self._own else None
            found = [parent for parent in (self._reference(one, row) for one in self._parents) if parent]
            yield row.record_class, (own, json.dumps(found), *values)

    def _going(self, redactor: Redactor) -> Iterator[tuple[Row, Values]]:
        """The rows that go along, whole, and what of each goes along."""
        goes: dict[tuple[str | None, bool], bool] = {}
        for row in self._reader.rows(self._name):
            basis = (row.record_class, row.on_consent)
            if basis not in goes:
                goes[basis] = porting.decide(self._env.policy, self.table, *basis).goes
            if goes[basis]:
                yield row, redactor.row(Row(row.record_class, self._cut(row))).values

    def _cut(self, row: Row) -> Values:
        values = [row.values[i] for i in self._positions]
        for i, kept in self._former.items():
            values[i] = only(values[i], kept)
        return tuple(values)

    def _reference(self, pointer: Pointer, row: Row) -> str | None:
        key = [row.values[i] for i in pointer.positions]
        if None in key:
            return None
        store, name = pointer.place
        named = json.dumps([store, str(name), *key], ensure_ascii=False)
        return self._env.keyring.sign(f"portable:{self._plan.number}", named.encode())[:_SIGNS]


def cuts(env: Environment, plan: Plan, opened: Mapping[str, Reader], who: Known, language: str) -> dict[Place, Cut]:
    """What goes along of each table of which the plan hands rows over, in the order of the plan."""
    rows: Counter[Place] = Counter()
    for step in plan.steps:
        if step.action == "hand over" and step.rows:
            rows[step.store, step.table] += step.rows
    return {place: Cut(env, plan, place, opened[place[0]], who, language, n, rows) for place, n in rows.items()}


def stores(env: Environment, made: Mapping[Place, Cut]) -> tuple[StoreContent, ...]:
    """The stores of which anything goes along."""
    found: dict[str, list[TableContent]] = {}
    for (store, _), cut in made.items():
        found.setdefault(store, []).append(cut.content())
    return tuple(StoreContent(name, env.catalog.stores[name].title, tuple(tables)) for name, tables in found.items())


def _parents(env: Environment, table: Table, at: Mapping[str, int], going: Collection[Place]) -> Iterable[Pointer]:
    """The rows that a row belongs to, by each link to the key of a table of which anything goes along."""
    for link in table.subject:
        if link.targets:
            target = link.targets[0]
            place = (target.store, target.table)
            key = env.catalog.stores[target.store].tables[target.table].key
            by = {one.column: at[column] for column, one in zip(link.columns, link.targets, strict=True)}
            if place in going and set(by) == set(key):
                yield Pointer(place, tuple(by[column] for column in key))


def only(value: str | None, kept: Collection[str]) -> str | None:
    """A JSON object as PostgreSQL prints it with these of its fields, each to the letter; other JSON is not given."""
    if value is None or not value.startswith("{"):
        return None
    fields = (f"{json.dumps(name, ensure_ascii=False)}: {text}" for name, text in _fields(value) if name in kept)
    return f"{{{', '.join(fields)}}}"


_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)
_BETWEEN = re.compile(r"[\s,:]*")


def _fields(value: str) -> Iterator[tuple[str, str]]:
    """The fields of a JSON object, each with the text of its value."""
    at = _past(_BETWEEN, value, 1)
    while value[at] != "}":
        name, end = _DECODER.raw_decode(value, at)
        begin = _past(_BETWEEN, value, end)
        _, end = _DECODER.raw_decode(value, begin)
        yield name, value[begin:end]
        at = _past(_BETWEEN, value, end)


def _past(pattern: re.Pattern[str], value: str, begin: int) -> int:
    match = pattern.match(value, begin)
    return match.end() if match else begin
