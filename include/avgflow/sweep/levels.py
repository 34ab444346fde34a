"""In which order tables, and rows that point to others of their own table, are deleted by a sweep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from psycopg import sql

from avgflow import deletion_order
from avgflow.catalog.live import ForeignKey
from avgflow.catalog.names import TableName
from avgflow.effects import EMPTYING
from avgflow.sweep import holding_back
from avgflow.sweep.conditions import relation
from avgflow.sweep.figures import Held
from avgflow.sweep.temporaries import Temporaries, both, comma, composed


@dataclass(frozen=True)
class Order:
    """`tables` in the order of deletion; `opened`: by table, the foreign keys that are emptied before its rows go, for
    they lead round in a circle.
    """

    tables: tuple[TableName, ...]
    opened: Mapping[TableName, tuple[str, ...]]


def sort(there: Temporaries) -> Order:
    """Tables and rows in an order in which they can go: what points before what is pointed to. `CircleOfKeys`."""
    tables = {name for name in there.past if _any_past(there, name)}
    used = {
        # Put off to the end of a transaction, a key would ask for one transaction for all.
        replace(key, deferrable=False): set(key.columns) <= there.ground.places[key.table].pointers
        for key in there.ground.foreign_keys
        if key.on_delete != EMPTYING and key.table in tables and key.target in tables
    }
    if not tables:
        return Order((), {})
    order = deletion_order.order(there.terms.rules[0].store, tables, used)
    for key in used:
        if key.table == key.target:
            _level(there, key)
    holding_back.keep_needed(there)
    opened = {name: tuple(key.name for key in order.emptied if key.target == name) for name in order.tables}
    return Order(order.tables, opened)


def _any_past(there: Temporaries, name: TableName) -> bool:
    found = there.connection.exec_driver_sql(
        composed("SELECT EXISTS (SELECT FROM {t})", t=sql.Identifier(there.past[name]))
    )
    return bool(found.scalar_one())


def _level(there: Temporaries, key: ForeignKey) -> None:
    """How far a row is from one that points to no row of its own table that goes: the farther, the sooner it goes.

    Rows that point to each other in a circle stay with all that hangs on them: no order of deleting would do.
    """
    name = key.table
    parts = range(len(there.key(name)))
    keys = [sql.Identifier(f"k{i}") for i in parts]
    there.run(
        "CREATE TEMPORARY TABLE edges ON COMMIT DROP AS SELECT {child}, {parent} FROM {past} c "
        "JOIN {table} t ON {own_row} JOIN {table} u ON {points} JOIN {past} p ON {other_row} "
        "WHERE {going_c} AND {going_p} AND NOT ({itself})",
        child=comma([sql.SQL("c.{0} AS c{1}").format(k, sql.SQL(str(i))) for i, k in enumerate(keys)]),
        parent=comma([sql.SQL("p.{0} AS p{1}").format(k, sql.SQL(str(i))) for i, k in enumerate(keys)]),
        past=sql.Identifier(there.past[name]),
        table=relation(name),
        own_row=there.row_of(name, "c", "t"),
        other_row=there.row_of(name, "p", "u"),
        points=both(
            [
                sql.SQL("t.{} = u.{}").format(sql.Identifier(own), sql.Identifier(target))
                for own, target in zip(key.columns, key.target_columns, strict=True)
            ]
        ),
        going_c=there.goes(name, "c"),
        going_p=there.goes(name, "p"),
        itself=there.same(name, "c", "p"),
    )
    there.run(
        "WITH RECURSIVE down AS (SELECT {keys}, 0 AS level FROM {past} p WHERE {going} AND NOT EXISTS "
        "(SELECT FROM edges e WHERE {is_child}) UNION SELECT {of_child}, d.level + 1 FROM down d "
        "JOIN edges e ON {is_parent}), deepest AS (SELECT {plain}, max(level) AS level FROM down GROUP BY {plain}) "
        "UPDATE {past} p SET depth = deepest.level FROM deepest WHERE {same}",
        keys=comma([sql.SQL("p.{}").format(k) for k in keys]),
        plain=comma(list(keys)),
        past=sql.Identifier(there.past[name]),
        going=there.goes(name, "p"),
        is_child=both([sql.SQL(f"e.c{i} = p.k{i}") for i in parts]),
        of_child=comma([sql.SQL(f"e.c{i}") for i in parts]),
        is_parent=both([sql.SQL(f"e.p{i} = d.k{i}") for i in parts]),
        same=both([sql.SQL(f"p.k{i} = deepest.k{i}") for i in parts]),
    )
    there.run(
        "UPDATE {past} p SET state = {needed}, needed_by = {by} FROM edges e WHERE {is_child} AND p.depth = 0 "
        "AND {going}",
        past=sql.Identifier(there.past[name]),
        needed=sql.Literal(Held.NEEDED.value),
        by=sql.Literal(str(name).replace("%", "%%")),
        is_child=both([sql.SQL(f"e.c{i} = p.k{i}") for i in parts]),
        going=there.goes(name, "p"),
    )
    there.run("DROP TABLE edges")
