"""Which of some possible names belong to somebody whom a store knows: set-wise, through an index."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Literal

from sqlalchemy import ARRAY, Connection, Text, any_, bindparam, select

from avgflow.redaction import flat
from avgflow.stores.selection import KEPT, Target
from avgflow.stores.statement import Composed

FIRST_NAME = "first_name"
"""The attribute of a column of people that holds first names only."""

Kind = Literal["staff", "other"]


def known_names(view: Connection, targets: Iterable[Target], names: Collection[str]) -> dict[str, Kind]:
    """The names (in flat form) that stand in a column of people of this store, and whether it is one of staff."""
    return _known(view, targets, names, first=False)


def known_first_names(view: Connection, targets: Iterable[Target], names: Collection[str]) -> frozenset[str]:
    """The first names (in flat form) that somebody in this store has."""
    return frozenset(_known(view, targets, names, first=True))


def _known(view: Connection, targets: Iterable[Target], names: Collection[str], *, first: bool) -> dict[str, Kind]:
    found: dict[str, Kind] = {}
    wanted = {"names": sorted(names)}
    for target in targets:
        for column in target.table.people if names else ():
            spec = target.table.columns[column]
            if (spec.attribute == FIRST_NAME) != first:
                continue
            for (value,) in composed(target, column).filled(wanted).on(view):
                found.setdefault(flat(value), "staff" if spec.category == "staff" else "other")
    return found


@lru_cache(maxsize=KEPT)
def composed(target: Target, column: str) -> Composed:
    """The statement for one column of people."""
    name = target.normalised(column)
    return Composed(select(name).distinct().where(name == any_(bindparam("names", type_=ARRAY(Text)))))
