"""Changing the rows of one batch in one short transaction of a store, and nothing else.

Each row is judged anew where it is changed: by its rule, and by whether anything points to it. What is no longer past
its term stays. What PostgreSQL itself counted as changed must be what the batch comes to, or nothing of it stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from psycopg import sql
from sqlalchemy import Connection

from avgflow.catalog.names import ColumnName, TableName
from avgflow.effects import EMPTYING
from avgflow.errors import AvgflowError
from avgflow.identity import Footprint, Key
from avgflow.policy.decide import last_day
from avgflow.stores import changes, transactions
from avgflow.stores.erase import UnexpectedChange
from avgflow.stores.survey import Ground
from avgflow.stores.transactions import Tally
from avgflow.sweep import told
from avgflow.sweep.batch import Batch
from avgflow.sweep.conditions import Part, Terms, catalogued, column, normal, relation, type_
from avgflow.sweep.temporaries import composed


class WentEarly(AvgflowError):
    """A row was about to go whose term is not past; nothing of the batch was changed."""

    def __init__(self, store: str, table: TableName) -> None:
        super().__init__(
            f"Nothing of this batch was changed in '{store}': a row of {table} would have gone before the end of its "
            f"term. Report this as a fault of avgflow; the sweep does not go on."
        )
        self.store = store


@dataclass(frozen=True)
class Carried:
    """What a batch came to: rows changed, identifiers of those who had opted out, and which transaction it was."""

    changed: int
    opted_out: frozenset[str]
    transaction: str
    server: str


@dataclass(frozen=True)
class Leaving:
    """The column with the address of whoever opted out, by a rule whose rows tell of that; None by any other."""

    address: str | None = None
    still_in: str | None = None
    """SQL that holds for a row of somebody who did not opt out."""


def carry(store: Connection, terms: Terms, ground: Ground, batch: Batch, leaving: Leaving = Leaving()) -> Carried:
    """Change the rows of a batch that are past their term still and that nothing points to.

    Raises `UnexpectedChange` and `WentEarly`; then roll back.
    """
    rule, name = batch.rule, batch.rule.table
    if batch.whole:
        changed = _drop(store, terms, batch)
        return Carried(changed, frozenset(), *transactions.identity(store))
    _look_up_each(store)
    before = transactions.counters(store)
    emptied = _emptied(store, ground, batch) if not rule.sets else {}
    for table, rows in _open(store, terms, ground, batch).items():
        emptied[table] = emptied.get(table, 0) + rows
    changed, newest, addresses = _change(store, terms, ground, batch, leaving)
    if newest is not None:
        # A second opinion on the term, by the calendar instead of by the store.
        last = last_day(rule.term, newest)
        if last is None or last >= terms.day:
            raise WentEarly(rule.store, name)
    changes.check_keys(store)
    counted = transactions.since(before, transactions.counters(store))
    removed: dict[TableName, int] = {}
    if any(ground.targets[table].table.history for table in counted if table in ground.targets):
        removed = changes.remove_history(store, ground, {rule.store: _footprint(ground, batch)}, before)
        counted = transactions.since(before, transactions.counters(store))
    _compare(rule.store, batch, changed, emptied, removed, counted)
    return Carried(changed, _opted_out(store, ground, batch, leaving, addresses), *transactions.identity(store))


def gone(store: Connection, terms: Terms, ground: Ground, batch: Batch) -> bool:
    """Whether no row of a batch is left that the batch would change: what became of a transaction whose end nobody
    knows.
    """
    if batch.whole:
        there = store.exec_driver_sql("SELECT to_regclass(%(name)s) IS NOT NULL", {"name": str(batch.leaf)})
        return there.scalar_one() is False
    _look_up_each(store)
    statement = composed(
        "SELECT NOT EXISTS (SELECT FROM {table}, {given} WHERE {own} AND {past} AND {free})",
        table=told.table(ground, batch),
        given=told.given(ground, batch),
        own=told.own(ground, batch),
        past=terms.past(batch.rule),
        free=told.free(ground, batch),
    )
    return bool(store.exec_driver_sql(statement, told.values(batch)).scalar_one())


def _look_up_each(store: Connection) -> None:
    """Have PostgreSQL look up each row of the batch by its key, until the end of this transaction.

    Left to itself it may join the batch with all that is past its term, for that has an index too: then each batch
    reads whatever is still to go, and a sweep takes as long as the square of its rows.
    """
    store.exec_driver_sql("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off")


def _change(
    store: Connection, terms: Terms, ground: Ground, batch: Batch, leaving: Leaving
) -> tuple[int, date | None, frozenset[str]]:
    rule, name = batch.rule, batch.rule.table
    address: Part = column(name, leaving.address) if leaving.address else sql.SQL("NULL::text")
    returning = sql.SQL("RETURNING {} AS at, {}::text AS address").format(terms.counts_from(rule), address)
    where = sql.SQL("{} AND {} AND {}").format(told.own(ground, batch), terms.past(rule), told.free(ground, batch))
    if rule.sets:
        target = ground.targets[name]
        values = sql.SQL(", ").join(
            [
                sql.SQL("{} = {}::{}").format(sql.Identifier(part), catalogued(value), type_(target, part))
                for part, value in rule.sets
            ]
        )
        changing = sql.SQL("UPDATE {} SET {} FROM {} WHERE {} {}").format(
            told.table(ground, batch), values, told.given(ground, batch), where, returning
        )
    else:
        changing = sql.SQL("DELETE FROM {} USING {} WHERE {} {}").format(
            told.table(ground, batch), told.given(ground, batch), where, returning
        )
    statement = composed(
        "WITH gone AS ({changing}) SELECT count(*), max(at), "
        "coalesce(array_agg(DISTINCT address) FILTER (WHERE address IS NOT NULL), '{{}}') FROM gone",
        changing=changing,
    )
    changed, newest, addresses = store.exec_driver_sql(statement, told.values(batch)).one()
    return int(changed), newest, frozenset(addresses)


def _drop(store: Connection, terms: Terms, batch: Batch) -> int:
    """Drop a partition if every row in it may go still; else 0, and it stays as it is."""
    assert batch.leaf is not None
    partition = batch.leaf
    store.exec_driver_sql(composed("LOCK TABLE {t} IN ACCESS EXCLUSIVE MODE", t=relation(partition)))
    under = sql.SQL("{} AS {}").format(relation(partition), sql.Identifier(batch.rule.table.table))
    rows, newest = store.exec_driver_sql(
        composed(
            "SELECT count(*), max({at}) FROM {t} HAVING count(*) = count(*) FILTER (WHERE {past})",
            t=under,
            at=terms.counts_from(batch.rule),
            past=terms.past(batch.rule),
        )
    ).one_or_none() or (0, None)
    # Locked only now, it may hold more than was counted beforehand.
    if rows != batch.rows:
        return 0
    last = last_day(batch.rule.term, newest) if newest is not None else None
    if last is None or last >= terms.day:
        raise WentEarly(batch.rule.store, batch.rule.table)
    store.exec_driver_sql(composed("DROP TABLE {t}", t=relation(partition)))
    return int(rows)


def _emptied(store: Connection, ground: Ground, batch: Batch) -> dict[TableName, int]:
    """By table, how many rows at most lose a pointer to a row of the batch because the database empties it."""
    found: dict[TableName, int] = {}
    for key in ground.foreign_keys:
        if key.target != batch.rule.table or key.on_delete != EMPTYING:
            continue
        statement = composed(
            "SELECT count(*) FROM {table}, {given}, {child} AS pointing WHERE {own} AND {points}",
            table=told.table(ground, batch),
            given=told.given(ground, batch),
            child=relation(key.table),
            own=told.own(ground, batch),
            points=told.points_to(key),
        )
        rows = int(store.exec_driver_sql(statement, told.values(batch)).scalar_one())
        found[key.table] = found.get(key.table, 0) + rows
    return found


def _open(store: Connection, terms: Terms, ground: Ground, batch: Batch) -> dict[TableName, int]:
    """Empty the pointers to the batch's rows that lead round in a circle, of rows that are past their term too."""
    found: dict[TableName, int] = {}
    for key in ground.foreign_keys:
        if key.name not in batch.opened or key.target != batch.rule.table:
            continue
        late = [terms.past(rule) for rule in terms.of(key.table) if not rule.sets]
        statement = composed(
            # Inside, a bare name of the catalog's conditions is the inner table's.
            "UPDATE {child} SET {empty} WHERE {late} "
            "AND EXISTS (SELECT FROM {table}, {given} WHERE {own} AND {past} AND {points})",
            child=relation(key.table),
            empty=sql.SQL(", ").join([sql.SQL("{} = NULL").format(sql.Identifier(name)) for name in key.columns]),
            table=told.table(ground, batch),
            given=told.given(ground, batch),
            own=told.own(ground, batch),
            past=terms.past(batch.rule),
            late=sql.SQL("({})").format(sql.SQL(" OR ").join(late)) if late else sql.SQL("false"),
            points=sql.SQL(" AND ").join(
                [
                    sql.SQL("{} = {}").format(column(key.table, own), column(key.target, name))
                    for own, name in zip(key.columns, key.target_columns, strict=True)
                ]
            ),
        )
        found[key.table] = found.get(key.table, 0) + store.exec_driver_sql(statement, told.values(batch)).rowcount
    return found


def _footprint(ground: Ground, batch: Batch) -> Footprint:
    """What rows of the store hang on that hang on rows of the batch, to find what triggers wrote of them."""
    target = ground.targets[batch.rule.table]
    key = target.table.key
    values: dict[tuple[ColumnName, ...], frozenset[Key]] = {}
    for other in ground.targets.values():
        for link in other.table.subject if other.table.history else ():
            names = [part.column for part in link.targets]
            if names and link.targets[0].table == target.name and set(names) <= set(key):
                values[link.targets] = frozenset(tuple(row[key.index(name)] for name in names) for row in batch.keys)
    return Footprint(values=values)


def _compare(
    store: str,
    batch: Batch,
    changed: int,
    emptied: Mapping[TableName, int],
    removed: Mapping[TableName, int],
    counted: Mapping[TableName, Tally],
) -> None:
    """`UnexpectedChange` unless the database counted the batch's rows, the pointers that it emptied, and the history
    that was removed again, and nothing besides.
    """
    name = batch.rule.table
    planned: dict[TableName, Tally] = {
        name: Tally(updated=changed) if batch.rule.sets else Tally(deleted=changed),
    }
    for table, rows in removed.items():
        planned[table] = planned.get(table, Tally()) + Tally(inserted=rows, deleted=rows)
    for table in sorted({*planned, *counted}):
        expected, found = planned.get(table, Tally()), counted.get(table, Tally())
        # Rows of the batch that stay keep what points to them, and one that goes may have pointed itself.
        spare = found - expected
        if spare != Tally() and not (
            spare == Tally(updated=spare.updated) and 0 < spare.updated <= emptied.get(table, 0)
        ):
            raise UnexpectedChange(store, table, expected, found)


def _opted_out(
    store: Connection, ground: Ground, batch: Batch, leaving: Leaving, addresses: frozenset[str]
) -> frozenset[str]:
    """Those of the addresses that no row is left of whose person did not opt out."""
    if not addresses or leaving.address is None or leaving.still_in is None:
        return frozenset()
    target = ground.targets[batch.rule.table]
    statement = composed(
        "SELECT a FROM unnest(%(a)s::text[]) AS given (a) "
        "WHERE NOT EXISTS (SELECT FROM {table} WHERE {same} AND {in_})",
        table=relation(target.name),
        same=sql.SQL("{} = {}").format(normal(column(target.name, leaving.address)), normal(sql.SQL("given.a"))),
        in_=catalogued(leaving.still_in),
    )
    return frozenset(store.exec_driver_sql(statement, {"a": sorted(addresses)}).scalars())
