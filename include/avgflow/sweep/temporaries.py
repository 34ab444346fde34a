"""The temporary tables of a sweep's count: what is past its term, by table, in one transaction of the store itself.

Everything is done set-wise there, so that the memory that a sweep takes here does not grow with the rows. A temporary
row has the rule (its place among those of the table), the key, the partition, the day its term counts from, whose it
is, and why it stays, if it does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from psycopg import sql
from sqlalchemy import Connection

from avgflow.catalog.names import TableName
from avgflow.stores.survey import Ground
from avgflow.sweep.conditions import Part, Terms, column, relation, row_digest, type_
from avgflow.sweep.rules import Rule


class Temporaries:
    """The temporary tables, and how their rows are told."""

    def __init__(self, connection: Connection, terms: Terms, ground: Ground) -> None:
        self.connection, self.terms, self.ground = connection, terms, ground
        self.rules: dict[TableName, list[Rule]] = defaultdict(list)
        """The rules of each table."""
        for rule in terms.rules:
            self.rules[rule.table].append(rule)
        self.past: dict[TableName, str] = {}
        """By table, the temporary one of rows that go or are anonymised at the end of their term."""
        self.lapsed: dict[TableName, str] = {}
        """By table, that of rows of which columns lapse before."""

    def fill(self) -> None:
        """Find what is past its term."""
        for nth, (name, rules) in enumerate(self.rules.items()):
            self.past[name] = self._fill(f"past_{nth}", name, [rule for rule in rules if not rule.lapse])
            lapses = [rule for rule in rules if rule.lapse]
            if lapses:
                self.lapsed[name] = self._fill(f"lapsed_{nth}", name, lapses)

    def all(self) -> Iterator[tuple[TableName, str]]:
        """Every temporary table, with the table that it is of."""
        yield from self.past.items()
        yield from self.lapsed.items()

    def of(self, name: TableName) -> list[str]:
        """The temporary tables of one table."""
        return [temporary for other, temporary in self.all() if other == name]

    def _fill(self, temporary: str, name: TableName, rules: Sequence[Rule]) -> str:
        selects = [
            sql.SQL(
                "SELECT {position}::integer AS rule, {keys}, {leaf} AS leaf, {at} AS at, "
                "hashtextextended({whose}, 0) AS who, NULL::text AS state, NULL::text AS needed_by, 0 AS depth "
                "FROM {table} WHERE {past}"
            ).format(
                position=sql.Literal(self.rules[name].index(rule)),
                keys=comma([self.key(name)[i] + sql.SQL(f" AS k{i}") for i in range(len(self.key(name)))]),
                leaf=column(name, "tableoid"),
                at=self.terms.counts_from(rule),
                whose=self.terms.whose(name),
                table=relation(name),
                past=self.terms.past(rule),
            )
            for rule in rules
        ]
        self.run(
            "CREATE TEMPORARY TABLE {temporary} ON COMMIT DROP AS {rows}",
            temporary=sql.Identifier(temporary),
            rows=sql.SQL(" UNION ALL ").join(selects),
        )
        self.run("ANALYZE {temporary}", temporary=sql.Identifier(temporary))
        return temporary

    def key(self, name: TableName) -> list[Part]:
        """The expressions that tell a row: its key, or where it lies and what stands in it."""
        target = self.ground.targets[name]
        if target.table.key:
            return [column(name, part) for part in target.table.key]
        return [column(name, "tableoid"), column(name, "ctid"), row_digest(target)]

    def types(self, name: TableName) -> list[Part]:
        """The types of `key`."""
        target = self.ground.targets[name]
        if target.table.key:
            return [type_(target, part) for part in target.table.key]
        return [sql.SQL("oid"), sql.SQL("tid"), sql.SQL("text")]

    def same(self, name: TableName, one: str, other: str) -> Part:
        """That two temporary rows mean the same row."""
        return both([sql.SQL("{}.{} = {}.{}").format(*_pair(one, other, f"k{i}")) for i in self._telling(name)])

    def goes(self, name: TableName, alias: str) -> Part:
        """That a temporary row is of one that is deleted."""
        deleting = [i for i, rule in enumerate(self.rules[name]) if not rule.sets]
        return sql.SQL("({0}.state IS NULL AND {0}.rule = ANY({1}))").format(
            sql.Identifier(alias), sql.Literal(deleting)
        )

    def row_of(self, name: TableName, temporary: str, alias: str) -> Part:
        """That a row of the table itself, under an alias, is that of a temporary row."""
        key = self.ground.targets[name].table.key or ("tableoid", "ctid")
        return both(
            [
                sql.SQL("{}.{} = {}.{}").format(
                    sql.Identifier(temporary),
                    sql.Identifier(f"k{i}"),
                    sql.Identifier(alias),
                    sql.Identifier(key[i]),
                )
                for i in self._telling(name)
            ]
        )

    def _telling(self, name: TableName) -> range:
        """The parts of a key by which a row is told; of a table without a key its place is enough."""
        return range(2 if self.keyless(name) else len(self.key(name)))

    def keyless(self, name: TableName) -> bool:
        """Whether a row is told by where it lies."""
        return not self.ground.targets[name].table.key

    def may_delete(self, name: TableName) -> bool:
        """Whether any rule deletes rows of a table."""
        return any(not rule.sets and not rule.lapse for rule in self.rules[name])

    def run(self, statement: str, values: Mapping[str, Any] | None = None, **parts: Part) -> int:
        """Run a statement whose places are filled in by `parts`; how many rows it changed."""
        return self.connection.exec_driver_sql(composed(statement, **parts), dict(values or {})).rowcount


def _pair(one: str, other: str, name: str) -> tuple[Part, ...]:
    return sql.Identifier(one), sql.Identifier(name), sql.Identifier(other), sql.Identifier(name)


def comma(parts: Sequence[Part]) -> Part:
    """A list."""
    return sql.SQL(", ").join(parts)


def both(parts: Sequence[Part]) -> Part:
    """That all of them hold."""
    return sql.SQL(" AND ").join(parts)


def composed(statement: str, **parts: Part) -> str:
    """The text of a statement whose places are filled in."""
    return sql.SQL(statement).format(**parts).as_string()
