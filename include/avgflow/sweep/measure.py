"""What is past its term in one store, which of it may go and which is held back: counted in the store itself.

Everything is done set-wise in temporary tables of one transaction, which see one moment of the store and vanish with
it; so the memory that a sweep takes here does not grow with the rows, and circles of references need no recursion.
"""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from psycopg import sql
from sqlalchemy import Connection, Text, cast, func, literal_column

from avgflow import deletion_order
from avgflow.catalog.live import ForeignKey
from avgflow.catalog.names import TableName
from avgflow.effects import EMPTYING
from avgflow.identity import Footprint, Key
from avgflow.stores import selection
from avgflow.stores.selection import Columns, Target
from avgflow.stores.survey import Ground
from avgflow.sweep import proof
from avgflow.sweep.conditions import Part, Terms, column, relation, type_
from avgflow.sweep.figures import Figures, Held
from avgflow.sweep.rules import Rule

COUNTED = 200_000
"""Rows up to which a table is counted; beyond that PostgreSQL's own estimate does."""
AT_ONCE = 5000
"""Rows that are fetched at a time."""


@dataclass(frozen=True)
class Protected:
    """A person whose rows stay for a reason; `classes`: which of them, None: all."""

    reason: Held
    footprint: Footprint
    classes: frozenset[str] | None = None


@dataclass(frozen=True)
class Protection:
    """Whose rows stay: by person (under any name), and the record classes of which everybody's stay."""

    people: Mapping[str, Protected]
    classes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Batch:
    """Rows that one transaction may change by one rule.

    `keys`: as PostgreSQL prints them; of a table without a key the oid of the partition, the row's place in it, and a
    digest of what stands in it. `leaf`: that partition (or the table itself). `whole`: it is dropped, with all `rows`,
    and its oid is the only key. `opened`: foreign keys by which rows point to these that go too, later: they are
    emptied first, for they lead round in a circle.
    """

    rule: Rule
    keys: Sequence[Key] = field(repr=False)
    rows: int
    leaf: TableName | None = None
    whole: bool = False
    opened: tuple[str, ...] = ()

    def to_bytes(self) -> bytes:
        """Its rows, compressed; they name rows of people and are kept sealed."""
        leaf = str(self.leaf) if self.leaf else None
        body = {"keys": self.keys, "leaf": leaf, "whole": self.whole, "opened": self.opened}
        return zlib.compress(json.dumps(body, separators=(",", ":")).encode(), level=1)

    @classmethod
    def from_bytes(cls, rule: Rule, rows: int, data: bytes) -> Batch:
        """The inverse of `to_bytes`."""
        body = json.loads(zlib.decompress(data))
        leaf = TableName.parse(body["leaf"]) if body["leaf"] else None
        keys = [tuple(key) for key in body["keys"]]
        return cls(rule, keys, rows, leaf, bool(body["whole"]), tuple(body["opened"]))


class Measure:
    """A store as a sweep sees it, in a transaction of its own."""

    def __init__(self, connection: Connection, terms: Terms, ground: Ground) -> None:
        self._connection = connection
        self._terms = terms
        self._ground = ground
        self.rules: dict[TableName, list[Rule]] = defaultdict(list)
        """The rules of each table."""
        for rule in terms.rules:
            self.rules[rule.table].append(rule)
        self._past: dict[TableName, str] = {}
        self._lapsed: dict[TableName, str] = {}
        self._order: tuple[TableName, ...] = ()
        self._opened: dict[TableName, tuple[str, ...]] = {}

    def take(self, protection: Protection) -> None:
        """Find what is past its term, and what of it stays and why. `CircleOfKeys`."""
        for nth, (name, rules) in enumerate(self.rules.items()):
            whole = [rule for rule in rules if not rule.lapse]
            self._past[name] = self._fill(f"past_{nth}", name, whole)
            lapses = [rule for rule in rules if rule.lapse]
            if lapses:
                self._lapsed[name] = self._fill(f"lapsed_{nth}", name, lapses)
        self._protect(protection)
        self._keep_needed()
        for name, lapsed in self._lapsed.items():
            self._run(
                "DELETE FROM {lapsed} l USING {past} p WHERE {same} AND {going}",
                lapsed=sql.Identifier(lapsed),
                past=sql.Identifier(self._past[name]),
                same=self._same(name, "l", "p"),
                going=self._goes(name, "p"),
            )
        self._sort()

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
        dropped = {name: dict(self._whole_partitions(name)) for name in self._order}
        for name in self._order:
            yield from dropped[name].values()
        for name, lapsed in self._lapsed.items():
            yield from self._batches_of(name, lapsed, size, frozenset())
        for name in self._order:
            yield from self._batches_of(name, self._past[name], size, frozenset(dropped[name]))

    def left(self, names: Sequence[TableName] | None = None) -> Iterator[tuple[Rule, Key]]:
        """The keys of all rows that are past their term and held back by nothing, with the rule."""
        for name in names or self.rules:
            for temporary in (self._past[name], self._lapsed.get(name)):
                if temporary is not None:
                    for position, *key in self._rows(name, temporary, frozenset()):
                        yield self.rules[name][position], tuple(key)

    def recount(self, rules: Sequence[Rule]) -> int:
        """Rows past their term by some rules, counted another way (`avgflow.sweep.proof`)."""
        return proof.recount(self._connection, self._terms, rules)

    def exists(self, name: TableName | None) -> bool:
        """Whether the store has this table or partition."""
        found = self._connection.exec_driver_sql("SELECT to_regclass(%(name)s) IS NOT NULL", {"name": str(name)})
        return bool(found.scalar_one())

    # Filling ---------------------------------------------------------------------------------------------------------

    def _fill(self, temporary: str, name: TableName, rules: Sequence[Rule]) -> str:
        selects = [
            sql.SQL(
                "SELECT {position}::integer AS rule, {keys}, {leaf} AS leaf, {at} AS at, "
                "hashtextextended({whose}, 0) AS who, NULL::text AS state, NULL::text AS needed_by, 0 AS depth "
                "FROM {table} WHERE {past}"
            ).format(
                position=sql.Literal(self.rules[name].index(rule)),
                keys=_comma([self._key(name)[i] + sql.SQL(f" AS k{i}") for i in range(len(self._key(name)))]),
                leaf=column(name, "tableoid"),
                at=self._terms.counts_from(rule),
                whose=self._terms.whose(name),
                table=relation(name),
                past=self._terms.past(rule),
            )
            for rule in rules
        ]
        self._run(
            "CREATE TEMPORARY TABLE {temporary} ON COMMIT DROP AS {rows}",
            temporary=sql.Identifier(temporary),
            rows=sql.SQL(" UNION ALL ").join(selects),
        )
        self._run("ANALYZE {temporary}", temporary=sql.Identifier(temporary))
        return temporary

    def _key(self, name: TableName) -> list[Part]:
        """The expressions that tell a row: its key, or where it lies and what stands in it."""
        target = self._ground.targets[name]
        if target.table.key:
            return [column(name, part) for part in target.table.key]
        return [column(name, "tableoid"), column(name, "ctid"), row_digest(target)]

    def _types(self, name: TableName) -> list[Part]:
        target = self._ground.targets[name]
        if target.table.key:
            return [type_(target, part) for part in target.table.key]
        return [sql.SQL("oid"), sql.SQL("tid"), sql.SQL("text")]

    def _same(self, name: TableName, one: str, other: str) -> Part:
        """That two temporary rows mean the same row; of a table without a key its place is enough."""
        parts = range(len(self._key(name)) if self._ground.targets[name].table.key else 2)
        return sql.SQL(" AND ").join([sql.SQL("{}.{} = {}.{}").format(*_pair(one, other, f"k{i}")) for i in parts])

    def _goes(self, name: TableName, alias: str) -> Part:
        """That a temporary row is of one that is deleted."""
        deleting = [i for i, rule in enumerate(self.rules[name]) if not rule.sets]
        return sql.SQL("({0}.state IS NULL AND {0}.rule = ANY({1}))").format(
            sql.Identifier(alias), sql.Literal(deleting)
        )

    # Holding back ----------------------------------------------------------------------------------------------------

    def _protect(self, protection: Protection) -> None:
        held = {
            name: [i for i, rule in enumerate(rules) if rule.record_class in protection.classes]
            for name, rules in self.rules.items()
        }
        for name, temporary in self._temporaries():
            if held[name]:
                self._run(
                    "UPDATE {temporary} SET state = {reason} WHERE rule = ANY({rules})",
                    temporary=sql.Identifier(temporary),
                    reason=sql.Literal(Held.HOLD.value),
                    rules=sql.Literal(held[name]),
                )
        if not protection.people:
            return
        people = {ref: one.footprint for ref, one in protection.people.items()}
        for name in self.rules:
            statement = selection.rows(self._ground.targets[name], people, located)
            if statement is None:
                continue
            rows = [
                (protection.people[ref].reason.value, *key)
                for ref, of_class, key, _ in statement.on(self._connection)
                if (classes := protection.people[ref].classes) is None or of_class in classes
            ]
            if rows:
                self._mark(name, rows)

    def _mark(self, name: TableName, rows: Sequence[tuple[str, ...]]) -> None:
        types = self._types(name)[: len(rows[0]) - 1]
        for other, temporary in self._temporaries():
            if other != name:
                continue
            self._run(
                "UPDATE {temporary} p SET state = g.reason FROM unnest(%(reason)s::text[], {arrays}) "
                "AS g (reason, {columns}) WHERE p.state IS NULL AND {same}",
                {"reason": [row[0] for row in rows]}
                | {f"k{i}": [row[i + 1] for row in rows] for i in range(len(types))},
                temporary=sql.Identifier(temporary),
                arrays=_comma([sql.SQL("%(k{i})s::text[]".replace("{i}", str(i))) for i in range(len(types))]),
                columns=_comma([sql.Identifier(f"k{i}") for i in range(len(types))]),
                same=sql.SQL(" AND ").join(
                    [
                        sql.SQL("p.{k} = g.{k}::{type}").format(k=sql.Identifier(f"k{i}"), type=types[i])
                        for i in range(len(types))
                    ]
                ),
            )

    def _keep_needed(self) -> None:
        """What a row that stays points to, stays; to a fixpoint, for it may point on itself."""
        holding = [
            key
            for key in self._ground.foreign_keys
            if key.on_delete != EMPTYING and key.target in self._past and self._may_delete(key.target)
        ]
        changed = True
        while changed:
            changed = False
            for key in holding:
                changed = bool(self._keep_pointed_to(key)) or changed

    def _keep_pointed_to(self, key: ForeignKey) -> int:
        """The rows of one foreign key's target that a row that stays points to."""
        child, alias = key.table, "child"
        at = [sql.SQL("{}.{}").format(sql.Identifier(alias), sql.Identifier(name)) for name in key.columns]
        stays: Part = sql.SQL("true")
        if child in self._past:
            own = [self._of_alias(child, alias, i) for i in range(2 if self._keyless(child) else len(self._key(child)))]
            stays = sql.SQL("NOT EXISTS (SELECT FROM {past} c WHERE {same} AND {going})").format(
                past=sql.Identifier(self._past[child]),
                same=sql.SQL(" AND ").join(
                    [sql.SQL("c.{} = {}").format(sql.Identifier(f"k{i}"), value) for i, value in enumerate(own)]
                ),
                going=self._goes(child, "c"),
            )
        return self._run(
            "UPDATE {past} p SET state = {needed}, needed_by = {by} FROM {target} t "
            "WHERE {own_row} AND {going} AND EXISTS (SELECT FROM {child} AS {alias} WHERE {points} AND {stays})",
            past=sql.Identifier(self._past[key.target]),
            needed=sql.Literal(Held.NEEDED.value),
            by=sql.Literal(str(child).replace("%", "%%")),
            target=relation(key.target),
            own_row=self._row_of(key.target, "p", "t"),
            going=self._goes(key.target, "p"),
            child=relation(child),
            alias=sql.Identifier(alias),
            points=sql.SQL(" AND ").join(
                [
                    sql.SQL("{} = t.{}").format(value, sql.Identifier(name))
                    for value, name in zip(at, key.target_columns, strict=True)
                ]
            ),
            stays=stays,
        )

    def _row_of(self, name: TableName, temporary: str, alias: str) -> Part:
        parts = [
            sql.SQL("{}.{} = {}").format(sql.Identifier(temporary), sql.Identifier(f"k{i}"), value)
            for i, value in enumerate(
                [self._of_alias(name, alias, i) for i in range(2 if self._keyless(name) else len(self._key(name)))]
            )
        ]
        return sql.SQL(" AND ").join(parts)

    def _of_alias(self, name: TableName, alias: str, part: int) -> Part:
        key = self._ground.targets[name].table.key
        own = key[part] if key else ("tableoid", "ctid")[part]
        return sql.SQL("{}.{}").format(sql.Identifier(alias), sql.Identifier(own))

    def _keyless(self, name: TableName) -> bool:
        return not self._ground.targets[name].table.key

    def _may_delete(self, name: TableName) -> bool:
        return any(not rule.sets and not rule.lapse for rule in self.rules[name])

    # Order -----------------------------------------------------------------------------------------------------------

    def _sort(self) -> None:
        """Tables and rows in an order in which they can go: what points before what is pointed to."""
        there = {name for name in self._past if self._any_past(name)}
        used = {
            # Put off to the end of a transaction, a key would ask for one transaction for all.
            replace(key, deferrable=False): set(key.columns) <= self._ground.places[key.table].pointers
            for key in self._ground.foreign_keys
            if key.on_delete != EMPTYING and key.table in there and key.target in there
        }
        order = deletion_order.order(next(iter(self._terms.rules)).store, there, used) if there else None
        self._order = order.tables if order else ()
        self._opened = (
            {name: tuple(key.name for key in order.emptied if key.target == name) for name in self._order}
            if order
            else {}
        )
        for key in used:
            if key.table == key.target:
                self._level(key)
        self._keep_needed()

    def _any_past(self, name: TableName) -> bool:
        found = self._connection.exec_driver_sql(
            _composed("SELECT EXISTS (SELECT FROM {t})", t=sql.Identifier(self._past[name]))
        )
        return bool(found.scalar_one())

    def _level(self, key: ForeignKey) -> None:
        """How far a row is from one that points to no row of its own table that goes: the farther, the sooner it goes.

        Rows that point to each other in a circle stay with all that hangs on them: no order of deleting would do.
        """
        name = key.table
        parts = range(len(self._key(name)))
        keys = [sql.Identifier(f"k{i}") for i in parts]
        self._run(
            "CREATE TEMPORARY TABLE edges ON COMMIT DROP AS SELECT {child}, {parent} FROM {past} c "
            "JOIN {table} t ON {own_row} JOIN {table} u ON {points} JOIN {past} p ON {other_row} "
            "WHERE {going_c} AND {going_p} AND NOT ({itself})",
            child=_comma([sql.SQL("c.{0} AS c{1}").format(k, sql.SQL(str(i))) for i, k in enumerate(keys)]),
            parent=_comma([sql.SQL("p.{0} AS p{1}").format(k, sql.SQL(str(i))) for i, k in enumerate(keys)]),
            past=sql.Identifier(self._past[name]),
            table=relation(name),
            own_row=self._row_of(name, "c", "t"),
            other_row=self._row_of(name, "p", "u"),
            points=sql.SQL(" AND ").join(
                [
                    sql.SQL("t.{} = u.{}").format(sql.Identifier(own), sql.Identifier(target))
                    for own, target in zip(key.columns, key.target_columns, strict=True)
                ]
            ),
            going_c=self._goes(name, "c"),
            going_p=self._goes(name, "p"),
            itself=self._same(name, "c", "p"),
        )
        self._run(
            "WITH RECURSIVE down AS (SELECT {keys}, 0 AS level FROM {past} p WHERE {going} AND NOT EXISTS "
            "(SELECT FROM edges e WHERE {is_child}) UNION SELECT {of_child}, d.level + 1 FROM down d "
            "JOIN edges e ON {is_parent}), deepest AS (SELECT {plain}, max(level) AS level FROM down GROUP BY {plain}) "
            "UPDATE {past} p SET depth = deepest.level FROM deepest WHERE {same}",
            keys=_comma([sql.SQL("p.{}").format(k) for k in keys]),
            plain=_comma(list(keys)),
            past=sql.Identifier(self._past[name]),
            going=self._goes(name, "p"),
            is_child=_and([sql.SQL(f"e.c{i} = p.k{i}") for i in parts]),
            of_child=_comma([sql.SQL(f"e.c{i}") for i in parts]),
            is_parent=_and([sql.SQL(f"e.p{i} = d.k{i}") for i in parts]),
            same=_and([sql.SQL(f"p.k{i} = deepest.k{i}") for i in parts]),
        )
        self._run(
            "UPDATE {past} p SET state = {needed}, needed_by = {by} FROM edges e WHERE {is_child} AND p.depth = 0 "
            "AND {going}",
            past=sql.Identifier(self._past[name]),
            needed=sql.Literal(Held.NEEDED.value),
            by=sql.Literal(str(name).replace("%", "%%")),
            is_child=_and([sql.SQL(f"e.c{i} = p.k{i}") for i in parts]),
            going=self._goes(name, "p"),
        )
        self._run("DROP TABLE edges")

    # Reading ---------------------------------------------------------------------------------------------------------

    def _temporaries(self) -> Iterator[tuple[TableName, str]]:
        yield from self._past.items()
        yield from self._lapsed.items()

    def _counted(self, name: TableName) -> dict[Rule, dict[str, Any]]:
        found: dict[Rule, dict[str, Any]] = {}
        for other, temporary in self._temporaries():
            if other != name:
                continue
            for position, state, by, month, rows, oldest, newest in self._connection.exec_driver_sql(
                _composed(
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
                _composed(
                    "SELECT rule, count(DISTINCT who) FROM {t} WHERE state IS NULL GROUP BY rule",
                    t=sql.Identifier(temporary),
                )
            ):
                found[self.rules[name][position]]["people"] = people
        return found

    def _count(self, name: TableName, condition: Part) -> int:
        statement = _composed(
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
                _composed(
                    "SELECT leaf::text, min(rule), count(DISTINCT rule), count(*) FROM {t} p "
                    "WHERE {going} GROUP BY leaf",
                    t=sql.Identifier(self._past[name]),
                    going=self._goes(name, "p"),
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
        leaves = self._leaves(name) if self._keyless(name) else {}
        opened = self._opened.get(name, ()) if temporary == self._past[name] else ()
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
        parts = range(len(self._key(name)))
        not_dropped = sql.SQL("NOT leaf::text = ANY({})").format(sql.Literal(sorted(dropped))) if dropped else None
        statement = _composed(
            "SELECT rule, {keys} FROM {t} WHERE state IS NULL AND {left} ORDER BY rule, depth DESC, {plain}",
            keys=_comma([sql.SQL(f"k{i}::text") for i in parts]),
            plain=_comma([sql.SQL(f"k{i}") for i in parts]),
            t=sql.Identifier(temporary),
            left=not_dropped or sql.SQL("true"),
        )
        yield from self._connection.exec_driver_sql(statement, execution_options={"yield_per": AT_ONCE})

    def _run(self, statement: str, values: Mapping[str, Any] | None = None, **parts: Part) -> int:
        return self._connection.exec_driver_sql(_composed(statement, **parts), dict(values or {})).rowcount


LEAF = "__leaf"


def located(target: Target) -> Columns:
    """A form of `selection`: the class of a row, its key or where it lies, and the oid of the partition it is in."""
    # Columns that every table has, and that can be called by the table's name only.
    leaf, place = (cast(literal_column(column(target.name, name).as_string()), Text) for name in ("tableoid", "ctid"))
    printed = [target.printed(name) for name in target.table.key] or [leaf, place]
    return [*selection.record_class(target), (selection.ROW, func.jsonb_build_array(*printed)), (LEAF, leaf)]


def row_digest(target: Target) -> Part:
    """A digest of what stands in a row, the same whichever partition it lies in."""
    columns = _comma([column(target.name, name) for name in target.table.columns])
    return sql.SQL("md5(ROW({})::text)").format(columns)


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


def _pair(one: str, other: str, name: str) -> tuple[Part, ...]:
    return sql.Identifier(one), sql.Identifier(name), sql.Identifier(other), sql.Identifier(name)


def _comma(parts: Sequence[Part]) -> Part:
    return sql.SQL(", ").join(parts)


def _and(parts: Sequence[Part]) -> Part:
    return sql.SQL(" AND ").join(parts)


def _composed(statement: str, **parts: Part) -> str:
    return sql.SQL(statement).format(**parts).as_string()
