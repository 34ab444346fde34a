"""Foreign keys without an index on the side that refers.

Each row that is deleted makes PostgreSQL look for rows that refer to it. Without an index it reads the whole table for
that, once per row that goes: an erasure of a few rows takes as long as the table is large.
"""

from __future__ import annotations

from collections.abc import Iterator

from avgflow.catalog.drift import Drift, DriftKind, concurrently
from avgflow.catalog.live import ForeignKey, LiveSchema, LiveTable
from avgflow.catalog.models import Store
from avgflow.catalog.names import quoted


def unindexed(live: LiveTable) -> Iterator[tuple[ForeignKey, str]]:
    """Each foreign key that no index serves, with the statement that makes one; one of several on the same columns."""
    named: set[frozenset[str]] = set()
    for key in live.foreign_keys:
        wanted = frozenset(key.columns)
        if wanted in named or any(index.leads_by(wanted) for index in live.indexes):
            continue
        named.add(wanted)
        columns = ", ".join(map(quoted, key.columns))
        yield key, f"CREATE INDEX {concurrently(live)}ON {live.name} ({columns});"


def missing(store: Store, schema: LiveSchema) -> tuple[Drift, ...]:
    """Advice on each of them, in a schema that was read with its foreign keys; not where the catalog wants the same
    index to search by, which is advice already.
    """
    return tuple(
        Drift(store.store, name, DriftKind.MISSING_INDEX, _message(key, statement), statement)
        for name, live in sorted(schema.tables.items())
        for key, statement in unindexed(live)
        if frozenset(key.columns) not in _searched(store, live)
    )


def _message(key: ForeignKey, statement: str) -> str:
    return (
        f"erasing a row of {key.target} reads this whole table, for no index serves its foreign key "
        f"{quoted(key.name)}. Make one: {statement}"
    )


def _searched(store: Store, live: LiveTable) -> set[frozenset[str]]:
    table = store.tables.get(live.name)
    return {frozenset(link.columns) for link in table.subject if not link.is_identifier} if table else set()
