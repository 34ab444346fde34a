"""By what SQL the rows of a batch are told from all others, and those that point to them."""

from __future__ import annotations

from psycopg import sql

from avgflow.catalog.live import ForeignKey
from avgflow.effects import EMPTYING
from avgflow.stores.survey import Ground
from avgflow.sweep.batch import Batch
from avgflow.sweep.conditions import Part, column, relation, row_digest, type_


def table(ground: Ground, batch: Batch) -> Part:
    """The table, or the partition in which rows without a key lie, under the table's own name."""
    name = batch.rule.table
    if ground.targets[name].table.key:
        return relation(name)
    return sql.SQL("{} AS {}").format(relation(batch.leaf or name), sql.Identifier(name.table))


def given(ground: Ground, batch: Batch) -> Part:
    """The batch's keys as a table (k0, k1, …), from the parameters of `values`."""
    parts = _parts(ground, batch)
    return sql.SQL("unnest({}) AS given ({})").format(
        sql.SQL(", ").join([sql.SQL(f"%(k{i})s::text[]") for i in parts]),
        sql.SQL(", ").join([sql.Identifier(f"k{i}") for i in parts]),
    )


def _parts(ground: Ground, batch: Batch) -> range:
    return range(len(ground.targets[batch.rule.table].table.key) or 3)


def own(ground: Ground, batch: Batch) -> Part:
    """That a row is one of the batch."""
    target = ground.targets[batch.rule.table]
    if not target.table.key:
        return sql.SQL("{} = given.k1::tid AND {} = given.k2").format(column(target.name, "ctid"), row_digest(target))
    return _is_given(ground, batch, target.name.table)


def _is_given(ground: Ground, batch: Batch, alias: str) -> Part:
    """That a row of the table, under an alias, has one of the batch's keys."""
    target = ground.targets[batch.rule.table]
    return sql.SQL(" AND ").join(
        [
            sql.SQL("{} = given.{}::{}").format(
                sql.Identifier(alias, part), sql.Identifier(f"k{i}"), type_(target, part)
            )
            for i, part in enumerate(target.table.key)
        ]
    )


def free(ground: Ground, batch: Batch) -> Part:
    """That no row points to one that goes, but by pointers that the database empties; one that goes with it may."""
    if batch.rule.sets:
        return sql.SQL("true")
    name = batch.rule.table
    found = []
    for key in ground.foreign_keys:
        if key.target != name or key.on_delete == EMPTYING:
            continue
        points = points_to(key)
        if key.table == name:
            # Another row of the table came to point to it since, or one that was to go before it stayed.
            points = sql.SQL("{} AND NOT EXISTS (SELECT FROM {} WHERE {})").format(
                points, given(ground, batch), _is_given(ground, batch, "pointing")
            )
        found.append(sql.SQL("NOT EXISTS (SELECT FROM {} AS pointing WHERE {})").format(relation(key.table), points))
    return sql.SQL(" AND ").join(found) if found else sql.SQL("true")


def points_to(key: ForeignKey) -> Part:
    """That a row of the key's own table, under the alias `pointing`, points to one of the table that it is to."""
    return sql.SQL(" AND ").join(
        [
            sql.SQL("pointing.{} = {}").format(sql.Identifier(own), column(key.target, name))
            for own, name in zip(key.columns, key.target_columns, strict=True)
        ]
    )


def values(batch: Batch) -> dict[str, str]:
    """The parameters: keys by part, as PostgreSQL writes an array of texts, for psycopg takes five times as long."""
    return {f"k{i}": "{" + ",".join(map(_quoted, part)) + "}" for i, part in enumerate(zip(*batch.keys, strict=True))}


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
