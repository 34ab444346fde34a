"""In which order rows of several tables are deleted, by the foreign keys of the live database: pure.

Rows that point come before rows that are pointed to. Where pointers go round, one is taken out of the circle: put off
to the end of the transaction where the database allows that, else emptied first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from avgflow.catalog.live import ForeignKey
from avgflow.catalog.names import TableName
from avgflow.errors import AvgflowError


class CircleOfKeys(AvgflowError):
    """Rows point to each other in a circle that cannot be opened."""

    def __init__(self, store: str, tables: Sequence[TableName]) -> None:
        super().__init__(
            f"Nothing was touched in '{store}': rows of {', '.join(map(str, tables))} point to each other, and none of "
            f"these foreign keys is deferrable or may be empty. Let the store's engineer make one of them DEFERRABLE."
        )


@dataclass(frozen=True)
class Order:
    """`tables` in the order of deletion; `put_off`: keys checked at the end; `emptied`: keys emptied before."""

    tables: tuple[TableName, ...]
    put_off: tuple[ForeignKey, ...]
    emptied: tuple[ForeignKey, ...]


def order(store: str, tables: Set[TableName], used: Mapping[ForeignKey, bool]) -> Order:
    """The order for these tables.

    `used`: the foreign keys by which a row that goes points to another row that goes, and whether all of the key's
    columns may be empty. `CircleOfKeys` where there is no order.
    """
    left, ordered = set(tables), list[TableName]()
    put_off, emptied = list[ForeignKey](), list[ForeignKey]()
    # One statement deletes a table's rows together, so a key within a table is no matter of order.
    edges = {key for key in used if key.table != key.target}
    while left:
        free = sorted(table for table in left if not any(key.target == table and key.table in left for key in edges))
        if free:
            ordered += free
            left -= set(free)
            continue
        inside = {key for key in edges if key.table in left and key.target in left}
        circle = [key for key in _sorted(inside) if key.table in _reached(key.target, inside)]
        late = next((key for key in circle if key.deferrable and key.on_delete == "NO ACTION"), None)
        open_ = next((key for key in circle if used[key]), None)
        if late is not None:
            put_off.append(late)
        elif open_ is not None:
            emptied.append(open_)
        else:
            raise CircleOfKeys(store, sorted(left))
        edges.discard(late or open_ or circle[0])
    return Order(tuple(ordered), tuple(put_off), tuple(emptied))


def _reached(table: TableName, edges: Set[ForeignKey]) -> set[TableName]:
    """The tables to which pointers lead from a table, itself included."""
    found, new = {table}, {table}
    while new:
        new = {key.target for key in edges if key.table in new} - found
        found |= new
    return found


def _sorted(keys: Set[ForeignKey]) -> list[ForeignKey]:
    return sorted(keys, key=lambda key: (key.table, key.name))
