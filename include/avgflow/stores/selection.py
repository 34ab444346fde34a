"""The one place where 'whose row is this' becomes SQL: for a table and a batch of requests, whose rows are these.

The links of a table are tried in turn, each through an index, and a row reached by two links is counted once without
needing a key: a later link takes only what no earlier one did. Names are composed by SQLAlchemy, values are bound;
only the conditions of the company's own catalog are SQL text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    CTE,
    Boolean,
    ColumnElement,
    CompoundSelect,
    FromClause,
    Select,
    TableClause,
    Text,
    and_,
    bindparam,
    case,
    cast,
    column,
    exists,
    false,
    func,
    literal,
    literal_column,
    not_,
    null,
    select,
    table,
    union_all,
)
from sqlalchemy.sql.elements import quoted_name

from avgflow.catalog.links import Link
from avgflow.catalog.models import Column, Store, Table
from avgflow.catalog.names import TableName
from avgflow.identity import BLANKS_SQL, Footprint, Key
from avgflow.stores.statement import Composed, Statement, at_most, typed

REQUEST = "__request"
CLASS = "__class"
ON_CONSENT = "__on_consent"
ROW = "__row"
KEPT = 8192
"""Composed statements kept in a process: far more than the tables of any company, times the ways they are read."""
# A literal, not a parameter: only then does PostgreSQL recognise the expression of the index.
_BLANKS = literal_column(BLANKS_SQL, Text)


def normal_sql(value: ColumnElement[str]) -> ColumnElement[str]:
    """An identifier's normal form in SQL, the same as `avgflow.identity.normal`."""
    return func.lower(func.btrim(value, _BLANKS), type_=Text)


@dataclass(frozen=True, eq=False)
class Target:
    """A table as it is in the catalog and in the live database (`types`: format_type by column).

    Two are equal where the same statements serve them: same description, same columns to print in a way of their own.
    """

    store: Store
    name: TableName
    table: Table
    types: Mapping[str, str]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Target) and other._identity == self._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    @cached_property
    def _identity(self) -> tuple[int, TableName, frozenset[str]]:
        return id(self.table), self.name, frozenset(name for name, type_ in self.types.items() if type_ == "inet")

    @cached_property
    def relation(self) -> TableClause:
        """The table as SQLAlchemy composes it, every name quoted."""
        return table(
            quoted_name(self.name.table, quote=True),
            *(column(quoted_name(name, quote=True), Text) for name in self.table.columns),
            schema=quoted_name(self.name.schema, quote=True),
        )

    @property
    def delivered(self) -> dict[str, Column]:
        """The columns that may leave the store at all: every one but the secret."""
        return {name: spec for name, spec in self.table.columns.items() if not spec.secret}

    def type_of(self, name: str) -> str:
        """The type of a column; `text` where the database has no such column (it will say so itself)."""
        return self.types.get(name, "text")

    def printed(self, name: str) -> ColumnElement[str]:
        """A column in PostgreSQL's own print: nothing is rounded, re-typed or guessed on the way."""
        if self.types.get(name) == "inet":
            # A cast adds the mask of a single host (10.0.0.1/32), which the column does not show.
            return func.abbrev(self.relation.c[name], type_=Text)
        return cast(self.relation.c[name], Text)

    def normalised(self, name: str) -> ColumnElement[str]:
        """An identifier column in normal form: the expression of its index, to which a cast of a text is the same."""
        return normal_sql(cast(self.relation.c[name], Text))


@dataclass(frozen=True)
class Way:
    """One way in which rows of a table are reached, and what it must match for one person."""

    columns: tuple[str, ...]
    identifier: bool
    when: str | None

    def values(self, target: Target, link: Link | None, footprint: Footprint) -> frozenset[Key]:
        """A chosen person's row is reached by its key alone, any other by the link."""
        if target.table.person and footprint.chosen is not None:
            chosen = footprint.chosen.get((target.store.store, target.name), frozenset())
            return chosen if link is None else frozenset()
        if link is None:
            return frozenset()
        if not link.is_identifier:
            return footprint.values.get(link.targets, frozenset())
        kind = target.table.columns[self.columns[0]].identifier or ""
        return frozenset((value,) for value in footprint.identifiers.get(kind, frozenset()))


def ways(target: Target) -> list[tuple[Way, Link | None]]:
    """By key (for a chosen person), then by each link of the catalog."""
    by_key = [(Way(target.table.key, identifier=False, when=None), None)] if target.table.person else []
    return by_key + [(Way(tuple(link.columns), link.is_identifier, link.when), link) for link in target.table.subject]


Columns = Sequence[tuple[str, ColumnElement[Any]]]
"""Pairs of a result name and an expression over a table."""

Form = Callable[[Target], Columns]
"""What to read of a table; forms are compared by `==`, for a statement is composed once for each."""


@dataclass(frozen=True)
class Seeds:
    """By which of a table's ways a batch reaches rows (positions in `ways`), and the values to match."""

    reached: tuple[int, ...]
    values: Mapping[str, Any]


def seeds(target: Target, batch: Mapping[str, Footprint]) -> Seeds | None:
    """What a table is searched by for a batch; None where no row can be reached."""
    reached: list[int] = []
    values: dict[str, Any] = {}
    for i, (way, link) in enumerate(ways(target)):
        found = [(number, key) for number, f in batch.items() for key in sorted(way.values(target, link, f))]
        if not found:
            continue
        reached.append(i)
        values[f"r{i}"] = [number for number, _ in found]
        for part, name in enumerate(way.columns):
            values[f"v{i}_{part}"] = [key[part] for _, key in found]
            if not way.identifier:
                values[f"t{i}_{part}"] = target.type_of(name)
    return Seeds(tuple(reached), values) if reached else None


def rows(target: Target, batch: Mapping[str, Footprint], form: Form) -> Statement | None:
    """Each row of each person of the batch once: the request's number, then the columns of the form; None where none
    can be.

    Rows are ordered by request and key (or by all of the columns, where the table has no key), so that two reads of
    the same rows line up.
    """
    found = seeds(target, batch)
    return composed(target, found.reached, form).filled(found.values) if found else None


@lru_cache(maxsize=KEPT)
def composed(target: Target, reached: tuple[int, ...], form: Form) -> Composed:
    """The statement of `rows` without its values."""
    names = [name for name, _ in form(target)]
    everything = select_rows(target, reached, form).subquery()
    by = [name for name in target.table.key if name in names] or [name for name in names if name != CLASS]
    # Bytes, not the database's collation: the order must be the same for every reader.
    ordered = select(everything).order_by(
        everything.c[REQUEST], *(cast(everything.c[name], Text).collate("C") for name in by)
    )
    return Composed(ordered.limit(at_most()))


def select_rows(target: Target, reached: tuple[int, ...], form: Form) -> Select[Any] | CompoundSelect[Any]:
    """The rows of `rows`, unordered, to be composed further; its parameters are those of `Seeds`."""
    columns = form(target)
    found = ways(target)
    seeded = [(found[i][0], seed(found[i][0], i)) for i in reached]
    branches = []
    for position, (way, given) in enumerate(seeded):
        meets = [joined(target, way, given), *condition(way)]
        meets += [not_(_reached(target, earlier, other, given)) for earlier, other in seeded[:position]]
        branches.append(
            select(given.c[REQUEST], *(expression.label(name) for name, expression in columns)).select_from(
                target.relation.join(given, and_(*meets))
            )
        )
    return union_all(*branches) if len(branches) > 1 else branches[0]


@dataclass(frozen=True)
class AsArray:
    """A form: the named columns, printed, as one array of texts."""

    names: tuple[str, ...]

    def __call__(self, target: Target) -> Columns:
        return [(ROW, func.jsonb_build_array(*(target.printed(name) for name in self.names)))]


def delivered(target: Target) -> Columns:
    """A form: the record class, then every deliverable column, printed."""
    return [*record_class(target), *((name, target.printed(name)) for name in target.delivered)]


def delivered_with_basis(target: Target) -> Columns:
    """A form: as `delivered`, and at the end whether the row rests on consent."""
    return [*delivered(target), *on_consent(target)]


def class_with_basis(target: Target) -> Columns:
    """A form: the record class of a row, and whether it rests on consent."""
    return [*record_class(target), *on_consent(target)]


def on_consent(target: Target) -> Columns:
    """A form: whether the row rests on consent, of a table of which the catalog says so."""
    return [(ON_CONSENT, func.coalesce(literal_column(f"({target.table.on_consent})", Boolean), false()))]


def record_class(target: Target) -> Columns:
    """A form: the record class of a row, the first whose condition holds."""
    whens = [
        (literal_column(f"({rows.when})") if rows.when else literal(True), literal(rows.record_class))
        for rows in target.table.classes
    ]
    return [(CLASS, case(*whens, else_=null()))]


def seed(way: Way, position: int) -> CTE:
    """The batch's values for one way as a table (request, v0, v1, …), typed as the columns they must match."""
    parts = range(len(way.columns))
    raw = (
        func.unnest(
            bindparam(f"r{position}", type_=ARRAY(Text)),
            *(bindparam(f"v{position}_{part}", type_=ARRAY(Text)) for part in parts),
        )
        .table_valued(column("r", Text), *(column(f"v{part}", Text) for part in parts))
        .render_derived()
    )
    values = [
        raw.c[f"v{part}"] if way.identifier else typed(raw.c[f"v{part}"], f"t{position}_{part}") for part in parts
    ]
    return (
        select(raw.c.r.label(REQUEST), *(value.label(f"__v{part}") for part, value in enumerate(values)))
        .distinct()
        .cte()
    )


def joined(target: Target, way: Way, given: FromClause) -> ColumnElement[bool]:
    """Whether a row matches one of the values of a seed."""
    if way.identifier:
        return target.normalised(way.columns[0]) == given.c["__v0"]
    return and_(*(target.relation.c[name] == given.c[f"__v{i}"] for i, name in enumerate(way.columns)))


def condition(way: Way) -> list[ColumnElement[Any]]:
    """The catalog's own condition of a way, if it has one."""
    return [literal_column(f"({way.when})")] if way.when else []


def _reached(target: Target, way: Way, given: CTE, current: CTE) -> ColumnElement[bool]:
    """Whether an earlier way already took this row for this request."""
    inner = given.alias()
    met = (
        exists()
        .where(inner.c[REQUEST] == current.c[REQUEST], joined(target, way, inner))
        .correlate(target.relation, current)
    )
    return and_(*(func.coalesce(only, literal(False)) for only in condition(way)), met)
