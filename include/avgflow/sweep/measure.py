"""What is past its term in one store, which of it may go and which is held back: counted in the store itself, in
temporary tables of one transaction, which see one moment of it and vanish with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from psycopg import sql
from sqlalchemy import Connection

from avgflow.catalog.names import TableName
from avgflow.identity import Key
from avgflow.stores.survey import Ground
from avgflow.sweep import holding_back, levels, proof
from avgflow.sweep.batch import Batch
from avgflow.sweep.conditions import Part, Terms, relation
from avgflow.sweep.figures import Figures
from avgflow.sweep.holding_back import Protection
from avgflow.sweep.levels import Order
from avgflow.sweep.rules import Rule
from avgflow.sweep.temporaries import Temporaries, comma, composed

COUNTED = 200_000
"""Rows up to which a table is counted; beyond that PostgreSQL's own estimate does."""
AT_ONCE = 5000
"""Rows that are fetched at a time."""


class Measure:
    """A store as a sweep sees it, in a transaction of its own."""

    def __init__(self, connection: Connection, terms: Terms, ground: Ground) -> None:
        self._connection, self._terms, self._ground = connection, terms, ground
        self._there = Temporaries(connection, terms, ground)
        self._order = Order((), {})

    @property
    def rules(self) -> Mapping[TableName, Sequence[Rule]]:
        """The rules of each table."""
        return self._there.rules

    def take(self, protection: Protection) -> None:
        """Find what is past its term, and what of it stays and why. `CircleOfKeys`."""
        there = self._there
        there.fill()
        holding_back.protect(there, protection)
        holding_back.keep_needed(there)
        for name, lapsed in there.lapsed.items():
            # A row that goes altogether needs no column emptied.
            there.run(
                "DELETE FROM {lapsed} l USING {past} p WHERE {same} AND {going}",
                lapsed=sql.Identifier(lapsed),
                past=sql.Identifier(there.past[name]),
                same=there.same(name, "l", "p"),
                going=there.goes(name, "p"),
            )
        self._order = levels.sort(there)

    def figures(self) -> dict[Rule, Figures]:
        """What each rule comes to."""
        found: dict[Rule, Figures] = {}
        for name, rules in self.rules.items():
            total, estimated = self._total(name)
            counted = self._counted(name)
            for rule in rules:
                undated = self._terms.undated(rule)
                found[rule] = Figures(
                    **counted.get(rule, {}),
                    undated=self._count(name, undated) if undated is not None else 0,
                    total=total,
                    estimated=estimated,
                )
        return found

    def batches(self, size: int) -> Iterator[Batch]:
        """The rows that may go, in the order in which they can; whole partitions first, then `size` rows at a time."""
        tables = self._order.tables
        dropped = {name: dict(self._whole_partitions(name)) for name in tables}
        for name in tables:
            yield from dropped[name].values()
        for name, lapsed in self._there.lapsed.items():
            yield from self._batches_of(name, lapsed, size, frozenset())
        for name in tables:
            yield from self._batches_of(name, self._there.past[name], size, frozenset(dropped[name]))

    def left(self) -> Iterator[tuple[Rule, Key]]:
        """The keys of all rows that are past their term and held back by nothing, with the rule."""
        for name, temporary in self._there.all():
            for position, *key in self._rows(name, temporary, frozenset()):
                yield self.rules[name][position], tuple(key)

    def recount(self, rules: Sequence[Rule]) -> int:
        """Rows past their term by some rules, counted another way (`avgflow.sweep.proof`)."""
        return proof.recount(self._connection, self._terms, rules)

    def exists(self, name: TableName | None) -> bool:
        """Whether the store has this table or partition."""
        found = self._connection.exec_driver_sql("SELECT to_regclass(%(name)s) IS NOT NULL", {"name": str(name)})
        return bool(found.scalar_one())

    def _counted(self, name: TableName) -> dict[Rule, dict[str, Any]]:
        found: dict[Rule, dict[str, Any]] = {}
        for temporary in self._there.of(name):
            for position, state, by, month, rows, oldest, newest in self._connection.exec_driver_sql(
                composed(
                    "SELECT rule, state, needed_by, to_char(at, 'YYYY-MM'), count(*), min(at)::text, max(at)::text "
                    "FROM {t} GROUP BY 1, 2, 3, 4 ORDER BY 1, 4",
                    t=sql.Identifier(temporary),
                )
            ):
                one = found.setdefault(self.rules[name][position], _empty())
                if state is None:
                    one["rows"] += rows
                    one["oldest"] = min(filter(None, (one["oldest"], oldest)), default=None)
                    one["newest"] = max(filter(None, (one["newest"], newest)), default=None)
                else:
                    _add(one["held"], state, rows)
                    _add(one["needed_by"], by, rows)
                _add(one["months" if state is None else "held_months"], month, rows)
            for position, people in self._connection.exec_driver_sql(
                composed(
                    "SELECT rule, count(DISTINCT who) FROM {t} WHERE state IS NULL GROUP BY rule",
                    t=sql.Identifier(temporary),
                )
            ):
                found[self.rules[name][position]]["people"] = people
        return found

    def _count(self, name: TableName, condition: Part) -> int:
        statement = composed(
            "SELECT count(*) FROM {table} WHERE {condition}", table=relation(name), condition=condition
        )
        return int(self._connection.exec_driver_sql(statement).scalar_one())

    def _total(self, name: TableName) -> tuple[int, bool]:
        estimate = self._connection.exec_driver_sql(
            "SELECT sum(c.reltuples)::bigint FROM pg_partition_tree(to_regclass(%(name)s)) t "
            "JOIN pg_class c ON c.oid = t.relid WHERE t.isleaf",
            {"name": str(name)},
        ).scalar_one()
        if estimate is not None and estimate > COUNTED:
            return int(estimate), True
        return self._count(name, sql.SQL("true")), False

    def _whole_partitions(self, name: TableName) -> Iterator[tuple[str, Batch]]:
        """Partitions of which every row goes, and that we may drop: by their oid."""
        if any(key.target == name for key in self._ground.foreign_keys):
            return
        leaves = self._connection.exec_driver_sql(
            "SELECT c.oid::text, n.nspname, c.relname FROM pg_partition_tree(to_regclass(%(name)s)) t "
            "JOIN pg_class c ON c.oid = t.relid JOIN pg_namespace n ON n.oid = c.relnamespace "
            "JOIN pg_inherits i ON i.inhrelid = c.oid JOIN pg_class parent ON parent.oid = i.inhparent "
            "WHERE t.isleaf AND pg_get_expr(c.relpartbound, c.oid) <> 'DEFAULT' "
            "AND pg_has_role(c.relowner, 'USAGE') AND pg_has_role(parent.relowner, 'USAGE') ORDER BY c.relname",
            {"name": str(name)},
        ).all()
        going = {
            str(oid): (rule, rows)
            for oid, rule, rules, rows in self._connection.exec_driver_sql(
                composed(
                    "SELECT leaf::text, min(rule), count(DISTINCT rule), count(*) FROM {t} p "
                    "WHERE {going} GROUP BY leaf",
                    t=sql.Identifier(self._there.past[name]),
                    going=self._there.goes(name, "p"),
                )
            )
            if rules == 1
        }
        for oid, schema, leaf in leaves:
            if oid not in going:
                continue
            rule, rows = going[oid]
            partition = TableName(schema, leaf)
            if self._count(partition, sql.SQL("true")) == rows:
                yield oid, Batch(self.rules[name][rule], [(oid,)], rows, partition, whole=True)

    def _batches_of(self, name: TableName, temporary: str, size: int, dropped: frozenset[str]) -> Iterator[Batch]:
        leaves = self._leaves(name) if self._there.keyless(name) else {}
        opened = self._order.opened.get(name, ()) if temporary == self._there.past[name] else ()
        rule: Rule | None = None
        leaf: TableName | None = None
        keys: list[Key] = []
        for position, *key in self._rows(name, temporary, dropped):
            now, place = self.rules[name][position], leaves.get(key[0])
            if keys and (len(keys) == size or now is not rule or place != leaf):
                assert rule is not None
                yield Batch(rule, keys, len(keys), leaf, opened=opened)
                keys = []
            rule, leaf = now, place
            keys.append(tuple(key))
        if keys and rule is not None:
            yield Batch(rule, keys, len(keys), leaf, opened=opened)

    def _leaves(self, name: TableName) -> dict[str, TableName]:
        """The partitions of a table, or itself, by oid."""
        rows = self._connection.exec_driver_sql(
            "SELECT c.oid::text, n.nspname, c.relname FROM pg_partition_tree(to_regclass(%(name)s)) t "
            "JOIN pg_class c ON c.oid = t.relid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE t.isleaf",
            {"name": str(name)},
        )
        return {oid: TableName(schema, leaf) for oid, schema, leaf in rows}

    def _rows(self, name: TableName, temporary: str, dropped: frozenset[str]) -> Iterator[Sequence[Any]]:
        parts = range(len(self._there.key(name)))
        not_dropped = sql.SQL("NOT leaf::text = ANY({})").format(sql.Literal(sorted(dropped))) if dropped else None
        statement = composed(
            "SELECT rule, {keys} FROM {t} WHERE state IS NULL AND {left} ORDER BY depth DESC, rule, {plain}",
            keys=comma([sql.SQL(f"k{i}::text") for i in parts]),
            plain=comma([sql.SQL(f"k{i}") for i in parts]),
            t=sql.Identifier(temporary),
            left=not_dropped or sql.SQL("true"),
        )
        yield from self._connection.exec_driver_sql(statement, execution_options={"yield_per": AT_ONCE})


def _empty() -> dict[str, Any]:
    return {
        "rows": 0,
        "oldest": None,
        "newest": None,
        "months": {},
        "held": {},
        "held_months": {},
        "needed_by": {},
        "people": 0,
    }


def _add(counts: dict[str, int], name: str | None, rows: int) -> None:
    if name is not None:
        counts[name] = counts.get(name, 0) + rows
