"""Reading what an erasure is decided on: a person's rows, and whose rows point to them. Set-wise for a batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    Connection,
    Date,
    Text,
    and_,
    bindparam,
    case,
    cast,
    column,
    func,
    literal,
    literal_column,
    null,
    select,
)

from avgflow.catalog.live import ForeignKey, LiveSchema
from avgflow.catalog.names import TableName
from avgflow.catalog.termed import RowClass
from avgflow.effects import Place, Pointing
from avgflow.errors import AvgflowError
from avgflow.identity import Footprint, Key, key_of
from avgflow.stores import selection
from avgflow.stores.selection import KEPT, Columns, Target
from avgflow.stores.statement import Composed, typed

VIEWS = frozenset({"view", "materialized view"})


class Unclassified(AvgflowError):
    """Rows of a person are of no record class, so that nothing says what becomes of them."""

    def __init__(self, store: str, table: TableName, rows: int) -> None:
        super().__init__(
            f"{rows} rows of {store}.{table} fulfil none of the conditions under 'classes' in the catalog. Add a class "
            f"without a condition for the rest, then have the plan made anew."
        )


@dataclass(frozen=True)
class Found:
    """A row of a person.

    `key`: as PostgreSQL prints it; of a table without a key, the digest. `digest`: SHA-256 of the whole row as printed.
    `counts_from`: the day from which its term counts, in the Netherlands. `running`: it shows that a contract runs.
    `values`: of the columns that lead to it or from it. `open`: which of its table's `marks` are still to be set.
    """

    table: TableName
    key: Key
    digest: str
    of_class: RowClass
    counts_from: date | None
    running: bool
    values: Mapping[str, str | None]
    open: tuple[int, ...] = ()


@dataclass(frozen=True)
class Ground:
    """The tables of one store that a right can change, by name: as catalogued and as they are.

    `besides`: the columns to read of a row besides those by which it hangs together with others.
    """

    targets: Mapping[TableName, Target]
    places: Mapping[TableName, Place]
    besides: Mapping[TableName, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, targets: Iterable[Target], live: LiveSchema) -> Ground:
        """The catalogued tables of a store whose live schema is known with its foreign keys; views are left out."""
        kept = {target.name: target for target in targets if target.table.kind not in VIEWS}
        return cls(kept, {name: Place(target.table, live.tables[name]) for name, target in kept.items()})

    @property
    def foreign_keys(self) -> list[ForeignKey]:
        """Every foreign key of the store."""
        return [key for place in self.places.values() for key in place.live.foreign_keys]

    def columns(self, name: TableName) -> tuple[str, ...]:
        """The columns by which a table's rows hang together with others, and by which they are somebody's."""
        names = [
            *(part for key in self.places[name].live.foreign_keys for part in key.columns),
            *(part for key in self.foreign_keys if key.target == name for part in key.target_columns),
            *(part for link in self.targets[name].table.subject for part in link.columns),
            *(part for part, spec in self.targets[name].table.columns.items() if spec.identifier),
            *self.besides.get(name, ()),
        ]
        return tuple(dict.fromkeys(names))


def find(view: Connection, ground: Ground, batch: Mapping[str, Footprint]) -> dict[str, list[Found]]:
    """The rows of each person of the batch in every table; one statement a table.

    `Unclassified` where a row is of no record class.
    """
    found: dict[str, list[Found]] = {number: [] for number in batch}
    for name, target in ground.targets.items():
        columns = ground.columns(name)
        statement = selection.rows(target, batch, Surveyed(columns))
        if statement is not None:
            for number, row in _rows(target, columns, statement.on(view)):
                found[number].append(row)
    return found


def by_values(
    view: Connection, ground: Ground, name: TableName, by: tuple[str, ...], wanted: Sequence[tuple[str, Key]]
) -> Iterator[tuple[str, Found]]:
    """The rows of a table that have one of the wanted values in some columns, each with the mark of that value."""
    target, columns = ground.targets[name], ground.columns(name)
    values: dict[str, Any] = {"r": [mark for mark, _ in wanted]}
    values |= {f"v{part}": [value[part] for _, value in wanted] for part in range(len(by))}
    values |= {f"t{part}": target.type_of(column_) for part, column_ in enumerate(by)}
    yield from _rows(target, columns, composed_by_values(target, by, columns).filled(values).on(view))


def _rows(target: Target, columns: tuple[str, ...], rows: Iterable[Sequence[Any]]) -> Iterator[tuple[str, Found]]:
    homeless = 0
    for number, rule, counts_from, running, key, digest, values, open_ in rows:
        if rule is None:
            homeless += 1
            continue
        yield (
            number,
            Found(
                target.name,
                tuple(key) if key else (digest,),
                digest,
                target.table.classes[int(rule)],
                _day(counts_from),
                bool(running),
                dict(zip(columns, values, strict=True)),
                tuple(place for place, to_set in enumerate(open_) if to_set),
            ),
        )
    if homeless:
        raise Unclassified(target.store.store, target.name, homeless)


def _day(printed: str | None) -> date | None:
    """A day as PostgreSQL prints it; it knows some that a calendar of ours does not have.

    One before our era is long past. One at the end of time (`infinity`) has not come, as where there is none.
    """
    if printed is None:
        return None
    try:
        return date.fromisoformat(printed)
    except ValueError:
        return date.min if printed == "-infinity" or printed.endswith(" BC") else None


@dataclass(frozen=True)
class Surveyed:
    """A form: what `find` reads of a row, `names` printed."""

    names: tuple[str, ...]

    def __call__(self, target: Target) -> Columns:
        rules = target.table.classes
        conditions = [literal_column(f"({rule.when})", Boolean) if rule.when else literal(True) for rule in rules]

        def first(values: Sequence[ColumnElement[Any]]) -> ColumnElement[Any]:
            return case(*zip(conditions, values, strict=True), else_=null())

        dates = [
            cast(cast(target.relation.c[rule.term_from], Date), Text) if rule.term_from else cast(null(), Text)
            for rule in rules
        ]
        marks = [literal_column(f"({mark.when})", Boolean) for mark in target.table.marks]
        running = literal_column(f"({target.table.running})", Boolean) if target.table.running else literal(False)
        return [
            ("__rule", first([literal(str(position)) for position in range(len(rules))])),
            ("__from", first(dates)),
            ("__running", func.coalesce(running, literal(False))),
            ("__key", func.jsonb_build_array(*(target.printed(name) for name in target.table.key))),
            ("__digest", digest_of(target)),
            ("__values", func.jsonb_build_array(*(target.printed(name) for name in self.names))),
            ("__open", func.jsonb_build_array(*(func.coalesce(open_, literal(False)) for open_ in marks))),
        ]


def digest_of(target: Target) -> ColumnElement[str]:
    """SHA-256 in hex of a whole row as PostgreSQL prints it, secret columns included."""
    row = func.jsonb_build_array(*(target.printed(name) for name in target.table.columns))
    return func.encode(func.sha256(func.convert_to(cast(row, Text), "UTF8")), "hex", type_=Text)


def pointing(
    view: Connection, ground: Ground, going: Mapping[str, Sequence[Found]], own_rows: Mapping[str, Sequence[Found]]
) -> dict[str, list[Pointing]]:
    """For each request the rows of others that point to its rows that may go; one statement a foreign key."""
    found: dict[str, list[Pointing]] = {number: [] for number in going}
    for key in ground.foreign_keys:
        wanted = list(_wanted(key, going))
        if not wanted:
            continue
        child = ground.targets[key.table]
        parts = range(len(key.columns))
        values = {
            "r": [number for number, _ in wanted],
            **{f"v{part}": [to[part] for _, to in wanted] for part in parts},
            **{f"t{part}": child.type_of(key.columns[part]) for part in parts},
        }
        own = {
            number: Counter(row.key for row in found_ if row.table == key.table) for number, found_ in own_rows.items()
        }
        for number, mark, digest, to in composed_pointing(child, key.columns).filled(values).on(view):
            row = tuple(mark) if mark else (digest,)
            if own[number][row] > 0:
                # Rows without a key can be alike: each of the person's own accounts for one.
                own[number][row] -= not child.table.key
                continue
            found[number].append(Pointing(key, row, tuple(to)))
    return found


def _wanted(key: ForeignKey, rows: Mapping[str, Sequence[Found]]) -> Iterator[tuple[str, Key]]:
    for number, found in rows.items():
        for row in found:
            to = key_of(row.values[name] for name in key.target_columns) if row.table == key.target else None
            if to is not None:
                yield number, to


@lru_cache(maxsize=KEPT)
def composed_by_values(target: Target, by: tuple[str, ...], columns: tuple[str, ...]) -> Composed:
    """The statement of `by_values`."""
    given, meets = _given(target, by)
    read = (expression.label(name) for name, expression in Surveyed(columns)(target))
    return Composed(select(given.c.r, *read).select_from(target.relation.join(given, meets)))


@lru_cache(maxsize=KEPT)
def composed_pointing(child: Target, columns: tuple[str, ...]) -> Composed:
    """The statement of `pointing` for one foreign key: the request, the row's key and digest, and where it points."""
    given, meets = _given(child, columns)
    return Composed(
        select(
            given.c.r,
            func.jsonb_build_array(*(child.printed(name) for name in child.table.key)),
            literal("") if child.table.key else digest_of(child),
            func.jsonb_build_array(*(given.c[f"v{part}"] for part in range(len(columns)))),
        ).select_from(child.relation.join(given, meets))
    )


def _given(target: Target, columns: tuple[str, ...]) -> tuple[Any, ColumnElement[bool]]:
    """Values with their marks as a table, and the condition that a row has them."""
    parts = range(len(columns))
    given = (
        func.unnest(bindparam("r", type_=ARRAY(Text)), *(bindparam(f"v{part}", type_=ARRAY(Text)) for part in parts))
        .table_valued(column("r", Text), *(column(f"v{part}", Text) for part in parts))
        .render_derived()
    )
    return given, and_(*(target.relation.c[name] == typed(given.c[f"v{i}"], f"t{i}") for i, name in enumerate(columns)))
