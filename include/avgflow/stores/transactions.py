"""What PostgreSQL itself says of a transaction: what it changed so far, which one it is, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from avgflow.catalog.names import TableName
from avgflow.errors import AvgflowError


@dataclass(frozen=True)
class Tally:
    """Rows of one table that a transaction inserted, updated and deleted."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.inserted + other.inserted, self.updated + other.updated, self.deleted + other.deleted)

    def __sub__(self, other: Tally) -> Tally:
        return Tally(self.inserted - other.inserted, self.updated - other.updated, self.deleted - other.deleted)

    def __str__(self) -> str:
        return f"{self.inserted} new, {self.updated} changed, {self.deleted} deleted rows"


class CountsOff(AvgflowError):
    """The database does not count what a transaction changes."""

    def __init__(self) -> None:
        super().__init__(
            "The store's database has track_counts off, so that nothing proves what an erasure touched; nothing was "
            "touched. Let its engineer turn it on."
        )


def counters(store: Connection) -> dict[TableName, Tally]:
    """PostgreSQL's counters of this session's transaction, of partitions with the table they are of."""
    found: dict[TableName, Tally] = {}
    for counting, schema, table, inserted, updated, deleted in store.exec_driver_sql(_COUNTERS):
        if counting != "on":
            raise CountsOff
        if table is not None:
            found[TableName(schema, table)] = Tally(int(inserted), int(updated), int(deleted))
    return found


_COUNTERS = """
    SELECT current_setting('track_counts'), n.nspname, r.relname,
           sum(s.n_tup_ins), sum(s.n_tup_upd), sum(s.n_tup_del)
    FROM (SELECT 1) AS once
    LEFT JOIN pg_catalog.pg_stat_xact_user_tables s ON s.n_tup_ins + s.n_tup_upd + s.n_tup_del > 0
    LEFT JOIN pg_catalog.pg_class r ON r.oid = coalesce(pg_catalog.pg_partition_root(s.relid), s.relid)
    LEFT JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
    GROUP BY n.nspname, r.relname
"""


def since(before: Mapping[TableName, Tally], after: Mapping[TableName, Tally]) -> dict[TableName, Tally]:
    """What was changed between two readings, by table."""
    found = {table: tally - before.get(table, Tally()) for table, tally in after.items()}
    return {table: tally for table, tally in found.items() if tally != Tally()}


def identity(store: Connection) -> tuple[str, str]:
    """The id of this transaction, and of the database cluster in which it has that id."""
    row = store.exec_driver_sql(
        "SELECT pg_current_xact_id()::text, (SELECT system_identifier::text FROM pg_control_system())"
    ).one()
    return row[0], row[1]


def fate(store: Connection, transaction: str, server: str) -> str:
    """What became of a transaction: `committed`, `aborted`, `in progress`, or `unknown` where the cluster is another
    or has forgotten.
    """
    found = store.exec_driver_sql(_FATE, {"transaction": transaction, "server": server}).scalar_one()
    return str(found or "unknown")


# A transaction id of the future is an error to pg_xact_status; a restored cluster may not have come that far.
_FATE = """
    SELECT CASE WHEN system_identifier::text = %(server)s
                 AND %(transaction)s::xid8 < pg_snapshot_xmax(pg_current_snapshot())
                THEN pg_xact_status(%(transaction)s::xid8) END
    FROM pg_control_system()
"""
