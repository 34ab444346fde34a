"""What is written over a column of a row that stays: nothing that leads back to what stood there.

NULL where that is allowed; else an empty or fixed value of the column's type, or a random one where values must differ
or look like an address. Nothing is computed from the old value: a hash can be guessed back.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, literal, literal_column, null
from sqlalchemy.types import Integer, Numeric

from avgflow.catalog.live import LiveTable
from avgflow.errors import AvgflowError
from avgflow.stores.selection import Target
from avgflow.stores.statement import TypeName

WORD = "gewist"
DOMAIN = "gewist.invalid"
"""A domain that no mail ever reaches (RFC 2606)."""

_TYPE = re.compile(r"(?P<base>[^\[(]+?)(?:\((?P<size>[\d,]+)\))?(?: with(?:out)? time zone)?(?P<array>(?:\[\])*)")
_TEXTS = frozenset({"text", "citext", "name", "character varying", "character"})
_DIGITS = {"smallint": 4, "integer": 9, "bigint": 15, "numeric": 15, "real": 6, "double precision": 15, "money": 9}
"""Types of numbers, and of how many digits a random one may be."""
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
    **{f"{kind}range": "empty" for kind in ("int4", "int8", "num", "ts", "tstz", "date")},
    **{f"{kind}multirange": "{}" for kind in ("int4", "int8", "num", "ts", "tstz", "date")},
}
_ENOUGH = 8
"""Random signs (of sixteen kinds) with which values are sure to differ."""


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
    pointer = any(name in key.columns for key in live.foreign_keys)
    unique = _unique(live, name)
    made = None if pointer else _of_type(column.type, unique=unique, email=spec.identifier == "email")
    if made is None:
        raise CannotAnonymise(target.store.store, target.name, name)
    return made


def _of_type(type_: str, *, unique: bool, email: bool) -> ColumnElement[Any] | None:
    """None for a type that is not PostgreSQL's own: an enum or a domain has rules that only the catalog can meet."""
    match = _TYPE.fullmatch(type_)
    if match is None:
        return None
    base, size = match["base"], tuple(int(part) for part in (match["size"] or "").split(",") if part)
    if match["array"]:
        return None if unique else _fixed("{}", type_)
    if base in _TEXTS:
        return _text(size[0] if size else None, unique=unique, email=email)
    if base in _DIGITS:
        return _number(base, size) if unique else literal(0, Integer)
    if base == "uuid":
        return func.gen_random_uuid()
    return _fixed(_FIXED[base], type_) if base in _FIXED and not unique else None


def _text(length: int | None, *, unique: bool, email: bool) -> ColumnElement[Any] | None:
    random = func.replace(cast(func.gen_random_uuid(), Text), "-", "", type_=Text)
    if email:
        room = (length or 64) - len(DOMAIN) - 1
        return func.left(random, room) + f"@{DOMAIN}" if room >= _ENOUGH else None
    if not unique:
        return literal(WORD[:length], Text)
    prefix = f"{WORD}-"
    if length is None or length >= len(prefix) + _ENOUGH:
        return func.left(prefix + random, length or 64)
    return func.left(random, length) if length >= _ENOUGH else None


def _number(base: str, size: tuple[int, ...]) -> ColumnElement[Any]:
    """A random number below nought, which is nobody's; `size`: of a numeric, its digits and those after the point."""
    digits, after_point = (*size, 0)[:2] if size else (_DIGITS[base], 0)
    digits = min(digits, _DIGITS[base])
    whole = cast(func.floor(func.random() * (10**digits - 1)) + 1, Numeric)
    return -(whole / literal(10**after_point, Numeric))


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
