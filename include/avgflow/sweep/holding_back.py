"""What stays though it is past its term: of people who are protected, and what a row that stays points to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from psycopg import sql
from sqlalchemy import Text, cast, func, literal_column

from avgflow.catalog.live import ForeignKey
from avgflow.catalog.names import TableName
from avgflow.effects import EMPTYING
from avgflow.identity import Footprint
from avgflow.stores import selection
from avgflow.stores.selection import Columns, Target
from avgflow.sweep.conditions import Part, column, relation
from avgflow.sweep.figures import Held
from avgflow.sweep.temporaries import Temporaries, both, comma


@dataclass(frozen=True)
class Protected:
    """A person whose rows stay for a reason; `classes`: which of them, None: all."""

    reason: Held
    footprint: Footprint
    classes: frozenset[str] | None = None

    def keeps(self, record_class: str, target: Target) -> bool:
        """Whether a row of theirs stays. Whatever the classes, those by which they are known do: a hold has no more
        than hashes of identifiers, and once no store has these, what it was placed for would go.
        """
        return self.classes is None or record_class in self.classes or bool(target.table.person)


@dataclass(frozen=True)
class Protection:
    """Whose rows stay: by person (under any name), and the record classes of which everybody's stay."""

    people: Mapping[str, Protected]
    classes: frozenset[str] = frozenset()


def protect(there: Temporaries, protection: Protection) -> None:
    """Say of the rows of people who are protected, and of classes that are held for everybody, that they stay."""
    held = {
        name: [i for i, rule in enumerate(rules) if rule.record_class in protection.classes]
        for name, rules in there.rules.items()
    }
    for name, temporary in there.all():
        if held[name]:
            there.run(
                "UPDATE {temporary} SET state = {reason} WHERE rule = ANY({rules})",
                temporary=sql.Identifier(temporary),
                reason=sql.Literal(Held.HOLD.value),
                rules=sql.Literal(held[name]),
            )
    if not protection.people:
        return
    people = {ref: one.footprint for ref, one in protection.people.items()}
    for name in there.rules:
        target = there.ground.targets[name]
        statement = selection.rows(target, people, located)
        if statement is None:
            continue
        rows = [
            (protection.people[ref].reason.value, *key)
            for ref, of_class, key, _ in statement.on(there.connection)
            if protection.people[ref].keeps(of_class, target)
        ]
        if rows:
            _mark(there, name, rows)


def _mark(there: Temporaries, name: TableName, rows: Sequence[tuple[str, ...]]) -> None:
    types = there.types(name)[: len(rows[0]) - 1]
    for temporary in there.of(name):
        there.run(
            "UPDATE {temporary} p SET state = g.reason FROM unnest(%(reason)s::text[], {arrays}) "
            "AS g (reason, {columns}) WHERE p.state IS NULL AND {same}",
            {"reason": [row[0] for row in rows]} | {f"k{i}": [row[i + 1] for row in rows] for i in range(len(types))},
            temporary=sql.Identifier(temporary),
            arrays=comma([sql.SQL(f"%(k{i})s::text[]") for i in range(len(types))]),
            columns=comma([sql.Identifier(f"k{i}") for i in range(len(types))]),
            same=both(
                [
                    sql.SQL("p.{k} = g.{k}::{type}").format(k=sql.Identifier(f"k{i}"), type=types[i])
                    for i in range(len(types))
                ]
            ),
        )


def keep_needed(there: Temporaries) -> None:
    """What a row that stays points to, stays; to a fixpoint, for it may point on itself."""
    holding = [
        key
        for key in there.ground.foreign_keys
        if key.on_delete != EMPTYING and key.target in there.past and there.may_delete(key.target)
    ]
    changed = True
    while changed:
        changed = False
        for key in holding:
            changed = bool(_keep_pointed_to(there, key)) or changed


def _keep_pointed_to(there: Temporaries, key: ForeignKey) -> int:
    """The rows of one foreign key's target that a row that stays points to."""
    child, alias = key.table, "child"
    at = [sql.SQL("{}.{}").format(sql.Identifier(alias), sql.Identifier(name)) for name in key.columns]
    stays: Part = sql.SQL("true")
    if child in there.past:
        stays = sql.SQL("NOT EXISTS (SELECT FROM {past} c WHERE {same} AND {going})").format(
            past=sql.Identifier(there.past[child]),
            same=there.row_of(child, "c", alias),
            going=there.goes(child, "c"),
        )
    return there.run(
        "UPDATE {past} p SET state = {needed}, needed_by = {by} FROM {target} t "
        "WHERE {own_row} AND {going} AND EXISTS (SELECT FROM {child} AS {alias} WHERE {points} AND {stays})",
        past=sql.Identifier(there.past[key.target]),
        needed=sql.Literal(Held.NEEDED.value),
        by=sql.Literal(str(child).replace("%", "%%")),
        target=relation(key.target),
        own_row=there.row_of(key.target, "p", "t"),
        going=there.goes(key.target, "p"),
        child=relation(child),
        alias=sql.Identifier(alias),
        points=both(
            [
                sql.SQL("{} = t.{}").format(value, sql.Identifier(name))
                for value, name in zip(at, key.target_columns, strict=True)
            ]
        ),
        stays=stays,
    )


_LEAF = "__leaf"


def located(target: Target) -> Columns:
    """A form of `selection`: the class of a row, its key or where it lies, and the oid of the partition it is in."""
    # Columns that every table has, and that can be called by the table's name only.
    leaf, place = (cast(literal_column(column(target.name, name).as_string()), Text) for name in ("tableoid", "ctid"))
    printed = [target.printed(name) for name in target.table.key] or [leaf, place]
    return [*selection.record_class(target), (selection.ROW, func.jsonb_build_array(*printed)), (_LEAF, leaf)]
