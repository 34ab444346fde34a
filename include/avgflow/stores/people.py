"""Which of some possible names belong to somebody whom a store knows: set-wise, through an index."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal

from sqlalchemy import ARRAY, Connection, Text, bindparam, func, select

from avgflow.redaction import flat
from avgflow.stores.selection import Target


def known_names(
    view: Connection, targets: Iterable[Target], names: Collection[str]
) -> dict[str, Literal["staff", "other"]]:
    """The names (in flat form) that stand in a column of people of this store, and whether it is one of staff."""
    found: dict[str, Literal["staff", "other"]] = {}
    wanted = bindparam("names", sorted(names), type_=ARRAY(Text))
    for target in targets:
        for column in target.table.people if names else ():
            name = target.normalised(column)
            statement = select(name).distinct().where(name == func.any(wanted))
            kind: Literal["staff", "other"] = "staff" if target.table.columns[column].category == "staff" else "other"
            for (value,) in view.execute(statement):
                found.setdefault(flat(value), kind)
    return found
