"""What is written over a column of a row that stays: nothing that leads back to what stood there.

NULL where that is allowed; else an empty or fixed value of the column's type, or a random one where values must differ
or look like an address. Nothing is computed from the old value: a hash can be guessed back.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, literal, literal_column, null
from sqlalchemy.types import Integer

from avgflow.catalog.live import LiveTable
from avgflow.errors import AvgflowError
from avgflow.stores.selection import Target
from avgflow.stores.statement import TypeName

WORD = "gewist"
DOMAIN = "gewist.invalid"
"""A domain that no mail ever reaches (RFC 2606)."""

_TEXT = re.compile(r"(?:text|citext|name|character varying|character)(?:\((\d+)\))?")
_NUMBERS = ("smallint", "integer", "bigint", "numeric", "real", "double precision", "money")
_FIXED = {
    "boolean": "false",
    "date": "1900-01-01",
    "timestamp": "1900-01-01",
    "time": "00:00",
    "interval": "0",
    "jsonb": "{}",
    "json": "{}",
    "inet": "0.0.0.0",  # noqa: S104 (a value, not a place to listen)
    "cidr": "0.0.0.0/32",
    "bytea": "",
    "point": "(0,0)",
}
_RANGES = re.compile(r"(?:int4|int8|num|ts|tstz|date)range")


class CannotAnonymise(AvgflowError):
    """A column has to be emptied and takes neither NULL nor a value that is known to fit its type."""

    def __init__(self, store: str, table: object, column: str) -> None:
        super().__init__(
            f"Nothing was touched in '{store}': no value is known that could stand in {table}.{column} in the place of "
            f"the person's. Say in the catalog what it is set to (erase_to: an SQL expression)."
        )


def value(target: Target, live: LiveTable, name: str) -> ColumnElement[Any]:
    """The expression that a column is set to; `CannotAnonymise` where there is none."""
    spec, column = target.table.columns[name], live.columns[name]
    if spec.erase_to is not None:
        return literal_column(f"({spec.erase_to})")
    if column.nullable:
        return null()
    made = _of_type(column.type, unique=_unique(live, name), email=spec.identifier == "email")
    if made is None:
        raise CannotAnonymise(target.store.store, target.name, name)
    return made


def _of_type(type_: str, *, unique: bool, email: bool) -> ColumnElement[Any] | None:
    random = func.replace(cast(func.gen_random_uuid(), Text), "-", "", type_=Text)
    if match := _TEXT.fullmatch(type_):
        return _text(int(match[1]) if match[1] else None, random, unique=unique, email=email)
    if type_.startswith(_NUMBERS):
        if not unique:
            return literal(0, Integer)
        digits = 4 if type_ == "smallint" else 9
        return -cast(func.floor(func.random() * (10**digits)) + 1, Integer)
    if type_ == "uuid":
        return func.gen_random_uuid()
    if type_.endswith("[]"):
        return _fixed("{}", type_)
    if _RANGES.fullmatch(type_):
        return _fixed("empty", type_)
    for prefix, fixed in _FIXED.items():
        if type_.startswith(prefix):
            return None if unique else _fixed(fixed, type_)
    return None


def _text(length: int | None, random: ColumnElement[str], *, unique: bool, email: bool) -> ColumnElement[Any]:
    if email:
        room = (length or 64) - len(DOMAIN) - 1
        return func.left(random, max(room, 1)) + f"@{DOMAIN}"
    if unique:
        return func.left(f"{WORD}-" + random, length) if length else f"{WORD}-" + random
    return literal(WORD[:length], Text)


def _fixed(text: str, type_: str) -> ColumnElement[Any]:
    name: Any = literal(type_, TypeName(), literal_execute=True)
    return literal(text, Text, literal_execute=True).op("::", precedence=99)(name)


def _unique(live: LiveTable, name: str) -> bool:
    """Whether the database wants its values to differ, alone or together with others."""
    return any(index.unique and name in {part.column for part in index.parts} for index in live.indexes) or any(
        index.unique and part.expression is not None and re.search(rf"\b{re.escape(name)}\b", part.expression)
        for index in live.indexes
        for part in index.parts
    )
