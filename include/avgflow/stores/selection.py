"""The one place where 'whose row is this' becomes SQL: for a table and a batch of requests, whose rows are these.

The links of a table are tried in turn, each through an index, and a row reached by two links is counted once without
needing a key: a later link takes only what no earlier one did. Names are composed by SQLAlchemy, values are bound;
only the conditions of the company's own catalog are SQL text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import (
    ARRAY,
    CTE,
    ColumnElement,
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
from sqlalchemy.types import UserDefinedType

from avgflow.catalog.models import Column, Link, Store, Table
from avgflow.catalog.names import TableName
from avgflow.identity import Footprint, Key

REQUEST = "__request"
CLASS = "__class"
KEY = "__key"
# A literal, not a parameter: only then does PostgreSQL recognise the expression of the index.
_BLANKS = literal_column(r"E' \t\r\n\u00a0'", Text)


class Verbatim(UserDefinedType[str]):
    """A column type by the name that PostgreSQL itself prints for it."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: Any) -> str:
        return self.name


def normal_sql(value: ColumnElement[str]) -> ColumnElement[str]:
    """An identifier's normal form in SQL, the same as `avgflow.identity.normal`."""
    return func.lower(func.btrim(value, _BLANKS), type_=Text)


@dataclass(frozen=True)
class Target:
    """A table as it is in the catalog and in the live database (`types`: format_type by column)."""

    store: Store
    name: TableName
    table: Table
    types: Mapping[str, str]

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

    def printed(self, name: str) -> ColumnElement[str]:
        """A column in PostgreSQL's own print: nothing is rounded, re-typed or guessed on the way."""
        if self.types.get(name) == "inet":
            # A cast adds the mask of a single host (10.0.0.1/32), which the column does not show.
            return func.abbrev(self.relation.c[name], type_=Text)
        return cast(self.relation.c[name], Text)

    def normalised(self, name: str) -> ColumnElement[str]:
        """An identifier column in normal form, in the very expression of its index."""
        plain = self.types.get(name, "text").startswith(("text", "character varying"))
        return normal_sql(self.relation.c[name] if plain else self.printed(name))


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


def rows(target: Target, batch: Mapping[str, Footprint], columns: Columns) -> Select[Any] | None:
    """Each row of each person of the batch once: the request's number, then the given columns; None where none can be.

    `columns` are pairs of a result name and an expression over the target. Rows are ordered by request and key (or by
    all
    of the columns, where the table has no key), so that two reads of the same rows line up.
    """
    seeded: list[tuple[Way, CTE]] = []
    for way, link in ways(target):
        found = [(number, key) for number, f in batch.items() for key in sorted(way.values(target, link, f))]
        if found:
            seeded.append((way, _seed(target, way, found)))
    if not seeded:
        return None
    branches = []
    for position, (way, seed) in enumerate(seeded):
        meets = [_joined(target, way, seed), *condition(way)]
        meets += [not_(_reached(target, earlier, other, seed)) for earlier, other in seeded[:position]]
        branches.append(
            select(seed.c[REQUEST], *(expression.label(name) for name, expression in columns)).select_from(
                target.relation.join(seed, and_(*meets))
            )
        )
    return _ordered(target, branches, [name for name, _ in columns])


def printed_columns(target: Target) -> Columns:
    """Every deliverable column, printed."""
    return [(name, target.printed(name)) for name in target.delivered]


def class_column(target: Target) -> tuple[str, ColumnElement[Any]]:
    """The record class of a row: the first whose condition holds."""
    whens = [
        (literal_column(f"({rows.when})") if rows.when else literal(True), literal(rows.record_class))
        for rows in target.table.classes
    ]
    return CLASS, case(*whens, else_=null())


def key_column(target: Target) -> tuple[str, ColumnElement[Any]]:
    """The row's key as a JSON array of texts; empty where the table has none."""
    return KEY, func.jsonb_build_array(*(target.printed(name) for name in target.table.key))


def _seed(target: Target, way: Way, found: list[tuple[str, Key]]) -> CTE:
    """The batch's values for one way as a table (request, v0, v1, …), typed as the columns they must match."""
    width = len(way.columns)
    arrays = [[number for number, _ in found], *([key[i] for _, key in found] for i in range(width))]
    raw = (
        func.unnest(*(bindparam(None, values, type_=ARRAY(Text), unique=True) for values in arrays))
        .table_valued(column("r", Text), *(column(f"v{i}", Text) for i in range(width)))
        .render_derived()
    )
    types = [Text() if way.identifier else Verbatim(target.types[name]) for name in way.columns]
    return (
        select(raw.c.r.label(REQUEST), *(cast(raw.c[f"v{i}"], t).label(f"__v{i}") for i, t in enumerate(types)))
        .distinct()
        .cte()
    )


def _joined(target: Target, way: Way, seed: FromClause) -> ColumnElement[bool]:
    if way.identifier:
        return target.normalised(way.columns[0]) == seed.c["__v0"]
    return and_(*(target.relation.c[name] == seed.c[f"__v{i}"] for i, name in enumerate(way.columns)))


def condition(way: Way) -> list[ColumnElement[Any]]:
    """The catalog's own condition of a way, if it has one."""
    return [literal_column(f"({way.when})")] if way.when else []


def _reached(target: Target, way: Way, seed: CTE, current: CTE) -> ColumnElement[bool]:
    """Whether an earlier way already took this row for this request."""
    inner = seed.alias()
    met = (
        exists()
        .where(inner.c[REQUEST] == current.c[REQUEST], _joined(target, way, inner))
        .correlate(target.relation, current)
    )
    return and_(*(func.coalesce(only, literal(False)) for only in condition(way)), met)


def _ordered(target: Target, branches: list[Select[Any]], names: list[str]) -> Select[Any]:
    everything = (union_all(*branches) if len(branches) > 1 else branches[0]).subquery()
    by = [name for name in target.table.key if name in names] or [name for name in names if name != CLASS]
    # Bytes, not the database's collation: the order must be the same for every reader.
    return select(everything).order_by(
        everything.c[REQUEST], *(cast(everything.c[name], Text).collate("C") for name in by)
    )
